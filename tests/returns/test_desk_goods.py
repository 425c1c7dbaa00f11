"""Goods instead of money on a customer's behalf, and money after all (R110)."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from oms.roles import Role
from returns import lifecycle
from returns.models import RMA, Dispatch
from tests.builders import a_return, an_order
from tests.returns.test_dispatching import LATER, a_green_mug, exchange
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent() -> Client:
    return staff_client(Role.AGENT)


def page(rma: RMA, name: str = "goods") -> str:
    return reverse(f"returns:{name}", args=[rma.number])


def form(rma: RMA, sku: str, **more: str) -> dict[str, str]:
    return {f"sku{rma.lines.get().order_line_id}": sku, "reason": "asked on the phone"} | more


def test_an_agent_sees_what_it_comes_to_and_then_sets_it_aside(agent: Client) -> None:
    rma = a_return(an_order())
    a_green_mug(price="14.00")
    shown = agent.post(page(rma), form(rma, "mug-g", step="look")).content.decode()
    assert "The customer pays" in shown
    assert "£4.00" in shown
    assert not Dispatch.objects.exists()
    assert agent.post(page(rma), form(rma, "MUG-G", step="agree"))["Location"] == rma.get_absolute_url()
    rma.refresh_from_db()
    assert (rma.resolution, Dispatch.objects.get().status) == ("exchange", "waiting")
    detail = agent.get(rma.get_absolute_url()).content.decode()
    assert Dispatch.objects.get().order.number in detail


@pytest.mark.parametrize("sku", ["", "NOPE", "x" * 99, "MUG"])
def test_what_cannot_go_out_is_refused_at_its_field(agent: Client, sku: str) -> None:
    rma = a_return(an_order())
    assert agent.post(page(rma), form(rma, sku, step="agree")).status_code in (409, 422)
    assert not Dispatch.objects.exists()


def test_nothing_left_is_said(agent: Client) -> None:
    rma = a_return(an_order())
    a_green_mug(stock=0)
    answer = agent.post(page(rma), form(rma, "MUG-G", step="agree"))
    assert answer.status_code == 409
    assert "0 available now" in answer.content.decode()


def test_money_after_all_from_the_desk(agent: Client) -> None:
    rma = exchange(an_order(), a_green_mug())
    lifecycle.release(rma.number, owed=Decimal(0), by="system", at=LATER)
    for _twice in range(2):
        assert agent.post(page(rma, "money_instead"))["Location"] == rma.get_absolute_url()
    rma.refresh_from_db()
    assert (rma.resolution, Dispatch.objects.get().status) == ("refund", "canceled")
