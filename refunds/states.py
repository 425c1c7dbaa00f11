"""States of a refund."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from oms.roles import Role
from oms.statemachine import CREATED, Machine, Transition

_MONEY = (Role.FINANCE, Role.ADMINISTRATOR)


class RefundStatus(TextChoices):
    REQUESTED = "requested", _("requested")
    AWAITING_APPROVAL = "awaiting_approval", _("waiting for approval")
    APPROVED = "approved", _("approved")
    SUBMITTED = "submitted", _("sent to the provider")  # called, or about to be: the answer is not known yet
    PENDING = "pending", _("pending at the provider")
    SETTLED = "settled", _("paid back")
    FAILED = "failed", _("failed")
    CANCELED = "canceled", _("canceled")

    @classmethod
    def in_flight(cls) -> tuple["RefundStatus", ...]:
        """States in which the amount is set aside on its payment."""
        return cls.REQUESTED, cls.AWAITING_APPROVAL, cls.APPROVED, cls.SUBMITTED, cls.PENDING

    @classmethod
    def unanswered(cls) -> tuple["RefundStatus", ...]:
        return cls.SUBMITTED, cls.PENDING


S = RefundStatus

REFUND_MACHINE = Machine(
    "refund",
    RefundStatus,
    [
        Transition("request", (CREATED,), S.REQUESTED),
        Transition("request", (CREATED,), S.APPROVED),
        Transition("request", (CREATED,), S.AWAITING_APPROVAL),
        Transition("import_settled", (CREATED,), S.SETTLED),
        Transition("approve", (S.REQUESTED, S.AWAITING_APPROVAL), S.APPROVED, _MONEY),
        Transition("refuse", (S.REQUESTED, S.AWAITING_APPROVAL), S.CANCELED, _MONEY),
        Transition("give", (S.APPROVED,), S.SETTLED),
        Transition("submit", (S.APPROVED,), S.SUBMITTED),
        Transition("await_provider", (S.SUBMITTED,), S.PENDING),
        Transition("settle", (S.SUBMITTED, S.PENDING, S.FAILED), S.SETTLED),
        Transition("fail", (S.SUBMITTED, S.PENDING, S.SETTLED), S.FAILED),
        Transition("withhold", (S.APPROVED,), S.FAILED),  # what we were to give ourselves and cannot
        Transition("retry", (S.FAILED,), S.APPROVED, _MONEY),
        Transition("retry", (S.FAILED,), S.AWAITING_APPROVAL, _MONEY),
        Transition("redirect", (S.AWAITING_APPROVAL, S.APPROVED, S.FAILED), S.AWAITING_APPROVAL, _MONEY),
        # Money instead of the goods that were to go out: the way an exchange was to be paid is not there any more.
        Transition("turn", (S.AWAITING_APPROVAL, S.APPROVED, S.FAILED), S.APPROVED),
        Transition("turn", (S.AWAITING_APPROVAL, S.APPROVED, S.FAILED), S.AWAITING_APPROVAL),
        # A person spreads it over payments anew: other refunds take its place.
        Transition("spread", (S.AWAITING_APPROVAL, S.FAILED), S.CANCELED, _MONEY),
        Transition("attach", (CREATED,), S.SETTLED),
        Transition("cancel", (S.APPROVED, S.FAILED), S.CANCELED, _MONEY),
        Transition("lose", (S.REQUESTED, S.AWAITING_APPROVAL, S.APPROVED), S.CANCELED),
        # Paid by hand, or at a provider that has not answered for a day: a person says what became of it.
        Transition("confirm_paid", S.unanswered(), S.SETTLED, _MONEY),
        Transition("confirm_unpaid", S.unanswered(), S.FAILED, _MONEY),
    ],
    terminal=(S.SETTLED, S.CANCELED),
)

# How a badge colors each state: waiting is somebody's turn, moving is under way.
MEANING = {
    S.REQUESTED: "waiting",
    S.AWAITING_APPROVAL: "waiting",
    S.APPROVED: "moving",
    S.SUBMITTED: "moving",
    S.PENDING: "moving",
    S.SETTLED: "good",
    S.FAILED: "bad",
    S.CANCELED: "",
}


class AttemptResult(TextChoices):
    SENT = "sent", _("sent, no answer yet")
    ANSWERED = "answered", _("answered")
    REFUSED = "refused", _("refused by the provider")
    UNKNOWN = "unknown", _("unknown")


class Reading(TextChoices):
    """What the conservation monitor reads one by one."""

    ORDER = "order", _("order")
    UNIT = "unit", _("order line")
    TAX = "tax", _("tax line")


class RefundSource(TextChoices):
    RETURN = "return", _("return")
    CANCELLATION = "cancellation", _("canceled before shipping")
    GOODWILL = "goodwill", _("goodwill")
    EXTERNAL = "external", _("made at the provider")
    IMPORTED = "imported", _("imported")


class RefundDestination(TextChoices):
    """Where the value goes. Always taken from a captured payment, so credited counts like refunded."""

    ORIGINAL = "original", _("the payment it came from")
    STORE_CREDIT = "store_credit", _("store credit")
    EXCHANGE = "exchange", _("an exchange")  # pays for the goods that go out instead
    MANUAL = "manual", _("paid by hand")  # transfer, cash, check: a person pays, with evidence


class CreditRequestStatus(TextChoices):
    """Store credit that one person may not give alone."""

    WAITING = "waiting", _("waiting for a second person")
    GIVEN = "given", _("given")
    REFUSED = "refused", _("refused")


CREDIT_REQUEST_MACHINE = Machine(
    "store_credit_request",
    CreditRequestStatus,
    [
        Transition("ask", (CREATED,), CreditRequestStatus.WAITING),
        Transition("agree", (CreditRequestStatus.WAITING,), CreditRequestStatus.GIVEN, _MONEY),
        Transition("decline", (CreditRequestStatus.WAITING,), CreditRequestStatus.REFUSED, _MONEY),
    ],
    terminal=(CreditRequestStatus.GIVEN, CreditRequestStatus.REFUSED),
)


class GoodwillReason(TextChoices):
    """Why money goes back without goods."""

    LATE = "late", _("it came late")
    DAMAGED = "damaged", _("it came damaged, and the customer keeps it")
    SERVICE = "service", _("our service was poor")
    PRICE = "price", _("the price was lower elsewhere or soon after")
    OTHER = "other", _("something else")


class ApprovalReason(TextChoices):
    """Why a second person lets a refund out (R84)."""

    ORDER = "order", _("more than the limit on this order")
    DAY = "day", _("more than the limit for this customer within a day")
    GOODWILL = "goodwill", _("goodwill")
    OVER_QUOTE = "over_quote", _("more than the customer was quoted")
    DESTINATION = "destination", _("goes another way than it was asked for")
    BY_HAND = "by_hand", _("paid by hand")
    KEPT = "kept", _("a person, not the policy, lets the customer keep the goods")
    TENDERS = "tenders", _("a person chose which payments it goes back to")


UNREACHABLE = (
    "lost_or_stolen_card",
    "expired_or_canceled_card",
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
    "REFUND_TIME_LIMIT_EXCEEDED",
    "REFUND_NOT_ALLOWED",
)
"""Reasons of providers after which sending it again is no use: it has to go another way."""


class ManualMethod(TextChoices):
    """How a person pays."""

    TRANSFER = "transfer", _("bank transfer")
    CASH = "cash", _("cash")
    CHECK = "check", _("check")


class DisputeStatus(TextChoices):
    OPEN = "open", _("open")
    WON = "won", _("decided for us")
    LOST = "lost", _("decided for the customer")


class ExternalStatus(TextChoices):
    """What became of a refund made in the provider's dashboard."""

    WAITING = "waiting", _("waits to be attached")
    ATTACHED = "attached", _("attached")
    UNDONE = "undone", _("came back")  # failed or canceled at the provider before anybody attached it


EXTERNAL_MACHINE = Machine(
    "external_refund",
    ExternalStatus,
    [
        Transition("find", (CREATED,), ExternalStatus.WAITING),
        Transition("attach", (ExternalStatus.WAITING,), ExternalStatus.ATTACHED, _MONEY),
        Transition("undo", (ExternalStatus.WAITING,), ExternalStatus.UNDONE),
    ],
    terminal=(ExternalStatus.ATTACHED, ExternalStatus.UNDONE),
)

DISPUTE_MACHINE = Machine(
    "payment_dispute",
    DisputeStatus,
    [
        Transition("open", (CREATED,), DisputeStatus.OPEN),
        Transition("decide", (CREATED, DisputeStatus.OPEN), DisputeStatus.WON),
        Transition("decide", (CREATED, DisputeStatus.OPEN), DisputeStatus.LOST),
    ],
    terminal=(DisputeStatus.WON, DisputeStatus.LOST),
)


class LinkStatus(TextChoices):
    """A page at the provider where a customer pays."""

    OPEN = "open", _("waiting for payment")
    PAID = "paid", _("paid")
    EXPIRED = "expired", _("closed")


LINK_MACHINE = Machine(
    "payment_link",
    LinkStatus,
    [
        Transition("open", (CREATED,), LinkStatus.OPEN),
        Transition("pay", (LinkStatus.OPEN, LinkStatus.EXPIRED), LinkStatus.PAID),
        Transition("expire", (LinkStatus.OPEN,), LinkStatus.EXPIRED),
    ],
    terminal=(LinkStatus.PAID, LinkStatus.EXPIRED),
)
