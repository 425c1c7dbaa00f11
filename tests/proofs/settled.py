"""Whether every return ended as it must, compared with the vendors' own book: the judge of K1 and K7."""

import time
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

# What every return's customer is told exactly once, whatever happens on the way.
TOLD_ONCE = {"received", "approved", "arrived", "inspected"}


def wait(until: float) -> list[str]:
    """Wait until nothing moves any more; past `until` (monotonic) return what still does, as sentences."""
    from tests.proofs import storm

    while moving := storm.patiently(_moving):
        if time.monotonic() > until:
            return moving
        time.sleep(0.5)
    return []


def _moving() -> list[str]:
    from django.db.models import Q
    from django.utils import timezone

    from oms.models import Delivery
    from refunds.models import Refund
    from refunds.states import RefundStatus
    from returns.models import RMA
    from returns.states import RMAStatus, Settlement

    reopened = Q(status=RMAStatus.INSPECTED, settlement=Settlement.FAILED)
    returns = RMA.objects.exclude(status=RMAStatus.CLOSED).exclude(reopened)
    refunds = Refund.objects.exclude(status__in=(RefundStatus.SETTLED, RefundStatus.FAILED))
    owed = Delivery.objects.filter(done_at=None, dead_at=None, due_at__lte=timezone.now()).select_related("event")
    return [
        *(f"{rma.number} is {rma.status}, {rma.settlement}" for rma in returns[:20]),
        *(f"refund {refund.number} is {refund.status}" for refund in refunds[:20]),
        *(f"{one.task} after {one.event.name} is owed, {one.attempts} tries {one.error}" for one in owed[:20]),
    ]


def counts(orders: Iterable[Any]) -> dict[str, int]:
    from django.db.models import Sum

    from oms.models import Delivery, JournalEntry
    from refunds.models import Refund, RefundAttempt
    from refunds.states import RefundStatus
    from returns.models import RMA
    from returns.states import RMAStatus

    return {
        "returns": RMA.objects.count(),
        "closed": RMA.objects.filter(status=RMAStatus.CLOSED).count(),
        "reopened": Refund.objects.filter(status=RefundStatus.FAILED).count(),
        "provider_calls": RefundAttempt.objects.aggregate(sum=Sum("calls"))["sum"] or 0,
        "journal_entries": JournalEntry.objects.count(),
        "jobs": Delivery.objects.count(),
        "jobs_tried_again": Delivery.objects.filter(attempts__gt=1).count(),
    }


def compare(book: dict[str, Any], orders: list[Any]) -> list[str]:
    """What is lost, doubled or uneven, as sentences; empty when all is well."""
    return [*_returns(orders), *_money(book), *_labels(book), *_journal(), *_mails(), *_goods(), *_jobs()]


def _returns(orders: list[Any]) -> Iterable[str]:
    from returns.models import RMA

    found = Counter(RMA.objects.values_list("order__number", flat=True))
    for order in orders:
        if found[order.number] != 1:
            yield f"order {order.number} has {found[order.number]} returns"


def _money(book: dict[str, Any]) -> Iterable[str]:
    """Per payment: the provider's book, the refund's status and the journal say the same, to the cent."""
    from django.db.models import Sum

    from oms.journal import Account
    from oms.models import Posting
    from refunds.models import Refund
    from refunds.states import RefundStatus

    journal = {
        row["entry__order"]: -row["sum"]
        for row in Posting.objects.filter(account=Account.PROVIDER).values("entry__order").annotate(sum=Sum("amount"))
    }
    charges = {charge["payment_intent"]: charge for charge in book["charges"].values()}
    for refund in Refund.objects.select_related("payment", "order"):
        charge = charges[refund.payment.provider_id]
        paid = Decimal(charge["settled"]) / 100
        booked = journal.get(refund.order_id, Decimal(0))
        expected = refund.amount if refund.status == RefundStatus.SETTLED else Decimal(0)
        noted = refund.payment.refunded
        if not paid == booked == expected == noted:
            yield f"{refund.number} ({refund.status}): provider {paid}, journal {booked}, payment {noted}"
        if charge["refunded"] != charge["settled"] or refund.payment.in_flight:
            yield f"{refund.number}: {charge['refunded'] - charge['settled']} still under way"
        if len(charge["refunds"]) > 1:
            yield f"{refund.number}: {len(charge['refunds'])} refunds at the provider"
    refunds = Counter(Refund.objects.values_list("rma", flat=True))
    yield from (f"return {rma} has {count} refunds" for rma, count in refunds.items() if count > 1)


def _labels(book: dict[str, Any]) -> Iterable[str]:
    from returns.models import Parcel

    bought = book["labels_by_reference"]
    yield from (f"{reference}: {len(labels)} labels" for reference, labels in bought.items() if len(labels) > 1)
    for parcel, tracking in Parcel.objects.values_list("pk", "tracking_number"):
        shipments = bought.get(f"parcel-{parcel}", [])
        if [book["labels"][shipment]["tracking_code"] for shipment in shipments] != [tracking]:
            yield f"parcel {parcel} does not carry the label that was bought"


def _journal() -> Iterable[str]:
    from django.db.models import Sum

    from oms.models import Posting

    uneven = Posting.objects.values("entry__cause", "currency").annotate(sum=Sum("amount")).exclude(sum=0)
    yield from (f"{row['entry__cause']} comes to {row['sum']}" for row in uneven)


def _mails() -> Iterable[str]:
    """Each customer was told each thing once, and of each settlement once."""
    from notifications.models import Message
    from oms.models import Event
    from returns.models import RMA

    told: dict[str, Counter[str]] = {}
    for number, template in Message.objects.filter(audience="customer").values_list("rma__number", "template"):
        told.setdefault(number, Counter())[template] += 1
    settlements = Counter(Event.objects.filter(name="refund.settled").values_list("stream", flat=True))
    for rma in RMA.objects.prefetch_related("refunds"):
        mails = told.get(rma.number, Counter())
        paid = sum(settlements[refund.stream] for refund in rma.refunds.all())
        expected = dict.fromkeys(TOLD_ONCE, 1) | ({"refunded": paid} if paid else {})
        if off := {name: mails[name] for name, count in expected.items() if mails[name] != count}:
            yield f"{rma.number} was told {off}"
        if doubled := [name for name, count in mails.items() if count > 1 and name not in expected]:
            yield f"{rma.number} was told twice: {doubled}"


def _goods() -> Iterable[str]:
    """Each piece came in once and was looked at once."""
    from django.db.models import Sum

    from inventory.models import StockLevel, StockMovement
    from returns.models import ReturnLine

    for line in ReturnLine.objects.exclude(arrived=1, inspected=1):
        yield f"line {line.pk}: {line.arrived} arrived, {line.inspected} inspected"
    levels = StockLevel.objects.aggregate(sum=Sum("quantity"))["sum"] or 0
    moved = StockMovement.objects.aggregate(sum=Sum("quantity"))["sum"] or 0
    if not levels == moved == ReturnLine.objects.count():
        yield f"{ReturnLine.objects.count()} pieces came back, {levels} are in bins, {moved} were moved there"


def _jobs() -> Iterable[str]:
    from oms.models import Delivery

    for one in Delivery.objects.exclude(dead_at=None).select_related("event"):
        yield f"{one.task} after {one.event.name} was given up: {one.error}"
