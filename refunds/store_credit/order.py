"""Which credit is spent first, and which comes back first. Pure: holdings are handed in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Holding:
    """One grant as it stands. `expires_at` None: never. At that instant it is no longer to be spent."""

    key: int
    category: str
    amount: Decimal
    used: Decimal
    authorized: Decimal
    granted_at: datetime
    expires_at: datetime | None = None

    @property
    def remaining(self) -> Decimal:
        return self.amount - self.used - self.authorized

    def spendable(self, at: datetime) -> Decimal:
        return self.remaining if self.expires_at is None or at < self.expires_at else Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """So much of that grant."""

    key: int
    amount: Decimal


def in_spending_order(holdings: Iterable[Holding], categories: Sequence[str]) -> list[Holding]:
    """What expires soonest first; of what expires together the category named first, then the oldest.

    `categories` is the shop's order; one it does not name comes last. The number of the grant settles what is left, so
    the same holdings are always spent in the same order.
    """
    rank = {category: position for position, category in enumerate(categories)}
    return sorted(
        holdings,
        key=lambda one: (
            one.expires_at or NEVER,
            rank.get(one.category, len(rank)),
            one.granted_at,
            one.key,
        ),
    )


def take(amount: Decimal, holdings: Iterable[Holding], categories: Sequence[str], at: datetime) -> tuple[Part, ...]:
    """Spread `amount` over what may be spent at `at`; less than `amount` when there is not as much."""
    parts = []
    for one in in_spending_order(holdings, categories):
        share = min(amount, one.spendable(at))
        if share > 0:
            parts.append(Part(one.key, share))
            amount -= share
    return tuple(parts)


def give_back(amount: Decimal, spent: Sequence[Part], given_back: Iterable[Part]) -> tuple[Part, ...]:
    """Return `amount` to the grants it was spent from, the last spent first: so what lasts longest comes back first.

    `spent` is in the order it was spent, `given_back` what came back before; less than `amount` when less is left.
    """
    back: dict[int, Decimal] = {}
    for part in given_back:
        back[part.key] = back.get(part.key, Decimal(0)) + part.amount
    parts = []
    for part in reversed(spent):
        share = min(amount, part.amount - back.get(part.key, Decimal(0)))
        if share > 0:
            parts.append(Part(part.key, share))
            amount -= share
    return tuple(parts)
