"""Queries whose SQL is written once per process, for what every page and job loads.

Django composes the SQL of a queryset each time it is read, which costs more than sending it and reading the rows. A
prepared query does so on its first call; afterwards only its values change.

    @prepared
    def _by_number(number: str) -> QuerySet[Order]:
        return Order.objects.select_related("customer").filter(number=number)

    order = _by_number.one("A-1")  # raises Order.DoesNotExist
    orders = _by_number("A-1")  # a list

The function must build the same query whatever its values are: strings, integers, UUIDs and datetimes.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import Model, QuerySet, prefetch_related_objects
from django.db.models.query import ModelIterable
from django.db.transaction import TransactionManagementError


@dataclass(frozen=True, slots=True)
class _Written:
    queryset: QuerySet
    compiler: Any
    sql: str
    # Of each parameter the position of the value it stands for and the type Django gave it, or the parameter itself.
    parameters: tuple[tuple[int, type | None] | tuple[None, Any], ...]


class _Answer:
    """What `ModelIterable` asks a queryset, and its query, for."""

    def __init__(self, asked: QuerySet, compiler: Any) -> None:
        self.query, self._compiler = self, compiler
        self.model, self.db = asked.model, asked.db
        self._fetch_mode, self._known_related_objects = asked._fetch_mode, asked._known_related_objects

    def get_compiler(self, using: str) -> Any:
        return self._compiler


class prepared[*Values, Row: Model]:
    """Turns a function that builds a queryset into one that reads its rows, all of them or the one there is."""

    def __init__(self, build: Callable[[*Values], QuerySet[Row]]) -> None:
        self._build = build
        self._written: _Written | None = None

    def __call__(self, *values: *Values) -> list[Row]:
        if self._written is None:
            self._written = _write(self._build, values)
        return _read(self._written, values)

    def one(self, *values: *Values) -> Row:
        """Raise the model's DoesNotExist when there is none; of several the first is taken."""
        rows = self(*values)
        if not rows:
            raise self._written.queryset.model.DoesNotExist  # type: ignore[union-attr]
        return rows[0]


def _write(build: Callable[..., QuerySet], values: tuple[Any, ...]) -> _Written:
    """Build the query with values that cannot be mistaken, and see where they end up."""
    markers = [_marker(position, value) for position, value in enumerate(values)]
    queryset = build(*markers)
    compiler = queryset.query.get_compiler(using=queryset.db)
    sql, parameters = compiler.as_sql()
    places = tuple(_place(parameter, markers) for parameter in parameters)
    if {position for position, _kind in places if position is not None} != set(range(len(markers))):
        raise TypeError(f"{build.__qualname__}: a value is not a parameter of the query")
    # What Django would look up again for each column each time.
    columns = [column[0] for column in compiler.select[: compiler.col_count]]
    converters, is_composite = compiler.get_converters(columns), compiler.has_composite_fields(columns)
    compiler.get_converters, compiler.has_composite_fields = lambda _columns: converters, lambda _columns: is_composite
    return _Written(queryset, compiler, sql, places)


def _marker(position: int, value: Any) -> Any:
    match value:
        case bool():
            raise TypeError("a prepared query takes no booleans: write two queries")
        case int():
            return 2_147_000_000 + position
        case str():
            return f"\N{REPLACEMENT CHARACTER}{position}"
        case UUID():
            return UUID(int=position)
        case datetime():
            return datetime(1000, 1, 1 + position, tzinfo=UTC)
    raise TypeError(f"a prepared query takes no {type(value).__name__}")


def _place(parameter: Any, markers: list[Any]) -> tuple[Any, Any]:
    if parameter in markers:
        return markers.index(parameter), type(parameter) if isinstance(parameter, int) else None
    return None, parameter


def _read(query: _Written, values: tuple[Any, ...]) -> list[Any]:
    using = query.queryset.db
    connection = connections[using]
    if query.queryset.query.select_for_update and not connection.in_atomic_block:
        raise TransactionManagementError("rows are locked inside a transaction only")
    sent = [
        fixed if position is None else fixed(values[position]) if fixed else values[position]
        for position, fixed in query.parameters
    ]
    compiler = copy(query.compiler)
    compiler.connection, compiler.as_sql = connection, lambda: (query.sql, sent)
    rows = list(ModelIterable(_Answer(query.queryset, compiler)))
    prefetch_related_objects(rows, *query.queryset._prefetch_related_lookups)
    return rows
