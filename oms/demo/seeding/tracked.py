"""Goods that are told apart: a kit that comes back in two parcels, radios with serial numbers, soap of a lot; and
labels nobody used. Their orders are made up too: the real ones know no serials."""

import csv
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.core.management import call_command
from django.db import transaction
from django.db.models import F

from inventory import ledger
from inventory.models import Bin, Unit, Warehouse
from inventory.states import BinKind
from oms import outbox
from oms.demo.seeding import charges
from oms.demo.seeding.history import RECENT, orders_of
from oms.demo.seeding.story import Story
from oms.journal import Account
from oms.models import Order, OrderLine, Payment, Product
from oms.refusals import Refused
from refunds.pricing import price_return
from returns import lifecycle
from returns.leak_states import LabelRefundStatus
from returns.lifecycle import Arrived, Finding, Wanted
from returns.lifecycle.parcels import Bought, note_shipment
from returns.models import Parcel
from returns.states import ParcelStatus, RMAStatus

PLACED, SENT, DELIVERED = timedelta(days=24), timedelta(days=23), timedelta(days=21)  # ago
KIT = {"kit": "Picnic for two", "kit_price": "52.00"}
ROWS: tuple[dict[str, str], ...] = (
    {"order_number": "T-2001", "sku": "PIC-BASKET", "title": "Wicker picnic basket", "unit_price": "34.00", **KIT},
    {"order_number": "T-2001", "sku": "PIC-CUP", "title": "Enamel cup", "quantity": "2", "unit_price": "6.00", **KIT},
    {"order_number": "T-2001", "sku": "PIC-RUG", "title": "Tartan picnic rug", "unit_price": "19.00", **KIT},
    {"order_number": "T-2002", "sku": "RADIO-42", "title": "Kitchen radio", "quantity": "2", "unit_price": "64.00",
     "serials": "KR-10417; KR-10418"},
    {"order_number": "T-2003", "sku": "RADIO-42", "title": "Kitchen radio", "unit_price": "64.00",
     "serials": "KR-10423"},
    {"order_number": "T-2004", "sku": "SOAP-ROSE", "title": "Rose soap, three bars", "quantity": "6",
     "unit_price": "7.50", "lot": "L-2610"},
)  # fmt: skip
BUYERS = {
    "T-2001": ("Iris Hartley", "iris.hartley"), "T-2002": ("Owen Blake", "owen.blake"),
    "T-2003": ("Nadia Ruiz", "nadia.ruiz"), "T-2004": ("Greta Holm", "greta.holm"),
}  # fmt: skip
WASTED = (("UPS", LabelRefundStatus.REFUNDED), ("FedEx", LabelRefundStatus.SUBMITTED), ("USPS", None), ("UPS", None))


def make_tracked(*, now: datetime, random: Random) -> int:
    """Returns how many returns were made."""
    _import(now)
    _stock(now)
    tales: dict[str, Callable[[_Tracked], Any]] = {
        "T-2001": _Tracked.one_of_two_parcels,
        "T-2002": _Tracked.serials,
        "T-2003": _Tracked.on_its_way,
        "T-2004": _Tracked.lot,
    }
    with outbox.as_history():
        for number, tale in tales.items():
            order = Order.objects.select_related("customer").get(number=number)
            tale(_Tracked(order, list(order.lines.order_by("position")), now, random))
        return len(tales) + _two_parcels(now, random) + _unused_labels(now, random)


def _import(now: datetime) -> None:
    placed, shipped, delivered = ((now - ago).isoformat(timespec="seconds") for ago in (PLACED, SENT, DELIVERED))
    shared = {
        "placed_at": placed, "shipped_at": shipped, "delivered_at": delivered, "currency": "GBP", "tax_rate": "20",
        "country": "United Kingdom", "city": "Leicester", "street": "4 Mill Road", "postcode": "LE2 1AB",
        "category": "kitchen", "quantity": "1", "carrier": "Royal Mail", "payment_method": "card",
    }  # fmt: skip
    names = sorted({*shared, *(name for row in ROWS for name in row), "payment_id", "tracking", "name", "email"})
    with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="") as file, open("/dev/null", "w") as quiet:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        for row in ROWS:
            number = row["order_number"]
            name, address = BUYERS[number]
            person = {"name": name, "email": f"{address}@example.test"}
            own = {"payment_id": f"pi_demo_{number}", "tracking": f"RM{number[2:]}00731GB"}
            writer.writerow(shared | person | own | row)
        file.flush()
        call_command("import_orders", file.name, layout="native", stdout=quiet, stderr=quiet)
    charges.tell(Payment.objects.filter(order__number__in=BUYERS).order_by("pk"))


@transaction.atomic
def _stock(now: datetime) -> None:
    skus = {row["sku"] for row in ROWS}
    Product.objects.filter(sku__in=skus).update(standard_cost=F("price") * Decimal("0.45"))
    OrderLine.objects.filter(sku__in=skus).update(unit_cost=F("unit_price") * Decimal("0.45"))
    shelf = Bin.objects.filter(warehouse__is_default=True, kind=BinKind.SHELF).order_by("code")[0]
    for product in Product.objects.filter(sku__in=skus).order_by("sku"):
        cause, against = f"opening/{product.sku}", Account.GOODS_RECEIVED
        ledger.adjust(shelf, product, 8, cause=cause, by="system", at=now - PLACED, against=against)
    Bin.objects.create(warehouse=shelf.warehouse, code="SHELF-02", kind=BinKind.SHELF)
    north = Warehouse.objects.create(
        code="NORTH", name="Northern store", street="2 Canal Wharf", city="Leeds", postcode="LS1 4BR", country="GB",
        takes_returns=False,
    )  # fmt: skip
    bins = Bin.objects.bulk_create(Bin(warehouse=north, code=kind.upper(), kind=kind) for kind in BinKind)
    [there] = [place for place in bins if place.kind == BinKind.SHELF]
    radio = Product.objects.get(sku="RADIO-42")
    ledger.adjust(there, radio, 5, cause="opening/NORTH", by="system", at=now - PLACED, against=Account.GOODS_RECEIVED)


class _Tracked(Story):
    """A return of goods that have serials, a lot, or several parcels."""

    def ask_for(self, *reasons: str, quantity: int = 0) -> None:
        wanted = [
            Wanted(line.pk, quantity or line.quantity, reason, "" if reason == "defective" else "opened", photos=1)
            for line, reason in zip(self.lines, reasons * len(self.lines), strict=False)
        ]
        rma = lifecycle.request(
            self.order.number, wanted, resolution="refund", price=price_return, form_token=self._token(),
            by=self.sam, at=self.at,
        )  # fmt: skip
        self.number = rma.number
        if rma.status == RMAStatus.NEEDS_REVIEW:
            lifecycle.approve(self.number, by=self.agent, at=self._later(hours=2))

    def parcels(self) -> list[Parcel]:
        return list(self.rma.parcels.exclude(status=ParcelStatus.VOIDED).order_by("pk"))

    def label_all(self, carrier: str = "UPS") -> None:
        at = self._later(seconds=4)
        for parcel in self.parcels():
            note_shipment(parcel.pk, shipment_id=f"shp_demo_{parcel.pk}", rate_id=f"rate_demo_{parcel.pk}", choice="")
            bought = Bought(
                carrier=carrier, service="Ground", choice="", tracking_number=f"TRK{parcel.pk:09d}", tracking_url="",
                price=Decimal("5.40"), currency=self.order.currency, content=b"", content_type="",
            )  # fmt: skip
            lifecycle.label(parcel.pk, bought, by="carrier", at=at)

    def carry(self, *parcels: Parcel, to: str) -> None:
        at = self._later(hours=self.random.randrange(10, 30))
        for parcel in parcels:
            lifecycle.move_parcel(parcel.pk, status=to, occurred_at=at, by="carrier", at=at)

    def take_in(self, parcel: Parcel, pieces: Sequence[Arrived]) -> None:
        at = self._later(hours=3)
        lifecycle.receive(self.number, pieces, parcel_id=parcel.pk, form_token=self._token(), by=self.dov, at=at)

    def find(self, *conditions: str) -> None:
        receipts = [receipt for line in self.rma.lines.order_by("pk") for receipt in line.receipts.order_by("pk")]
        findings = [Finding(one.pk, one.quantity, seen, "") for one, seen in zip(receipts, conditions, strict=True)]
        at = self._later(hours=2)
        lifecycle.inspect(self.number, findings, form_token=self._token(), by=self.dov, at=at)
        self.pay()
        self.close()

    # ── what happens ──

    def spread(self) -> None:
        """The first line in a box of its own."""
        first, *rest = self.rma.lines.order_by("pk")
        boxes = [{first.pk: first.quantity}, {line.pk: line.quantity for line in rest}]
        lifecycle.spread(self.number, boxes, by=self.sam, at=self._later(minutes=9))

    def one_of_two_parcels(self) -> None:
        self.ask_for("changed_mind")
        self.spread()
        self.label_all()
        first, second = self.parcels()
        self.carry(first, second, to="in_transit")
        self.carry(first, to="delivered")
        line = self.rma.lines.order_by("pk")[0]
        self.take_in(first, [Arrived(line.pk, line.quantity)])

    def two_on_their_way(self) -> None:
        self.ask_for("changed_mind", quantity=1)
        self.spread()
        self.label_all()
        self.carry(*self.parcels(), to="in_transit")

    def serials(self) -> None:
        self.on_its_way("defective")
        [parcel], line = self.parcels(), self.rma.lines.get()
        self.carry(parcel, to="delivered")
        units = Unit.objects.filter(sold_on=self.lines[0]).order_by("serial")
        self.take_in(parcel, [Arrived(line.pk, 1, unit=unit) for unit in units])
        self.find("opened", "defective")
        shelf = Bin.objects.get(warehouse__is_default=True, code="SHELF-02")
        [sellable] = Unit.objects.filter(sold_on=self.lines[0], bin__kind=BinKind.SHELF)
        at = self._later(hours=1)
        lifecycle.put_away(self.number, [sellable.pk], shelf, form_token=self._token(), by=self.dov, at=at)

    def on_its_way(self, reason: str = "changed_mind") -> None:
        self.ask_for(reason)
        self.label_all()
        self.carry(*self.parcels(), to="in_transit")

    def lot(self) -> None:
        self.ask_for("changed_mind", quantity=3)
        self.label_all()
        [parcel] = self.parcels()
        self.carry(parcel, to="in_transit")
        self.carry(parcel, to="delivered")
        self.take_in(parcel, [Arrived(self.rma.lines.get().pk, 3, lot=self.lines[0].lot_movements.get().lot.code)])
        self.find("sealed")

    def waste(self, carrier: str, became: LabelRefundStatus | None) -> None:
        """The customer has a label, and changes their mind once more."""
        self.ask_for("changed_mind", quantity=1)
        self.label_all(carrier)
        [parcel] = self.parcels()
        lifecycle.cancel(self.number, by=self.sam, at=self._later(hours=30))
        if became is not None:
            lifecycle.give_label_back(
                parcel.pk, status=LabelRefundStatus.SUBMITTED, by="system", at=self._later(hours=9)
            )
        if became == LabelRefundStatus.REFUNDED:
            lifecycle.answer_label(parcel.pk, status=became, by="system", at=self._later(hours=60))


def _two_parcels(now: datetime, random: Random) -> int:
    return _first(now, random, 2, _Tracked.two_on_their_way)


def _unused_labels(now: datetime, random: Random) -> int:
    return sum(
        _first(now, random, 1, lambda story, told=told: story.waste(*told))  # type: ignore[misc]
        for told in WASTED
    )


def _first(now: datetime, random: Random, wanted: int, tale: Callable[[_Tracked], Any]) -> int:
    """Tell it of the first order with so many goods that could come back."""
    for order in orders_of(now - RECENT, now - timedelta(days=8), random):
        free = order.lines.filter(gross__gte=2, shipped__gt=0, returned=0, claims=None, product__is_merchandise=True)
        lines = list(free.order_by("position")[:wanted])
        if len(lines) < wanted:
            continue
        try:
            with transaction.atomic():
                tale(_Tracked(order, lines, now, random))
        except Refused:
            continue
        return 1
    return 0
