"""The first beat of every verb, and what several verbs share."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from inventory import ledger, places
from oms.prepared import prepared
from returns.models import RMA, Parcel, ReturnLine
from returns.states import (
    PARCEL_MACHINE,
    RMA_MACHINE,
    SETTLEMENT_MACHINE,
    LabelHold,
    ParcelStatus,
    RMAStatus,
    Settlement,
)

POST_WITHIN = timedelta(days=14)  # where the policy names no other time


def lock(which: str | RMA) -> RMA:
    """Lock the order's row, then the return's, and read both as they are now: in this order, with one statement.

    A return that its caller has locked in this transaction is taken as it is. Raises RMA.DoesNotExist.
    """
    if isinstance(which, RMA):
        return which
    rma = _locked.one(which)
    rma.warehouse = places.house(rma.warehouse_id)
    return rma


@prepared
def _locked(number: str) -> QuerySet[RMA]:
    # Rows that are locked are read anew after the wait; others of the same statement would be as old as its start.
    locked = RMA.objects.select_for_update(no_key=True, of=("order", "self")).select_related("order__customer")
    return locked.filter(number=number)


@prepared
def _lines(rma: int) -> QuerySet[ReturnLine]:
    related = ReturnLine.objects.select_related("order_line__product", "claim", "reason")
    return related.filter(rma=rma).order_by("id")


def lines_of(rma: RMA) -> list[ReturnLine]:
    lines = _lines(rma.pk)
    for line in lines:
        line.rma = rma
    return lines


def goods_of(lines: list[ReturnLine]) -> list[ledger.Goods]:
    """What of these lines is still on its way, as stock."""
    return [
        ledger.Goods(line.order_line.product, line.outstanding, line.order_line.unit_cost)
        for line in lines
        if line.order_line.product_id and line.outstanding
    ]


def authorize(rma: RMA, lines: list[ReturnLine], *, by: str, at: datetime) -> Parcel | None:
    """What approval brings with it: the dock expects the goods, and a label is wanted if the policy gives one; what the
    customer keeps is expected nowhere, and its money is due at once."""
    rma.status = RMAStatus.APPROVED
    rma.approved_at = at
    rma.warehouse = rma.warehouse or places.default_house()
    if not rma.comes_back:
        rma.expires_at = None
        owe(rma)
        return None
    rma.expires_at = None if rma.is_collected else rma.expires_at or at + POST_WITHIN
    ledger.expect(rma.warehouse, goods_of(lines), cause=f"rma/{rma.number}", by=by, at=at)
    if rma.decision.get("label") == "own":
        return None
    PARCEL_MACHINE.check("want", "", ParcelStatus.WANTED)
    held_for = LabelHold.PICKUP if rma.is_collected else ""
    return Parcel.objects.create(rma=rma, status=ParcelStatus.WANTED, wanted_at=at, held_for=held_for)


def withdraw(
    rma: RMA, lines: list[ReturnLine], *, cause: str, by: str, at: datetime, keep_claims: bool = False
) -> None:
    """Undo what was promised: units are free again, the dock expects nothing, unused labels are void."""
    claims = [line.claim_id for line in lines if line.claim_id and not keep_claims]
    if claims:
        type(lines[0].claim).objects.filter(pk__in=claims).update(active=False)
    free_dock(rma, lines, cause=cause, by=by, at=at)


def free_dock(rma: RMA, lines: list[ReturnLine], *, cause: str, by: str, at: datetime) -> None:
    """The dock expects these goods no longer, and their unused labels are void."""
    if rma.status == RMAStatus.APPROVED and rma.warehouse:
        ledger.release(rma.warehouse, goods_of(lines), cause=cause, by=by, at=at)
    voidable = [status for status in ParcelStatus if PARCEL_MACHINE.allows("void", status)]
    rma.parcels.filter(status__in=voidable).update(status=ParcelStatus.VOIDED)


def move(rma: RMA, verb: str, target: RMAStatus) -> None:
    """Ask the machine and set the status."""
    RMA_MACHINE.check(verb, rma.status, target)
    rma.status = target


def owe(rma: RMA) -> bool:
    """Money is due from now on; a payment already under way covers what it covers. True, for the event to say."""
    if SETTLEMENT_MACHINE.allows("owe", rma.settlement):
        rma.settlement = Settlement.DUE
    return True


def owe_nothing(rma: RMA) -> None:
    if SETTLEMENT_MACHINE.allows("owe_nothing", rma.settlement):
        rma.settlement = Settlement.NOTHING
