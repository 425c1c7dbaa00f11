"""Answers already given, kept until something new has happened. The cache may vanish at any moment."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.utils.translation import get_language

from reporting.came_back import rows

SECONDS = 300


def watermark() -> str:
    """Name the newest event every reader can see: no transaction that began earlier is still open."""
    found = rows(
        """SELECT txid, id FROM oms_event WHERE txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        ORDER BY txid DESC, id DESC LIMIT 1""",
        {},
    )
    return f"{found[0]['txid']}/{found[0]['id']}" if found else "nothing"


def remembered(question: str, *asked: Any, mark: str, find: Callable[[], Any]) -> Any:
    """Return what `find()` gave for this question in this language while `mark` was the watermark, or ask it now."""
    key = "reporting/" + hashlib.sha256(repr((question, asked, get_language(), mark)).encode()).hexdigest()
    answer = cache.get(key)
    if answer is None:
        answer = find()
        cache.set(key, answer, SECONDS)
    return answer
