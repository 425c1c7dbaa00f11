"""Goods that were set aside, one of each standing: in the workshop, back to a vendor, sold off; questions asked of
inspections, and second looks."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from django.db import transaction
from django.db.models import Q

from inventory.states import Disposition
from oms import outbox
from oms.models import Product, User
from oms.refusals import Refused
from oms.roles import Role
from returns import checklists, lifecycle, regrading
from returns.models import Outcome, Regrade
from returns.states import Acceptance, ReceiptResult, Resolution

VENDORS = ("Ashby Ceramics", "Brightwater Trading", "Calder & Sons")
QUESTIONS = ("Everything that belongs to it is there", "Nothing is broken or scratched", "It may be sold as it is")
PIECES, LOOKS = 40, 12


def make_goods(*, now: datetime, random: Random) -> int:
    """Returns how many pieces something was decided about."""
    for number, name in enumerate(VENDORS):
        some = [pk for pk in Product.objects.values_list("pk", flat=True) if pk % len(VENDORS) == number]
        Product.objects.filter(pk__in=some).update(vendor=name)
    dock, manager, finance = (User.objects.get(role=role).actor for role in (Role.DOCK, Role.MANAGER, Role.FINANCE))
    decided = 0
    with outbox.as_history():
        checklists.change("", QUESTIONS, by=manager, at=now - timedelta(days=60))
        outcomes = list(
            Outcome.objects.filter(acceptance=Acceptance.ACCEPTED, receipt__result=ReceiptResult.RECEIVED, hold=None)
            .exclude(Q(receipt__line__rma__resolution=Resolution.REPAIR) | Q(disposition=Disposition.SCRAP))
            .filter(receipt__line__order_line__product__isnull=False)
            .select_related("receipt__line__rma", "condition")
            .order_by("disposition", "-pk")[:PIECES]
        )
        tales = [_works, _worked, _sold, _to_sell, _gathered, _gathered, _credited, _quarantined]
        for outcome in outcomes:
            if not tales:
                break
            at = min(now, outcome.inspected_at + timedelta(hours=random.randrange(3, 30)))
            try:
                with transaction.atomic():
                    tales[0](outcome, dock, finance, at, now)
            except Refused:
                continue
            tales.pop(0)
            decided += 1
        _look_again(outcomes, manager, random, now)
    return decided


def _works(outcome: Outcome, dock: str, _finance: str, at: datetime, now: datetime) -> None:
    lifecycle.open_work(
        outcome.pk, quantity=outcome.quantity, kind=Disposition.REFURBISH, task="Clean it and put it into a new box",
        due_on=(now + timedelta(days=3)).date(), estimate=Decimal("2.50"), by=dock, at=at,
    )  # fmt: skip


def _worked(outcome: Outcome, dock: str, _finance: str, at: datetime, now: datetime) -> None:
    work = lifecycle.open_work(
        outcome.pk, quantity=outcome.quantity, kind=Disposition.REFURBISH, task="Polish the handle",
        due_on=now.date(), estimate=Decimal("2.00"), by=dock, at=at,
    )  # fmt: skip
    lifecycle.end_work(
        work.number, done=True, cost=Decimal("1.80"), disposition=Disposition.RESTOCK, condition="opened",
        finding="as good as new", by=dock, at=min(now, at + timedelta(hours=20)),
    )  # fmt: skip


def _decide(outcome: Outcome, disposition: Disposition, reason: str, dock: str, at: datetime) -> int:
    placed = lifecycle.change_disposition(
        outcome.pk, quantity=outcome.quantity, disposition=disposition, reason=reason, by=dock, at=at
    )
    return placed.pk


def _sold(outcome: Outcome, dock: str, _finance: str, at: datetime, now: datetime) -> None:
    placement = _decide(outcome, Disposition.LIQUIDATE, "not worth its place on the shelf", dock, at)
    lifecycle.sell_off(placement, proceeds=Decimal("2.00") * outcome.quantity, by=dock, at=min(now, at + timedelta(1)))


def _to_sell(outcome: Outcome, dock: str, _finance: str, at: datetime, now: datetime) -> None:
    _decide(outcome, Disposition.LIQUIDATE, "last season's pattern", dock, at)


def _gathered(outcome: Outcome, dock: str, _finance: str, at: datetime, now: datetime) -> None:
    placement = _decide(outcome, Disposition.RETURN_TO_VENDOR, "a fault of the series", dock, at)
    lifecycle.gather(outcome.pk, source=placement, vendor=VENDORS[0], by=dock, at=at)


def _credited(outcome: Outcome, dock: str, finance: str, at: datetime, now: datetime) -> None:
    placement = _decide(outcome, Disposition.RETURN_TO_VENDOR, "sent to us by mistake", dock, at)
    going = lifecycle.gather(outcome.pk, source=placement, vendor=VENDORS[1], by=dock, at=at)
    sent = lifecycle.send_to_vendor(going.number, by=dock, at=min(now, at + timedelta(days=1)))
    lifecycle.credit_vendor_return(
        going.number, credit=sent.cost, reference="CN-2041", by=finance, at=min(now, at + timedelta(days=9))
    )


def _quarantined(outcome: Outcome, dock: str, _finance: str, at: datetime, now: datetime) -> None:
    _decide(outcome, Disposition.QUARANTINE, "may not be the original", dock, at)


def _look_again(outcomes: list[Outcome], manager: str, random: Random, now: datetime) -> None:
    """Some pieces wait for a second look, most had one."""
    for number, outcome in enumerate(outcomes[:LOOKS]):
        chosen = Regrade.objects.create(outcome=outcome, first_by=outcome.by, chosen_at=outcome.inspected_at)
        if number % 4 == 0:
            continue
        seen = outcome.condition.code
        other = ("opened" if seen == "used" else "used") if number % 5 == 1 else seen
        at = min(now, outcome.inspected_at + timedelta(hours=random.randrange(1, 9)))
        regrading.grade(chosen.pk, condition=other, grade=outcome.grade if other == seen else "", by=manager, at=at)
