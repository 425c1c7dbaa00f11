"""A credit memo on paper: one A4 page, set as PDF when somebody first asks for it."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from oms import rendering, shops
from oms.encryption import SYSTEM, Unreadable, seal, unseal
from oms.models import Customer
from oms.money import Money
from refunds.models import CreditMemo

KEPT_SECONDS = 7 * 24 * 3600
NEEDS = ("order__customer", "rma", "numbering")


def memo_response(memo: CreditMemo, *, named: bool = True) -> HttpResponse:
    """The paper as PDF; as a page every browser can print while nothing sets PDFs.

    Not `named`, it leaves out who the customer is, for staff who see no personal data.
    """
    try:
        content = memo_pdf(memo) if named else rendering.pdf(memo_html(memo, named=False))
    except rendering.RendererAway:
        return HttpResponse(memo_html(memo, named=named))
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{memo.known_as}.pdf"'
    return response


def memo_pdf(memo: CreditMemo) -> bytes:
    """The paper, set once and kept. It names its customer, so what is kept is sealed with that person's key.

    Raises RendererAway.
    """
    customer = memo.order.customer
    sealed: dict[str, Any] = {
        "table": "cache", "column": "memo", "row": memo.ref, "owner": customer if _has_key(customer) else SYSTEM,
    }  # fmt: skip
    key = f"memo/{memo.ref}/{memo.document}/{_has_key(customer)}"
    if (kept := cache.get(key)) is not None:
        try:
            return unseal(kept, **sealed)
        except Unreadable:
            pass  # kept under a key that is gone: set it again
    content = rendering.pdf(memo_html(memo))
    cache.set(key, seal(content, **sealed), timeout=KEPT_SECONDS)
    return content


def memo_html(memo: CreditMemo, *, named: bool = True) -> str:
    customer = memo.order.customer
    with translation.override(customer.language if customer else None):
        return render_to_string("documents/memo.html", _context(memo, customer if named else None))


def _has_key(customer: Customer | None) -> bool:
    return customer is not None and customer.wrapped_key is not None


def _context(memo: CreditMemo, customer: Customer | None) -> dict[str, Any]:
    shop = shops.current()
    zone, currency = ZoneInfo(shop.time_zone), memo.currency
    lines = list(_lines(memo))
    return {
        "shop": shop,
        "memo": memo,
        "title": _("Credit memo"),
        "issued": date_format(timezone.localtime(memo.issued_at, zone), "j F Y"),
        "ordered": date_format(timezone.localtime(memo.order.placed_at, zone), "j F Y"),
        "buyer": _address(customer) if customer else [],
        "lines": lines,
        "taxes": [
            {"rate": f"{rate.normalize():f} %" if rate else "", "tax": Money(tax, currency)}
            for rate, tax in memo.taxes().items()
            if tax
        ],
        "net": Money(memo.net, currency),
        "total": Money(memo.total, currency),
    }


def _lines(memo: CreditMemo) -> Any:
    """Every line of the memo with what it gives back, fees below zero."""
    quote, currency = memo.quote, memo.currency

    def line(row: dict[str, Any], what: str, quantity: Any, sign: int) -> dict[str, Any]:
        rate = Decimal(row["tax_rate"] or 0)
        amounts = {name: Money.parse(row[name], currency) for name in ("net", "tax", "gross")}
        return {
            "what": what,
            "quantity": quantity,
            "rate": f"{rate.normalize():f} %" if rate else "",
            **{name: amount if sign > 0 else -amount for name, amount in amounts.items()},
        }

    for row in quote.get("lines", ()):
        yield line(row, row["description"], row["quantity"], 1)
    for row in quote.get("shipping", ()):
        yield line(row, _("Shipping"), "", 1)
    for row in quote.get("fees", ()):
        if Decimal(row["gross"]):
            yield line(row, row["label"] or _("Fee"), "", -1)
    if not quote.get("lines") and not quote.get("shipping"):
        yield {
            "what": _("Goodwill"), "quantity": "", "rate": "",
            "net": Money(memo.net, currency), "tax": Money(memo.tax, currency), "gross": Money(memo.total, currency),
        }  # fmt: skip


def _address(customer: Customer) -> list[str]:
    parts = [customer.name, customer.street, f"{customer.postcode} {customer.city}".strip(), customer.country]
    return [part for part in parts if part] if _has_key(customer) else []
