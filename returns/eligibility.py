"""From an order to what may come back: loads the facts once and asks the pure policy engine.

The same file of facts feeds the portal's list, the preview of a quote and the decision inside `lifecycle.request`, so
no button can promise what the verb refuses (p51, p55).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Aggregate, OuterRef, Subquery

from inventory.models import Condition
from oms.models import Order, OrderLine, ShipmentLine, UnitClaim
from oms.models.claims import Units, UnitsField
from oms.money import amount_text, units_value
from oms.orders.creation import tax_within
from oms.states import PaymentMethod
from oms.units import count, free_units, lowest, without
from returns import policy, promotions, reference, standing
from returns.models import PolicyVersion, ReturnReason
from returns.pricing import SHIPPING, Price, UnitsToPrice
from returns.refusals import ForeignLine, NothingWanted, TooMany, UnknownCondition, UnknownReason
from returns.states import Resolution

FULL, ZERO = Decimal(100), Decimal(0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One order line somebody wants to send back. `reason` and `condition` are codes, `condition` may be ""."""

    order_line_id: int
    quantity: int
    reason: str
    condition: str = ""
    note: str = ""
    photos: int = 0


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


@dataclass(slots=True)
class OrderFile:
    """Everything a decision about an order needs, read once."""

    order: Order
    lines: Mapping[int, OrderLine]
    free: Mapping[int, Units]
    travels: Mapping[int, tuple[datetime, datetime | None]]
    reasons: Mapping[str, ReturnReason]
    conditions: Mapping[str, Condition]
    version: PolicyVersion
    policy: policy.Policy
    customer: policy.CustomerFacts = field(default_factory=policy.CustomerFacts)
    methods: tuple[str, ...] = ()
    shipping: Decimal = ZERO
    lost: frozenset[str] = frozenset()  # labels of discounts an earlier return took back


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


# ── Loading ───────────────────────────────────────────────────────────────────────────────────────────────────────


def open_file(order: Order, *, at: datetime) -> OrderFile:
    lines = _lines(order)
    version, rules = _policy_for(order)
    return OrderFile(
        order=order,
        lines=lines,
        free={pk: free_units(line.quantity, [line.claimed_units]) for pk, line in lines.items()},
        travels={pk: (line.sent_at, line.came_at) for pk, line in lines.items() if line.sent_at is not None},
        reasons=reference.reasons(),
        conditions={code: one for code, one in reference.conditions().items() if one.active},
        version=version,
        policy=policy.Policy(version.number, version.market, version.time_zone, rules),
        customer=standing.history(order, rules, at=at),
        methods=standing.methods(order, rules),
        shipping=standing.shipping_left(order, rules),
        lost=standing.lost_promotions(order),
    )


def _lines(order: Order) -> dict[int, Any]:
    """The order's lines with `claimed_units`, `sent_at` and `came_at`; of several parcels the last one counts (p25)."""
    claims = UnitClaim.objects.filter(order_line=OuterRef("pk"), active=True).order_by().values("order_line")
    claimed = claims.annotate(all=Aggregate("units", function="range_agg", output_field=UnitsField())).values("all")
    sent = ShipmentLine.objects.filter(order_line=OuterRef("pk")).order_by("-shipment__shipped_at", "pk")
    lines = order.lines.select_related("product").order_by("position")
    lines = lines.annotate(
        claimed_units=Subquery(claimed, output_field=UnitsField()),
        sent_at=Subquery(sent.values("shipment__shipped_at")[:1]),
        came_at=Subquery(sent.values("shipment__delivered_at")[:1]),
    )
    return {line.pk: line for line in lines}


def _policy_for(order: Order) -> tuple[PolicyVersion, tuple[policy.Rule, ...]]:
    version = reference.policy_for(order.market, order.placed_at)
    rules = (rule for rule in version.rules.all() if rule.active)
    return version, tuple(policy.Rule(rule.kind, rule.parameters, rule.priority) for rule in rules)


# ── Before anything is asked ──────────────────────────────────────────────────────────────────────────────────────


def returnable(order: Order, *, at: datetime) -> list[LineView]:
    """Say of every line how many may come back, until when, and why not."""
    return lines_of(open_file(order, at=at), at=at)


def lines_of(file: OrderFile, *, at: datetime) -> list[LineView]:
    """The same from a file that is open already."""
    return [_view(file, line, at) for line in file.lines.values()]


def _view(file: OrderFile, line: OrderLine, at: datetime) -> LineView:
    answer = policy.returnable(_order_facts(file), _line_facts(file, line), file.policy, now=at)
    return LineView(line, answer.quantity, _left(file, line), answer.until, answer.why_not, answer.sentences)


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
        order=_order_facts(file),
        lines=tuple(_line_facts(file, file.lines[one.order_line_id], one) for one in wanted),
        customer=file.customer,
        resolution=resolution,
        override=override,
    )
    decision = policy.evaluate(request, file.policy, now=at)
    denied = decision.verdict is policy.Verdict.DENY
    units = {} if denied else {one.order_line_id: lowest(file.free[one.order_line_id], one.quantity) for one in wanted}
    shipping = [shipping_to_price(file.order, file.lines.values())] if units and decision.shipping else []
    lost = _lost(file, units) if units and decision.requalifies else []
    fees = (*decision.fees, *_charged(lost))
    quote = price(
        [_to_price(file, one, units[one.order_line_id]) for one in wanted if one.order_line_id in units],
        fees,
        file.order.currency,
        shipping,
    )
    quote["inputs"] = _inputs(file, wanted, units, fees)
    if lost:
        quote["inputs"]["promotions"] = [_told(one, file.order.currency) for one in lost]
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
        if not 0 < one.quantity <= _left(file, line):
            raise TooMany(sku=line.sku, left=_left(file, line), asked=one.quantity)


def pays(file: OrderFile, reason: ReturnReason) -> dict[str, Decimal]:
    """What each condition pays for this reason, in percent: the shop's fault pays in full whatever the state."""
    return {code: FULL if reason.is_our_fault else one.payout_percent for code, one in file.conditions.items()}


def declared(file: OrderFile, one: Wanted) -> Condition | None:
    """The condition the customer says, or the one their reason implies."""
    implied = file.reasons[one.reason].implied_condition
    return file.conditions.get(one.condition) or implied


def _left(file: OrderFile, line: OrderLine) -> int:
    """Units that were sent and are claimed by no return. Canceled units hold claims of their own."""
    unshipped = line.quantity - line.shipped - line.canceled
    return max(0, count(file.free[line.pk]) - unshipped)


def _promotions(file: OrderFile) -> list[promotions.Promotion]:
    return promotions.promotions_of(file.order.promotions, [str(pk) for pk in file.lines])


def _lost(file: OrderFile, units: Mapping[int, Units]) -> list[promotions.Lost]:
    """Discounts that what stays after this return no longer reaches, and no earlier return took back."""
    staying = [
        promotions.Staying(str(pk), line.gross, line.tax_rate, line.quantity, without(file.free[pk], units.get(pk, ())))
        for pk, line in file.lines.items()
    ]
    standing_ones = [one for one in _promotions(file) if one.label not in file.lost]
    return promotions.lost_by(standing_ones, staying, file.order.currency)


def _charged(lost: Iterable[promotions.Lost]) -> Iterator[policy.Fee]:
    for one in lost:
        for rate, amount in one.charged.items():
            yield policy.Fee(promotions.CODE, amount=amount, tax_rate=rate or None)


def _told(lost: promotions.Lost, currency: str) -> dict[str, str]:
    minimum, stays = lost.promotion.minimum, lost.stays
    return {
        "label": lost.promotion.label,
        "minimum": amount_text(minimum, currency),
        "stays": amount_text(stays, currency),
    }


def _paid(file: OrderFile, line: OrderLine) -> tuple[Decimal, Decimal]:
    """What a line was paid and the tax in it; with discounts that were taken back from it, without them."""
    gross, tax = line.gross, line.tax
    for one in _promotions(file) if file.lost else ():
        if one.label in file.lost:
            gross, tax = gross + one.shares[str(line.pk)].gross, tax + one.shares[str(line.pk)].tax
    return gross, tax


def _to_price(file: OrderFile, one: Wanted, units: Units) -> UnitsToPrice:
    line, condition = file.lines[one.order_line_id], declared(file, one)
    gross, tax = _paid(file, line)
    percent = pays(file, file.reasons[one.reason])[condition.code] if condition else FULL
    return UnitsToPrice(
        key=str(line.pk),
        description=line.description,
        line_gross=gross,
        line_tax=tax,
        line_quantity=line.quantity,
        units=units,
        payout_percent=percent,
        tax_rate=line.tax_rate,
    )


def _basis(file: OrderFile, line: OrderLine) -> dict[str, str]:
    """What the units are parts of, where it is not what the line was paid."""
    if not file.lost:
        return {}
    gross, tax = _paid(file, line)
    return {"gross": amount_text(gross, file.order.currency), "tax": amount_text(tax, file.order.currency)}


def shipping_to_price(order: Order, lines: Iterable[OrderLine]) -> UnitsToPrice:
    """What was paid for sending, as one unit with a tax of its own; its rate is that of the goods it fits."""
    gross, tax = order.shipping_total, order.shipping_tax
    rates = [line.tax_rate for line in lines if tax_within(gross, line.tax_rate, order.currency) == tax]
    return UnitsToPrice(SHIPPING, "", gross, tax, 1, ((0, 1),), FULL, rates[0] if rates else ZERO)


def _inputs(
    file: OrderFile, wanted: Sequence[Wanted], units: Mapping[int, Units], fees: Sequence[policy.Fee]
) -> dict[str, Any]:
    """What the quote was made from, frozen with it: the refund after inspection is the same function on these."""
    return {
        "lines": {
            str(one.order_line_id): {
                "units": [list(part) for part in units.get(one.order_line_id, ())],
                "reason": one.reason,
                "declared": getattr(declared(file, one), "code", ""),
                **_basis(file, file.lines[one.order_line_id]),
                "pays": {code: f"{percent:f}" for code, percent in pays(file, file.reasons[one.reason]).items()},
            }
            for one in wanted
        },
        "fees": [
            {
                "code": fee.code,
                "amount": None if fee.amount is None else f"{fee.amount:f}",
                "percent": None if fee.percent is None else f"{fee.percent:f}",
                "per": fee.per,
                "maximum": None if fee.maximum is None else f"{fee.maximum:f}",
                "tax_rate": None if fee.tax_rate is None else f"{fee.tax_rate:f}",
                "lines": list(fee.lines),
            }
            for fee in fees
        ],
    }


# ── Facts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _order_facts(file: OrderFile) -> policy.OrderFacts:
    order = file.order
    shipped = [shipped_at for shipped_at, _delivered in file.travels.values()]
    delivered = [delivered_at for _shipped, delivered_at in file.travels.values()]
    return policy.OrderFacts(
        number=order.number,
        placed_at=order.placed_at,
        market=order.market,
        value=order.total,
        currency=order.currency,
        shipped_at=max(shipped, default=None),
        delivered_at=max((at for at in delivered if at), default=None),
        methods=file.methods,
        shipping=file.shipping,
        has_promotions=bool(order.promotions),
        units_left=sum(count(units) for units in file.free.values()),
    )


def _line_facts(file: OrderFile, line: OrderLine, one: Wanted | None = None) -> policy.LineFacts:
    free = file.free[line.pk]
    shipped_at, delivered_at = file.travels.get(line.pk, (None, None))
    facts: dict[str, Any] = {}
    if one is not None:
        reason, condition = file.reasons[one.reason], declared(file, one)
        facts = {
            "requested": one.quantity,
            "reason": reason.code,
            "our_fault": reason.is_our_fault,
            "condition": condition.code if condition else "",
            "asks_condition": reason.asks_condition,
            "value": _value(line, lowest(free, min(one.quantity, count(free))), file.order.currency),
            "photos": one.photos,
        }
    return policy.LineFacts(
        key=str(line.pk),
        sku=line.sku,
        quantity=line.quantity,
        returnable=_left(file, line),
        category=line.product.category if line.product else "",
        final_sale=line.is_final_sale,
        unshipped=line.quantity - line.shipped - line.canceled,
        canceled=line.canceled,
        shipped_at=shipped_at,
        delivered_at=delivered_at,
        **facts,
    )


def _value(line: OrderLine, units: Units, currency: str) -> Decimal:
    parts = (units_value(line.gross, line.quantity, first, last, currency) for first, last in units)
    return sum(parts, Decimal(0))
