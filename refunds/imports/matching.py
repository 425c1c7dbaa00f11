"""Which sold units a credit note gave back, and what they had cost."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import connection

from oms.importing.documents import CreditLine, CreditNote
from oms.importing.report import ImportReport
from oms.models.claims import Units
from oms.money import cumulative, round_ratio, to_minor
from oms.units import count, free_units, highest, lowest
from refunds.models import ImportedCredit

NO_CUSTOMER = "no_customer"
NO_EARLIER_SALE = "no_earlier_sale"
NO_GOODS = "no_goods"
ABOVE_PAID = "above_paid"  # the note gave more than was paid for these units: quantity 0, the amount is the excess

# Orders, then order lines, a credit note may refer to: same customer, same product, same currency.
CANDIDATE_ORDERS = """
    SELECT DISTINCT o.id
      FROM unnest(%s::bigint[], %s::text[]) AS wanted (customer_id, sku)
      JOIN oms_order o ON o.customer_id = wanted.customer_id
      JOIN oms_orderline l ON l.order_id = o.id AND l.sku = wanted.sku
"""
CANDIDATES = """
    SELECT l.id, l.order_id, o.customer_id, l.sku, o.currency, o.placed_at, l.quantity, l.gross, l.tax, l.tax_rate
      FROM unnest(%s::bigint[], %s::text[]) AS wanted (customer_id, sku)
      JOIN oms_order o ON o.customer_id = wanted.customer_id
      JOIN oms_orderline l ON l.order_id = o.id AND l.sku = wanted.sku
     ORDER BY o.placed_at, o.id, l.position
"""
# Locked in one order, as every verb does.
LOCK = "SELECT id FROM oms_order WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE"
CLAIMED = """
    SELECT order_line_id, lower(part), upper(part) FROM oms_unitclaim, unnest(units) AS part
     WHERE active AND order_line_id = ANY(%s::bigint[])
"""
PAYMENTS = """
    SELECT order_id, id, currency, captured - refunded - in_flight FROM oms_payment
     WHERE order_id = ANY(%s::bigint[]) AND captured > refunded + in_flight ORDER BY order_id, id
"""


@dataclass(slots=True)
class SoldLine:
    """An order line with what is free of it."""

    id: int
    order_id: int
    sold_at: datetime
    quantity: int
    gross: int  # minor units
    tax: int
    tax_rate: Decimal  # percent
    free: Units

    def worth(self, units: Units) -> tuple[int, int]:
        """Return what was paid for these units and the tax within, in minor units."""
        gross = sum(self._between(self.gross, *part) for part in units)
        return gross, sum(self._between(self.tax, *part) for part in units)

    def _between(self, total: int, first: int, last: int) -> int:
        return cumulative(total, self.quantity, last) - cumulative(total, self.quantity, first)


@dataclass(slots=True)
class Piece:
    """Units of one order line that one credit line gave back; money in minor units."""

    sold: SoldLine
    units: Units
    quantity: int
    gross: int
    tax: int
    refunds: list[tuple[int, int]]  # payment id, minor units


@dataclass(slots=True)
class Leftover:
    line: CreditLine
    quantity: int
    amount: int
    reason: str


@dataclass
class MatchedNote:
    note: CreditNote
    customer_id: int | None
    by_order: dict[int, list[Piece]] = field(default_factory=lambda: defaultdict(list))
    leftovers: list[Leftover] = field(default_factory=list)


def match(
    note: CreditNote,
    customer: int | None,
    sold: dict[tuple[int, str, str], list[SoldLine]],
    payments: dict[int, list[list[int]]],
    report: ImportReport,
) -> MatchedNote:
    """Share out one credit note over what was sold; `sold` and `payments` shrink by what it takes."""
    found = MatchedNote(note, customer)
    for line in note.lines:
        total = to_minor(line.amount, note.currency)
        if not line.is_goods or customer is None:
            _count_unmatchable(line, report)
            reason = NO_CUSTOMER if line.is_goods else NO_GOODS
            found.leftovers.append(Leftover(line, line.quantity, total, reason))
            continue
        done = 0
        for one in sold.get((customer, line.sku, note.currency), ()):
            if done == line.quantity or one.sold_at > note.credited_at:
                break
            if take := min(line.quantity - done, count(one.free)):
                credited = cumulative(total, line.quantity, done + take) - cumulative(total, line.quantity, done)
                _take(found, line, one, take, credited, payments[one.order_id])
                done += take
        _count_matched(line, done, report)
        if done < line.quantity:
            rest = total - cumulative(total, line.quantity, done)
            found.leftovers.append(Leftover(line, line.quantity - done, rest, NO_EARLIER_SALE))
    return found


def recount(notes: Sequence[CreditNote], report: ImportReport) -> None:
    """Count notes that are here already as when they were written, by what was left over of them then."""
    left: dict[tuple[str, str], list[int]] = defaultdict(list)
    leftovers = ImportedCredit.objects.filter(document__in=[note.document for note in notes], reason=NO_EARLIER_SALE)
    for document, sku, quantity in leftovers.order_by("position").values_list("document", "sku", "quantity"):
        left[document, sku].append(quantity)
    for note in notes:
        for line in reversed(note.lines):  # of two lines of one product the earlier had the first choice
            if not line.is_goods or not note.customer:
                _count_unmatchable(line, report)
                continue
            short = left[note.document, line.sku]
            _count_matched(line, line.quantity - (short.pop() if short else 0), report)


def _count_unmatchable(line: CreditLine, report: ImportReport) -> None:
    report.lines_not_goods += not line.is_goods
    report.lines_without_customer += line.is_goods


def _count_matched(line: CreditLine, done: int, report: ImportReport) -> None:
    report.units_matched += done
    report.lines_matched_fully += done == line.quantity
    report.lines_not_matched += done == 0
    report.lines_matched_partly += 0 < done < line.quantity


def _take(
    found: MatchedNote, line: CreditLine, sold: SoldLine, take: int, credited: int, room: list[list[int]]
) -> None:
    """Claim the lowest free units; owe what was credited, up to what they cost and what is left of the payments."""
    units = lowest(sold.free, take)
    sold.free = highest(sold.free, count(sold.free) - take)
    worth, tax = sold.worth(units)
    gross = min(credited, worth, sum(left for _, left in room))
    share = round_ratio(tax * gross, worth) if worth else 0
    found.by_order[sold.order_id].append(Piece(sold, units, take, gross, share, _pay(room, gross)))
    if credited > gross:
        found.leftovers.append(Leftover(line, 0, credited - gross, ABOVE_PAID))


def _pay(room: list[list[int]], amount: int) -> list[tuple[int, int]]:
    """Take `amount` from the payments [id, left] in their order; return (payment id, part) for each touched."""
    parts = []
    for payment in room:
        part = min(amount, payment[1])
        if part:
            payment[1] -= part
            amount -= part
            parts.append((payment[0], part))
    return parts


def sold_to(
    notes: Sequence[CreditNote], customers: Sequence[int | None]
) -> tuple[dict[tuple[int, str, str], list[SoldLine]], dict[int, list[list[int]]]]:
    """Lock the orders in question; return their lines by (customer, SKU, currency), oldest first, and their payments.

    Payments are [id, minor units that may still go back] by order.
    """
    wanted = {
        (customer, line.sku)
        for note, customer in zip(notes, customers, strict=True)
        if customer is not None
        for line in note.lines
        if line.is_goods
    }
    pairs = [[customer for customer, _ in wanted], [sku for _, sku in wanted]]
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATE_ORDERS, pairs)
        orders = [row[0] for row in cursor.fetchall()]
        cursor.execute(LOCK, [orders])
        cursor.execute(CANDIDATES, pairs)
        rows = cursor.fetchall()
        cursor.execute(PAYMENTS, [orders])
        payments: dict[int, list[list[int]]] = defaultdict(list)
        for order_id, payment_id, currency, left in cursor.fetchall():
            payments[order_id].append([payment_id, to_minor(left, currency)])
        claimed: dict[int, list[Units]] = defaultdict(list)
        cursor.execute(CLAIMED, [[row[0] for row in rows]])
        for line_id, first, last in cursor.fetchall():
            claimed[line_id].append(((first, last),))
    sold: dict[tuple[int, str, str], list[SoldLine]] = defaultdict(list)
    for line_id, order_id, customer, sku, currency, placed_at, quantity, gross, tax, tax_rate in rows:
        free = free_units(quantity, claimed.get(line_id, ()))
        if free:
            worth, taxed = to_minor(gross, currency), to_minor(tax, currency)
            line = SoldLine(line_id, order_id, placed_at, quantity, worth, taxed, tax_rate, free)
            sold[customer, sku, currency].append(line)
    return sold, payments
