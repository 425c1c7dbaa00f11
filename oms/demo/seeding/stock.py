"""What stands on the shelves: made up, for the products that sell most."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from django.db import transaction
from django.db.models import Count

from inventory import ledger, lifecycle
from inventory.models import Bin, StockLevel, StockLimit, Warehouse
from inventory.states import BinKind
from oms.journal import Account
from oms.models import Product, User
from oms.roles import Role
from reporting import stock_digest

PACKAGING = ("carton", "padded bag", "paper bag")


@transaction.atomic
def make_stock(*, now: datetime, random: Random) -> None:
    house = Warehouse.objects.get(is_default=True)
    shelf = Bin.objects.filter(warehouse=house, kind=BinKind.SHELF).order_by("code")[0]
    bestsellers = (
        Product.objects.filter(is_merchandise=True).annotate(sold=Count("order_lines")).order_by("-sold", "sku")
    )
    for place, packed in enumerate(PACKAGING):
        wanted = [pk for pk in Product.objects.values_list("pk", flat=True) if pk % len(PACKAGING) == place]
        Product.objects.filter(pk__in=wanted).update(packaging=packed)
    StockLimit.objects.bulk_create(StockLimit(product=product, low=40, high=170) for product in bestsellers[:24])
    for product in bestsellers[:120]:
        ledger.adjust(
            shelf,
            product,
            random.randrange(20, 200),
            cause=f"opening/{product.sku}",
            by="system",
            at=now - timedelta(days=50),
            against=Account.GOODS_RECEIVED,
        )
    for product in bestsellers[:6]:
        _buy_dearer(shelf, product, now)


def _buy_dearer(shelf: Bin, product: Product, now: datetime) -> None:
    """Later deliveries cost more, and some were lost: so the four costing methods differ."""
    usual = product.standard_cost or Decimal(1)
    for days, quantity, factor in ((40, 60, "1.15"), (30, -50, "1"), (20, 40, "1.30"), (10, -30, "1")):
        product.standard_cost = (usual * Decimal(factor)).quantize(Decimal("0.01"))
        cause, at = f"delivery/{product.sku}/{days}", now - timedelta(days=days)
        against = Account.GOODS_RECEIVED if quantity > 0 else Account.WRITE_OFF
        ledger.adjust(shelf, product, quantity, cause=cause, by="system", at=at, against=against)
    product.standard_cost = usual


def make_counts(*, now: datetime) -> None:
    """Two bins were counted yesterday: one as it should be, one that waits for somebody else. What runs low is told."""
    dock = User.objects.filter(role=Role.DOCK).order_by("pk")[0].actor
    bins = Bin.objects.filter(warehouse__is_default=True, kind__in=(BinKind.QUARANTINE, BinKind.REFURBISH))
    for place, missing in zip(bins.order_by("kind", "code"), (0, 1), strict=False):
        there = dict(StockLevel.objects.filter(bin=place, quantity__gt=0).values_list("product", "quantity"))
        if not there:
            continue
        at = now - timedelta(hours=20)
        count = lifecycle.start_count(place, by=dock, at=at)
        found = {pk: max(0, pieces - (missing if pk == min(there) else 0)) for pk, pieces in there.items()}
        lifecycle.submit_count(count.number, found, by=dock, at=at + timedelta(minutes=12))
    stock_digest.tell(now=now)
