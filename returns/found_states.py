"""States of goods that lie at the dock without a line of a return."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from oms.roles import Role
from oms.statemachine import CREATED, Machine, Transition

_DESK = (Role.AGENT, Role.MANAGER, Role.ADMINISTRATOR)
_CORRECTS = (Role.MANAGER, Role.ADMINISTRATOR)
_DOCK = (Role.DOCK, Role.MANAGER, Role.ADMINISTRATOR)


class FoundKind(TextChoices):
    """Why goods lie at the dock that no line of a return stands for."""

    BLIND = "blind", _("no return known")
    EXTRA = "extra", _("more than announced")
    ANOTHER = "another", _("not in this return")
    MISMATCH = "mismatch", _("not the one sold")
    LATE = "late", _("paid as lost, and here after all")
    MISSED = "missed", _("counted as missing, and here after all")


class FoundStatus(TextChoices):
    WAITING = "waiting", _("somebody decides")
    MATCHED = "matched", _("belongs to a return")
    KEPT = "kept", _("kept as unknown")
    REFUSED = "refused", _("not the one sold")
    SENT_BACK = "sent_back", _("sent back")
    TAKEN_IN = "taken_in", _("ours now")
    WITHDRAWN = "withdrawn", _("recorded by mistake")

    @classmethod
    def open(cls) -> tuple["FoundStatus", ...]:
        """What still lies in our house without a home."""
        return cls.WAITING, cls.KEPT


F = FoundStatus

FOUND_MACHINE = Machine(
    "found",
    FoundStatus,
    [
        Transition("find", (CREATED,), F.WAITING, _DOCK),
        Transition("match", (F.WAITING, F.KEPT), F.MATCHED, _DESK),
        Transition("correct", (F.WAITING, F.KEPT), F.MATCHED, _CORRECTS),  # counted as missing, and here after all
        Transition("keep", (F.WAITING,), F.KEPT, _DESK),
        Transition("refuse", (F.WAITING,), F.REFUSED, _DESK),
        Transition("send_back", (F.WAITING, F.KEPT), F.SENT_BACK, _DESK),
        Transition("take_in", (F.WAITING, F.KEPT), F.TAKEN_IN, _DESK),
        Transition("withdraw", (F.WAITING,), F.WITHDRAWN, _DOCK),
    ],
    terminal=(F.MATCHED, F.REFUSED, F.SENT_BACK, F.TAKEN_IN, F.WITHDRAWN),
)

FOUND_MEANING = {
    F.WAITING: "waiting",
    F.MATCHED: "good",
    F.KEPT: "careful",
    F.REFUSED: "bad",
    F.SENT_BACK: "",
    F.TAKEN_IN: "good",
    F.WITHDRAWN: "",
}
