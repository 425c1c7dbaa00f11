"""States of a case about a parcel that went wrong, and what it is about (p45, R146, R147)."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from oms.roles import Role
from oms.statemachine import CREATED, Machine, Transition

_DESK = (Role.AGENT, Role.MANAGER, Role.ADMINISTRATOR)


class CaseKind(TextChoices):
    """What the carrier says went wrong."""

    REFUSED = "refused", _("refused at the door")
    UNDELIVERABLE = "undeliverable", _("could not be delivered")
    LOST = "lost", _("lost on the way")
    DAMAGED = "damaged", _("damaged on the way")
    DELAYED = "delayed", _("delayed")
    TURNED_UP = "turned_up", _("turned up after it was paid as lost")

    @classmethod
    def coming_back(cls) -> tuple["CaseKind", ...]:
        """The carrier brings the goods back to us; the customer is asked why."""
        return cls.REFUSED, cls.UNDELIVERABLE

    @classmethod
    def decided_by_people(cls) -> tuple["CaseKind", ...]:
        """Somebody says what the customer gets."""
        return cls.LOST, cls.DAMAGED

    @classmethod
    def looked_at_by_people(cls) -> tuple["CaseKind", ...]:
        """Nothing of it goes on by itself."""
        return cls.LOST, cls.DAMAGED, cls.TURNED_UP


class CaseCause(TextChoices):
    """Why it was not taken, in the customer's own words."""

    WRONG_ADDRESS = "wrong_address", _("The address was wrong or incomplete")
    NOT_AT_HOME = "not_at_home", _("Nobody was there to take it")
    CHANGED_MIND = "changed_mind", _("I changed my mind")
    DAMAGED_BOX = "damaged_box", _("The box was damaged")
    DID_NOT_ORDER = "did_not_order", _("I did not order this")
    OTHER = "other", _("Something else")


class CaseDecision(TextChoices):
    REFUND = "refund", _("pay the customer back")
    AGAIN = "again", _("send it once more")
    NOTHING = "nothing", _("nothing to pay")


class CaseStatus(TextChoices):
    OPEN = "open", _("to be looked at")
    ASKED = "asked", _("waiting for the customer")
    ANSWERED = "answered", _("answered")
    DECIDED = "decided", _("decided")
    CLOSED = "closed", _("closed")

    @classmethod
    def undecided(cls) -> tuple["CaseStatus", ...]:
        return cls.OPEN, cls.ASKED, cls.ANSWERED


C = CaseStatus

CASE_MACHINE = Machine(
    "case",
    CaseStatus,
    [
        Transition("open", (CREATED,), C.OPEN),
        Transition("ask", (C.OPEN,), C.ASKED),
        Transition("answer", (C.OPEN, C.ASKED), C.ANSWERED, (Role.CUSTOMER,)),
        Transition("decide", CaseStatus.undecided(), C.DECIDED, _DESK),
        Transition("close", (*CaseStatus.undecided(), C.DECIDED), C.CLOSED, _DESK),
    ],
    terminal=(C.CLOSED,),
)

# How a badge colors each state.
CASE_MEANING = {C.OPEN: "careful", C.ASKED: "waiting", C.ANSWERED: "careful", C.DECIDED: "moving", C.CLOSED: ""}
