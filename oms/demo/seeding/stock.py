"""What stands on the shelves: made up, for the products that sell most."""

from datetime import datetime, timedelta
from random import Random

from django.db import transaction
from django.db.models import Count

from inventory import ledger, lifecycle
from inventory.models import Bin, StockLevel, StockLimit, Warehouse
from inventory.states import BinKind
from oms.journal import Account
from oms.models import Product, User
from oms.roles import Role

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
            at=now,
            against=Account.GOODS_RECEIVED,
        )


def make_counts(*, now: datetime) -> None:
    """Two bins were counted yesterday: one as it should be, one that waits for somebody else."""
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
