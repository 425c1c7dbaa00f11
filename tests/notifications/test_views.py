"""Messages as staff read them: who may, what they see, and that the strict policy holds for the mail itself too."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from notifications.models import Message
from notifications.states import MessageStatus
from oms.roles import Role, allowed
from tests.builders import a_customer, a_return, an_order
from tests.notifications.cases import labeled, mails, the_mail
from tests.staff import a_member, staff_client

pytestmark = pytest.mark.django_db

LIST = "/messages/"


def pages() -> list[str]:
    a_return(an_order())
    message = the_mail("received")
    return [LIST, message.get_absolute_url(), reverse("notifications:rendered", args=[message.pk])]


@pytest.mark.parametrize("role", [role for role in Role if role != Role.CUSTOMER])
def test_who_may_see_messages_is_the_table_of_roles(role: Role) -> None:
    found = {staff_client(role).get(page).status_code for page in pages()}
    assert found == {200 if allowed(a_member(role), "see messages") else 403}


def test_nobody_sees_messages_without_logging_in_or_a_second_factor() -> None:
    for page in pages():
        assert Client().get(page).url.startswith("/accounts/login/")
        assert staff_client(second_factor=False).get(page).url == reverse("mfa_index")


def test_what_is_not_there_is_404() -> None:
    client = staff_client()
    assert {client.get(f"{LIST}{tail}").status_code for tail in ("999/", "999/rendered/", "abc/")} == {404}


def test_pages_only_read() -> None:
    client = staff_client()
    assert {client.post(page).status_code for page in pages()} == {405}


def test_the_list_is_filtered_by_kind_status_order_and_return() -> None:
    labeled(a_return(an_order(number="A1")))
    other = a_return(an_order(number="B2", customer=a_customer(email="")))
    mails()

    def subjects(**query: str) -> list[str]:
        page = staff_client().get(LIST, query).content.decode()
        return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', page)

    received, approved = "We have your return request for order {}", "Return request confirmation: order {}"
    assert subjects() == [received.format("B2"), approved.format("A1"), received.format("A1")]
    assert subjects(kind="approved") == [approved.format("A1")]
    assert subjects(status=MessageStatus.WITHHELD) == [received.format("B2")]
    assert subjects(q=other.number.lower()) == [received.format("B2")]
    assert subjects(q="a1") == [approved.format("A1"), received.format("A1")]
    assert subjects(q="nothing") == []


@pytest.mark.parametrize(
    "query", [{"kind": "no_such"}, {"status": "x" * 500}, {"q": "y" * 41}, {"kind": "' OR 1=1 --"}, {"q": "\x00"}]
)
def test_a_filter_that_is_none_is_said_so(query: dict[str, str]) -> None:
    assert staff_client().get(LIST, query).status_code == 400


def test_a_list_of_fifty_costs_as_much_as_a_list_of_one(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    for _number in range(12):
        a_return(an_order())
    mails()
    client = staff_client()
    client.get(LIST)
    with django_assert_max_num_queries(8):
        client.get(LIST)


def test_failed_messages_are_pointed_out() -> None:
    a_return(an_order())
    message = the_mail("received")
    Message.objects.filter(pk=message.pk).update(status=MessageStatus.FAILED)
    page = staff_client().get(LIST).content.decode()
    assert "1 message could not be sent." in page
    assert 'href="/messages/?status=failed"' in page


def test_the_mail_is_shown_under_a_policy_as_strict_as_everywhere() -> None:
    _list, detail, rendered = pages()
    client = staff_client()
    framing, framed = client.get(detail), client.get(rendered)
    assert "frame-src 'self'" in framing.headers["Content-Security-Policy"]
    policy = framed.headers["Content-Security-Policy"]
    assert "unsafe" not in policy + framing.headers["Content-Security-Policy"]
    assert "script-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"
    nonce = re.search(r"'nonce-([^']+)'", policy)
    assert nonce is not None
    page = framed.content.decode()
    assert "style=" not in page
    assert set(re.findall(r"<style([^>]*)>", page)) == {f' nonce="{nonce[1]}"'}
    assert "Hello Sam Shopper," in page


def test_a_hostile_name_stays_text_on_every_page() -> None:
    a_return(an_order(customer=a_customer(name="<script>alert(1)</script>")))
    message = the_mail("received")
    client = staff_client()
    for page in (LIST, message.get_absolute_url(), reverse("notifications:rendered", args=[message.pk])):
        assert "<script>alert" not in client.get(page).content.decode()
