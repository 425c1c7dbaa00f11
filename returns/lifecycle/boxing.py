"""A return that goes in several parcels: which units travel in which, decided before a label is used."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from oms import outbox
from oms.verbs import verb
from returns import parcels
from returns.lifecycle.locking import lines_of, lock
from returns.models import RMA, Parcel, ParcelLine, ReturnLine
from returns.refusals import LabelUsed, NotOffered, NotSpread
from returns.states import PARCEL_MACHINE, ParcelStatus, RMAStatus

type Box = Mapping[int, int]


@verb
def spread(number: str, boxes: Sequence[Box], *, by: str, at: datetime) -> RMA:
    """Let the return travel in these parcels, each {return line: units}; one label each, and no fee is taken again.

    A label that was bought stays where its parcel holds no more than before; otherwise it is void, and another is
    wanted. The same plan again changes nothing. Raises NotSpread unless every unit lies in exactly one parcel,
    LabelUsed once one of them is on its way, NotOffered where we make no label.
    """
    rma = lock(number)
    if not rma.comes_back or rma.decision.get("label") in ("own", "pickup"):
        raise NotOffered
    lines = lines_of(rma)
    _refuse_wrong(lines, boxes)
    if rma.status != RMAStatus.APPROVED:
        raise LabelUsed
    kept = list(rma.parcels.exclude(status=ParcelStatus.VOIDED).defer("label").order_by("pk"))
    if any(one.status not in (ParcelStatus.WANTED, ParcelStatus.LABELED) for one in kept):
        raise LabelUsed
    plans, everything = parcels.plans(rma), {line.pk: line.quantity for line in lines}
    before = [plans.get(one.pk, everything) for one in kept]
    if [dict(box) for box in boxes] == before:
        return rma
    abroad = parcels.crosses_border(rma)
    after, void, wanted = _match(kept, before, boxes, abroad=abroad)
    for one in void:
        PARCEL_MACHINE.check("void", one.status, ParcelStatus.VOIDED)
        one.status = ParcelStatus.VOIDED
        one.save(update_fields=["status"])
    made = {at_: _want(rma, at) for at_ in wanted}
    full = [made.get(place) or after[place] for place in range(len(boxes))]
    ParcelLine.objects.filter(parcel__in=[one for one in full if one is not None]).delete()
    if len(boxes) > 1:
        ParcelLine.objects.bulk_create(
            ParcelLine(parcel=parcel, line_id=line, quantity=quantity)
            for parcel, box in zip(full, boxes, strict=True)
            for line, quantity in sorted(box.items())
        )
    outbox.record(
        rma,
        "rma.spread",
        by=by,
        at=at,
        parcels=[
            {"parcel": parcel.pk, "lines": [{"line": line, "quantity": box[line]} for line in sorted(box)]}
            for parcel, box in zip(full, boxes, strict=True)
        ],
        wanted=[one.pk for one in made.values()],
        voided=[one.pk for one in void],
    )
    return rma


def _refuse_wrong(lines: Sequence[ReturnLine], boxes: Sequence[Box]) -> None:
    """Every unit in exactly one parcel, and something in each."""
    sums: dict[int, int] = {}
    for box in boxes:
        if not box or any(quantity <= 0 for quantity in box.values()):
            raise NotSpread
        for line, quantity in box.items():
            sums[line] = sums.get(line, 0) + quantity
    if not 1 <= len(boxes) <= parcels.MOST or sums != {line.pk: line.quantity for line in lines}:
        raise NotSpread


def _match(
    kept: Sequence[Parcel], before: Sequence[Box], boxes: Sequence[Box], *, abroad: bool
) -> tuple[dict[int, Parcel], list[Parcel], list[int]]:
    """Which parcel stays for which box, which are void, and for which boxes one more is wanted.

    Customs papers name what is inside, so abroad a label stays for the same contents only.
    """
    after: dict[int, Parcel] = {}
    void: list[Parcel] = []
    for place, (parcel, held) in enumerate(zip(kept, before, strict=True)):
        if place >= len(boxes):
            void.append(parcel)
            continue
        box = boxes[place]
        less = all(quantity <= held.get(line, 0) for line, quantity in box.items())
        if not parcel.shipment_id or box == held or (less and not abroad):
            after[place] = parcel
        else:
            void.append(parcel)
    return after, void, [place for place in range(len(boxes)) if place not in after]


def _want(rma: RMA, at: datetime) -> Parcel:
    PARCEL_MACHINE.check("want", "", ParcelStatus.WANTED)
    return Parcel.objects.create(rma=rma, status=ParcelStatus.WANTED, wanted_at=at)
