"""Goods nobody announced: recorded at the dock, decided by the service desk on a worklist."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid5

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from oms import outbox
from oms.access import may
from oms.identifiers import normalize_number
from oms.models import User
from oms.refusals import Refused
from oms.roles import allowed
from oms.verbs import inside_a_verb
from refunds.pricing import price_return
from returns import lifecycle, photos, reference
from returns.eligibility import Wanted
from returns.forms.found import FoundForm
from returns.found_states import FOUND_MACHINE, FOUND_MEANING, FoundKind, FoundStatus
from returns.models import RMA, FoundGoods, ReturnPhoto
from returns.refusals import NoSuchReturn, NotOffered
from returns.states import Resolution, RMASource, RMAStatus
from returns.views.dock import answers, station

PAGE_SIZE = 50
SHOWN = {
    "": (gettext_lazy("Open"), FoundStatus.open()),
    "decided": (gettext_lazy("Decided"), tuple(one for one in FoundStatus if one not in FoundStatus.open())),
}
SAID = {
    "match": gettext_lazy("Counted for %(rma)s."),
    "open": gettext_lazy("%(rma)s was opened for it and counts it. The customer is told."),
    "keep": gettext_lazy("Kept as unknown. It can still be matched."),
    "refuse": gettext_lazy("Not the one sold. Inspection can only refuse it; the customer decides what becomes of it."),
    "send_back": gettext_lazy("It goes back to whoever sent it."),
    "count_after_all": gettext_lazy("Counted for %(rma)s after all. It waits for inspection."),
    "take_in": gettext_lazy("It is ours, and stands where its condition says."),
}


@require_safe
@may("see returns")
def found(request: HttpRequest) -> HttpResponse:
    """Goods that wait for somebody to say what they are, the oldest first."""
    return _list(request)


def _list(request: HttpRequest, *, problem: str = "", about: str = "", status: int = 200) -> HttpResponse:
    show = request.GET.get("show", "")
    _label, statuses = SHOWN.get(show, SHOWN[""])
    rows = FoundGoods.objects.filter(status__in=statuses).select_related("bin", "product", "rma__order", "receipt")
    rows = rows.select_related("line__order_line").order_by("-decided_at" if show == "decided" else "found_at", "pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    pictures: dict[int, list[ReturnPhoto]] = {}
    for picture in ReturnPhoto.objects.filter(found__in=[one.pk for one in page]).defer("content").order_by("pk"):
        pictures.setdefault(picture.found_id, []).append(picture)
    context = {
        "title": _("Found goods"),
        "page": page,
        "rows": [_row(one, pictures, request.user) for one in page],
        "filters": [
            {"label": label, "show": key, "current": key == (show if show in SHOWN else "")}
            for key, (label, _statuses) in SHOWN.items()
        ],
        "problem": problem,
        "about": about,
        "may_record": allowed(request.user, "receive parcels"),
        "may_see_photos": allowed(request.user, "see photos"),
    }
    return render(request, "returns/dock/found.html", context, status=status)


def _row(one: FoundGoods, pictures: dict[int, list[ReturnPhoto]], user: User) -> dict[str, Any]:
    decides, reads = allowed(user, "decide returns"), allowed(user, "see personal data")
    waits = FoundStatus(one.status) in FoundStatus.open()
    mismatch, late, missed = (one.kind == kind for kind in (FoundKind.MISMATCH, FoundKind.LATE, FoundKind.MISSED))
    line = one.line.order_line if one.line else None
    return {
        "found": one,
        "title": one.product.title if one.product else one.code or _("Unknown thing"),
        "meaning": FOUND_MEANING[FoundStatus(one.status)],
        "hints": one.hints if reads else "",
        "photos": pictures.get(one.pk, []),
        "mismatch": mismatch,
        "conditions": [one for one in reference.conditions().values() if one.active] if late and decides else (),
        "may_take_in": decides and late and waits,
        "missed": missed and waits,
        "may_count": missed and waits and allowed(user, "correct counts"),
        "may_match": decides and waits and not late and not missed,
        "may_open": decides and waits and one.kind == FoundKind.EXTRA,
        "may_refuse": decides and mismatch and FOUND_MACHINE.allows("refuse", one.status),
        "may_keep": decides and not (mismatch or late or missed) and FOUND_MACHINE.allows("keep", one.status),
        "may_send_back": decides and not (mismatch or late or missed) and FOUND_MACHINE.allows("send_back", one.status),
        "bought": line.quantity - line.canceled if line else 0,
        "announced": one.line.quantity if one.line else 0,
        "sold_as": line.sku if line else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@may("receive parcels")
def found_new(request: HttpRequest) -> HttpResponse:
    """Record a parcel without a return: what is in it, where it is put, what is known of its sender."""
    if request.method != "POST":
        first = {name: request.GET.get(key, "")[:60] for name, key in (("item_1", "item"), ("tracking_number", "code"))}
        return _form(request, FoundForm(initial=first))
    form = FoundForm(request.POST, request.FILES)
    if not form.is_valid():
        return _form(request, form, status=422)
    data, by, now = form.cleaned_data, request.user.actor, timezone.now()
    try:
        with transaction.atomic(), inside_a_verb():
            made = lifecycle.find_goods(
                form.pieces(),
                data["bin"].warehouse,
                data["bin"],
                tracking_number=data["tracking_number"],
                hints=data["hints"],
                form_token=data["form_token"],
                by=by,
                at=now,
            )
            for picture in data["photos"]:
                photos.keep(picture, taken_by=by, at=now, found=made[0], draft=None)
    except Refused as why:
        form.add_error(None, str(why))
        return _form(request, form, status=422)
    station.note(request, made[0].number, answers.recorded(made[0]), step=f"found/{made[0].number}")
    return redirect(f"{reverse('admin:dock_scan')}?found={made[0].number}")


def _form(request: HttpRequest, form: FoundForm, *, status: int = 200) -> HttpResponse:
    context = {"title": _("A parcel without a return"), "form": form, "forms": [form] if form.is_bound else []}
    return render(request, "returns/dock/found_new.html", context, status=status)


@require_POST
@may("decide returns")
def found_decision(request: HttpRequest, number: str) -> HttpResponse:
    """Say what found goods are. Sent twice, it is decided once."""
    goods = get_object_or_404(FoundGoods.objects.select_related("rma__order", "receipt", "line"), number=number)
    decide = _DECISIONS.get(request.POST.get("decision", ""))
    by, now = request.user.actor, timezone.now()
    try:
        if decide is None:
            raise NotOffered
        decided, said = decide(request, goods, by, now)
    except Refused as why:
        outbox.record_refusal(why, verb="decide_found", subject=goods.stream, by=by, at=now)
        return _list(request, problem=str(why), about=number, status=422)
    shown = {"rma": decided.rma.number if decided.rma else ""}
    messages.success(request, SAID[said] % shown)
    return redirect("admin:dock_found")


def _match(request: HttpRequest, goods: FoundGoods, by: str, at: datetime) -> tuple[FoundGoods, str]:
    typed = request.POST.get("rma", "")[:40]
    number = goods.rma.number if goods.receipt_id and goods.rma else normalize_number(typed, "R")
    rma = RMA.objects.visible_to(request.user).filter(number=number).first() if number else None
    if rma is None:
        raise NoSuchReturn
    line = None
    if goods.product_id is None and goods.receipt_id is None:
        waiting = [one for one in rma.lines.order_by("pk") if one.outstanding]
        line = waiting[0].pk if len(waiting) == 1 else None
    return lifecycle.match_goods(goods.number, rma.number, line_id=line, by=by, at=at), "match"


def _take_in(request: HttpRequest, goods: FoundGoods, by: str, at: datetime) -> tuple[FoundGoods, str]:
    condition = request.POST.get("condition", "")
    if condition not in reference.conditions():
        raise NotOffered
    return lifecycle.take_goods_in(goods.number, condition=condition, by=by, at=at), "take_in"


def _count_after_all(request: HttpRequest, goods: FoundGoods, by: str, at: datetime) -> tuple[FoundGoods, str]:
    """A manager corrects the count, as on every other day."""
    if not allowed(request.user, "correct counts"):
        raise NotOffered
    return lifecycle.count_after_all(goods.number, by=by, at=at), "count_after_all"


def _open(request: HttpRequest, goods: FoundGoods, by: str, at: datetime) -> tuple[FoundGoods, str]:
    """A return of its own for what was sent along, on the terms of any other. Raises what `request` raises."""
    if goods.kind != FoundKind.EXTRA or goods.line is None or goods.rma is None:
        raise NotOffered
    if goods.status == FoundStatus.MATCHED:
        return goods, "match"
    line, first = goods.line, goods.rma
    again = Resolution.STORE_CREDIT if first.resolution == Resolution.STORE_CREDIT else Resolution.REFUND
    wanted = Wanted(
        line.order_line_id,
        goods.quantity,
        line.reason.code if line.reason else "changed_mind",
        line.declared_condition.code if line.declared_condition else "",
    )
    with transaction.atomic(), inside_a_verb():
        opened = lifecycle.request(
            first.order.number,
            [wanted],
            resolution=again,
            price=price_return,
            form_token=uuid5(goods.form_token, f"open/{goods.number}"),
            by=by,
            at=at,
            source=RMASource.DESK,
        )
        if opened.status != RMAStatus.APPROVED:
            raise NeedsADecision(rma=opened.number)
        return lifecycle.match_goods(goods.number, opened.number, by=by, at=at), "open"


class NeedsADecision(Refused):
    code = "extra_needs_decision"
    sentence = gettext_lazy(
        "The policy would not approve it by itself. Open a return for the order first, then match it here."
    )


def _only(name: str, verb: Callable[..., FoundGoods]) -> Callable[..., tuple[FoundGoods, str]]:
    def decide(request: HttpRequest, goods: FoundGoods, by: str, at: datetime) -> tuple[FoundGoods, str]:
        return verb(goods.number, by=by, at=at), name

    return decide


_DECISIONS: dict[str, Callable[[HttpRequest, FoundGoods, str, datetime], tuple[FoundGoods, str]]] = {
    "match": _match,
    "open": _open,
    "take_in": _take_in,
    "count_after_all": _count_after_all,
    "keep": _only("keep", lifecycle.keep_goods),
    "refuse": _only("refuse", lifecycle.refuse_goods),
    "send_back": _only("send_back", lifecycle.send_goods_back),
}
