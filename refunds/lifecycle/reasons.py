"""Why a second person has to let a refund out (R84). PostgreSQL counts the same way (migration `two_pairs_of_eyes`).

The limit is counted per order, and per customer within a day of the request, over what leaves without a second person:
what is cut into small parts comes to the same sum.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from oms import shops
from oms.models import Order, Payment, Shop
from oms.money import round_half_up
from oms.prepared import prepared
from refunds.models import CreditMemo, Refund
from refunds.states import ApprovalReason, RefundDestination, RefundSource, RefundStatus
from returns.models import RMA

DAY = timedelta(days=1)
NOT_COUNTED = (RefundSource.IMPORTED, RefundSource.EXTERNAL)
WHOLE = Decimal(100)
MOST = Decimal(500)  # until somebody saves the settings
_NOTHING = Value(Decimal(0))


@dataclass(frozen=True, slots=True)
class Standing:
    """What left without a second person so far, in the order's currency, and what may."""

    limit: Decimal
    on_order: Decimal
    of_day: Decimal
    on_memos: Decimal  # of the return, this memo included


def with_standing(order: Order, at: datetime, *, rma: RMA | None = None) -> list[Payment]:
    """The order's payments, oldest first, each with what `standing` reads: no statement of its own."""
    payments = _with_standing(
        order.pk, order.customer_id or 0, order.currency, at - DAY, rma.pk if rma is not None else 0
    )
    for one in payments:
        one.order = order
    return payments


@prepared
def _with_standing(order: int, customer: int, currency: str, since: datetime, rma: int) -> QuerySet[Payment]:
    alone = Refund.objects.filter(approval_reasons=[]).exclude(status=RefundStatus.CANCELED)
    alone = alone.exclude(source__in=NOT_COUNTED)
    of_day = alone.filter(currency=currency, requested_at__gt=since, order__customer=customer)
    return (
        Payment.objects.filter(order=order)
        .order_by("captured_at", "pk")
        .annotate(
            limit=Coalesce(Subquery(Shop.objects.filter(pk=1).values("approval_above")), Value(MOST)),
            alone_on_order=_sum(alone.filter(order=OuterRef("order")), "order", "amount"),
            alone_of_day=_sum(of_day, "order__customer", "amount"),
            on_memos=_sum(CreditMemo.objects.filter(rma=rma), "rma", "total"),
        )
    )


def standing(payments: Iterable[Payment]) -> Standing:
    """What the rows of `with_standing` say; they all say the same."""
    row = next(iter(payments))
    return Standing(row.limit, row.alone_on_order, row.alone_of_day, row.on_memos)  # type: ignore[attr-defined]


def reasons_for(memo: CreditMemo, refunds: Sequence[Refund], known: Standing) -> list[str]:
    """Why the refunds of this memo need a second person; none: nobody is needed."""
    found = []
    if memo.source == RefundSource.GOODWILL:
        found.append(ApprovalReason.GOODWILL)
    if known.on_order + memo.total > known.limit:
        found.append(ApprovalReason.ORDER)
    elif known.of_day + memo.total > known.limit:
        found.append(ApprovalReason.DAY)
    quoted = memo.rma.quote.get("total") if memo.rma else None
    if quoted is not None and known.on_memos > Decimal(quoted):
        found.append(ApprovalReason.OVER_QUOTE)
    if any(is_by_hand(refund) for refund in refunds):
        found.append(ApprovalReason.BY_HAND)
    if memo.rma is not None and not memo.rma.comes_back and not _kept_by_policy(memo.rma):
        found.append(ApprovalReason.KEPT)
    return [str(reason) for reason in found]


def _kept_by_policy(rma: RMA) -> bool:
    """Whether a rule offered the goods for nothing, and nobody had to be asked."""
    return rma.decision.get("resolution") == rma.resolution and "override" not in rma.decision


def is_by_hand(refund: Refund) -> bool:
    return refund.destination == RefundDestination.MANUAL or refund.is_by_hand


def again(refund: Refund) -> list[str]:
    """Why a failed refund that is to be sent once more needs a second person now: it is among what is counted."""
    known = standing(with_standing(refund.order, refund.requested_at))
    if known.on_order > known.limit:
        return [str(ApprovalReason.ORDER)]
    return [str(ApprovalReason.DAY)] if known.of_day > known.limit else []


def goodwill_of(order: Order) -> tuple[Decimal, Decimal | None]:
    """What was given on this order that was not refused, and what may be in all; None: as much as its payments have."""
    alive = Refund.objects.filter(order=order, source=RefundSource.GOODWILL).exclude(status=RefundStatus.CANCELED)
    given = alive.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    part = shops.current().goodwill_most
    return given, None if part == WHOLE else round_half_up(order.total * part / WHOLE, order.currency)


def _sum(rows: QuerySet, group: str, what: str) -> Coalesce:
    sums = rows.order_by().values(group).annotate(sum=Sum(what)).values("sum")
    return Coalesce(Subquery(sums), _NOTHING)
