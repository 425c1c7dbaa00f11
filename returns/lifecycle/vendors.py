"""Goods go back to who sold them to us: gathered by vendor, sent together, credited together."""

from datetime import datetime
from decimal import Decimal

from inventory import disposing, ledger, numbered
from inventory.states import BinKind, Disposition
from oms import outbox
from oms.identifiers import new_number
from oms.money import amount_text
from oms.verbs import verb
from returns.goods_states import VENDOR_RETURN_MACHINE, VendorReturnStatus
from returns.lifecycle.placing import decided_as, entries_of, is_stock, locked_outcome, standing, standing_of
from returns.models import RMA, Outcome, Placement, VendorReturn, VendorReturnLine
from returns.refusals import GoodsAreGone, NotForAVendor, NothingGathered, VendorUnknown

NUMBER = "V"
V = VendorReturnStatus


@verb
def gather(outcome_id: int, *, source: int | None = None, vendor: str = "", by: str, at: datetime) -> VendorReturn:
    """Put units that go back to a vendor on the return that is being gathered for it; a new one where there is none.

    `vendor` is the product's own unless told. Units that are on one already stay on it. Raises NotForAVendor,
    VendorUnknown, GoodsAreGone and what change_disposition raises.
    """
    rma, outcome = locked_outcome(outcome_id)
    place = standing_of(rma, outcome, source, at=at)
    if known := VendorReturnLine.objects.select_related("vendor_return").filter(placement=place).first():
        return known.vendor_return
    if place.disposition != Disposition.RETURN_TO_VENDOR or not place.is_ours or not is_stock(outcome):
        raise NotForAVendor
    if not place.here:
        raise GoodsAreGone
    product = outcome.receipt.line.order_line.product
    name = (vendor or product.vendor).strip()[:80]
    if not name:
        raise VendorUnknown(sku=product.sku)
    open_one = VendorReturn.objects.select_for_update(no_key=True).filter(
        vendor=name, currency=product.currency, status=V.DRAFT
    )
    going = open_one.first()
    if going is None:
        VENDOR_RETURN_MACHINE.check("gather", "", V.DRAFT)
        going = VendorReturn(
            number=new_number(NUMBER), vendor=name, status=V.DRAFT, currency=product.currency, opened_at=at
        )
    facts = {"rma": rma.number, "placement": place.pk, "quantity": place.here}
    outbox.record(going, "vendor_return.gathered", by=by, at=at, **facts)
    VendorReturnLine.objects.create(vendor_return=going, placement=place)
    return going


@verb
def send_to_vendor(number: str, *, by: str, at: datetime) -> VendorReturn:
    """The parcel has left: the goods leave stock, at the cost of the receipt they came with where that is known.

    The same again changes nothing. Raises NothingGathered, VendorReturn.DoesNotExist.
    """
    # The orders first, in one sequence, as every verb does.
    orders = Outcome.objects.filter(placements__vendor_line__vendor_return__number=number)
    outcomes = {
        pk: locked_outcome(pk) for pk in orders.order_by("receipt__line__rma__order", "pk").values_list("pk", flat=True)
    }
    going = _locked(number)
    if going.status == V.SENT:
        return going
    VENDOR_RETURN_MACHINE.check("send", going.status, V.SENT)
    places = Placement.objects.filter(vendor_line__vendor_return=going, outcome__in=outcomes)
    leaving = list(places.order_by("outcome__receipt__line__order_line__product", "pk"))
    if not leaving:
        raise NothingGathered
    cost = sum((_leave(going, place, *outcomes[place.outcome_id], by=by, at=at) for place in leaving), Decimal(0))
    going.status, going.cost, going.sent_at = V.SENT, cost, at
    outbox.record(
        going, "vendor_return.sent", by=by, at=at, changed=("status", "cost", "sent_at"),
        lines=len(leaving), cost=amount_text(cost, going.currency), currency=going.currency,
    )  # fmt: skip
    return going


def _leave(going: VendorReturn, place: Placement, rma: RMA, outcome: Outcome, *, by: str, at: datetime) -> Decimal:
    product, cause = outcome.receipt.line.order_line.product, f"vendor_return/{going.number}/{place.pk}"
    goods = ledger.Goods(product, place.here)
    ledger.send_away(rma.warehouse, goods, BinKind.QUARANTINE, cause=cause, by=by, at=at)
    numbered.leave(f"outcome/{outcome.pk}", place.here, placed_as=decided_as(place), cause=cause, at=at)
    return disposing.give_back(
        product, place.here, standing=standing(place), entered=entries_of(place), cause=cause, at=at
    )


@verb
def credit_vendor_return(number: str, *, credit: Decimal, reference: str = "", by: str, at: datetime) -> VendorReturn:
    """The vendor credits it: what it is less or more than the goods cost is booked. Again changes nothing."""
    going = _locked(number)
    if going.status == V.CREDITED:
        return going
    VENDOR_RETURN_MACHINE.check("credit", going.status, V.CREDITED)
    disposing.take_credit(going.cost, credit, cause=f"vendor_return/{going.number}", currency=going.currency, at=at)
    going.status, going.credit, going.credited_at = V.CREDITED, credit, at
    going.reference = reference.strip()[:60]
    outbox.record(
        going, "vendor_return.credited", by=by, at=at, changed=("status", "credit", "credited_at", "reference"),
        credit=amount_text(credit, going.currency), currency=going.currency,
    )  # fmt: skip
    return going


@verb
def call_off_vendor_return(number: str, *, by: str, at: datetime) -> VendorReturn:
    """It is not sent: its goods may become something else. Again changes nothing."""
    going = _locked(number)
    if going.status == V.CANCELED:
        return going
    VENDOR_RETURN_MACHINE.check("call_off", going.status, V.CANCELED)
    going.lines.all().delete()
    going.status = V.CANCELED
    outbox.record(going, "vendor_return.called_off", by=by, at=at, changed=("status",))
    return going


@verb
def sell_off(placement_id: int, *, proceeds: Decimal, by: str, at: datetime) -> Placement:
    """Goods set aside for it are sold as they are; `proceeds` for all of them, in the product's currency.

    Sold already, nothing changes. Raises Placement.DoesNotExist, GoodsAreGone (set aside for something else).
    """
    outcome_id = Placement.objects.values_list("outcome", flat=True).get(pk=placement_id)
    rma, outcome = locked_outcome(outcome_id)
    place = Placement.objects.select_for_update(no_key=True).get(pk=placement_id)
    if place.sold_at is not None:
        return place
    if place.disposition != Disposition.LIQUIDATE or not place.here or not place.is_ours or not is_stock(outcome):
        raise GoodsAreGone
    product, cause = outcome.receipt.line.order_line.product, f"placement/{place.pk}/sold"
    goods = ledger.Goods(product, place.here)
    ledger.send_away(rma.warehouse, goods, BinKind.QUARANTINE, cause=cause, by=by, at=at)
    numbered.leave(f"outcome/{outcome.pk}", place.here, placed_as=decided_as(place), cause=cause, at=at)
    disposing.sell_off(
        product, place.here, proceeds,
        standing=standing(place), entered=entries_of(place), cause=cause, order=rma.order, at=at,
    )  # fmt: skip
    place.proceeds, place.sold_at = proceeds, at
    place.save(update_fields=["proceeds", "sold_at"])
    outbox.record(
        rma, "rma.goods_sold_off", by=by, at=at, placement=place.pk, quantity=place.here,
        proceeds=amount_text(proceeds, product.currency), currency=product.currency,
    )  # fmt: skip
    return place


def _locked(number: str) -> VendorReturn:
    return VendorReturn.objects.select_for_update(no_key=True).get(number=number)
