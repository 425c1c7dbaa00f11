"""Refunds to test with, brought to where a test needs them through the verbs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from oms import shops
from oms.models import JournalEntry, Order, Payment, User
from oms.roles import Role
from refunds import lifecycle
from refunds.gateways.base import RefundAnswer
from refunds.models import Refund
from refunds.states import RefundStatus
from returns import lifecycle as returns
from returns.lifecycle import Arrived, Finding
from returns.models import RMA, Outcome, Receipt
from returns.states import RMAStatus
from tests.builders import NOON, Sold, a_return, an_order
from tests.sandbox import Sandbox

DOCK, FINANCE = "user:1000101", "user:1000102"  # beyond what a test run counts to
LATER = NOON + timedelta(days=3)


def a_paid_order(sandbox: Sandbox | None = None, *, lines: Sequence[Sold] = (Sold(),), **terms: object) -> Order:
    """An order whose card payment the provider knows."""
    order = an_order(lines=lines, provider_id=f"pi_{uuid4().hex}", **terms)
    if sandbox is not None:
        sandbox.payments([known_to_provider(payment) for payment in order.payments.all()])
    return order


def people() -> None:
    """Finance as a row: who approves is a person, and PostgreSQL looks at their role."""
    number = int(FINANCE.partition(":")[2])
    person = User(pk=number, email="finance-person@staff.example", name="Fin Ance", role=Role.FINANCE)
    User.objects.bulk_create([person], ignore_conflicts=True)


def approve_above(amount: str) -> None:
    """Set the shop's limit for refunds without a second person."""
    shops.change({"approval_above": Decimal(amount)}, by="user:1", at=NOON)


def known_to_provider(payment: Payment) -> dict[str, object]:
    return {
        "payment_intent": payment.provider_id,
        "charge": payment.provider_id.replace("pi_", "ch_"),
        "amount": int(payment.captured * 100),
        "currency": payment.currency.lower(),
    }


def receive_all(rma: RMA, *, at: datetime = LATER) -> list[Receipt]:
    pieces = [Arrived(line.pk, line.quantity) for line in rma.lines.all()]
    return returns.receive(rma.number, pieces, form_token=uuid4(), by=DOCK, at=at)


def inspect_all(rma: RMA, receipts: Sequence[Receipt], condition: str = "opened", **how: str) -> list[Outcome]:
    findings = [Finding(receipt.pk, receipt.quantity, condition, how.get("disposition", "")) for receipt in receipts]
    return returns.inspect(rma.number, findings, form_token=uuid4(), by=DOCK, at=LATER)


def an_inspected_return(order: Order, *, quantity: int = 1, condition: str = "opened") -> RMA:
    rma = a_return(order, quantity=quantity)
    inspect_all(rma, receive_all(rma), condition)
    return RMA.objects.get(pk=rma.pk)


def a_requested_refund(order: Order | None = None, **terms: object) -> Refund:
    """An approved refund of an inspected return."""
    rma = an_inspected_return(order or a_paid_order(), **terms)
    return lifecycle.request_for_return(rma.number, by=DOCK, at=LATER)[0]


def a_refund_in(status: RefundStatus) -> Refund:
    """A refund brought to `status` through the verbs."""
    if status == RefundStatus.AWAITING_APPROVAL:
        order = a_paid_order()
        return lifecycle.request_goodwill(order.number, Decimal("5.00"), form_token=uuid4(), by=DOCK, at=LATER)[0]
    refund = a_requested_refund()
    number = refund.number
    if status == RefundStatus.CANCELED:
        lifecycle.cancel(number, by=FINANCE, at=LATER)
    elif status != RefundStatus.APPROVED:
        lifecycle.submit(number, by="system", at=LATER)
        if status == RefundStatus.PENDING:
            lifecycle.await_provider(number, provider_id=f"re_{uuid4().hex}", reason="", by="stripe", at=LATER)
        elif status == RefundStatus.SETTLED:
            lifecycle.settle(number, provider_id=f"re_{uuid4().hex}", by="stripe", at=LATER)
        elif status == RefundStatus.FAILED:
            lifecycle.fail(number, provider_id=f"re_{uuid4().hex}", reason="expired_card", by="stripe", at=LATER)
    found = Refund.objects.get(pk=refund.pk)
    assert found.status == status
    return found


def an_answer(
    refund: Refund, status: RefundStatus, *, provider_id: str = "re_1", key: str = "", reason: str = ""
) -> RefundAnswer:
    """What the provider would say about the newest attempt of this refund."""
    attempt = refund.attempts.order_by("-pk").first()
    return RefundAnswer(
        status=status,
        provider_id=provider_id,
        reason=reason,
        amount_minor=int(refund.amount * 100),
        currency=refund.currency,
        metadata={"refund": refund.number, "attempt": key or (str(attempt.key) if attempt else "")},
    )


def everything(refund: Refund) -> tuple[object, ...]:
    """What must not move when a verb says no."""
    found = Refund.objects.select_related("payment", "rma").get(pk=refund.pk)
    return (
        found.status,
        found.event_sequence,
        found.provider_id,
        found.payment.refunded,
        found.payment.in_flight,
        found.rma and (found.rma.status, found.rma.settlement, found.rma.event_sequence),
        list(found.attempts.order_by("pk").values_list("key", "result", "calls", "provider_id")),
        JournalEntry.objects.filter(order=found.order).count(),
    )


def money(order: Order) -> tuple[Decimal, Decimal]:
    """(refunded, in flight) over all payments of an order."""
    payments = list(order.payments.all())
    return sum((one.refunded for one in payments), Decimal(0)), sum((one.in_flight for one in payments), Decimal(0))


def is_closed(rma: RMA) -> bool:
    return RMA.objects.get(pk=rma.pk).status == RMAStatus.CLOSED
