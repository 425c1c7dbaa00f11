"""Runs: ask for one, watch it, call it off."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from oms import outbox
from oms.access import may
from oms.refusals import Refused
from oms.roles import allowed
from oms.views.words import Clock, actor_names
from refunds.models import ReconciliationRun
from refunds.reconciliation import lifecycle
from refunds.reconciliation.causes import TONES, Cause
from refunds.reconciliation.states import RUN_MACHINE, RUN_MEANING, RunStatus
from refunds.views.reconciliation.forms import RunForm
from refunds.views.reconciliation.words import step_words

PER_PAGE = 25


@require_http_methods(["GET", "HEAD", "POST"])
@may("see reconciliation")
def run_list(request: HttpRequest) -> HttpResponse:
    """Every run, the newest first; and the form that asks for another."""
    form = RunForm(request.POST, request.FILES) if request.method == "POST" else RunForm()
    if request.method == "POST":
        if not allowed(request.user, "reconcile"):
            raise PermissionDenied
        if form.is_valid() and (run := _asked(request, form)):
            messages.success(request, _("It begins now."))
            return redirect(run)
    clock = Clock()
    page = Paginator(ReconciliationRun.objects.order_by("-id"), PER_PAGE).get_page(request.GET.get("page"))
    names = actor_names(run.requested_by for run in page)
    context = {
        "title": _("Comparisons"),
        "form": form,
        "page": page,
        "rows": [_row(run, clock, names) for run in page],
        "may_reconcile": allowed(request.user, "reconcile"),
    }
    return render(request, "reconciliation/runs.html", context, status=422 if form.is_bound else 200)


def _asked(request: HttpRequest, form: RunForm) -> ReconciliationRun | None:
    by, at = request.user.actor, timezone.now()
    asked = form.asked(at)
    try:
        with transaction.atomic():
            return lifecycle.ask(asked.pop("since"), asked.pop("until"), **asked, by=by, at=at)
    except Refused as refused:
        outbox.record_refusal(refused, verb="ask", subject="reconciliation", by=by, at=at)
        form.add_error("file" if form.cleaned_data["what"] == RunForm.FILE else "what", str(refused))
        return None


def _row(run: ReconciliationRun, clock: Clock, names: dict[str, str]) -> dict[str, Any]:
    return {
        "run": run,
        "meaning": RUN_MEANING[RunStatus(run.status)],
        "with": ", ".join([*(name.capitalize() for name in run.providers), *(one["name"] for one in run.files)]),
        "since": _day(run.since, clock),
        "until": _day(run.until - timedelta(seconds=1), clock),
        "differences": sum(run.counts.get("differences", {}).values()),
        "by": names.get(run.requested_by, run.requested_by),
        "at": clock.text(run.requested_at),
    }


def _day(at: datetime, clock: Clock) -> str:
    return date_format(at.astimezone(clock.zone), "j M Y")


@require_safe
@may("see reconciliation")
def run(request: HttpRequest, number: str) -> HttpResponse:
    return _render(request, number)


def _render(request: HttpRequest, number: str, *, problem: str = "", status: int = 200) -> HttpResponse:
    found = get_object_or_404(ReconciliationRun, number=number)
    clock = Clock()
    names = actor_names([found.requested_by])
    causes = [
        {"cause": cause, "label": Cause(cause).label, "tone": TONES[Cause(cause)], "count": count}
        for cause, count in sorted(found.counts.get("differences", {}).items(), key=lambda one: (-one[1], one[0]))
    ]
    context = {
        "title": found.number,
        **_row(found, clock, names),
        "finished": clock.text(found.finished_at),
        "step": step_words(found) if found.is_live else "",
        "causes": causes,
        "counts": found.counts,
        "verbs": RUN_MACHINE.verbs_for(found.status, request.user.role),
        "problem": problem,
    }
    return render(request, "reconciliation/run.html", context, status=status)


@require_POST
@may("reconcile")
def cancellation(request: HttpRequest, number: str) -> HttpResponse:
    found = get_object_or_404(ReconciliationRun, number=number)
    by, at = request.user.actor, timezone.now()
    try:
        lifecycle.cancel(found.pk, by=by, at=at)
    except Refused as refused:
        outbox.record_refusal(refused, verb="cancel", subject=found.stream, by=by, at=at)
        return _render(request, number, problem=str(refused), status=409)
    messages.success(request, _("Called off."))
    return redirect(found)
