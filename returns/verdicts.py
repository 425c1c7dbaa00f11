"""Verdicts of the dock that wait for their minute to pass: whether they do, which wait, and booking them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from oms import outbox
from oms.refusals import Refused
from oms.verbs import inside_a_verb
from returns import checklists, lifecycle, regrading
from returns.lifecycle.taking_back import TAKE_BACK_WITHIN
from returns.models import RMA, Outcome, Receipt, ReturnPhoto, Verdict


def wait() -> timedelta:
    """How long the dock can take back what inspection decided; nothing: it is booked at once."""
    return TAKE_BACK_WITHIN if settings.VERDICTS_WAIT else timedelta(0)


def with_decided(receipts: "QuerySet[Receipt]") -> "QuerySet[Receipt]":
    """Receipts with `decided`, the units of them whose verdicts wait to be booked: `undecided` counts them off."""
    mine = Verdict.objects.waiting().filter(receipt=OuterRef("pk")).order_by().values("receipt")
    summed = Subquery(mine.annotate(sum=Sum("quantity")).values("sum"), output_field=IntegerField())
    return receipts.annotate(decided=Coalesce(summed, 0))


def waiting_for(receipts: Iterable[int]) -> "QuerySet[Verdict]":
    """Verdicts about these receipts that are still to be booked."""
    found = Verdict.objects.waiting().filter(receipt__in=receipts)
    return found.select_related("receipt__line__rma", "receipt__line__order_line", "condition").order_by("pk")


def all_of(rma: RMA) -> "QuerySet[Verdict]":
    related = ("receipt__line__order_line", "condition")
    return Verdict.objects.filter(receipt__line__rma=rma).select_related(*related)


def fully_decided(receipts: Iterable[int]) -> set[int]:
    """Those of these receipts of which nothing is left to look at, booked or not."""
    found = with_decided(Receipt.objects.filter(pk__in=list(receipts)))
    return {one.pk for one in found if one.undecided <= 0}


def last_of(by: str) -> Verdict | None:
    """The newest verdict of this person that can still be taken back."""
    return Verdict.objects.waiting().filter(by=by).select_related("receipt__line__rma").order_by("-pk").first()


def book(ids: Iterable[int], *, at: datetime) -> list[Outcome]:
    """Book these verdicts and all of the same forms; what cannot be booked any more waits for inspection again."""
    booked: list[Outcome] = []
    forms = Verdict.objects.filter(pk__in=ids).values_list("receipt__line__rma__number", "form_token", "by")
    for number, token, by in forms.distinct().order_by("form_token"):
        try:
            with transaction.atomic():
                booked += _book(number, token, by, at)
        except Refused as why:
            lifecycle.refuse_verdict(number, token, code=why.code)
            outbox.record_refusal(why, verb="inspect", subject=f"rma/{number}", by=by, at=at)
    return booked


def _book(number: str, token: UUID, by: str, at: datetime) -> list[Outcome]:
    with inside_a_verb():
        verdicts, outcomes = lifecycle.book_verdict(number, token, by=by, at=at)
        if len(verdicts) == 1:  # a tray has neither photos nor questions
            keep_beside(outcomes[0], verdicts[0])
        regrading.choose(outcomes, at=at)
    return outcomes


def keep_beside(outcome: Outcome, verdict: Verdict) -> None:
    """Photos and answers of a verdict belong to what it became."""
    ReturnPhoto.objects.filter(verdict=verdict).update(outcome=outcome)
    if verdict.checklist is not None and any(verdict.answers):
        checklists.answer(outcome, verdict.checklist, verdict.answers)
