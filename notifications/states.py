"""States of a message, and who it is for."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from oms.statemachine import CREATED, Machine, Transition


class MessageStatus(TextChoices):
    QUEUED = "queued", _("queued")
    SENDING = "sending", _("being sent")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    WITHHELD = "withheld", _("not sent")  # nobody to send it to, or overtaken


S = MessageStatus

MESSAGE_MACHINE = Machine(
    "message",
    MessageStatus,
    [
        Transition("compose", (CREATED,), S.QUEUED),
        Transition("file", (CREATED,), S.SENT),  # no mail server: the database is where mails are read
        Transition("withhold", (CREATED,), S.WITHHELD),
        Transition("withhold", (S.QUEUED,), S.WITHHELD),
        Transition("claim", (S.QUEUED, S.SENDING), S.SENDING),  # again after a lease that ran out
        Transition("mark_sent", (S.SENDING,), S.SENT),
        Transition("put_back", (S.SENDING,), S.QUEUED),
        Transition("give_up", (S.SENDING,), S.FAILED),
    ],
    terminal=(S.SENT, S.FAILED, S.WITHHELD),
)

# How a badge colors each state.
MEANING = {S.QUEUED: "waiting", S.SENDING: "moving", S.SENT: "good", S.FAILED: "bad", S.WITHHELD: "careful"}


class Audience(TextChoices):
    CUSTOMER = "customer", _("customer")
    BUYER = "buyer", _("who bought the gift")
    ACCOUNTING = "accounting", _("accounting")
    STAFF = "staff", _("staff")
