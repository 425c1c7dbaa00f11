"""What a customer can do with a return: call it off, answer us, decide about refused goods, tell us how it went."""

from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from oms import outbox
from oms.refusals import Refused
from returns import lifecycle, photos
from returns.forms.portal import AnswerForm, HoldForm, SurveyForm
from returns.models import RMA, Hold, Survey
from returns.situation import situation
from returns.states import RMAStatus
from returns.views.portal.status import rma_page, status_page


def refused_page(request: HttpRequest, rma: RMA, verb: str, refused: Refused) -> HttpResponse:
    """It was too late, or done already: the page as it is now, with the sentence that says so."""
    outbox.record_refusal(refused, verb=verb, subject=rma.stream, by=rma.sender.actor, at=timezone.now())
    rma.refresh_from_db(fields=["status", "settlement", "closed_at"])
    return status_page(request, rma, refusal=str(refused), status=409)


@require_POST
@rma_page
def cancellation(request: HttpRequest, rma: RMA) -> HttpResponse:
    """Call the return off. Sent twice, it is canceled once."""
    if rma.status != RMAStatus.CANCELED:
        try:
            lifecycle.cancel(rma.number, by=rma.sender.actor, at=timezone.now(), reason="customer")
        except Refused as refused:
            return refused_page(request, rma, "cancel", refused)
    return redirect(rma.get_portal_path())


@require_POST
@rma_page
def answer(request: HttpRequest, rma: RMA) -> HttpResponse:
    """Answer our question, with photos if they help."""
    form = AnswerForm(request.POST, request.FILES, use_required_attribute=False)
    if not form.is_valid():
        return status_page(request, rma, answer=form, status=422)
    now, actor = timezone.now(), rma.sender.actor
    try:
        with transaction.atomic():
            kept = [
                photos.keep(picture, taken_by=actor, at=now, rma=rma, line=None, outcome=None).ref
                for picture in form.cleaned_data["photos"]
            ]
            lifecycle.answer(rma.number, note=form.cleaned_data["note"], by=actor, at=now, photos=kept)
    except Refused as refused:
        return refused_page(request, rma, "answer", refused)
    return redirect(rma.get_portal_path())


@require_POST
@rma_page
def hold_answer(request: HttpRequest, rma: RMA, hold: int) -> HttpResponse:
    """Say what should become of goods we could not accept."""
    if not Hold.objects.filter(pk=hold, outcome__receipt__line__rma=rma).exists():
        raise Http404
    form = HoldForm(request.POST, prefix=f"h{hold}", use_required_attribute=False)
    if not form.is_valid():
        return status_page(request, rma, hold=(hold, form), status=422)
    try:
        lifecycle.answer_hold(
            hold,
            answer=form.cleaned_data["answer"],
            note=form.cleaned_data["note"],
            by=rma.sender.actor,
            at=timezone.now(),
        )
    except Refused as refused:
        return refused_page(request, rma, "answer_hold", refused)
    return redirect(rma.get_portal_path())


@require_http_methods(["GET", "HEAD", "POST"])
@rma_page
def survey(request: HttpRequest, rma: RMA) -> HttpResponse:
    """Three questions; opening the page records nothing."""
    if rma.status not in RMAStatus.terminal():
        return redirect(rma.get_portal_path())
    if Survey.objects.filter(rma=rma).exists():
        return _survey_page(request, rma, thanks=True)
    if request.method != "POST":
        return _survey_page(request, rma, form=SurveyForm(use_required_attribute=False))
    form = SurveyForm(request.POST, use_required_attribute=False)
    if not form.is_valid():
        return _survey_page(request, rma, form=form, status=422)
    scores = {name: int(form.cleaned_data[name]) for name in ("ease", "clarity", "speed")}
    try:
        lifecycle.survey(
            rma.number,
            **scores,
            comment=form.cleaned_data["comment"],
            by=rma.sender.actor,
            at=timezone.now(),
        )
    except Refused:
        return _survey_page(request, rma, thanks=True)
    return redirect(request.path)


def _survey_page(request: HttpRequest, rma: RMA, *, status: int = 200, **context: Any) -> HttpResponse:
    context |= {"rma": rma, "situation": situation(rma, timezone.now()), "title": _("How did it go?")}
    return render(request, "portal/survey.html", context, status=status)
