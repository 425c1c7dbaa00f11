"""The whole way to a mail server over a socket, with the settings that `EMAIL_URL` makes."""

import email
import email.policy
from collections.abc import Iterator
from typing import Any

import environ
import pytest
from django.utils import timezone

from notifications.models import Message
from notifications.states import MessageStatus
from notifications.tasks import send_due
from tests.builders import a_customer, a_return, an_order
from tests.notifications.cases import the_mail
from tests.notifications.smtp import MailServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(settings: Any) -> Iterator[MailServer]:
    with MailServer() as server:
        parsed = environ.Env.email_url_config(server.url)
        settings.EMAIL_URL = server.url
        options = {"host": parsed["EMAIL_HOST"], "port": parsed["EMAIL_PORT"], "timeout": 5}
        settings.MAILERS = {"default": {"BACKEND": parsed["EMAIL_BACKEND"], "OPTIONS": options}}
        yield server


def test_a_mail_arrives_as_it_is_kept(post: MailServer) -> None:
    a_return(an_order(number="536365", customer=a_customer(name="Zoë Ångström")))
    message = the_mail("received")
    assert send_due() == 1
    [raw] = post.mails
    head = email.message_from_bytes(raw, policy=email.policy.default)
    assert (head["To"], head["From"]) == ("sam@example.test", "Homeward Demo Shop <returns@example.test>")
    assert head["Subject"] == "We have your return request for order 536365"
    assert head["Message-ID"] == f"<{message.ref}@example.test>"
    assert head["Auto-Submitted"] == "auto-generated"
    assert head.get_body(("plain",)).get_content().split() == message.text.split()
    assert "Hello Zoë Ångström," in head.get_body(("html",)).get_content()
    assert head.get_body(("html",)).get_content().split() == message.html.split()


def test_a_busy_server_gets_the_same_mail_later(post: MailServer) -> None:
    a_return(an_order())
    message = the_mail("received")
    post.answers = ["451 later, please"]
    assert (send_due(), post.mails) == (1, [])
    Message.objects.filter(pk=message.pk).update(send_after=timezone.now())
    assert (send_due(), len(post.mails)) == (1, 1)
    assert Message.objects.get(pk=message.pk).status == MessageStatus.SENT


def test_a_server_that_is_not_there_costs_nothing_but_time(settings: Any) -> None:
    with MailServer() as gone:
        url = gone.url
    port = int(url.rpartition(":")[2])
    settings.EMAIL_URL = url
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": 5},
        }
    }
    a_return(an_order())
    message = the_mail("received")
    assert send_due() == 1
    assert Message.objects.get(pk=message.pk).status == MessageStatus.QUEUED
