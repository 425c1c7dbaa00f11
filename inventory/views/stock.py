"""Stock as staff see it: by product, by bin, and every movement of one product."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from inventory import checking
from inventory.forms import BinFilters, StockFilters
from inventory.models import Lot, StockLevel
from inventory.quantities import totals, with_quantities
from inventory.states import BinKind
from oms.access import may
from oms.models import Product
from oms.views.words import Clock, actor_names
from returns.models import Dispatch, Hold, Outcome, Placement, Putaway, Receipt

PER_PAGE, MOST_LOTS = 50, 100
MEANINGS = {
    BinKind.EXPECTED: "waiting",
    BinKind.DOCK: "moving",
    BinKind.SHELF: "good",
    BinKind.QUARANTINE: "careful",
    BinKind.HOLD: "careful",
    BinKind.REFURBISH: "moving",
    BinKind.OUTBOUND: "moving",
    BinKind.SCRAP: "bad",
}


@require_safe
@may("see stock")
def stock(request: HttpRequest) -> HttpResponse:
    """Each product that stock was ever booked of, with its four quantities."""
    form = StockFilters(request.GET)
    if not form.is_valid():
        return _list(request, "inventory/stock.html", form, Product.objects.none(), StockLevel.objects.none())
    wanted = form.cleaned_data
    levels = _narrowed(wanted)
    held = StockLevel.objects.filter(product=OuterRef("pk"))
    if wanted["warehouse"]:
        held = held.filter(bin__warehouse__code=wanted["warehouse"])
    products = Product.objects.filter(Exists(held), _named(wanted["q"])).order_by("sku", "pk")
    listed = with_quantities(products, warehouse=wanted["warehouse"])
    return _list(request, "inventory/stock.html", form, listed, levels)


@require_safe
@may("see stock")
def bins(request: HttpRequest) -> HttpResponse:
    """What stands in each bin."""
    form = BinFilters(request.GET)
    if not form.is_valid():
        return _list(request, "inventory/bins.html", form, StockLevel.objects.none(), StockLevel.objects.none())
    levels = _narrowed(form.cleaned_data)
    if form.cleaned_data["kind"]:
        levels = levels.filter(bin__kind=form.cleaned_data["kind"])
    listed = (
        levels.exclude(quantity=0)
        .select_related("bin__warehouse", "product")
        .order_by("bin__warehouse__code", "bin__code", "product__sku", "pk")
    )
    return _list(request, "inventory/bins.html", form, listed, levels)


@require_safe
@may("see stock")
def movements(request: HttpRequest, sku: str) -> HttpResponse:
    """One product: where it stands, and every movement that made it so, newest first."""
    if "\0" in sku:
        raise Http404
    product = get_object_or_404(with_quantities(Product.objects.all()), sku=sku)
    clock = Clock()
    levels = product.levels.exclude(quantity=0).select_related("bin__warehouse").order_by("bin__code", "pk")
    listed = product.movements.select_related("bin__warehouse").order_by("-moved_at", "-pk")
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    people, documents = actor_names(one.by for one in page), _documents(page)
    rows = [
        {
            "movement": one,
            "quantity": f"+{one.quantity}" if one.quantity > 0 else f"−{-one.quantity}",
            "at": clock.text(one.moved_at),
            "by": people.get(one.by, one.by),
            "document": (named := documents.get(one.cause, one.cause)),
            "url": _page_of(named),
        }
        for one in page
    ]
    context = {
        "shop": clock.shop,
        "title": product.title,
        "product": product,
        "levels": [{"level": one, "meaning": MEANINGS[BinKind(one.bin.kind)]} for one in levels],
        "lots": _lots(product),
        "page": page,
        "rows": rows,
    }
    return render(request, "inventory/product.html", context)


def _lots(product: Product) -> "QuerySet[Lot]":
    """Its newest lots: pieces here, and pieces that customers have."""
    sold = Sum("movements__quantity", filter=Q(movements__order_line__isnull=False), default=0)
    listed = Lot.objects.filter(product=product).order_by("-pk")[:MOST_LOTS]
    return listed.annotate(here=Sum("movements__quantity", default=0), out=-sold)


def _named(words: str) -> Q:
    """Products by SKU, barcode or part of their title."""
    words = words.replace("\0", "").strip()
    if not words:
        return Q()
    return Q(sku__icontains=words) | Q(title__icontains=words) | Q(barcode=words)


def _narrowed(wanted: dict[str, Any]) -> "QuerySet[StockLevel]":
    levels = StockLevel.objects.all()
    if wanted["warehouse"]:
        levels = levels.filter(bin__warehouse__code=wanted["warehouse"])
    if wanted["q"].strip():
        levels = levels.filter(product__in=Product.objects.filter(_named(wanted["q"])).values("pk"))
    return levels


def _list(
    request: HttpRequest, template: str, form: StockFilters, listed: QuerySet[Any], levels: "QuerySet[StockLevel]"
) -> HttpResponse:
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page)
    if rows and isinstance(rows[0], StockLevel):
        rows = [{"level": one, "meaning": MEANINGS[BinKind(one.bin.kind)]} for one in rows]
    context = {
        "title": _("Stock"),
        "form": form,
        "page": page,
        "rows": rows,
        "totals": totals(levels) if form.is_valid() else None,
        "wrong": last.wrong if (last := checking.newest()) else 0,
    }
    return render(request, template, context, status=200 if form.is_valid() else 400)


_OF_RETURNS: tuple[tuple[str, Any, str], ...] = (
    ("receipt", Receipt, "line__rma__number"),
    ("outcome", Outcome, "receipt__line__rma__number"),
    ("hold", Hold, "outcome__receipt__line__rma__number"),
    ("placement", Placement, "outcome__receipt__line__rma__number"),
    ("putaway", Putaway, "outcome__receipt__line__rma__number"),
    ("dispatch", Dispatch, "rma__number"),
)


def _page_of(number: str) -> str:
    """Where a document is shown; "" for what is none of ours."""
    names = {"R": "returns:detail", "K": "inventory:count"}
    name = names.get(number[:1]) if number[1:2] == "-" else None
    return reverse(name, args=[number]) if name else ""


def _documents(page: Any) -> dict[str, str]:
    """The number of the document behind each cause: of a return ("receipt/17", "outcome/4", "hold/2/accepted",
    "rma/R-…/cancel"), a count ("count/K-…") or a vendor's return ("vendor_return/V-…/3")."""
    found: dict[str, str] = {}
    wanted: dict[str, dict[int, list[str]]] = {kind: {} for kind, _model, _path in _OF_RETURNS}
    for cause in {one.cause for one in page}:
        kind, _slash, rest = cause.partition("/")
        number = rest.split("/")[0]
        if kind in ("rma", "count", "vendor_return"):
            found[cause] = number
        elif kind in wanted and number.isdecimal():
            wanted[kind].setdefault(int(number), []).append(cause)
    for kind, model, path in _OF_RETURNS:
        if wanted[kind]:
            for pk, rma in model.objects.filter(pk__in=wanted[kind]).values_list("pk", path):
                found |= dict.fromkeys(wanted[kind][pk], rma)
    return found
