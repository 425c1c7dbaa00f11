"""The list of refunds, one refund with its whole story, and messages of the provider nobody could place."""

from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.access import may
from oms.models import Event, JournalEntry
from oms.roles import allowed
from refunds import webhooks
from refunds.forms import ConfirmationForm, FilterForm, RedirectForm, RefusalForm, TendersForm
from refunds.lifecycle.approving import as_seen, askers, open_ways
from refunds.lifecycle.paying import for_a_person
from refunds.lifecycle.spreading import parts_of, room_for, told
from refunds.models import ExternalRefund, PaymentDispute, Refund, RefundEvidence, RefundQuerySet
from refunds.states import MEANING, REFUND_MACHINE, ApprovalReason, ExternalStatus
from refunds.views.words import Clock, booked, is_unreachable, memo_receipt, situation, status_label, story

PER_PAGE = 50
VIEWS = ("all", "approval", "failed", "open")
# Which permission each verb of the status table needs; what is not named here has no button.
PERMISSION = {
    "approve": "approve refunds",
    "refuse": "approve refunds",
    "cancel": "approve refunds",
    "confirm_paid": "approve refunds",
    "confirm_unpaid": "approve refunds",
    "retry": "retry refunds",
    "redirect": "retry refunds",
    "spread": "retry refunds",
}


@may("see refunds")
def refund_list(request: HttpRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    view = request.GET.get("view", "all")
    every = Refund.objects.visible_to(request.user)
    found = _view(every, view)
    if wanted.get("status"):
        found = found.filter(status=wanted["status"])
    if words := wanted.get("q", "").strip():
        found = found.filter(
            Q(number__iexact=words)
            | Q(order__number__iexact=words)
            | Q(rma__number__iexact=words)
            | Q(memo__number__iexact=words)
        )
    listed = found.select_related("order", "rma", "payment").order_by("-requested_at", "-id")
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    clock = Clock()
    return render(
        request,
        "refunds/list.html",
        {
            "title": _("Refunds"),
            "form": form,
            "page": page,
            "rows": [
                (refund, status_label(refund), MEANING[refund.status], clock.text(refund.requested_at))
                for refund in page
            ],
            "view": view if view in VIEWS else "all",
            "awaiting": every.awaiting_approval().count(),
            "failed": every.failed().count(),
            "unattached": webhooks.unattached().count(),
            "externals": ExternalRefund.objects.filter(status=ExternalStatus.WAITING).count(),
        },
        status=200 if form.is_valid() else 400,
    )


def _view(refunds: RefundQuerySet, view: str) -> RefundQuerySet:
    views = {
        "approval": refunds.awaiting_approval,
        "failed": refunds.failed,
        "open": refunds.unanswered,
    }
    return views[view]() if view in views else refunds


@may("see refunds")
def detail(request: HttpRequest, number: str) -> HttpResponse:
    return render_detail(request, number)


def render_detail(
    request: HttpRequest,
    number: str,
    *,
    form: RefusalForm | None = None,
    redirect_form: RedirectForm | None = None,
    confirmation_form: ConfirmationForm | None = None,
    tenders_form: TendersForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page of one refund; after a refusal with what was wrong, at its place."""
    refund = get_object_or_404(
        Refund.objects.visible_to(request.user).select_related("order", "rma", "payment", "memo__numbering"),
        number=number,
    )
    clock = Clock()
    attempts = list(refund.attempts.order_by("pk"))
    verbs = _verbs(request, refund)
    events = list(Event.objects.filter(stream=refund.stream).order_by("sequence"))
    entries = JournalEntry.objects.filter(cause__startswith=f"refund/{refund.number}/").order_by("pk")
    disputes = list(PaymentDispute.standing_in_the_way(refund.payment_id).order_by("pk"))
    context: dict[str, Any] = {
        "title": refund.number,
        "refund": refund,
        "meaning": MEANING[refund.status],
        "status_label": status_label(refund),
        "situation": situation(refund, is_disputed=bool(disputes)),
        "requested_at": clock.text(refund.requested_at),
        "verbs": verbs,
        "asked_yourself": "approve" in REFUND_MACHINE.verbs_for(refund.status, request.user.role)
        and "approve" not in verbs,
        "tries": len(attempts),
        "attempts": [(attempt, clock.text(attempt.sent_at), clock.text(attempt.answered_at)) for attempt in attempts],
        "siblings": refund.memo.refunds.standing().exclude(pk=refund.pk).order_by("pk"),
        "receipt": memo_receipt(refund.memo),
        "entries": booked(entries.prefetch_related("postings"), clock),
        "sees_books": allowed(request.user, "see books"),
        "story": story(events, clock),
        "form": form or RefusalForm(),
        "redirect_form": redirect_form or RedirectForm(ways=open_ways(refund)),
        "confirmation_form": confirmation_form or ConfirmationForm(),
        "tenders_form": tenders_form or (open_tenders(refund) if "spread" in verbs else None),
        "refused_forms": [one for one in (form, redirect_form, confirmation_form, tenders_form) if one is not None],
        "seen": as_seen(refund),
        "reasons": [ApprovalReason(one).label for one in refund.approval_reasons if one in ApprovalReason],
        "approvals": [
            (one, clock.text(one.approved_at), clock.text(one.voided_at))
            for one in refund.approvals.select_related("approver").order_by("pk")
        ],
        "evidence": [(one, clock.text(one.given_at)) for one in _evidence(request, refund)],
        "disputes": disputes,
        "lost": sum(one.lost for one in disputes),
        "unreachable": is_unreachable(refund),
        "problem": problem,
    }
    return render(request, "refunds/detail.html", context, status=status)


def open_tenders(refund: Refund, typed: QueryDict | None = None) -> TendersForm:
    """The payments this refund may go back to, with what each gets now."""
    parts = parts_of(refund)
    payments, terms = room_for(refund, parts)
    now = told(parts)
    return TendersForm(
        typed, payments=[(payments[one.key], now.get(one.key, Decimal(0)), one.left) for one in terms if one.left]
    )


def _evidence(request: HttpRequest, refund: Refund) -> list[RefundEvidence]:
    """What shows a payment by hand, for those who may see whom it is about."""
    if not allowed(request.user, "see personal data"):
        return []
    return list(refund.evidence.select_related("refund__order__customer").defer("content").order_by("pk"))


def _verbs(request: HttpRequest, refund: Refund) -> list[str]:
    """The buttons: what the status table lets this role do now, less what the verb would refuse anyway."""
    user = request.user
    verbs = [
        verb
        for verb in REFUND_MACHINE.verbs_for(refund.status, user.role)
        if verb in PERMISSION and allowed(user, PERMISSION[verb])
    ]
    if "approve" in verbs and user.actor in askers(refund):
        verbs.remove("approve")
    newest = refund.attempts.order_by("-pk").first()
    if not for_a_person(refund, newest, timezone.now()):
        verbs = [verb for verb in verbs if not verb.startswith("confirm")]
    return verbs


@may("see refunds")
def unattached(request: HttpRequest) -> HttpResponse:
    """What the provider told us and no refund of ours explains: money that moved without us."""
    clock = Clock()
    page = Paginator(webhooks.unattached().order_by("-received_at", "-id"), PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "refunds/unattached.html",
        {
            "title": _("Messages without a refund"),
            "page": page,
            "rows": [(message, clock.text(message.received_at)) for message in page],
        },
    )
