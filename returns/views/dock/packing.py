"""The packing bench: what goes out, where it stands on the shelves, what is in the box, and its label."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inventory import reservations
from inventory.models import Lot, Unit
from oms import outbox, shops
from oms.access import may
from oms.identifiers import normalize_number
from oms.models import OrderLine
from oms.refusals import Refused
from oms.roles import allowed
from returns import codes, lifecycle
from returns.lifecycle.dispatching import lines_going_out
from returns.models import Dispatch
from returns.states import DISPATCH_MEANING, DispatchStatus
from returns.views.dock import answers
from returns.views.dock.answers import Answer

PER_PAGE = 50
LONGEST_NEW = 40  # of a serial or lot nobody had noted
MOST_PICKED = 200  # one walk through the shelves
LABEL_TYPES = {"application/pdf": "pdf", "image/png": "png"}
SHOWN = {
    "": DispatchStatus.at_packing(),
    "held": (DispatchStatus.HELD,),
    "short": (DispatchStatus.SHORT,),
    "waiting": (DispatchStatus.WAITING,),
    "sent": (DispatchStatus.SHIPPED, DispatchStatus.DELIVERED),
}


# ── What is to be done ────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "HEAD", "POST"])
@may("pack goods")
def packing(request: HttpRequest) -> HttpResponse:
    """What is to be packed, oldest first. A scanned order number opens it; a scanned label lets it leave."""
    if request.method != "POST":
        return _queue(request)
    try:
        code = codes.plain(request.POST.get("code", ""))
    except Refused as why:
        return _queue(request, problem=str(why), status=422)
    going = Dispatch.objects.select_related("order").defer("label")
    if named := going.filter(order__number=code.upper()).first():
        return redirect("admin:packing_of", named.order.number)
    labeled = going.filter(tracking_number=code).order_by("-pk").first()
    if labeled is None:
        return _queue(request, problem=_("No order that goes out has this number. Nothing was changed."), status=422)
    return _depart(request, labeled, back=reverse("admin:packing"))


def _queue(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    shown = request.GET.get("show", "")
    if shown not in SHOWN:
        shown = ""
    listed = (
        Dispatch.objects.filter(status__in=SHOWN[shown])
        .select_related("order", "rma", "warehouse")
        .defer("label", "rma__quote", "rma__decision")
        .order_by("-pk" if shown == "sent" else "planned_at", "pk")
    )
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    counts = dict(Dispatch.objects.values_list("status").annotate(count=Count("pk")).order_by())
    orders = [one.order_id for one in page]
    units: dict[int, int] = {}
    for line in OrderLine.objects.filter(order__in=orders):
        units[line.order_id] = units.get(line.order_id, 0) + line.quantity - line.canceled
    context = {
        "title": _("Packing"),
        "page": page,
        "shown": shown,
        "filters": [
            {"key": key, "label": label, "count": sum(counts.get(one, 0) for one in SHOWN[key])}
            for key, label in (
                ("", _("To pack")),
                ("short", _("Out of stock")),
                ("held", _("Waiting for payment")),
                ("waiting", _("Waiting for the return")),
                ("sent", _("Sent")),
            )
        ],
        "rows": [
            {
                "dispatch": one,
                "units": units.get(one.order_id, 0),
                "meaning": DISPATCH_MEANING[DispatchStatus(one.status)],
            }
            for one in page
        ],
        "problem": problem,
        "to_pick": counts.get(DispatchStatus.RELEASED, 0),
    }
    return render(request, "returns/dock/packing_queue.html", context, status=status)


@require_safe
@may("pack goods")
def pick_list(request: HttpRequest) -> HttpResponse:
    """One walk through the shelves for everything that is to be packed: by bin, to print."""
    released = Dispatch.objects.filter(status=DispatchStatus.RELEASED).order_by("planned_at").select_related("order")
    orders = list(released.defer("label")[:MOST_PICKED])
    lines = OrderLine.objects.filter(order__in=[one.order_id for one in orders])
    rows = [
        {
            "bin": one.level.bin,
            "product": one.level.product,
            "quantity": one.quantity,
            "order": one.order_line.order,
            "units": one.units.all(),
        }
        for one in reservations.held_for(lines).select_related("order_line__order")
    ]
    context = {"title": _("Pick list"), "rows": rows, "orders": len(orders), "made_at": timezone.now()}
    return render(request, "returns/dock/pick_list.html", context)


# ── One order ─────────────────────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "HEAD", "POST"])
@may("pack goods")
def packing_of(request: HttpRequest, number: str) -> HttpResponse:
    """One order at the bench: each scan puts a piece into the box; the last one closes it and wants the label."""
    dispatch = _find(number)
    if request.method != "POST":
        return _bench(request, dispatch, _opening(dispatch))
    seen = _number(request.POST.get("seen", ""))
    lines = lines_going_out(dispatch.order)
    if "all" in request.POST:
        return _pack_all(request, dispatch, lines)
    try:
        code = codes.plain(request.POST.get("code", ""))
        line, told = _piece_of(lines, code, dispatch, request.POST)
    except codes.UnknownCode as why:
        return _bench(request, dispatch, answers.refused(why), status=422, unknown=code[:LONGEST_NEW])
    except Refused as why:
        return _bench(request, dispatch, answers.refused(why), status=422)
    return _pack(request, dispatch, line, seen, **told)


@require_POST
@may("pack goods")
def missing(request: HttpRequest, number: str) -> HttpResponse:
    """The shelf is empty: the count is put right and the customer is asked."""
    dispatch, by, now = _find(number), request.user.actor, timezone.now()
    try:
        lifecycle.miss(dispatch.pk, _number(request.POST.get("line", "")), by=by, at=now)
    except Refused as why:
        outbox.record_refusal(why, verb="miss", subject=dispatch.rma.stream, by=by, at=now)
        return _bench(request, _find(number), answers.refused(why, _("Nothing was changed.")), status=409)
    messages.success(request, _("%(number)s is out of stock. The customer is asked.") % {"number": number})
    return redirect("admin:packing")


@require_POST
@may("pack goods")
def departure(request: HttpRequest, number: str) -> HttpResponse:
    """The carrier has it. Sent twice, it left once."""
    return _depart(request, _find(number), back=reverse("admin:packing_of", args=[number]))


@require_safe
@may("pack goods")
def outbound_label(request: HttpRequest, number: str) -> HttpResponse:
    """The carrier's label, byte for byte as fetched."""
    dispatch = _find(number)
    if dispatch.labeled_at is None or dispatch.label_type not in LABEL_TYPES:
        raise Http404
    response = HttpResponse(bytes(dispatch.label), content_type=dispatch.label_type)
    name = f"label-{dispatch.order.number}.{LABEL_TYPES[dispatch.label_type]}"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _find(number: str) -> Dispatch:
    going: QuerySet[Dispatch] = Dispatch.objects.select_related("order", "warehouse", "rma__order__customer")
    return get_object_or_404(going, order__number=number)


def _piece_of(
    lines: list[OrderLine], code: str, dispatch: Dispatch, answered: Mapping[str, str]
) -> tuple[OrderLine, dict[str, Any]]:
    """The line this code is a piece of, one that is not whole yet if there is, and which piece: its unit, serial or
    lot where the code says it, or whoever packs has `answered`. Raises UnknownCode."""
    folded, told = code.casefold(), {}
    fitting = [
        line
        for line in lines
        if folded in (line.sku.casefold(), line.product.barcode.casefold() if line.product else "")
    ]
    products = {line.product_id for line in lines}
    if not fitting:  # the number on a unit that came back, as the pick list names it
        named = Q(number=normalize_number(code, "U") or code) | Q(serial=code)
        unit = Unit.objects.filter(named, product__in=products, left_at__isnull=True).order_by("pk").first()
        fitting = [line for line in lines if unit and line.product_id == unit.product_id]
        told = {"unit": unit}
    if not fitting:
        of_lot = set(Lot.objects.filter(code=code, product__in=products).values_list("product", flat=True))
        fitting, told = [line for line in lines if line.product_id in of_lot], {"lot": code}
    if not fitting and answered.get("is") in ("serial", "lot") and len(code) <= LONGEST_NEW:
        fitting = [line for line in lines if str(line.pk) == answered.get("line") and line.product_id]
        told = {answered["is"]: code}
    if not fitting:
        raise codes.UnknownCode
    open_ones = [line for line in fitting if dispatch.packed.get(str(line.pk), 0) < line.quantity - line.canceled]
    return (open_ones or fitting)[0], told


def _pack(request: HttpRequest, dispatch: Dispatch, line: OrderLine, seen: int, **told: Any) -> HttpResponse:
    by, now = request.user.actor, timezone.now()
    try:
        lifecycle.pack(dispatch.pk, line.pk, 1, seen=seen, by=by, at=now, **told)
    except Refused as why:
        outbox.record_refusal(why, verb="pack", subject=dispatch.rma.stream, by=by, at=now)
        return _bench(request, _find(dispatch.order.number), answers.refused(why, _("Nothing was packed.")), status=409)
    return redirect(f"{reverse('admin:packing_of', args=[dispatch.order.number])}?packed={line.pk}")


def _pack_all(request: HttpRequest, dispatch: Dispatch, lines: list[OrderLine]) -> HttpResponse:
    by, now = request.user.actor, timezone.now()
    try:
        for line in lines:
            left = line.quantity - line.canceled - dispatch.packed.get(str(line.pk), 0)
            if left:
                inside = sum(dispatch.packed.values())
                dispatch = lifecycle.pack(dispatch.pk, line.pk, left, seen=inside, by=by, at=now)
    except Refused as why:
        outbox.record_refusal(why, verb="pack", subject=dispatch.rma.stream, by=by, at=now)
        return _bench(request, _find(dispatch.order.number), answers.refused(why, _("Nothing was packed.")), status=409)
    return redirect("admin:packing_of", dispatch.order.number)


def _depart(request: HttpRequest, dispatch: Dispatch, *, back: str) -> HttpResponse:
    by, now = request.user.actor, timezone.now()
    try:
        lifecycle.send(dispatch.pk, by=by, at=now)
    except Refused as why:
        outbox.record_refusal(why, verb="send", subject=f"order/{dispatch.order.number}", by=by, at=now)
        messages.error(request, str(why))
        return redirect(back)
    messages.success(request, _("%(number)s is with the carrier.") % {"number": dispatch.order.number})
    return redirect(back)


# ── The page ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _opening(dispatch: Dispatch) -> Answer:
    """What this order needs now."""
    status = DispatchStatus(dispatch.status)
    if status == DispatchStatus.RELEASED:
        left = sum(line.quantity - line.canceled for line in lines_going_out(dispatch.order))
        left -= sum(dispatch.packed.values())
        return Answer(
            _("%(pieces)s to pack") % {"pieces": answers.pieces(left)},
            _("Scan each piece as it goes into the box."),
            "moving",
            "parcel",
        )
    words = {
        DispatchStatus.PACKED: Answer(_("Packed"), _("The carrier makes the label. It appears below."), "moving"),
        DispatchStatus.LABELED: Answer(_("Label ready"), _("Print it, put it on, hand it to the carrier."), "good"),
        DispatchStatus.SHIPPED: Answer(_("With the carrier"), _("Nothing left to do here."), "good"),
        DispatchStatus.DELIVERED: Answer(_("Delivered"), _("Nothing left to do here."), "good"),
        DispatchStatus.HELD: Answer(_("Not paid yet"), _("It waits for the customer. Do not pack it."), "careful"),
        DispatchStatus.WAITING: Answer(_("Waits for the return"), _("Do not pack it yet."), "careful"),
        DispatchStatus.SHORT: Answer(_("Out of stock"), _("The customer is asked."), "bad"),
        DispatchStatus.CANCELED: Answer(_("Called off"), _("Put everything back on the shelf."), "bad"),
    }
    return words[status]


def _bench(
    request: HttpRequest, dispatch: Dispatch, answer: Answer, *, status: int = 200, unknown: str = ""
) -> HttpResponse:
    """`unknown` is a code nobody knows: it may be a serial or lot of what goes out."""
    bins: dict[int, list[str]] = {}
    lines = lines_going_out(dispatch.order)
    for one in reservations.held_for(lines):
        bins.setdefault(one.order_line_id, []).append(f"{one.level.bin.code} · {one.quantity}")
    rows: list[dict[str, Any]] = [
        {
            "line": line,
            "all": line.quantity - line.canceled,
            "inside": dispatch.packed.get(str(line.pk), 0),
            "bins": ", ".join(bins.get(line.pk, ())),
            "just": request.GET.get("packed") == str(line.pk),
        }
        for line in lines
    ]
    context = {
        "title": _("Pack %(number)s") % {"number": dispatch.order.number},
        "shop": shops.current(),
        "dispatch": dispatch,
        "status": dispatch.get_status_display(),
        "meaning": DISPATCH_MEANING[DispatchStatus(dispatch.status)],
        "rows": rows,
        "unknown": unknown,
        "open_rows": [row for row in rows if unknown and row["inside"] < row["all"] and row["line"].product_id],
        "answer": answer,
        "seen": sum(dispatch.packed.values()),
        "can_pack": dispatch.status == DispatchStatus.RELEASED,
        "is_packed": dispatch.status == DispatchStatus.PACKED,
        "can_leave": dispatch.status == DispatchStatus.LABELED,
        "has_label": dispatch.labeled_at is not None and dispatch.label_type in LABEL_TYPES,
        "sees_names": allowed(request.user, "see personal data"),
    }
    return render(request, "returns/dock/packing.html", context, status=status)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
