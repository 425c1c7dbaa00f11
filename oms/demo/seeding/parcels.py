"""Parcels that went wrong, one of each kind, and goods no post may take: driven by the own verbs."""

from datetime import datetime, timedelta
from uuid import uuid4

from oms import outbox
from oms.demo.seeding import paying
from oms.models import OrderLine, Product, Shipment, User
from oms.roles import Role
from oms.states import OrderKind, ShipmentStatus
from refunds import lifecycle as money
from refunds.pricing import price_return
from returns import lifecycle
from returns.case_states import CaseCause, CaseDecision, CaseKind
from returns.lifecycle import Wanted

# what the carrier says, its word, hours ago, what the customer answers
WRONG = (
    (CaseKind.REFUSED, "return_to_sender/refused", 50, CaseCause.CHANGED_MIND),
    (CaseKind.UNDELIVERABLE, "return_to_sender", 20, ""),
    (CaseKind.LOST, "failure/lost", 30, ""),
    (CaseKind.LOST, "failure", 9, ""),
    (CaseKind.TURNED_UP, "failure", 72, ""),
    (CaseKind.DAMAGED, "in_transit/damaged", 5, ""),
    (CaseKind.DELAYED, "in_transit/weather_delay", 3, ""),
)


def make_parcel_cases(*, now: datetime) -> int:
    """Some of the parcels on their way to customers go wrong; returns how many."""
    moving = Shipment.objects.filter(status=ShipmentStatus.SHIPPED, order__kind=OrderKind.SALE, order__rmas=None)
    moving = moving.filter(order__customer__isnull=False, lines__isnull=False).distinct()
    by = User.objects.filter(role=Role.AGENT).order_by("pk").first()
    made = 0
    for shipment, (kind, word, hours, cause) in zip(moving.order_by("pk"), WRONG, strict=False):
        at = max(now - timedelta(hours=hours), shipment.shipped_at)
        if kind == CaseKind.TURNED_UP:
            made += by is not None and _turned_up(shipment, word, by, at, now)
            continue
        with outbox.as_history():
            case = lifecycle.open_for_shipment(shipment.pk, kind=kind, word=word, happened_at=at, by="carrier", at=at)
            if case is None:
                continue
            if case.comes_back:
                lifecycle.bring_back(case.number, price=price_return, by="system", at=at)
            if cause:
                person = shipment.order.customer
                lifecycle.answer_why(case.number, cause=cause, by=person.actor, at=at + timedelta(hours=1))
            if by is not None and kind == CaseKind.LOST and hours > 24:
                lifecycle.decide_case(
                    case.number, decision=CaseDecision.NOTHING, price=price_return, by=by.actor, at=now
                )
        made += 1
    return made


def _turned_up(shipment: Shipment, word: str, by: User, at: datetime, now: datetime) -> bool:
    """Paid as lost, and delivered after all: the customer has the goods and the money."""
    with outbox.as_history():
        case = lifecycle.open_for_shipment(
            shipment.pk, kind=CaseKind.LOST, word=word, happened_at=at, by="carrier", at=at
        )
        if case is None:
            return False
        decided = lifecycle.decide_case(
            case.number, decision=CaseDecision.REFUND, price=price_return, by=by.actor, at=at + timedelta(hours=20)
        )
        if decided.rma is None:
            return False
        paid_at = at + timedelta(hours=21)
        for refund in money.request_for_return(decided.rma.number, by="system", at=paid_at):
            paying.send(refund, at=paid_at)
            paying.settle(refund, at=paid_at)
        lifecycle.deliver_shipment(shipment.pk, by="carrier", at=now - timedelta(hours=4))
    return True


def make_collected(*, now: datetime) -> int:
    """Perfume is hazardous from now on, and somebody sends some back: a person finds the day. Returns how many."""
    sold = OrderLine.objects.filter(
        product__title__icontains="perfume", shipped__gt=0, returned=0, claims=None, order__customer__isnull=False
    )
    young = sold.filter(order__shipments__delivered_at__gte=now - timedelta(days=25))
    line = young.select_related("order__customer").order_by("-order__placed_at", "pk").first()
    if line is None:
        return 0
    Product.objects.filter(pk=line.product_id).update(is_hazardous=True)
    wanted, who = [Wanted(line.pk, 1, "changed_mind", "sealed")], line.order.customer
    with outbox.as_history():
        lifecycle.request(
            line.order.number, wanted, resolution="refund", price=price_return, form_token=uuid4(),
            by=who.actor, at=now - timedelta(hours=5),
        )  # fmt: skip
    return 1
