"""Every mail there is about a gift's return: to whoever was given it, without an amount; to the buyer none (p15)."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from notifications.catalogue import CATALOGUE, Entry
from notifications.compose import _rendered
from notifications.occasions import Occasion
from notifications.states import Audience
from oms import shops
from oms.models import Customer, Event
from refunds import lifecycle as refunds
from refunds.protocol import carry_out
from returns import lifecycle
from returns.case_states import CaseKind
from returns.lifecycle import Arrived, Finding
from returns.models import RMA, Dispatch, Hold, Parcel, ParcelCase, Receipt
from returns.parcels import PLAN
from returns.states import ReceiptResult
from tests.builders import NOON
from tests.jobs import run_jobs
from tests.notifications.cases import DOCK, REX, a_gift, labeled, mails, shipped
from tests.notifications.test_mails import both

pytestmark = pytest.mark.django_db

AMOUNT = re.compile(r"[£€$]|GBP|\d[.,]\d\d(?!\d)")
THEIRS = {"credited", "credit_given", "credit_ending"}  # what their own store credit holds
NEVER_OF_A_GIFT = {"portal_link", "refunded", "refund_failed"}  # the buyer's own link; money, which it never becomes
LATER = NOON + timedelta(days=4)


@pytest.fixture
def gift(db: None) -> RMA:
    """Three mugs sent back: one is taken, one is refused and goes back, one was not in the parcel."""
    rma = a_gift(3)
    shipped(labeled(rma))
    [mine] = rma.lines.all()
    pieces = [Arrived(mine.pk, 2, ReceiptResult.RECEIVED), Arrived(mine.pk, 1, ReceiptResult.SHORT)]
    here, _short = lifecycle.receive(rma.number, pieces, form_token=uuid4(), by=DOCK, at=NOON + timedelta(days=3))
    findings = [Finding(here.pk, 1, "opened", ""), Finding(here.pk, 1, "damaged", "")]
    lifecycle.inspect(rma.number, findings, form_token=uuid4(), by=DOCK, at=LATER)
    lifecycle.answer_hold(Hold.objects.get().pk, answer="send_back", by="customer:x", at=LATER)
    for one in refunds.request_for_return(rma.number, by=DOCK, at=LATER):
        carry_out(one.number, by="system", now=lambda: LATER)
    return RMA.objects.select_related("order__customer", "warehouse", "recipient").get(pk=rma.pk)


def occasion_of(entry: Entry, rma: RMA) -> Occasion:
    """What the entry is written about, on this return, with all that any of its events tells."""
    parcel = Parcel.objects.annotate(plan=PLAN).get(rma=rma)
    receipts = [
        {"receipt": one.pk, "line": one.line_id, "quantity": one.quantity, "result": one.result}
        for one in Receipt.objects.all()
    ]
    outcome = Hold.objects.get().outcome_id
    facts = {
        "status": rma.status, "parcel": parcel.pk, "on": "2026-11-26", "carrier": "Safe Freight", "complete": True,
        "receipts": receipts, "outcomes": [{"outcome": outcome}], "outcome": outcome, "decision": "upheld",
        "owed": None, "currency": "GBP",
    }  # fmt: skip
    event = Event(stream=rma.stream, name=entry.event, facts=facts, occurred_at=LATER)
    found = Occasion(event, LATER, rma.order, rma, parcel)
    if entry.event.startswith("dispatch."):
        found.dispatch = Dispatch.objects.get()
    elif entry.event.startswith("case."):
        parcel.rma = rma
        known = lifecycle.open_for_parcel(
            parcel, kind=CaseKind.DELAYED, word="delayed", happened_at=LATER, by="carrier", at=LATER
        )
        found = Occasion(event, LATER, rma.order, case=ParcelCase.objects.get(pk=known.pk))
    return found


def test_no_mail_about_it_goes_to_the_buyer_or_holds_an_amount(gift: RMA) -> None:
    told, shop = {}, shops.current()
    for entry in CATALOGUE:
        if entry.audience != Audience.CUSTOMER or entry.template in THEIRS | NEVER_OF_A_GIFT:
            continue
        message = _rendered(entry, occasion_of(entry, gift), shop)
        assert message.customer == gift.recipient, entry.template
        assert message.recipient == REX.email, entry.template
        for words in (message.subject, *both(message)):
            assert [one for one in ("Sam", "sam@", "Shopper") if one in words] == [], entry.template
            assert AMOUNT.findall(words) == [], entry.template
        told[entry.template] = message
    assert len(told) > 20


def test_what_was_written_by_itself_went_to_whoever_was_given_it(gift: RMA) -> None:
    run_jobs()
    written = [one for one in mails() if one.audience == Audience.CUSTOMER]
    recipient = Customer.objects.with_email(REX.email).get()
    assert {one.customer for one in written} == {recipient}
    assert {"received", "approved", "on_its_way", "arrived", "missing", "held", "credited"} <= {
        one.template for one in written
    }
    for one in written:
        amounts = {found for words in both(one) for found in AMOUNT.findall(words)}
        assert amounts == set() or one.template == "credited", one.template
    booked = Event.objects.filter(name="refund.settled").count()
    assert booked == gift.refunds.count() == 1
    assert gift.refunds.get().amount == Decimal("10.00")


def test_a_parcel_of_it_that_goes_wrong_asks_and_tells_whoever_sends_it(gift: RMA, client: Any) -> None:
    """Their own goods on the way back to them, and their parcel to us."""
    order = Dispatch.objects.get().order
    assert order.customer == gift.recipient
    parcel = gift.parcels.select_related("rma__order").get()
    case = lifecycle.open_for_parcel(
        parcel, kind=CaseKind.DAMAGED, word="damaged", happened_at=LATER, by="carrier", at=LATER
    )
    assert (case.person, case.personal_owner()) == (gift.recipient, gift.recipient)
    page = client.get(case.get_portal_path()).content.decode()
    assert AMOUNT.findall(page) == []
    assert "Sam" not in page
