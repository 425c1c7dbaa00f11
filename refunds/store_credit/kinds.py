"""What store credit is for, and what can happen to it (R83, rule 13)."""

from decimal import Decimal
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Category(TextChoices):
    """Why credit was given: its expiry, its place in the spending order and its account follow from this."""

    REFUND = "refund", _("refund")  # the customer's own money, taken as credit
    BONUS = "bonus", _("bonus")  # on top, for taking credit instead of money
    GOODWILL = "goodwill", _("goodwill")
    GIFT = "gift", _("gift")


class EntryKind(TextChoices):
    GRANT = "grant", _("given")
    AUTHORIZE = "authorize", _("set aside")
    CAPTURE = "capture", _("spent")
    VOID = "void", _("free again")
    RELEASE = "release", _("given back")
    ADJUST = "adjust", _("corrected")
    EXPIRE = "expire", _("expired")
    INVALIDATE = "invalidate", _("taken back")


class Effect(NamedTuple):
    """By how many times its amount a movement changes each sum of its grant."""

    amount: int
    used: int
    authorized: int

    @property
    def balance(self) -> int:
        """The same for what is left to spend: amount − used − authorized."""
        return self.amount - self.used - self.authorized

    @property
    def owed(self) -> int:
        """The same for what we owe: credit set aside is owed until it is spent."""
        return self.amount - self.used


# The trigger in PostgreSQL that keeps the sums of a grant has the same table.
EFFECTS = {
    EntryKind.GRANT: Effect(+1, 0, 0),
    EntryKind.AUTHORIZE: Effect(0, 0, +1),
    EntryKind.CAPTURE: Effect(0, +1, -1),
    EntryKind.VOID: Effect(0, 0, -1),
    EntryKind.RELEASE: Effect(0, -1, 0),
    EntryKind.ADJUST: Effect(+1, 0, 0),  # its amount is signed; every other one is positive
    EntryKind.EXPIRE: Effect(-1, 0, 0),
    EntryKind.INVALIDATE: Effect(-1, 0, 0),
}


def balance_change(kind: str, amount: Decimal) -> Decimal:
    """What a movement of `amount` does to what is left to spend."""
    return EFFECTS[EntryKind(kind)].balance * amount
