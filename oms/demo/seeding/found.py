"""What lies at the dock without a home: a parcel of nobody, one piece too many, one counted as missing, a serial that
is not the one sold."""

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from django.db.models import F, QuerySet

from inventory import places
from inventory.states import BinKind
from oms import outbox
from oms.models import Product, User
from oms.roles import Role
from returns import lifecycle
from returns.found_states import FoundKind
from returns.lifecycle import Piece
from returns.models import ReturnLine
from returns.states import ReceiptResult, RMAStatus

HINTS = "No slip inside. The sender's label says: Leicester, LE1."


def make_found_goods(*, now: datetime, random: Random) -> int:
    """Record some found goods that wait for a decision; returns how many."""
    person = User.objects.filter(role=Role.DOCK).order_by("pk").first()
    by = person.actor if person else "system"
    house = places.default_house()
    place = places.bins_of(house)[BinKind.QUARANTINE]
    with outbox.as_history():
        products = Product.objects.filter(is_merchandise=True).order_by("sku")[:2]
        made = lifecycle.find_goods(
            [Piece(number, product, product.sku) for number, product in enumerate(products, start=1)],
            house,
            place,
            tracking_number="1Z999AA10123456784",
            hints=HINTS,
            form_token=_token(random),
            by=by,
            at=now - timedelta(hours=30),
        )
        return len(made) + sum(one(random, by, now) for one in (_one_more, _missed, _another_serial))


def _one_more(random: Random, by: str, now: datetime) -> int:
    lines = ReturnLine.objects.filter(rma__status=RMAStatus.RECEIVED, order_line__quantity__gt=F("quantity"))
    return _beside(lines, FoundKind.EXTRA, random, by, now - timedelta(hours=4))


def _missed(random: Random, by: str, now: datetime) -> int:
    """Of a return that was closed without it."""
    lines = ReturnLine.objects.filter(rma__status=RMAStatus.CLOSED, receipts__result=ReceiptResult.SHORT)
    return _beside(lines, FoundKind.MISSED, random, by, now - timedelta(hours=3))


def _beside(lines: QuerySet[ReturnLine], kind: FoundKind, random: Random, by: str, at: datetime) -> int:
    line = lines.select_related("rma__warehouse", "order_line__product").order_by("-pk").first()
    if line is None or line.order_line.product is None:
        return 0
    place = places.bins_of(line.rma.warehouse)[BinKind.QUARANTINE]
    lifecycle.find_goods(
        [Piece(1, line.order_line.product, line.order_line.sku)],
        line.rma.warehouse,
        place,
        kind=kind,
        rma_number=line.rma.number,
        line_id=line.pk,
        form_token=_token(random),
        by=by,
        at=at,
    )
    return 1


def _another_serial(random: Random, by: str, now: datetime) -> int:
    lines = ReturnLine.objects.filter(rma__status=RMAStatus.IN_TRANSIT, arrived=0, missing=0)
    line = lines.select_related("rma__warehouse").order_by("-pk").first()
    if line is None:
        return 0
    place = places.bins_of(line.rma.warehouse)[BinKind.QUARANTINE]
    told = {"code": "SN-40117", "form_token": _token(random), "by": by, "at": now - timedelta(hours=2)}
    lifecycle.receive_mismatch(line.rma.number, line.pk, place, **told)
    return 1


def _token(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)
