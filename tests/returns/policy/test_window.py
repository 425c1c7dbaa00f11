"""How long something may come back (p25, W29)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from returns.policy import Rule, Verdict
from tests.returns.policy.facts import DELIVERED, ORDER, PLACED, SHIPPED, codes, decide, line

WINDOW = Rule("window", {"days": 30})
MOMENT = timedelta(microseconds=1)


def test_w29_exactly_n_days_after_is_too_late() -> None:
    """Summer time ends on 25 October: 30 days on the wall clock are 30 days and an hour."""
    deadline = datetime(2026, 11, 4, 13, 30, tzinfo=UTC)
    assert decide(rules=[WINDOW], now=deadline - MOMENT).verdict is Verdict.APPROVE
    late = decide(rules=[WINDOW], now=deadline)
    assert [late.verdict, codes(late), late.lines[0].until] == [Verdict.DENY, ["window_closed"], deadline]


@pytest.mark.parametrize(
    ("zone", "deadline"),
    [
        ("UTC", datetime(2026, 11, 4, 12, 30, tzinfo=UTC)),
        ("Europe/London", datetime(2026, 11, 4, 13, 30, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 4, 13, 30, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 11, 4, 12, 30, tzinfo=UTC)),
    ],
)
def test_the_wall_clock_of_the_market_counts(zone: str, deadline: datetime) -> None:
    assert decide(rules=[WINDOW], time_zone=zone).lines[0].until == deadline


@pytest.mark.parametrize(
    ("changes", "rule", "anchor"),
    [
        ({}, {}, DELIVERED),
        ({"delivered_at": None}, {}, SHIPPED + timedelta(days=5)),
        ({"delivered_at": None}, {"transit_days": 2}, SHIPPED + timedelta(days=2)),
        ({"delivered_at": None, "shipped_at": None}, {}, PLACED),
        ({}, {"anchors": ["shipped"], "transit_days": 0}, SHIPPED),
        ({}, {"anchors": ["placed", "delivered"]}, PLACED),
        ({"delivered_at": None, "shipped_at": None}, {"anchors": ["delivered"]}, PLACED),
    ],
)
def test_a_missing_date_falls_through_and_never_opens_it_forever(
    changes: dict[str, None], rule: dict[str, object], anchor: datetime
) -> None:
    found = decide(rules=[Rule("window", {"days": 10, **rule})], order=replace(ORDER, **changes), time_zone="UTC")
    assert found.lines[0].until == anchor + timedelta(days=10)


def test_a_line_with_a_shipment_of_its_own_counts_from_there() -> None:
    own = line(shipped_at=SHIPPED + timedelta(days=9), delivered_at=DELIVERED + timedelta(days=9))
    on_its_way = line(shipped_at=SHIPPED + timedelta(days=9))
    assert decide(own, rules=[WINDOW], time_zone="UTC").lines[0].until == DELIVERED + timedelta(days=39)
    assert decide(on_its_way, rules=[WINDOW], time_zone="UTC").lines[0].until == SHIPPED + timedelta(days=44)


def test_the_hour_that_spring_leaves_out_is_still_an_instant() -> None:
    """Delivered on 27 February at 01:30; 30 days later that time does not exist in London."""
    order = replace(ORDER, delivered_at=datetime(2026, 2, 27, 1, 30, tzinfo=UTC))
    until = decide(rules=[WINDOW], order=order, now=datetime(2026, 3, 1, tzinfo=UTC)).lines[0].until
    assert until == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_the_rule_of_a_category_stands_before_the_general_one() -> None:
    rules = [WINDOW, Rule("window", {"days": 7, "categories": ["kitchen"]}, priority=10)]
    found = decide(line(), line(key="2", category="garden"), rules=rules)
    assert [one.verdict for one in found.lines] == [Verdict.DENY, Verdict.APPROVE]


def test_a_late_return_may_go_to_a_person_instead() -> None:
    found = decide(rules=[Rule("window", {"days": 3, "severity": "review"})])
    assert [found.verdict, codes(found)] == [Verdict.REVIEW, ["window_closed"]]


def test_what_would_turn_it_round_names_the_deadline() -> None:
    early, late = decide(rules=[WINDOW]), decide(rules=[WINDOW], now=datetime(2027, 1, 1, tzinfo=UTC))
    assert [early.flips[0].code, late.flips[0].code] == ["flip_ask_later", "flip_ask_earlier"]
    assert early.flips[0].facts["deadline_at"] == "2026-11-04T13:30:00+00:00"
    assert "4 November 2026, 13:30" in late.flips[0].sentence
