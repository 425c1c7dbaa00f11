"""Inspected units are carried into a bin: what they are was decided before, only where they stand changes."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from inventory import ledger
from inventory.models import Bin, Unit
from oms import outbox
from oms.verbs import verb
from returns.lifecycle.locking import lock
from returns.lifecycle.taking_back import TAKE_BACK_WITHIN
from returns.models import RMA, Outcome, Putaway
from returns.refusals import (
    FollowedAlready,
    NothingToTakeBack,
    OtherKindOfBin,
    OtherWarehouse,
    PutAwayAlready,
    TooLateToTakeBack,
)


@verb
def put_away(
    number: str, units: Sequence[int], place: Bin, *, form_token: UUID, by: str, at: datetime
) -> list[Putaway]:
    """These units of one return stand in this bin from now on; each movement cites its putaway.

    The same `form_token` again returns what it did the first time. Raises OtherWarehouse, OtherKindOfBin (goods that
    wait for something else never get onto a shelf), PutAwayAlready.
    """
    rma = lock(number)
    if earlier := list(Putaway.objects.filter(form_token=form_token, outcome__receipt__line__rma=rma).order_by("pk")):
        return earlier
    found = {unit.pk: unit for unit in units_of(rma, units)}
    if not units or set(found) != set(units):
        raise PutAwayAlready(sku=", ".join(map(str, sorted(set(units) - set(found)))) or rma.number)
    for unit in found.values():
        _check(rma, unit, place)
    made = _carry(found.values(), place, form_token=form_token, by=by, at=at)
    _record(rma, made, place, by=by, at=at)
    return made


def units_of(rma: RMA, units: Sequence[int]) -> list[Unit]:
    """Those of these units that inspection of this return found and that are still here, locked."""
    outcomes = Outcome.objects.filter(receipt__line__rma=rma).values_list("pk", flat=True)
    here = Unit.objects.select_for_update(no_key=True, of=("self",)).select_related("bin", "product")
    causes = [f"outcome/{outcome}" for outcome in outcomes]
    return list(here.filter(pk__in=units, found_as__in=causes, left_at=None, bin__isnull=False).order_by("pk"))


def outcome_of(unit: Unit) -> int:
    return int(unit.found_as.partition("/")[2])


def _check(rma: RMA, unit: Unit, place: Bin) -> None:
    if unit.bin is None or unit.bin.warehouse_id != place.warehouse_id:
        raise OtherWarehouse(bin=place.code)
    if unit.bin.kind != place.kind:
        raise OtherKindOfBin(bin=place.code, is_for=place.get_kind_display(), goods=unit.bin.get_kind_display())
    if unit.bin_id == place.pk:
        raise PutAwayAlready(sku=unit.number)


def _carry(
    units: Sequence[Unit], place: Bin, *, form_token: UUID, by: str, at: datetime, undoes: dict[int, int] | None = None
) -> list[Putaway]:
    """One putaway per unit, one set of movements per bin they come from."""
    made = []
    for unit in units:
        putaway = Putaway(
            unit=unit,
            outcome_id=outcome_of(unit),
            quantity=unit.quantity,
            source=unit.bin,
            target=place,
            undoes_id=(undoes or {}).get(unit.pk),
            form_token=form_token,
            by=by,
            put_at=at,
        )
        made.append(putaway)
    made = Putaway.objects.bulk_create(sorted(made, key=lambda one: (one.source_id, one.unit_id)))
    for _source, together in groupby(made, key=lambda one: one.source_id):
        rows = list(together)
        goods = [ledger.Goods(one.unit.product, one.quantity) for one in rows if not one.unit.is_other]
        ledger.carry(rows[0].source, place, goods, cause=f"putaway/{rows[0].pk}", by=by, at=at)
    Unit.objects.filter(pk__in=[unit.pk for unit in units]).update(bin=place)
    return made


def _record(rma: RMA, made: Sequence[Putaway], place: Bin, *, by: str, at: datetime) -> None:
    outbox.record(rma, "rma.put_away", by=by, at=at, putaways=[one.pk for one in made], bin=place.pk)


@verb
def take_putaway_back(putaway_id: int, *, form_token: UUID, by: str, at: datetime) -> list[Putaway]:
    """Within a minute: everything that one form put away goes back to where it stood.

    Asked again it stays so. Raises NothingToTakeBack, TooLateToTakeBack, FollowedAlready (carried on meanwhile).
    """
    asked = Putaway.objects.filter(pk=putaway_id).select_related("outcome__receipt__line__rma").first()
    if asked is None or asked.undoes_id is not None:
        raise NothingToTakeBack
    rma = lock(asked.outcome.receipt.line.rma.number)
    step = list(
        Putaway.objects.filter(form_token=asked.form_token, outcome__receipt__line__rma=rma).select_related("source")
    )
    if earlier := list(Putaway.objects.filter(undoes__in=step).order_by("pk")):
        return earlier
    if at > asked.put_at + TAKE_BACK_WITHIN:
        raise TooLateToTakeBack
    units = {unit.pk: unit for unit in units_of(rma, [one.unit_id for one in step])}
    if any(one.unit_id not in units or units[one.unit_id].bin_id != one.target_id for one in step):
        raise FollowedAlready(what=asked.target.code)
    made = []
    for source in {one.source for one in step}:
        back = [one for one in step if one.source_id == source.pk]
        undoes = {one.unit_id: one.pk for one in back}
        made += _carry([units[pk] for pk in undoes], source, form_token=form_token, by=by, at=at, undoes=undoes)
    _record(rma, made, asked.source, by=by, at=at)
    return made
