"""A parcel goes wrong, and a case of its own begins: opened by the carrier's word, harmless when repeated (p45, R146).

The order's row is locked first, as by every verb.
"""

from datetime import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet

from oms import lifecycle as orders
from oms import outbox
from oms.identifiers import new_number
from oms.models import Order, Shipment
from oms.money import amount_text
from oms.states import SHIPMENT_MACHINE, OrderKind
from oms.verbs import verb
from returns.case_states import CASE_MACHINE, CaseDecision, CaseKind, CaseStatus
from returns.label_costs import book_claim
from returns.models import Parcel, ParcelCase

SHIPMENT_VERB = {
    CaseKind.REFUSED: ("refuse", orders.refuse_delivery),
    CaseKind.UNDELIVERABLE: ("refuse", orders.refuse_delivery),
    CaseKind.LOST: ("lose", orders.lose),
}


# ── Opened by what the carrier says ───────────────────────────────────────────────────────────────────────────────


@verb
def open_for_shipment(
    shipment_id: int, *, kind: str, word: str, happened_at: datetime, by: str, at: datetime
) -> ParcelCase | None:
    """A parcel to the customer went wrong: the order says so, and a case begins. Said again, it is the same case.

    None when that is no news: it was delivered, or it comes back already.
    """
    order = Order.objects.for_update().get(shipments=shipment_id)
    shipment = Shipment.objects.get(pk=shipment_id)
    if known := ParcelCase.objects.filter(shipment=shipment, kind=kind).first():
        return known
    if kind in SHIPMENT_VERB:
        name, happen = SHIPMENT_VERB[CaseKind(kind)]
        if not SHIPMENT_MACHINE.allows(name, shipment.status):
            return None
        happen(order.number, shipment.tracking_number, by=by, at=at)
    elif not SHIPMENT_MACHINE.allows("deliver", shipment.status):
        return None
    case = ParcelCase(order=order, shipment=shipment)
    case = _open(case, kind, word, happened_at, goods=order.kind != OrderKind.SENT_BACK, by=by, at=at)
    return ask_why(case, by=by, at=at) if case.comes_back else case


@verb
def open_for_parcel(
    parcel: Parcel, *, kind: str, word: str, happened_at: datetime, by: str, at: datetime
) -> ParcelCase:
    """A parcel back to us went wrong; its order and return are locked. Said again, it is the same case."""
    if known := ParcelCase.objects.filter(parcel=parcel, kind=kind).first():
        return known
    case = ParcelCase(order=parcel.rma.order, parcel=parcel, rma=parcel.rma)
    return _open(case, kind, word, happened_at, goods=False, by=by, at=at)


def _open(
    case: ParcelCase, kind: str, word: str, happened_at: datetime, *, goods: bool, by: str, at: datetime
) -> ParcelCase:
    """A graver word takes the place of “delayed”."""
    CASE_MACHINE.check("open", "", CaseStatus.OPEN)
    for milder in _siblings(case).filter(kind=CaseKind.DELAYED).exclude(status=CaseStatus.CLOSED):
        shut(milder, by=by, at=at)
    case.number, case.kind, case.status = new_number("T"), CaseKind(kind), CaseStatus.OPEN
    case.word, case.happened_at, case.opened_at = word[:40], happened_at, at
    case.save(force_insert=True)
    outbox.record(
        case,
        "case.opened",
        by=by,
        at=at,
        order=case.order.number,
        kind=case.kind,
        word=case.word,
        shipment=case.shipment_id,
        parcel=case.parcel_id,
        rma=case.rma.number if case.rma else None,
        is_outbound=case.shipment_id is not None,
        comes_back=case.comes_back and goods,
    )
    return case


def _siblings(case: ParcelCase) -> QuerySet[ParcelCase]:
    same = Q(shipment=case.shipment) if case.shipment_id else Q(parcel=case.parcel)
    return ParcelCase.objects.filter(same).select_related("order")


@verb
def ask_why(case: ParcelCase, *, by: str, at: datetime) -> ParcelCase:
    """The customer is asked why it was not taken (R147)."""
    CASE_MACHINE.check("ask", case.status, CaseStatus.ASKED)
    case.status = CaseStatus.ASKED
    outbox.record(case, "case.asked", by=by, at=at, changed=("status",))
    return case


@verb
def deliver_shipment(shipment_id: int, *, by: str, at: datetime) -> Shipment:
    """The customer has it after all: what nobody has decided yet about it needs nobody any more. Again is harmless."""
    order = Order.objects.for_update().get(shipments=shipment_id)
    shipment = Shipment.objects.get(pk=shipment_id)
    if SHIPMENT_MACHINE.allows("deliver", shipment.status):
        orders.deliver(order.number, shipment.tracking_number, by=by, at=at)
        turn_up(shipment=shipment, by=by, at=at)
    return shipment


@verb
def turn_up(*, shipment: Shipment | None = None, parcel: Parcel | None = None, by: str, at: datetime) -> int:
    """It moves again, or was delivered after all: what nobody has decided yet needs nobody any more. What was paid as
    lost is put before a person again: the goods are somewhere, and so is the money.

    Returns how many cases were closed; the order is locked by the caller.
    """
    mine = ParcelCase.objects.filter(shipment=shipment) if shipment else ParcelCase.objects.filter(parcel=parcel)
    found = list(
        mine.select_related("order").filter(status__in=CaseStatus.undecided()).exclude(kind=CaseKind.TURNED_UP)
    )
    for case in found:
        shut(case, by=by, at=at)
    paid = mine.select_related("order", "rma").filter(kind=CaseKind.LOST, decision=CaseDecision.REFUND).first()
    if paid is not None and not mine.filter(kind=CaseKind.TURNED_UP).exists():
        again = ParcelCase(order=paid.order, shipment=shipment, parcel=parcel, rma=paid.rma)
        _open(again, CaseKind.TURNED_UP, "", at, goods=False, by=by, at=at)
    return len(found)


def shut(case: ParcelCase, recovered: Decimal | None = None, *, by: str, at: datetime) -> ParcelCase:
    """Nothing is left to do about a case that is locked."""
    CASE_MACHINE.check("close", case.status, CaseStatus.CLOSED)
    case.status, case.closed_at, case.recovered = CaseStatus.CLOSED, at, recovered
    currency = case.order.currency
    if recovered:
        book_claim(case, at=at)
    outbox.record(
        case,
        "case.closed",
        by=by,
        at=at,
        changed=("status", "closed_at", "recovered"),
        recovered=None if recovered is None else amount_text(recovered, currency),
        currency=currency,
    )
    return case


def lock_case(number: str) -> ParcelCase:
    """The order's row first, then the case's. Raises ParcelCase.DoesNotExist."""
    known = ParcelCase.objects.select_for_update(no_key=True, of=("order", "self"))
    return known.select_related("order__customer", "shipment", "rma__recipient", "parcel").get(number=number)
