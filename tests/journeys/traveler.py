"""Somebody going through a journey: short words for what people and carriers do, and what stands afterwards."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from django.db.models import Sum
from django.utils import timezone

from inventory.models import StockLevel
from notifications.models import Message
from oms.models import Event, Order, Posting
from oms.money import to_minor
from refunds.models import Refund
from refunds.pricing import price_return
from returns import lifecycle, tracking
from returns.lifecycle import Arrived, Finding, Wanted
from returns.models import RMA, Receipt
from returns.states import ReceiptResult
from tests.builders import Sold, an_order
from tests.jobs import run_jobs
from tests.sandbox import Sandbox

DOCK, AGENT = "user:7", "user:3"


def an_order_paid_at(vendors: Sandbox, *lines: Sold, **more: object) -> Order:
    """An order delivered two days ago whose card payment the sandbox knows."""
    now = timezone.now()
    unique = uuid4().hex[:12]
    times: dict[str, object] = {
        "placed_at": now - timedelta(days=5),
        "shipped_at": now - timedelta(days=4),
        "delivered_at": now - timedelta(days=2),
    }
    order = an_order(lines=lines or (Sold(),), provider_id=f"pi_{unique}", **(times | more))  # type: ignore[arg-type]
    amount = to_minor(order.total, order.currency)
    vendors.payments(
        [
            {
                "payment_intent": f"pi_{unique}",
                "charge": f"ch_{unique}",
                "amount": amount,
                "currency": order.currency.lower(),
            }
        ]
    )
    return order


def ask(order: Order, *wanted: Wanted, at: datetime | None = None, resolution: str = "refund") -> RMA:
    """The customer asks for these lines; jobs run, so a label is there if the return was approved."""
    lines = wanted or (Wanted(order.lines.order_by("position")[0].pk, 1, "changed_mind", "opened"),)
    rma = lifecycle.request(
        order.number,
        lines,
        resolution=resolution,
        price=price_return,
        form_token=uuid4(),
        by=order.customer.actor,
        at=at or timezone.now(),
    )
    run_jobs()
    return rma


def travel(vendors: Sandbox, rma: RMA, *words: str) -> None:
    """The carrier says these words about the parcel, and we ask."""
    for word in words or ("in_transit", "delivered"):
        vendors.scan(rma.parcels.get().tracking_number, word)
        tracking.poll(at=timezone.now(), silent_since=timezone.now() + timedelta(days=1), limit=10)
    run_jobs()


def hears(order: Order, status: str, cause: str = "") -> None:
    """The carrier says a word about the order's own parcel, now."""
    now = timezone.now()
    tracker = {"tracking_code": order.shipments.get().tracking_number, "status": status, "status_detail": cause}
    tracker["updated_at"] = now.isoformat()
    tracking.take_webhook({"description": "tracker.updated", "result": tracker}, at=now)
    run_jobs()


def arrive(rma: RMA, *pieces: Arrived) -> list[Receipt]:
    """The dock books in these pieces, or everything."""
    everything = [Arrived(line.pk, line.outstanding, ReceiptResult.RECEIVED) for line in rma.lines.order_by("pk")]
    receipts = lifecycle.receive(rma.number, pieces or everything, form_token=uuid4(), by=DOCK, at=timezone.now())
    run_jobs()
    return receipts


def inspect(rma: RMA, receipts: Sequence[Receipt], *conditions: str) -> None:
    """One condition per receipt, dispositions as suggested."""
    found = conditions or ("opened",) * len(receipts)
    findings = [Finding(one.pk, one.quantity, condition, "") for one, condition in zip(receipts, found, strict=True)]
    lifecycle.inspect(rma.number, findings, form_token=uuid4(), by=DOCK, at=timezone.now())
    run_jobs()


def status(rma: RMA) -> tuple[str, str]:
    rma.refresh_from_db()
    return rma.status, rma.settlement


def paid(order: Order) -> Decimal:
    """What has come back for this order, by our rows."""
    sum_of = Refund.objects.filter(order=order, status="settled").aggregate(sum=Sum("amount"))["sum"]
    return sum_of or Decimal("0.00")


def paid_by_provider(vendors: Sandbox, order: Order) -> Decimal:
    """What has come back for this order, by the provider's own book."""
    charge = vendors.book()["charges"][order.payments.get().provider_id.replace("pi_", "ch_")]
    succeeded = sum(one["amount"] for one in charge["refunds"] if one["status"] == "succeeded")
    return Decimal(succeeded) / 100


def mails(rma: RMA) -> list[str]:
    """What the customer was told, in order."""
    told = Message.objects.filter(rma=rma, audience="customer").order_by("composed_at", "pk")
    return list(told.values_list("template", flat=True))


def mailed(order: Order) -> list[str]:
    """What the customer was told about this order, in order."""
    told = Message.objects.filter(order=order, audience="customer").order_by("composed_at", "pk")
    return list(told.values_list("template", flat=True))


def story(rma: RMA) -> list[str]:
    return list(Event.objects.filter(stream=rma.stream).order_by("sequence").values_list("name", flat=True))


def in_bin(kind: str) -> int:
    return StockLevel.objects.filter(bin__kind=kind).aggregate(sum=Sum("quantity"))["sum"] or 0


def books_balance() -> bool:
    return Posting.objects.aggregate(sum=Sum("amount"))["sum"] in (None, Decimal(0))
