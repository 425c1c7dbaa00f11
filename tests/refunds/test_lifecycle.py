"""Each verb of a refund: allowed, refused from every other state, one event, harmless twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from oms.models import Event, JournalEntry, Posting
from oms.statemachine import TransitionRefused
from refunds import lifecycle
from refunds.models import Refund
from refunds.refusals import NotForAPerson, OwnRequest, PaymentsExhausted, ReasonMissing
from refunds.states import REFUND_MACHINE, RefundStatus
from returns.models import RMA
from returns.states import RMAStatus, Settlement
from tests.refunds.cases import (
    DOCK,
    FINANCE,
    LATER,
    a_paid_order,
    a_refund_in,
    a_requested_refund,
    an_answer,
    approve_above,
    everything,
    money,
)

pytestmark = pytest.mark.django_db

S = RefundStatus
REACHABLE = (S.AWAITING_APPROVAL, S.APPROVED, S.SUBMITTED, S.PENDING, S.SETTLED, S.FAILED, S.CANCELED)

# verb → (call, event, where it leads, from where it is tried)
VERBS: dict[str, tuple[Callable[[Refund], object], str, RefundStatus]] = {
    "approve": (lambda r: lifecycle.approve(r.number, by=FINANCE, at=LATER), "refund.approved", S.APPROVED),
    "refuse": (
        lambda r: lifecycle.refuse(r.number, reason="no goods", by=FINANCE, at=LATER),
        "refund.refused",
        S.CANCELED,
    ),
    "submit": (lambda r: lifecycle.submit(r.number, by="system", at=LATER), "refund.submitted", S.SUBMITTED),
    "await_provider": (
        lambda r: lifecycle.await_provider(r.number, provider_id="re_9", reason="processing", by="stripe", at=LATER),
        "refund.pending",
        S.PENDING,
    ),
    "settle": (
        lambda r: lifecycle.settle(r.number, provider_id="re_9", by="stripe", at=LATER),
        "refund.settled",
        S.SETTLED,
    ),
    "fail": (
        lambda r: lifecycle.fail(r.number, provider_id="re_9", reason="expired_card", by="stripe", at=LATER),
        "refund.failed",
        S.FAILED,
    ),
    "retry": (
        lambda r: lifecycle.retry(r.number, after=r.attempts.count(), by=FINANCE, at=LATER),
        "refund.retried",
        S.APPROVED,
    ),
    "cancel": (lambda r: lifecycle.cancel(r.number, by=FINANCE, at=LATER), "refund.canceled", S.CANCELED),
}
# States in which the deed is done already (or, for `submit`, there is nothing to send): the verb changes nothing.
DONE_ALREADY = {
    "approve": (),
    "refuse": (S.CANCELED,),
    "submit": (S.SUBMITTED, S.PENDING, S.SETTLED, S.FAILED, S.CANCELED),
    "await_provider": (S.PENDING,),
    "settle": (S.SETTLED,),
    "fail": (S.FAILED,),
    "retry": (),
    "cancel": (S.CANCELED,),
}
ALLOWED = [(verb, status) for verb in VERBS for status in REACHABLE if REFUND_MACHINE.allows(verb, status)]
REFUSED = [
    (verb, status)
    for verb in VERBS
    for status in REACHABLE
    if not REFUND_MACHINE.allows(verb, status) and status not in DONE_ALREADY[verb]
]


def events_of(refund: Refund) -> list[str]:
    return list(Event.objects.filter(stream=refund.stream).order_by("sequence").values_list("name", flat=True))


@pytest.mark.parametrize(("verb", "status"), ALLOWED)
def test_allowed_verb_makes_one_event(verb: str, status: RefundStatus) -> None:
    call, event, target = VERBS[verb]
    refund = a_refund_in(status)
    before = events_of(refund)
    call(refund)
    refund.refresh_from_db()
    assert refund.status == target
    assert events_of(refund) == [*before, event]


@pytest.mark.parametrize(("verb", "status"), REFUSED)
def test_refused_verb_moves_nothing(verb: str, status: RefundStatus) -> None:
    refund = a_refund_in(status)
    before = everything(refund)
    with pytest.raises(TransitionRefused):
        VERBS[verb][0](refund)
    assert everything(refund) == before


@pytest.mark.parametrize(("verb", "status"), ALLOWED)
def test_second_call_is_harmless(verb: str, status: RefundStatus) -> None:
    refund = a_refund_in(status)
    tries = refund.attempts.count()
    call = VERBS[verb][0] if verb != "retry" else lambda r: lifecycle.retry(r.number, after=tries, by=FINANCE, at=LATER)
    call(refund)
    before = everything(refund)
    call(refund)
    after = everything(refund)
    if verb == "submit":  # counted: the same attempt is called once more
        assert [row[3] for row in after[6]] == [row[3] for row in before[6]]
        assert after[:6] == before[:6]
    else:
        assert after == before


# ── What is owed ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_asking_twice_owes_once() -> None:
    refund = a_requested_refund()
    before = everything(refund)
    again = lifecycle.request_for_return(refund.rma.number, by=DOCK, at=LATER)
    assert [one.number for one in again] == [refund.number]
    assert everything(refund) == before


def test_requesting_sets_aside_and_tells_the_return() -> None:
    order = a_paid_order()
    refund = a_requested_refund(order)
    assert (refund.status, refund.amount) == (S.APPROVED, Decimal("10.00"))
    assert money(order) == (0, Decimal("10.00"))
    assert RMA.objects.get(pk=refund.rma_id).settlement == Settlement.IN_PROGRESS
    assert events_of(refund) == ["refund.requested"]


def test_above_the_limit_a_second_person_decides() -> None:
    approve_above("9.99")
    refund = a_requested_refund()
    assert refund.status == S.AWAITING_APPROVAL
    with pytest.raises(OwnRequest):
        lifecycle.approve(refund.number, by=DOCK, at=LATER)
    assert lifecycle.approve(refund.number, by=FINANCE, at=LATER).status == S.APPROVED


def test_refusing_frees_the_money_and_opens_the_return() -> None:
    approve_above("0")
    order = a_paid_order()
    refund = a_requested_refund(order)
    lifecycle.refuse(refund.number, reason="already paid in cash", by=FINANCE, at=LATER)
    assert money(order) == (0, 0)
    assert RMA.objects.get(pk=refund.rma_id).settlement == Settlement.FAILED
    with pytest.raises(ReasonMissing):
        lifecycle.refuse(refund.number, reason=" ", by=FINANCE, at=LATER)


# ── What the provider says ────────────────────────────────────────────────────────────────────────────────────────


def test_late_failure_reverses_the_books_and_reopens_the_return() -> None:
    order = a_paid_order()
    refund = a_requested_refund(order)
    lifecycle.submit(refund.number, by="system", at=LATER)
    lifecycle.settle(refund.number, provider_id="re_1", by="stripe", at=LATER)
    assert RMA.objects.get(pk=refund.rma_id).status == RMAStatus.CLOSED
    assert money(order) == (Decimal("10.00"), 0)
    lifecycle.fail(refund.number, provider_id="re_1", reason="expired_card", by="stripe", at=LATER)
    rma = RMA.objects.get(pk=refund.rma_id)
    assert (rma.status, rma.settlement) == (RMAStatus.INSPECTED, Settlement.FAILED)
    assert money(order) == (0, 0)
    causes = JournalEntry.objects.filter(order=order, cause__startswith="refund/").order_by("pk")
    assert list(causes.values_list("cause", flat=True)) == [
        f"refund/{refund.number}/settled/1",
        f"refund/{refund.number}/failed/1",
    ]
    sums = {
        account: sum(Posting.objects.filter(entry__in=causes, account=account).values_list("amount", flat=True))
        for account in ("returns", "sales_tax", "provider")
    }
    assert sums == {"returns": 0, "sales_tax": 0, "provider": 0}


def test_retry_after_a_late_failure_settles_under_a_new_key() -> None:
    order = a_paid_order()
    refund = a_requested_refund(order)
    first = lifecycle.submit(refund.number, by="system", at=LATER)
    lifecycle.settle(refund.number, provider_id="re_1", by="stripe", at=LATER)
    lifecycle.fail(refund.number, provider_id="re_1", reason="expired_card", by="stripe", at=LATER)
    lifecycle.retry(refund.number, after=1, by=FINANCE, at=LATER)
    assert money(order) == (0, Decimal("10.00"))
    second = lifecycle.submit(refund.number, by="system", at=LATER)
    assert second.key != first.key
    lifecycle.settle(refund.number, provider_id="re_2", by="stripe", at=LATER)
    assert money(order) == (Decimal("10.00"), 0)
    assert RMA.objects.get(pk=refund.rma_id).status == RMAStatus.CLOSED
    assert Refund.objects.get(pk=refund.pk).provider_id == "re_2"


def test_an_older_word_changes_nothing() -> None:
    refund = a_requested_refund()
    lifecycle.submit(refund.number, by="system", at=LATER)
    for status in (S.SETTLED, S.PENDING, S.SETTLED, S.FAILED, S.SETTLED, S.PENDING, S.FAILED):
        lifecycle.hear(refund.number, an_answer(refund, status), by="stripe", at=LATER)
    assert events_of(refund) == ["refund.requested", "refund.submitted", "refund.settled", "refund.failed"]


def test_words_about_a_failed_attempt_do_not_touch_the_next() -> None:
    refund = a_requested_refund()
    old = str(lifecycle.submit(refund.number, by="system", at=LATER).key)
    lifecycle.hear(refund.number, an_answer(refund, S.FAILED, provider_id="re_1"), by="stripe", at=LATER)
    lifecycle.retry(refund.number, after=1, by=FINANCE, at=LATER)
    lifecycle.submit(refund.number, by="system", at=LATER)
    before = everything(refund)
    for status in (S.PENDING, S.SETTLED, S.FAILED):
        lifecycle.hear(refund.number, an_answer(refund, status, provider_id="re_1", key=old), by="stripe", at=LATER)
    assert everything(refund) == before


def test_a_refused_call_does_not_undo_what_a_webhook_settled() -> None:
    refund = a_requested_refund()
    key = lifecycle.submit(refund.number, by="system", at=LATER).key
    lifecycle.hear(refund.number, an_answer(refund, S.SETTLED), by="stripe", at=LATER)
    before = everything(refund)
    lifecycle.fail(refund.number, reason="charge_already_refunded", key=key, by="stripe", at=LATER)
    assert everything(refund) == before


def test_a_call_in_the_open_does_not_go_on_once_somebody_wrote_its_refund_back() -> None:
    """Past the verbs: what waits for a second person, or was approved, is not sent with the key of before."""
    refund = a_refund_in(RefundStatus.SUBMITTED)
    for status in (RefundStatus.APPROVED, RefundStatus.CANCELED):
        Refund.objects.filter(pk=refund.pk).update(status=status)
        assert lifecycle.submit(refund.number, by="system", at=LATER) is None
    assert refund.attempts.get().calls == 1


def test_another_amount_never_counts_as_paid() -> None:
    refund = a_requested_refund()
    lifecycle.submit(refund.number, by="system", at=LATER)
    answer = an_answer(refund, S.SETTLED)
    lifecycle.hear(refund.number, replace(answer, amount_minor=999), by="stripe", at=LATER)
    refund.refresh_from_db()
    assert (refund.status, refund.provider_reason) == (S.PENDING, "amount_differs")
    assert money(refund.order) == (0, Decimal("10.00"))


# ── By hand ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_settles_by_hand_what_the_provider_answers_for() -> None:
    refund = a_refund_in(S.PENDING)
    before = everything(refund)
    with pytest.raises(NotForAPerson):
        lifecycle.confirm_paid(refund.number, by=FINANCE, at=LATER)
    with pytest.raises(NotForAPerson):
        lifecycle.confirm_unpaid(refund.number, by=FINANCE, at=LATER)
    assert everything(refund) == before


def test_after_a_day_of_silence_a_person_decides() -> None:
    refund = a_refund_in(S.SUBMITTED)
    refund.attempts.update(result="unknown")
    day_after = LATER + timedelta(hours=24)
    lifecycle.confirm_unpaid(refund.number, by=FINANCE, at=day_after)
    refund.refresh_from_db()
    assert refund.status == S.FAILED
    assert money(refund.order) == (0, 0)


def test_the_provider_did_pay_after_all() -> None:
    refund = a_refund_in(S.SUBMITTED)
    refund.attempts.update(result="unknown")
    lifecycle.confirm_unpaid(refund.number, by=FINANCE, at=LATER + timedelta(hours=24))
    lifecycle.hear(refund.number, an_answer(refund, S.SETTLED), by="stripe", at=LATER)
    refund.refresh_from_db()
    assert refund.status == S.SETTLED
    assert money(refund.order) == (Decimal("10.00"), 0)


# ── Goodwill and cancellations ────────────────────────────────────────────────────────────────────────────────────


def test_goodwill_never_exceeds_what_was_captured() -> None:
    order = a_paid_order()
    token = uuid4()
    ask = {"form_token": token, "by": DOCK, "at": LATER}
    first = lifecycle.request_goodwill(order.number, Decimal("15.00"), **ask)
    assert lifecycle.request_goodwill(order.number, Decimal("15.00"), **ask) == first
    with pytest.raises(PaymentsExhausted):
        lifecycle.request_goodwill(order.number, Decimal("5.01"), form_token=uuid4(), by=DOCK, at=LATER)
    assert money(order) == (0, Decimal("15.00"))


@pytest.mark.parametrize("verb", ["approve", "refuse", "cancel", "retry"])
def test_people_need_the_role_the_table_names(verb: str) -> None:
    rows = [row for row in REFUND_MACHINE.transitions if row.verb == verb]
    assert {role for row in rows for role in row.roles} == {"finance", "administrator"}
