from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product as every

import pytest
from django.db.models import Sum

from oms.lifecycle import deliver, lose, refuse_delivery, ship
from oms.models import Event, JournalEntry, Order, Payment, Posting, Product, Shipment, UnitClaim
from oms.orders import (
    LineNotOfOrder,
    NewLine,
    NewPayment,
    NoLines,
    NothingToDeliver,
    NothingToShip,
    OrderFacts,
    OrderNumberTaken,
    QuantityNotPossible,
    cancel_lines,
    capture,
    create,
    facts_of,
    status_of,
    with_status,
)
from oms.states import OrderStatus, PaymentMethod, ShipmentStatus

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
S = OrderStatus


# ── The table ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (OrderFacts(5), S.PLACED),
        (OrderFacts(5, is_paid=True), S.PAID),
        (OrderFacts(5, canceled=2, is_paid=True), S.PAID),
        (OrderFacts(5, canceled=5), S.CANCELED),
        (OrderFacts(5, canceled=5, is_paid=True), S.CANCELED),
        (OrderFacts(5, shipped=2, is_paid=True, moving=1), S.PART_SHIPPED),
        (OrderFacts(5, shipped=2, is_paid=True, delivered=1), S.PART_SHIPPED),
        (OrderFacts(5, shipped=5, is_paid=True), S.SHIPPED),
        (OrderFacts(5, shipped=5, is_paid=True, moving=1), S.SHIPPED),
        (OrderFacts(5, shipped=5, is_paid=True, moving=1, delivered=1), S.SHIPPED),
        (OrderFacts(5, shipped=3, canceled=2, is_paid=True, moving=1), S.SHIPPED),
        (OrderFacts(5, shipped=5, is_paid=True, delivered=2), S.DELIVERED),
        (OrderFacts(5, shipped=5, is_paid=True, delivered=1, refused=1), S.DELIVERED),
        (OrderFacts(5, shipped=5, moving=1), S.SHIPPED),
        (OrderFacts(5, shipped=5, is_paid=True, refused=1), S.REFUSED),
        (OrderFacts(5, shipped=2, is_paid=True, refused=1), S.REFUSED),
        (OrderFacts(5, shipped=5, is_paid=True, refused=1, moving=1), S.SHIPPED),
        (OrderFacts(5, shipped=5, is_paid=True, delivered=1, returned=1), S.PART_RETURNED),
        (OrderFacts(5, shipped=5, is_paid=True, refused=1, returned=1), S.PART_RETURNED),
        (OrderFacts(5, shipped=5, is_paid=True, delivered=1, returned=5), S.RETURNED),
        (OrderFacts(5, shipped=3, canceled=2, is_paid=True, delivered=1, returned=3), S.RETURNED),
    ],
)
def test_status_table(facts, status):
    assert status_of(facts) == status


def test_every_status_can_be_reached():
    reached = {
        status_of(OrderFacts(2, shipped, canceled, returned, bool(paid), moving, delivered, refused))
        for shipped, canceled, returned in every(range(3), repeat=3)
        for paid, moving, delivered, refused in every(range(2), repeat=4)
        if shipped + canceled <= 2 and returned <= shipped
    }
    assert reached == set(OrderStatus)


def test_lists_and_single_orders_agree_on_every_combination(db):
    parcels = {
        "moving": ShipmentStatus.SHIPPED,
        "delivered": ShipmentStatus.DELIVERED,
        "refused": ShipmentStatus.REFUSED,
    }
    combinations = [
        (shipped, canceled, returned, paid, kinds)
        for shipped, canceled, returned in every(range(3), repeat=3)
        for paid in (0, 1, 2)
        for kinds in ((), ("moving",), ("delivered",), ("refused",), ("moving", "delivered"), ("delivered", "refused"))
        if shipped + canceled <= 2 and returned <= shipped
    ]
    orders = Order.objects.bulk_create(
        Order(number=str(number), placed_at=NOON, currency="GBP", items_total=2, total=2)
        for number in range(len(combinations))
    )
    for order, (shipped, canceled, returned, paid, kinds) in zip(orders, combinations, strict=True):
        order.lines.create(
            position=1, sku="A", description="A", quantity=2, unit_price=1, gross=2,
            shipped=shipped, canceled=canceled, returned=returned,
        )  # fmt: skip
        if paid:
            Payment.objects.create(order=order, method="card", currency="GBP", captured=paid, captured_at=NOON)
        for kind in kinds:
            Shipment.objects.create(order=order, status=parcels[kind], shipped_at=NOON)
    in_sql = dict(with_status(Order.objects).values_list("number", "status"))
    in_python = {
        order.number: str(status_of(facts_of(order, order.lines.all(), order.payments.all(), order.shipments.all())))
        for order in Order.objects.prefetch_related("lines", "payments", "shipments")
    }
    assert in_sql == in_python
    assert len(in_sql) == len(combinations) > 100


def test_an_order_paid_in_part_is_not_paid(db):
    order = Order.objects.create(number="T", placed_at=NOON, currency="GBP", items_total=3, total=3)
    order.lines.create(position=1, sku="A", description="A", quantity=1, unit_price=3, gross=3)
    statuses = []
    for captured in (1, 2):
        Payment.objects.create(order=order, method="card", currency="GBP", captured=captured, captured_at=NOON)
        statuses.append(with_status(Order.objects).get().status)
    assert statuses == ["placed", "paid"]


def test_a_list_with_status_is_one_statement(db, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert list(with_status(Order.objects).filter(status=OrderStatus.PLACED)) == []


# ── The verbs ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def mug(db):
    return Product.objects.create(sku="MUG", title="Mug", standard_cost=Decimal("1.50"))


@pytest.fixture
def plate(db):
    return Product.objects.create(sku="PLATE", title="Plate", is_final_sale=True)


def place(mug, plate=None, number="1001", quantity=5, **changed):
    lines = [NewLine(mug, quantity, Decimal("4.99"), tax_rate=Decimal(20))]
    if plate:
        lines.append(NewLine(plate, 1, Decimal("10.00"), tax_rate=Decimal(20)))
    terms = {"payments": [NewPayment(PaymentMethod.CARD, "pi_1")], "currency": "GBP", "by": "user:1", "at": NOON}
    return create(number=number, customer=None, lines=lines, **terms | changed)


def status(order):
    return with_status(Order.objects).get(pk=order.pk).status


def names(order):
    return list(Event.objects.filter(stream=order.stream).order_by("sequence").values_list("name", flat=True))


def books(cause):
    sums = JournalEntry.objects.get(cause=cause).postings.values("account").annotate(sum=Sum("amount"))
    return {one["account"]: one["sum"] for one in sums}


def test_an_order_freezes_its_terms_and_books_what_was_captured(mug, plate):
    order = place(mug, plate, shipping=Decimal("5.00"), shipping_tax=Decimal("0.83"))
    first, second = order.lines.order_by("position")
    assert (first.gross, first.tax, first.unit_cost, first.is_final_sale) == (
        Decimal("24.950"), Decimal("4.160"), Decimal("1.50"), False,
    )  # fmt: skip
    assert (second.gross, second.tax, second.is_final_sale) == (Decimal("10.000"), Decimal("1.670"), True)
    assert order.total == Decimal("39.95")
    payment = order.payments.get()
    assert (payment.captured, payment.method, payment.provider_id) == (Decimal("39.95"), "card", "pi_1")
    assert books(f"capture/1001/{payment.pk}") == {
        "provider": Decimal("39.95"),
        "sales": Decimal("-33.29"),
        "sales_tax": Decimal("-6.66"),
    }
    assert names(order) == ["order.placed"]
    assert status(order) == OrderStatus.PAID


def test_payments_share_the_tax_of_an_order_rate_by_rate_to_the_penny(mug, plate):
    """Three payments of 11.65 for 34.95: each rate's tax, cut three times, is that rate's tax of the order."""
    third = Decimal("11.65")
    ways = [NewPayment(method=PaymentMethod.CARD, provider_id=f"pi_{n}", captured=third) for n in range(3)]
    order = place(mug, plate, payments=ways)
    taxes = Posting.objects.filter(entry__order=order, account="sales_tax").values("tax_rate")
    owed = {line.tax_rate: Decimal(0) for line in order.lines.all()}
    for line in order.lines.all():
        owed[line.tax_rate] -= line.tax
    assert {one["tax_rate"]: one["sum"] for one in taxes.annotate(sum=Sum("amount"))} == owed
    assert (
        Posting.objects.filter(entry__order=order, account="provider").aggregate(sum=Sum("amount"))["sum"] == 3 * third
    )


def test_a_payment_that_comes_later_takes_the_rest_of_the_tax(mug, plate):
    order = place(mug, plate, payments=[NewPayment(method=PaymentMethod.STORE_CREDIT, captured=Decimal("11.65"))])
    capture(order, NewPayment(method=PaymentMethod.CARD, provider_id="pi_2", captured=Decimal("23.30")), at=NOON)
    postings = Posting.objects.filter(entry__order=order).values("account").annotate(sum=Sum("amount"))
    booked = {one["account"]: one["sum"] for one in postings}
    assert booked == {
        "store_credit": Decimal("11.65"), "provider": Decimal("23.30"),
        "sales": Decimal("-29.12"), "sales_tax": Decimal("-5.83"),
    }  # fmt: skip


def test_a_discount_on_the_order_is_shared_out_to_the_penny(mug, plate):
    order = place(mug, plate, discount=Decimal("1.00"))
    assert [line.gross for line in order.lines.order_by("position")] == [Decimal("24.240"), Decimal("9.710")]
    assert order.total == Decimal("33.95")


def test_an_order_number_is_used_once(mug):
    place(mug)
    with pytest.raises(OrderNumberTaken):
        place(mug)
    assert (Order.objects.count(), Payment.objects.count(), Event.objects.count()) == (1, 1, 1)


def test_an_order_without_payment_waits(mug):
    order = place(mug, payments=[])
    assert status(order) == OrderStatus.PLACED
    assert JournalEntry.objects.count() == 0


def test_shipping_in_parts_then_delivering(mug):
    order = place(mug)
    line = order.lines.get()
    first = ship("1001", {line.pk: 2}, "Royal Mail", "RM1", by="user:2", at=NOON)
    assert status(order) == OrderStatus.PART_SHIPPED
    second = ship("1001", None, "Royal Mail", "RM2", by="user:2", at=NOON)
    assert [one.lines.get().quantity for one in (first, second)] == [2, 3]
    assert status(order) == OrderStatus.SHIPPED
    deliver("1001", "RM2", by="carrier", at=NOON + timedelta(days=1))
    assert status(order) == OrderStatus.SHIPPED
    deliver("1001", by="carrier", at=NOON + timedelta(days=2))
    assert status(order) == OrderStatus.DELIVERED
    first.refresh_from_db()
    assert first.delivered_at == NOON + timedelta(days=2)
    assert names(order) == [
        "order.placed", "order.shipped", "order.shipped", "order.delivered", "order.delivered",
    ]  # fmt: skip


def test_delivering_again_is_harmless(mug):
    order = place(mug)
    ship("1001", None, tracking="RM1", by="user:2", at=NOON)
    deliver("1001", "RM1", by="carrier", at=NOON)
    again = deliver("1001", "RM1", by="carrier", at=NOON + timedelta(days=1))
    assert again.delivered_at == NOON
    assert names(order) == ["order.placed", "order.shipped", "order.delivered"]


def test_a_refused_delivery_shows(mug):
    order = place(mug)
    ship("1001", None, tracking="RM1", by="user:2", at=NOON)
    refuse_delivery("1001", "RM1", by="carrier", at=NOON)
    assert status(order) == OrderStatus.REFUSED
    with pytest.raises(NothingToDeliver):
        deliver("1001", "RM1", by="carrier", at=NOON)
    assert names(order) == ["order.placed", "order.shipped", "order.refused"]


@pytest.mark.parametrize(
    ("quantity", "refusal"), [(0, QuantityNotPossible), (-1, QuantityNotPossible), (6, QuantityNotPossible)]
)
def test_impossible_quantities_are_refused_and_nothing_moves(mug, quantity, refusal):
    order = place(mug)
    line = order.lines.get()
    for verb in (
        lambda: ship("1001", {line.pk: quantity}, by="user:2", at=NOON),
        lambda: cancel_lines("1001", {line.pk: quantity}, "changed mind", by="user:2", at=NOON),
    ):
        with pytest.raises(refusal):
            verb()
    line.refresh_from_db()
    assert (line.shipped, line.canceled, UnitClaim.objects.count(), Shipment.objects.count()) == (0, 0, 0, 0)
    assert names(order) == ["order.placed"]


def test_a_line_of_another_order_is_refused(mug):
    place(mug)
    other = place(mug, number="1002", payments=[])
    with pytest.raises(LineNotOfOrder):
        cancel_lines("1001", {other.lines.get().pk: 1}, "changed mind", by="user:2", at=NOON)
    with pytest.raises(NoLines):
        cancel_lines("1001", {}, "changed mind", by="user:2", at=NOON)
    assert UnitClaim.objects.count() == 0


def test_canceling_takes_the_last_units_and_leaves_the_shipped_ones(mug):
    order = place(mug)
    line = order.lines.get()
    ship("1001", {line.pk: 3}, by="user:2", at=NOON)
    (claim,) = cancel_lines("1001", {line.pk: 1}, "sold out", by="user:2", at=NOON)
    assert claim.units == ((4, 5),)
    (claim,) = cancel_lines("1001", {line.pk: 1}, "sold out", by="user:2", at=NOON)
    assert claim.units == ((3, 4),)
    event = Event.objects.filter(name="order.lines_canceled").latest("id")
    assert event.facts == {"lines": [{"line": line.pk, "quantity": 1}], "reason": "sold out", "claims": [claim.pk]}
    assert status(order) == OrderStatus.SHIPPED
    with pytest.raises(QuantityNotPossible):
        cancel_lines("1001", {line.pk: 1}, "sold out", by="user:2", at=NOON)
    with pytest.raises(NothingToShip):
        ship("1001", None, by="user:2", at=NOON)


def test_canceling_everything_cancels_the_order(mug):
    order = place(mug)
    cancel_lines("1001", {order.lines.get().pk: 5}, "changed mind", by="user:2", at=NOON)
    assert status(order) == OrderStatus.CANCELED


def test_a_lost_parcel_may_turn_up(mug):
    order = place(mug)
    ship("1001", None, tracking="RM1", by="user:1", at=NOON)
    assert [lose("1001", "RM1", by="carrier", at=NOON).status for _again in range(2)] == [ShipmentStatus.LOST] * 2
    assert deliver("1001", "RM1", by="carrier", at=NOON).status == ShipmentStatus.DELIVERED
    with pytest.raises(NothingToDeliver):
        lose("1001", "RM1", by="carrier", at=NOON)
    assert names(order) == ["order.placed", "order.shipped", "order.lost", "order.delivered"]
