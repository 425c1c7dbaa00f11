"""Facts that a decision is made from, and the policy it is made by (R31, R43–R50, R91–R93).

All amounts are Decimal in the order's currency, all instants aware. Nothing here holds personal data, so a decision
can be stored with its facts and shown to whoever asks.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """The order as it stands; `value` is its total, tax included."""

    number: str
    placed_at: datetime
    market: str
    value: Decimal
    currency: str
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    methods: tuple[str, ...] = ()  # how it was paid; read only when a rule asks
    shipping: Decimal = Decimal(0)  # paid for sending it and promised back to nobody yet; read only when a rule asks
    has_promotions: bool = False  # discounts that asked for a minimum of goods
    units_left: int = 0  # units that are neither canceled nor on their way back


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One order line and what is asked of it.

    `unshipped` and `canceled` are units of `quantity`; `returnable` is sent and not yet claimed by a return. `value`
    is what the requested units paid, tax included. A line that travelled in a shipment of its own carries that
    shipment's instants; without them the order's count.
    """

    key: str
    sku: str
    quantity: int
    returnable: int
    category: str = ""
    final_sale: bool = False
    unshipped: int = 0
    canceled: int = 0
    requested: int = 0
    reason: str = ""
    our_fault: bool = False
    condition: str = ""
    asks_condition: bool = True  # whether the reason has the customer say a condition at all
    value: Decimal = Decimal(0)
    photos: int = 0
    hazardous: bool = False
    grams: int = 0  # of one unit
    longest_cm: int = 0  # of one unit, packed; 0 = not known
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None

    @property
    def claimed(self) -> int:
        """Units that were sent and are already returned or on their way back."""
        return max(0, self.quantity - self.unshipped - self.canceled - self.returnable)


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What we know of the customer: counts, and what was refunded without coming back, in the order's currency."""

    returns_last_year: int = 0
    orders_last_year: int = 0
    kept_last_year: int = 0
    kept_value_last_year: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """Everything one request is judged by. `resolution` is what the customer prefers, "" if nothing was chosen."""

    order: OrderFacts
    lines: tuple[LineFacts, ...]
    customer: CustomerFacts = CustomerFacts()
    resolution: str = ""
    override: str = ""  # a resolution that staff chose instead

    @property
    def is_everything(self) -> bool:
        """Whether nothing of the order stays with the customer after this."""
        return sum(line.requested for line in self.lines) >= self.order.units_left

    @property
    def value(self) -> Decimal:
        """What the requested units paid together, tax included."""
        return sum((line.value for line in self.lines), Decimal(0))

    def to_json(self) -> dict[str, Any]:
        return {key: plain(value) for key, value in asdict(self).items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "RequestFacts":
        """The facts of a stored decision; what was not known then stands at nothing."""
        return cls(
            order=_read(OrderFacts, stored["order"]),
            lines=tuple(_read(LineFacts, line) for line in stored["lines"]),
            customer=_read(CustomerFacts, stored.get("customer", {})),
            resolution=stored.get("resolution", ""),
            override=stored.get("override", ""),
        )


def _read[Facts: (OrderFacts, LineFacts, CustomerFacts)](kind: type[Facts], stored: Mapping[str, Any]) -> Facts:
    """A dataclass of facts from its JSON: instants by their names, amounts by their type."""
    known: dict[str, Any] = {}
    for one in fields(kind):
        value = stored.get(one.name)
        if value is None:
            continue
        if one.name.endswith("_at"):
            value = datetime.fromisoformat(value)
        elif one.type is Decimal:
            value = Decimal(value)
        elif isinstance(value, list):
            value = tuple(value)
        known[one.name] = value
    return kind(**known)


# ── Rules ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of a policy: `kind` names the function of `rules.py`, lower `priority` is asked first."""

    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 100


@dataclass(frozen=True, slots=True)
class Policy:
    """One published version for one market; `time_zone` is the market's wall clock."""

    version: int
    market: str
    time_zone: str
    rules: tuple[Rule, ...]

    def ordered(self) -> tuple[Rule, ...]:
        return tuple(sorted(self.rules, key=lambda rule: rule.priority))


def plain(value: Any) -> Any:
    """JSON without floats: Decimal and instants as text."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    return value
