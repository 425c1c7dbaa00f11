"""What inspection decides may wait a minute before it is booked: until then it is taken back without a trace in stock,
books or mail, because nothing has moved yet."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from oms import outbox
from oms.verbs import verb
from returns.lifecycle.inspecting import Finding, drafts, inspect
from returns.lifecycle.locking import lines_of, lock
from returns.models import RMA, Checklist, Outcome, Receipt, ReturnPhoto, Verdict
from returns.refusals import FollowedAlready, NothingToTakeBack


@verb
def give_verdict(
    number: str,
    findings: Sequence[Finding],
    *,
    wait: timedelta,
    form_token: UUID,
    by: str,
    at: datetime,
    checklist: Checklist | None = None,
    answers: Sequence[str] = (),
) -> list[Verdict]:
    """Note what was found; it is booked once `wait` is over, or by the next step of the dock with the same goods.

    The same `form_token` again returns the verdicts it made the first time. Refuses what `inspect` refuses.
    """
    rma = lock(number)
    if earlier := verdicts_of(rma, form_token):
        return earlier
    lines = {line.pk: line for line in lines_of(rma)}
    receipts = {one.pk: one for one in Receipt.objects.filter(line__in=lines)}
    decided: Counter[int] = Counter()
    for one in Verdict.objects.waiting().filter(receipt__in=receipts):
        decided[one.receipt_id] += one.quantity
    verdicts = [
        Verdict(
            receipt=found.receipt,
            quantity=found.quantity,
            condition=found.condition,
            grade=found.grade,
            disposition=found.disposition,
            acceptance=found.acceptance,
            override_reason=found.override_reason,
            note=found.note,
            checklist=checklist,
            answers=list(answers),
            form_token=form_token,
            by=by,
            given_at=at,
            book_at=at + wait,
        )
        for found in drafts(rma, findings, lines, receipts, form_token=form_token, by=by, at=at, decided=decided)
    ]
    Verdict.objects.bulk_create(verdicts)
    _record(rma, "rma.verdict_given", verdicts, by=by, at=at)
    return verdicts


def verdicts_of(rma: RMA, form_token: UUID) -> list[Verdict]:
    """What this form decided about pieces of this return."""
    found = Verdict.objects.filter(form_token=form_token, receipt__line__rma=rma)
    return list(found.select_related("receipt").order_by("pk"))


@verb
def take_verdict_back(number: str, form_token: UUID, *, by: str, at: datetime) -> list[Verdict]:
    """What this form decided is looked at again. Again changes nothing. Raises NothingToTakeBack, FollowedAlready."""
    rma = lock(number)
    verdicts = verdicts_of(rma, form_token)
    if not verdicts:
        raise NothingToTakeBack
    if all(one.taken_back_at for one in verdicts):
        return verdicts
    if any(one.booked_at for one in verdicts):
        raise FollowedAlready(what=_("booked"))
    Verdict.objects.filter(pk__in=[one.pk for one in verdicts]).update(taken_back_at=at)
    ReturnPhoto.objects.filter(verdict__in=verdicts).update(verdict=None)
    _record(rma, "rma.verdict_taken_back", verdicts, by=by, at=at)
    return verdicts


@verb
def book_verdict(number: str, form_token: UUID, *, by: str, at: datetime) -> tuple[list[Verdict], list[Outcome]]:
    """What this form decided becomes what inspection found, unless it was taken back. Again changes nothing.

    Returns the verdicts and their outcomes, both empty when nothing waits. Refuses what `inspect` refuses.
    """
    rma = lock(number)
    verdicts = [one for one in verdicts_of(rma, form_token) if one.is_waiting]
    if not verdicts:
        return [], []
    findings = [
        Finding(
            receipt_id=one.receipt_id,
            quantity=one.quantity,
            condition=one.condition.code,
            disposition=one.disposition,
            grade=one.grade,
            acceptance=one.acceptance,
            override_reason=one.override_reason,
            note=one.note,
        )
        for one in verdicts
    ]
    outcomes = inspect(rma, findings, form_token=form_token, by=by, at=at)
    Verdict.objects.filter(pk__in=[one.pk for one in verdicts]).update(booked_at=at)
    return verdicts, outcomes


def refuse_verdict(number: str, form_token: UUID, *, code: str) -> None:
    """It could not be booked: its goods wait for inspection again. The refusal itself is on record elsewhere."""
    found = Verdict.objects.waiting().filter(form_token=form_token, receipt__line__rma__number=number)
    found.update(refused=code[:40])


def _record(rma: RMA, name: str, verdicts: Sequence[Verdict], *, by: str, at: datetime) -> None:
    quantity = sum(one.quantity for one in verdicts)
    outbox.record(rma, name, by=by, at=at, verdicts=[one.pk for one in verdicts], quantity=quantity)
