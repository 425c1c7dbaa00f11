"""Kinds of places goods can be in, what may become of goods, and how they are counted in money."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from oms.roles import Role
from oms.statemachine import CREATED, Machine, Transition


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

    @classmethod
    def ours(cls) -> tuple[str, ...]:
        """Kinds whose goods we own: bought, or taken back and accepted."""
        return cls.SHELF, cls.QUARANTINE, cls.REFURBISH

    @classmethod
    def impaired(cls) -> tuple[str, ...]:
        """Kinds whose goods may be worth less than they cost, by their grade."""
        return cls.QUARANTINE, cls.REFURBISH


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


class CostingMethod(TextChoices):
    """What a unit costs when it leaves. Not which unit leaves: that is the issue order (N2)."""

    FIFO = "fifo", _("first in, first out")
    LIFO = "lifo", _("last in, first out")
    AVERAGE = "average", _("weighted average")
    SPECIFIC = "specific", _("specific identification")


class IssueOrder(TextChoices):
    """Which unit is taken from the shelf first. Not what it costs: that is the costing method (N2)."""

    OLDEST_FIRST = "oldest_first", _("the oldest first")
    NEWEST_FIRST = "newest_first", _("the newest first")
    RETURNED_FIRST = "returned_first", _("returned units first")


class ValueOp(TextChoices):
    RECEIVE = "receive", _("received")
    ISSUE = "issue", _("issued")
    RETURN = "return", _("returned by a customer")
    VENDOR_RETURN = "vendor_return", _("returned to the vendor")
    REVALUE = "revalue", _("revalued")


class CountStatus(TextChoices):
    COUNTING = "counting", _("being counted")
    AWAITING_APPROVAL = "awaiting_approval", _("waits for a second person")
    BOOKED = "booked", _("booked")
    DISCARDED = "discarded", _("discarded")

    @classmethod
    def open(cls) -> tuple["CountStatus", ...]:
        return cls.COUNTING, cls.AWAITING_APPROVAL


_COUNTERS = (Role.DOCK, Role.MANAGER, Role.ADMINISTRATOR)
_DECIDERS = (Role.MANAGER, Role.ADMINISTRATOR)

COUNT_MACHINE = Machine(
    "count",
    CountStatus,
    [
        Transition("start", (CREATED,), CountStatus.COUNTING, _COUNTERS),
        Transition("submit", (CountStatus.COUNTING,), CountStatus.AWAITING_APPROVAL, _COUNTERS),
        Transition("submit", (CountStatus.COUNTING,), CountStatus.BOOKED, _COUNTERS),
        Transition("approve", (CountStatus.AWAITING_APPROVAL,), CountStatus.BOOKED, _DECIDERS),
        Transition("recount", (CountStatus.AWAITING_APPROVAL,), CountStatus.COUNTING, _DECIDERS),
        Transition("discard", CountStatus.open(), CountStatus.DISCARDED, _COUNTERS),
    ],
    terminal=(CountStatus.BOOKED, CountStatus.DISCARDED),
)

COUNT_MEANING = {
    CountStatus.COUNTING: "moving",
    CountStatus.AWAITING_APPROVAL: "waiting",
    CountStatus.BOOKED: "good",
    CountStatus.DISCARDED: "",
}
