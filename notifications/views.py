"""Messages as staff read them: the list, one with its story, and the mail itself in a frame of its own."""

from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET

from notifications.catalogue import LABELS
from notifications.forms import FilterForm
from notifications.models import Message, MessageQuerySet
from notifications.preview import preview as preview_of
from notifications.states import MEANING, MessageStatus
from oms.access import may
from oms.views.words import Clock

PER_PAGE = 50
# The policy stays as strict as everywhere: the page may frame our own pages, the mail may be framed by them.
_FRAMING = settings.SECURE_CSP | {"frame-src": [CSP.SELF]}
_FRAMED = settings.SECURE_CSP | {"script-src": [CSP.NONE], "frame-ancestors": [CSP.SELF]}


@require_GET
@may("see messages")
def message_list(request: HttpRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    found = _filtered(Message.objects.visible_to(request.user), wanted)
    listed = found.defer("html", "text").select_related("customer", "order", "rma").order_by("-composed_at", "-id")
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    clock = Clock()
    context = {
        "title": _("Messages"),
        "form": form,
        "page": page,
        "rows": [_row(message, clock) for message in page],
        "failed": Message.objects.visible_to(request.user).filter(status=MessageStatus.FAILED).count(),
        "failed_status": MessageStatus.FAILED,
    }
    return render(request, "notifications/list.html", context, status=200 if form.is_valid() else 400)


def _filtered(messages: MessageQuerySet, wanted: dict[str, str]) -> MessageQuerySet:
    if wanted.get("kind"):
        messages = messages.filter(template=wanted["kind"])
    if wanted.get("status"):
        messages = messages.filter(status=wanted["status"])
    if words := wanted.get("q", "").strip():
        messages = messages.filter(Q(order__number__iexact=words) | Q(rma__number__iexact=words))
    return messages


def _row(message: Message, clock: Clock) -> dict[str, Any]:
    return {
        "message": message,
        "kind": LABELS.get(message.template, message.template),
        "meaning": MEANING[MessageStatus(message.status)],
        "composed": clock.text(message.composed_at),
    }


@require_GET
@never_cache
@csp_override(_FRAMING)
@may("see messages")
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    message = _visible(request, pk)
    clock = Clock()
    context = {
        "title": message.subject,
        "kind": LABELS.get(message.template, message.template),
        "message": message,
        "meaning": MEANING[MessageStatus(message.status)],
        "composed": clock.text(message.composed_at),
        "send_after": clock.text(message.send_after),
        "waits": message.status == MessageStatus.QUEUED,
        "withheld": message.status == MessageStatus.WITHHELD,
        "sent": clock.text(message.sent_at),
        "has_mail_server": bool(settings.EMAIL_URL),
    }
    return render(request, "notifications/detail.html", context)


@require_GET
@never_cache
@xframe_options_sameorigin
@csp_override(_FRAMED)
@may("see messages")
def rendered(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail itself, as the customer's mail program draws it."""
    message = _visible(request, pk)
    return HttpResponse(preview_of(message.html, str(request._csp_nonce)))  # type: ignore[attr-defined]


def _visible(request: HttpRequest, pk: int) -> Message:
    messages = Message.objects.visible_to(request.user).select_related("customer", "order", "rma", "event")
    return get_object_or_404(messages, pk=pk)
