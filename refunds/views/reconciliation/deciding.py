"""What finance does about a discrepancy: each view calls one verb and shows what it says."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from oms import outbox
from oms.access import may
from oms.refusals import Refused
from refunds.models import Discrepancy
from refunds.reconciliation import lifecycle
from refunds.views.reconciliation.forms import AssignmentForm, NoteForm, ResolutionForm
from refunds.views.reconciliation.worklist import render_discrepancy

type Verb = Callable[[dict[str, Any], str, datetime], Any]


@require_POST
@may("reconcile")
def assignment(request: HttpRequest, number: str) -> HttpResponse:
    def assign(data: dict[str, Any], by: str, at: datetime) -> None:
        lifecycle.assign(number, data["assignee"], by=by, at=at)

    return _decide(request, number, "assign", AssignmentForm(request.POST), assign, _("Given to them."))


@require_POST
@may("reconcile")
def notes(request: HttpRequest, number: str) -> HttpResponse:
    def note(data: dict[str, Any], by: str, at: datetime) -> None:
        lifecycle.note(number, data["text"], request.user, by=by, at=at)

    return _decide(request, number, "note", NoteForm(request.POST), note, _("Noted."))


@require_POST
@may("reconcile")
def resolution(request: HttpRequest, number: str) -> HttpResponse:
    def resolve(data: dict[str, Any], by: str, at: datetime) -> None:
        lifecycle.resolve(number, outcome=data["outcome"], reason=data["reason"], by=by, at=at)

    return _decide(request, number, "resolve", ResolutionForm(request.POST), resolve, _("Resolved."))


@require_POST
@may("reconcile")
def reopening(request: HttpRequest, number: str) -> HttpResponse:
    def reopen(_data: dict[str, Any], by: str, at: datetime) -> None:
        lifecycle.reopen(number, by=by, at=at)

    return _decide(request, number, "reopen", Form(request.POST), reopen, _("Open again."))


def _decide(request: HttpRequest, number: str, verb: str, form: Form, call: Verb, done: str) -> HttpResponse:
    one = get_object_or_404(Discrepancy.objects.visible_to(request.user), number=number)
    if not form.is_valid():
        return render_discrepancy(request, number, form=form, status=422)
    by, at = request.user.actor, timezone.now()
    try:
        with transaction.atomic():
            call(form.cleaned_data, by, at)
    except Refused as refused:
        outbox.record_refusal(refused, verb=verb, subject=one.stream, by=by, at=at)
        return render_discrepancy(request, number, problem=str(refused), status=409)
    messages.success(request, done)
    return redirect(one)
