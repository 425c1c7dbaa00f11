"""Which carrier takes a parcel and why: each factor changes the choice and its sentence (R32, R53)."""

from dataclasses import replace
from decimal import Decimal as D

import pytest
from django.db import DatabaseError

from returns.carriers import preferences
from returns.carriers.base import Rate
from returns.carriers.choice import Preference, Sent, choose
from returns.models import CarrierRule

UPS = Rate("UPS", "Ground", D("8.15"), "GBP", 4, "rate_1")
FEDEX = Rate("FedEx", "FEDEX_GROUND", D("8.60"), "GBP", 3, "rate_2")
FAST = Rate("UPS", "2ndDayAir", D("19.60"), "GBP", 2, "rate_3")
RATES = (UPS, FEDEX, FAST)
SENT = Sent(origin="DE", destination="GB", grams=1500, value=D("60"))
ALWAYS = Preference("our contract", carrier="FedEx")


def test_without_rules_the_cheapest_and_of_equally_cheap_ones_the_faster() -> None:
    assert choose(RATES) == (UPS, "cheapest of 3: UPS Ground at 8.15 GBP, 4 days")
    assert choose((UPS, replace(FEDEX, price=D("8.15"))))[0].carrier == "FedEx"
    assert choose((UPS,))[1] == "the only offer: UPS Ground at 8.15 GBP, 4 days"
    assert choose((replace(UPS, days=None),))[1] == "the only offer: UPS Ground at 8.15 GBP"


@pytest.mark.parametrize(
    ("factor", "matching", "other"),
    [
        ("origin", {"origins": ("DE", "FR")}, {"origins": ("US",)}),
        ("destination", {"destinations": ("GB",)}, {"destinations": ("DE",)}),
        ("weight, from", {"from_grams": 1500}, {"from_grams": 1501}),
        ("weight, to", {"to_grams": 1500}, {"to_grams": 1499}),
        ("value, from", {"from_value": D("60")}, {"from_value": D("60.01")}),
        ("value, to", {"to_value": D("60")}, {"to_value": D("59.99")}),
        ("policy", {"markets": ("default",)}, {"markets": ("eu",)}),
    ],
)
def test_each_condition_of_a_rule_decides_whether_it_is_about_a_parcel(
    factor: str, matching: dict[str, object], other: dict[str, object]
) -> None:
    rule = replace(ALWAYS, name=factor, **matching)
    assert choose(RATES, SENT, [rule]) == (
        FEDEX,
        f"FedEx FEDEX_GROUND at 8.60 GBP, 3 days, preferred: {factor}; the cheapest is UPS Ground at 8.15 GBP, 4 days",
    )
    assert choose(RATES, SENT, [replace(rule, **other)])[0] == UPS


def test_a_preference_has_its_price_and_its_time() -> None:
    chosen, why = choose(RATES, SENT, [replace(ALWAYS, dearer_percent=D(5))])
    assert chosen == UPS
    assert why.endswith("; FedEx FEDEX_GROUND at 8.60 GBP, 3 days is more than 5 % dearer (our contract)")
    assert choose(RATES, SENT, [replace(ALWAYS, dearer_percent=D(6))])[0] == FEDEX
    quick = Preference("quick", days=2)
    assert choose(RATES, SENT, [quick])[0] == FAST
    chosen, why = choose(RATES, SENT, [replace(ALWAYS, days=2)])
    assert (chosen, why.endswith("nothing of it within 2 days (our contract)")) == (UPS, True)


def test_the_first_rule_that_can_be_kept_decides() -> None:
    dhl = Preference("from abroad by DHL", carrier="DHL")
    chosen, why = choose(RATES, SENT, [dhl, ALWAYS])
    assert chosen == FEDEX
    assert why.endswith("; DHL offers no rate (from abroad by DHL)")
    assert choose(RATES, SENT, [replace(ALWAYS, carrier="ups", service="2nddayair")])[0] == FAST


def test_a_carrier_may_be_left_out_unless_nobody_else_comes() -> None:
    never = Preference("UPS loses them", carrier="UPS", never=True)
    chosen, why = choose(RATES, SENT, [never])
    assert (chosen, why) == (
        FEDEX,
        "the only offer: FedEx FEDEX_GROUND at 8.60 GBP, 3 days; without UPS (UPS loses them)",
    )
    chosen, why = choose((UPS,), SENT, [never])
    assert (chosen, why.endswith("nobody else offers a rate (UPS loses them)")) == (UPS, True)


def test_a_carrier_that_fails_is_named() -> None:
    chosen, why = choose((UPS,), SENT, [ALWAYS], ["FedEx: account not active"])
    assert chosen == UPS
    assert why.endswith("FedEx offers no rate (our contract); not offered: FedEx: account not active")


@pytest.mark.django_db
def test_rules_of_the_shop_reach_the_label_in_their_order() -> None:
    CarrierRule.objects.create(code="late", name="later", position=2, carrier="UPS", days=4, dearer_percent=D(10))
    CarrierRule.objects.create(code="first", name="from Germany", position=1, carrier="FedEx", origins=["DE"])
    CarrierRule.objects.create(code="off", name="switched off", position=0, carrier="UPS", active=False)
    assert [rule.name for rule in preferences.in_force()] == ["from Germany", "later"]
    assert choose(RATES, SENT, preferences.in_force())[0] == FEDEX
    assert choose(RATES, replace(SENT, origin="GB"), preferences.in_force())[0] == UPS


@pytest.mark.django_db
def test_a_rule_that_leaves_out_nobody_is_refused_by_the_database() -> None:
    with pytest.raises(DatabaseError):
        CarrierRule.objects.create(code="empty", name="nobody", never=True)
