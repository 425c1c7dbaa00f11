"""Rows that change a few times a year and are read on every page: each process keeps them for a few seconds.

What is remembered is shared, so nobody may change it; who edits such a row reads it afresh.
"""

import time
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any

from django.conf import settings

_kept: dict[tuple[Hashable, ...], tuple[float, Any]] = {}


def remembered[**Asked, Answer](read: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """Keep the answer for `REMEMBER_SECONDS` (0: never), per arguments."""

    @wraps(read)
    def recall(*args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
        key = (read, args, tuple(kwargs.items()))
        until, answer = _kept.get(key, (0.0, None))
        if time.monotonic() >= until:
            answer = read(*args, **kwargs)
            _kept[key] = (time.monotonic() + settings.REMEMBER_SECONDS, answer)
        return answer

    return recall


def forget() -> None:
    """Read everything afresh from now on, in this process."""
    _kept.clear()
