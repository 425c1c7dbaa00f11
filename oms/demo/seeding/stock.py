"""What stands on the shelves: made up, for the products that sell most."""

from datetime import datetime
from random import Random

from django.db import transaction
from django.db.models import Count

from inventory import ledger
from inventory.models import Bin, StockLimit, Warehouse
from inventory.states import BinKind
from oms.journal import Account
from oms.models import Product

PACKAGING = ("carton", "padded bag", "paper bag")


@transaction.atomic
def make_stock(*, now: datetime, random: Random) -> None:
    house = Warehouse.objects.get(is_default=True)
    shelf = Bin.objects.filter(warehouse=house, kind=BinKind.SHELF).order_by("code")[0]
    bestsellers = (
        Product.objects.filter(is_merchandise=True).annotate(sold=Count("order_lines")).order_by("-sold", "sku")
    )
    StockLimit.objects.create(category="", low=25, high=190)
    for place, packed in enumerate(PACKAGING):
        wanted = [pk for pk in Product.objects.values_list("pk", flat=True) if pk % len(PACKAGING) == place]
        Product.objects.filter(pk__in=wanted).update(packaging=packed)
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
