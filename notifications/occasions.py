"""What an event is about, read with as few statements as it takes: the return or refund, its order, its customer."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from notifications.models import Message
from notifications.states import MessageStatus
from oms.models import Customer, Event, Order
from oms.prepared import prepared
from refunds.models import Refund, StoreCredit, StoreCreditEntry, StoreCreditGrant
from returns import calendars
from returns.models import RMA, Dispatch, Parcel, ParcelCase, ReturnDraft
from returns.parcels import PLAN

SURVEY = "survey"
GIFT_RETURNED = "gift_returned"


@dataclass
class Occasion:
    """An event with what a mail about it may say. `parcel`, `refund`, `draft` are there when the event is of them."""

    event: Event
    at: datetime  # when the mail is composed
    order: Order
    rma: RMA | None = None
    parcel: Parcel | None = None
    refund: Refund | None = None
    draft: ReturnDraft | None = None
    credit: StoreCreditEntry | None = None
    account: StoreCredit | None = None
    dispatch: Dispatch | None = None
    case: ParcelCase | None = None

    @property
    def customer(self) -> Customer | None:
        if self.case is not None:
            return self.case.person
        about = self.rma or self.draft
        if about is not None and about.recipient_id is not None:
            return about.recipient  # whoever was given the goods is told; the buyer is not
        return self.order.customer

    @property
    def calendar(self) -> calendars.Calendar:
        return calendars.of(self.rma.warehouse if self.rma else None)


def of(event: Event, *, at: datetime) -> Occasion:
    """Raises DoesNotExist when the event's row is gone, LookupError for an event of another kind."""
    prefix, _, number = event.stream.partition("/")
    return _READERS[prefix](event, number, at)


_RETURNS = RMA.objects.select_related("order__customer", "warehouse")


@prepared
def _return(number: str) -> QuerySet[RMA]:
    return _RETURNS.filter(number=number)


@prepared
def _closed_return(event: int, number: str) -> QuerySet[RMA]:
    asked = Message.objects.filter(rma=OuterRef("pk"), template=SURVEY).exclude(status=MessageStatus.WITHHELD)
    return _RETURNS.annotate(was_asked=Exists(asked.exclude(event=event))).filter(number=number)


@prepared
def _parcel(parcel: int) -> QuerySet[Parcel]:
    known = Parcel.objects.defer("label").annotate(plan=PLAN)
    return known.select_related("rma__order__customer", "rma__warehouse").filter(pk=parcel)


@prepared
def _refund(number: str) -> QuerySet[Refund]:
    related = Refund.objects.select_related("order__customer", "rma__warehouse", "payment", "memo__numbering")
    return related.filter(number=number)


def _of_return(event: Event, number: str, at: datetime) -> Occasion:
    if event.name in ("parcel.labeled", "rma.shipped", "parcel.in_trouble", "parcel.pickup_arranged"):
        parcel = _parcel.one(event.facts["parcel"])
        return Occasion(event, at, parcel.rma.order, parcel.rma, parcel)
    if event.name.startswith("dispatch."):
        going = Dispatch.objects.defer("label").select_related("order", "rma__order__customer", "rma__warehouse")
        dispatch = going.get(pk=event.facts["dispatch"])
        return Occasion(event, at, dispatch.rma.order, dispatch.rma, dispatch=dispatch)
    rma = _closed_return.one(event.pk, number) if event.name == "rma.closed" else _return.one(number)
    return Occasion(event, at, rma.order, rma)


def _of_refund(event: Event, number: str, at: datetime) -> Occasion:
    refund = _refund.one(number)
    if refund.rma is not None:
        refund.rma.order = refund.order
    return Occasion(event, at, refund.order, refund.rma, refund=refund)


def _of_order(event: Event, number: str, at: datetime) -> Occasion:
    draft = ReturnDraft.objects.select_related("order__customer").get(pk=event.facts["draft"])
    return Occasion(event, at, draft.order, draft=draft)


def _of_credit(event: Event, number: str, at: datetime) -> Occasion:
    """Credit belongs to a customer; it is told with the order it was given for, or else their newest one."""
    account, credit = StoreCredit.objects.select_related("customer").get(number=number), None
    if entry := event.facts.get("entry"):
        credit = account.entries.select_related("order__customer").get(reference=entry)
        credit.account = account
        grants = StoreCreditGrant.objects.filter(parts__entry=credit)
    else:
        grants = account.grants.filter(pk__in=event.facts["grants"])
    given_for = Order.objects.filter(pk__in=grants.values("order")).order_by("-placed_at")
    order = given_for.first() or account.customer.orders.latest("placed_at")
    order.customer = account.customer
    return Occasion(event, at, order, credit=credit, account=account)


def _of_case(event: Event, number: str, at: datetime) -> Occasion:
    related = ParcelCase.objects.select_related(
        "order__customer", "shipment", "rma__warehouse", "rma__recipient", "parcel"
    )
    case = related.get(number=number)
    return Occasion(event, at, case.order, case=case)


_READERS = {"case": _of_case, "rma": _of_return, "refund": _of_refund, "order": _of_order, "credit": _of_credit}
