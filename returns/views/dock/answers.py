"""What the scan station answers, in words that are read from two metres."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import Bin
from oms.refusals import Refused
from returns.found_states import FoundKind
from returns.models import RMA, FoundGoods, Putaway, Receipt, ReturnLine
from returns.states import ReceiptResult, RMAStatus

MOST_WORDS = 48  # a longer title would no longer be read from two metres


@dataclass(frozen=True, slots=True)
class Answer:
    words: str
    next: str = ""
    meaning: str = ""
    icon: str = ""


def refused(why: Refused, following: str = "") -> Answer:
    return Answer(str(why), following, "bad")


def title_of(line: ReturnLine) -> str:
    """What the line is called on the screen."""
    title = line.order_line.description or line.order_line.sku
    return title if len(title) <= MOST_WORDS else title[: MOST_WORDS - 1].rstrip() + "…"


def pieces(count: int) -> str:
    return ngettext("%(count)s piece", "%(count)s pieces", count) % {"count": count}


def about(rma: RMA, lines: list[ReturnLine]) -> Answer:
    """What this return needs now, said when it is opened."""
    left = sum(line.outstanding for line in lines)
    if rma.status in RMAStatus.awaiting_goods():
        return Answer(
            _("%(pieces)s to count") % {"pieces": pieces(left)},
            _("Scan each piece of %(rma)s, or count below.") % {"rma": rma.number},
            "moving",
            "parcel",
        )
    words, following, meaning = _CLOSED_DOORS[RMAStatus(rma.status)]()
    return Answer(words, following, meaning)


def counted(receipt: Receipt, rma: RMA, lines: list[ReturnLine]) -> Answer:
    """What was just written down, and what is next."""
    line = next(line for line in lines if line.pk == receipt.line_id)
    left = sum(line.outstanding for line in lines)
    if receipt.result == ReceiptResult.RECEIVED:
        here = {"here": line.arrived, "all": line.quantity}
        words = _("%(here)s of %(all)s here") % here
    else:
        words = f"{receipt.quantity} × {ReceiptResult(receipt.result).label}"
    if left:
        following = _("%(title)s. %(pieces)s still to come: scan the next one.")
        return Answer(words, following % {"title": title_of(line), "pieces": pieces(left)}, _tone(receipt))
    if not any(line.arrived > line.inspected for line in lines):
        return Answer(words, _("Every piece is accounted for, and none is left to inspect."), _tone(receipt))
    return Answer(words, _("Every piece is accounted for. Inspect it now."), _tone(receipt))


def taken_back(receipt: Receipt, rma: RMA, lines: list[ReturnLine]) -> Answer:
    """What is no longer counted, and what is here now."""
    line = next(line for line in lines if line.pk == receipt.line_id)
    following = _("%(title)s: %(here)s of %(all)s here now.")
    shown = {"title": title_of(line), "here": line.arrived, "all": line.quantity}
    return Answer(_("Taken back"), following % shown, "careful", "undo")


def recorded(found: FoundGoods) -> Answer:
    """Goods nobody announced: where to put them, and who decides."""
    place = found.bin.code if found.bin else ""
    following = _("%(number)s · %(what)s. The service desk decides; nothing is booked.")
    shown = {"number": found.number, "what": FoundKind(found.kind).label}
    return Answer(_("Put it into %(bin)s") % {"bin": place}, following % shown, "careful", "boxes")


def withdrawn(found: FoundGoods) -> Answer:
    return Answer(_("Taken back"), _("%(number)s is not put aside.") % {"number": found.number}, "careful", "undo")


def put_away(step: Sequence[Putaway]) -> Answer:
    """Where units stand from now on, or again."""
    units = ngettext("%(count)s unit.", "%(count)s units.", len(step)) % {"count": len(step)}
    if step[0].undoes_id:
        return Answer(
            _("Taken back"), _("%(units)s They stand where they stood.") % {"units": units}, "careful", "undo"
        )
    return Answer(_("In %(bin)s") % {"bin": step[0].target.code}, units, "good")


def filling(place: Bin) -> Answer:
    """A bin was scanned first."""
    following = _("%(house)s. Scan each unit, or a return: it is put there at once. Another bin takes over.")
    words = _("Into %(bin)s") % {"bin": place.code}
    return Answer(words, following % {"house": place.warehouse.name}, "moving", "boxes")


def _tone(receipt: Receipt) -> str:
    return "good" if receipt.result == ReceiptResult.RECEIVED else "careful"


_CLOSED_DOORS = {
    RMAStatus.NEEDS_REVIEW: lambda: (
        _("Not approved yet"),
        _("The service desk decides first. Put the parcel on the shelf for questions; nothing was counted."),
        "careful",
    ),
    RMAStatus.NEEDS_INFO: lambda: (
        _("Waits for the customer"),
        _("The service desk asked a question. Put the parcel on the shelf for questions; nothing was counted."),
        "careful",
    ),
    RMAStatus.RECEIVED: lambda: (_("All here"), _("Every piece is accounted for. Inspect it now."), "good"),
    RMAStatus.INSPECTED: lambda: (_("Inspected"), _("Nothing is left to do here."), "good"),
    RMAStatus.CLOSED: lambda: (
        _("Already finished"),
        _("If a parcel with this number came today, keep it aside and tell the service desk."),
        "careful",
    ),
    RMAStatus.REJECTED: lambda: (
        _("Not accepted"),
        _("This return was rejected. Keep the parcel aside; the service desk writes to the customer."),
        "bad",
    ),
    RMAStatus.CANCELED: lambda: (
        _("Canceled"),
        _("The customer called this return off. Keep the parcel aside; the service desk decides."),
        "bad",
    ),
    RMAStatus.EXPIRED: lambda: (
        _("Ran out"),
        _("It was not posted in time. Keep the parcel aside; the service desk decides."),
        "bad",
    ),
}
