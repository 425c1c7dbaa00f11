"""Goods instead of money: choose them, see the one net amount, agree (R85, rule 9).

Two screens: what goes out instead of each item, and what the whole comes to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from inventory import reservations
from oms import outbox, shops
from oms.models import OrderLine, Product
from oms.money import Money
from oms.refusals import Refused
from oms.templatetags.components import money as money_text
from refunds.pricing import price_return
from returns import drafts, exchanges, lifecycle, reference
from returns.eligibility import OrderFile, Preview, Wanted, judge, open_file
from returns.exchanges import Instead, Outgoing
from returns.forms.exchange import ExchangeForm, FindForm, PickForm
from returns.models import ReturnDraft
from returns.policy import Verdict
from returns.refusals import QuoteChanged
from returns.states import Resolution
from returns.views.portal import choosing, offers
from returns.views.portal.draft_pages import buyers_page

NONE = "none"
PER_PAGE = 12
FEW = 5  # so many left are counted out loud


@dataclass(frozen=True)
class Shelf:
    """One product to choose on the page."""

    product: Product
    title: str
    price: Money
    extra: str  # what it costs beyond the item that comes back
    left: int
    note: str


@require_http_methods(["GET", "HEAD", "POST"])
@buyers_page
def exchange(request: HttpRequest, draft: ReturnDraft) -> HttpResponse:
    """What goes out and what it comes to; sent, the return begins and the goods are set aside."""
    wanted, picks = drafts.wanted(draft), drafts.picks(draft)
    if not wanted:
        return redirect("portal:items", draft.ref)
    if not any(line.order_line_id in picks for line in wanted):
        return redirect("portal:exchange_item", draft.ref, wanted[0].order_line_id)
    if request.method != "POST":
        return _whole(request, draft, wanted, picks)
    form = ExchangeForm(request.POST, currency=draft.order.currency)
    if not form.is_valid():
        return _whole(request, draft, wanted, picks, form=form, status=422)
    if request.POST.get("chosen", "") not in ("", drafts.fingerprint(draft, "lines", "instead")):
        return _whole(request, draft, wanted, picks, rechosen=True, status=409)
    now, customer = timezone.now(), draft.order.customer
    try:
        rma = lifecycle.request(
            draft.order.number,
            wanted,
            resolution=Resolution.EXCHANGE,
            instead=_instead(wanted, picks),
            price=price_return,
            form_token=draft.ref,
            by=customer.actor,
            at=now,
            **form.cleaned_data,
        )
    except Refused as refused:
        outbox.record_refusal(refused, verb="request", subject=draft.order.stream, by=customer.actor, at=now)
        changed = isinstance(refused, QuoteChanged)
        return _whole(request, draft, wanted, picks, changed=changed, refusal=str(refused), status=409)
    return redirect(rma.get_portal_path())


def _instead(wanted: Sequence[Wanted], picks: Mapping[int, str]) -> list[Instead]:
    """Choices as products; what is no product any more is refused by the verb."""
    skus = {picks[one.order_line_id] for one in wanted if one.order_line_id in picks}
    known = dict(Product.objects.filter(sku__in=skus).values_list("sku", "pk"))
    return [
        Instead(one.order_line_id, known.get(picks[one.order_line_id], 0))
        for one in wanted
        if picks.get(one.order_line_id, NONE) != NONE
    ]


def _whole(
    request: HttpRequest,
    draft: ReturnDraft,
    wanted: Sequence[Wanted],
    picks: Mapping[int, str],
    *,
    form: ExchangeForm | None = None,
    changed: bool = False,
    rechosen: bool = False,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    file = open_file(draft.order, at=now)
    try:
        found = judge(file, wanted, resolution=Resolution.EXCHANGE, price=price_return, at=now)
        chosen = _instead(wanted, picks) if found.units else ()
        outgoing = exchanges.outgoing(file, wanted, found.units, chosen, Resolution.EXCHANGE) if chosen else None
    except Refused as refused:
        # What was chosen cannot be had any more: choose again, with the sentence that says so.
        return _items(request, draft, file, wanted[0].order_line_id, refusal=str(refused), status=409)
    if outgoing is None or found.decision.verdict is Verdict.DENY:
        return redirect("portal:resolution", draft.ref)
    context = {
        "draft": draft,
        "shop": shops.current(),
        "chosen": drafts.fingerprint(draft, "lines", "instead"),
        "form": form,
        "changed": changed,
        "rechosen": rechosen,
        "refusal": "" if changed else refusal,
        "rows": [
            {
                "line": file.lines[one.order_line_id],
                "quantity": one.quantity,
                "goods": next((new for new in outgoing.goods if new.instead_of.pk == one.order_line_id), None),
            }
            for one in wanted
        ],
        "decision": offers.decided(found.decision, ZoneInfo(file.version.time_zone)),
        "confirmed_total": f"{found.total:f}",
        "confirmed_gross": f"{outgoing.gross:f}",
        **sums(found, outgoing, file.order.currency),
    }
    for row in context["rows"]:
        row["title"] = exchanges.title_of(row["goods"].product) if row["goods"] else ""
        row["price"] = Money(row["goods"].gross, file.order.currency) if row["goods"] else None
    return render(request, "portal/exchange.html", context, status=status)


def sums(found: Preview, outgoing: Outgoing, currency: str) -> dict[str, Any]:
    """One net amount: what comes back less fees, less what goes out; whoever owes the rest (rule 9)."""
    told = offers.receipt(found.quote, reference.conditions())
    balance = found.total - outgoing.gross
    lines = [*told["lines"]]
    lines.append({"label": _("Your return is worth"), "money": Money(found.total, currency), "kind": "subtotal"})
    lines += [
        {
            "label": f"{one.quantity} × {exchanges.title_of(one.product)}",
            "money": Money(-one.gross, currency),
        }
        for one in outgoing.goods
    ]
    if balance > 0:
        title, label = _("You get %(amount)s back"), _("You get")
    elif balance < 0:
        title, label = _("You pay %(amount)s"), _("You pay")
    else:
        title, label = _("Nothing to pay"), _("Difference")
    amount = Money(abs(balance), currency)
    return {
        "title": title % {"amount": money_text(amount)} if balance else title,
        "receipt": {"lines": lines, "total": amount, "label": label, "working": told["working"]},
        "tax": Money(outgoing.tax, currency),
        "customer_pays": balance < 0,
        "shop_pays": balance > 0,
    }


# ── What instead of one item ──────────────────────────────────────────────────────────────────────────────────────


@require_http_methods(["GET", "HEAD", "POST"])
@buyers_page
def exchange_item(request: HttpRequest, draft: ReturnDraft, line: int) -> HttpResponse:
    """Choose what goes out instead of this item, with what it costs and how many there are."""
    wanted = drafts.wanted(draft)
    if line not in {one.order_line_id for one in wanted}:
        raise Http404
    file = open_file(draft.order, at=timezone.now())
    if request.method != "POST":
        return _items(request, draft, file, line)
    form = PickForm(request.POST)
    if not form.is_valid():
        return _items(request, draft, file, line, refusal=str(next(iter(form.errors.values()))[0]), status=422)
    sku = form.cleaned_data["product"]
    if sku != NONE:
        product = _offered(file, file.lines[line]).filter(sku=sku).first() if "\0" not in sku else None
        if product is None:
            return _items(request, draft, file, line, refusal=_("Choose one of those shown."), status=422)
        if not reservations.available([product.pk]):
            refusal = _("%(title)s is not there any more. Please choose something else.")
            return _items(
                request, draft, file, line, refusal=refusal % {"title": exchanges.title_of(product)}, status=409
            )
    drafts.pick(draft, line, sku, at=timezone.now())
    chosen = drafts.picks(draft)
    following = next((one.order_line_id for one in wanted if one.order_line_id not in chosen), None)
    if following is not None:
        return redirect("portal:exchange_item", draft.ref, following)
    if all(choice == NONE for choice in chosen.values()):
        return redirect("portal:resolution", draft.ref)
    return redirect("portal:exchange", draft.ref)


def _offered(file: OrderFile, line: OrderLine) -> Any:
    terms = exchanges.terms_for(file, line, Resolution.EXCHANGE)
    if terms is None:
        return Product.objects.none()
    return exchanges.choices(line, terms.scope, file.order.currency)


def _items(
    request: HttpRequest, draft: ReturnDraft, file: OrderFile, line: int, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    sold, wanted = file.lines[line], drafts.wanted(draft)
    asked = next(one for one in wanted if one.order_line_id == line)
    try:
        found = judge(file, wanted, resolution=Resolution.EXCHANGE, price=price_return, at=timezone.now())
    except Refused:
        return redirect("portal:items", draft.ref)
    find = FindForm(request.GET)
    words = find.cleaned_data["q"].replace("\0", "").strip() if find.is_valid() else ""
    offered = _offered(file, sold)
    for word in words.split():
        offered = offered.filter(Q(title__icontains=word) | Q(sku__icontains=word))
    page = Paginator(offered, PER_PAGE).get_page(request.GET.get("page"))
    units = found.units.get(line, ())
    free = reservations.available([one.pk for one in page])
    context = {
        "draft": draft,
        "shop": shops.current(),
        "sold": sold,
        "quantity": asked.quantity,
        "several": len(wanted) > 1,
        "number": [one.order_line_id for one in wanted].index(line) + 1,
        "of": len(wanted),
        "shelves": [shelf_of(file, sold, one, units, free.get(one.pk, 0), asked.quantity) for one in page],
        "page": page,
        "words": words,
        "searchable": bool(words) or page.paginator.num_pages > 1,
        "picked": drafts.picks(draft).get(line, ""),
        "none": NONE,
        "refusal": refusal,
    }
    return render(request, "portal/exchange_item.html", context, status=status)


def shelf_of(file: OrderFile, sold: OrderLine, product: Product, units: Any, left: int, wanted: int) -> Shelf:
    currency = file.order.currency
    gross, _tax = exchanges.price(sold, product, units, currency)
    paid, _of_it = exchanges.price(sold, sold.product, units, currency) if sold.product else (gross, None)
    more = gross - paid
    if left < wanted:
        note = _("Not there just now") if not left else _("Only %(left)s left") % {"left": left}
    else:
        note = _("%(left)s left") % {"left": left} if left <= FEW else _("In stock")
    extra = ""
    if more:
        extra = ("+ " if more > 0 else "− ") + money_text(Money(abs(more), currency))
    return Shelf(
        product=product,
        title=product.option or product.title,
        price=Money(gross, currency),
        extra=extra or _("same price"),
        left=left if left >= wanted else 0,
        note=note,
    )


# ── The card among the ways to settle ─────────────────────────────────────────────────────────────────────────────


def _can_exchange(file: OrderFile, wanted: Sequence[Wanted]) -> bool:
    """Whether there is something to exchange one of these items for, now."""
    for one in wanted:
        line = file.lines[one.order_line_id]
        terms = exchanges.terms_for(file, line, Resolution.EXCHANGE)
        if terms is not None and exchanges.anything_to_choose(line, terms.scope, file.order.currency):
            return True
    return False


def _can_replace(file: OrderFile, wanted: Sequence[Wanted]) -> bool:
    """Whether all of these items are there again, now."""
    lines = {one.order_line_id: file.lines[one.order_line_id] for one in wanted}
    if any(exchanges.terms_for(file, line, Resolution.REPLACEMENT) is None for line in lines.values()):
        return False
    asked: dict[int, int] = {}
    for one in wanted:
        product = lines[one.order_line_id].product_id
        asked[product] = asked.get(product, 0) + one.quantity
    free = reservations.available(list(asked))
    return all(free.get(product, 0) >= quantity for product, quantity in asked.items())


def _replacement_words(file: OrderFile, found: Preview) -> Mapping[str, str]:
    return {"when": _("At no charge. We set it aside for you now.")}


def _exchange_words(file: OrderFile, found: Preview) -> Mapping[str, str]:
    return {"when": _("Choose on the next page; we set it aside for you now.")}


choosing.STEP_OF[Resolution.EXCHANGE] = "portal:exchange"
choosing.ONLY_IF |= {Resolution.EXCHANGE: _can_exchange, Resolution.REPLACEMENT: _can_replace}
choosing.WORDS_OF |= {Resolution.EXCHANGE: _exchange_words, Resolution.REPLACEMENT: _replacement_words}
