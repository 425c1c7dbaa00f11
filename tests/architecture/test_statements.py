"""What one whole return costs in SQL statements, from the first screen to the last mail: a number that only falls.

Pages, webhooks and jobs run in this process, one after the other, so the number is the same on every machine.
"""

from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from oms import heartbeat, receivers, tasks
from oms.demo import steps
from oms.demo.browser import Browser
from oms.remembered import forget
from oms.roles import Role
from oms.tasks import Bell
from returns.models import RMA, GoodsTerms, Parcel
from returns.states import ParcelStatus, RMAStatus, Settlement
from tests.builders import Sold, a_customer, an_order
from tests.gateways.conftest import Inbox, inbox
from tests.sandbox import EASYPOST_KEY, EASYPOST_SECRET, STRIPE_KEY, STRIPE_SECRET, Sandbox
from tests.staff import staff_client

__all__ = ["inbox"]

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

MOST_STATEMENTS = 229


class Shop:
    """The whole shop in this process: a web server for `Browser`s, and workers that run when told to."""

    def __init__(self, sandbox: Sandbox, inbox: Inbox, bells: deque[list[Bell]]) -> None:
        self.sandbox, self.inbox, self._bells = sandbox, inbox, bells
        self._transport = httpx.WSGITransport(app=get_wsgi_application())
        self.dock = self.browser()
        self.dock._client.cookies.set("sessionid", staff_client(Role.MANAGER).cookies["sessionid"].value)

    def browser(self) -> Browser:
        found = Browser("http://testserver")
        found._client.close()
        found._client = httpx.Client(
            base_url="http://testserver",
            transport=self._transport,
            follow_redirects=True,
        )
        return found

    def work(self) -> None:
        while self._bells:
            *first, own = self._bells.popleft()
            tasks.deliver(**own._asdict(), first=first)

    def take_webhooks(self) -> None:
        self.sandbox.wait_until_quiet()
        with self.browser() as vendor:
            for letter in self.inbox.take(self.inbox.letters.qsize()):
                answer = vendor._client.post(f"/webhooks{letter.path}", content=letter.body, headers=letter.headers)
                assert answer.status_code == 200
        self.work()


@pytest.fixture
def shop(tmp_path: Any, inbox: Inbox, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    settings.REMEMBER_SECONDS = 3600
    settings.STRIPE_API_KEY, settings.STRIPE_WEBHOOK_SECRET = STRIPE_KEY, STRIPE_SECRET
    settings.EASYPOST_API_KEY, settings.EASYPOST_WEBHOOK_SECRET = EASYPOST_KEY, EASYPOST_SECRET
    bells: deque[list[Bell]] = deque()
    monkeypatch.setattr(receivers, "send", bells.append)  # in place of the broker
    monkeypatch.setattr(heartbeat, "WORK_COUNTS_EVERY", float("inf"))
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    webhooks = {"stripe_webhook": f"{inbox.url}/stripe/", "easypost_webhook": f"{inbox.url}/easypost/"}
    webhooks["stripe_events"] = "refund.created,refund.updated,refund.failed"  # what the shop asks Stripe for
    with Sandbox(tmp_path / "sandbox", **webhooks) as sandbox:
        settings.STRIPE_API_BASE, settings.EASYPOST_API_BASE = sandbox.stripe_base, sandbox.easypost_base
        yield Shop(sandbox, inbox, bells)
    forget()
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


def an_order_to_return(shop: Shop, number: str) -> tuple[str, str]:
    now = timezone.now()
    customer = a_customer(email=f"{number}@example.test")
    paid = {"payment_intent": f"pi_{number}", "charge": f"ch_{number}", "amount": 2000, "currency": "gbp"}
    shop.sandbox.payments([paid])
    an_order(
        number=number,
        customer=customer,
        lines=[Sold()],
        placed_at=now - timedelta(days=5),
        shipped_at=now - timedelta(days=4),
        delivered_at=now - timedelta(days=2),
        provider_id=f"pi_{number}",
    )
    return number, customer.email


def one_return(shop: Shop, order: tuple[str, str]) -> RMA:
    with shop.browser() as customer:
        asked = steps.ask_for_return(customer, *order)
        shop.work()
        page = customer.get(asked.url)
        customer.get(page.link("/label/"))
    parcel = Parcel.objects.get(rma__number=asked.number)
    for status in ("in_transit", "delivered"):
        shop.sandbox.scan(parcel.tracking_number, status)
        shop.take_webhooks()
    steps.receive_all(shop.dock, parcel.tracking_number)
    shop.work()
    steps.inspect_all(shop.dock, asked.number)
    shop.work()
    shop.take_webhooks()
    return RMA.objects.get(number=asked.number)


def test_one_whole_return_takes_no_more_statements_than_it_did(shop: Shop) -> None:
    GoodsTerms.objects.update(regrade_percent=0)  # which pieces are graded twice is drawn: a statement now and then
    first, second = (an_order_to_return(shop, number) for number in ("T1-1", "T1-2"))
    one_return(shop, first)
    with CaptureQueriesContext(connection) as made:
        rma = one_return(shop, second)
    own = 2  # the two reads of `one_return` itself
    assert (rma.status, rma.settlement) == (RMAStatus.CLOSED, Settlement.SETTLED)
    assert rma.parcels.get().status == ParcelStatus.ARRIVED
    assert shop.inbox.letters.qsize() == 0
    assert len(made) - own <= MOST_STATEMENTS
