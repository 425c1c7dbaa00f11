"""The parcels of a return as its pages show them: what lies in each, its label, and the forms it can be had in."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from returns.carriers.offers import offered
from returns.models import RMA, Parcel, ReturnLine
from returns.parcels import packed
from returns.states import LabelKind, ParcelStatus, RMAStatus

# What customers read: the words, the line under them, the picture.
WORDS = {
    LabelKind.CODE: (
        gettext_lazy("Show a code at the counter"),
        gettext_lazy("no printer: they print the label for you"),
        "phone",
    ),
    LabelKind.A4: (
        gettext_lazy("Print it on A4 paper"),
        gettext_lazy("PDF, one page, with a line to cut along"),
        "print",
    ),
    LabelKind.INVOICE: (
        gettext_lazy("Invoice for customs"),
        gettext_lazy("PDF · goes into a pouch on the parcel, unfolded"),
        "receipt",
    ),
    LabelKind.ZPL: (
        gettext_lazy("Print it on a label printer"),
        gettext_lazy("ZPL, 4 × 6 inches"),
        "label",
    ),
}


def told(rma: RMA, lines: Sequence[ReturnLine]) -> list[dict[str, Any]]:
    """Each parcel that was not voided, oldest first, numbered where there are several."""
    parcels = parcels_of(rma)
    return [_box(rma, parcel, number, len(parcels), lines) for number, parcel in enumerate(parcels, start=1)]


def unused(rma: RMA, told: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those whose label belongs on the page: all while nothing was posted, then what is still to be posted."""
    if rma.status == RMAStatus.APPROVED:
        return list(told)
    if len(told) < 2 or rma.status not in RMAStatus.awaiting_goods():
        return []
    return [box for box in told if box["parcel"].status in (ParcelStatus.WANTED, ParcelStatus.LABELED)]


def may_spread(rma: RMA, told: Sequence[dict[str, Any]], lines: Sequence[ReturnLine]) -> bool:
    """Whether the goods may still be divided among other parcels."""
    waits = (ParcelStatus.WANTED, ParcelStatus.LABELED)
    untouched = all(box["parcel"].status in waits and not box["parcel"].is_own for box in told)
    several = sum(line.quantity for line in lines) > 1
    return rma.status == RMAStatus.APPROVED and bool(told) and untouched and several


def parcels_of(rma: RMA) -> list[Parcel]:
    kept = [parcel for parcel in rma.parcels.all() if parcel.status != ParcelStatus.VOIDED]
    return sorted(kept, key=lambda parcel: parcel.pk)


def forms_of(rma: RMA, parcel: Parcel) -> list[dict[str, Any]]:
    """The forms this parcel's label can be had in: {kind, title, hint, icon, state}.

    `state`: offered (somebody may ask), waiting (a worker fetches it), ready, refused (by the carrier).
    """
    known = {one["kind"]: one for one in getattr(parcel, "forms", None) or ()}
    usable = parcel.status == ParcelStatus.LABELED and bool(parcel.shipment_id)
    found = []
    for kind in offered(parcel.carrier, rma) if usable else ():
        if kind == LabelKind.INVOICE and not (known.get(kind) or {}).get("ready"):
            continue  # fetched without being asked for; a carrier that tells customs itself gives none
        title, hint, icon = WORDS[kind]
        if kind == LabelKind.INVOICE and rma.recipient_id is not None:
            hint = gettext_lazy(
                "PDF · goes into a pouch on the parcel, unfolded. Customs ask for a value: it says what these goods "
                "sell for now, not what was paid"
            )
        found.append({"kind": kind.value, "title": title, "hint": hint, "icon": icon, "state": _state(known.get(kind))})
    return found


def contents(parcel: Parcel, lines: Sequence[ReturnLine]) -> list[str]:
    """2 × Blue mug"""
    plan = {one["line"]: one["quantity"] for one in getattr(parcel, "plan", None) or ()}
    return [f"{one.quantity} × {one.line.order_line.description}" for one in packed(plan, lines)]


def _state(known: dict[str, Any] | None) -> str:
    if known is None:
        return "offered"
    return "ready" if known["ready"] else "refused" if known["refused"] else "waiting"


def _box(rma: RMA, parcel: Parcel, number: int, of: int, lines: Sequence[ReturnLine]) -> dict[str, Any]:
    link = {"number": rma.number, "signature": rma.signature}
    there = {**link, "parcel": parcel.pk}
    forms = [
        form | {"url": reverse("portal:label_file", kwargs={**there, "kind": form["kind"]})}
        for form in forms_of(rma, parcel)
    ]
    return {
        "parcel": parcel,
        "contents": contents(parcel, lines),
        "title": _("Parcel %(number)s of %(of)s") % {"number": number, "of": of} if of > 1 else "",
        "has_label": parcel.labeled_at is not None and parcel.label_type != "",
        "waiting": parcel.status == ParcelStatus.WANTED and not parcel.held_for,
        "held": parcel.held_for,
        "label_url": reverse("portal:parcel_label", kwargs=there) if of > 1 else reverse("portal:label", kwargs=link),
        "ready": [form for form in forms if form["state"] == "ready"],
        "fetching": [form for form in forms if form["state"] == "waiting"],
        "offered": [form for form in forms if form["state"] == "offered"],
        "refused": [form for form in forms if form["state"] == "refused"],
    }
