"""The rows behind every number: what a mark on the dashboard leads to, one row for each thing it counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from reporting import costs, csat, processing_time, refund_rate, units
from reporting.came_back import CAME_BACK, GOODS, returned, rows, sales, sold_from
from reporting.period import Conditions, Filters, Period
from reporting.stages import NAMES, STAGES
from returns.states import RMASource, RMAStatus

# What a cell is, so that pages can write it and files can keep it: text, number, money, moment, order, return.
Column = tuple[str, Any, str]


@dataclass(frozen=True)
class Narrowed:
    """What a mark stands for beyond period and filters; see each listing for which it heeds."""

    returned: bool = False
    ending: str = ""
    stage: str = ""
    condition: str = ""
    carrier: str = ""
    back: str = ""
    packaging: str = ""


@dataclass(frozen=True)
class Listing:
    """A statement giving one row per thing counted, in a fixed order, and what its columns are."""

    title: Any
    columns: tuple[Column, ...]
    statement: str
    values: dict[str, Any]

    def count(self) -> int:
        head, _select, rest = self.statement.rpartition("\n--rows\n")
        return rows(f"{head} SELECT count(*) AS count FROM ({rest}) found", self.values)[0]["count"]  # noqa: S608

    def page(self, first: int, size: int) -> list[list[Any]]:
        """Rows `first` (from 0) and on, `size` at most, each as a list in the order of the columns."""
        names = [name for name, _label, _kind in self.columns]
        sql = f"{self.statement} LIMIT %(page_size)s::int OFFSET %(page_first)s::bigint"
        values = {**self.values, "page_size": size, "page_first": first}
        return [[row[name] for name in names] for row in rows(sql, values)]

    def every(self) -> Iterator[list[Any]]:
        """All rows, some at a time, however many there are. Must run inside a transaction."""
        names = [name for name, _label, _kind in self.columns]
        connection.ensure_connection()
        with connection.connection.cursor(name="report_rows") as cursor:
            cursor.itersize = 2000
            cursor.execute(self.statement, self.values)
            places = None
            for row in cursor:
                if places is None:
                    found = [column.name for column in cursor.description]
                    places = [found.index(name) for name in names]
                yield [row[place] for place in places]


def orders(period: Period, filters: Filters, narrowed: Narrowed) -> Listing:
    """Orders placed in the period; with `returned`, those of which anything came back since."""
    sold = sales(period, filters)
    came = returned(Period(), Filters(sku=filters.sku, reason=filters.reason, goods_only=filters.goods_only))
    only = "WHERE c.order_id IS NOT NULL" if narrowed.returned else ""
    statement = f"""
        WITH {GOODS}, {CAME_BACK}, found AS (
            SELECT o.id, sum(l.quantity) AS units FROM {sold_from(filters)} WHERE {sold} GROUP BY 1
        ), came AS (
            SELECT order_id, sum(units) AS units, sum(value) AS value FROM came_back
            WHERE {came} AND has_come AND order_id IS NOT NULL GROUP BY 1
        )
        \n--rows\n
        SELECT o.number, o.placed_at, o.country, f.units, o.total, coalesce(c.units, 0) AS units_returned,
            coalesce(c.value, 0) AS value_returned, o.currency
        FROM found f JOIN oms_order o ON o.id = f.id LEFT JOIN came c ON c.order_id = o.id {only}
        ORDER BY o.placed_at DESC, o.id DESC"""  # noqa: S608 - constants; values are parameters
    columns = (
        ("number", _("Order"), "order"),
        ("placed_at", _("Placed"), "moment"),
        ("country", _("Country"), "text"),
        ("units", _("Units"), "number"),
        ("total", _("Total"), "money"),
        ("units_returned", _("Units back"), "number"),
        ("value_returned", _("Worth"), "money"),
        ("currency", _("Currency"), "hidden"),
    )
    title = _("Orders of which something came back") if narrowed.returned else _("Orders")
    return Listing(title, columns, statement, sold.values | came.values)


def returns(period: Period, filters: Filters, narrowed: Narrowed) -> Listing:
    """Returns that belong to the period, imported credit notes among them."""
    conditions = returned(period, filters, "b")
    statement = f"""
        WITH {GOODS}, {CAME_BACK}
        \n--rows\n
        SELECT b.document, min(b.at) AS at, min(b.country) AS country, count(*) FILTER (WHERE b.units > 0) AS lines,
            sum(b.units) AS units, sum(b.value) AS value,
            coalesce(string_agg(DISTINCT reason.label, ', '), '') AS reasons, min(b.currency) AS currency,
            min(r.number) AS number
        FROM came_back b LEFT JOIN returns_rma r ON r.id = b.rma_id
        LEFT JOIN returns_returnreason reason ON reason.code = b.reason
        WHERE {conditions} GROUP BY 1 ORDER BY 2 DESC, 1"""  # noqa: S608 - constants; values are parameters
    columns = (
        ("document", _("Return"), "return"),
        ("at", _("Asked for"), "moment"),
        ("country", _("Country"), "text"),
        ("reasons", _("Why"), "text"),
        ("lines", _("Items back"), "number"),
        ("units", _("Units back"), "number"),
        ("value", _("Worth"), "money"),
        ("currency", _("Currency"), "hidden"),
        ("number", _("RMA"), "hidden"),
    )
    return Listing(_("Returns"), columns, statement, conditions.values)


def items(period: Period, filters: Filters, narrowed: Narrowed) -> Listing:
    """Returned items, one line of a return each; with `ending`, those that ended so."""
    conditions = returned(period, filters, "b")
    if narrowed.ending:
        conditions.add("b.ending = %(ending)s::text", ending=narrowed.ending)
    statement = f"""
        WITH {GOODS}, {CAME_BACK}, {refund_rate.ENDED}
        \n--rows\n
        SELECT b.document, b.at, b.country, b.sku, b.description, b.units, b.worth, b.ending, b.currency,
            r.number AS number
        FROM ended b LEFT JOIN returns_rma r ON r.id = b.rma_id
        WHERE {conditions} ORDER BY b.at DESC, b.document, b.line_id, b.credit_id"""  # noqa: S608 - constants
    columns = (
        ("document", _("Return"), "return"),
        ("at", _("Asked for"), "moment"),
        ("country", _("Country"), "text"),
        ("sku", _("SKU"), "text"),
        ("description", _("Item"), "text"),
        ("units", _("Units"), "number"),
        ("worth", _("Paid for them"), "money"),
        ("ending", _("Refund"), "ending"),
        ("currency", _("Currency"), "hidden"),
        ("number", _("RMA"), "hidden"),
    )
    values = {**conditions.values, "least": refund_rate.least(filters.currency)}
    return Listing(_("Returned items"), columns, statement, values)


def settled(period: Period, filters: Filters, narrowed: Narrowed) -> Listing:
    """Returns settled in the period, the slowest first; with `stage`, each passage through it."""
    conditions = processing_time.done(period, filters)
    columns: tuple[Column, ...] = (
        ("number", _("Return"), "return"),
        ("country", _("Country"), "text"),
        ("since", _("Asked for"), "moment"),
        ("until", _("Settled"), "moment"),
        ("hours", _("Hours"), "number"),
    )
    statement = f"""
        WITH chosen AS (
            SELECT r.number, o.country, r.requested_at AS since, {processing_time.DONE_AT} AS until
            FROM returns_rma r JOIN oms_order o ON o.id = r.order_id WHERE {conditions}
        )
        \n--rows\n
        SELECT *, (extract(epoch FROM until - since) / 3600)::numeric(14, 1) AS hours FROM chosen
        ORDER BY until - since DESC, number"""  # noqa: S608 - constants; values are parameters
    if narrowed.stage:
        conditions.add("TRUE")
        head = statement.partition("\n        \n--rows\n")[0]
        statement = f"""{head}, {STAGES}
        \n--rows\n
        SELECT s.number, c.country, s.since, s.until,
            (extract(epoch FROM s.until - s.since) / 3600)::numeric(14, 1) AS hours
        FROM stages s JOIN chosen c USING (number) WHERE s.stage = %(stage)s::text AND s.until IS NOT NULL
        ORDER BY s.until - s.since DESC, s.number, s.since"""  # noqa: S608
        columns = (*columns[:2], ("since", _("Began"), "moment"), ("until", _("Ended"), "moment"), columns[4])
        title = NAMES[narrowed.stage][0]
        return Listing(title, columns, statement, {**conditions.values, "stage": narrowed.stage})
    return Listing(_("Returns settled"), columns, statement, conditions.values)


def waiting(period: Period, filters: Filters, narrowed: Narrowed) -> Listing:
    """Returns that stand in `stage` now, whenever they were asked for; the longest first."""
    conditions = Conditions(f"r.source <> '{RMASource.IMPORTED}'")
    conditions.add("r.status = ANY(%(open)s::text[])", open=[str(status) for status in RMAStatus.open()])
    if filters.currency:
        conditions.add("r.currency = %(currency)s::text", currency=filters.currency)
    if filters.country:
        conditions.add("o.country = %(country)s::text", country=filters.country)
    statement = f"""
        WITH chosen AS (
            SELECT r.number, o.country FROM returns_rma r JOIN oms_order o ON o.id = r.order_id WHERE {conditions}
        ), {STAGES}
        \n--rows\n
        SELECT s.number, c.country, s.since FROM stages s JOIN chosen c USING (number)
        WHERE s.stage = %(stage)s::text AND s.until IS NULL ORDER BY s.since, s.number"""  # noqa: S608 - constants
    columns = (
        ("number", _("Return"), "return"),
        ("country", _("Country"), "text"),
        ("since", _("Waiting since"), "moment"),
    )
    title = NAMES[narrowed.stage][0] if narrowed.stage else _("Returns under way")
    return Listing(title, columns, statement, {**conditions.values, "stage": narrowed.stage})


def cost_entries(period: Period, filters: Filters, narrowed: Narrowed) -> Listing:
    """What makes up the hard cost: labels bought, returns handled, goods written off."""
    head, values = costs.entries(period, filters)
    statement = f"""
        {head}
        \n--rows\n
        SELECT e.document, e.at, e.kind, e.country, e.amount, %(currency_shown)s::text AS currency
        FROM entries e ORDER BY e.at DESC, e.kind, e.document"""  # noqa: S608 - constants; values are parameters
    columns = (
        ("document", _("For"), "return"),
        ("at", _("When"), "moment"),
        ("kind", _("What"), "cost"),
        ("country", _("Country"), "text"),
        ("amount", _("Cost"), "money"),
        ("currency", _("Currency"), "hidden"),
    )
    return Listing(_("Cost of returns"), columns, statement, {**values, "currency_shown": filters.currency})


def surveys(period: Period, filters: Filters, narrowed: Narrowed) -> Listing:
    """Surveys answered in the period."""
    conditions = csat.answered(period, filters)
    statement = f"""
        \n--rows\n
        SELECT r.number, s.answered_at AS at, o.country, s.ease, s.clarity, s.speed
        FROM returns_survey s JOIN returns_rma r ON r.id = s.rma_id JOIN oms_order o ON o.id = r.order_id
        WHERE {conditions} ORDER BY s.answered_at DESC, s.id DESC"""  # noqa: S608 - constants; values are parameters
    columns = (
        ("number", _("Return"), "return"),
        ("at", _("Answered"), "moment"),
        ("country", _("Country"), "text"),
        ("ease", _("Ease"), "number"),
        ("clarity", _("Clarity"), "number"),
        ("speed", _("Speed"), "number"),
    )
    return Listing(_("How customers found it"), columns, statement, conditions.values)


def pieces(period: Period, filters: Filters, narrowed: Narrowed) -> Listing:
    """Every piece that came back, the newest first; by condition, by who carried it, by how it was packed."""
    conditions = units.came(
        period,
        filters,
        condition=narrowed.condition,
        carrier=narrowed.carrier,
        back=narrowed.back,
        packaging=narrowed.packaging,
    )
    statement = f"""
        WITH {units.UNITS}
        \n--rows\n
        SELECT unit, units, sku, description, found, grade, why, place, left_at, days, value, currency, number, at
        FROM pieces WHERE {conditions} ORDER BY at DESC, unit"""  # noqa: S608 - constants; values are parameters
    columns = (
        ("unit", _("Unit"), "unit"),
        ("units", _("Pieces"), "number"),
        ("sku", _("SKU"), "text"),
        ("description", _("Item"), "text"),
        ("found", _("Condition"), "text"),
        ("grade", _("Grade"), "text"),
        ("why", _("Why"), "text"),
        ("place", _("Where"), "text"),
        ("left_at", _("Left"), "hidden"),
        ("days", _("Days here"), "number"),
        ("value", _("In our books at"), "money"),
        ("number", _("Return"), "return"),
        ("at", _("Counted"), "hidden"),
        ("currency", _("Currency"), "hidden"),
    )
    return Listing(_("Pieces that came back"), columns, statement, conditions.values)


LISTINGS = {
    "units": pieces,
    "orders": orders,
    "returns": returns,
    "items": items,
    "settled": settled,
    "waiting": waiting,
    "costs": cost_entries,
    "surveys": surveys,
}
