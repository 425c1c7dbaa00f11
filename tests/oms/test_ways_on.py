"""Forms that come too late, and their addresses opened alone: never a dead end (U19)."""

import pytest
from django.test import Client

from tests.builders import a_return, an_order
from tests.staff import staff_client

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
pytestmark = pytest.mark.django_db


def test_the_address_of_a_form_leads_to_the_page_it_stands_on() -> None:
    rma = a_return(an_order())
    agent = staff_client("agent")
    assert agent.get(f"/returns/{rma.number}/approval/", headers={"accept": HTML})["Location"] == (
        f"/returns/{rma.number}/"
    )
    customer = Client()
    alone = customer.get(f"{rma.get_portal_path()}cancellation/", headers={"accept": HTML})
    assert alone["Location"] == rma.get_portal_path()
    assert customer.get("/webhooks/stripe/", headers={"accept": HTML})["Location"] == "/"


def test_programs_are_told_that_it_takes_only_forms() -> None:
    assert Client().get("/webhooks/stripe/", headers={"accept": "*/*"}).status_code == 405


@pytest.mark.parametrize("path", ["/returns/R1/approval/", "/admin/inspection/R1/"])
def test_what_was_sent_after_the_log_in_ended_is_said_to_be_lost(path: str) -> None:
    answer = Client().post(path, {"note": "typed for minutes"}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/accounts/login/?next={path}"
    assert "You were no longer logged in, so what you sent was not saved." in answer.content.decode()


def test_a_form_without_its_cookie_offers_its_page_again() -> None:
    rma = a_return(an_order())
    answer = Client(enforce_csrf_checks=True).post(f"{rma.get_portal_path()}cancellation/")
    assert answer.status_code == 403
    assert f'href="{rma.get_portal_path()}cancellation/"' in answer.content.decode()


def test_a_member_of_staff_whose_page_is_too_old_is_not_taken_for_a_customer() -> None:
    staff = staff_client("agent")
    staff.handler.enforce_csrf_checks = True
    shown = staff.post("/returns/R1/approval/").content.decode()
    assert ("To the staff pages" in shown, "Find my order" in shown) == (True, False)


def test_a_draft_that_is_gone_says_so() -> None:
    answer = Client().get("/return/00000000-0000-7000-8000-000000000000/items/")
    assert answer.status_code == 404
    assert "Please start again" in answer.content.decode()
