"""Which payments a refund goes back to, said by a person before it is let out (R82, p43)."""

from datetime import timedelta
from decimal import Decimal as D
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from oms.models import Order, Payment, Posting
from oms.roles import Role
from oms.states import PaymentMethod
from refunds import lifecycle
from refunds.conservation import taxes
from refunds.models import Refund
from refunds.refusals import (
    ApprovalStale,
    MoreThanIsLeft,
    NotPositive,
    OwnRequest,
    SentBefore,
    TermsUnusable,
    UnknownReference,
)
from refunds.states import RefundDestination, RefundStatus
from refunds.tenders import Tender
from tests.builders import NOON
from tests.refunds.cases import (
    DOCK,
    FINANCE,
    LATER,
    a_paid_order,
    a_requested_refund,
    approve_above,
    everything,
    people,
)
from tests.staff import a_member, staff_client

pytestmark = pytest.mark.django_db

CHOOSER = "user:1000103"


def split_order() -> tuple[Order, Payment, Payment]:
    """20.00: twelve by card, eight through PayPal."""
    order = a_paid_order()
    card = order.payments.get()
    Payment.objects.filter(pk=card.pk).update(captured=D(12))
    second = Payment.objects.create(
        order=order, method=PaymentMethod.PAYPAL, provider_id=f"cap_{uuid4().hex}", currency="GBP",
        captured=D(8), captured_at=NOON + timedelta(minutes=5),
    )  # fmt: skip
    people()
    return order, card, second


def goodwill(order: Order, amount: str) -> list[Refund]:
    return lifecycle.request_goodwill(order.number, D(amount), form_token=uuid4(), by=DOCK, at=LATER)


def over(*parts: tuple[Payment, str]) -> list[Tender]:
    return [Tender(str(payment.pk), D(amount)) for payment, amount in parts]


def spread(refund: Refund, *parts: tuple[Payment, str], by: str = CHOOSER) -> list[Refund]:
    return lifecycle.spread(refund.number, over(*parts), by=by, at=LATER)


def on(payment: Payment) -> tuple[D, D]:
    payment.refresh_from_db()
    return payment.refunded, payment.in_flight


def test_another_payment_takes_all_of_it() -> None:
    order, card, paypal = split_order()
    [before] = goodwill(order, "5.00")
    [after] = spread(before, (paypal, "5.00"))
    before.refresh_from_db()
    assert (before.status, before.replaced_at, after.status) == ("canceled", LATER, "awaiting_approval")
    assert after.approval_reasons == ["goodwill", "tenders"]
    assert (on(card), on(paypal)) == ((0, 0), (0, D(5)))


def test_one_becomes_two_and_two_become_one() -> None:
    order, card, paypal = split_order()
    [one] = goodwill(order, "5.00")
    two = spread(one, (card, "2.00"), (paypal, "3.00"))
    assert [str(part.amount) for part in two] == ["2.00", "3.00"]
    [again] = spread(two[1], (card, "5.00"))
    assert (on(card), on(paypal), again.amount) == ((0, D(5)), (0, 0), D(5))


def test_told_twice_is_spread_once() -> None:
    order, _card, paypal = split_order()
    [one] = goodwill(order, "5.00")
    first = spread(one, (paypal, "5.00"))
    assert spread(first[0], (paypal, "5.00")) == first
    assert Refund.objects.filter(order=order).count() == 2


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ([("card", "4.99")], TermsUnusable),
        ([("card", "5.01")], TermsUnusable),
        ([("card", "13.00")], MoreThanIsLeft),
        ([("card", "0.00"), ("paypal", "5.00")], NotPositive),
        ([("card", "-1.00"), ("paypal", "6.00")], NotPositive),
        ([("other", "5.00")], UnknownReference),
    ],
)
def test_refused_and_nothing_moves(parts: list[tuple[str, str]], refusal: type[Exception]) -> None:
    order, card, paypal = split_order()
    other = a_paid_order().payments.get()
    [refund] = goodwill(order, "5.00")
    known = everything(refund)
    with pytest.raises(refusal):
        spread(refund, *[({"card": card, "paypal": paypal, "other": other}[name], much) for name, much in parts])
    assert everything(refund) == known


def test_the_room_of_what_it_replaces_counts() -> None:
    order, card, paypal = split_order()
    parts = goodwill(order, "15.00")
    assert [str(one.amount) for one in parts] == ["12.000", "3.000"]
    after = spread(parts[0], (card, "7.00"), (paypal, "8.00"))
    assert [str(one.amount) for one in after] == ["7.00", "8.00"]
    assert (on(card), on(paypal)) == ((0, D(7)), (0, D(8)))


def test_neither_who_asked_nor_who_spread_it_lets_it_out() -> None:
    order, _card, paypal = split_order()
    asker, chooser, third = a_member(Role.FINANCE).actor, a_member(Role.ADMINISTRATOR).actor, FINANCE
    [refund] = lifecycle.request_goodwill(order.number, D(5), form_token=uuid4(), by=asker, at=LATER)
    [refund] = spread(refund, (paypal, "5.00"), by=chooser)
    for by in (asker, chooser):
        with pytest.raises(OwnRequest):
            lifecycle.approve(refund.number, by=by, at=LATER)
        with pytest.raises(DatabaseError), transaction.atomic():
            refund.approvals.create(
                amount=refund.amount, destination=refund.destination, approver_id=int(by[5:]), approved_at=LATER
            )
    assert lifecycle.approve(refund.number, by=third, at=LATER).status == "approved"


def test_what_was_sent_or_let_out_stays() -> None:
    order, _card, paypal = split_order()
    [refund] = goodwill(order, "5.00")
    lifecycle.approve(refund.number, by=FINANCE, at=LATER)
    lifecycle.submit(refund.number, by="system", at=LATER)
    lifecycle.fail(refund.number, provider_id="re_1", reason="expired_or_canceled_card", by="stripe", at=LATER)
    lifecycle.redirect(refund.number, RefundDestination.MANUAL, reason="gone", by=FINANCE, at=LATER)
    with pytest.raises(SentBefore):
        spread(refund, (paypal, "5.00"))


def failed_on_its_card() -> tuple[Order, Payment, Payment, Refund]:
    order, card, paypal = split_order()
    refund = a_requested_refund(order)
    lifecycle.submit(refund.number, by="system", at=LATER)
    lifecycle.fail(refund.number, provider_id="re_1", reason="expired_or_canceled_card", by="stripe", at=LATER)
    return order, card, paypal, refund


def test_what_failed_is_spread_over_other_payments_and_approved_anew() -> None:
    _order, card, paypal, failed = failed_on_its_card()
    parts = spread(failed, (card, "3.00"), (paypal, "7.00"))
    assert [(one.status, one.approval_reasons) for one in parts] == [("awaiting_approval", ["tenders"])] * 2
    assert (on(card), on(paypal)) == ((0, D(3)), (0, D(7)))
    failed.refresh_from_db()
    assert (failed.status, failed.replaced_at, failed.rma.settlement) == ("canceled", LATER, "in_progress")
    assert spread(failed, (card, "3.00"), (paypal, "7.00")) == parts  # the same form twice
    for one in parts:
        lifecycle.approve(one.number, by=FINANCE, at=LATER)
        lifecycle.submit(one.number, by="system", at=LATER)
        lifecycle.settle(one.number, provider_id=f"re_{uuid4().hex}", by="stripe", at=LATER)
    failed.rma.refresh_from_db()
    assert (failed.rma.settlement, on(card), on(paypal)) == ("settled", (D(3), 0), (D(7), 0))


def test_what_failed_is_spread_within_what_is_left() -> None:
    _order, card, paypal, failed = failed_on_its_card()
    known = everything(failed)
    for parts, refusal in (
        ([(paypal, "8.01"), (card, "1.99")], MoreThanIsLeft),
        ([(paypal, "8.00")], TermsUnusable),
    ):
        with pytest.raises(refusal):
            spread(failed, *parts)
    assert everything(failed) == known


def test_the_page_of_what_failed_offers_its_payments() -> None:
    _order, _card, paypal, failed = failed_on_its_card()
    client = staff_client(Role.FINANCE)
    assert "Spread it over these payments" in client.get(failed.get_absolute_url()).content.decode()
    answer = client.post(f"/refunds/{failed.number}/tenders/", {f"payment_{paypal.pk}": "8.00"})
    assert (answer.status_code, "come to another amount than 10.00" in answer.content.decode()) == (422, True)


def test_from_a_page_that_is_old_nothing_is_spread() -> None:
    order, card, paypal = split_order()
    [refund] = goodwill(order, "5.00")
    spread(refund, (paypal, "5.00"))
    with pytest.raises(ApprovalStale):
        spread(refund, (card, "1.00"), (paypal, "4.00"))


def test_each_part_is_booked_and_taxed_as_its_share() -> None:
    """Replaced parts are no part of the memo any more: what is booked adds up, and nothing drifts."""
    approve_above("1")
    order, card, paypal = split_order()
    refunds = [a_requested_refund(order)]
    assert [str(one.amount) for one in refunds] == ["10.000"]
    for refund in spread(refunds[0], (card, "3.33"), (paypal, "6.67")):
        lifecycle.approve(refund.number, by=FINANCE, at=LATER)
        lifecycle.submit(refund.number, by="system", at=LATER)
        lifecycle.settle(refund.number, provider_id=f"re_{uuid4().hex}", by="stripe", at=LATER)
    refunds[0].rma.refresh_from_db()
    assert (refunds[0].rma.status, refunds[0].rma.settlement) == ("closed", "settled")
    booked = Posting.objects.filter(account="sales_tax", entry__cause__startswith="refund/")
    assert sum(booked.values_list("amount", flat=True)) == D("1.67")
    assert sum(one.refunded for one in taxes() if one.order == order.number) == D("1.67")


def test_postgresql_holds_what_a_memo_pays_and_where_from() -> None:
    order, _card, paypal = split_order()
    [refund] = goodwill(order, "5.00")
    row = Refund.objects.filter(pk=refund.pk)
    for change in (
        lambda: row.update(payment=paypal),
        lambda: row.update(replaced_at=LATER),
        lambda: Refund.objects.create(
            number="F-TWICE", memo=refund.memo, order=order, payment=paypal, amount=D("0.01"), currency="GBP",
            status="awaiting_approval", source="goodwill", requested_at=LATER,
            correlation=uuid4(), approval_reasons=["goodwill"],
        ),
    ):  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


# ── The page ──────────────────────────────────────────────────────────────────────────────────────────────────────


def post(client: Client, refund: Refund, **amounts: str) -> Any:
    return client.post(f"/refunds/{refund.number}/tenders/", amounts)


def test_finance_spreads_it_on_its_page() -> None:
    order, card, paypal = split_order()
    [refund] = goodwill(order, "5.00")
    client = staff_client(Role.FINANCE)
    shown = client.get(refund.get_absolute_url()).content.decode()
    assert f'name="payment_{card.pk}"' in shown
    answer = post(client, refund, **{f"payment_{card.pk}": "2.00", f"payment_{paypal.pk}": "3.00"})
    first = Refund.objects.standing().filter(order=order).order_by("pk")[0]
    assert (answer.status_code, answer.url) == (302, first.get_absolute_url())
    assert (on(card), on(paypal)) == ((0, D(2)), (0, D(3)))


@pytest.mark.parametrize(
    ("card_gets", "paypal_gets", "sentence"),
    [
        ("2.00", "2.00", "the payments come to another amount than 5.00"),
        ("-5.00", "10.00", "must be more than zero"),
        ("five", "", "is not a plain decimal number"),
        ("2.001", "2.999", "decimals"),
        ("", "9.00", "9.00 asked for, 8.00 left"),
        ("", "", "Say how much goes back to at least one payment."),
    ],
)
def test_what_does_not_add_up_is_said_at_its_place(card_gets: str, paypal_gets: str, sentence: str) -> None:
    order, card, paypal = split_order()
    [refund] = goodwill(order, "5.00")
    known = everything(refund)
    answer = post(
        staff_client(Role.FINANCE), refund, **{f"payment_{card.pk}": card_gets, f"payment_{paypal.pk}": paypal_gets}
    )
    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert everything(refund) == known


def test_an_agent_is_offered_nothing() -> None:
    order, card, paypal = split_order()
    [refund] = goodwill(order, "5.00")
    client = staff_client(Role.AGENT)
    assert f'name="payment_{card.pk}"' not in client.get(refund.get_absolute_url()).content.decode()
    assert post(client, refund, **{f"payment_{paypal.pk}": "5.00"}).status_code == 403


def test_one_payment_leaves_nothing_to_choose() -> None:
    order = a_paid_order()
    [refund] = goodwill(order, "5.00")
    shown = staff_client(Role.FINANCE).get(refund.get_absolute_url()).content.decode()
    assert "/tenders/" not in shown
    assert RefundStatus(refund.status) == RefundStatus.AWAITING_APPROVAL
