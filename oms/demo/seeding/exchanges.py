"""Options of the same thing, and returns that are settled in goods: one of each standing, driven by the own verbs."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from random import Random
from uuid import UUID

from django.db import transaction

from inventory import ledger, reservations
from inventory.models import Bin
from inventory.states import BinKind
from oms import outbox
from oms.demo.seeding.history import RECENT, orders_of
from oms.demo.seeding.story import Story
from oms.journal import Account
from oms.models import Order, OrderLine, Product
from oms.refusals import Refused
from refunds import lifecycle as money
from refunds.gateways.exchange import ExchangeHouse
from refunds.pricing import price_return
from refunds.states import RefundDestination, RefundStatus
from returns import lifecycle
from returns.eligibility import Wanted
from returns.exchanges import Instead
from returns.lifecycle.parcels import Bought
from returns.models import Dispatch
from returns.states import DispatchStatus, RMAStatus

COLORS = [
    "red",
    "blue",
    "pink",
    "white",
    "green",
    "black",
    "cream",
    "ivory",
    "yellow",
    "purple",
    "orange",
    "brown",
    "silver",
    "gold",
]
SIZES = frozenset(("small", "medium", "large", "jumbo"))
STANDINGS = ("waiting", "held", "to_pack", "labeled", "sent", "replacement")
ON_SHELF = 12
LABEL = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"


@transaction.atomic
def make_options(*, now: datetime) -> None:
    """Titles that differ by a color or a size alone are one style; each of them stands on a shelf."""
    styles: dict[str, list[Product]] = {}
    for product in Product.objects.filter(is_merchandise=True, price__isnull=False).order_by("sku"):
        stem, options = _read(product.title)
        if options:
            product.options = options
            styles.setdefault(stem, []).append(product)
    changed = []
    for stem, products in styles.items():
        several = {one.option: one for one in products}
        if len(several) < 2:
            continue
        for product in several.values():
            product.style = stem[:60]
            changed.append(product)
    Product.objects.bulk_update(changed, ["style", "options"], batch_size=500)
    shelf = Bin.objects.filter(warehouse__is_default=True, kind=BinKind.SHELF).order_by("code")[0]
    there = reservations.available([one.pk for one in changed])
    for product in changed:
        if product.pk not in there:
            ledger.adjust(
                shelf, product, ON_SHELF, cause=f"opening/{product.sku}", by="system", at=now,
                against=Account.GOODS_RECEIVED,
            )  # fmt: skip


def _read(title: str) -> tuple[str, dict[str, str]]:
    """The words of a title without its color and size, and these."""
    options: dict[str, str] = {}
    left = []
    for word in re.findall(r"[a-z0-9/&'-]+", title.casefold()):
        if word in COLORS and "Color" not in options:
            options["Color"] = word
        elif word in SIZES and "Size" not in options:
            options["Size"] = word
        else:
            left.append(word)
    return " ".join(left), options


def make_exchanges(*, now: datetime, random: Random) -> int:
    """One exchange or replacement of each standing; returns how many were made."""
    made = 0
    orders = orders_of(now - RECENT, now, random)
    for standing in STANDINGS:
        for order in orders:
            with outbox.as_history():
                if _make(order, standing, now, random):
                    made += 1
                    break
    return made


def _make(order: Order, standing: str, now: datetime, random: Random) -> bool:
    for line in _exchangeable(order):
        wanted = _other(line, order.currency) if standing != "replacement" else _same(line)
        if wanted is None:
            continue
        if standing == "held":  # dearer than what comes back
            Product.objects.filter(pk=wanted.pk).update(price=wanted.price + Decimal("2.00"))
        try:
            with transaction.atomic():
                _Swap(order, line, wanted, standing, now, random).tell(standing)
        except Refused:
            continue
        return True
    return False


def _exchangeable(order: Order) -> Iterator[OrderLine]:
    lines = order.lines.filter(shipped__gt=0, returned=0, claims=None, quantity__lte=12, gross__gte=2)
    yield from lines.exclude(product__style="").select_related("product").order_by("position")


def _other(line: OrderLine, currency: str) -> Product | None:
    same = Product.objects.filter(style=line.product.style, currency=currency, price__lte=line.product.price or 0)
    free = reservations.available(same.exclude(pk=line.product_id))
    return same.filter(pk__in=[pk for pk, left in free.items() if left]).order_by("sku").first()


def _same(line: OrderLine) -> Product | None:
    return line.product if reservations.available([line.product_id]) else None


class _Swap(Story):
    """A return that is settled in goods."""

    def __init__(
        self, order: Order, line: OrderLine, wanted: Product, standing: str, now: datetime, random: Random
    ) -> None:
        super().__init__(order, [line], now, random)
        self.wanted, self.standing = wanted, standing

    def _steps(self, state: str) -> tuple[Callable[[], bool], ...]:
        back = (self.label, self.ship, self.deliver, self.receive, self.inspect, self.swap)
        return {
            "waiting": (self.label, self.ship),
            "held": back,
            "to_pack": back,
            "labeled": (*back, self.pack),
            "sent": (*back, self.pack, self.leave),
            "replacement": (self.label, self.ship, self.deliver, self.receive, self.inspect),
        }[state]

    def request(self, state: str) -> None:
        line, again = self.lines[0], self.standing == "replacement"
        reason, condition = ("defective", "") if again else ("wrong_size", "opened")
        rma = lifecycle.request(
            self.order.number,
            [Wanted(line.pk, 1, reason, condition, photos=1)],
            resolution="replacement" if again else "exchange",
            instead=[] if again else [Instead(line.pk, self.wanted.pk)],
            price=price_return,
            form_token=UUID(int=self.random.getrandbits(128), version=4),
            by=self.sam,
            at=self.at,
        )
        self.number = rma.number
        if rma.status == RMAStatus.NEEDS_REVIEW:
            lifecycle.approve(self.number, by=self.agent, at=self._later(hours=2))

    def swap(self) -> bool:
        """What comes back pays for what goes out, the rest goes back."""
        at = self._later(minutes=2)
        for refund in money.request_for_return(self.number, by="system", at=at):
            if refund.status != RefundStatus.APPROVED:
                return False
            if refund.destination == RefundDestination.EXCHANGE:
                money.give(refund.number, ExchangeHouse(), by="system", at=at)
            else:
                money.submit(refund.number, by="system", at=at)
                money.settle(refund.number, provider_id=f"made_{refund.number}", by="provider", at=at)
        return True

    def pack(self) -> bool:
        dispatch = self._dispatch()
        if dispatch.status != DispatchStatus.RELEASED:
            return False
        for line in dispatch.order.lines.all():
            lifecycle.pack(dispatch.pk, line.pk, line.quantity, seen=0, by=self.dov, at=self._later(hours=1))
        bought = Bought(
            carrier="Royal Mail",
            service="Tracked48",
            choice="",
            tracking_number=f"OUT{self.random.randrange(10**10):010d}",
            tracking_url="",
            price=Decimal("3.95"),
            currency=self.order.currency,
            content=LABEL,
            content_type="application/pdf",
        )
        lifecycle.label_dispatch(dispatch.pk, bought, by="carrier", at=self._later(seconds=4))
        return True

    def leave(self) -> bool:
        lifecycle.send(self._dispatch().pk, by=self.dov, at=self._later(hours=2))
        return True

    def _dispatch(self) -> Dispatch:
        return Dispatch.objects.select_related("order").get(rma__number=self.number)
