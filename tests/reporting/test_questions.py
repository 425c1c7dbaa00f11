from datetime import date, timedelta
from decimal import Decimal

import pytest

from inventory.models import Warehouse
from oms import journal
from oms.journal import Account
from oms.models import Shop
from reporting import bottlenecks, costs, csat, processing_time, products, reasons, refund_rate, regions
from reporting.geo import place
from reporting.models import HandlingRate
from reporting.period import Filters, Period, shop_period
from reporting.processing_time import business_days
from returns.models import Parcel, Survey
from returns.states import ParcelStatus
from tests.builders import NOON, Sold, an_order
from tests.reporting.conftest import came_back, tell

pytestmark = pytest.mark.django_db
GBP = Filters("GBP")
ALL = Period(zone="Europe/London")
DAY = timedelta(days=1)


# ── Refund rate ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_items_end_in_full_in_part_or_not_at_all(db):
    came_back(an_order(), asked_at=NOON, settled_at=NOON + DAY, paid="10.00")
    came_back(an_order(), asked_at=NOON, settled_at=NOON + DAY, paid="6.50")
    came_back(an_order(), asked_at=NOON, settled_at=NOON + DAY, paid="10.00", fees="3.50")
    came_back(an_order(), asked_at=NOON)
    came_back(an_order(), asked_at=NOON, arrived=0)
    found = refund_rate.answer(ALL, GBP)
    assert (found.items, found.full, found.partial, found.unmatched, found.none) == (4, 1, 2, 0, 1)
    assert found.rate == Decimal("0.75")


def test_a_unit_rounded_down_is_still_refunded_in_full(db):
    order = an_order(lines=[Sold(quantity=3, gross="10.00")])
    came_back(order, asked_at=NOON, settled_at=NOON, paid="3.33")
    assert refund_rate.answer(ALL, GBP).full == 1


def test_no_items_no_rate(db):
    assert refund_rate.answer(ALL, GBP).rate is None


# ── Processing time ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        (date(2026, 11, 20), date(2026, 11, 20), 0),  # the same Friday
        (date(2026, 11, 20), date(2026, 11, 22), 0),  # its Sunday
        (date(2026, 11, 20), date(2026, 11, 23), 1),  # Monday
        (date(2026, 11, 16), date(2026, 12, 7), 15),  # three weeks
        (date(2026, 11, 23), date(2026, 11, 20), 0),  # never less than none
    ],
)
def test_business_days_are_the_working_days_after_the_first(first, last, days):
    assert business_days(first, last) == days


def test_holidays_and_other_working_weeks_are_the_warehouses():
    assert business_days(date(2026, 12, 24), date(2026, 12, 29), holidays=(date(2026, 12, 25), date(2026, 12, 27))) == 2
    assert business_days(date(2026, 11, 20), date(2026, 11, 23), working=(5, 6, 7)) == 2


def test_time_from_asking_to_settled_and_the_promise(db):
    Shop.objects.create(processing_days=2)
    Warehouse.objects.filter(is_default=True).update(holidays=[date(2026, 11, 25)])
    house = Warehouse.objects.get(is_default=True)
    quick = came_back(an_order(), asked_at=NOON, settled_at=NOON + 3 * DAY)  # Monday to Thursday, Wednesday off
    slow = came_back(an_order(), asked_at=NOON, settled_at=NOON + 5 * DAY)
    for rma in (quick, slow):
        rma.warehouse = house
        rma.save(update_fields=["warehouse"])
    came_back(an_order(), asked_at=NOON)
    found = processing_time.answer(ALL, GBP)
    assert (found.returns, found.business_days, found.within_target, found.target) == (2, 5, 1, 2)
    assert (found.mean_days, found.mean_business_days) == (Decimal("4.0"), Decimal("2.5"))
    assert found.hit_rate == Decimal("0.5")
    assert sorted(processing_time.by_day(ALL, GBP)) == [date(2026, 11, 26), date(2026, 11, 28)]


def test_each_clock_runs_while_it_is_that_ones_turn(db):
    rma = came_back(an_order(), asked_at=NOON, settled_at=NOON + 4 * DAY)
    tell(
        rma,
        ("rma.shipped", DAY),
        ("rma.delivered", 2 * DAY),
        ("rma.received", timedelta(days=2, hours=6)),
        ("rma.inspected", timedelta(days=2, hours=12)),
        ("rma.settlement_started", 3 * DAY),
        ("rma.settled", 4 * DAY),
    )
    assert processing_time.answer(ALL, GBP).waited_hours == {
        "us": Decimal("24.0"),
        "customer": Decimal("24.0"),
        "carrier": Decimal("24.0"),
        "bank": Decimal("24.0"),
    }
    stages = {stage.code: stage for stage in bottlenecks.answer(ALL, GBP)}
    assert list(stages) == ["posting", "carriage", "unloading", "inspection", "paying", "bank"]
    assert stages["paying"].mean_hours == Decimal("12.0")
    assert sum(stage.share for stage in stages.values()) == Decimal("1.0000")
    assert bottlenecks.slowest(list(stages.values())).code == "paying"


def test_a_bottleneck_names_who_stands_in_it_now(db):
    rma = came_back(an_order(), asked_at=NOON)
    tell(rma, ("rma.shipped", DAY), ("rma.received", 2 * DAY))
    [stage] = bottlenecks.answer(ALL, GBP)
    assert (stage.code, stage.passages, stage.waiting) == ("inspection", 0, 1)
    assert stage.waiting_since == NOON + 2 * DAY


# ── Reasons, products, regions ────────────────────────────────────────────────────────────────────────────────────


def test_reasons_count_the_returns_that_name_them_now_and_before(db):
    for reason, days in (("defective", 1), ("defective", 2), ("changed_mind", 1), ("changed_mind", 12)):
        came_back(an_order(), asked_at=NOON - days * DAY, reason=reason)
    period = shop_period((NOON - 9 * DAY).date(), NOON.date())
    found = reasons.answer(period, GBP)
    assert [(reason.code, reason.returns, reason.returns_before) for reason in found] == [
        ("defective", 2, 0),
        ("changed_mind", 1, 1),
    ]
    assert found[0].cause == "quality"


def test_one_of_one_does_not_lead_the_products(db):
    once = [Sold(sku="ONCE", title="Sold once")]
    often = [Sold(sku="OFTEN", title="Sold often")]
    came_back(an_order(lines=once), asked_at=NOON)
    for number in range(10):
        order = an_order(lines=often)
        if number < 5:
            came_back(order, asked_at=NOON, reason="defective" if number else "changed_mind")
    for _ in range(30):
        an_order(lines=[Sold(sku="STAYS")])
    found = products.answer(ALL, GBP, enough_orders=1)
    assert [product.sku for product in found] == ["OFTEN", "ONCE"]
    assert found[0].rate == Decimal("0.5")
    assert found[0].cause == "quality"
    assert [product.sku for product in products.answer(ALL, GBP)] == ["OFTEN"]


@pytest.mark.parametrize(
    ("country", "number"),
    [
        ("EIRE", "372"),
        ("RSA", "710"),
        ("USA", "840"),
        ("Channel Islands", "channel-islands"),
        ("Czech Republic", "203"),
        ("GB", "826"),
        ("European Community", ""),
        ("Unspecified", ""),
        ("", ""),
    ],
)
def test_countries_find_their_place_on_the_map_where_there_is_one(country, number):
    assert place(country) == number


def test_regions_with_too_few_orders_never_lead(db):
    came_back(an_order(), asked_at=NOON)
    [region] = regions.answer(ALL, GBP)
    assert (region.country, region.place, region.rate, region.is_telling) == ("United Kingdom", "826", 1, False)


# ── Costs and the verdict ─────────────────────────────────────────────────────────────────────────────────────────


def test_hard_cost_is_labels_handling_and_write_offs_and_lost_revenue_stands_apart(db):
    HandlingRate.objects.create(currency="GBP", amount="2.00", valid_from=NOON.date())
    rma = came_back(an_order(), asked_at=NOON)
    came_back(an_order(), asked_at=NOON - 30 * DAY)  # at the rate assumed before
    Parcel.objects.create(
        rma=rma, status=ParcelStatus.LABELED, price="3.95", currency="GBP", wanted_at=NOON, labeled_at=NOON
    )
    written_off = [(Account.WRITE_OFF, Decimal("3.50")), (Account.INVENTORY, Decimal("-3.50"))]
    journal.post("outcome/1", written_off, currency="GBP", at=NOON, order=rma.order)
    found = costs.answer(ALL, GBP)
    assert (found.labels, found.handling, found.written_off) == (Decimal("3.95"), Decimal("5.50"), Decimal("3.50"))
    assert found.hard == Decimal("12.95")
    assert (found.lost_revenue, found.returns_handled, found.entries) == (Decimal("20.000"), 2, 4)


def test_the_verdict_is_the_mean_of_three_questions(db):
    for scores in ((5, 5, 5), (4, 3, 2)):
        rma = came_back(an_order(), asked_at=NOON, settled_at=NOON)
        Survey.objects.create(rma=rma, ease=scores[0], clarity=scores[1], speed=scores[2], answered_at=NOON)
    found = csat.answer(ALL, GBP)
    assert (found.answers, found.score, found.satisfied) == (2, Decimal("4.00"), 1)
    assert found.scores == {"ease": Decimal("4.50"), "clarity": Decimal("4.00"), "speed": Decimal("3.50")}
