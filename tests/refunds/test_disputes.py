"""A disputed payment: what is not sent waits, goes on when it is won, and is called off when it is lost."""

import itertools
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from oms.journal import Account
from oms.models import Delivery, Event, JournalEntry, Posting
from oms.roles import Role
from refunds import lifecycle, protocol
from refunds.conservation import Balance, balances
from refunds.gateways import paypal_messages, stripe_messages
from refunds.gateways.base import DisputeNews, GatewayError, ProviderFee
from refunds.models import PaymentDispute, Refund
from refunds.refusals import NotOurs
from refunds.states import DisputeStatus, RefundStatus
from returns.models import RMA
from returns.states import Settlement
from tests.refunds.cases import FINANCE, LATER, a_paid_order, a_refund_in, a_requested_refund, everything, money
from tests.refunds.test_conservation import NOTHING, a_sale, drifts, give_back
from tests.sandbox import Sandbox
from tests.staff import staff_client

pytestmark = pytest.mark.django_db

S, D = RefundStatus, DisputeStatus


def news(refund: Refund, status: DisputeStatus, *, id: str = "dp_1") -> DisputeNews:
    return DisputeNews(id, ("ch_else", refund.payment.provider_id), status, "general")


def hear(refund: Refund, *statuses: DisputeStatus, id: str = "dp_1") -> Refund:
    for status in statuses:
        lifecycle.hear_dispute(news(refund, status, id=id), by="stripe", at=LATER)
    return Refund.objects.get(pk=refund.pk)


def test_what_is_not_sent_waits(sandbox: Sandbox) -> None:
    refund = hear(a_requested_refund(a_paid_order(sandbox)), D.OPEN)
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert (refund.status, refund.attempts.count()) == (S.APPROVED, 0)
    assert money(refund.order) == (0, Decimal("10.00"))


def test_won_it_goes_on(sandbox: Sandbox) -> None:
    refund = hear(a_requested_refund(a_paid_order(sandbox)), D.OPEN, D.WON)
    owed = Delivery.objects.filter(event__name="refund.resumed", event__stream=refund.stream)
    assert list(owed.values_list("task", flat=True)) == ["refunds.submit_refund"]
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert refund.status == S.SETTLED


def test_won_it_waits_for_another_dispute_of_the_same_payment() -> None:
    refund = a_requested_refund()
    hear(refund, D.OPEN, id="dp_1")
    hear(refund, D.OPEN, id="dp_2")
    hear(refund, D.WON, id="dp_1")
    assert not Event.objects.filter(name="refund.resumed").exists()
    assert lifecycle.submit(refund.number, by="system", at=LATER) is None


def test_lost_it_is_called_off_and_the_return_waits_for_somebody() -> None:
    refund = hear(a_requested_refund(), D.OPEN, D.LOST)
    assert (refund.status, refund.provider_reason) == (S.CANCELED, "dispute_lost")
    assert money(refund.order) == (0, 0)
    assert RMA.objects.get(pk=refund.rma_id).settlement == Settlement.FAILED


@pytest.mark.parametrize("status", [S.SUBMITTED, S.PENDING, S.SETTLED, S.FAILED, S.CANCELED])
def test_what_is_out_already_is_left_alone(status: S) -> None:
    refund = a_refund_in(status)
    *before, entries = everything(refund)
    hear(refund, D.OPEN, D.LOST)
    assert everything(refund) == (*before, entries + 1)  # what the dispute took


@pytest.mark.parametrize("end", [D.WON, D.LOST])
def test_every_order_and_copy_of_the_news_ends_alike(end: D) -> None:
    ends = set()
    for order in sorted(set(itertools.permutations([D.OPEN, D.OPEN, end, end]))):
        refund = hear(a_requested_refund(), *order, id=f"dp_{'-'.join(order)}-{len(ends)}-{Refund.objects.count()}")
        ends.add((refund.status, PaymentDispute.objects.get(payment=refund.payment).status))
    assert ends == {(S.APPROVED if end == D.WON else S.CANCELED, end)}


def test_a_refund_asked_for_while_it_is_disputed_waits_too() -> None:
    order = a_paid_order()
    first = a_requested_refund(order)
    hear(first, D.OPEN)
    [goodwill] = lifecycle.request_goodwill(
        order.number, Decimal(1), form_token=first.memo.ref, by="user:1000101", at=LATER
    )
    lifecycle.approve(goodwill.number, by=FINANCE, at=LATER)
    assert lifecycle.submit(goodwill.number, by="system", at=LATER) is None


# ── What is lost is booked ────────────────────────────────────────────────────────────────────────────────────────


def lose(payment: Any, *, amount: int = 5998, currency: str = "GBP", id: str = "dp_1") -> PaymentDispute:
    told = DisputeNews(id, (payment.provider_id,), D.LOST, "fraudulent", amount, currency)
    return lifecycle.hear_dispute(told, by="stripe", at=LATER)


def booked() -> list[tuple[str, Decimal]]:
    found = Posting.objects.filter(entry__cause__startswith="dispute/")
    return list(found.order_by("pk").values_list("account", "amount"))


@pytest.mark.parametrize(("method", "account"), [("card", Account.PROVIDER), ("paypal", Account.PAYPAL)])
def test_what_a_lost_dispute_takes_is_booked_once(method: str, account: Account) -> None:
    order = a_sale(payments=((method, "59.98"),))
    payment = order.payments.get()
    for _told_again in range(2):
        dispute = lose(payment)
    assert dispute.lost == Decimal("59.98")
    assert booked() == [(Account.CHARGEBACKS, Decimal("59.98")), (account, Decimal("-59.98"))]
    assert JournalEntry.objects.get(cause="dispute/dp_1/lost").order == order
    event = Event.objects.get(name="order.charged_back")
    assert (event.stream, event.facts["amount"], event.facts["dispute"]) == (order.stream, "59.98", "dp_1")


def fees() -> list[tuple[str, str, Decimal, str]]:
    found = Posting.objects.filter(entry__cause__startswith="provider_fee/").order_by("pk")
    return list(found.values_list("entry__cause", "account", "amount", "currency"))


def test_what_the_provider_charges_is_an_expense_once_and_no_drift() -> None:
    payment = a_sale().payments.get()
    taken, back = ProviderFee("txn_1", 1500, "USD"), ProviderFee("txn_2", -1500, "USD")
    for status, told in ((D.OPEN, (taken,)), (D.WON, (taken, back)), (D.OPEN, (taken,))):
        said = DisputeNews("dp_1", (payment.provider_id,), status, "", 5998, "GBP", told)
        lifecycle.hear_dispute(said, by="stripe", at=LATER)
    assert fees() == [
        ("provider_fee/txn_1", "provider_fees", Decimal("15.00"), "USD"),
        ("provider_fee/txn_1", "provider", Decimal("-15.00"), "USD"),
        ("provider_fee/txn_2", "provider_fees", Decimal("-15.00"), "USD"),
        ("provider_fee/txn_2", "provider", Decimal("15.00"), "USD"),
    ]
    assert drifts() == NOTHING


@pytest.mark.parametrize("status", [D.OPEN, D.WON])
def test_what_is_not_lost_books_nothing(status: D) -> None:
    payment = a_sale().payments.get()
    told = DisputeNews("dp_1", (payment.provider_id,), status, "", 5998, "GBP")
    assert lifecycle.hear_dispute(told, by="stripe", at=LATER).lost == 0
    assert booked() == []


def reading() -> Balance:
    [one] = balances()
    return one


def test_captured_is_refunded_charged_back_and_kept() -> None:
    order = a_sale()
    give_back(order, {"MUG": 1})
    lose(order.payments.get(), amount=2000)
    one = reading()
    assert (one.refunded, one.charged_back, one.kept) == (Decimal("9.99"), Decimal("20.00"), Decimal("29.99"))
    assert drifts() == NOTHING


def test_not_told_how_much_it_is_all_that_was_not_given_back() -> None:
    order = a_sale()
    give_back(order, {"MUG": 1})
    lose(order.payments.get(), amount=0, currency="")
    assert (reading().charged_back, reading().kept, drifts()) == (Decimal("49.99"), 0, NOTHING)


def test_money_that_is_gone_twice_shows_as_less_than_nothing_kept() -> None:
    order = a_sale()
    give_back(order, {"MUG": 1})
    lose(order.payments.get())
    assert (reading().kept, drifts()) == (Decimal("-9.99"), NOTHING)


def test_a_loss_that_one_book_does_not_know_drifts() -> None:
    order = a_sale()
    lose(order.payments.get())
    PaymentDispute.objects.update(lost=Decimal("59.97"))
    assert drifts() == NOTHING | {"order": Decimal("0.01")}


def test_money_lost_in_another_currency_is_for_a_person() -> None:
    payment = a_sale().payments.get()
    with pytest.raises(NotOurs, match="other_currency"):
        lose(payment, currency="EUR")
    assert (booked(), PaymentDispute.objects.count()) == ([], 0)


def test_the_page_says_what_was_lost() -> None:
    refund = hear(a_requested_refund(), D.OPEN)
    client = staff_client(Role.FINANCE)
    assert "nothing goes back on it until that is decided" in client.get(refund.get_absolute_url()).content.decode()
    lose(refund.payment, amount=2000)
    shown = client.get(refund.get_absolute_url()).content.decode()
    assert "A dispute of the payment was lost and took £20.00: nothing more goes back on it." in shown


def test_a_payment_that_is_not_ours() -> None:
    with pytest.raises(NotOurs):
        lifecycle.hear_dispute(DisputeNews("dp_1", ("ch_nobody",), D.OPEN), by="stripe", at=LATER)


# ── What providers say ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "means"),
    [
        ("needs_response", D.OPEN),
        ("warning_under_review", D.OPEN),
        ("won", D.WON),
        ("warning_closed", D.WON),
        ("lost", D.LOST),
        ("prevented", D.LOST),
    ],
)
def test_stripes_words(status: str, means: D) -> None:
    about = {"id": "dp_1", "object": "dispute", "charge": "ch_1", "payment_intent": "pi_1", "status": status}
    about |= {"amount": 5998, "currency": "gbp"}
    [said] = stripe_messages.read("charge.dispute.closed", {"data": {"object": about}})
    assert said == DisputeNews("dp_1", ("ch_1", "pi_1"), means, "", 5998, "GBP")


def test_stripes_fees_stand_on_the_movements_of_its_book() -> None:
    """As Stripe shows a dispute that was won: 15.00 withdrawn with the money, and given back with it."""
    moved = [{"id": f"txn_{fee}", "amount": -1000, "fee": fee, "currency": "usd"} for fee in (1500, -1500, 0)]
    about = {"id": "dp_1", "object": "dispute", "charge": "ch_1", "status": "won", "balance_transactions": moved}
    [said] = stripe_messages.read("charge.dispute.funds_reinstated", {"data": {"object": about}})
    assert said.fees == (ProviderFee("txn_1500", 1500, "USD"), ProviderFee("txn_-1500", -1500, "USD"))  # type: ignore[union-attr]


def test_paypals_fees_are_movements_of_the_seller() -> None:
    amount = {"value": "14.00", "currency_code": "GBP"}
    fee = {"party": "SELLER", "amount": amount, "type": "DEBIT", "reason": "DISPUTE_FEE", "effective_time": "T1"}
    others = [fee | {"reason": "DISPUTE_SETTLEMENT"}, fee | {"party": "BUYER"}]
    about: dict[str, Any] = {"dispute_id": "PP-D-1", "disputed_transactions": [{"seller_transaction_id": "CAP1"}]}
    about |= {"status": "RESOLVED", "fund_movements": [fee, *others, fee | {"type": "CREDIT"}]}
    [said] = paypal_messages.read("CUSTOMER.DISPUTE.RESOLVED", {"resource": about})
    told = [(one.movement, one.amount_minor) for one in said.fees]  # type: ignore[union-attr]
    assert told == [("PP-D-1/DEBIT/T1", 1400), ("PP-D-1/CREDIT/T1", -1400)]


@pytest.mark.parametrize(
    ("status", "outcome", "means"),
    [
        ("OPEN", "", D.OPEN),
        ("WAITING_FOR_SELLER_RESPONSE", "", D.OPEN),
        ("RESOLVED", "RESOLVED_SELLER_FAVOUR", D.WON),
        ("RESOLVED", "CANCELED_BY_BUYER", D.WON),
        ("RESOLVED", "RESOLVED_BUYER_FAVOUR", D.LOST),
        ("RESOLVED", "SOMETHING_NEW", D.LOST),
    ],
)
def test_paypals_words(status: str, outcome: str, means: D) -> None:
    about: dict[str, Any] = {"dispute_id": "PP-D-1", "disputed_transactions": [{"seller_transaction_id": "CAP1"}]}
    about |= {"status": status, "dispute_outcome": {"outcome_code": outcome}}
    [said] = paypal_messages.read("CUSTOMER.DISPUTE.RESOLVED", {"resource": about})
    assert said == DisputeNews("PP-D-1", ("CAP1",), means)


def test_paypal_takes_what_it_says_it_refunded() -> None:
    about: dict[str, Any] = {"dispute_id": "PP-D-1", "disputed_transactions": [{"seller_transaction_id": "CAP1"}]}
    about |= {"status": "RESOLVED", "dispute_amount": {"value": "59.98", "currency_code": "GBP"}}
    outcome = {"outcome_code": "RESOLVED_BUYER_FAVOUR"}
    part = {"amount_refunded": {"value": "20.00", "currency_code": "GBP"}}
    for told, amount in ((outcome, 5998), (outcome | part, 2000)):
        [said] = paypal_messages.read("CUSTOMER.DISPUTE.RESOLVED", {"resource": about | {"dispute_outcome": told}})
        assert (said.amount_minor, said.currency) == (amount, "GBP")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "amount", [{"value": "x", "currency_code": "GBP"}, {"value": "1.00"}, {"value": "1.001", "currency_code": "GBP"}]
)
def test_an_amount_nobody_can_read_is_said(amount: dict[str, str]) -> None:
    about: dict[str, Any] = {"dispute_id": "PP-D-1", "disputed_transactions": [{"seller_transaction_id": "CAP1"}]}
    with pytest.raises(GatewayError):
        list(paypal_messages.read("CUSTOMER.DISPUTE.CREATED", {"resource": about | {"dispute_amount": amount}}))


@pytest.mark.parametrize("about", [{}, {"dispute_id": "PP-D-1"}, {"disputed_transactions": [{}]}])
def test_a_dispute_of_nothing_is_said(about: dict[str, Any]) -> None:
    with pytest.raises(GatewayError):
        list(paypal_messages.read("CUSTOMER.DISPUTE.CREATED", {"resource": about}))
