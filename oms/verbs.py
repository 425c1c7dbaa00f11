"""The transaction of a verb."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

from django.db import transaction

_inside: ContextVar[bool] = ContextVar("inside_a_verb", default=False)


def verb[**Asked, Answer](function: Callable[Asked, Answer]) -> Callable[Asked, Answer]:
    """Run a lifecycle verb in one transaction: all of it happens, or nothing.

    A verb called by another verb, or by a job, is part of its caller's transaction: no savepoint, two statements less.
    A refusal inside therefore undoes the caller too, unless that opened an `atomic()` of its own to go on after it.
    """

    @wraps(function)
    def run(*args: Asked.args, **kwargs: Asked.kwargs) -> Answer:
        with transaction.atomic(savepoint=not _inside.get()), inside_a_verb():
            return function(*args, **kwargs)

    run.is_verb = True  # type: ignore[attr-defined]
    return run


class inside_a_verb:
    """Marks what runs in here as part of one transaction that stands or falls as a whole."""

    def __enter__(self) -> None:
        self._token = _inside.set(True)

    def __exit__(self, *problem: Any) -> None:
        _inside.reset(self._token)
