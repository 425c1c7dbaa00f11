"""Refunds made in a provider's dashboard: found, set aside, attached by a person; money that is out is never lost."""

from decimal import Decimal

import pytest
from django.db import transaction

from oms.models import Event, OrderLine, Posting
from oms.refusals import Refused
from refunds import lifecycle, protocol
from refunds.gateways.base import RefundAnswer
from refunds.lifecycle import For
from refunds.models import ExternalRefund, Refund
from refunds.refusals import NotOurs, NotPositive, PaymentsExhausted, TermsUnusable, UnknownReference
from refunds.states import ExternalStatus, RefundSource, RefundStatus
from tests.builders import Sold, an_order
from tests.refunds.cases import FINANCE, LATER, a_paid_order, a_requested_refund, money

pytestmark = pytest.mark.django_db

S = RefundStatus


def said(
    payment: str, *, status: S = S.SETTLED, amount: int = 500, id: str = "re_x", currency: str = "GBP"
) -> RefundAnswer:
    return RefundAnswer(status, id, amount_minor=amount, currency=currency, payment=payment)


def found(**terms: object) -> ExternalRefund:
    order = a_paid_order()
    protocol.hear_webhook(said(order.payments.get().provider_id, **terms), by="stripe", at=LATER)
    return ExternalRefund.objects.get()


def line_of(external: ExternalRefund) -> OrderLine:
    return external.payment.order.lines.get()


def test_what_left_without_us_is_set_aside() -> None:
    external = found()
    assert (external.status, external.amount, external.held) == (ExternalStatus.WAITING, Decimal(5), Decimal(5))
    assert money(external.payment.order) == (0, Decimal("5.00"))


def test_said_again_it_is_the_same() -> None:
    external = found()
    for status in (S.PENDING, S.SETTLED):
        protocol.hear_webhook(said(external.payment.provider_id, status=status), by="stripe", at=LATER)
    assert ExternalRefund.objects.count() == 1
    assert Event.objects.filter(name="external.found").count() == 1


def test_what_came_back_before_anybody_attached_it_is_free_again() -> None:
    external = found()
    for _twice in range(2):
        protocol.hear_webhook(said(external.payment.provider_id, status=S.FAILED), by="stripe", at=LATER)
    external.refresh_from_db()
    assert (external.status, external.held) == (ExternalStatus.UNDONE, 0)
    assert money(external.payment.order) == (0, 0)


def test_what_failed_before_we_heard_of_it_is_nothing() -> None:
    order = a_paid_order()
    protocol.hear_webhook(said(order.payments.get().provider_id, status=S.FAILED), by="stripe", at=LATER)
    assert not ExternalRefund.objects.exists()


def test_more_than_is_left_is_kept_whole_and_set_aside_as_far_as_there_is_room() -> None:
    order = a_paid_order()
    a_requested_refund(order)
    protocol.hear_webhook(said(order.payments.get().provider_id, amount=1500), by="stripe", at=LATER)
    external = ExternalRefund.objects.get()
    assert (external.amount, external.held) == (Decimal("15.00"), Decimal("10.00"))
    with pytest.raises(PaymentsExhausted), transaction.atomic():
        lifecycle.attach_external(external.number, [For(line_of(external).pk, 0, Decimal(15))], by=FINANCE, at=LATER)
    assert not Refund.objects.filter(source=RefundSource.EXTERNAL).exists()


@pytest.mark.parametrize("terms", [{"currency": "EUR"}])
def test_another_currency_is_for_a_person(terms: dict[str, str]) -> None:
    order = a_paid_order()
    with pytest.raises(NotOurs):
        protocol.hear_webhook(said(order.payments.get().provider_id, **terms), by="stripe", at=LATER)


def test_a_payment_of_somebody_else_is_for_a_person() -> None:
    with pytest.raises(NotOurs):
        protocol.hear_webhook(said("pi_nobody"), by="stripe", at=LATER)


def test_attached_it_is_a_memo_a_settled_refund_and_books() -> None:
    external = found()
    line = line_of(external)
    refund = lifecycle.attach_external(external.number, [For(line.pk, 1, Decimal("5.00"))], by=FINANCE, at=LATER)
    assert lifecycle.attach_external(external.number, [], by=FINANCE, at=LATER) == refund
    assert (refund.status, refund.source, refund.provider_id) == (S.SETTLED, RefundSource.EXTERNAL, "re_x")
    assert money(refund.order) == (Decimal("5.00"), 0)
    [memo_line] = refund.memo.lines.all()
    assert (memo_line.order_line, memo_line.quantity, memo_line.tax) == (line, 1, Decimal("0.83"))
    assert memo_line.claim.quantity == 1
    postings = Posting.objects.filter(entry__cause=f"refund/{refund.number}/settled/1")
    assert sum(one.amount for one in postings) == 0
    assert sorted(abs(one.amount) for one in postings) == [Decimal("0.83"), Decimal("4.17"), Decimal("5.00")]


def test_attached_it_may_still_fail() -> None:
    external = found()
    refund = lifecycle.attach_external(
        external.number, [For(line_of(external).pk, 0, Decimal("5.00"))], by=FINANCE, at=LATER
    )
    protocol.hear_webhook(said(external.payment.provider_id, status=S.FAILED), by="stripe", at=LATER)
    refund.refresh_from_db()
    assert refund.status == S.FAILED
    assert money(refund.order) == (0, 0)


def test_units_named_cannot_be_returned_as_well() -> None:
    external = found()
    lifecycle.attach_external(external.number, [For(line_of(external).pk, 2, Decimal("5.00"))], by=FINANCE, at=LATER)
    with pytest.raises(Refused), transaction.atomic():
        a_requested_refund(external.payment.order)


BAD = {
    "nothing": ([], TermsUnusable),
    "less": ([("own", 1, "4.99")], TermsUnusable),
    "more": ([("own", 1, "5.01")], TermsUnusable),
    "another order's line": ([("other", 1, "5.00")], UnknownReference),
    "a line twice": ([("own", 1, "2.00"), ("own", 1, "3.00")], TermsUnusable),
    "zero beside": ([("own", 1, "5.00"), ("other", 0, "0.00")], Refused),
    "negative": ([("own", 1, "6.00"), ("other", 0, "-1.00")], Refused),
    "negative units": ([("own", -1, "5.00")], NotPositive),
    "too many units": ([("own", 3, "5.00")], Refused),
}


@pytest.mark.parametrize("case", BAD)
def test_parts_that_do_not_fit_change_nothing(case: str) -> None:
    external = found()
    lines = {"own": line_of(external).pk, "other": an_order(lines=[Sold(sku="TEA")]).lines.get().pk}
    parts, refusal = BAD[case]
    wanted = [For(lines[whose], quantity, Decimal(gross)) for whose, quantity, gross in parts]
    with pytest.raises(refusal), transaction.atomic():
        lifecycle.attach_external(external.number, wanted, by=FINANCE, at=LATER)
    external.refresh_from_db()
    assert external.status == ExternalStatus.WAITING
    assert not Refund.objects.exists()
