"""Codes of our own, printed on a sheet beside the station: what to do, and bins.

They are letters and digits alone, because scanners type symbols by the keyboard layout they are set to, and end in a
check character. What begins like them is read as one of them before anything else: never as a product or a return.
"""

from collections.abc import Iterable
from zlib import crc32

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from inventory.models import Bin
from oms.identifiers import ALPHABET
from oms.refusals import Refused

DO, BIN = "HWDO", "HWBIN"


class Action(TextChoices):
    ACCEPT = "ACCEPT", _("All of it is here")
    DAMAGED = "DAMAGED", _("Damaged: inspect it")
    INSPECT = "INSPECT", _("Inspect it")
    NEXT = "NEXT", _("Next parcel")
    UNDO = "UNDO", _("Take back the last step")
    MISSING = "MISSING", _("The rest is missing")
    EXTRA = "EXTRA", _("One more than announced")
    ANOTHER = "ANOTHER", _("Something else came instead")
    BESIDE = "BESIDE", _("It lay in there too")
    MISMATCH = "MISMATCH", _("Not the one sold")
    FOUND = "FOUND", _("A parcel without a return")

    @classmethod
    def on_paper(cls) -> tuple["Action", ...]:
        """What the sheet shows, in its order: the most used first."""
        return tuple(cls)


class UnreadableAction(Refused):
    code = "unreadable_action"
    sentence = _("This is one of our own codes, but it was read wrongly. Nothing was done: scan it again.")


def action_code(action: Action) -> str:
    return _checked(DO + action.value)


def bin_code(place: Bin) -> str:
    """What is printed on a bin: its warehouse and its own code."""
    return _checked(BIN + _plain(place.warehouse.code) + _plain(place.code))


def is_ours(code: str) -> bool:
    return _plain(code).startswith((DO, BIN))


def read_action(code: str) -> Action | None:
    """The action of a code; None when it is no action code. Raises UnreadableAction."""
    text = _plain(code)
    if not text.startswith(DO):
        return None
    for action in Action:
        if text == action_code(action):
            return action
    raise UnreadableAction


def read_bin(code: str, places: Iterable[Bin]) -> Bin | None:
    """Which of these bins (with their warehouses) the code names; None when it is no bin code at all.

    Raises UnreadableAction when it is one, but of none of them.
    """
    text = _plain(code)
    if not text.startswith(BIN):
        return None
    for place in places:
        if text == bin_code(place):
            return place
    raise UnreadableAction


def _plain(text: str) -> str:
    """Letters and digits in upper case: what is left when a keyboard layout garbles everything else."""
    return "".join(sign for sign in text.upper() if sign.isascii() and sign.isalnum())


def _checked(body: str) -> str:
    return body + ALPHABET[crc32(body.encode()) % len(ALPHABET)]
