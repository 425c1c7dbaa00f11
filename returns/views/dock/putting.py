"""Carrying into a bin, from a tray or from the scan station: one transaction per return, taken back within a minute."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from django.db.models import QuerySet
from django.utils import timezone

from inventory.models import Bin, Unit
from oms.refusals import Refused
from returns import lifecycle, verdicts
from returns.codes import Found
from returns.lifecycle.putting_away import outcome_of
from returns.lifecycle.taking_back import TAKE_BACK_WITHIN
from returns.models import RMA, Outcome, Putaway, Receipt
from returns.refusals import NothingToTakeBack
from returns.views.dock.on_tray import MOST, Tray


def named(found: Found, into: Bin | None = None, besides: Iterable[Unit] = ()) -> list[Unit]:
    """The units a code means that somebody has looked at: the one of this label, of a product the one that waits
    longest (for such a bin, if any does), of a return all that wait."""
    if found.unit is not None:
        return [found.unit] if is_here(found.unit) and Tray.of([found.unit]).inspected else []
    if found.rma is not None:
        return waiting_of(found.rma)
    seen = waiting(besides).exclude(found_as="").filter(product__in=found.products)
    return list(seen.filter(bin__kind=into.kind)[:1] if into else ()) or list(seen[:1])


def is_here(unit: Unit) -> bool:
    return bool(unit.received_as) and unit.left_at is None and unit.bin_id is not None


def waiting(besides: Iterable[Unit] = ()) -> QuerySet[Unit]:
    """Units at the dock that nobody carried anywhere, without these, the oldest first."""
    carried = Putaway.objects.filter(undoes=None, undone_by=None).values("unit")
    here = Unit.objects.filter(left_at=None, bin__isnull=False).exclude(received_as="").exclude(pk__in=carried)
    return here.exclude(pk__in=[one.pk for one in besides]).select_related("product", "bin").order_by("pk")


def waiting_of(rma: RMA) -> list[Unit]:
    """What of this return somebody has looked at, booked or not, and nobody carried anywhere."""
    receipts = Receipt.objects.filter(line__rma=rma, is_reversed=False).values_list("pk", flat=True)
    mine = list(waiting().filter(received_as__in=[f"receipt/{receipt}" for receipt in receipts])[:MOST])
    looked_at = Tray.of(mine)
    return [unit for unit in mine if looked_at.knows(unit)]


def booked(units: Sequence[Unit], *, at: datetime) -> list[Unit]:
    """The same units once what was decided of them is booked: carried away, it is not thought over any more."""
    if not verdicts.book([one.pk for one in Tray.of(units).waiting], at=at):
        return list(units)
    return Tray.load(",".join(str(unit.pk) for unit in units)).units


def carry(
    units: Sequence[Unit], place: Bin, *, token: UUID, by: str, at: datetime
) -> tuple[list[Putaway], list[Unit], dict[str, Refused]]:
    """Put them there. Returns what was done, the units that were refused, and why, by return. Raises Refused when
    nothing at all was done."""
    returns = by_return(units)
    made: list[Putaway] = []

    def put(number: str) -> None:
        mine = [unit.pk for unit in returns[number]]
        made.extend(lifecycle.put_away(number, mine, place, form_token=uuid5(token, number), by=by, at=at))

    refused = each(returns, put)
    if refused and not made:
        raise next(iter(refused.values()))
    return made, [unit for number in refused for unit in returns[number]], refused


def each(returns: Iterable[str], do: Callable[[str], None]) -> dict[str, Refused]:
    """One transaction per return: what one of them refuses does not hold the others."""
    refused: dict[str, Refused] = {}
    for number in returns:
        try:
            do(number)
        except Refused as why:
            refused[number] = why
    return refused


def by_return(units: Sequence[Unit]) -> dict[str, list[Unit]]:
    wanted = {outcome_of(unit): unit for unit in units}
    numbers = dict(Outcome.objects.filter(pk__in=wanted).values_list("pk", "receipt__line__rma__number"))
    found: dict[str, list[Unit]] = {}
    for unit in units:
        found.setdefault(numbers[outcome_of(unit)], []).append(unit)
    return dict(sorted(found.items()))


def done(token: UUID) -> int | None:
    """What this very page put away before: the first of it, of whichever return it was."""
    recent = Putaway.objects.filter(put_at__gte=timezone.now() - 60 * TAKE_BACK_WITHIN, undoes=None)
    for row in recent.select_related("outcome__receipt__line__rma").order_by("pk"):
        if row.form_token == uuid5(token, row.outcome.receipt.line.rma.number):
            return row.pk
    return None


def together(first: Putaway) -> list[Putaway]:
    """Everything that went into a bin, or back, with the same scan."""
    same = Putaway.objects.filter(by=first.by, put_at=first.put_at, undoes__isnull=first.undoes_id is None)
    return list(same.order_by("pk"))


def last_of(by: str, now: datetime) -> Putaway | None:
    """What this person put away last, within the minute."""
    recent = Putaway.objects.filter(by=by, put_at__gte=now - TAKE_BACK_WITHIN, undoes=None, undone_by=None)
    return recent.order_by("-put_at", "-pk").first()


def take_back(first: Putaway | None, *, token: UUID, by: str, at: datetime) -> list[Putaway]:
    """All of that scan goes back to where it stood; returns the step. Raises Refused."""
    if first is None:
        raise NothingToTakeBack
    step = together(first)
    own = {uuid5(token, str(one.pk)) for one in step}
    if all(hasattr(one, "undone_by") and one.undone_by.form_token not in own for one in step):
        raise NothingToTakeBack
    for one in step:
        lifecycle.take_putaway_back(one.pk, form_token=uuid5(token, str(one.pk)), by=by, at=at)
    return step


def taken_back(token: UUID, by: str, now: datetime) -> int | None:
    """What this very page took back before."""
    recent = Putaway.objects.filter(by=by, put_at__gte=now - 60 * TAKE_BACK_WITHIN).exclude(undoes=None)
    undone = recent.order_by("pk").values_list("undoes", "form_token")
    return next((putaway for putaway, form in undone if form == uuid5(token, str(putaway))), None)
