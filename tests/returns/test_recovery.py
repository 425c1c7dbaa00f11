"""What goods bring, by hand: each row can be checked with a pencil."""

from datetime import date
from decimal import Decimal as D
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from inventory.models import Unit
from inventory.states import Disposition
from oms.models import Order
from oms.remembered import forget
from returns import lifecycle
from returns.lifecycle import Arrived, Finding
from returns.models import RMA, Outcome
from returns.recovered import override_rate, piece
from returns.recovery import Basis, Booked, Piece, Request, Terms, at_approval, best, of_disposition
from tests.builders import NOON, Sold, a_return, an_order, the_line
from tests.staff import staff_client

TERMS = Terms(
    valid_from=date(2026, 1, 1),
    recovers={"A": D(90), "B": D(60), "C": D(35), "D": D(5)},
    sold_off=D(50),
    parts=D(20),
    handling=D("1.00"),
    shipping=D("4.00"),
    work=D("6.00"),
    disposal=D("0.50"),
)


def mug(grade: str = "B", quantity: int = 1, **booked: Booked) -> Piece:
    """`booked` by way and grade: restock_A."""
    known = {(name[:-2], name[-1]): one for name, one in booked.items()}
    return Piece(quantity, D("20.00"), D("8.00"), grade, known)


@pytest.mark.parametrize(
    ("grade", "disposition", "total", "steps"),
    [
        ("A", "restock", "17.00", {"brings": "18.00", "handling": "-1.00"}),
        ("B", "restock", "11.00", {"brings": "12.00", "handling": "-1.00"}),
        ("C", "refurbish", "5.00", {"brings": "12.00", "handling": "-1.00", "work": "-6.00"}),
        ("A", "repair", "11.00", {"brings": "18.00", "handling": "-1.00", "work": "-6.00"}),
        ("C", "liquidate", "2.50", {"brings": "3.50", "handling": "-1.00"}),
        ("D", "parts", "0.60", {"brings": "1.60", "handling": "-1.00"}),
        ("D", "return_to_vendor", "3.00", {"brings": "8.00", "handling": "-1.00", "shipping": "-4.00"}),
        ("D", "return_to_customer", "-5.00", {"handling": "-1.00", "shipping": "-4.00"}),
        ("D", "quarantine", "-1.00", {"handling": "-1.00"}),
        ("D", "donate", "-1.00", {"handling": "-1.00"}),
        ("D", "scrap", "-1.50", {"handling": "-1.00", "disposal": "-0.50"}),
    ],
)
def test_what_each_disposition_brings(grade: str, disposition: str, total: str, steps: dict[str, str]) -> None:
    net = of_disposition(mug(grade), disposition, TERMS, "GBP")
    assert (net.total, dict(net.steps)) == (D(total), {code: D(amount) for code, amount in steps.items()})


def test_every_disposition_has_its_arithmetic() -> None:
    assert [of_disposition(mug(), one, TERMS, "GBP").way for one in Disposition] == list(Disposition)


def test_what_was_booked_is_preferred_to_the_terms() -> None:
    known = of_disposition(mug("C", liquidate_C=Booked(D("6.25"), 4)), "liquidate", TERMS, "GBP")
    guessed = of_disposition(mug("C"), "liquidate", TERMS, "GBP")
    assert (known.total, known.basis, guessed.total, guessed.basis) == (
        D("5.25"), Basis.BOOKED, D("2.50"), Basis.TERMS,
    )  # fmt: skip


def test_what_sold_again_counts_for_its_grade_and_for_what_work_makes_of_the_next() -> None:
    sold = {"restock_B": Booked(D("9.50"), 3)}
    assert of_disposition(mug("B", **sold), "restock", TERMS, "GBP").total == D("8.50")
    assert of_disposition(mug("C", **sold), "refurbish", TERMS, "GBP").total == D("2.50")  # 9.50 − 1.00 − 6.00
    assert of_disposition(mug("A", **sold), "restock", TERMS, "GBP").basis is Basis.TERMS
    assert of_disposition(mug("B", **sold), "liquidate", TERMS, "GBP").basis is Basis.TERMS


@pytest.mark.django_db
def test_resale_is_read_from_the_orders_that_numbered_units_went_out_with() -> None:
    sold = the_line(a_return(an_order(), quantity=1)).order_line
    rma = RMA.objects.get()
    [receipt] = lifecycle.receive(rma.number, [Arrived(the_line(rma).pk, 1)], form_token=uuid4(), by="user:7", at=NOON)
    found = Finding(receipt.pk, 1, "opened", "")
    [outcome] = lifecycle.inspect(rma.number, [found], form_token=uuid4(), by="user:7", at=NOON)
    again = an_order(lines=[Sold(quantity=2, gross="24.00", tax="4.00")])
    Unit.objects.update(sold_on=again.lines.get(), left_as="dispatch/1", left_at=NOON, bin=None)
    assert piece(sold, 1, outcome.grade, at=NOON).booked == {}  # no order that was paid with what came back
    forget()
    Order.objects.filter(pk=again.pk).update(kind="exchange")
    assert piece(sold, 1, outcome.grade, at=NOON).booked == {("restock", outcome.grade): Booked(D("10.00"), 1)}


def test_several_units_share_one_parcel() -> None:
    assert of_disposition(mug("D", 3), "return_to_vendor", TERMS, "GBP").total == D("17.00")  # 24 − 3 − 4


def test_the_best_of_several_and_the_first_of_equals() -> None:
    assert best(mug("C"), ("scrap", "liquidate", "refurbish"), TERMS, "GBP").way == "refurbish"
    assert best(mug("D"), ("donate", "quarantine"), TERMS, "GBP").way == "donate"


def test_what_each_way_leaves_us_with_at_approval() -> None:
    """One mug, 24.00 paid with tax, label 3.95, back as B and restocked at 11.00."""
    nets = at_approval(Request(D("24.00"), D("3.95"), ((mug("B"), "restock"),)), TERMS, "GBP")
    assert {net.way: net.total for net in nets} == {
        "exchange": D("-4.95"),  # −8.00 + 11.00 − 3.95 − 4.00
        "repair": D("-14.95"),  # −6.00 − 1.00 − 3.95 − 4.00
        "refund": D("-16.95"),  # −24.00 + 11.00 − 3.95
        "keep_item": D("-24.00"),
    }
    assert [net.way for net in nets] == ["exchange", "repair", "refund", "keep_item"]


def test_cheap_broken_goods_are_better_kept() -> None:
    cheap = Piece(1, D("3.00"), D("1.00"), "D")
    nets = at_approval(Request(D("3.60"), D("3.95"), ((cheap, "scrap"),)), TERMS, "GBP")
    assert nets[0].way == "keep_item"


def test_a_currency_without_decimals_is_rounded_to_its_own() -> None:
    one = Piece(1, D(1001), D(400), "C")
    assert of_disposition(one, "liquidate", TERMS, "JPY").steps == (("brings", D(175)), ("handling", D(-1)))


@given(
    price=st.decimals(0, 10_000, places=4), cost=st.decimals(0, 10_000, places=4), quantity=st.integers(1, 500),
    grade=st.sampled_from("ABCD"), way=st.sampled_from(list(Disposition)),
)  # fmt: skip
def test_what_is_shown_adds_up_to_the_cent(price: D, cost: D, quantity: int, grade: str, way: Disposition) -> None:
    net = of_disposition(Piece(quantity, price, cost, grade), way, TERMS, "GBP")
    assert net.total == sum((amount for _code, amount in net.steps), D(0))
    assert all(amount == amount.quantize(D("0.01")) and amount for _code, amount in net.steps)


@pytest.mark.django_db
def test_who_decides_sees_what_each_way_leaves_and_how_it_was_reckoned() -> None:
    rma = a_return(an_order(lines=[Sold(gross="700.00", tax="116.67")]), quantity=2)
    assert rma.status == "needs_review"
    page = staff_client("agent").get(rma.get_absolute_url()).content.decode()
    assert "What each way leaves us with" in page
    assert page.count("−£700.00") >= 2  # refund and keep item
    assert "What each way leaves us with" not in staff_client("dock").get(rma.get_absolute_url()).content.decode()


@pytest.mark.django_db
def test_one_key_decides_otherwise_with_a_reason_and_the_share_is_shown() -> None:
    rma = a_return(an_order(), quantity=1)
    [receipt] = lifecycle.receive(rma.number, [Arrived(the_line(rma).pk, 1)], form_token=uuid4(), by="user:7", at=NOON)
    dock, address = staff_client("dock"), f"/admin/inspection/{rma.number}/"
    page = dock.get(address).content.decode()
    assert "Leaves £" in page
    assert "assumed, not yet measured here" in page
    given = {"form_token": str(uuid4()), "receipt": receipt.pk, "quantity": 1, "condition": "opened", "quick": "x"}
    assert dock.post(address, given).status_code == 422
    assert dock.post(address, given | {"quick": "l"}).status_code == 302
    outcome = Outcome.objects.get()
    assert (outcome.suggested_disposition, outcome.disposition) == ("restock", "liquidate")
    assert outcome.override_reason == "not worth its place on the shelf"
    assert override_rate(timezone.now()) == (1, 1)
