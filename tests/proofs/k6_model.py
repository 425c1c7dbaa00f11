"""What ought to happen to one order, its returns, its money and the customer's credit: plain numbers, no product code.

Amounts are whole pence. A method changes the model and returns True, or changes nothing and returns False: then the
product must refuse, or leave everything as it is.
"""

from dataclasses import dataclass, field
from fractions import Fraction


def unit_worth(gross: int, quantity: int, unit: int) -> int:
    """Unit i of n is worth R(i + 1) − R(i), R(i) = gross × i ÷ n, halves up."""

    def first(count: int) -> int:
        return int(Fraction(gross * count, quantity) + Fraction(1, 2))

    return first(unit + 1) - first(unit)


@dataclass
class Line:
    quantity: int
    gross: int
    shipped: int
    canceled: set[int] = field(default_factory=set)
    out: set[int] = field(default_factory=set)  # units of returns that were not called off
    back: set[int] = field(default_factory=set)  # accepted by inspection

    def worth(self, units: set[int]) -> int:
        return sum(unit_worth(self.gross, self.quantity, unit) for unit in units)


@dataclass
class Return:
    line: int
    units: set[int]
    phase: str = "approved"  # canceled, received, inspected
    is_asked: bool = False  # its money


@dataclass
class Refund:
    payment: int
    amount: int
    status: str
    way: str = "original"
    rma: str = ""


@dataclass
class Exchange:
    """Goods that go out for a return: `carried` is what the return paid for them, `paid` what the customer did."""

    sku: str
    count: int
    total: int
    status: str = "waiting"
    carried: int = 0
    paid: int = 0
    back: int = 0

    @property
    def left(self) -> int:
        return self.total - self.carried - self.paid

    @property
    def is_alive(self) -> bool:
        return self.status != "canceled"


@dataclass
class Payment:
    captured: int
    refunded: int = 0
    in_flight: int = 0

    @property
    def left(self) -> int:
        return self.captured - self.refunded - self.in_flight


@dataclass
class Hold:
    """Credit set aside: what is left of it, what was spent and can come back."""

    left: int
    spent: dict[str, int] = field(default_factory=dict)


class Model:
    def __init__(self, lines: list[Line], payments: list[int]) -> None:
        self.lines, self.payments = lines, [Payment(amount) for amount in payments]
        self.returns: dict[str, Return] = {}
        self.refunds: dict[str, Refund] = {}
        self.memos: list[int] = []
        self.events = 0
        self.given = self.free = 0
        self.holds: dict[str, Hold] = {}
        self.exchanges: dict[str, Exchange] = {}
        self.prices: dict[str, int] = {}
        self.stock: dict[str, int] = {}

    # ── Goods ──

    def may_return(self, line: int, count: int) -> bool:
        one = self.lines[line]
        return 1 <= count <= one.shipped - len(one.out)

    def returned(self, number: str, line: int, units: set[int]) -> None:
        self.lines[line].out |= units
        self.returns[number] = Return(line, units)

    def call_off(self, number: str) -> bool:
        one = self.returns[number]
        if one.phase != "approved":
            return False
        one.phase = "canceled"
        self.lines[one.line].out -= one.units
        if number in self.exchanges:
            self.exchanges[number].status = "canceled"
        return True

    def receive(self, number: str) -> bool:
        return self._step(number, "approved", "received")

    def inspect(self, number: str) -> bool:
        if not self._step(number, "received", "inspected"):
            return False
        one = self.returns[number]
        self.lines[one.line].back |= one.units
        return True

    def _step(self, number: str, before: str, after: str) -> bool:
        one = self.returns[number]
        if one.phase != before:
            return False
        one.phase = after
        return True

    def may_cancel(self, line: int, count: int) -> bool:
        one = self.lines[line]
        return 1 <= count <= one.quantity - one.shipped - len(one.canceled)

    # ── Money ──

    @property
    def left(self) -> int:
        return sum(payment.left for payment in self.payments)

    def owed(self, number: str) -> int:
        """What asking for this return's money brings now."""
        one = self.returns[number]
        return 0 if one.phase != "inspected" or one.is_asked else self.lines[one.line].worth(one.units)

    def shares(self, amount: int) -> list[tuple[int, int]] | None:
        """(payment, amount) over the payments, the oldest first; None when there is not enough."""
        if not 0 < amount <= self.left:
            return None
        found = []
        for place, payment in enumerate(self.payments):
            if (part := min(amount, payment.left)) > 0:
                found.append((place, part))
                amount -= part
        return found

    def asked(self, refunds: dict[str, tuple[int, int]], status: str) -> None:
        for number, (payment, amount) in refunds.items():
            self.payments[payment].in_flight += amount
            self.refunds[number] = Refund(payment, amount, status)
        self.memos.append(sum(amount for _payment, amount in refunds.values()))

    def approve(self, number: str) -> bool:
        return self._move(number, ("awaiting_approval",), "approved")

    def refuse(self, number: str) -> bool:
        return self._move(number, ("awaiting_approval",), "canceled", in_flight=-1)

    def submit(self, number: str) -> bool:
        return self._move(number, ("approved",), "submitted")

    def settle(self, number: str) -> bool:
        return self._move(number, ("submitted",), "settled", in_flight=-1, refunded=1)

    def fail(self, number: str) -> bool:
        if self.refunds[number].status == "settled":
            return self._move(number, ("settled",), "failed", refunded=-1)
        return self._move(number, ("submitted",), "failed", in_flight=-1)

    def withhold(self, number: str) -> bool:
        """What we would have given ourselves could not be given."""
        return self._move(number, ("approved",), "failed", in_flight=-1)

    def call_off_refund(self, number: str) -> bool:
        if self.refunds[number].status == "failed":
            return self._move(number, ("failed",), "canceled")
        return self._move(number, ("approved",), "canceled", in_flight=-1)

    def retry(self, number: str) -> bool:
        one = self.refunds[number]
        if one.amount > self.payments[one.payment].left:
            return False
        return self._move(number, ("failed",), "approved", in_flight=1)

    def _move(self, number: str, before: tuple[str, ...], after: str, *, in_flight: int = 0, refunded: int = 0) -> bool:
        one = self.refunds[number]
        if one.status not in before:
            return False
        one.status = after
        payment = self.payments[one.payment]
        payment.in_flight += in_flight * one.amount
        payment.refunded += refunded * one.amount
        return True

    # ── Exchanges ──

    def reserved(self, sku: str) -> int:
        return sum(one.count for one in self.exchanges.values() if one.sku == sku and one.is_alive)

    def may_exchange(self, line: int, count: int, sku: str) -> bool:
        return self.may_return(line, count) and count <= self.stock[sku] - self.reserved(sku)

    def exchange(self, number: str, sku: str, count: int) -> None:
        self.exchanges[number] = Exchange(sku, count, self.prices[sku] * count)

    def undecided(self, number: str) -> int:
        """What is about to pay for the goods, or failed to."""
        coming = ("approved", "failed")
        return sum(
            one.amount
            for one in self.refunds.values()
            if one.rma == number and one.way == "exchange" and one.status in coming
        )

    def ways(self, number: str, shares: list[tuple[int, int]] | None) -> list[tuple[int, int, str]] | None:
        """What the return is owed, split into what goes back, first, and what pays for the goods."""
        if shares is None:
            return None
        one, total = self.exchanges[number], sum(amount for _payment, amount in shares)
        pays = min(total, max(0, one.left - self.undecided(number))) if one.is_alive else 0
        back, found = total - pays, []
        for payment, amount in shares:
            first = min(amount, back)
            back -= first
            found += [(payment, part, way) for part, way in ((first, "original"), (amount - first, "exchange")) if part]
        return found

    def give(self, number: str) -> bool:
        refund = self.refunds[number]
        one = self.exchanges[refund.rma]
        if not one.is_alive and refund.status == "approved":
            refund.way = "original"  # money after all
            return True
        if not one.is_alive or refund.amount > one.left:
            return False
        if not self._move(number, ("approved",), "settled", in_flight=-1, refunded=1):
            return False
        one.carried += refund.amount
        self.advance(refund.rma)
        return True

    def turn(self, number: str) -> bool:
        """Once its goods are called off, what waits to pay for them is money again; False where there is no room."""
        if self.exchanges[number].is_alive:
            return True
        waiting = [
            one
            for one in self.refunds.values()
            if one.rma == number and one.way == "exchange" and one.status in ("approved", "failed")
        ]
        for at, payment in enumerate(self.payments):
            if sum(one.amount for one in waiting if one.payment == at and one.status == "failed") > payment.left:
                return False
        for one in waiting:
            self.payments[one.payment].in_flight += one.amount if one.status == "failed" else 0
            one.way, one.status = "original", "approved"
        return True

    def pay_rest(self, number: str) -> None:
        one = self.exchanges[number]
        one.paid += one.left
        self.advance(number)

    def advance(self, number: str) -> None:
        """Goods that are paid may leave; what is left to pay is the customer's once all of the return is known."""
        one = self.exchanges[number]
        if one.status not in ("waiting", "held") or self.undecided(number):
            return
        if not one.left:
            one.status = "released"
        elif self.returns[number].phase == "inspected":
            one.status = "held"

    def prefer_money(self, number: str) -> int | None:
        """What goes back of what was paid for the goods; None when there is nothing to call off."""
        one = self.exchanges[number]
        if not one.is_alive:
            return None
        one.status, one.back = "canceled", one.carried + one.paid
        return one.back

    # ── Store credit ──

    def grant(self, amount: int) -> None:
        self.given += amount
        self.free += amount

    def authorize(self, amount: int) -> bool:
        if not 0 < amount <= self.free:
            return False
        self.free -= amount
        return True

    def capture(self, hold: str, amount: int) -> bool:
        if not 0 < amount <= self.holds[hold].left:
            return False
        self.holds[hold].left -= amount
        return True

    def void(self, hold: str) -> None:
        self.free += self.holds[hold].left
        self.holds[hold].left = 0

    def release(self, hold: str, spent: str, amount: int) -> bool:
        if not 0 < amount <= self.holds[hold].spent[spent]:
            return False
        self.holds[hold].spent[spent] -= amount
        self.free += amount
        return True

    @property
    def held(self) -> int:
        return sum(hold.left for hold in self.holds.values())

    @property
    def spent(self) -> int:
        return sum(sum(hold.spent.values()) for hold in self.holds.values())
