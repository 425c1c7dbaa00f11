"""The life of a message. Nothing else writes a status of `notifications.states`.

A message has no events of its own: it is the consequence of one, and its row says all there is to say. So these verbs
are single statements, each conditional on the state it leads from; what did not fit changes nothing.
"""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F

from notifications.models import Message
from notifications.states import MESSAGE_MACHINE, MessageStatus

S = MessageStatus
LEASE = timedelta(seconds=60)  # longer than one hand-over can take: the mail server has 10 seconds for each word

CLAIM = """
    UPDATE notifications_message SET status = %s, attempts = attempts + 1, leased_until = %s
     WHERE id = (SELECT id FROM notifications_message
                  WHERE status IN (%s, %s) AND send_after <= %s AND (leased_until IS NULL OR leased_until < %s)
                  ORDER BY send_after LIMIT 1 FOR UPDATE SKIP LOCKED)
 RETURNING id
"""


def compose(message: Message) -> None:
    """Keep a message to be sent once `send_after` is reached. Composed twice from one event, the first one stays."""
    _insert(message, "compose", S.QUEUED)


def file(message: Message, *, at: datetime) -> None:
    """Keep a message and call it sent: without a mail server, staff and the demo read it in the database."""
    message.sent_at = at
    _insert(message, "file", S.SENT)


def withhold(message: Message) -> None:
    """Keep a message that nobody can be sent, so that staff see it."""
    _insert(message, "withhold", S.WITHHELD)


def _insert(message: Message, verb: str, status: MessageStatus) -> None:
    MESSAGE_MACHINE.check(verb, "", status)
    message.status = status
    Message.objects.bulk_create([message], ignore_conflicts=True)


def overtake(message: Message) -> None:
    """What happened since makes a waiting message wrong: it stays here."""
    MESSAGE_MACHINE.check("withhold", S.QUEUED, S.WITHHELD)
    Message.objects.filter(pk=message.pk, status=S.QUEUED).update(status=S.WITHHELD)


def claim(*, at: datetime) -> Message | None:
    """Take the message that is due longest for sending, for as long as the lease runs; None when none is due."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [S.SENDING, at + LEASE, S.QUEUED, S.SENDING, at, at])
        found = cursor.fetchone()
    return Message.objects.select_related("customer", "rma").get(pk=found[0]) if found else None


def claim_this(ref: object, *, at: datetime) -> Message | None:
    """Take one message for sending; None when it is not due, not there, or somebody else has it."""
    queued = Message.objects.filter(ref=ref, status=S.QUEUED, send_after__lte=at)
    if not queued.update(status=S.SENDING, attempts=F("attempts") + 1, leased_until=at + LEASE):
        return None
    return Message.objects.select_related("customer", "rma").get(ref=ref)


def mark_sent(message: Message, *, at: datetime) -> None:
    _leave_sending(message, "mark_sent", S.SENT, sent_at=at)


def put_back(message: Message, *, send_after: datetime) -> None:
    """The mail server could not take it now."""
    _leave_sending(message, "put_back", S.QUEUED, send_after=send_after)


def give_up(message: Message) -> None:
    """The mail server will not take it, or did not for too long: staff see it among the failed."""
    _leave_sending(message, "give_up", S.FAILED)


def withdraw(message: Message) -> None:
    """A claimed message turned out to be overtaken: back, and held there."""
    _leave_sending(message, "put_back", S.QUEUED)
    overtake(message)


def _leave_sending(message: Message, verb: str, status: MessageStatus, **changed: object) -> None:
    MESSAGE_MACHINE.check(verb, S.SENDING, status)
    # Only whoever holds the lease says how it ended; attempts tell two holders apart.
    held = Message.objects.filter(pk=message.pk, status=S.SENDING, attempts=message.attempts)
    held.update(status=status, leased_until=None, **changed)
