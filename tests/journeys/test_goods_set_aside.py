"""What becomes of goods may change later; each change is a movement, and money follows (p54)."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from inventory.refusals import NotSellable
from inventory.states import Disposition
from oms.models import Posting, UnitClaim
from oms.units import count, free_of
from returns import lifecycle
from returns.models import Dispatch, Hold, Outcome, Placement
from returns.refusals import GoodsAreGone, InTheWorkshop, NothingChanged, NotThatManyHere, WaitsForAnswer
from returns.states import Resolution
from tests.journeys import traveler as on
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def decide(
    outcome: Outcome, disposition: str, *, quantity: int = 1, source: int | None = None, **more: str
) -> Placement:
    return lifecycle.change_disposition(
        outcome.pk, quantity=quantity, source=source, disposition=disposition, reason="looked again",
        by=on.DOCK, at=timezone.now(), **more,
    )  # fmt: skip


def on_account(account: str) -> Decimal:
    return sum((one.amount for one in Posting.objects.filter(account=account)), Decimal(0))


def test_hold_then_restock(vendors: Sandbox) -> None:
    """Refused, disputed, decided for the customer, quarantined, and at last sold again."""
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order)
    [receipt] = on.arrive(rma)
    finding = on.Finding(receipt.pk, 1, "used", "quarantine", acceptance="refused", override_reason="smells")
    [outcome] = lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by=on.DOCK, at=timezone.now())
    with pytest.raises(WaitsForAnswer):
        decide(outcome, Disposition.SCRAP)
    assert (on.in_bin("hold"), on.in_bin("scrap")) == (1, 0)
    hold = Hold.objects.get().pk
    lifecycle.answer_hold(hold, answer="dispute", note="It was new.", by=order.customer.actor, at=timezone.now())
    lifecycle.decide_hold(hold, decision="overturn", by=on.AGENT, at=timezone.now())
    on.run_jobs()
    assert (on.in_bin("hold"), on.in_bin("quarantine")) == (0, 1)
    impaired = on_account("impaired")
    assert impaired < 0
    with pytest.raises(NotSellable):
        decide(outcome, Disposition.RESTOCK, condition="damaged")
    placed = decide(outcome, Disposition.RESTOCK, condition="opened")
    assert (on.in_bin("quarantine"), on.in_bin("shelf"), on_account("impaired")) == (0, 1, 0)
    first = Placement.objects.get(outcome=outcome, source=None)
    assert (first.disposition, first.here, placed.grade, placed.source_id) == ("quarantine", 0, "B", first.pk)
    with pytest.raises(NotThatManyHere):
        decide(outcome, Disposition.SCRAP)
    with pytest.raises(NothingChanged):
        decide(outcome, Disposition.RESTOCK, source=placed.pk)
    assert on.story(rma).count("rma.disposition_changed") == 1
    assert on.books_balance()


def test_repair_and_send_back(vendors: Sandbox) -> None:
    """The customer wants it repaired: it stays theirs, nothing is paid, and it goes back by parcel."""
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order, on.Wanted(order.lines.get().pk, 1, "defective", "", photos=1))
    lifecycle.choose_resolution(
        rma.number, resolution=Resolution.REPAIR, reason="under warranty", by=on.AGENT, at=timezone.now()
    )
    on.inspect(rma, on.arrive(rma), "defective")
    outcome = Outcome.objects.get()
    assert (outcome.disposition, on.in_bin("hold"), on_account("inventory")) == ("repair", 1, 0)
    today = timezone.now()
    work = lifecycle.open_work(
        outcome.pk, quantity=1, kind="repair", task="new handle", due_on=today.date() + timedelta(days=5),
        estimate=Decimal("6.00"), by=on.DOCK, at=today,
    )  # fmt: skip
    with pytest.raises(InTheWorkshop):
        decide(outcome, Disposition.RETURN_TO_CUSTOMER)
    lifecycle.end_work(
        work.number, done=True, cost=Decimal("4.50"), disposition="return_to_customer", by=on.DOCK, at=today
    )
    dispatch = Dispatch.objects.select_related("order").get(rma=rma)
    assert (dispatch.sends_back, dispatch.order.total, on.in_bin("outbound")) == (True, 0, 1)
    line = dispatch.order.lines.get()
    lifecycle.pack(dispatch.pk, line.pk, 1, seen=0, by=on.DOCK, at=today)
    on.run_jobs()
    lifecycle.send(dispatch.pk, by=on.DOCK, at=today)
    lifecycle.arrive(dispatch.pk, by="carrier", at=today)
    on.run_jobs()
    work.refresh_from_db()
    assert (work.status, work.is_capitalized, work.sends_back) == ("done", False, True)
    assert (on.in_bin("outbound"), on.in_bin("hold"), on.paid(order)) == (0, 0, 0)
    assert (on_account("workshop"), on_account("inventory"), on_account("cost_of_goods")) == (Decimal("4.50"), 0, 0)
    assert [mail for mail in on.mails(rma) if mail.startswith("goods_back")] == [
        "goods_back_sent",
        "goods_back_delivered",
    ]
    assert on.status(rma) == ("closed", "nothing")
    # It is theirs as on the first day: broken again, it may come back again, all of the line with it.
    again = on.ask(order, on.Wanted(order.lines.get().pk, order.lines.get().quantity, "changed_mind", "opened"))
    on.inspect(again, on.arrive(again), "opened")
    on.run_jobs()
    assert (on.paid(order), on.status(again)) == (order.total, ("closed", "settled"))


def test_refused_goods_are_sent_back_by_parcel(vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order)
    on.inspect(rma, on.arrive(rma), "damaged")
    lifecycle.answer_hold(Hold.objects.get().pk, answer="send_back", by=order.customer.actor, at=timezone.now())
    dispatch = Dispatch.objects.get(rma=rma)
    assert (dispatch.sends_back, dispatch.status, on.in_bin("outbound")) == (True, "released", 1)
    with pytest.raises(GoodsAreGone):
        decide(Outcome.objects.get(), Disposition.SCRAP)


def test_what_was_sent_back_unpaid_may_come_back_once_more_and_never_twice(vendors: Sandbox) -> None:
    """Two come, one is refused and sent back: that one alone is free again, when it leaves and not before."""
    order = on.an_order_paid_at(vendors)
    line = order.lines.get()
    rma = on.ask(order, on.Wanted(line.pk, 2, "changed_mind", "opened"))
    [receipt] = on.arrive(rma)
    for condition in ("opened", "damaged"):
        finding = on.Finding(receipt.pk, 1, condition, "")
        lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by=on.DOCK, at=timezone.now())
    lifecycle.answer_hold(Hold.objects.get().pk, answer="send_back", by=order.customer.actor, at=timezone.now())
    on.run_jobs()
    left = count(free_of(line))
    going = Dispatch.objects.select_related("order").get(rma=rma)
    lifecycle.pack(going.pk, going.order.lines.get().pk, 1, seen=0, by=on.DOCK, at=timezone.now())
    on.run_jobs()
    for _twice in range(2):
        lifecycle.send(going.pk, by=on.DOCK, at=timezone.now())
    assert (count(free_of(line)), UnitClaim.objects.filter(order_line=line, active=True).get().units) == (
        left + 1, ((0, 1),),
    )  # fmt: skip
    again = on.ask(order, on.Wanted(line.pk, left + 1, "changed_mind", "opened"))
    on.inspect(again, on.arrive(again), "opened")
    on.run_jobs()
    assert (on.paid(order), on.in_bin("shelf")) == (order.total, line.quantity)


def refurbished(vendors: Sandbox, quantity: int = 2) -> Outcome:
    """Pieces accepted and set aside to refurbish, at 3.50 each."""
    order = on.an_order_paid_at(vendors)
    rma = on.ask(order, on.Wanted(order.lines.get().pk, quantity, "changed_mind", "opened"))
    [receipt] = on.arrive(rma)
    finding = on.Finding(receipt.pk, quantity, "used", "refurbish", acceptance="accepted", override_reason="worth it")
    [outcome] = lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by=on.DOCK, at=timezone.now())
    on.run_jobs()
    return outcome


def test_refurbishing_adds_to_the_value_of_some_of_them(vendors: Sandbox) -> None:
    outcome = refurbished(vendors)
    before, now = on_account("inventory"), timezone.now()
    assert before == Decimal("7.00")
    work = lifecycle.open_work(
        outcome.pk, quantity=1, kind="refurbish", task="clean it", due_on=now.date(), estimate=Decimal(2),
        by=on.DOCK, at=now,
    )  # fmt: skip
    ended = lifecycle.end_work(
        work.number, done=True, cost=Decimal("1.25"), disposition="restock", condition="opened", by=on.DOCK, at=now
    )
    again = lifecycle.end_work(
        work.number, done=True, cost=Decimal("1.25"), disposition="restock", condition="opened", by=on.DOCK, at=now
    )
    assert (ended.is_capitalized, again.pk, on_account("inventory")) == (True, work.pk, Decimal("8.25"))
    assert (on.in_bin("refurbish"), on.in_bin("shelf")) == (1, 1)
    assert on_account("impaired") < 0  # of the piece that still waits
    lifecycle.change_disposition(outcome.pk, quantity=1, disposition="scrap", reason="not worth it", by=on.DOCK, at=now)
    assert (on.in_bin("scrap"), on_account("impaired"), on.books_balance()) == (1, 0, True)


def test_what_could_not_be_done_is_an_expense_and_scrapped(vendors: Sandbox) -> None:
    outcome, now = refurbished(vendors, 1), timezone.now()
    work = lifecycle.open_work(
        outcome.pk,
        quantity=1,
        kind="refurbish",
        task="glue",
        due_on=now.date(),
        estimate=Decimal(2),
        by=on.DOCK,
        at=now,
    )
    lifecycle.end_work(work.number, done=False, cost=Decimal("0.75"), disposition="scrap", by=on.DOCK, at=now)
    assert (on_account("workshop"), on_account("inventory"), on.in_bin("scrap")) == (Decimal("0.75"), 0, 1)


def test_goods_go_back_to_their_vendor_and_are_credited(vendors: Sandbox) -> None:
    outcome, now = refurbished(vendors), timezone.now()
    placed = decide(outcome, Disposition.RETURN_TO_VENDOR, quantity=2)
    going = lifecycle.gather(outcome.pk, source=placed.pk, vendor="Potter & Sons", by=on.DOCK, at=now)
    assert lifecycle.gather(outcome.pk, source=placed.pk, by=on.DOCK, at=now).pk == going.pk
    with pytest.raises(GoodsAreGone):
        decide(outcome, Disposition.SCRAP, source=placed.pk)
    sent = lifecycle.send_to_vendor(going.number, by=on.DOCK, at=now)
    assert (sent.cost, on.in_bin("quarantine"), on_account("inventory"), on_account("impaired")) == (7, 0, 0, 0)
    done = lifecycle.credit_vendor_return(going.number, credit=Decimal("6.00"), reference="CN 1", by="user:2", at=now)
    assert (done.status, on_account("write_off"), on_account("goods_received")) == ("credited", Decimal("1.00"), 0)
    assert on.books_balance()


def test_goods_are_sold_off_and_what_came_in_is_kept(vendors: Sandbox) -> None:
    outcome, now = refurbished(vendors), timezone.now()
    placed = decide(outcome, Disposition.LIQUIDATE, quantity=2)
    for _again in range(2):
        sold = lifecycle.sell_off(placed.pk, proceeds=Decimal("5.00"), by=on.DOCK, at=now)
    assert (sold.proceeds, on_account("recovered"), on_account("inventory")) == (5, Decimal("-5.00"), 0)
    with pytest.raises(GoodsAreGone):
        decide(outcome, Disposition.SCRAP, source=placed.pk)
