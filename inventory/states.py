"""Kinds of places goods can be in, and what may become of goods."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class BinKind(TextChoices):
    EXPECTED = "expected", _("announced, still with the customer")  # not on hand
    DOCK = "dock", _("received, not looked at yet")
    SHELF = "shelf", _("sellable")
    QUARANTINE = "quarantine", _("quarantine")
    HOLD = "hold", _("waiting for the customer's answer")
    REFURBISH = "refurbish", _("to refurbish or repair")
    OUTBOUND = "outbound", _("going out again")
    SCRAP = "scrap", _("scrap")

    @classmethod
    def on_hand(cls) -> tuple[str, ...]:
        """Kinds whose goods are in our house."""
        return tuple(kind for kind in cls if kind is not cls.EXPECTED)


class Disposition(TextChoices):
    RESTOCK = "restock", _("restock")
    REFURBISH = "refurbish", _("refurbish")
    REPAIR = "repair", _("repair")
    QUARANTINE = "quarantine", _("quarantine")
    PARTS = "parts", _("parts")
    RETURN_TO_VENDOR = "return_to_vendor", _("return to vendor")
    RETURN_TO_CUSTOMER = "return_to_customer", _("return to customer")
    LIQUIDATE = "liquidate", _("liquidate")
    DONATE = "donate", _("donate")
    SCRAP = "scrap", _("scrap")


class Grade(TextChoices):
    A = "A", _("A · like new")
    B = "B", _("B · light marks")
    C = "C", _("C · clear marks")
    D = "D", _("D · not sellable")


class MovementKind(TextChoices):
    EXPECT = "expect", _("announced")
    RECEIVE = "receive", _("received")
    PUTAWAY = "putaway", _("put away")
    RELEASE = "release", _("no longer expected")
    ISSUE = "issue", _("issued")
    ADJUST = "adjust", _("adjusted")
    SCRAP = "scrap", _("scrapped")
