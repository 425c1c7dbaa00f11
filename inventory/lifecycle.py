"""The life of a stock count: a bin is counted blind, and differences are booked once a second person agrees."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.utils import IntegrityError

from inventory import ledger
from inventory.models import Bin, CountedLine, StockCount, StockLevel
from inventory.refusals import CountedAlready, NothingCounted, OwnCount, StockMovedMeanwhile
from inventory.states import COUNT_MACHINE, CountStatus
from oms import outbox
from oms.identifiers import new_number
from oms.models import Product
from oms.verbs import verb


@verb
def start_count(place: Bin, *, by: str, at: datetime) -> StockCount:
    """Somebody counts this bin. Raises CountedAlready while another count of it is open."""
    COUNT_MACHINE.check("start", "", CountStatus.COUNTING)
    count = StockCount(number=new_number("K"), bin=place, status=CountStatus.COUNTING, started_by=by, started_at=at)
    try:
        with transaction.atomic():
            outbox.record(count, "count.started", by=by, at=at, bin=place.code)
    except IntegrityError:
        raise CountedAlready(bin=place.code) from None
    return count


@verb
def submit_count(number: str, found: Mapping[int, int], *, by: str, at: datetime) -> StockCount:
    """What was found, by product id; products that should be there and are not named count as not there.

    Without a difference it is booked at once; else a second person decides. The same again changes nothing. Raises
    NothingCounted.
    """
    count = _lock(number)
    if count.status in (CountStatus.AWAITING_APPROVAL, CountStatus.BOOKED):
        return count
    if not found:
        raise NothingCounted
    booked = _booked(count.bin)
    wanted = {pk: (found.get(pk, 0), booked.get(pk, 0)) for pk in sorted({*found, *booked})}
    lines = [CountedLine(count=count, product_id=pk, counted=seen, booked=was) for pk, (seen, was) in wanted.items()]
    variances = sum(line.variance != 0 for line in lines)
    target = CountStatus.AWAITING_APPROVAL if variances else CountStatus.BOOKED
    COUNT_MACHINE.check("submit", count.status, target)
    count.lines.all().delete()
    CountedLine.objects.bulk_create(lines)
    count.status, count.counted_by, count.counted_at = target, by, at
    outbox.record(
        count,
        "count.submitted",
        by=by,
        at=at,
        changed=("status", "counted_by", "counted_at"),
        lines=len(lines),
        variances=variances,
    )
    return count


@verb
def approve_count(number: str, *, by: str, at: datetime) -> StockCount:
    """A second person agrees: each difference is a movement that cites the count, and changes the value of stock.

    The same again changes nothing. Raises OwnCount, StockMovedMeanwhile, NotThatMany when what is missing was promised
    to an order.
    """
    count = _lock(number)
    if count.status == CountStatus.BOOKED:
        return count
    COUNT_MACHINE.check("approve", count.status, CountStatus.BOOKED)
    if by == count.counted_by:
        raise OwnCount
    booked = _booked(count.bin)
    differing = [one for one in count.lines.select_related("product").order_by("product") if one.variance]
    for line in differing:
        if booked.get(line.product_id, 0) != line.booked:
            raise StockMovedMeanwhile(sku=line.product.sku)
        ledger.adjust(count.bin, line.product, line.variance, cause=f"count/{count.number}", by=by, at=at)
    count.status, count.decided_by, count.decided_at = CountStatus.BOOKED, by, at
    changed = ("status", "decided_by", "decided_at")
    outbox.record(count, "count.approved", by=by, at=at, changed=changed, variances=len(differing))
    return count


@verb
def recount(number: str, *, by: str, at: datetime) -> StockCount:
    """A second person doubts it: it is counted again."""
    count = _lock(number)
    if count.status == CountStatus.COUNTING:
        return count
    COUNT_MACHINE.check("recount", count.status, CountStatus.COUNTING)
    count.status = CountStatus.COUNTING
    outbox.record(count, "count.sent_back", by=by, at=at, changed=("status",))
    return count


@verb
def discard_count(number: str, *, by: str, at: datetime) -> StockCount:
    """Nobody goes on with it; nothing was booked."""
    count = _lock(number)
    if count.status == CountStatus.DISCARDED:
        return count
    COUNT_MACHINE.check("discard", count.status, CountStatus.DISCARDED)
    count.status = CountStatus.DISCARDED
    outbox.record(count, "count.discarded", by=by, at=at, changed=("status",))
    return count


def to_count(count: StockCount) -> list[Product]:
    """What should stand in the bin, by SKU; how many is not said, so that everybody counts."""
    return list(Product.objects.filter(levels__bin=count.bin, levels__quantity__gt=0).order_by("sku").distinct())


def _lock(number: str) -> StockCount:
    return (
        StockCount.objects.select_for_update(no_key=True, of=("self",))
        .select_related("bin__warehouse")
        .get(number=number)
    )


def _booked(place: Bin) -> dict[int, int]:
    """What stands in the bin by the books, its levels locked in the order of all movements."""
    levels = StockLevel.objects.select_for_update(no_key=True).filter(bin=place, quantity__gt=0)
    return {level.product_id: level.quantity for level in levels.order_by("bin_id", "product_id")}
