"""What inspection decided about goods may change later: each change is another placement and another movement (p54)."""

from datetime import datetime
from uuid import UUID

from inventory import disposing, ledger, numbered
from inventory.disposing import Standing
from inventory.models import Condition
from inventory.places import bins_of
from inventory.refusals import NotSellable
from inventory.states import BinKind, Disposition
from oms import outbox
from oms.verbs import verb
from returns.goods_states import WorkStatus
from returns.lifecycle.locking import lock
from returns.lifecycle.sending_back import plan_back
from returns.models import RMA, Outcome, Placement
from returns.refusals import GoodsAreGone, InTheWorkshop, NothingChanged, NotThatManyHere, ReasonNeeded, WaitsForAnswer
from returns.states import Acceptance, HoldStatus, ReceiptResult, Resolution

# What may become of goods that are still the customer's.
FOR_THE_CUSTOMER = (Disposition.REPAIR, Disposition.RETURN_TO_CUSTOMER)


@verb
def change_disposition(
    outcome_id: int,
    *,
    source: int | None = None,
    quantity: int,
    disposition: str,
    condition: str = "",
    grade: str = "",
    reason: str,
    form_token: UUID | None = None,
    by: str,
    at: datetime,
) -> Placement:
    """Something else becomes of `quantity` units of an outcome: of those under the placement `source`, or of those
    that are still as inspected. `condition` and `grade` say what they are now, where that changed too.

    The same `form_token` again returns the placement it made. Raises Outcome.DoesNotExist, Placement.DoesNotExist,
    ReasonNeeded, WaitsForAnswer (the customer has not answered), GoodsAreGone, InTheWorkshop, NotThatManyHere,
    NothingChanged, NotSellable, NotThatMany (they are not in the bin any more, or promised to an order).
    """
    rma, outcome = locked_outcome(outcome_id)
    earlier = Placement.objects.filter(form_token=form_token).first() if form_token else None
    if earlier is not None:
        return earlier
    if not reason.strip():
        raise ReasonNeeded
    place = standing_of(rma, outcome, source, at=at)
    if place.work_orders.filter(status=WorkStatus.OPEN).exists():
        raise InTheWorkshop
    if disposition == place.disposition and condition in ("", place.condition.code):
        raise NothingChanged
    return move_on(
        rma, outcome, place,
        quantity=quantity, disposition=Disposition(disposition), condition=condition, grade=grade,
        reason=reason, form_token=form_token, by=by, at=at,
    )  # fmt: skip


def move_on(
    rma: RMA,
    outcome: Outcome,
    place: Placement,
    *,
    quantity: int,
    disposition: Disposition,
    condition: str = "",
    grade: str = "",
    reason: str,
    form_token: UUID | None = None,
    by: str,
    at: datetime,
) -> Placement:
    """The change itself, under the return's lock; goods that go back to the customer are given a parcel."""
    now = Condition.objects.get(code=condition) if condition else place.condition
    _check(outcome, place, quantity, disposition, now)
    fresh = Placement.objects.create(
        outcome=outcome,
        source=place,
        quantity=quantity,
        disposition=disposition,
        condition=now,
        grade=grade or (now.grade if condition else place.grade),
        is_ours=place.is_ours,
        reason=reason.strip()[:200],
        form_token=form_token,
        by=by,
        placed_at=at,
    )
    _move_goods(rma, outcome, place, fresh, by=by, at=at)
    outbox.record(
        rma,
        "rma.disposition_changed",
        by=by,
        at=at,
        outcome=outcome.pk,
        placement=fresh.pk,
        quantity=quantity,
        before=place.disposition,
        disposition=fresh.disposition,
        reason=fresh.reason,
    )
    if disposition == Disposition.RETURN_TO_CUSTOMER and is_stock(outcome):
        line = outcome.receipt.line.order_line
        plan_back(rma, [(line, quantity)], by=by, at=at)
    return fresh


def _check(outcome: Outcome, place: Placement, quantity: int, disposition: Disposition, now: Condition) -> None:
    if place.sold_at is not None or hasattr(place, "vendor_line"):
        raise GoodsAreGone
    if place.disposition == Disposition.RETURN_TO_CUSTOMER:
        raise GoodsAreGone
    if quantity <= 0 or quantity > place.here:
        raise NotThatManyHere(left=place.here, asked=quantity)
    if disposition == Disposition.RESTOCK and not now.is_acceptable:
        raise NotSellable
    if not place.is_ours and disposition not in FOR_THE_CUSTOMER:
        raise WaitsForAnswer


def _move_goods(rma: RMA, outcome: Outcome, before: Placement, after: Placement, *, by: str, at: datetime) -> None:
    line = outcome.receipt.line.order_line
    if line.product is None or not is_stock(outcome):
        return
    source, target = bin_of(before), bin_of(after)
    if source != target:
        goods = ledger.Goods(line.product, after.quantity, line.unit_cost)
        ledger.put_away(rma.warehouse, [(goods, target)], source=source, cause=cause_of(after), by=by, at=at)
    numbered.decide_anew(
        f"outcome/{outcome.pk}",
        after.quantity,
        placed_as=decided_as(before),
        onto=cause_of(after),
        place=bins_of(rma.warehouse)[target] if source != target else None,
    )
    if after.is_ours:
        disposing.rethink(
            line.product,
            after.quantity,
            _standing(before, before.here),
            _standing(after, after.quantity),
            entered=entries_of(before),
            order=rma.order,
            at=at,
        )


def bin_of(place: Placement) -> BinKind:
    """Where units of this placement stand; the customer's own never among ours."""
    if place.is_ours or place.disposition == Disposition.RETURN_TO_CUSTOMER:
        return ledger.LANDS_IN[Disposition(place.disposition)]
    return BinKind.HOLD


def is_stock(outcome: Outcome) -> bool:
    """Whether stock knows these units: another item than the one sold was never booked into this product's."""
    return outcome.receipt.result == ReceiptResult.RECEIVED and outcome.receipt.line.order_line.product_id is not None


def _standing(place: Placement, quantity: int) -> Standing:
    return Standing(cause_of(place), place.disposition, place.grade, quantity)


def standing(place: Placement) -> Standing:
    """What is left under a placement, as stock knows it."""
    return _standing(place, place.here)


def cause_of(place: Placement) -> str:
    """The document a placement's loss of value was booked under: the inspection for what it decided itself."""
    return f"placement/{place.pk}" if place.source_id else f"outcome/{place.outcome_id}"


def decided_as(place: Placement) -> str:
    """What numbered units say of a placement they stand under: nothing while they are as inspected."""
    return cause_of(place) if place.source_id else ""


def entries_of(place: Placement) -> list[str]:
    """The documents by which units of a placement entered our value: inspection, the way here, the workshop's."""
    causes, at = [f"outcome/{place.outcome_id}"], place
    while at is not None:
        causes += [f"placement/{at.pk}", *(f"work/{one.number}" for one in at.work_orders.all())]
        at = at.source
    return causes


# ── Finding and locking ───────────────────────────────────────────────────────────────────────────────────────────


def locked_outcome(outcome_id: int) -> tuple[RMA, Outcome]:
    """An outcome under its return's lock. Raises Outcome.DoesNotExist."""
    outcome = Outcome.objects.select_related(
        "receipt__line__rma", "receipt__line__order_line__product", "condition", "hold"
    ).get(pk=outcome_id)
    rma = lock(outcome.receipt.line.rma.number)
    outcome.receipt.line.rma = rma
    return rma, outcome


def standing_of(rma: RMA, outcome: Outcome, source: int | None, *, at: datetime) -> Placement:
    """The placement named, or the one that inspection decided. Raises Placement.DoesNotExist, WaitsForAnswer."""
    if source is not None:
        return Placement.objects.select_related("condition").get(pk=source, outcome=outcome)
    known = Placement.objects.select_related("condition").filter(outcome=outcome, source=None).first()
    if known is not None:
        return known
    return Placement.objects.create(
        outcome=outcome,
        quantity=outcome.quantity,
        disposition=outcome.disposition,
        condition=outcome.condition,
        grade=outcome.grade,
        is_ours=_is_ours(rma, outcome),
        by=outcome.by,
        placed_at=outcome.inspected_at,
    )


def _is_ours(rma: RMA, outcome: Outcome) -> bool:
    if outcome.acceptance == Acceptance.ACCEPTED:
        return rma.resolution != Resolution.REPAIR
    if outcome.hold.status in (HoldStatus.ACCEPTED, HoldStatus.OVERTURNED):
        return True
    if outcome.hold.status == HoldStatus.SENT_BACK:
        raise GoodsAreGone
    raise WaitsForAnswer
