"""Handing messages over to the mail server. Never inside a transaction: a slow server must hold no locks."""

import logging
import smtplib
from datetime import datetime, timedelta
from email.utils import formataddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from notifications import lifecycle
from notifications.catalogue import ENTRY_OF, MISSING
from notifications.models import Message
from notifications.occasions import SURVEY
from oms import shops
from returns.models import Receipt
from returns.states import ReceiptResult, RMAStatus

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 10
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=2)

# The server is away or says "later" (4xx): the same mail may pass another time.
TEMPORARY = (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, smtplib.SMTPHeloError, OSError)
# It says no (5xx): the same mail will never pass.
PERMANENT = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError, ValueError)

# SMTP has no key for "this mail again". A process that dies between the server's "250" and our note cannot know whether
# the mail left. We send again: a customer who gets a mail twice has lost less than one who never hears of their money.
# The repeat carries the same Message-ID, by which mail programs show the two as one.


def send(message: Message, *, now: datetime) -> bool:
    """Send a claimed message and note how it ended. Returns False when the mail server is away, so that others wait."""
    if _is_overtaken(message):
        lifecycle.withdraw(message)
        return True
    if message.attempts > MAX_ATTEMPTS:  # whoever tried before died of it
        lifecycle.give_up(message)
        return True
    try:
        to_mail(message).send(using="default")
    except (*TEMPORARY, *PERMANENT) as error:
        return _not_sent(message, error, now)
    lifecycle.mark_sent(message, at=now)
    return True


def to_mail(message: Message) -> EmailMultiAlternatives:
    """The message as a mail: plain text and HTML, from the shop, answered to its support."""
    shop = shops.current()
    headers = {
        "Message-ID": f"<{message.ref}@{_domain(shop.sender_email)}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    entry = ENTRY_OF.get(message.template)
    if entry is not None and entry.can_be_declined:
        headers["List-Unsubscribe"] = f"<mailto:{shop.support_email}?subject=unsubscribe>"
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=formataddr((shop.sender_name, shop.sender_email)),
        to=[message.recipient],
        reply_to=[shop.support_email] if shop.support_email else None,
        headers=headers,
    )
    mail.attach_alternative(message.html, "text/html")
    return mail


def _domain(address: str) -> str:
    return address.rpartition("@")[2] or urlsplit(settings.PUBLIC_URL).hostname or "localhost"


def _is_overtaken(message: Message) -> bool:
    """A survey about a return that is open again, or that was answered already, asks at the wrong time. What was said
    to be missing is here after all."""
    if message.template == MISSING and message.event is not None:
        gone = [one["receipt"] for one in message.event.facts["receipts"] if one["result"] == ReceiptResult.SHORT]
        return not Receipt.objects.filter(pk__in=gone, is_reversed=False).exists()
    if message.template != SURVEY or message.rma is None:
        return False
    return message.rma.status != RMAStatus.CLOSED or hasattr(message.rma, "survey")


def _not_sent(message: Message, error: Exception, now: datetime) -> bool:
    """Logs name the message's number and the server's code: its words may quote the address."""
    code = _code(error)
    temporary = (400 <= code < 500) if code else isinstance(error, TEMPORARY)
    logger.warning("%s not sent (attempt %s): %s %s", message, message.attempts, type(error).__name__, code or "")
    if not temporary or message.attempts >= MAX_ATTEMPTS:
        lifecycle.give_up(message)
        return True
    wait = min(FIRST_WAIT * 2 ** (message.attempts - 1), LONGEST_WAIT)
    lifecycle.put_back(message, send_after=now + wait)
    return False


def _code(error: Exception) -> int:
    """The server's number, 0 when it said none; of several refused recipients the first one's."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next((int(code) for code, _words in error.recipients.values()), 0)
    return int(getattr(error, "smtp_code", 0) or 0)
