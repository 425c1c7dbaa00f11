"""The conservation monitor: zero while all is well, and whatever somebody breaks by hand is named."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection

from oms.models import Order
from oms.orders import NewLine, NewPayment, cancel_lines, create
from oms.roles import Role
from oms.states import PaymentMethod
from refunds import lifecycle, protocol
from refunds.conservation import balances, taxes, units
from refunds.models import Refund
from refunds.states import RefundStatus
from tests.builders import NOON, Sold, a_customer, a_product
from tests.refunds.cases import LATER
from tests.staff import a_member
from tests.tampering import triggers_off

pytestmark = pytest.mark.django_db


def a_sale(number: str = "1001", *, payments: tuple[tuple[str, str], ...] = (("card", "59.98"),)) -> Order:
    """Two rates of tax, shipping with tax of its own, and as many payments as named."""
    lines = [
        NewLine(a_product(Sold(sku="MUG")), 3, Decimal("9.99"), tax_rate=Decimal(20)),
        NewLine(a_product(Sold(sku="BOOK")), 5, Decimal("5.00"), tax_rate=Decimal(5)),
    ]
    ways = [NewPayment(PaymentMethod(method), f"pi_{uuid4().hex}", Decimal(captured)) for method, captured in payments]
    return create(
        number=number, customer=a_customer(), lines=lines, payments=ways, currency="GBP", by="user:901", at=NOON,
        shipping=Decimal("5.01"), shipping_tax=Decimal("0.83"),
    )  # fmt: skip


def give_back(order: Order, quantities: dict[str, int]) -> list[Refund]:
    """Cancel units that were not shipped, and settle what is owed for them."""
    lines = {line.sku: line.pk for line in order.lines.all()}
    claims = cancel_lines(
        order.number, {lines[sku]: count for sku, count in quantities.items()}, "too late", by="user:901", at=LATER
    )
    refunds = lifecycle.request_for_cancellation(order.number, [one.pk for one in claims], by="user:901", at=LATER)
    return [settle(refund) for refund in refunds]


def settle(refund: Refund) -> Refund:
    if refund.status == RefundStatus.AWAITING_APPROVAL:
        lifecycle.approve(refund.number, by=a_member(Role.FINANCE).actor, at=LATER)
    if not refund.is_sent:
        return protocol.carry_out(refund.number, by="system", now=lambda: LATER)
    lifecycle.submit(refund.number, by="system", at=LATER)
    return lifecycle.settle(refund.number, provider_id=f"re_{uuid4().hex}", by="stripe", at=LATER)


def drifts() -> dict[str, Decimal]:
    """What each of the three readings drifts by, all together."""
    return {
        "order": sum((one.drift for one in balances()), Decimal(0)),
        "unit": sum((one.drift for one in units()), Decimal(0)),
        "tax": sum((one.drift for one in taxes()), Decimal(0)),
    }


NOTHING = {"order": Decimal(0), "unit": Decimal(0), "tax": Decimal(0)}


def test_nothing_drifts_through_partial_refunds_over_several_payments() -> None:
    """Unit after unit goes back over two payments until nothing is left; every step reads zero, the last one too."""
    order = a_sale(payments=(("card", "20.00"), ("manual", "39.98")))
    assert drifts() == NOTHING
    for quantities in ({"MUG": 1}, {"BOOK": 2}, {"MUG": 1, "BOOK": 1}, {"MUG": 1, "BOOK": 2}):
        give_back(order, quantities)
        assert drifts() == NOTHING
    [whole] = balances()
    assert (whole.captured, whole.refunded, whole.kept) == (Decimal("59.98"), Decimal("59.98"), Decimal(0))
    assert [one.kept for one in units()] == [Decimal(0), Decimal(0)]
    assert [(one.rate, one.kept) for one in taxes()] == [
        (None, Decimal(0)), (Decimal(5), Decimal(0)), (Decimal(20), Decimal(0)),
    ]  # fmt: skip


def test_nothing_drifts_after_a_late_failure() -> None:
    order = a_sale()
    [refund] = give_back(order, {"MUG": 2})
    lifecycle.fail(refund.number, provider_id=refund.provider_id, reason="expired_card", by="stripe", at=LATER)
    assert drifts() == NOTHING
    assert [one.refunded for one in balances()] == [Decimal(0)]


def test_what_goes_back_to_store_credit_is_credited() -> None:
    order = a_sale(payments=(("store_credit", "20.00"), ("manual", "39.98")))
    give_back(order, {"MUG": 3})
    [one] = balances()
    assert (one.credited, one.refunded, one.kept, one.drift) == (
        Decimal("20.00"), Decimal("9.97"), Decimal("30.01"), Decimal(0),
    )  # fmt: skip


def test_a_capture_that_differs_from_the_order_is_no_drift() -> None:
    """Less was captured than the order comes to: its tax is owed in proportion."""
    a_sale(payments=(("card", "30.00"),))
    assert drifts() == NOTHING


BREAK = {
    # table, change, which readings show it
    "a payment's counter": ("UPDATE oms_payment SET refunded = refunded + 0.01", {"order"}),
    "a capture": ("UPDATE oms_payment SET captured = captured + 1", {"order", "tax"}),
    "a posting of money": ("UPDATE oms_posting SET amount = amount - 0.01 WHERE account = 'provider'", {"order"}),
    "a posting of tax": ("UPDATE oms_posting SET amount = amount + 0.01 WHERE account = 'sales_tax'", {"tax"}),
    "the rate of a posting": ("UPDATE oms_posting SET tax_rate = 19 WHERE tax_rate = 20", {"tax"}),
    "an entry that is gone": (
        "DELETE FROM oms_posting WHERE entry_id IN (SELECT id FROM oms_journalentry WHERE cause LIKE 'refund/%')",
        {"order", "tax"},
    ),
    "a settled refund": ("UPDATE refunds_refund SET status = 'canceled'", {"order", "tax"}),
    "a line of a memo": ("UPDATE refunds_creditmemoline SET gross = gross + 0.01", {"unit"}),
    "the tax of a memo's line": ("UPDATE refunds_creditmemoline SET tax = tax + 0.01", {"tax"}),
    "what a line was sold for": ("UPDATE oms_orderline SET gross = 0, tax = 0", {"unit", "tax"}),
    "an event": (
        "UPDATE oms_event SET facts = jsonb_set(facts, '{lines,0,gross}', '\"0.01\"') WHERE name = 'refund.requested'",
        {"unit"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BREAK)
def test_a_row_broken_by_hand_makes_the_drift_show_and_is_named(what: str) -> None:
    broken, fine = a_sale("1001"), a_sale("1002")
    for order in (broken, fine):
        give_back(order, {"MUG": 1})
    assert drifts() == NOTHING
    change, shows = BREAK[what]
    only_broken = {
        "oms_payment": "order_id = %(order)s",
        "oms_posting": "entry_id IN (SELECT id FROM oms_journalentry WHERE order_id = %(order)s)",
        "refunds_refund": "order_id = %(order)s",
        "refunds_creditmemoline": "memo_id IN (SELECT id FROM refunds_creditmemo WHERE order_id = %(order)s)",
        "oms_orderline": "order_id = %(order)s",
        "oms_event": "facts ->> 'order' = %(number)s",
    }
    table = change.split()[2] if change.startswith("DELETE") else change.split()[1]
    word = "AND" if "WHERE" in change else "WHERE"
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute(
            f"{change.replace('%', '%%')} {word} {only_broken[table]}", {"order": broken.pk, "number": broken.number}
        )
    assert {name for name, drift in drifts().items() if drift} == shows
    readings = {"order": balances(), "unit": units(), "tax": taxes(drifting=True)}
    named = {name: {one.order for one in found if one.drift} for name, found in readings.items()}
    assert named == {name: {broken.number} if name in shows else set() for name in readings}
