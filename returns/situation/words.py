"""Whose turn it is, and a return with the words for its dates."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from oms.models import Shop
from returns import calendars
from returns.models import RMA, Hold, Parcel
from returns.states import HoldStatus, ParcelStatus


class Turn(TextChoices):
    """Who acts next, as the customer reads it; staff pages say `staff_label`."""

    CUSTOMER = "customer", _("Your turn")
    SHOP = "shop", _("Our turn")
    CARRIER = "carrier", _("With the carrier")
    NOBODY = "nobody", _("Nothing left to do")

    @property
    def staff_label(self) -> str:
        return _STAFF_LABELS[self]


_STAFF_LABELS: dict[str, Any] = {
    Turn.CUSTOMER: _("customer"),
    Turn.SHOP: _("us"),
    Turn.CARRIER: _("carrier"),
    Turn.NOBODY: _("nobody"),
}


@dataclass(frozen=True, slots=True)
class Situation:
    """`meaning` is one of the five of the visual language, `label` the status in a word or two."""

    sentence: str
    next_step: str
    who_acts: Turn
    meaning: str
    label: str


class Story:
    """A return with the words for its dates."""

    def __init__(self, rma: RMA, now: datetime, shop: Shop) -> None:
        self.rma = rma
        self.now = now
        self.days = shop.processing_days
        self.calendar = calendars.of(rma.warehouse)
        # The parcel that counts: of several the one that is furthest behind, or in trouble.
        known = getattr(rma, "parcels_told", None)
        parcels = rma.parcels.all() if known is None else known
        self.parcels = [parcel for parcel in parcels if parcel.status != ParcelStatus.VOIDED]
        behind = sorted(self.parcels, key=lambda parcel: (_BEHIND[ParcelStatus(parcel.status)], -parcel.pk))
        self.parcel: Parcel | None = behind[0] if behind else None

    def say(self, sentence: str, next_step: str, who: Turn, meaning: str, label: str) -> Situation:
        return Situation(str(sentence), str(next_step), who, meaning, str(label))

    def on(self, at: datetime | None) -> str:
        return calendars.day_words(self.calendar.local(at or self.now), self.calendar.local(self.now))

    def by(self, start: datetime | None) -> str:
        """The last business day on which we should have dealt with what came to us at `start`."""
        due = self.calendar.after(start or self.now, self.days)
        today = self.calendar.local(self.now)
        # A promise that was missed is not repeated: the next business day is.
        due = due if due >= today else self.calendar.after(self.now, 1)
        return calendars.day_words(due, today)

    @property
    def takes(self) -> str:
        return ngettext("%(count)s business day", "%(count)s business days", self.days) % {"count": self.days}

    @property
    def own_label(self) -> bool:
        return bool(self.rma.decision.get("label") == "own")

    @property
    def open_hold(self) -> HoldStatus | None:
        """Whether goods we refused wait for the customer's answer, or for us to look again at what they dispute."""
        try:
            status = self.rma.open_hold
        except AttributeError:
            status = open_holds(self.rma.pk).first()
        return HoldStatus(status) if status else None


def open_holds(rma: Any) -> QuerySet[Hold, str]:
    """Statuses of what is undecided on this return (its key, or a reference to it); the customer's turn comes first."""
    return (
        Hold.objects.filter(outcome__receipt__line__rma=rma, status__in=(HoldStatus.WAITING, HoldStatus.DISPUTED))
        .order_by(models.Case(models.When(status=HoldStatus.WAITING, then=0), default=1))
        .values_list("status", flat=True)
    )


_BEHIND = {
    status: place
    for place, status in enumerate(
        (
            ParcelStatus.PROBLEM,
            ParcelStatus.WANTED,
            ParcelStatus.LABELED,
            ParcelStatus.IN_TRANSIT,
            ParcelStatus.OUT_FOR_DELIVERY,
            ParcelStatus.DELIVERED,
            ParcelStatus.ARRIVED,
        )
    )
}
UNUSED = (ParcelStatus.WANTED, ParcelStatus.LABELED)
