"""Opening a return on the customer's behalf (R18): choose, look at the decision and the exact amount, open it.

One address, three steps: `choose` shows the lines, `preview` what would happen, `open` does it. Photos the customer
sent stay with a draft of the same token between the steps.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from oms import outbox
from oms.access import may
from oms.models import Order
from oms.refusals import Refused
from refunds.pricing import price_return
from returns import eligibility, lifecycle, photos
from returns.eligibility import LineView, OrderFile, Wanted
from returns.forms.opening import OpenedLineForm, OpeningForm
from returns.forms.portal import Terms
from returns.models import RMA, ReturnDraft, ReturnPhoto
from returns.refusals import QuoteChanged
from returns.states import RMASource
from returns.views.portal import offers

SHOWN = 60  # lines of one page; a wholesale order may have hundreds, `?q=` finds the others


@require_http_methods(["GET", "HEAD", "POST"])
@may("open returns")
def opening(request: HttpRequest, order_number: str) -> HttpResponse:
    order = get_object_or_404(Order.objects.select_related("customer"), number=order_number)
    now = timezone.now()
    file = eligibility.open_file(order, at=now)
    views = eligibility.lines_of(file, at=now)
    if request.method != "POST":
        return _choose(request, file, views, OpeningForm(currency=order.currency))
    form = OpeningForm(request.POST, currency=order.currency)
    token = form.cleaned_data.get("form_token") if form.is_valid() else None
    if token is not None and (done := RMA.objects.filter(form_token=token, order=order).first()):
        return redirect(done)  # the same page sent again: it is open already
    lines = _line_forms(file, views, request, token)
    refused = [one for one in (*lines, form) if not one.is_valid()]  # each is asked, so that each says what is wrong
    chosen = [one for one in lines if one.is_chosen]
    if not refused and not chosen:
        form.add_error(None, _("Choose at least one item to send back."))
    step = request.POST.get("step", "")
    if refused or not chosen or step == "change":
        status = 200 if step == "change" and not refused else 422
        return _choose(request, file, views, form, lines, status=status)
    _keep_photos(order, form.cleaned_data["form_token"], chosen, by=request.user.actor, at=now)
    wanted = _wanted(form.cleaned_data["form_token"], chosen)
    if step == "open" and form.cleaned_data["confirmed_total"] is not None:
        return _open(request, file, views, form, lines, wanted, now)
    return _preview(request, file, views, form, lines, wanted, now)


# ── Steps ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _choose(
    request: HttpRequest,
    file: OrderFile,
    views: Sequence[LineView],
    form: OpeningForm,
    lines: Sequence[OpenedLineForm] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    lines = _line_forms(file, views, request, None) if lines is None else lines
    context = {
        "title": _("Open a return for order %(number)s") % {"number": file.order.number},
        "order": file.order,
        "form": form,
        "lines": lines,
        "refused_forms": [one for one in (form, *lines) if one.is_bound and one.errors],
        "search": request.GET.get("q", ""),
        "more": max(0, len(_matching(views, request)) - SHOWN),
        "nothing_left": not any(view.left for view in views),
        "views": views[:SHOWN],
    }
    return render(request, "returns/desk/opening.html", context, status=status)


def _preview(
    request: HttpRequest,
    file: OrderFile,
    views: Sequence[LineView],
    form: OpeningForm,
    lines: Sequence[OpenedLineForm],
    wanted: Sequence[Wanted],
    at: datetime,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """What the policy decides and what exactly would be paid."""
    try:
        found = eligibility.judge(file, wanted, **form.ways, price=price_return, at=at)
    except Refused as refused:
        form.add_error(None, str(refused))
        return _choose(request, file, views, form, lines, status=409)
    context = {
        "title": _("Open a return for order %(number)s") % {"number": file.order.number},
        "order": file.order,
        "form": form,
        "lines": lines,
        "chosen": [one for one in lines if one.is_chosen],
        "offer": offers.offer(file, found),
        "problem": problem,
    }
    return render(request, "returns/desk/opening_preview.html", context, status=status)


def _open(
    request: HttpRequest,
    file: OrderFile,
    views: Sequence[LineView],
    form: OpeningForm,
    lines: Sequence[OpenedLineForm],
    wanted: Sequence[Wanted],
    at: datetime,
) -> HttpResponse:
    order, by = file.order, request.user.actor
    try:
        rma = lifecycle.request(
            order.number,
            wanted,
            **form.ways,
            override_reason=form.cleaned_data["override_reason"],
            price=price_return,
            form_token=form.cleaned_data["form_token"],
            confirmed_total=form.cleaned_data["confirmed_total"],
            source=RMASource.DESK,
            note=form.cleaned_data["note"],
            by=by,
            at=at,
        )
    except QuoteChanged as refused:
        outbox.record_refusal(refused, verb="request", subject=order.stream, by=by, at=at)
        return _preview(request, file, views, form, lines, wanted, at, problem=str(refused), status=409)
    except Refused as refused:
        outbox.record_refusal(refused, verb="request", subject=order.stream, by=by, at=at)
        form.add_error(None, str(refused))
        return _choose(request, file, views, form, lines, status=409)
    return redirect(rma)


# ── Parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _matching(views: Sequence[LineView], request: HttpRequest) -> list[LineView]:
    words = request.GET.get("q", "").casefold().split()
    return [
        view
        for view in views
        if view.left
        and all(word in f"{view.order_line.sku} {view.order_line.description}".casefold() for word in words)
    ]


def _line_forms(
    file: OrderFile, views: Sequence[LineView], request: HttpRequest, token: UUID | None
) -> list[OpenedLineForm]:
    terms, kept = Terms.of(file), _kept(token)
    data, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    return [
        OpenedLineForm(
            data,
            files,
            prefix=f"line{view.order_line.pk}",
            view=view,
            terms=terms,
            kept=kept.get(view.order_line.pk, 0),
            use_required_attribute=False,
        )
        for view in _matching(views, request)[:SHOWN]
    ]


def _kept(token: UUID | None) -> dict[int, int]:
    """Photos kept so far by order line."""
    if token is None:
        return {}
    found = ReturnPhoto.objects.filter(draft__ref=token, rma=None).values("order_line").annotate(count=Count("pk"))
    return dict(found.values_list("order_line", "count"))


def _wanted(token: UUID, chosen: Sequence[OpenedLineForm]) -> list[Wanted]:
    kept = _kept(token)
    return [one.wanted(kept.get(one.view.order_line.pk, 0)) for one in chosen]


@transaction.atomic
def _keep_photos(order: Order, token: UUID, chosen: Sequence[OpenedLineForm], *, by: str, at: datetime) -> None:
    """Photos stay with a draft of this token, which `request` takes them from."""
    pictures = [(one, picture) for one in chosen for picture in one.cleaned_data.get("photos") or ()]
    if not pictures:
        return
    start: dict[str, Any] = {"order": order, "created_at": at, "updated_at": at}
    draft, _new = ReturnDraft.objects.get_or_create(ref=token, defaults=start)
    if draft.order_id != order.pk:
        return  # somebody else's token: its photos are not ours
    draft.order = order
    for one, picture in pictures:
        photos.keep(picture, taken_by=by, at=at, draft=draft, order_line=one.view.order_line)
