"""What travels in which parcel of a return, and whether it passes a customs border."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, Sum
from django.db.models.functions import JSONObject

from oms.countries import code_of
from oms.prepared import prepared
from returns.carriers.territories import crosses
from returns.models import RMA, Parcel, ParcelLine, Receipt, ReturnLine
from returns.states import ParcelStatus

MOST = 9  # parcels of one return: beyond that somebody should be called


_LINES = ParcelLine.objects.filter(parcel=OuterRef("pk")).order_by("line_id")
# What lies in a parcel that shares its return with others, read with it: [{line, quantity}, …].
PLAN = ArraySubquery(_LINES.values(told=JSONObject(line="line_id", quantity="quantity")))


@dataclass(frozen=True, slots=True)
class Packed:
    """Units of a line that travel in one parcel."""

    line: ReturnLine
    quantity: int


@prepared
def _plans(rma: int) -> QuerySet[ParcelLine]:
    kept = ParcelLine.objects.filter(parcel__rma=rma).exclude(parcel__status=ParcelStatus.VOIDED)
    return kept.order_by("parcel_id", "line_id")


def plans(rma: RMA) -> dict[int, dict[int, int]]:
    """Parcel → line → units, for parcels that share the return with others; empty for the usual one parcel."""
    found: dict[int, dict[int, int]] = {}
    for one in _plans(rma.pk):
        found.setdefault(one.parcel_id, {})[one.line_id] = one.quantity
    return found


def packed(plan: Mapping[int, int] | None, lines: Sequence[ReturnLine]) -> list[Packed]:
    """What a parcel with this plan holds; without a plan, all of its return."""
    if not plan:
        return [Packed(line, line.quantity) for line in lines]
    return [Packed(line, plan[line.pk]) for line in lines if line.pk in plan]


def expected(parcel: Parcel | None, lines: Sequence[ReturnLine]) -> dict[int, int]:
    """Line → units still to be counted: in this parcel, if it shares the return with others and its `plan` was read."""
    left = {line.pk: line.outstanding for line in lines}
    plan = {one["line"]: one["quantity"] for one in getattr(parcel, "plan", None) or ()}
    if parcel is None or not plan:
        return left
    counted = Receipt.objects.filter(parcel=parcel, is_reversed=False).values_list("line").annotate(sum=Sum("quantity"))
    for line, quantity in counted.values_list("line", "sum"):
        plan[line] = plan.get(line, 0) - quantity
    return {line: max(0, min(units, plan.get(line, 0))) for line, units in left.items()}


def on_the_way(rma: RMA, line: ReturnLine, *, delivered: bool) -> int:
    """How many units of a line the carrier has taken, or delivered."""
    parcels = Parcel.objects.filter(rma=rma).exclude(status=ParcelStatus.VOIDED).defer("label")
    moved = {one.pk for one in parcels if (one.delivered_at if delivered else one.shipped_at) is not None}
    shared = plans(rma)
    if not shared:
        return line.quantity if moved else 0
    return sum(plan.get(line.pk, 0) for parcel, plan in shared.items() if parcel in moved)


def crosses_border(rma: RMA) -> bool:
    """Whether the goods pass a customs border on their way back to us."""
    house, person = rma.warehouse, rma.sender
    if house is None:
        return False
    postcode = person.postcode if person is not None else ""
    country = code_of(rma.order.country or (person.country if person is not None else ""))
    return crosses(country, house.country, from_postcode=postcode, to_postcode=house.postcode)
