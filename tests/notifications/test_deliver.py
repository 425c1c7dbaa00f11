"""Handing over: once, also when asked twice; again when the server says later; given up when it says no."""

import smtplib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from notifications import deliver, lifecycle
from notifications.models import Message
from notifications.states import MessageStatus
from notifications.tasks import send_due, send_one
from refunds import lifecycle as refunds
from returns import lifecycle as returns
from tests import broker
from tests.builders import NOON, a_return, an_order
from tests.notifications.cases import a_refund, mails, settled, the_mail

pytestmark = pytest.mark.django_db

S = MessageStatus


class RefusingServer(BaseEmailBackend):
    """A mail server that answers every mail with the next of its answers."""

    answers: ClassVar[list[Exception]] = []

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            message.message()  # as every real one does: what cannot be written as a mail fails here
            if self.answers:
                raise self.answers.pop(0)
        return len(email_messages)


@pytest.fixture
def server(settings: Any) -> None:
    """A mail server that takes everything and keeps it in `mail.outbox`."""
    settings.EMAIL_URL = "smtp://mail.example.test"
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


@pytest.fixture
def refusing_server(settings: Any) -> type[RefusingServer]:
    settings.EMAIL_URL = "smtp://mail.example.test"
    settings.MAILERS = {"default": {"BACKEND": f"{__name__}.RefusingServer"}}
    RefusingServer.answers = []
    return RefusingServer


def a_queued_mail() -> Message:
    a_return(an_order(number="536365"))
    return the_mail("received")


def again(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


# ── Without a mail server ─────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_server_a_mail_is_filed_as_it_is_written(settings: Any) -> None:
    assert settings.EMAIL_URL == ""
    message = a_queued_mail()
    assert (message.status, message.attempts, message.sent_at) == (S.SENT, 0, message.composed_at)
    assert send_due() == 0


def test_a_survey_is_filed_when_its_time_has_come() -> None:
    settled(a_refund())
    survey = the_mail("survey")
    assert (survey.status, send_due()) == (S.QUEUED, 0)
    Message.objects.filter(pk=survey.pk).update(send_after=timezone.now())
    assert (send_due(), again(survey).status) == (1, S.SENT)


def test_a_survey_about_a_return_that_is_open_again_is_not_sent() -> None:
    refund = settled(a_refund())
    survey = the_mail("survey")
    refunds.fail(refund.number, reason="account_closed", by="stripe", at=NOON + timedelta(days=5))
    Message.objects.filter(pk=survey.pk).update(send_after=timezone.now())
    assert (send_due(), again(survey).status, again(survey).sent_at) == (1, S.WITHHELD, None)


def test_a_survey_that_was_answered_is_not_sent() -> None:
    settled(a_refund())
    survey = the_mail("survey")
    returns.survey(survey.rma.number, ease=5, clarity=5, speed=5, comment="", by="customer:1", at=NOON)
    Message.objects.filter(pk=survey.pk).update(send_after=timezone.now())
    assert (send_due(), again(survey).status) == (1, S.WITHHELD)


# ── With one ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_mail_leaves_after_the_commit_with_both_parts(
    server: None, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    broker.empty()
    a_return(an_order(number="536365"))
    with django_capture_on_commit_callbacks(execute=True):
        message = the_mail("received")
        assert (message.status, mail.outbox) == (S.QUEUED, [])
    broker.work_off("mail")
    [sent] = mail.outbox
    assert (again(message).status, again(message).attempts) == (S.SENT, 1)
    assert sent.subject == "We have your return request for order 536365"
    assert (sent.to, sent.reply_to) == (["sam@example.test"], ["help@example.test"])
    assert sent.from_email == "Homeward Demo Shop <returns@example.test>"
    assert sent.body == message.text
    assert [(part.content, part.mimetype) for part in sent.alternatives] == [(message.html, "text/html")]


def test_headers_say_that_a_program_writes_and_which_mail_this_is(server: None) -> None:
    message = a_queued_mail()
    head = deliver.to_mail(message).message()
    assert head["Message-ID"] == f"<{message.ref}@example.test>"
    assert head["Auto-Submitted"] == "auto-generated"
    assert head["List-Unsubscribe"] is None


def test_only_the_survey_can_be_declined(server: None) -> None:
    settled(a_refund())
    written = {message.template: deliver.to_mail(message).message()["List-Unsubscribe"] for message in mails()}
    declinable = [template for template, header in written.items() if header]
    assert declinable == ["survey"]
    assert written["survey"] == "<mailto:help@example.test?subject=unsubscribe>"


def test_sent_twice_is_sent_once(server: None) -> None:
    message = a_queued_mail()
    for _time in range(3):
        send_one(ref=str(message.ref))
    assert (len(mail.outbox), send_due()) == (1, 0)


def test_what_is_claimed_is_nobody_else_s_until_the_lease_runs_out(server: None) -> None:
    message = a_queued_mail()
    now = timezone.now()
    claimed = lifecycle.claim(at=now)
    assert claimed == message
    assert (lifecycle.claim(at=now), lifecycle.claim_this(message.ref, at=now)) == (None, None)
    # Whoever had it died: the next one sends it, under the same Message-ID.
    second = lifecycle.claim(at=now + lifecycle.LEASE + timedelta(seconds=1))
    assert (second, second.attempts) == (message, 2)
    assert deliver.to_mail(second).message()["Message-ID"] == deliver.to_mail(claimed).message()["Message-ID"]


def test_one_who_lost_the_lease_does_not_speak_for_the_next(server: None) -> None:
    a_queued_mail()
    now = timezone.now()
    first = lifecycle.claim(at=now)
    second = lifecycle.claim(at=now + lifecycle.LEASE + timedelta(seconds=1))
    lifecycle.give_up(first)
    assert again(second).status == S.SENDING
    lifecycle.mark_sent(second, at=now)
    assert again(second).status == S.SENT


@pytest.mark.parametrize(
    "answer",
    [
        smtplib.SMTPServerDisconnected("gone"),
        smtplib.SMTPConnectError(421, b"busy"),
        smtplib.SMTPRecipientsRefused({"sam@example.test": (450, b"greylisted")}),
        smtplib.SMTPDataError(451, b"later"),
        TimeoutError(),
        ConnectionRefusedError(),
    ],
)
def test_later_means_later(refusing_server: type[RefusingServer], answer: Exception) -> None:
    message = a_queued_mail()
    refusing_server.answers = [answer]
    assert send_due() == 1
    waiting = again(message)
    assert (waiting.status, waiting.attempts, waiting.leased_until) == (S.QUEUED, 1, None)
    assert waiting.send_after > timezone.now()
    assert send_due() == 0
    Message.objects.filter(pk=message.pk).update(send_after=timezone.now())
    assert (send_due(), again(message).status, again(message).attempts) == (1, S.SENT, 2)


@pytest.mark.parametrize(
    "answer",
    [
        smtplib.SMTPRecipientsRefused({"sam@example.test": (550, b"no such user sam@example.test")}),
        smtplib.SMTPDataError(554, b"spam"),
        smtplib.SMTPSenderRefused(550, b"no", "returns@example.test"),
        smtplib.SMTPAuthenticationError(535, b"bad"),
    ],
)
def test_no_means_no(
    refusing_server: type[RefusingServer], answer: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    message = a_queued_mail()
    refusing_server.answers = [answer]
    assert (send_due(), again(message).status) == (1, S.FAILED)
    assert "sam@example.test" not in caplog.text


def test_after_ten_tries_a_person_looks(refusing_server: type[RefusingServer]) -> None:
    message = a_queued_mail()
    refusing_server.answers = [smtplib.SMTPServerDisconnected("gone")] * deliver.MAX_ATTEMPTS
    for _try in range(deliver.MAX_ATTEMPTS):
        Message.objects.filter(pk=message.pk).update(send_after=timezone.now())
        send_due()
    assert (again(message).status, again(message).attempts) == (S.FAILED, deliver.MAX_ATTEMPTS)


def test_a_server_that_is_away_is_asked_once_and_not_for_every_mail(refusing_server: type[RefusingServer]) -> None:
    for _order in range(3):
        a_return(an_order())
    mails()
    refusing_server.answers = [smtplib.SMTPServerDisconnected("gone")] * 3
    assert send_due() == 1
    assert sorted(Message.objects.values_list("attempts", flat=True)) == [0, 0, 1]


def test_a_mail_that_nobody_can_be_sent_is_never_taken(server: None) -> None:
    message = a_queued_mail()
    Message.objects.filter(pk=message.pk).update(status=S.WITHHELD)
    send_one(ref=str(message.ref))
    assert (send_due(), mail.outbox) == (0, [])
