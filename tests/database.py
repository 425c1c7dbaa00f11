"""The test database between two tests: as the migrations left it, at the price of the rows that a test has written.

Django empties every table after a test that commits and loads what the migrations had written before the next one:
half a second of work for a test that wrote ten rows.
"""

from dataclasses import dataclass

from django.db import connection, transaction

# Neither foreign keys nor the triggers that keep history as it is: what is put back is known to be right.
_FREE = "SET LOCAL session_replication_role = replica"


@dataclass(frozen=True)
class Snapshot:
    """What every table held when this was taken; `put_back()` makes it so again."""

    tables: tuple[str, ...]
    contents: dict[str, bytes]

    @classmethod
    def take(cls) -> "Snapshot":
        tables = tuple(sorted(connection.introspection.django_table_names(only_existing=True, include_views=False)))
        with connection.cursor() as cursor:
            contents = {}
            for table in _filled(tables):
                with cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
                    contents[table] = b"".join(bytes(row) for row in rows)
        return cls(tables, contents)

    def put_back(self) -> None:
        """Waits for whoever is still writing, as emptying the tables would."""
        with transaction.atomic(), connection.cursor() as cursor:
            names = ", ".join(f'"{table}"' for table in self.tables)
            cursor.execute(f"{_FREE}; LOCK TABLE {names} IN EXCLUSIVE MODE")
            for table in _filled(self.tables):
                cursor.execute(f'DELETE FROM "{table}"')
            for table, rows in self.contents.items():
                with cursor.copy(f'COPY "{table}" FROM STDIN') as stream:
                    stream.write(rows)


def _filled(tables: tuple[str, ...]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{one}' WHERE EXISTS (SELECT FROM \"{one}\")" for one in tables))
        return [table for (table,) in cursor.fetchall()]
