"""What an entry belongs to, in words, and where its documents are shown."""

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, TextChoices
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import StockMovement, ValueMovement
from oms.models import JournalEntry
from refunds.models import Refund
from returns.models import Dispatch, Outcome, Parcel, Placement


class Kind(TextChoices):
    """What causes begin with, as the filter offers it."""

    CAPTURE = "capture", gettext_lazy("money that came in")
    REFUND = "refund", gettext_lazy("refunds")
    STORE_CREDIT = "store_credit", gettext_lazy("store credit")
    DISPUTE = "dispute", gettext_lazy("disputes")
    CARRIAGE = "label", gettext_lazy("shipping labels")
    GOODS = "goods", gettext_lazy("goods")
    MANUAL = "manual", gettext_lazy("made by hand")


DISPUTES = ("dispute/", "provider_fee/")
LABELS = ("label/", "dispatch_label/", "claim/")
GOODS = ("outcome/", "value/", "impairment/", "placement/", "work/", "vendor_return/")


def about(kind: str) -> Q:
    """Entries of this kind."""
    several = {Kind.GOODS: GOODS, Kind.DISPUTE: DISPUTES, Kind.CARRIAGE: LABELS}
    if kind in several:
        return reduce(or_, (Q(cause__startswith=one) for one in several[Kind(kind)]))
    return Q(cause__startswith=f"{kind}/")


def words(cause: str) -> str:
    """One sentence fragment for a cause: what it was."""
    first, _slash, rest = cause.partition("/")
    last = rest.split("/")
    if first == "refund" and len(last) > 1:
        return _("Refund failed after all") if last[1] == "failed" else _("Refund paid")
    if first in ("label", "dispatch_label"):
        return _("Unused label paid back") if last[-1] == "refunded" else _("Label bought")
    known = {
        "capture": _("Payment captured"),
        "store_credit": _("Store credit"),
        "outcome": _("Goods taken back"),
        "value": _("Value of goods"),
        "impairment": _("Loss of value by grade"),
        "placement": _("Returned goods sold off"),
        "work": _("Repair or refurbishing"),
        "vendor_return": _("Credit of a vendor"),
        "manual": _("Made by hand"),
        "dispute": _("Lost dispute"),
        "provider_fee": _("Fee of the payment provider"),
        "claim": _("Paid by the carrier for a parcel"),
    }
    return known.get(first, cause)


@dataclass(frozen=True)
class Document:
    """One thing an entry is about: its kind in words, its number, its page ("" when there is none)."""

    kind: str
    number: str
    url: str = ""


def documents(entry: JournalEntry) -> list[Document]:
    """Order, refund, credit memo, return and stock movements behind an entry."""
    found = []
    if entry.order is not None:
        found.append(Document(_("Order"), entry.order.number, reverse("orders:detail", args=[entry.order.number])))
    first, _slash, rest = entry.cause.partition("/")
    number = rest.split("/")[0]
    if first == "refund":
        refund = Refund.objects.select_related("memo__numbering", "rma").filter(number=number).first()
        if refund is not None:
            found.append(Document(_("Refund"), refund.number, refund.get_absolute_url()))
            memo = refund.memo
            found.append(Document(_("Credit memo"), memo.known_as, reverse("books:memo", args=[memo.number])))
            if refund.rma is not None:
                found.append(_return(refund.rma.number))
    elif first == "label" and (parcel := Parcel.objects.select_related("rma").filter(pk=number).first()):
        found.append(_return(parcel.rma.number))
    elif first == "dispatch_label" and (sent := Dispatch.objects.select_related("rma").filter(pk=number).first()):
        found.append(_return(sent.rma.number))
    elif first == "claim":
        found.append(Document(_("Parcel case"), number, reverse("returns:case", args=[number])))
    if first == "store_credit":
        found.append(Document(_("Store credit"), number, reverse("refunds:store_credit", args=[number])))
    if first == "outcome" and number.isdecimal():
        outcome = Outcome.objects.select_related("receipt__line__rma").filter(pk=number).first()
        if outcome is not None:
            found.append(_return(outcome.receipt.line.rma.number))
    elif first == "work":
        found.append(Document(_("Work order"), number, reverse("admin:work_order", args=[number])))
    elif first == "vendor_return":
        found.append(Document(_("Vendor return"), number, reverse("admin:vendor_return", args=[number])))
    elif first == "placement" and (place := Placement.objects.filter(pk=number).first()):
        found.append(Document(_("Goods"), str(place.outcome_id), reverse("admin:goods_of", args=[place.outcome_id])))
    return found


def movements(entry: JournalEntry) -> list[dict[str, Any]]:
    """What moved in the house for the same cause."""
    cause = entry.cause
    first, _slash, rest = cause.partition("/")
    if first == "value" and rest.isdecimal():  # a change of value cites what moved the goods
        cause = ValueMovement.objects.filter(pk=rest).values_list("cause", flat=True).first() or cause
    elif first == "impairment":
        cause = rest.removesuffix("/released")
    moved = StockMovement.objects.filter(cause=cause).select_related("product", "bin").order_by("pk")
    return [
        {
            "kind": movement.get_kind_display(),
            "quantity": str(movement.quantity).replace("-", "−"),
            "title": movement.product.title,
            "bin": str(movement.bin),
            "url": reverse("inventory:product", args=[movement.product.sku]),
        }
        for movement in moved[:50]
    ]


def _return(number: str) -> Document:
    return Document(_("Return"), number, reverse("returns:detail", args=[number]))
