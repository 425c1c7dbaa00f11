"""From an order to what may come back: loads the facts once and asks the pure policy engine.

The same file of facts feeds the portal's list, the preview of a quote and the decision inside `lifecycle.request`, so
no button can promise what the verb refuses (p51, p55).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from oms.models import Order, OrderLine
from oms.models.claims import Units
from oms.states import PaymentMethod
from oms.units import lowest
from returns import policy
from returns.eligibility.facts import line_facts, order_facts
from returns.eligibility.file import FULL, OrderFile, Wanted, declared, is_goods, left, open_file
from returns.eligibility.promising import charged, inputs_of, lost_with, shipping_to_price, to_price, told
from returns.pricing import Price
from returns.refusals import ForeignLine, NothingWanted, TooMany, UnknownCondition, UnknownReason
from returns.states import Resolution

__all__ = [
    "FULL",
    "LineView",
    "OrderFile",
    "Preview",
    "Wanted",
    "check_wanted",
    "declared",
    "inputs_of",
    "judge",
    "left",
    "lines_of",
    "open_file",
    "preview",
    "returnable",
    "shipping_to_price",
    "to_price",
]


@dataclass(frozen=True, slots=True)
class LineView:
    """What a page shows of one order line before anything is asked."""

    order_line: OrderLine
    quantity: int  # how many may come back
    left: int  # how many were sent and are not yet on their way back, whatever the policy says
    until: datetime | None
    why_not: tuple[str, ...]
    sentences: tuple[str, ...]

    @property
    def can_ask(self) -> bool:
        """What the policy refuses can still be asked for, with a note; what is not there cannot."""
        return self.quantity == 0 and self.left > 0


@dataclass(frozen=True, slots=True)
class Preview:
    """What `lifecycle.request` would decide and promise right now."""

    decision: policy.Decision
    quote: dict[str, Any]
    units: Mapping[int, Units]

    @property
    def total(self) -> Decimal:
        return Decimal(self.quote["total"])

    @property
    def bonus(self) -> Decimal:
        """What comes on top when it is settled as store credit."""
        promised = self.quote.get("bonus") if self.decision.resolution == Resolution.STORE_CREDIT else None
        return Decimal(promised["amount"]) if promised else Decimal(0)

    @property
    def worth(self) -> Decimal:
        """What the customer is shown and confirms."""
        return self.total + self.bonus


# ── Before anything is asked ──────────────────────────────────────────────────────────────────────────────────────


def returnable(order: Order, *, at: datetime) -> list[LineView]:
    """Say of every line how many may come back, until when, and why not."""
    return lines_of(open_file(order, at=at), at=at)


def lines_of(file: OrderFile, *, at: datetime) -> list[LineView]:
    """The same from a file that is open already. Postage and the like were paid for but are nothing to send back."""
    return [_view(file, line, at) for line in file.lines.values() if is_goods(line)]


def _view(file: OrderFile, line: OrderLine, at: datetime) -> LineView:
    answer = policy.returnable(order_facts(file), line_facts(file, line), file.policy, now=at)
    return LineView(line, answer.quantity, left(file, line), answer.until, answer.why_not, answer.sentences)


# ── Deciding ──────────────────────────────────────────────────────────────────────────────────────────────────────


def preview(
    order: Order, wanted: Sequence[Wanted], *, resolution: str, price: Price, at: datetime, override: str = ""
) -> Preview:
    """Decide and price a request without writing anything."""
    return judge(open_file(order, at=at), wanted, resolution=resolution, price=price, at=at, override=override)


def judge(
    file: OrderFile, wanted: Sequence[Wanted], *, resolution: str, price: Price, at: datetime, override: str = ""
) -> Preview:
    """Decide and price a request from a file; what the policy denies is quoted at nothing and claims no units.

    Raises NothingWanted, ForeignLine, UnknownReason, UnknownCondition, TooMany (units that are not there to return).
    """
    check_wanted(file, wanted)
    request = policy.RequestFacts(
        order=order_facts(file),
        lines=tuple(line_facts(file, file.lines[one.order_line_id], one) for one in wanted),
        customer=file.customer,
        resolution=resolution,
        override=override,
    )
    decision = policy.evaluate(request, file.policy, now=at)
    denied = decision.verdict is policy.Verdict.DENY
    units = {} if denied else {one.order_line_id: lowest(file.free[one.order_line_id], one.quantity) for one in wanted}
    shipping = [shipping_to_price(file.order, file.lines.values())] if units and decision.shipping else []
    lost = lost_with(file, units) if units and decision.requalifies else []
    fees = (*decision.fees, *charged(lost))
    quote = price(
        [to_price(file, one, units[one.order_line_id]) for one in wanted if one.order_line_id in units],
        fees,
        file.order.currency,
        shipping,
    )
    quote["inputs"] = inputs_of(file, wanted, units, fees)
    if lost:
        quote["inputs"]["promotions"] = [told(one, file.order.currency) for one in lost]
    if shipping:
        quote["inputs"]["shipping"] = {"with": decision.shipping.value}
    if "bonus" in quote and file.order.payments.filter(method__in=PaymentMethod.store_credit()).exists():
        del quote["bonus"]  # money taken as credit earns it; credit that goes back and forth does not
    return Preview(decision, quote, units)


def check_wanted(file: OrderFile, wanted: Sequence[Wanted]) -> None:
    if not wanted:
        raise NothingWanted
    if len({one.order_line_id for one in wanted}) != len(wanted):
        raise ForeignLine
    for one in wanted:
        line = file.lines.get(one.order_line_id)
        if line is None:
            raise ForeignLine
        if one.reason not in file.reasons:
            raise UnknownReason
        if one.condition and one.condition not in file.conditions:
            raise UnknownCondition
        if not 0 < one.quantity <= left(file, line):
            raise TooMany(sku=line.sku, left=left(file, line), asked=one.quantity)
