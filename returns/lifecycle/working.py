"""The workshop: goods are repaired or refurbished until a day, at a cost, and then something becomes of them."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from inventory import disposing
from inventory.states import Disposition
from oms import outbox
from oms.identifiers import new_number
from oms.money import amount_text
from oms.verbs import verb
from returns import goods_terms
from returns.goods_states import WORK_MACHINE, WorkStatus
from returns.lifecycle.placing import entries_of, locked_outcome, move_on, standing_of
from returns.models import RMA, Outcome, WorkOrder
from returns.refusals import InTheWorkshop, NotThatManyHere, ReasonNeeded

NUMBER = "W"


@verb
def open_work(
    outcome_id: int,
    *,
    source: int | None = None,
    quantity: int,
    kind: str,
    task: str,
    due_on: date,
    estimate: Decimal,
    sends_back: bool = False,
    form_token: UUID | None = None,
    by: str,
    at: datetime,
) -> WorkOrder:
    """Have units repaired or refurbished (`kind`), until a day, for about `estimate` in the return's currency.

    Units set aside for something else go to the workshop with it, as another placement. The same `form_token` again
    returns the order it made. Raises what change_disposition raises.
    """
    rma, outcome = locked_outcome(outcome_id)
    if form_token and (earlier := WorkOrder.objects.filter(correlation=form_token).first()):
        return earlier
    if not task.strip():
        raise ReasonNeeded
    disposition = Disposition(kind)
    place = standing_of(rma, outcome, source, at=at)
    if place.work_orders.filter(status=WorkStatus.OPEN).exists():
        raise InTheWorkshop
    if quantity <= 0 or quantity > place.here:
        raise NotThatManyHere(left=place.here, asked=quantity)
    if place.disposition != disposition or place.quantity != quantity:
        place = move_on(rma, outcome, place, quantity=quantity, disposition=disposition, reason=task, by=by, at=at)
    WORK_MACHINE.check("open", "", WorkStatus.OPEN)
    work = WorkOrder(
        number=new_number(NUMBER),
        placement=place,
        status=WorkStatus.OPEN,
        task=task.strip()[:200],
        due_on=due_on,
        estimate=estimate,
        currency=rma.currency,
        sends_back=sends_back or not place.is_ours,
        opened_by=by,
        opened_at=at,
    )
    if form_token:
        work.correlation = form_token
    outbox.record(
        work,
        "work.opened",
        by=by,
        at=at,
        rma=rma.number,
        placement=place.pk,
        quantity=quantity,
        estimate=amount_text(estimate, rma.currency),
        currency=rma.currency,
    )
    return work


@verb
def end_work(
    number: str,
    *,
    done: bool,
    cost: Decimal,
    disposition: str,
    condition: str = "",
    grade: str = "",
    finding: str = "",
    by: str,
    at: datetime,
) -> WorkOrder:
    """The workshop is done with it, or could not do it. What it cost is booked in this transaction: added to what the
    units are worth where the terms for goods say so, an expense otherwise, and always one for the customer's own. Then
    the goods go where `disposition` says.

    The same again changes nothing. Raises WorkOrder.DoesNotExist and what change_disposition raises.
    """
    rma, outcome, work = _locked(number)
    target = WorkStatus.DONE if done else WorkStatus.FAILED
    if work.status == target:
        return work
    WORK_MACHINE.check("finish" if done else "fail", work.status, target)
    place = work.placement
    capitalizes = bool(done and cost and place.is_ours and goods_terms.on(at.date()).capitalizes_work)
    product = outcome.receipt.line.order_line.product
    work.status, work.cost, work.is_capitalized = target, cost, capitalizes and product is not None
    work.finding, work.ended_by, work.ended_at = finding.strip()[:200], by, at
    cause = f"work/{work.number}"
    if work.is_capitalized and product is not None:
        disposing.improve(product, place.here, cost, entered=entries_of(place), cause=cause, order=rma.order, at=at)
    else:
        disposing.expense(cost, cause=cause, currency=work.currency, order=rma.order, at=at)
    outbox.record(
        work,
        "work.ended",
        by=by,
        at=at,
        changed=("status", "cost", "is_capitalized", "finding", "ended_by", "ended_at"),
        rma=rma.number,
        placement=place.pk,
        done=done,
        cost=amount_text(cost, work.currency),
        currency=work.currency,
        capitalized=work.is_capitalized,
        disposition=disposition,
    )
    move_on(
        rma, outcome, place,
        quantity=place.here, disposition=Disposition(disposition), condition=condition, grade=grade,
        reason=finding or work.task, by=by, at=at,
    )  # fmt: skip
    return work


@verb
def call_off_work(number: str, *, by: str, at: datetime) -> WorkOrder:
    """Nobody works on it after all: the goods stay set aside. The same again changes nothing."""
    rma, _outcome, work = _locked(number)
    if work.status == WorkStatus.CANCELED:
        return work
    WORK_MACHINE.check("call_off", work.status, WorkStatus.CANCELED)
    work.status, work.ended_by, work.ended_at = WorkStatus.CANCELED, by, at
    outbox.record(
        work, "work.called_off", by=by, at=at, changed=("status", "ended_by", "ended_at"), rma=rma.number,
        placement=work.placement_id,
    )  # fmt: skip
    return work


def _locked(number: str) -> tuple[RMA, Outcome, WorkOrder]:
    outcome_id = WorkOrder.objects.values_list("placement__outcome", flat=True).get(number=number)
    rma, outcome = locked_outcome(outcome_id)
    locked = WorkOrder.objects.select_for_update(no_key=True, of=("self",)).select_related("placement__condition")
    return rma, outcome, locked.get(number=number)
