"""What mails about a return have in common: its goods, its pages, its days, its quote."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from notifications.occasions import Occasion
from oms.money import Money
from returns.models import RMA
from returns.states import Resolution, Settlement

GOODS = (Resolution.EXCHANGE, Resolution.REPLACEMENT)


def of_return(rma: RMA, occasion: Occasion) -> dict[str, Any]:
    return {
        "rma_number": rma.number,
        "status_url": rma.get_portal_url(),
        "items": items(rma.quote),
        "instead": items(rma.quote.get("exchange", {})) if rma.resolution in GOODS else [],
        "note": rma.decision_note,
        "is_paid": rma.settlement == Settlement.SETTLED,
        "is_owed": rma.settlement in (Settlement.DUE, Settlement.IN_PROGRESS, Settlement.FAILED),
    }


def items(quote: Mapping[str, Any]) -> list[str]:
    return [f"{line['quantity']} × {line['description']}" for line in quote.get("lines", ())]


def page(rma: RMA | None, name: str, *more: int) -> str:
    assert rma is not None
    return settings.PUBLIC_URL + reverse(f"portal:{name}", args=[rma.number, rma.signature, *more])


def day(at: datetime | date | None, occasion: Occasion) -> str:
    """Wednesday 2 December: a mail may be read days later, so no "tomorrow"."""
    if at is None:
        return ""
    return date_format(occasion.calendar.local(at) if isinstance(at, datetime) else at, "l j F")


def receipt(quote: Mapping[str, Any]) -> dict[str, Any]:
    """A stored quote as `mail/components/receipt.html` wants it."""
    if not quote.get("lines"):
        return {"lines": [], "total": None}
    currency = quote["currency"]

    def money(amount: str) -> Money:
        return Money(Decimal(amount), currency)

    lines: list[dict[str, Any]] = []
    for line in quote["lines"]:
        lines.append({"label": f"{line['quantity']} × {line['description']}", "money": money(line["value"])})
        if Decimal(line["deduction"]):
            lines.append({"label": _("Deducted for its condition"), "money": -money(line["deduction"])})
    lines += [{"label": _("Shipping"), "money": money(one["gross"])} for one in quote.get("shipping", ())]
    lines += [
        {"label": _fee(fee["code"]), "money": -money(fee["gross"])}
        for fee in quote.get("fees", ())
        if Decimal(fee["gross"])
    ]
    return {"lines": lines, "total": money(quote["total"])}


def _fee(code: str) -> str:
    return {
        "restocking": _("Restocking fee"),
        "return_label": _("Return label"),
        "promotion": _("Discount that no longer applies"),
    }.get(code, _("Fee"))
