"""What a product is worth under each method, side by side; and which method each category of products stands under."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from inventory import revaluing
from inventory import terms as category_terms
from inventory.forms import TermsForm
from inventory.models import CategoryTerms, ProductValue
from inventory.revaluing import Compared
from inventory.states import CostingMethod, IssueOrder
from inventory.views.costing_chart import value_over_time
from oms import rendering
from oms.access import may
from oms.models import Product
from oms.money import round_half_up
from oms.roles import allowed
from reporting.tables import with_colors

# What each choice is good for and what it costs, for the person who chooses (R75–R80).
COSTING_WORDS = {
    CostingMethod.FIFO: gettext_lazy(
        "Units cost what the oldest ones cost. Simple, and stock is worth about what it would cost now."
    ),
    CostingMethod.LIFO: gettext_lazy(
        "Units cost what the newest ones cost. When prices rise, goods sold look dearer and stock cheaper than it is;"
        " not allowed for accounts under IFRS."
    ),
    CostingMethod.AVERAGE: gettext_lazy(
        "Every unit costs the same. Calm figures and little work; no single unit's cost is exact."
    ),
    CostingMethod.SPECIFIC: gettext_lazy(
        "Each unit costs what it cost. The most exact, and the most work: every issue names its lot."
    ),
}
ISSUE_WORDS = {
    IssueOrder.RETURNED_FIRST: gettext_lazy(
        "Returned units are sold before new ones, so that they do not grow old on the shelf."
    ),
    IssueOrder.OLDEST_FIRST: gettext_lazy("What has been here longest leaves first: for goods that age."),
    IssueOrder.NEWEST_FIRST: gettext_lazy("What came last leaves first: for goods whose newest version sells best."),
}


@require_safe
@may("see stock")
def costing(request: HttpRequest, sku: str) -> HttpResponse:
    """The same movements of one product under all four methods, as a table and a picture."""
    product = _product(sku)
    held = ProductValue.objects.filter(product=product).first()
    context = {
        "title": _("What it is worth"),
        "product": product,
        "held": held,
        "value": round_half_up(held.value, product.currency) if held else None,
        "rows": [_row(one, held, product.currency) for one in revaluing.compare(product)] if held else [],
        "terms": category_terms.of(product),
        "methods": CostingMethod.choices,
    }
    return render(request, "inventory/costing.html", context)


@require_safe
@may("see stock")
def chart(request: HttpRequest, sku: str) -> HttpResponse:
    product = _product(sku)
    width = request.GET.get("width", "wide")
    if width not in ("wide", "narrow"):
        raise Http404
    try:
        drawn = rendering.svg(value_over_time(product, width))
    except rendering.RendererAway:
        text = _("The chart cannot be drawn just now. The numbers below are complete.")
        status = 200 if request.headers.get("HX-Request") else 503
        return render(request, "reporting/no_chart.html", {"text": text}, status=status)
    if not request.headers.get("HX-Request"):
        drawn = with_colors(drawn)
    return HttpResponse(drawn, content_type="image/svg+xml")


@require_http_methods(["GET", "HEAD", "POST"])
@may("see stock")
def terms(request: HttpRequest) -> HttpResponse:
    """Issue order and costing method of each category: two settings, kept apart and explained (N2, R80)."""
    may_change = allowed(request.user, "change settings")
    refused: TermsForm | None = None
    if request.method == "POST":
        if not may_change:
            return render(request, "403.html", status=403)
        form = TermsForm(request.POST)
        if form.is_valid():
            category_terms.change(**form.cleaned_data, by=request.user.actor, at=timezone.now())
            messages.success(request, _("Saved. What stands under another method is revalued in a moment."))
            return redirect("inventory:terms")
        refused = form
    context = {
        "title": _("Costing and issue order"),
        "rows": _categories(refused),
        "refused": refused,
        "may_change": may_change,
        "costing_words": [(CostingMethod(key).label, words) for key, words in COSTING_WORDS.items()],
        "issue_words": [(IssueOrder(key).label, words) for key, words in ISSUE_WORDS.items()],
    }
    return render(request, "inventory/terms.html", context, status=422 if refused else 200)


def _product(sku: str) -> Product:
    if "\0" in sku:
        raise Http404
    return get_object_or_404(Product, sku=sku)


def _row(compared: Compared, held: ProductValue, currency: str) -> dict[str, Any]:
    valued = compared.valuation
    row: dict[str, Any] = {
        "label": compared.method.label,
        "is_ours": compared.method == held.costing,
        "refusal": compared.refusal,
    }
    if valued is not None:
        value = round_half_up(valued.value, currency)
        row |= {
            "quantity": valued.quantity,
            "value": value,
            "average": round_half_up(valued.value / valued.quantity, currency) if valued.quantity else None,
            "cogs": round_half_up(valued.cogs, currency),
            "difference": value - round_half_up(held.value, currency),
        }
    return row


def _categories(refused: TermsForm | None) -> list[dict[str, Any]]:
    """Every category that products have, each with its own terms or those of every other."""
    own = {one.category: one for one in CategoryTerms.objects.all()}
    every_other = own.get(category_terms.EVERY_OTHER) or CategoryTerms()
    counted = Product.objects.values("category").annotate(products=Count("pk"), worth=Sum("value__value"))
    known = {row["category"]: row for row in counted.order_by("category")}
    rows = []
    for category in ["", *(name for name in sorted({*known, *own}) if name)]:
        stands = own.get(category, every_other)
        initial = {"category": category, "costing": stands.costing, "issue_order": stands.issue_order}
        initial["labels_each_up_to"] = stands.labels_each_up_to
        is_refused = refused is not None and refused.data.get("category", "") == category
        rows.append(
            {
                "category": category,
                "products": known.get(category, {}).get("products", 0),
                "is_own": category in own,
                "terms": stands,
                "form": refused if is_refused else TermsForm(initial=initial, auto_id=f"id_{len(rows)}_%s"),
            }
        )
    return rows
