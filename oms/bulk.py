"""Many rows in one statement: PostgreSQL's COPY, for imports and made history.

Rows are ready lines of COPY's text format, fields joined by tabs; `text` and `hexed` make fields that need care.
Constraints and triggers see these rows like any others; model code (defaults, signals) does not run.
"""

from collections.abc import Iterator, Sequence

from django.db import connection
from django.db.models import Model

NULL = "\\N"
# The sequence is looked up once, not once for each number.
RESERVE = """
    SELECT nextval(ids) FROM CAST(pg_get_serial_sequence(%s, 'id') AS regclass) AS ids, generate_series(1, %s)
"""
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def text(value: str) -> str:
    """A text field. NUL cannot be stored at all: refuse it before."""
    return value if value.isprintable() and "\\" not in value else value.translate(_ESCAPES)


def hexed(value: bytes) -> str:
    """A bytea field."""
    return "\\\\x" + value.hex()


def copy(table: str, columns: str, rows: Sequence[str]) -> None:
    """Insert ready lines into `table`; `columns` separated by commas, as the lines have them."""
    if not rows:
        return
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as stream,
    ):
        stream.write("\n".join(rows) + "\n")


def insert(instances: Sequence[Model]) -> None:
    """Insert whole new rows of one model, whose ids are reserved; their values are prepared as `save` does."""
    if not instances:
        return
    meta = instances[0]._meta
    columns = ", ".join(f'"{field.column}"' for field in meta.local_concrete_fields)
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {meta.db_table} ({columns}) FROM STDIN") as stream,
    ):
        for one in instances:
            fields = meta.local_concrete_fields
            stream.write_row([field.get_db_prep_save(field.pre_save(one, True), connection) for field in fields])


def reserve(table: str, count: int) -> Iterator[int]:
    """Take `count` ids of a table, so that rows can refer to each other before they are written."""
    if not count:
        return iter(())
    with connection.cursor() as cursor:
        cursor.execute(RESERVE, [table, count])
        return iter([row[0] for row in cursor.fetchall()])
