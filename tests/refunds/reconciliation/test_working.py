"""A run from the question to the discrepancies, in chunks, against the sandbox's own book and files."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from oms.journal import Account, paid_into
from oms.models import Event, JournalEntry
from refunds import lifecycle as money
from refunds import tasks
from refunds.models import Discrepancy, ExternalRefund, ReconciliationRun, Refund, StatementLine
from refunds.reconciliation import lifecycle, nightly, working
from refunds.reconciliation.handing_in import hand_in, period
from refunds.reconciliation.lifecycle.runs import Handed
from refunds.reconciliation.refusals import NoFeeToBook, NothingToCompare, PeriodUnusable, SeenBefore
from refunds.reconciliation.states import DiscrepancyStatus, Outcome, RunStatus
from refunds.reconciliation.stored import from_json
from refunds.tasks import poll_pending
from tests.jobs import run_jobs
from tests.refunds.cases import a_paid_order, a_requested_refund
from tests.sandbox import Sandbox
from tests.staff import a_member

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
NOW = timezone.now()
SENT = NOW - 10 * DAY
FINANCE = "user:102"
S = DiscrepancyStatus


def a_settled_refund(sandbox: Sandbox, *, at: datetime = SENT, there: bool = True, **differs: Any) -> Refund:
    """A refund of 10.00 that both books know; `differs` is what the provider has otherwise."""
    refund = a_requested_refund(a_paid_order(sandbox))
    money.submit(refund.number, by="system", at=at)
    id = f"re_{refund.number}"
    money.settle(refund.number, provider_id=id, by="stripe", at=at)
    if there:
        about = {"id": id, "payment_intent": refund.payment.provider_id, "amount": 1000, "created": at.timestamp()}
        noted = {"metadata": {"refund": refund.number, "order": refund.order.number}}
        sandbox.history([about | noted | differs])
    return Refund.objects.get(pk=refund.pk)


def ask(**how: Any) -> ReconciliationRun:
    terms = {"since": NOW - 30 * DAY, "until": NOW + DAY, "providers": ["stripe"], "by": FINANCE, "at": NOW} | how
    return lifecycle.ask(terms.pop("since"), terms.pop("until"), **terms)


def finished(run: ReconciliationRun, *, seconds: float = 15.0) -> ReconciliationRun:
    for _chunk in range(200):
        found = ReconciliationRun.objects.get(pk=run.pk)
        if not found.is_live:
            return found
        assert working.work(now=timezone.now, seconds=seconds)
    raise AssertionError(f"{found} does not end")


def causes() -> dict[str, str]:
    return dict(Discrepancy.objects.values_list("key", "cause"))


def test_what_agrees_is_no_discrepancy(sandbox: Sandbox) -> None:
    for _number in range(3):
        a_settled_refund(sandbox)
    run = finished(ask())
    assert (run.status, run.trouble, causes()) == (RunStatus.DONE, "", {})
    assert run.counts["refunds"] == 3
    assert run.counts["lines"] >= 3
    assert run.done == run.total
    assert StatementLine.objects.filter(run=run).count() == 0


def test_each_difference_is_found_with_its_cause(sandbox: Sandbox) -> None:
    a_settled_refund(sandbox)
    missing = a_settled_refund(sandbox, there=False)
    less = a_settled_refund(sandbox, amount=990)
    late = a_settled_refund(sandbox, status="failed", failed_at=(NOW - 2 * DAY).timestamp())
    cost = a_settled_refund(sandbox, fee=35)
    other = a_paid_order(sandbox).payments.get()
    made = {"id": "re_by_hand", "payment_intent": other.provider_id, "amount": 500, "created": SENT.timestamp()}
    sandbox.history([made])
    payout = f"po_{(NOW - 2 * DAY):%Y%m%d}gbp"
    sandbox.change_payout(payout, amount=999_99)

    run = finished(ask())

    assert causes() == {
        f"provider:{missing.number}:existence": "missing_there",
        f"provider:{less.number}:amount": "amount",
        f"provider:{late.number}:status": "failed_later",
        f"provider:{cost.number}:fee": "fee",
        "provider:re_by_hand:existence": "dashboard",
        f"payout:{payout}:payout": "payout_gap",
    }
    assert run.counts["new"] == 6
    one = Discrepancy.objects.get(cause="amount")
    assert (one.amount_here, one.amount_there) == (Decimal("10.00"), Decimal("9.90"))
    assert (one.currency_here, one.currency_there) == ("GBP", "GBP")
    assert (one.refund, one.memo, one.status, one.provider) == (less, less.memo, S.OPEN, "stripe")
    assert (one.here["ids"], one.there["ids"]) == ([less.number], [f"re_{less.number}"])
    assert Event.objects.get(stream=one.stream).name == "discrepancy.found"
    assert Refund.objects.get(pk=late.pk).status == late.status  # nothing is fixed by itself


def test_a_second_run_sees_the_same_rows(sandbox: Sandbox) -> None:
    a_settled_refund(sandbox, amount=990)
    first = finished(ask())
    [one] = Discrepancy.objects.all()
    second = finished(ask())
    [again] = Discrepancy.objects.all()
    assert (again.pk, again.status, again.seen_in) == (one.pk, S.OPEN, second)
    assert again.first_seen_at == one.first_seen_at < again.last_seen_at
    assert (first.counts["new"], second.counts["new"], second.counts["gone"]) == (1, 0, 0)
    assert Event.objects.filter(stream=one.stream).count() == 1


def test_a_dashboard_refund_that_no_message_told_of_is_taken_over_by_the_poll(sandbox: Sandbox) -> None:
    """Its amount is set aside from then on, and a person attaches it as any other."""
    payment = a_paid_order(sandbox).payments.get()
    made = sandbox.refund_in_dashboard(payment.provider_id, 500)
    finished(ask())
    assert causes() == {f"provider:{made['id']}:existence": "dashboard"}
    assert [poll_pending(), poll_pending()] == [1, 0]
    external = ExternalRefund.objects.get()
    payment.refresh_from_db()
    assert (external.provider_id, external.status, payment.in_flight) == (made["id"], "waiting", Decimal(5))


def test_what_is_seen_no_more_is_gone_and_comes_back(sandbox: Sandbox) -> None:
    late = a_settled_refund(sandbox, there=False)
    finished(ask())
    [one] = Discrepancy.objects.all()
    about = {"id": late.provider_id, "payment_intent": late.payment.provider_id, "amount": 1000}
    sandbox.history([about | {"created": SENT.timestamp()}])
    gone = finished(ask())
    one.refresh_from_db()
    assert (one.status, gone.counts["gone"]) == (S.GONE, 1)

    Refund.objects.filter(pk=late.pk).update(amount=9)
    Refund.objects.filter(pk=late.pk).update(provider_id="re_elsewhere")
    finished(ask())
    one.refresh_from_db()
    names = list(Event.objects.filter(stream=one.stream).order_by("sequence").values_list("name", flat=True))
    assert names == ["discrepancy.found", "discrepancy.gone"]
    assert sorted(causes().values()) == ["amount", "missing_there"]  # another aspect is another row


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Outcome.CORRECTED_HERE, S.REOPENED), (Outcome.CORRECTED_THERE, S.REOPENED), (Outcome.ACCEPTED, S.RESOLVED)],
)
def test_a_correction_that_is_none_comes_back(sandbox: Sandbox, outcome: Outcome, status: S) -> None:
    a_settled_refund(sandbox, fee=30)
    finished(ask())
    [one] = Discrepancy.objects.all()
    lifecycle.resolve(one.number, outcome=outcome, reason="Known.", by=FINANCE, at=timezone.now())
    again = finished(ask(at=timezone.now()))
    one.refresh_from_db()
    assert one.status == status
    assert again.counts["again"] == (status == S.REOPENED)
    if status == S.REOPENED:
        assert (one.outcome, one.reason, one.resolved_at) == ("", "", None)
        assert Event.objects.filter(stream=one.stream).order_by("-sequence")[0].facts["why"] == "not_corrected"


def test_a_fee_is_booked_by_a_person_once_and_seen_again_without_a_word(sandbox: Sandbox) -> None:
    refund = a_settled_refund(sandbox, fee=30)
    finished(ask())
    [one] = Discrepancy.objects.all()
    for _again in range(2):
        lifecycle.resolve(one.number, outcome="booked", reason="Kept.", by=FINANCE, at=timezone.now())
    lifecycle.reopen(one.number, by=FINANCE, at=timezone.now())
    lifecycle.resolve(one.number, outcome="booked", reason="Kept, as I said.", by=FINANCE, at=timezone.now())
    finished(ask(at=timezone.now()))
    one.refresh_from_db()
    assert one.status == S.RESOLVED
    entry = JournalEntry.objects.get(cause=f"provider_fee/{one.key}")
    booked = {posting.account: posting.amount for posting in entry.postings.all()}
    assert booked == {Account.PROVIDER_FEES: Decimal("0.30"), paid_into(refund.payment.method): Decimal("-0.30")}
    assert entry.order == refund.order


def test_what_is_no_fee_is_not_booked_as_one(sandbox: Sandbox) -> None:
    a_settled_refund(sandbox, amount=990)
    finished(ask())
    [one] = Discrepancy.objects.all()
    with pytest.raises(NoFeeToBook):
        lifecycle.resolve(one.number, outcome="booked", reason="Kept.", by=FINANCE, at=timezone.now())
    assert not JournalEntry.objects.filter(cause__startswith="provider_fee/").exists()


def test_what_was_accepted_comes_back_when_it_changes(sandbox: Sandbox) -> None:
    refund = a_settled_refund(sandbox, amount=990)
    finished(ask())
    [one] = Discrepancy.objects.all()
    lifecycle.resolve(one.number, outcome="accepted", reason="Rounding.", by=FINANCE, at=timezone.now())
    Refund.objects.filter(pk=refund.pk).update(amount=8)
    finished(ask(at=timezone.now()))
    one.refresh_from_db()
    assert (one.status, one.amount_here) == (S.REOPENED, 8)


def test_a_difference_out_of_the_period_stays_as_it_is(sandbox: Sandbox) -> None:
    a_settled_refund(sandbox, amount=990)
    finished(ask())
    run = finished(ask(since=NOW - 3 * DAY))
    assert Discrepancy.objects.get().status == S.OPEN
    assert run.counts["gone"] == 0


def test_a_failure_of_an_old_refund_is_seen(sandbox: Sandbox) -> None:
    """The refund lies before the period; only its failure lies in it."""
    old = a_settled_refund(sandbox, at=NOW - 40 * DAY, status="failed", failed_at=(NOW - DAY).timestamp())
    finished(ask(since=NOW - 5 * DAY))
    assert causes() == {f"provider:{old.number}:status": "failed_later"}


# ── Chunks ──


def test_a_run_goes_on_where_the_last_worker_died(sandbox: Sandbox) -> None:
    refunds = [a_settled_refund(sandbox, fee=1) for _number in range(2)]
    run = ask()
    steps: list[int] = []
    for _chunk in range(50):
        if not working.work(now=timezone.now, seconds=0.0):
            # the worker died with its lease: nobody touches the run before it has run out
            run = ReconciliationRun.objects.get(pk=run.pk)
            break
        run = ReconciliationRun.objects.get(pk=run.pk)
        steps.append(run.done)
    assert run.status == RunStatus.DONE
    assert steps == sorted(steps)
    assert len(set(steps)) > 3
    assert len(causes()) == len(refunds)


def test_one_worker_at_a_time(sandbox: Sandbox) -> None:
    run = ask()
    ReconciliationRun.objects.filter(pk=run.pk).update(leased_until=timezone.now() + timedelta(seconds=40))
    assert working.work(now=timezone.now) is False
    assert working.work(now=lambda: timezone.now() + timedelta(seconds=41)) is True
    assert ReconciliationRun.objects.get(pk=run.pk).status == RunStatus.DONE


def test_the_oldest_run_comes_first(sandbox: Sandbox) -> None:
    first, second = ask(), ask()
    working.work(now=timezone.now)
    assert [one.status for one in ReconciliationRun.objects.order_by("pk")] == [RunStatus.DONE, RunStatus.WAITING]
    finished(second)
    assert first.pk < second.pk


def test_a_provider_that_is_away_is_asked_again_later(sandbox: Sandbox) -> None:
    run = ask()
    sandbox.faults(stripe={"down": 1.0})
    working.work(now=timezone.now)
    run = ReconciliationRun.objects.get(pk=run.pk)
    assert (run.status, run.trouble) == (RunStatus.RUNNING, "Stripe did not answer.")
    assert working.work(now=timezone.now) is False
    sandbox.faults(calm=True)
    assert working.work(now=lambda: timezone.now() + timedelta(seconds=61)) is True
    run = ReconciliationRun.objects.get(pk=run.pk)
    assert (run.status, run.trouble) == (RunStatus.DONE, "")


def test_it_is_given_up_at_last(sandbox: Sandbox, settings: Any) -> None:
    run = ask()
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    for hour in range(working.TRIES + 2):
        working.work(now=lambda hour=hour: timezone.now() + timedelta(hours=hour))
    run = ReconciliationRun.objects.get(pk=run.pk)
    assert (run.status, run.trouble) == (RunStatus.FAILED, "Stripe did not answer.")
    assert Event.objects.get(stream=run.stream, name="reconciliation.failed").facts == {"code": "no_answer"}


def test_a_run_that_was_called_off_stops(sandbox: Sandbox) -> None:
    a_settled_refund(sandbox, fee=1)
    run = ask()
    working.work(now=timezone.now, seconds=0.0)
    lifecycle.cancel(run.pk, by=FINANCE, at=NOW)
    assert working.work(now=timezone.now) is False
    assert causes() == {}
    assert lifecycle.cancel(run.pk, by=FINANCE, at=NOW).event_sequence == 3


def test_called_off_in_the_middle_of_a_step(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    a_settled_refund(sandbox, fee=1)
    run = ask()
    inner = working.compared

    def meanwhile(*given: Any) -> Any:
        found = inner(*given)
        lifecycle.cancel(run.pk, by=FINANCE, at=NOW)
        return found

    monkeypatch.setattr(working, "compared", meanwhile)
    assert working.work(now=timezone.now) is True
    assert ReconciliationRun.objects.get(pk=run.pk).status == RunStatus.CANCELED
    assert causes() == {}


def test_more_than_one_run_can_take_is_said(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    a_settled_refund(sandbox)
    monkeypatch.setattr(working, "MOST_LINES", 1)
    run = finished(ask())
    assert (run.status, run.trouble) == (RunStatus.FAILED, "More than 1 rows: choose a shorter period.")


def test_many_differences_are_noted_in_portions(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "NOTED_AT_ONCE", 2)
    monkeypatch.setattr(working, "GONE_AT_ONCE", 2)
    gone = [a_settled_refund(sandbox, there=False) for _number in range(5)]
    assert finished(ask()).counts["new"] == 5
    for refund in gone:
        about = {"id": refund.provider_id, "payment_intent": refund.payment.provider_id, "amount": 1000}
        sandbox.history([about | {"created": SENT.timestamp()}])
    run = finished(ask())
    assert run.counts["gone"] == 5
    assert set(Discrepancy.objects.values_list("status", flat=True)) == {S.GONE}


# ── Files ──


def xero(*documents: tuple[str, str, str, datetime], currency: str = "GBP") -> Handed:
    """Credit notes: (document, reference, amount, day)."""
    head = "*InvoiceNumber,Reference,*InvoiceDate,*Quantity,*UnitAmount,*TaxType,Currency\n"
    rows = "".join(f"{id},{about},{at:%d/%m/%Y},-1,{amount},No VAT,{currency}\n" for id, about, amount, at in documents)
    return hand_in(io.BytesIO((head + rows).encode()), "notes.csv")


def test_the_accounting_file_beside_our_credit_memos(sandbox: Sandbox) -> None:
    known, less, nowhere = (a_settled_refund(sandbox) for _number in range(3))
    memos = [one.memo for one in (known, less, nowhere)]
    day = memos[0].issued_at
    files = [
        xero(
            (memos[0].number, known.rma.number, "10.00", day),
            (memos[1].number, less.rma.number, "9.00", day),
            ("CN-77", "R-unknown", "5.00", day),
        )
    ]
    run = finished(ask(since=day - 2 * DAY, until=day + 20 * DAY, providers=[], files=files))
    assert run.counts["memos"] == 3
    assert causes() == {
        f"accounting:{memos[1].number}:amount": "amount",
        f"accounting:{memos[2].number}:existence": (
            "missing_there" if timezone.now() - day > 7 * DAY else "in_transit"
        ),
        "accounting:CN-77:existence": "missing_here",
    }
    one = Discrepancy.objects.get(cause="amount")
    assert (one.memo, one.there["reference"]) == (memos[1], less.rma.number)


def test_the_printed_number_of_a_memo_is_known(sandbox: Sandbox) -> None:
    memo = a_settled_refund(sandbox).memo
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    memo.refresh_from_db()
    files = [xero((memo.document, "", "10.00", memo.issued_at))]
    finished(ask(since=memo.issued_at - DAY, until=memo.issued_at + DAY, providers=[], files=files))
    assert causes() == {}


def test_a_report_of_the_provider_replaces_asking_it(sandbox: Sandbox, settings: Any) -> None:
    refund = a_settled_refund(sandbox)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    text = (
        "balance_transaction_id,created_utc,currency,gross,fee,reporting_category,source_id\n"
        f"txn_1,{SENT:%Y-%m-%d %H:%M:%S},gbp,-10.00,0.25,refund,{refund.provider_id}\n"
    )
    run = finished(ask(files=[hand_in(io.BytesIO(text.encode()), "report.csv")]))
    assert (run.providers, run.counts["lines"]) == ([], 1)
    assert causes() == {f"provider:{refund.number}:fee": "fee"}


def test_the_same_file_is_compared_once(sandbox: Sandbox) -> None:
    files = [xero(("CN-1", "", "5.00", SENT))]
    first = finished(ask(providers=[], files=files))
    with pytest.raises(SeenBefore) as refused:
        ask(providers=[], files=files)
    assert first.number in str(refused.value)
    assert finished(ask(providers=[], files=files, again=True)).status == RunStatus.DONE


def test_what_cannot_be_asked_for(sandbox: Sandbox) -> None:
    with pytest.raises(NothingToCompare):
        ask(providers=[])
    for since, until in ((NOW, NOW), (NOW, NOW - DAY), (NOW - 500 * DAY, NOW)):
        with pytest.raises(PeriodUnusable):
            ask(since=since, until=until)
    assert ReconciliationRun.objects.count() == 0


def test_the_period_of_files_is_whole_days() -> None:
    assert period([]) is None
    first, last = datetime(2026, 9, 5, 14, tzinfo=UTC), datetime(2026, 9, 7, 1, tzinfo=UTC)
    files = [xero(("CN-1", "", "5.00", first), ("CN-2", "", "5.00", last))]
    assert period(files) == (datetime(2026, 9, 5, tzinfo=UTC), datetime(2026, 9, 8, tzinfo=UTC))


# ── By the clock ──


def test_every_night_once(sandbox: Sandbox, settings: Any, tmp_path: Path) -> None:
    settings.ACCOUNTING_FOLDER = str(tmp_path)
    a_settled_refund(sandbox, fee=3)
    (tmp_path / "a.csv").write_text("*InvoiceNumber,Reference,*InvoiceDate,*Quantity,*UnitAmount,*TaxType\n"
                                    f"CN-1,R-9,{SENT:%d/%m/%Y},-1,5.00,No VAT\n")  # fmt: skip
    (tmp_path / "b.csv").write_text("nonsense\n1\n")
    (tmp_path / "c.txt").write_text("not looked at")
    assert tasks.reconcile_nightly() == 3
    for run in ReconciliationRun.objects.order_by("pk"):
        finished(run)
    assert causes().keys() == {f"provider:{Refund.objects.get().number}:fee", "accounting:CN-1:existence"}
    [bad] = ReconciliationRun.objects.filter(status=RunStatus.FAILED)
    assert bad.trouble.startswith("b.csv: Line 1: The first line holds no column names")
    assert nightly.ask_tonight(now=timezone.now()) == []


def test_a_shop_without_a_provider_has_nothing_to_compare() -> None:
    assert nightly.ask_tonight(now=NOW) == []


def test_the_night_reaches_back_to_what_is_still_open(sandbox: Sandbox) -> None:
    assert nightly.since(NOW) == NOW - nightly.DAYS
    a_settled_refund(sandbox, amount=990)
    finished(ask())
    Discrepancy.objects.update(happened_at=NOW - 90 * DAY)
    assert nightly.since(NOW) == NOW - 90 * DAY
    Discrepancy.objects.update(happened_at=NOW - 150 * DAY)
    assert nightly.since(NOW) == NOW - nightly.DAYS


def test_asking_wakes_a_worker(sandbox: Sandbox) -> None:
    a_settled_refund(sandbox, fee=3)
    run = ask()
    run_jobs("long")
    assert ReconciliationRun.objects.get(pk=run.pk).status == RunStatus.DONE
    assert tasks.reconcile() is False


# ── What people do ──


@pytest.fixture
def one() -> Discrepancy:
    here, there = {"ids": ["F-1"], "amount": 1000, "currency": "GBP"}, {"ids": ["re_1"]}
    told = {"key": "provider:F-1:amount", "book": "provider", "provider": "stripe", "cause": "amount"}
    seen = from_json(told | {"at": SENT.isoformat(), "here": here, "there": there})
    lifecycle.find(seen, known=None, run=ask(), begun_at=NOW, by="system", at=NOW)
    return Discrepancy.objects.get()


def brought_to(one: Discrepancy, status: S) -> Discrepancy:
    finance = a_member("finance")
    if status == S.ASSIGNED:
        lifecycle.assign(one.number, finance, by=FINANCE, at=NOW)
    elif status in (S.RESOLVED, S.REOPENED):
        lifecycle.resolve(one.number, outcome="accepted", reason="Known.", by=FINANCE, at=NOW)
        if status == S.REOPENED:
            lifecycle.reopen(one.number, by=FINANCE, at=NOW)
    elif status == S.GONE:
        lifecycle.vanish(one, run=one.seen_in, by="system", at=NOW)
    found = Discrepancy.objects.get(pk=one.pk)
    assert found.status == status
    return found


VERBS: dict[str, Callable[[Discrepancy], Any]] = {
    "assign": lambda one: lifecycle.assign(one.number, a_member("administrator"), by=FINANCE, at=NOW),
    "resolve": lambda one: lifecycle.resolve(
        one.number, outcome="corrected_here", reason="Mended.", by=FINANCE, at=NOW
    ),
    "vanish": lambda one: lifecycle.vanish(one, run=one.seen_in, by="system", at=NOW),
    "reopen": lambda one: lifecycle.reopen(one.number, by=FINANCE, at=NOW),
}
EVENTS = {"assign": "assigned", "resolve": "resolved", "vanish": "gone", "reopen": "reopened"}


@pytest.mark.parametrize("status", list(S))
@pytest.mark.parametrize("verb", list(VERBS))
def test_each_verb_from_each_state(one: Discrepancy, verb: str, status: S) -> None:
    from oms.statemachine import TransitionRefused
    from refunds.reconciliation.states import DISCREPANCY_MACHINE

    one = brought_to(one, status)
    before = one.event_sequence
    if DISCREPANCY_MACHINE.allows(verb, status):
        VERBS[verb](one)
        one.refresh_from_db()
        assert one.event_sequence == before + 1
        assert Event.objects.get(stream=one.stream, sequence=before + 1).name == f"discrepancy.{EVENTS[verb]}"
    elif (verb, status) == ("reopen", S.REOPENED):
        assert VERBS[verb](one).event_sequence == before  # said twice is said once
    else:
        with pytest.raises(TransitionRefused):
            VERBS[verb](one)
        one.refresh_from_db()
        assert (one.event_sequence, one.status) == (before, status)


def test_said_twice_is_said_once(one: Discrepancy) -> None:
    finance = a_member("finance")
    for _click in range(2):
        lifecycle.assign(one.number, finance, by=FINANCE, at=NOW)
    for _click in range(2):
        lifecycle.resolve(one.number, outcome="accepted", reason=" Known  thing. ", by=FINANCE, at=NOW)
    one.refresh_from_db()
    assert (one.event_sequence, one.reason, one.assignee) == (3, "Known thing.", finance)


def test_who_may_not_reconcile_is_not_given_any(one: Discrepancy) -> None:
    from refunds.reconciliation.refusals import NotAReconciler

    with pytest.raises(NotAReconciler):
        lifecycle.assign(one.number, a_member("auditor"), by=FINANCE, at=NOW)


@pytest.mark.parametrize(("outcome", "reason"), [("", "why"), ("accepted", "  "), ("magic", "why")])
def test_resolving_needs_how_and_why(one: Discrepancy, outcome: str, reason: str) -> None:
    from refunds.reconciliation.refusals import ReasonNeeded

    with pytest.raises(ReasonNeeded):
        lifecycle.resolve(one.number, outcome=outcome, reason=reason, by=FINANCE, at=NOW)


def test_notes_are_kept_whatever_the_status(one: Discrepancy) -> None:
    from refunds.reconciliation.refusals import NothingSaid

    finance = a_member("finance")
    written = lifecycle.note(one.number, "Asked the bank.", finance, by=finance.actor, at=NOW)
    assert (written.text, written.written_by) == ("Asked the bank.", finance)
    facts = Event.objects.get(stream=one.stream, name="discrepancy.noted").facts
    assert facts == {"note": written.pk}  # what people write stays out of the events
    with pytest.raises(NothingSaid):
        lifecycle.note(one.number, " \n ", finance, by=finance.actor, at=NOW)
