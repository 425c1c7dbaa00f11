"""What a decision knows of the customer and of how the order was paid: counts only, read only when a rule asks."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, DecimalField, Q, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from oms.models import Order, OrderLine
from oms.models.claims import Units
from oms.models.orders import MONEY
from returns import policy, promotions, taken
from returns.models import RMA
from returns.states import Resolution, RMASource, RMAStatus

YEAR = timedelta(days=365)
GIVEN_UP = (RMAStatus.REJECTED, RMAStatus.CANCELED, RMAStatus.EXPIRED)


def history(order: Order, rules: Sequence[policy.Rule], *, at: datetime) -> policy.CustomerFacts:
    """Count the year before `at`: returns, orders, and what was refunded without coming back (R149)."""
    if order.customer_id is None or not any(policy.looks_at_history(rule) for rule in rules):
        return policy.CustomerFacts()
    # What others were given and send back is no habit of the buyer's; a gift is judged by what the buyer did all the
    # same, so that a link is no way around a limit.
    asked = RMA.objects.filter(order__customer=order.customer_id, recipient=None, requested_at__gte=at - YEAR)
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
    told = RMA.objects.filter(order=order, quote__inputs__has_key="promotions").exclude(status__in=GIVEN_UP)
    quotes = dict(told.values_list("pk", "quote__inputs__promotions"))
    if not quotes:
        return frozenset()
    refused = taken.not_taken(order)
    known = promotions_by_label(order)
    return frozenset(
        one["label"]
        for rma, every in quotes.items()
        for one in every
        if not promotions.stays_after_all(
            known[one["label"]], one, _refused(order, refused.get(rma, {})), order.currency
        )
    )


def promotions_by_label(order: Order) -> dict[str, promotions.Promotion]:
    keys = [str(pk) for pk in order.lines.order_by("position").values_list("pk", flat=True)]
    return {one.label: one for one in promotions.promotions_of(order.promotions, keys)}


def _refused(order: Order, units: Mapping[int, Units]) -> list[promotions.Staying]:
    lines = order.lines.in_bulk(units) if units else {}
    return [not_back(lines[pk], part) for pk, part in units.items()]


def not_back(line: OrderLine, units: Units) -> promotions.Staying:
    """Units of a line that were announced and not taken back, as the promotions count them."""
    return promotions.Staying(str(line.pk), line.gross, line.tax_rate, line.quantity, (), units)


def methods(order: Order, rules: Sequence[policy.Rule]) -> tuple[str, ...]:
    """How the order was paid, oldest first."""
    if not any("methods" in rule.parameters for rule in rules):
        return ()
    return tuple(dict.fromkeys(order.payments.order_by("captured_at", "pk").values_list("method", flat=True)))
