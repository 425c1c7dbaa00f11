"""States of a run and of what it found."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from oms.roles import Role
from oms.statemachine import CREATED, Machine, Transition

_MONEY = (Role.FINANCE, Role.ADMINISTRATOR)


class RunStatus(TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELED = "canceled", _("canceled")

    @classmethod
    def live(cls) -> tuple["RunStatus", ...]:
        return cls.WAITING, cls.RUNNING


RUN_MACHINE = Machine(
    "reconciliation",
    RunStatus,
    [
        Transition("ask", (CREATED,), RunStatus.WAITING, _MONEY),
        Transition("begin", (RunStatus.WAITING,), RunStatus.RUNNING),
        Transition("finish", (RunStatus.RUNNING,), RunStatus.DONE),
        Transition("fail", RunStatus.live(), RunStatus.FAILED),
        Transition("cancel", RunStatus.live(), RunStatus.CANCELED, _MONEY),
    ],
    terminal=(RunStatus.DONE, RunStatus.FAILED, RunStatus.CANCELED),
)

RUN_MEANING = {
    RunStatus.WAITING: "waiting",
    RunStatus.RUNNING: "moving",
    RunStatus.DONE: "good",
    RunStatus.FAILED: "bad",
    RunStatus.CANCELED: "",
}


class DiscrepancyStatus(TextChoices):
    OPEN = "open", _("open")
    ASSIGNED = "assigned", _("assigned")
    REOPENED = "reopened", _("open again")
    RESOLVED = "resolved", _("resolved")
    GONE = "gone", _("no longer seen")  # the books agree again, and nobody said why

    @classmethod
    def to_do(cls) -> tuple["DiscrepancyStatus", ...]:
        return cls.OPEN, cls.ASSIGNED, cls.REOPENED


D = DiscrepancyStatus

DISCREPANCY_MACHINE = Machine(
    "discrepancy",
    DiscrepancyStatus,
    [
        Transition("find", (CREATED,), D.OPEN),
        Transition("assign", D.to_do(), D.ASSIGNED, _MONEY),
        Transition("resolve", D.to_do(), D.RESOLVED, _MONEY),
        Transition("vanish", D.to_do(), D.GONE),
        Transition("reopen", (D.RESOLVED, D.GONE), D.REOPENED, _MONEY),
    ],
    terminal=(D.RESOLVED, D.GONE),
)

DISCREPANCY_MEANING = {D.OPEN: "waiting", D.ASSIGNED: "moving", D.REOPENED: "careful", D.RESOLVED: "good", D.GONE: ""}


class Outcome(TextChoices):
    """How a person settled a difference: corrected ones must not be seen again, accepted and booked ones stay as they
    are there."""

    CORRECTED_HERE = "corrected_here", _("corrected in Homeward")
    CORRECTED_THERE = "corrected_there", _("corrected there")
    ACCEPTED = "accepted", _("explained, stays as it is")
    BOOKED = "booked", _("booked as a cost")

    @classmethod
    def lasting(cls) -> tuple["Outcome", ...]:
        """What the other book goes on saying, and nobody minds until it changes."""
        return cls.ACCEPTED, cls.BOOKED
