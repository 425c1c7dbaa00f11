"""Discounts that asked for a minimum: kept by what stays, or counted anew (rule 14)."""

from decimal import Decimal as D
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.models import Order
from oms.money import from_minor, units_value
from oms.units import without
from refunds import lifecycle as refunds
from refunds.pricing import price_return
from returns import lifecycle
from returns.eligibility import Wanted, preview
from returns.models import RMA, Receipt
from returns.promotions import Promotion, Share, Staying, lost_by
from tests.builders import NOON, Sold, an_order
from tests.policies import a_rule
from tests.properties import many
from tests.refunds.cases import DOCK, LATER, inspect_all, receive_all

SPRING = {"label": "SPRING", "minimum": "50.00", "shares": [["6.67", "1.11"], ["3.33", "0.55"]]}


def ten_off() -> Order:
    """40.00 + 2 × 10.00 less 10.00, which asked for 50.00."""
    lines = [
        Sold(sku="COAT", title="Coat", quantity=1, gross="33.33", tax="5.56"),
        Sold(sku="HAT", title="Hat", quantity=2, gross="16.67", tax="2.78"),
    ]
    order = an_order(lines=lines, provider_id=f"pi_{uuid4().hex}")
    Order.objects.filter(pk=order.pk).update(promotions=[SPRING])
    order.refresh_from_db()
    return order


def back(order: Order, sku: str, quantity: int = 1, reason: str = "changed_mind") -> RMA:
    rma = lifecycle.request(
        order.number,
        [Wanted(order.lines.get(sku=sku).pk, quantity, reason, "sealed")],
        resolution="refund",
        price=price_return,
        form_token=uuid4(),
        by=order.customer.actor,
        at=NOON,
    )
    inspect_all(rma, receive_all(rma), "sealed")
    refunds.request_for_return(rma.number, by=DOCK, at=LATER)
    return RMA.objects.get(pk=rma.pk)


def paid(rma: RMA) -> D:
    return sum((one.amount for one in rma.refunds.all()), D(0))


@pytest.mark.django_db
def test_kept_without_a_rule() -> None:
    order = ten_off()
    assert [paid(back(order, "COAT")), paid(back(order, "HAT", 2))] == [D("33.33"), D("16.67")]


@pytest.mark.django_db
def test_counted_anew_what_stays_costs_what_it_would_have() -> None:
    a_rule("promotions", requalify=True)
    order = ten_off()
    coat = back(order, "COAT")
    assert [coat.quote["total"], paid(coat)] == ["30.00", D("30.00")]
    told = {"label": "SPRING", "minimum": "50.00", "stays": "20.00", "fees": "1"}
    assert coat.quote["inputs"]["promotions"] == [told]
    [fee] = coat.quote["fees"]
    assert [fee["code"], fee["gross"], fee["tax"]] == ["promotion", "3.33", "0.56"]
    hats = [back(order, "HAT"), back(order, "HAT")]
    assert [paid(one) for one in hats] == [D("10.00"), D("10.00")]
    assert order.payments.get().refundable == 0


@pytest.mark.django_db
def test_everything_at_once_loses_nothing() -> None:
    a_rule("promotions", requalify=True)
    order = ten_off()
    wanted = [Wanted(line.pk, line.quantity, "changed_mind", "sealed") for line in order.lines.all()]
    found = preview(order, wanted, resolution="refund", price=price_return, at=NOON)
    assert [found.total, found.quote["fees"]] == [D("50.00"), []]


@pytest.mark.django_db
def test_above_the_minimum_nothing_is_lost() -> None:
    a_rule("promotions", requalify=True)
    assert paid(back(ten_off(), "HAT")) == D("8.34")


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["arrived_late", "wrong_size"])
def test_our_fault_and_the_reasons_named_keep_it(reason: str) -> None:
    a_rule("promotions", requalify=True, keep_reasons=["wrong_size"])
    assert paid(back(ten_off(), "COAT", reason=reason)) == D("33.33")


@pytest.mark.django_db
def test_a_return_called_off_gives_the_discount_back() -> None:
    a_rule("promotions", requalify=True)
    order = ten_off()
    first = lifecycle.request(
        order.number,
        [Wanted(order.lines.get(sku="COAT").pk, 1, "changed_mind", "sealed")],
        resolution="refund", price=price_return, form_token=uuid4(), by=order.customer.actor, at=NOON,
    )  # fmt: skip
    lifecycle.cancel(first.number, by=order.customer.actor, at=NOON)
    assert paid(back(order, "HAT")) == D("8.34")


def coat_and_hat(order: Order) -> RMA:
    """Both are announced; what inspection finds follows."""
    wanted = [Wanted(order.lines.get(sku=sku).pk, 1, "changed_mind", "sealed") for sku in ("COAT", "HAT")]
    return lifecycle.request(
        order.number, wanted, resolution="refund", price=price_return, form_token=uuid4(),
        by=order.customer.actor, at=NOON,
    )  # fmt: skip


def looked_at(rma: RMA, **conditions: str) -> RMA:
    receipts = Receipt.objects.filter(line__rma=rma, line__order_line__sku__in=conditions)
    findings = [
        lifecycle.Finding(one.pk, 1, conditions[one.line.order_line.sku], "") for one in receipts.select_related("line")
    ]
    lifecycle.inspect(rma.number, findings, form_token=uuid4(), by=DOCK, at=LATER)
    refunds.request_for_return(rma.number, by=DOCK, at=LATER)
    return RMA.objects.get(pk=rma.pk)


@pytest.mark.django_db
def test_what_is_not_taken_back_stays_and_may_keep_the_discount() -> None:
    """The coat is refused: with it 50.00 stay after all, so the hat pays its frozen share and nothing is charged."""
    a_rule("promotions", requalify=True)
    order = ten_off()
    rma = coat_and_hat(order)
    receive_all(rma)
    assert paid(looked_at(rma, HAT="sealed", COAT="damaged")) == D("8.34")
    assert paid(back(order, "HAT")) == D("8.33")


@pytest.mark.django_db
def test_what_is_refused_and_cheap_changes_nothing() -> None:
    """The hat is refused: what stays is below the minimum all the same."""
    a_rule("promotions", requalify=True)
    order = ten_off()
    rma = coat_and_hat(order)
    receive_all(rma)
    rma = looked_at(rma, HAT="damaged", COAT="sealed")
    assert paid(rma) == D("33.33") - D(rma.quote["fees"][0]["gross"])
    assert paid(back(order, "HAT")) == D("10.00")


@pytest.mark.django_db
def test_looked_at_piece_by_piece_it_comes_to_the_same() -> None:
    a_rule("promotions", requalify=True)
    order = ten_off()
    rma = coat_and_hat(order)
    receive_all(rma)
    assert paid(looked_at(rma, HAT="sealed")) == D("8.34")
    assert paid(looked_at(rma, COAT="sealed")) == D(rma.quote["total"])
    assert paid(back(order, "HAT")) == D("10.00")
    assert order.payments.get().refundable == 0


@pytest.mark.django_db
def test_what_a_later_return_was_promised_counts() -> None:
    """The other hat was asked for at its price without the discount, so the discount stays taken back."""
    a_rule("promotions", requalify=True)
    order = ten_off()
    rma = coat_and_hat(order)
    hat = back(order, "HAT")
    receive_all(rma)
    first = looked_at(rma, HAT="sealed", COAT="damaged")
    assert [paid(hat), paid(first)] == [D("10.00"), D("8.34") - D(rma.quote["fees"][0]["gross"])]


@many
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 10**5), st.integers(0, 10**4)), min_size=1, max_size=4),
    st.data(),
)
def test_what_is_charged_comes_back_with_the_units(lines: list[tuple[int, int, int]], data: st.DataObject) -> None:
    """Charged for what stays is exactly what those units come back at more: in the end captured, to the cent."""
    shares, staying = {}, []
    for key, (quantity, gross, share) in enumerate(lines):
        gone = data.draw(st.integers(0, quantity))
        shares[str(key)] = Share(from_minor(share, "GBP"), D(0))
        units = without(((0, quantity),), ((0, gone),) if gone else ())
        staying.append(Staying(str(key), from_minor(gross, "GBP"), D(20), quantity, units))
    promotion = Promotion("P", D(10**9), shares)
    lost = lost_by([promotion], staying, "GBP")
    frozen = sum(_worth(line.gross, line) for line in staying)
    anew = sum(_worth(line.gross + shares[line.key].gross, line) for line in staying)
    assert sum((amount for one in lost for amount in one.charged.values()), D(0)) == anew - frozen


def _worth(total: D, line: Staying) -> D:
    return sum((units_value(total, line.quantity, first, last, "GBP") for first, last in line.units), D(0))
