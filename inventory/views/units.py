"""Units with their own number: all of them, the life of one, and the labels to print (R64)."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from inventory.forms import UnitFilters
from inventory.models import Impairment, Unit, ValueMovement
from inventory.states import BinKind
from inventory.views.stock import MEANINGS
from inventory.views.unit_story import Life
from oms.access import may
from oms.identifiers import normalize_number
from oms.money import round_half_up
from oms.views.words import Clock
from returns.models import Receipt

PER_PAGE = 50
MOST_LABELS = 200


@require_safe
@may("see stock")
def units(request: HttpRequest) -> HttpResponse:
    """Every numbered unit, newest first; a number or serial that names one leads straight to it."""
    form = UnitFilters(request.GET)
    listed = Unit.objects.select_related("product", "bin__warehouse").order_by("-created_at", "-id")
    if not form.is_valid():
        listed = listed.none()
    else:
        words = form.cleaned_data["q"].replace("\0", "").strip()
        if words:
            number = normalize_number(words, "U")
            listed = listed.filter(
                Q(number__in=[words, words.upper(), number or ""]) | Q(serial=words) | Q(product__sku__iexact=words)
            )
            if number and (found := listed.filter(number=number).first()):
                return redirect(found)
        if form.cleaned_data["here"]:
            listed = listed.filter(left_at__isnull=form.cleaned_data["here"] == "yes")
    clock = Clock()
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    now = timezone.now()
    context = {
        "title": _("Units"),
        "form": form,
        "page": page,
        "rows": [
            {
                "unit": one,
                "since": clock.text(one.created_at),
                "days": (now - one.created_at).days,
                "meaning": MEANINGS[BinKind(one.bin.kind)] if one.bin else "",
            }
            for one in page
        ],
    }
    return render(request, "inventory/units.html", context, status=200 if form.is_valid() else 400)


@require_safe
@may("see stock")
def unit(request: HttpRequest, number: str) -> HttpResponse:
    """One unit: where it is, what it is worth, and everything that ever happened to it."""
    found = _unit(number)
    clock, life = Clock(), Life(found)
    context = {
        "title": found.number,
        "unit": found,
        "events": life.events(clock),
        "rmas": life.numbers(),
        "order": found.sold_on.order if found.sold_on else None,
        "condition": life.condition,
        "grade": life.grade,
        "meaning": MEANINGS[BinKind(found.bin.kind)] if found.bin else "",
        "left": clock.text(found.left_at),
        "since": clock.text(found.created_at),
        "days": ((found.left_at or timezone.now()) - found.created_at).days,
        **_worth(found),
    }
    return render(request, "inventory/unit.html", context)


@require_safe
@may("see stock")
def labels(request: HttpRequest) -> HttpResponse:
    """Labels to print: of one unit, of a receipt, or of everything that came with one return."""
    wanted = _to_label(request)
    if wanted is None:
        raise Http404
    listed = list(wanted.select_related("product").order_by("pk")[: MOST_LABELS + 1])
    if not listed:
        raise Http404
    numbers = _returns_of(listed)
    clock = Clock()
    context = {
        "title": _("Labels"),
        "labels": [
            {"unit": one, "rma": numbers.get(one.received_as, ""), "at": clock.text(one.created_at)}
            for one in listed[:MOST_LABELS]
        ],
        "is_cut": len(listed) > MOST_LABELS,
        "is_roll": request.GET.get("on") == "roll",
        "query": request.GET.copy(),
    }
    return render(request, "inventory/labels.html", context)


def _unit(number: str) -> Unit:
    known = normalize_number(number, "U") or number
    if "\0" in known:
        raise Http404
    return get_object_or_404(Unit.objects.select_related("product", "bin__warehouse", "sold_on__order"), number=known)


def _to_label(request: HttpRequest) -> "QuerySet[Unit] | None":
    given = {name: request.GET.get(name, "").replace("\0", "")[:40] for name in ("unit", "receipt", "rma")}
    if given["unit"]:
        return Unit.objects.filter(number=normalize_number(given["unit"], "U") or given["unit"])
    if given["receipt"]:
        return Unit.objects.filter(received_as=f"receipt/{given['receipt']}")
    if given["rma"]:
        receipts = Receipt.objects.filter(line__rma__number=given["rma"]).values_list("pk", flat=True)[:MOST_LABELS]
        return Unit.objects.filter(received_as__in=[f"receipt/{pk}" for pk in receipts])
    return None


def _returns_of(listed: list[Unit]) -> dict[str, str]:
    """The number of the return each receipt belongs to."""
    rows = {one.received_as.partition("/")[2] for one in listed if one.received_as}
    found = Receipt.objects.filter(pk__in=[int(row) for row in rows if row.isdecimal()])
    return {f"receipt/{pk}": number for pk, number in found.values_list("pk", "line__rma__number")}


def _worth(found: Unit) -> dict[str, Any]:
    """What it stands for in our books: what it came in at, less what its grade is expected to have lost."""
    entry = ValueMovement.objects.filter(cause=found.found_as, product=found.product).order_by("pk").first()
    if not found.found_as or entry is None:
        return {"cost": None, "impaired": None}
    share = entry.cost / entry.quantity * found.quantity
    document = found.placed_as or found.found_as
    booked = Q(cause=document) | Q(cause__startswith=f"{document}/without/")
    impaired = Impairment.objects.filter(booked, product=found.product, released_at=None).first()
    loss = impaired.amount / impaired.quantity * found.quantity if impaired else None
    currency = found.product.currency
    return {
        "cost": round_half_up(share, currency),
        "impaired": round_half_up(loss, currency) if loss else None,
    }
