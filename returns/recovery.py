"""What goods that come back are expected to bring: pure arithmetic, one currency, Decimal only (first 7, U11).

Each result carries its working as steps (code, amount), costs negative, so that a page can show where each cent comes
from. What was measured (booked sales of the same product and grade) is preferred to what the dated terms assume, and
`basis` says which it was.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from inventory.states import Disposition, Grade
from oms.money import round_half_up

ZERO, HUNDRED = Decimal(0), Decimal(100)
_BETTER = {Grade.D: Grade.C, Grade.C: Grade.B, Grade.B: Grade.A, Grade.A: Grade.A}


class Basis(StrEnum):
    BOOKED = "booked"  # sales of the same product and grade
    TERMS = "terms"  # the terms of the day
    NOTHING = "nothing"  # it brings nothing either way


@dataclass(frozen=True, slots=True)
class Terms:
    """The dated terms for goods, per unit: percentages of the price without tax by grade, and costs."""

    valid_from: date
    recovers: Mapping[str, Decimal]
    sold_off: Decimal
    parts: Decimal
    handling: Decimal
    shipping: Decimal
    work: Decimal
    disposal: Decimal


@dataclass(frozen=True, slots=True)
class Booked:
    """What units of this product and grade brought, each, on average."""

    each: Decimal
    units: int


# What was booked for one product: by what became of the units (restock: sold again from the shelf, liquidate: sold off)
# and by their grade then.
BookedBy = Mapping[tuple[str, str], Booked]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some units alike: price without tax and cost of each, their grade, and what was booked for such."""

    quantity: int
    price: Decimal
    cost: Decimal
    grade: str
    booked: BookedBy = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Net:
    """What one way brings in the end; `steps` add up to `total`. `booked` is what it follows, where it follows any."""

    way: str
    steps: tuple[tuple[str, Decimal], ...]
    basis: Basis
    booked: Booked | None = None

    @property
    def total(self) -> Decimal:
        return sum((amount for _code, amount in self.steps), ZERO)


def of_disposition(piece: Piece, disposition: str, terms: Terms, currency: str) -> Net:
    """What these units bring when this becomes of them, less handling and whatever else it costs."""
    booked = _booked(piece, Disposition(disposition))
    brings, basis = (booked.each, Basis.BOOKED) if booked else _brings(piece, Disposition(disposition), terms)
    steps = [("brings", brings * piece.quantity), ("handling", -terms.handling * piece.quantity)]
    costs = {
        Disposition.REFURBISH: ("work", terms.work),
        Disposition.REPAIR: ("work", terms.work),
        Disposition.RETURN_TO_VENDOR: ("shipping", terms.shipping),
        Disposition.RETURN_TO_CUSTOMER: ("shipping", terms.shipping),
        Disposition.SCRAP: ("disposal", terms.disposal),
    }
    if known := costs.get(Disposition(disposition)):
        each = 1 if known[0] == "shipping" else piece.quantity
        steps.append((known[0], -known[1] * each))
    return Net(disposition, _rounded(steps, currency), basis, booked)


def best(piece: Piece, dispositions: Iterable[str], terms: Terms, currency: str) -> Net:
    """The disposition that brings most; of equals the first."""
    return max((of_disposition(piece, one, terms, currency) for one in dispositions), key=lambda net: net.total)


def _booked(piece: Piece, disposition: Disposition) -> Booked | None:
    """What such units brought before; work makes them sell like those of the next better grade."""
    if disposition in (Disposition.REFURBISH, Disposition.REPAIR):
        return piece.booked.get((Disposition.RESTOCK, _BETTER[Grade(piece.grade)]))
    return piece.booked.get((disposition, piece.grade))


def _brings(piece: Piece, disposition: Disposition, terms: Terms) -> tuple[Decimal, Basis]:
    """Of one unit, before any cost, by the terms."""
    grade = piece.grade
    if disposition in (Disposition.REFURBISH, Disposition.REPAIR):
        return piece.price * terms.recovers[_BETTER[Grade(grade)]] / HUNDRED, Basis.TERMS
    share = terms.recovers[grade] / HUNDRED
    worth = {
        Disposition.RESTOCK: piece.price * share,
        Disposition.LIQUIDATE: piece.price * share * terms.sold_off / HUNDRED,
        Disposition.PARTS: piece.cost * terms.parts / HUNDRED,
        Disposition.RETURN_TO_VENDOR: piece.cost,
    }.get(disposition)
    return (ZERO, Basis.NOTHING) if worth is None else (worth, Basis.TERMS)


@dataclass(frozen=True, slots=True)
class Request:
    """A return that somebody decides about: what would be paid back, the parcel, and what would come in it, each piece
    with what is likely to become of it."""

    refund: Decimal
    label: Decimal
    pieces: tuple[tuple[Piece, str], ...]


def at_approval(request: Request, terms: Terms, currency: str) -> list[Net]:
    """What each way of settling a request leaves us with, compared with doing nothing; the cheapest first.

    refund: the money goes, the goods come. keep item: the money goes, nothing comes. exchange: the sale stays, new
    goods go at their cost, the old ones come. repair: the sale stays, the goods stay the customer's, and two parcels
    and the work are ours.
    """
    come = [of_disposition(piece, disposition, terms, currency) for piece, disposition in request.pieces]
    recovered = sum((net.total for net in come), ZERO)
    basis = Basis.BOOKED if any(net.basis is Basis.BOOKED for net in come) else Basis.TERMS
    units = sum(piece.quantity for piece, _disposition in request.pieces)
    goods = sum((piece.cost * piece.quantity for piece, _disposition in request.pieces), ZERO)
    back = [("recovered", recovered), ("label", -request.label)]
    handling = ("handling", -terms.handling * units)
    ways = {
        "refund": [("refund", -request.refund), *back],
        "keep_item": [("refund", -request.refund)],
        "exchange": [("new_goods", -goods), *back, ("shipping", -terms.shipping)],
        "repair": [("work", -terms.work * units), handling, ("label", -request.label), ("shipping", -terms.shipping)],
    }
    nets = [Net(way, _rounded(steps, currency), basis) for way, steps in ways.items()]
    return sorted(nets, key=lambda net: -net.total)


def _rounded(steps: Iterable[tuple[str, Decimal]], currency: str) -> tuple[tuple[str, Decimal], ...]:
    """Each step in the currency's own decimals, so that what is shown adds up; nothing is left out but zeros."""
    found = ((code, round_half_up(amount, currency)) for code, amount in steps)
    return tuple((code, amount) for code, amount in found if amount)
