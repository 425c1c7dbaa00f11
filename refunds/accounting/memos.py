"""Numbered credit memos of some days as plain rows, for the layouts that take documents instead of entries."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from oms.models import Customer
from oms.money import MoneyError, check_amount
from refunds.accounting.base import Days
from refunds.models import CreditMemo
from refunds.states import RefundSource

CHUNK = 500


@dataclass(frozen=True)
class MemoLine:
    """One line of a memo: `kind` is goods, shipping, fee or goodwill; fees are below zero. In major units."""

    kind: str
    sku: str
    what: str
    quantity: int
    net: Decimal
    tax: Decimal
    rate: Decimal | None

    def priced(self, currency: str) -> tuple[int, Decimal, str]:
        """Pieces, the net of one, and words, so that pieces × net is exactly the amount.

        Where the net of one piece is not exact in the currency, it is one piece at the whole amount that says how many
        it stands for.
        """
        try:
            return self.quantity, check_amount(self.net / self.quantity, currency), self.what
        except MoneyError:
            return 1, self.net, f"{self.quantity} × {self.what}"


@dataclass(frozen=True)
class Memo:
    """A memo with its buyer as far as we still know them."""

    document: str
    day: date
    currency: str
    order: str
    rma: str
    source: str
    tax: Decimal
    total: Decimal
    lines: tuple[MemoLine, ...]
    name: str
    email: str
    street: str
    city: str
    region: str
    postcode: str
    country: str

    @property
    def reference(self) -> str:
        return self.rma or self.order


def memos(days: Days) -> Iterator[Memo]:
    """Yield every numbered memo issued on these days, by series and number, a few at a time."""
    found = (
        CreditMemo.objects.filter(issued_at__gte=days.begins_at, issued_at__lt=days.ends_at, numbering__isnull=False)
        .select_related("numbering", "order__customer", "rma")
        .prefetch_related("lines__order_line")
        .order_by("numbering__series", "numbering__serial")
    )
    for memo in found.iterator(chunk_size=CHUNK):
        order, customer = memo.order, memo.order.customer
        known = customer is not None and customer.wrapped_key is not None
        yield Memo(
            document=memo.document,
            day=days.day_of(memo.issued_at),
            currency=memo.currency,
            order=order.number,
            rma=memo.rma.number if memo.rma else "",
            source=memo.source,
            tax=check_amount(memo.tax, memo.currency),
            total=check_amount(memo.total, memo.currency),
            lines=tuple(_lines(memo)),
            region=order.region,
            country=order.country,
            **_person(customer if known else None, customer),
        )


def _person(known: Customer | None, customer: Customer | None) -> dict[str, str]:
    if known is None:
        name = str(customer) if customer else "Customer"
        return {"name": name, "email": "", "street": "", "city": "", "postcode": ""}
    names = ("email", "street", "city", "postcode")
    return {"name": known.name or str(known)} | {name: getattr(known, name) for name in names}


def _lines(memo: CreditMemo) -> Iterator[MemoLine]:
    quote, currency = memo.quote, memo.currency
    skus = {str(line.order_line_id): line.order_line.sku for line in memo.lines.all() if line.order_line}

    def line(kind: str, row: dict[str, Any], sku: str, what: str, quantity: int, sign: int = 1) -> MemoLine:
        net, tax = (check_amount(sign * Decimal(row[name]), currency) for name in ("net", "tax"))
        return MemoLine(kind, sku, what, quantity, net, tax, Decimal(row["tax_rate"] or 0) or None)

    for row in quote.get("lines", ()):
        yield line("goods", row, skus.get(row["key"], ""), row["description"], row["quantity"])
    for row in quote.get("shipping", ()):
        yield line("shipping", row, "", "Shipping", 1)
    for row in quote.get("fees", ()):
        if Decimal(row["gross"]):
            yield line("fee", row, "", row["label"] or row["code"], 1, -1)
    if not quote.get("lines") and not quote.get("shipping"):
        kind = "goodwill" if memo.source == RefundSource.GOODWILL else "other"
        tax = check_amount(memo.tax, currency)
        yield MemoLine(
            kind, "", memo.get_source_display().capitalize(), 1, check_amount(memo.total - tax, currency), tax, None
        )
