"""One return through the whole job, over real HTTP, as people without JavaScript would do it."""

import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db.models import F, Max, Q, Sum
from django.utils import timezone

from inventory.models import StockLevel
from inventory.states import BinKind
from notifications.models import Message
from oms.demo import steps
from oms.demo.browser import Browser, Lost
from oms.demo.people import log_ins
from oms.models import Order, OrderLine, Posting
from oms.money import amount_text
from oms.roles import Role
from oms.states import PaymentMethod
from refunds.models import Refund
from refunds.states import RefundStatus
from returns.models import RMA, Parcel
from returns.states import RMAStatus

ENOUGH_MAILS = {"received", "approved", "on_its_way", "arrived", "inspected", "refunded", "survey"}


def run(web_url: str, sandbox_url: str, *, data: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Drive one return and report: `say` gets a line per step, the result is what `bin/demo --walk` prints last."""
    started = time.monotonic()
    line = a_line_to_send_back()
    if line is None:
        raise Lost("the shop has no young order to send something back of")
    order, proof = line.order, line.order.customer.postcode
    shelf_before = _on_shelf(line)
    with Browser(web_url) as customer:
        page = steps.find_order(customer, order.number, proof)
        say(f"found order {order.number} by its number and a postcode")
        page = steps.choose(customer, page, quantity=1, reason="changed_mind", condition="opened", line=str(line.pk))
        asked = steps.confirm(customer, page)
        say(f"asked for one {line.description} to go back: {asked.number}, quoted {asked.quoted} {order.currency}")
        label = customer.get(steps.wait_for_label(customer, asked))
        parcel = Parcel.objects.get(rma__number=asked.number)
        say(f"label of {parcel.carrier} {parcel.service} ready: {len(label.answer.content)} bytes, {parcel.choice}")
        for word in ("in_transit", "delivered"):
            steps.scan_parcel(sandbox_url, parcel.tracking_number, word)
            steps.wait_for(lambda word=word: Parcel.objects.filter(pk=parcel.pk, status=word).exists(), word)
            say(f"the carrier says: {word}")
    with _sign_in(web_url, data, Role.DOCK) as dock:
        say("the warehouse logged in with a second factor")
        steps.receive_all(dock, parcel.tracking_number)
        say(f"scanned {parcel.tracking_number}: everything announced has arrived")
        steps.inspect_all(dock, asked.number, condition="opened")
        say("inspected: opened, accepted, put back on the shelf")
    rma = steps.wait_for(
        lambda: RMA.objects.filter(number=asked.number, status=RMAStatus.CLOSED).first(), "the refund to settle"
    )
    say("the refund settled by webhook; the return is closed")
    steps.wait_for(lambda: _mails(rma) >= ENOUGH_MAILS, "the mails")
    say(f"told by mail: {', '.join(sorted(_mails(rma)))}")
    return {
        "rma": rma.number,
        "status": rma.status,
        "quoted": asked.quoted,
        "refunded": _refunded(rma),
        "currency": rma.currency,
        "mails": sorted(_mails(rma)),
        "stock_delta": _on_shelf(line) - shelf_before,
        "journal_sum": _journal_sum(order),
        "seconds": round(time.monotonic() - started, 1),
    }


def a_line_to_send_back() -> OrderLine | None:
    """Of the newest order paid by card and delivered, of which nothing was asked back: its priciest line."""
    lines = OrderLine.objects.select_related("order__customer", "product").filter(
        order__shipments__delivered_at__gte=timezone.now() - timedelta(days=20),
        order__payments__method=PaymentMethod.CARD,
        product__is_merchandise=True,
        shipped=F("quantity"),
        claims=None,
        gross__range=(5, 200),
    )
    newest = lines.filter(~Q(order__rmas__gt=0)).aggregate(newest=Max("order__placed_at"))["newest"]
    return lines.filter(order__placed_at=newest).order_by("-gross", "id").first()


def _sign_in(web_url: str, data: Path, role: Role) -> Browser:
    [person] = [one for one in log_ins(data) if one["role"] == role]
    return steps.sign_in(web_url, person)


def _on_shelf(line: OrderLine) -> int:
    levels = StockLevel.objects.filter(product=line.product, bin__kind=BinKind.SHELF)
    return levels.aggregate(sum=Sum("quantity"))["sum"] or 0


def _mails(rma: RMA) -> set[str]:
    return set(Message.objects.filter(rma=rma, audience="customer").values_list("template", flat=True))


def _refunded(rma: RMA) -> str:
    settled = Refund.objects.filter(rma=rma, status=RefundStatus.SETTLED).aggregate(sum=Sum("amount"))["sum"]
    return amount_text(settled or Decimal(0), rma.currency)


def _journal_sum(order: Order) -> str:
    total = Posting.objects.filter(entry__order=order).aggregate(sum=Sum("amount"))["sum"]
    return amount_text(total or Decimal(0), order.currency)
