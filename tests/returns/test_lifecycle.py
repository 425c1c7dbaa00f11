"""The verbs of a return: what they change, what they refuse, and that a second call is harmless."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from inventory.models import StockLevel, StockMovement
from inventory.refusals import NotSellable
from oms.models import Event, Posting, UnitClaim
from oms.statemachine import TransitionRefused
from refunds.pricing import price_return
from returns import lifecycle
from returns.lifecycle import Arrived, Finding, Wanted
from returns.models import RMA, Hold, Outcome, Receipt, ReturnLine
from returns.refusals import (
    ForeignLine,
    MoreThanAnnounced,
    MoreThanReceived,
    NothingArrived,
    OverrideNeedsReason,
    QuoteChanged,
    TooMany,
)
from returns.states import HoldStatus, ReceiptResult, RMAStatus, Settlement
from tests.builders import NOON, Sold, a_return, an_order, the_line

pytestmark = pytest.mark.django_db

DOCK = "user:7"


def names(rma: RMA) -> list[str]:
    return list(Event.objects.filter(stream=rma.stream).order_by("sequence").values_list("name", flat=True))


def level(kind: str) -> int:
    return sum(StockLevel.objects.filter(bin__kind=kind).values_list("quantity", flat=True))


def received(quantity: int = 1, **asked: object) -> tuple[RMA, Receipt]:
    rma = a_return(an_order(), quantity=quantity, **asked)  # type: ignore[arg-type]
    [receipt] = lifecycle.receive(
        rma.number, [Arrived(the_line(rma).pk, quantity)], form_token=uuid4(), by=DOCK, at=NOON + timedelta(days=3)
    )
    return rma, receipt


def inspected(receipt: Receipt, rma: RMA, **found: object) -> list[Outcome]:
    finding = Finding(**{"receipt_id": receipt.pk, "quantity": 1, "condition": "opened", "disposition": ""} | found)
    return lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by=DOCK, at=NOON + timedelta(days=4))


# ── Requesting ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_return_within_the_window_is_approved_at_once_and_expected_at_the_dock() -> None:
    rma = a_return(an_order(), quantity=2)
    assert (rma.status, rma.settlement, rma.quote["total"]) == (RMAStatus.APPROVED, Settlement.NONE, "20.00")
    assert names(rma) == ["rma.requested"]
    assert (level("expected"), level("shelf")) == (2, 0)
    assert rma.parcels.get().status == "wanted"


def test_the_same_form_sent_twice_is_one_return() -> None:
    order, token = an_order(), uuid4()
    first, second = a_return(order, form_token=token), a_return(order, form_token=token)
    assert first == second
    assert (RMA.objects.count(), UnitClaim.objects.count(), Event.objects.count()) == (1, 1, 1)


def test_more_than_is_left_is_refused_and_nothing_moves() -> None:
    order = an_order()
    a_return(order, quantity=2)
    with pytest.raises(TooMany, match="0 can come back, not 1"):
        a_return(order, quantity=1)
    assert (RMA.objects.count(), level("expected")) == (1, 2)


def test_a_foreign_line_is_refused() -> None:
    order, other = an_order(), an_order()
    with pytest.raises(ForeignLine):
        lifecycle.request(
            order.number,
            [Wanted(other.lines.get().pk, 1, "changed_mind", "opened")],
            resolution="refund",
            price=price_return,
            form_token=uuid4(),
            by=order.customer.actor,
            at=NOON,
        )
    assert RMA.objects.count() == 0


def test_a_total_that_changed_since_it_was_shown_is_refused() -> None:
    order = an_order()
    with pytest.raises(QuoteChanged):
        lifecycle.request(
            order.number,
            [Wanted(order.lines.get().pk, 1, "changed_mind", "opened")],
            resolution="refund",
            price=price_return,
            form_token=uuid4(),
            by=order.customer.actor,
            at=NOON,
            confirmed_total=Decimal("9.99"),
        )
    assert (RMA.objects.count(), UnitClaim.objects.count()) == (0, 0)


def test_after_the_window_the_request_is_rejected_with_its_reason_and_claims_nothing() -> None:
    rma = a_return(an_order(), at=NOON + timedelta(days=40))
    assert (rma.status, rma.settlement) == (RMAStatus.REJECTED, Settlement.NOTHING)
    assert rma.decision["fired"]["code"] == "window_closed"
    assert (UnitClaim.objects.count(), level("expected")) == (0, 0)


def test_a_valuable_return_waits_for_a_person_and_holds_its_units() -> None:
    order = an_order(lines=[Sold(gross="1200.00", tax="200.00")])
    rma = a_return(order, quantity=1)
    assert rma.status == RMAStatus.NEEDS_REVIEW
    lifecycle.approve(rma.number, by="user:3", at=NOON)
    rma.refresh_from_db()
    assert (rma.status, level("expected"), names(rma)) == (RMAStatus.APPROVED, 1, ["rma.requested", "rma.approved"])


def test_rejecting_frees_the_units() -> None:
    order = an_order(lines=[Sold(gross="1200.00", tax="200.00")])
    rma = a_return(order, quantity=2)
    lifecycle.reject(rma.number, reason="policy", note="Sorry, this was worn.", by="user:3", at=NOON)
    assert a_return(order, quantity=2).status == RMAStatus.NEEDS_REVIEW


def test_canceling_frees_the_units_and_the_dock_expects_nothing() -> None:
    order = an_order()
    rma = a_return(order, quantity=2)
    lifecycle.cancel(rma.number, by=order.customer.actor, at=NOON)
    assert (level("expected"), rma.parcels.get().status) == (0, "voided")
    assert a_return(order, quantity=2).status == RMAStatus.APPROVED


def test_canceling_twice_changes_nothing() -> None:
    rma = a_return(an_order())
    lifecycle.cancel(rma.number, by="user:3", at=NOON)
    before = (Event.objects.count(), StockMovement.objects.count())
    assert lifecycle.cancel(rma.number, by="user:3", at=NOON).status == RMAStatus.CANCELED
    assert (Event.objects.count(), StockMovement.objects.count()) == before


def test_what_is_on_its_way_cannot_be_canceled() -> None:
    rma, _receipt = received()
    before = Event.objects.count()
    with pytest.raises(TransitionRefused):
        lifecycle.cancel(rma.number, by="user:3", at=NOON)
    assert Event.objects.count() == before


def test_approving_twice_is_one_approval() -> None:
    rma = a_return(an_order(lines=[Sold(gross="1200.00", tax="200.00")]))
    lifecycle.approve(rma.number, by="user:3", at=NOON)
    lifecycle.approve(rma.number, by="user:4", at=NOON)
    assert (names(rma), level("expected")) == (["rma.requested", "rma.approved"], 1)


def test_a_unit_claimed_twice_is_refused_by_the_database() -> None:
    line = an_order().lines.get()
    UnitClaim.objects.create(order_line=line, units=((0, 1),))
    with pytest.raises(IntegrityError, match="unit_claimed_once"), transaction.atomic():
        UnitClaim.objects.create(order_line=line, units=((0, 2),))


# ── At the dock ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_receiving_moves_goods_to_the_dock_and_pays_nothing() -> None:
    rma, receipt = received(2)
    rma.refresh_from_db()
    assert (rma.status, rma.settlement) == (RMAStatus.RECEIVED, Settlement.NONE)
    assert (level("expected"), level("dock"), level("shelf")) == (0, 2, 0)
    assert ReturnLine.objects.get().arrived == 2
    assert receipt.inspected == 0


def test_receiving_in_part_leaves_the_rest_expected() -> None:
    rma = a_return(an_order(), quantity=2)
    lifecycle.receive(rma.number, [Arrived(the_line(rma).pk, 1)], form_token=uuid4(), by=DOCK, at=NOON)
    rma.refresh_from_db()
    assert (rma.status, level("expected"), level("dock")) == (RMAStatus.RECEIVING, 1, 1)


def test_the_same_receipt_sent_twice_is_one() -> None:
    rma, token = a_return(an_order(), quantity=2), uuid4()
    pieces = [Arrived(the_line(rma).pk, 1)]
    first = lifecycle.receive(rma.number, pieces, form_token=token, by=DOCK, at=NOON)
    second = lifecycle.receive(rma.number, pieces, form_token=token, by=DOCK, at=NOON)
    assert first == second
    assert (Receipt.objects.count(), level("dock")) == (1, 1)


@pytest.mark.parametrize("quantity", [0, -1])
def test_receiving_nothing_is_refused(quantity: int) -> None:
    rma = a_return(an_order())
    with pytest.raises(NothingArrived):
        lifecycle.receive(rma.number, [Arrived(the_line(rma).pk, quantity)], form_token=uuid4(), by=DOCK, at=NOON)
    assert level("dock") == 0


def test_receiving_more_than_announced_is_refused() -> None:
    rma = a_return(an_order(), quantity=1)
    with pytest.raises(MoreThanAnnounced):
        lifecycle.receive(rma.number, [Arrived(the_line(rma).pk, 2)], form_token=uuid4(), by=DOCK, at=NOON)
    assert (Receipt.objects.count(), level("dock")) == (0, 0)


def test_when_nothing_of_it_came_the_return_ends_without_money() -> None:
    rma = a_return(an_order())
    piece = Arrived(the_line(rma).pk, 1, ReceiptResult.SHORT)
    lifecycle.receive(rma.number, [piece], form_token=uuid4(), by=DOCK, at=NOON)
    rma = lifecycle.close_if_finished(rma.number, by="system", at=NOON)
    assert (rma.status, rma.settlement) == (RMAStatus.CLOSED, Settlement.NOTHING)
    assert (level("expected"), level("dock")) == (0, 0)


def test_accepted_goods_go_to_the_shelf_at_the_cost_they_left_with() -> None:
    rma, receipt = received()
    inspected(receipt, rma)
    rma.refresh_from_db()
    assert (rma.status, rma.settlement) == (RMAStatus.INSPECTED, Settlement.DUE)
    assert (level("dock"), level("shelf")) == (0, 1)
    assert sorted(Posting.objects.values_list("account", "amount")) == [
        ("cost_of_goods", Decimal("-3.500")),
        ("inventory", Decimal("3.500")),
    ]
    assert rma.order.lines.get().returned == 1


def test_damaged_goods_never_reach_the_shelf() -> None:
    rma, receipt = received()
    with pytest.raises(NotSellable):
        inspected(receipt, rma, condition="damaged", disposition="restock", override_reason="looks fine to me")
    assert (level("dock"), level("shelf"), Outcome.objects.count()) == (1, 0, 0)


def test_another_disposition_than_suggested_needs_a_reason() -> None:
    rma, receipt = received()
    with pytest.raises(OverrideNeedsReason):
        inspected(receipt, rma, disposition="quarantine")
    inspected(receipt, rma, disposition="quarantine", override_reason="seal looks tampered with")
    assert (level("quarantine"), level("shelf")) == (1, 0)


def test_inspecting_more_than_was_received_is_refused() -> None:
    rma, receipt = received(1)
    with pytest.raises(MoreThanReceived):
        inspected(receipt, rma, quantity=2)
    assert Outcome.objects.count() == 0


def test_the_database_refuses_an_outcome_too_many() -> None:
    rma, receipt = received(1)
    [outcome] = inspected(receipt, rma)
    with pytest.raises(IntegrityError, match="receipt_inspected"), transaction.atomic():
        Outcome.objects.bulk_create([_copy(outcome)])


def test_outcomes_cannot_be_rewritten() -> None:
    rma, receipt = received(1)
    inspected(receipt, rma)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Outcome.objects.update(payout_percent=100)


def _copy(outcome: Outcome) -> Outcome:
    copy = Outcome.objects.get(pk=outcome.pk)
    copy.pk, copy.form_token = None, uuid4()
    return copy


# ── Holds ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def held() -> tuple[RMA, Hold]:
    rma, receipt = received()
    inspected(receipt, rma, condition="damaged")
    return rma, Hold.objects.get()


def test_refused_goods_wait_in_a_hold_bin_unpaid() -> None:
    rma, hold = held()
    rma.refresh_from_db()
    assert (level("hold"), level("scrap"), rma.settlement, hold.status) == (1, 0, "nothing", "waiting")
    assert lifecycle.close_if_finished(rma.number, by="system", at=NOON).status == RMAStatus.INSPECTED


def test_a_customer_who_accepts_ends_it() -> None:
    rma, hold = held()
    lifecycle.answer_hold(hold.pk, answer="accept", by=rma.order.customer.actor, at=NOON)
    assert (level("hold"), level("scrap")) == (0, 1)
    assert lifecycle.close_if_finished(rma.number, by="system", at=NOON).status == RMAStatus.CLOSED


def test_a_dispute_decided_for_the_customer_is_paid_as_declared() -> None:
    rma, hold = held()
    lifecycle.answer_hold(hold.pk, answer="dispute", note="It was fine.", by=rma.order.customer.actor, at=NOON)
    assert level("hold") == 1
    hold = lifecycle.decide_hold(hold.pk, decision="overturn", by="user:3", at=NOON)
    rma.refresh_from_db()
    assert (hold.status, hold.payout_percent, rma.settlement) == (HoldStatus.OVERTURNED, Decimal(100), Settlement.DUE)


def test_goods_sent_back_leave_the_hold() -> None:
    rma, hold = held()
    lifecycle.answer_hold(hold.pk, answer="send_back", by=rma.order.customer.actor, at=NOON)
    assert (level("hold"), level("outbound")) == (0, 1)
    assert rma.order.lines.get().returned == 0


def test_a_hold_is_answered_once() -> None:
    rma, hold = held()
    lifecycle.answer_hold(hold.pk, answer="accept", by=rma.order.customer.actor, at=NOON)
    with pytest.raises(TransitionRefused):
        lifecycle.answer_hold(hold.pk, answer="send_back", by=rma.order.customer.actor, at=NOON)
    assert level("outbound") == 0


# ── The parcel ────────────────────────────────────────────────────────────────────────────────────────────────────


def labeled() -> tuple[RMA, int]:
    rma = a_return(an_order())
    parcel = rma.parcels.get()
    bought = lifecycle.parcels.Bought(
        "USPS",
        "Ground",
        "cheapest of 1",
        "TRACK1",
        "https://example.test/t",
        Decimal("4.20"),
        "GBP",
        b"%PDF",
        "application/pdf",
    )
    lifecycle.label(parcel.pk, bought, by="carrier", at=NOON)
    lifecycle.label(parcel.pk, bought, by="carrier", at=NOON)
    assert names(rma) == ["rma.requested", "parcel.labeled"]
    return rma, parcel.pk


def say(parcel: int, status: str, hours: int) -> None:
    lifecycle.move_parcel(parcel, status=status, occurred_at=NOON + timedelta(hours=hours), by="carrier", at=NOON)


def test_the_first_scan_moves_the_return_once() -> None:
    rma, parcel = labeled()
    say(parcel, "in_transit", 1)
    say(parcel, "in_transit", 1)
    say(parcel, "in_transit", 2)
    rma.refresh_from_db()
    assert (rma.status, names(rma)[2:]) == (RMAStatus.IN_TRANSIT, ["rma.shipped"])


def test_words_that_come_late_do_not_move_the_parcel_back() -> None:
    rma, parcel = labeled()
    say(parcel, "delivered", 9)
    say(parcel, "in_transit", 1)
    assert rma.parcels.get().status == "delivered"
    assert names(rma)[2:] == ["rma.delivered"]
    assert rma.parcels.get().tracking_events.count() == 2


def test_a_label_that_nobody_needs_is_not_shown_as_moving() -> None:
    rma, parcel = labeled()
    lifecycle.cancel(rma.number, by="user:3", at=NOON)
    say(parcel, "unknown", 1)
    assert rma.parcels.get().status == "voided"


def test_one_form_may_count_a_line_in_two_ways() -> None:
    rma = a_return(an_order(), quantity=2)
    line = the_line(rma).pk
    pieces = [Arrived(line, 1), Arrived(line, 1, ReceiptResult.SHORT)]
    receipts = lifecycle.receive(rma.number, pieces, form_token=uuid4(), by=DOCK, at=NOON)
    assert sorted((one.result, one.quantity) for one in receipts) == [("received", 1), ("short", 1)]
    assert (level("expected"), level("dock")) == (0, 1)


def test_one_form_may_find_two_conditions_in_one_receipt() -> None:
    rma, receipt = received(2)
    findings = [Finding(receipt.pk, 1, "opened", ""), Finding(receipt.pk, 1, "used", "")]
    lifecycle.inspect(rma.number, findings, form_token=uuid4(), by=DOCK, at=NOON)
    assert sorted(Outcome.objects.values_list("condition__code", "quantity")) == [("opened", 1), ("used", 1)]
    rma.refresh_from_db()
    assert rma.status == RMAStatus.INSPECTED
