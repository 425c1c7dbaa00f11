"""One return, and what the desk decides about it: each view fetches what the person may see and calls one verb."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from oms import outbox
from oms.access import may
from oms.refusals import Refused
from returns import lifecycle, photos
from returns.forms.desk import ApprovalForm, CancellationForm, QuestionForm, RejectionForm, ResolutionForm
from returns.models import RMA, Hold, Parcel, ReturnPhoto
from returns.situation import with_facts
from returns.states import ParcelStatus, RMAStatus
from returns.views.desk import story

LABEL_TYPES = {"application/pdf": "pdf", "image/png": "png"}


@require_safe
@may("see returns")
def detail(request: HttpRequest, number: str) -> HttpResponse:
    return render_detail(request, number)


def render_detail(
    request: HttpRequest,
    number: str,
    *,
    bound: dict[str, forms.Form] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page of one return; after a refusal with what was wrong, at its place."""
    visible = with_facts(RMA.objects.visible_to(request.user)).select_related("order__customer", "policy", "warehouse")
    rma = get_object_or_404(visible, number=number)
    context = story.tell(rma, request.user) | story.forms(rma, bound or {})
    context["problem"] = problem
    context["refused_forms"] = [form for form in (bound or {}).values() if form.errors]
    return render(request, "returns/desk/detail.html", context, status=status)


# ── Verbs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_POST
@may("decide returns")
def approval(request: HttpRequest, number: str) -> HttpResponse:
    return _decide(
        request,
        number,
        "approve",
        ApprovalForm,
        lambda rma, given, **who: lifecycle.approve(rma.number, note=given["note"], **who),
        (RMAStatus.APPROVED, _("Approved. The customer is told, and the label is on its way to them.")),
    )


@require_POST
@may("decide returns")
def rejection(request: HttpRequest, number: str) -> HttpResponse:
    return _decide(
        request,
        number,
        "reject",
        RejectionForm,
        lambda rma, given, **who: lifecycle.reject(rma.number, reason=given["reason"], note=given["note"], **who),
        (RMAStatus.REJECTED, _("Rejected. The customer reads your sentence in the mail.")),
    )


@require_POST
@may("decide returns")
def question(request: HttpRequest, number: str) -> HttpResponse:
    return _decide(
        request,
        number,
        "ask",
        QuestionForm,
        lambda rma, given, **who: lifecycle.ask(rma.number, note=given["note"], **who),
        (RMAStatus.NEEDS_INFO, _("Asked. The return comes back to this list when the customer answers.")),
    )


@require_POST
@may("decide returns")
def cancellation(request: HttpRequest, number: str) -> HttpResponse:
    return _decide(
        request,
        number,
        "cancel",
        CancellationForm,
        lambda rma, given, **who: lifecycle.cancel(rma.number, reason=given["reason"], **who),
        (RMAStatus.CANCELED, _("Canceled. The goods can be returned anew while the window is open.")),
    )


@require_POST
@may("decide returns")
def resolution(request: HttpRequest, number: str) -> HttpResponse:
    """Give the customer something else than was chosen; the same choice sent twice is made once."""
    rma = get_object_or_404(RMA.objects.visible_to(request.user), number=number)
    form = ResolutionForm(request.POST, prefix="choose")
    if not form.is_valid():
        return render_detail(request, number, bound={"choose": form}, status=422)
    by, at = request.user.actor, timezone.now()
    try:
        rma = lifecycle.choose_resolution(number, by=by, at=at, **form.cleaned_data)
    except Refused as refused:
        outbox.record_refusal(refused, verb="choose_resolution", subject=rma.stream, by=by, at=at)
        form.add_error("resolution", str(refused))
        return render_detail(request, number, bound={"choose": form}, status=409)
    messages.success(
        request, _("%(number)s: the customer gets %(what)s.") % {"number": number, "what": rma.get_resolution_display()}
    )
    return redirect(rma)


@require_POST
@may("decide returns")
def hold_decision(request: HttpRequest, pk: int) -> HttpResponse:
    """Decide about goods the dock refused; the same decision sent twice is made once."""
    visible = RMA.objects.visible_to(request.user)
    hold = get_object_or_404(
        Hold.objects.select_related("outcome__receipt__line__rma"), pk=pk, outcome__receipt__line__rma__in=visible
    )
    rma, decision = hold.outcome.receipt.line.rma, request.POST.get("decision", "")
    target = lifecycle.holds.DECISIONS.get(decision)
    if target is None:
        return render_detail(request, rma.number, problem=_("Choose what becomes of the goods."), status=422)
    by, at = request.user.actor, timezone.now()
    try:
        lifecycle.decide_hold(pk, decision=decision, by=by, at=at)
    except Refused as refused:
        hold.refresh_from_db(fields=["status"])
        if hold.status != target:
            outbox.record_refusal(refused, verb=decision, subject=rma.stream, by=by, at=at)
            return render_detail(request, rma.number, problem=str(refused), status=409)
    messages.success(request, _("Decided. The customer is told."))
    return redirect(rma)


def _decide(
    request: HttpRequest,
    number: str,
    verb: str,
    form_class: type[forms.Form],
    call: Callable[..., RMA],
    done: tuple[RMAStatus, str],
) -> HttpResponse:
    """Call the verb with what the form says. What is done already answers the same again: a button pressed twice."""
    rma = get_object_or_404(RMA.objects.visible_to(request.user), number=number)
    form = form_class(request.POST, prefix=verb)
    if not form.is_valid():
        return render_detail(request, number, bound={verb: form}, status=422)
    who: dict[str, Any] = {"by": request.user.actor, "at": timezone.now()}
    target, words = done
    try:
        call(rma, form.cleaned_data, **who)
    except Refused as refused:
        rma.refresh_from_db(fields=["status"])
        if rma.status != target:
            outbox.record_refusal(refused, verb=verb, subject=rma.stream, **who)
            return render_detail(request, number, bound={verb: form}, problem=str(refused), status=409)
    messages.success(request, f"{number}: {words}")
    return redirect(rma)


# ── Papers and pictures ───────────────────────────────────────────────────────────────────────────────────────────


@require_safe
@may("see personal data")
@never_cache
def label(request: HttpRequest, number: str, parcel: int) -> HttpResponse:
    """The carrier's label, byte for byte as fetched; the customer's address is on it."""
    found = get_object_or_404(
        Parcel.objects.select_related("rma__order__customer").exclude(status=ParcelStatus.VOIDED),
        pk=parcel,
        rma__in=RMA.objects.visible_to(request.user).filter(number=number),
    )
    if not found.labeled_at or found.label_type not in LABEL_TYPES:
        raise Http404
    response = HttpResponse(found.label, content_type=found.label_type)
    response["Content-Disposition"] = f'inline; filename="label-{number}.{LABEL_TYPES[found.label_type]}"'
    return response


@require_safe
@may("see photos")
@never_cache
def photo(request: HttpRequest, number: str, ref: UUID) -> HttpResponse:
    found = get_object_or_404(
        ReturnPhoto.objects.select_related("rma__order__customer"),
        ref=ref,
        rma__in=RMA.objects.visible_to(request.user).filter(number=number),
    )
    return HttpResponse(found.content, content_type=photos.CONTENT_TYPE)
