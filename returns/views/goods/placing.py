"""What was set aside, and what becomes of it: one list, and one page per inspected piece with its chain."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inventory.states import Disposition
from inventory.trading import GIVEN_UP
from oms import outbox
from oms.access import may
from oms.models import User
from oms.money import Money
from oms.refusals import Refused
from oms.roles import allowed
from oms.views.words import Clock, actor_names
from returns import lifecycle, reference
from returns.forms.goods import PlacementForm, ProceedsForm, VendorForm, WorkForm
from returns.goods_states import WORK_MEANING, WorkStatus
from returns.models import Outcome, Placement, WorkOrder
from returns.states import Acceptance, HoldStatus, Resolution

PER_PAGE = 50
# What waits for somebody, in the order of the filter.
SET_ASIDE = tuple(one for one in Disposition if one not in (Disposition.RESTOCK, *GIVEN_UP))
OURS_AGAIN = (HoldStatus.ACCEPTED, HoldStatus.OVERTURNED)


@require_safe
@may("see stock")
def goods(request: HttpRequest) -> HttpResponse:
    """Everything inspection or a later decision set aside, the longest waiting first."""
    chosen = request.GET.get("disposition", "")
    wanted = [chosen] if chosen in Disposition.values else list(SET_ASIDE)
    as_inspected = Outcome.objects.filter(placements=None, disposition__in=wanted).filter(
        Q(acceptance=Acceptance.ACCEPTED) | Q(hold__status__in=OURS_AGAIN)
    )
    placed = Placement.objects.filter(disposition__in=wanted, quantity__gt=F("moved_on"), sold_at=None).filter(
        Q(vendor_line=None) | Q(vendor_line__vendor_return__sent_at=None)
    )
    found = sorted(
        [
            *as_inspected.values_list("inspected_at", "pk", "pk", "quantity", "disposition", "grade"),
            *placed.annotate(here=F("quantity") - F("moved_on")).values_list(
                "placed_at", "pk", "outcome", "here", "disposition", "grade"
            ),
        ]
    )
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    outcomes = _outcomes(row[2] for row in page)
    now = timezone.now()
    context = {
        "title": _("Set aside"),
        "page": page,
        "chosen": chosen,
        "choices": [(one.value, one.label) for one in Disposition],
        "rows": [
            {
                "outcome": outcomes[outcome],
                "line": outcomes[outcome].receipt.line,
                "here": here,
                "disposition": Disposition(disposition).label,
                "grade": grade,
                "since": since,
            }
            for since, _pk, outcome, here, disposition, grade in page
        ],
        "now": now,
        "in_workshop": WorkOrder.objects.filter(status=WorkStatus.OPEN).count(),
    }
    return render(request, "returns/goods/goods.html", context)


def _outcomes(which: Iterable[int]) -> dict[int, Outcome]:
    related = ("receipt__line__order_line", "receipt__line__rma", "condition")
    return Outcome.objects.select_related(*related).in_bulk(list(which))


@dataclass(frozen=True, slots=True)
class Stand:
    """Where some units stand now: under a placement, or as inspected (`placement` is None)."""

    key: str
    placement: Placement | None
    here: int
    disposition: Disposition
    grade: str
    condition: str
    is_ours: bool
    since: datetime
    by: str
    reason: str


def stands_of(outcome: Outcome) -> list[Stand]:
    """The whole chain, oldest first."""
    placements = list(outcome.placements.select_related("condition", "vendor_line__vendor_return").order_by("pk"))
    if not placements:
        rma = outcome.receipt.line.rma
        return [
            Stand(
                "0", None, outcome.quantity, Disposition(outcome.disposition), outcome.grade, outcome.condition.label,
                rma.resolution != Resolution.REPAIR, outcome.inspected_at, outcome.by, outcome.override_reason,
            )
        ]  # fmt: skip
    return [
        Stand(
            str(one.pk), one, 0 if one.sold_at else one.here, Disposition(one.disposition), one.grade,
            one.condition.label, one.is_ours, one.placed_at, one.by, one.reason,
        )
        for one in placements
    ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@may("see stock")
def goods_of(request: HttpRequest, outcome: int) -> HttpResponse:
    """One inspected piece (or several alike): what became of it, and what may still. Sent twice, it moves once."""
    found = outcome_or_404(outcome)
    if request.method != "POST":
        return page_of(request, found)
    if not allowed(request.user, "move stock"):
        return render(request, "403.html", status=403)
    stand = named(found, request.POST.get("at", ""))
    if stand is None:
        return page_of(request, found, problem=_("These goods are not here any more. Nothing was changed."), status=422)
    form = _placement_form(stand, request.POST)
    if not form.is_valid():
        return page_of(request, found, bound={("place", stand.key): form}, status=422)
    given = form.cleaned_data
    return attempt(
        request,
        found,
        "change_disposition",
        lambda by, at: lifecycle.change_disposition(
            found.pk, source=stand.placement.pk if stand.placement else None, by=by, at=at, **given
        ),
        _("Decided. The goods are booked to where they belong."),
        bound={("place", stand.key): form},
    )


@require_POST
@may("move stock")
def vendor_line(request: HttpRequest, outcome: int) -> HttpResponse:
    """Put goods that go back to a vendor on its return."""
    found = outcome_or_404(outcome)
    stand = named(found, request.POST.get("at", ""))
    form = VendorForm(request.POST, prefix="vendor")
    if stand is None or not form.is_valid():
        bound = {("vendor", stand.key): form} if stand else {}
        return page_of(request, found, bound=bound, problem="" if stand else _("Nothing was changed."), status=422)
    source = stand.placement.pk if stand.placement else None
    return attempt(
        request,
        found,
        "gather",
        lambda by, at: lifecycle.gather(found.pk, source=source, vendor=form.cleaned_data["vendor"], by=by, at=at),
        _("Gathered for this vendor."),
        bound={("vendor", stand.key): form},
    )


@require_POST
@may("move stock")
def proceeds(request: HttpRequest, outcome: int) -> HttpResponse:
    """Goods set aside for it are sold off."""
    found = outcome_or_404(outcome)
    stand = named(found, request.POST.get("at", ""))
    form = ProceedsForm(request.POST, prefix="sold")
    if stand is None or stand.placement is None or not form.is_valid():
        bound = {("sold", stand.key): form} if stand else {}
        return page_of(request, found, bound=bound, problem="" if stand else _("Nothing was changed."), status=422)
    placement = stand.placement.pk
    return attempt(
        request,
        found,
        "sell_off",
        lambda by, at: lifecycle.sell_off(placement, proceeds=form.cleaned_data["proceeds"], by=by, at=at),
        _("Sold off, and booked."),
        bound={("sold", stand.key): form},
    )


# ── Shared with the workshop's pages ──────────────────────────────────────────────────────────────────────────────


def outcome_or_404(pk: int) -> Outcome:
    related = ("receipt__line__order_line__product", "receipt__line__rma__order", "condition", "hold")
    return get_object_or_404(Outcome.objects.select_related(*related), pk=pk)


def named(outcome: Outcome, key: str) -> Stand | None:
    """The stand a form names, if anything still stands there."""
    return next((one for one in stands_of(outcome) if one.key == key and one.here), None)


def attempt(
    request: HttpRequest, outcome: Outcome, verb: str, call: Any, done: str, *, bound: dict[Any, forms.Form]
) -> HttpResponse:
    """Call the verb; a refusal is said on the same page, with what was typed."""
    by, at = request.user.actor, timezone.now()
    try:
        call(by, at)
    except Refused as refused:
        rma = outcome.receipt.line.rma
        outbox.record_refusal(refused, verb=verb, subject=rma.stream, by=by, at=at)
        return page_of(request, outcome, bound=bound, problem=str(refused), status=409)
    messages.success(request, done)
    return redirect("admin:goods_of", outcome.pk)


def _placement_form(stand: Stand, data: Any = None) -> PlacementForm:
    offered = lifecycle.placing.FOR_THE_CUSTOMER if not stand.is_ours else tuple(Disposition)
    conditions = [one for one in reference.conditions().values() if one.active]
    return PlacementForm(
        data, here=stand.here, offered=[one for one in offered if one != stand.disposition or conditions],
        conditions=conditions, auto_id=f"id_place_{stand.key}_%s",
    )  # fmt: skip


def page_of(
    request: HttpRequest,
    outcome: Outcome,
    *,
    bound: dict[Any, forms.Form] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    bound = bound or {}
    clock, stands, line = Clock(), stands_of(outcome), outcome.receipt.line
    names = actor_names(one.by for one in stands)
    works = list(WorkOrder.objects.filter(placement__outcome=outcome).order_by("pk"))
    open_works = {one.placement_id for one in works if one.status == WorkStatus.OPEN}
    waits = hasattr(outcome, "hold") and outcome.hold.status not in OURS_AGAIN
    moves = allowed(request.user, "move stock") and not waits
    currency = line.rma.currency
    context = {
        "title": line.order_line.description or line.order_line.sku,
        "outcome": outcome,
        "line": line,
        "rma": line.rma,
        "waits": waits,
        "stands": [
            {
                "stand": one,
                "at": clock.text(one.since),
                "by": names.get(one.by, one.by),
                "sold": Money(one.placement.proceeds, currency)
                if one.placement and one.placement.proceeds is not None
                else None,
                "vendor_return": getattr(getattr(one.placement, "vendor_line", None), "vendor_return", None),
                "forms": _forms(one, bound, open_works, outcome, request.user) if moves else None,
            }
            for one in stands
        ],
        "works": [{"work": one, "meaning": WORK_MEANING[WorkStatus(one.status)]} for one in works],
        "problem": problem,
        "refused_forms": [form for form in bound.values() if form.errors],
    }
    return render(request, "returns/goods/piece.html", context, status=status)


def _forms(
    stand: Stand, bound: dict[Any, forms.Form], open_works: set[int], outcome: Outcome, user: User
) -> dict[str, Any] | None:
    """What may be done with what stands there; nothing while it is in the workshop, sold, or gathered."""
    place = stand.placement
    gathered = place is not None and hasattr(place, "vendor_line")
    gone = stand.disposition == Disposition.RETURN_TO_CUSTOMER
    if not stand.here or gathered or gone or (place and place.pk in open_works):
        return None
    product = outcome.receipt.line.order_line.product
    vendor = {"vendor": product.vendor if product else ""}
    return {
        "place": bound.get(("place", stand.key)) or _placement_form(stand),
        "work": bound.get(("work", stand.key)) or work_form(stand),
        "vendor": (
            bound.get(("vendor", stand.key))
            or VendorForm(prefix="vendor", initial=vendor, auto_id=f"id_{stand.key}_%s", use_required_attribute=False)
        )
        if stand.disposition == Disposition.RETURN_TO_VENDOR
        else None,
        "sold": (
            bound.get(("sold", stand.key))
            or ProceedsForm(prefix="sold", auto_id=f"id_{stand.key}_%s", use_required_attribute=False)
        )
        if stand.disposition == Disposition.LIQUIDATE and place is not None
        else None,
    }


def work_form(stand: Stand, data: Any = None) -> WorkForm:
    return WorkForm(
        data, here=stand.here, today=timezone.now().date(), auto_id=f"id_work_{stand.key}_%s",
        initial={"kind": stand.disposition if stand.disposition in ("repair", "refurbish") else "refurbish"},
    )  # fmt: skip
