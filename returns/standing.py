"""What a decision knows of the customer and of how the order was paid: counts only, read only when a rule asks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, DecimalField, Q, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from oms.models import Order
from oms.models.orders import MONEY
from returns import policy
from returns.models import RMA
from returns.states import Resolution, RMASource, RMAStatus

YEAR = timedelta(days=365)
GIVEN_UP = (RMAStatus.REJECTED, RMAStatus.CANCELED, RMAStatus.EXPIRED)


def history(order: Order, rules: Sequence[policy.Rule], *, at: datetime) -> policy.CustomerFacts:
    """Count the year before `at`: returns, orders, and what was refunded without coming back (R149)."""
    if order.customer_id is None or not any(policy.looks_at_history(rule) for rule in rules):
        return policy.CustomerFacts()
    asked = RMA.objects.filter(order__customer=order.customer_id, requested_at__gte=at - YEAR)
    asked = asked.exclude(source=RMASource.CARRIER)  # what was never delivered is no habit of theirs (p45)
    kept = Q(resolution=Resolution.KEEP_ITEM) & ~Q(status__in=GIVEN_UP)
    worth = Sum(Cast(KT("quote__total"), DecimalField(**MONEY)), filter=kept & Q(currency=order.currency))
    return policy.CustomerFacts(
        **asked.aggregate(
            returns_last_year=Count("pk"),
            kept_last_year=Count("pk", filter=kept),
            kept_value_last_year=Coalesce(worth, Decimal(0)),
        ),
        orders_last_year=Order.objects.filter(customer=order.customer_id, placed_at__gte=at - YEAR).count(),
    )


def shipping_left(order: Order, rules: Sequence[policy.Rule]) -> Decimal:
    """What was paid for sending the order and no return was promised yet, in its currency."""
    if not order.shipping_total or not any(rule.kind == "refund_shipping" for rule in rules):
        return Decimal(0)
    promised = RMA.objects.filter(order=order, quote__inputs__has_key="shipping").exclude(status__in=GIVEN_UP)
    return Decimal(0) if promised.exists() else order.shipping_total


def lost_promotions(order: Order) -> frozenset[str]:
    """Discounts of the order that one of its returns took back from what stayed."""
    if not order.promotions:
        return frozenset()
    taken = RMA.objects.filter(order=order, quote__inputs__has_key="promotions").exclude(status__in=GIVEN_UP)
    quotes = taken.values_list("quote__inputs__promotions", flat=True)
    return frozenset(one["label"] for told in quotes for one in told)


def methods(order: Order, rules: Sequence[policy.Rule]) -> tuple[str, ...]:
    """How the order was paid, oldest first."""
    if not any("methods" in rule.parameters for rule in rules):
        return ()
    return tuple(dict.fromkeys(order.payments.order_by("captured_at", "pk").values_list("method", flat=True)))
