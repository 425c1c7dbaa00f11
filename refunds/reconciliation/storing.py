"""Lines of a statement, kept while their run needs them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import batched

from django.db import connection

from refunds.models import ReconciliationRun
from refunds.reconciliation.causes import Book
from refunds.reconciliation.records import Kind, Line

AT_ONCE = 5_000
_TYPES = (
    "text", "text", "text", "bigint", "text", "timestamptz", "bigint", "text", "text", "text", "text", "text",
    "timestamptz", "int",
)  # fmt: skip
_COLUMNS = (
    'kind, key, about, amount, currency, at, fee, reference, "order", payment, payout, standing, available_at, line'
)
_KEEP = f"""
    INSERT INTO refunds_statementline (run_id, book, provider, {_COLUMNS})
    SELECT %s, %s, %s, given.* FROM unnest({", ".join(f"%s::{one}[]" for one in _TYPES)}) AS given
        ON CONFLICT (run_id, book, provider, key) DO NOTHING
"""  # noqa: S608 - the names are written here


def keep(run: ReconciliationRun, book: Book, provider: str, lines: Iterable[Line]) -> None:
    """Store lines; one that is there already stays as it is."""
    with connection.cursor() as cursor:
        for some in batched(lines, AT_ONCE, strict=False):
            cursor.execute(_KEEP, [run.pk, book.value, provider, *_columns(some)])


def _columns(lines: Sequence[Line]) -> list[list[object]]:
    ready = (
        (
            one.kind.value, one.id, one.about, one.amount, one.currency, one.at, one.fee, one.reference[:200],
            one.order[:80], one.payment, one.payout, str(one.standing), one.available_at, one.line,
        )
        for one in lines
    )  # fmt: skip
    return [list(column) for column in zip(*ready, strict=True)]


def lines_of(run: ReconciliationRun, book: Book, provider: str) -> Iterator[Line]:
    """The lines of one book in the order they came."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {_COLUMNS} FROM refunds_statementline
                 WHERE run_id = %s AND book = %s AND provider = %s ORDER BY id""",  # noqa: S608
            [run.pk, book.value, provider],
        )
        kinds = {kind.value: kind for kind in Kind}
        for kind, id, about, amount, currency, at, fee, *rest, available_at, line in cursor:
            yield Line(kinds[kind], id, about, amount, currency, at, fee, *rest, available_at, line)


def drop(run: ReconciliationRun) -> None:
    """The run is over: its discrepancies hold what was seen of both sides."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM refunds_statementline WHERE run_id = %s", [run.pk])
