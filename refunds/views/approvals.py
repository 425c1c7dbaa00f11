"""What waits for a second person, and the other ways value may go."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from oms import outbox
from oms.access import may
from oms.models import Event
from oms.refusals import Refused
from refunds import lifecycle
from refunds.evidence import PDF
from refunds.forms import RedirectForm, RefusalForm
from refunds.lifecycle.approving import ASKING, as_seen, open_ways
from refunds.models import Refund, RefundEvidence
from refunds.refusals import AmountRefused
from refunds.states import ApprovalReason, RefundDestination
from refunds.views.looking import open_tenders, render_detail
from refunds.views.store_credit.looking import request_rows
from refunds.views.words import Clock, actor_names

PER_PAGE = 25


@require_safe
@may("approve refunds")
def approvals(request: HttpRequest) -> HttpResponse:
    """The inbox of finance: who asked for how much, why a second person is needed, and for how long it has waited."""
    waiting = Refund.objects.visible_to(request.user).awaiting_approval()
    listed = waiting.select_related("order", "rma", "payment", "memo").order_by("requested_at", "pk")
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    refunds = list(page)
    asked = _who_asked(refunds)
    names = actor_names(actor for actors in asked.values() for actor in actors)
    clock, now = Clock(), timezone.now()
    rows = [
        {
            "refund": refund,
            "asked_by": ", ".join(names.get(actor, actor) for actor in sorted(asked[refund.pk])),
            "own": request.user.actor in asked[refund.pk],
            "reasons": reasons(refund),
            "seen": as_seen(refund),
            "at": clock.text(refund.requested_at),
            "age": timesince(refund.requested_at, now, depth=1),
            "form": RefusalForm(auto_id=f"id_{refund.number}_%s"),
        }
        for refund in refunds
    ]
    return render(
        request,
        "refunds/approvals.html",
        {
            "title": _("What needs a second person"),
            "rows": rows,
            "page": page,
            "requests": request_rows(request, clock),
        },
    )


def reasons(refund: Refund) -> list[Any]:
    """Why a second person is needed, in words."""
    return [ApprovalReason(reason).label for reason in refund.approval_reasons if reason in ApprovalReason]


def _who_asked(refunds: list[Refund]) -> dict[int, set[str]]:
    """Per refund who asked for it, in one query for the page."""
    of = {refund.stream: refund.pk for refund in refunds}
    memos = {refund.memo_id: refund.pk for refund in refunds if ApprovalReason.TENDERS in refund.approval_reasons}
    if memos:  # who asked for what these took the place of
        replaced = Refund.objects.filter(memo__in=memos).exclude(replaced_at=None)
        of |= {refund.stream: memos[refund.memo_id] for refund in replaced}
    returns: dict[str, list[int]] = {}
    for refund in refunds:
        if refund.rma:
            returns.setdefault(refund.rma.stream, []).append(refund.pk)
    found: dict[int, set[str]] = {refund.pk: set() for refund in refunds}
    events = Event.objects.filter(stream__in=[*of, *returns], name__in=ASKING)
    for stream, actor in events.values_list("stream", "actor"):
        for pk in [of[stream]] if stream in of else returns[stream]:
            found[pk].add(actor)
    return found


@require_POST
@may("retry refunds")
def destination(request: HttpRequest, number: str) -> HttpResponse:
    """Let a refund go another way; another person approves that."""
    refund = get_object_or_404(Refund.objects.visible_to(request.user).select_related("payment"), number=number)
    form = RedirectForm(request.POST, ways=open_ways(refund))
    if not form.is_valid():
        return render_detail(request, number, redirect_form=form, status=422)
    by, at = request.user.actor, timezone.now()
    way, why = RefundDestination(form.cleaned_data["destination"]), form.cleaned_data["reason"]
    try:
        with transaction.atomic():
            lifecycle.redirect(number, way, reason=why, by=by, at=at)
    except Refused as refused:
        outbox.record_refusal(refused, verb="redirect", subject=refund.stream, by=by, at=at)
        return render_detail(request, number, problem=str(refused), status=409)
    messages.success(request, _("It goes another way as soon as another person approves it."))
    return redirect(refund)


@require_POST
@may("retry refunds")
def tenders(request: HttpRequest, number: str) -> HttpResponse:
    """Say which payments a refund goes back to; another person lets it out."""
    found = Refund.objects.visible_to(request.user).select_related("order", "memo", "payment")
    refund = get_object_or_404(found, number=number)
    form = open_tenders(refund, request.POST)
    if not form.is_valid():
        return render_detail(request, number, tenders_form=form, status=422)
    by, at = request.user.actor, timezone.now()
    try:
        with transaction.atomic():
            parts = lifecycle.spread(number, form.tenders, by=by, at=at)
    except AmountRefused as refused:
        outbox.record_refusal(refused, verb="spread", subject=refund.stream, by=by, at=at)
        form.add_error(None, str(refused))
        return render_detail(request, number, tenders_form=form, status=422)
    except Refused as refused:
        outbox.record_refusal(refused, verb="spread", subject=refund.stream, by=by, at=at)
        return render_detail(request, number, problem=str(refused), status=409)
    messages.success(request, _("It goes back so as soon as another person approves it."))
    return redirect(parts[0])


@require_safe
@may("see personal data")
def evidence(request: HttpRequest, number: str, ref: UUID) -> HttpResponse:
    """The file that shows a payment by hand, decrypted for this answer alone; always a download."""
    known = RefundEvidence.objects.select_related("refund__order__customer").filter(refund__number=number)
    found = known.filter(refund__in=Refund.objects.visible_to(request.user), ref=ref).first()
    content = bytes(found.content or b"") if found else b""
    if found is None or not content:
        raise Http404
    ending = "pdf" if found.content_type == PDF else "jpg"
    response = HttpResponse(content, content_type=found.content_type)
    response["Content-Disposition"] = f'attachment; filename="{number}-{found.pk}.{ending}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
