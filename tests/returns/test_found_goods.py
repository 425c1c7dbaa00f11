"""Goods no line stands for: without a return, more than announced, not the one sold. A person decides first."""

from datetime import timedelta
from uuid import uuid4

import pytest

from inventory.models import Bin, StockLevel, StockMovement, Unit, Warehouse
from inventory.states import BinKind
from oms.models import Event, Product
from oms.refusals import Refused
from oms.statemachine import TransitionRefused
from returns import lifecycle
from returns.found_states import FOUND_MACHINE, FoundKind, FoundStatus
from returns.lifecycle import Finding, Piece
from returns.models import RMA, FoundGoods, Outcome, Receipt
from returns.states import ReceiptResult, RMAStatus
from tests.builders import NOON, Sold, a_return, an_order, the_line

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(days=1)
DOCK, AGENT = "user:7", "user:3"
DECISIONS = {
    "match": lambda number, rma: lifecycle.match_goods(number, rma, by=AGENT, at=LATER),
    "keep": lambda number, rma: lifecycle.keep_goods(number, by=AGENT, at=LATER),
    "send_back": lambda number, rma: lifecycle.send_goods_back(number, by=AGENT, at=LATER),
    "withdraw": lambda number, rma: lifecycle.withdraw_goods(number, form_token=uuid4(), by=DOCK, at=LATER),
}


@pytest.fixture
def rma() -> RMA:
    return a_return(an_order(lines=[Sold(quantity=3, gross="30.00")]), quantity=2)


def house() -> Warehouse:
    return Warehouse.objects.get(is_default=True)


def a_bin(kind: str = BinKind.QUARANTINE) -> Bin:
    return Bin.objects.filter(warehouse=house(), kind=kind).order_by("code")[0]


def found(quantity: int = 1, sku: str = "MUG", **more: object) -> FoundGoods:
    piece = Piece(quantity, Product.objects.filter(sku=sku).first(), sku)
    told: dict = {"form_token": uuid4(), "by": DOCK, "at": LATER} | more
    [made] = lifecycle.find_goods([piece], house(), a_bin(), **told)
    return made


def mismatched(rma: RMA) -> FoundGoods:
    told = {"code": "SN-9", "form_token": uuid4(), "by": DOCK, "at": LATER}
    receipt = lifecycle.receive_mismatch(rma.number, the_line(rma).pk, a_bin(), **told)
    return FoundGoods.objects.get(receipt=receipt)


def test_what_is_found_moves_no_stock_and_is_told_once(rma: RMA) -> None:
    movements, token = StockMovement.objects.count(), uuid4()
    first, again = (found(2, form_token=token, tracking_number="1Z9", hints="Sam, Leicester") for _ in range(2))
    assert (first.pk, first.status, first.hints) == (again.pk, FoundStatus.WAITING, "Sam, Leicester")
    assert Event.objects.filter(stream=first.stream).count() == FoundGoods.objects.count() == 1
    assert StockMovement.objects.count() == movements
    assert "Leicester" not in str(Event.objects.get(stream=first.stream).facts)


def test_found_goods_are_matched_with_the_return_that_waits_for_them(rma: RMA) -> None:
    goods = found(2)
    for _again in range(2):
        matched = lifecycle.match_goods(goods.number, rma.number, by=AGENT, at=LATER)
    rma.refresh_from_db()
    assert (matched.status, matched.rma, rma.status) == (FoundStatus.MATCHED, rma, RMAStatus.RECEIVED)
    assert (Receipt.objects.get().quantity, StockLevel.objects.get(bin__kind="dock").quantity) == (2, 2)


def test_goods_are_matched_only_where_so_many_are_awaited(rma: RMA) -> None:
    for goods in (found(3), found(1, "LAMP")):
        with pytest.raises(Refused, match="waits for"):
            lifecycle.match_goods(goods.number, rma.number, by=AGENT, at=LATER)
    assert Receipt.objects.count() == 0
    unknown = FoundGoods.objects.get(product=None)
    lifecycle.match_goods(unknown.number, rma.number, line_id=the_line(rma).pk, by=AGENT, at=LATER)
    assert the_line(rma).arrived == 1


def test_kept_as_unknown_they_can_still_be_matched(rma: RMA) -> None:
    goods = found()
    lifecycle.keep_goods(goods.number, by=AGENT, at=LATER)
    lifecycle.match_goods(goods.number, rma.number, by=AGENT, at=LATER)
    assert [one.name for one in Event.objects.filter(stream=goods.stream).order_by("sequence")] == [
        "goods.found",
        "goods.kept",
        "goods.matched",
    ]


@pytest.mark.parametrize("kind", [BinKind.SHELF, BinKind.SCRAP, BinKind.EXPECTED, BinKind.OUTBOUND])
def test_goods_of_nobody_never_lie_among_goods_of_ours(rma: RMA, kind: str) -> None:
    with pytest.raises(Refused, match="is for goods that are"):
        lifecycle.find_goods([Piece(1)], house(), a_bin(kind), form_token=uuid4(), by=DOCK, at=LATER)
    other = Warehouse.objects.create(code="NORTH", name="North", street="1", city="York", postcode="YO1")
    place = Bin.objects.create(warehouse=other, code="Q-1", kind=BinKind.QUARANTINE)
    with pytest.raises(Refused, match="another warehouse"):
        lifecycle.find_goods([Piece(1)], house(), place, form_token=uuid4(), by=DOCK, at=LATER)
    for quantity in (0, -1):
        with pytest.raises(Refused):
            lifecycle.find_goods([Piece(quantity)], house(), a_bin(), form_token=uuid4(), by=DOCK, at=LATER)
    assert FoundGoods.objects.count() == 0


@pytest.mark.parametrize("verb", DECISIONS)
@pytest.mark.parametrize("status", FoundStatus)
def test_each_decision_is_possible_where_the_table_says_so(rma: RMA, verb: str, status: FoundStatus) -> None:
    goods = found()
    FoundGoods.objects.update(status=status)
    target = {row.target for row in FOUND_MACHINE.transitions if row.verb == verb}
    if status in target or FOUND_MACHINE.allows(verb, status):
        assert DECISIONS[verb](goods.number, rma.number).status in target
        return
    with pytest.raises(TransitionRefused):
        DECISIONS[verb](goods.number, rma.number)
    assert FoundGoods.objects.get().status == status


# ── Not the one sold (p40) ────────────────────────────────────────────────────────────────────────────────────────


def test_another_serial_is_counted_but_never_becomes_stock_or_money(rma: RMA) -> None:
    goods = mismatched(rma)
    receipt = goods.receipt
    assert (receipt.result, receipt.came_as, the_line(rma).arrived) == (ReceiptResult.MISMATCH, "SN-9", 1)
    levels = dict(StockLevel.objects.values_list("bin__kind", "quantity"))
    assert (levels["expected"], levels.get("dock", 0)) == (1, 0)
    finding = Finding(receipt.pk, 1, "opened", "")
    with pytest.raises(Refused, match="service desk says first"):
        lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by=DOCK, at=LATER)
    lifecycle.refuse_goods(goods.number, by=AGENT, at=LATER)
    accepted = Finding(receipt.pk, 1, "opened", "", acceptance="accepted")
    with pytest.raises(Refused, match="not the one sold"):
        lifecycle.inspect(rma.number, [accepted], form_token=uuid4(), by=DOCK, at=LATER)
    [outcome] = lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by=DOCK, at=LATER)
    assert (outcome.acceptance, outcome.hold.status, levels.get("shelf", 0)) == ("refused", "waiting", 0)


def test_it_is_the_one_sold_after_all(rma: RMA) -> None:
    goods = mismatched(rma)
    for _again in range(2):
        lifecycle.match_goods(goods.number, rma.number, by=AGENT, at=LATER)
    kept = Receipt.objects.get(is_reversed=False)
    levels = dict(StockLevel.objects.values_list("bin__kind", "quantity"))
    assert (kept.result, the_line(rma).arrived, levels["expected"], levels["dock"]) == ("received", 1, 1, 1)
    lifecycle.inspect(rma.number, [Finding(kept.pk, 1, "opened", "")], form_token=uuid4(), by=DOCK, at=LATER)
    assert Outcome.objects.get().acceptance == "accepted"


def test_a_mismatch_is_not_matched_with_another_return_nor_sent_back_by_the_desk(rma: RMA) -> None:
    goods, other = mismatched(rma), a_return(an_order())
    for decide in (
        lambda: lifecycle.match_goods(goods.number, other.number, by=AGENT, at=LATER),
        lambda: lifecycle.send_goods_back(goods.number, by=AGENT, at=LATER),
        lambda: lifecycle.withdraw_goods(goods.number, form_token=uuid4(), by=DOCK, at=LATER),
        lambda: lifecycle.refuse_goods(found().number, by=AGENT, at=LATER),
    ):
        with pytest.raises(Refused, match="not possible"):
            decide()


def test_a_mismatch_is_taken_back_with_its_receipt_until_somebody_decided(rma: RMA) -> None:
    first, second = mismatched(rma), mismatched(rma)
    lifecycle.take_back(rma.number, first.receipt_id, form_token=uuid4(), by=DOCK, at=LATER)
    first.refresh_from_db()
    assert (first.status, the_line(rma).arrived) == (FoundStatus.WITHDRAWN, 1)
    lifecycle.refuse_goods(second.number, by=AGENT, at=LATER)
    with pytest.raises(Refused, match="somebody decided"):
        lifecycle.take_back(rma.number, second.receipt_id, form_token=uuid4(), by=DOCK, at=LATER)


def test_a_known_unit_of_another_sale_is_named(rma: RMA) -> None:
    stranger = an_order().lines.get()
    unit = Unit.objects.create(number="U-9", serial="SN-9", product=stranger.product, sold_on=stranger, created_at=NOON)
    told = {"code": "SN-9", "form_token": uuid4(), "by": DOCK, "at": LATER}
    receipt = lifecycle.receive_mismatch(rma.number, the_line(rma).pk, a_bin(), unit=unit, **told)
    assert (receipt.unit, receipt.found.product, receipt.found.kind) == (unit, stranger.product, FoundKind.MISMATCH)
