"""One test per kind of rule: what it lets pass, what it refuses, and the sentence it says."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal as D
from typing import Any

import pytest

from returns.policy import CustomerFacts, Fee, LineFacts, Rule, Verdict
from returns.policy.resolution import choose_resolution
from tests.returns.policy.facts import LINE, NOW, ORDER, codes, decide, line


@pytest.mark.parametrize(
    ("item", "blocked"),
    [
        (line(), []),
        (line(final_sale=True), ["final_sale"]),
        (line(final_sale=True, reason="damaged", our_fault=True), []),
    ],
)
def test_final_sale_stays_sold_unless_it_was_our_fault(item: LineFacts, blocked: list[str]) -> None:
    assert codes(decide(item, rules=[Rule("final_sale")])) == blocked


def test_final_sale_may_be_final_in_any_case() -> None:
    rule = Rule("final_sale", {"unless_our_fault": False})
    assert codes(decide(line(final_sale=True, our_fault=True), rules=[rule])) == ["final_sale"]


@pytest.mark.parametrize(
    ("counts", "blocked"),
    [
        ({"quantity": 3, "returnable": 3, "requested": 3}, []),
        ({"quantity": 3, "returnable": 1, "unshipped": 2, "requested": 1}, []),
        ({"quantity": 3, "returnable": 1, "unshipped": 2, "requested": 2}, ["not_shipped"]),
        ({"quantity": 3, "returnable": 1, "requested": 2}, ["already_returned"]),
        ({"quantity": 3, "returnable": 1, "unshipped": 1, "requested": 3}, ["not_shipped", "already_returned"]),
        ({"quantity": 3, "returnable": 2, "canceled": 1, "requested": 2}, []),
        ({"quantity": 3, "returnable": 3, "requested": 4}, ["already_returned"]),
        ({"quantity": 3, "returnable": 0, "unshipped": 3, "requested": 1}, ["not_shipped"]),
    ],
)
def test_only_what_was_sent_and_is_not_yet_back(counts: dict[str, int], blocked: list[str]) -> None:
    assert codes(decide(line(**counts), rules=[Rule("not_shipped"), Rule("already_returned")])) == blocked


def test_the_sentence_counts() -> None:
    found = decide(line(returnable=1, requested=3), rules=[Rule("already_returned")])
    assert found.reasons == ("Already returned or on the way back: 2. Left to return: 1.",)
    assert found.flips[0].sentence == "Ask for 1 instead of 3."


@pytest.mark.parametrize(
    ("reason", "blocked"), [("wrong_size", []), ("bored", ["reason_not_accepted"]), ("", ["reason_missing"])]
)
def test_accepted_reasons(reason: str, blocked: list[str]) -> None:
    rule = Rule("accepted_reasons", {"reasons": ["wrong_size", "damaged"]})
    found = decide(line(reason=reason), rules=[rule])
    assert codes(found) == blocked


def test_a_condition_nobody_asked_for_is_not_missing() -> None:
    rule = Rule("accepted_conditions", {"conditions": ["sealed"]})
    found = [codes(decide(line(condition=said, asks_condition=False), rules=[rule])) for said in ("", "damaged")]
    assert found == [[], ["condition_not_accepted"]]


@pytest.mark.parametrize(
    ("item", "blocked"),
    [
        (line(condition="sealed"), []),
        (line(condition="used"), ["condition_not_accepted"]),
        (line(condition=""), ["condition_missing"]),
        (line(condition="used", our_fault=True), []),
    ],
)
def test_the_declared_condition_is_part_of_the_decision(item: LineFacts, blocked: list[str]) -> None:
    rule = Rule("accepted_conditions", {"conditions": ["sealed", "opened"]})
    assert codes(decide(item, rules=[rule])) == blocked


@pytest.mark.parametrize(
    ("reason", "photos", "blocked"),
    [("damaged", 0, ["photo_missing"]), ("damaged", 1, ["photo_missing"]), ("damaged", 2, []), ("wrong_size", 0, [])],
)
def test_some_reasons_need_photos(reason: str, photos: int, blocked: list[str]) -> None:
    rule = Rule("photo_required", {"reasons": ["damaged"], "count": 2})
    assert codes(decide(line(reason=reason, photos=photos), rules=[rule])) == blocked


@pytest.mark.parametrize(
    ("values", "verdict"), [(["500.00"], "approve"), (["500.01"], "review"), (["300.00", "200.01"], "review")]
)
def test_a_person_looks_at_high_values_however_they_are_split(values: list[str], verdict: str) -> None:
    lines = [line(key=str(at), value=D(value)) for at, value in enumerate(values)]
    assert decide(*lines, rules=[Rule("review_above", {"value": "500.00"})]).verdict == verdict


@pytest.mark.parametrize(("returns", "verdict"), [(10, "approve"), (11, "review")])
def test_a_person_looks_at_many_returns(returns: int, verdict: str) -> None:
    rule = Rule("customer_history", {"returns": 10})
    assert decide(rules=[rule], customer=CustomerFacts(returns_last_year=returns)).verdict == verdict


class TestFees:
    RULE = Rule("restocking_fee", {"percent": "15", "reasons": ["changed_mind", "wrong_size"]})

    def test_by_reason(self) -> None:
        lines = (
            line(key="1", reason="changed_mind"),
            line(key="2", reason="damaged"),
            line(key="3", reason="wrong_size"),
        )
        found = decide(*lines, rules=[self.RULE])
        assert found.fees == (Fee("restocking", percent=D("15"), lines=("1", "3")),)
        assert found.verdict is Verdict.APPROVE

    def test_waived_when_the_shop_is_at_fault(self) -> None:
        assert decide(line(our_fault=True), rules=[self.RULE]).fees == ()

    def test_nothing_is_no_fee(self) -> None:
        assert decide(rules=[Rule("restocking_fee", {"percent": "0"})]).fees == ()

    def test_a_flat_one_is_charged_once_over_its_lines(self) -> None:
        rule = Rule("restocking_fee", {"amount": "4.95", "maximum": "3.00"})
        found = decide(line(key="1"), line(key="2"), rules=[rule])
        assert found.fees == (Fee("restocking", amount=D("4.95"), maximum=D("3.00"), lines=("1", "2")),)

    def test_each_reason_has_its_own(self) -> None:
        rules = [Rule("restocking_fee", {"percent": "5", "reasons": ["wrong_size"]}, 1), replace(self.RULE, priority=2)]
        lines = line(key="1", reason="changed_mind"), line(key="2", reason="wrong_size")
        assert [(fee.percent, fee.lines) for fee in decide(*lines, rules=rules).fees] == [
            (D("15"), ("1",)),
            (D("5"), ("2",)),
        ]


@pytest.mark.parametrize(
    ("parameters", "item", "label", "fees"),
    [
        ({"everyone": True, "fee": "4.95"}, line(), "free", ()),
        ({"fee": "4.95"}, line(), "charged", (Fee("return_label", amount=D("4.95")),)),
        ({"fee": "4.95"}, line(our_fault=True), "free", ()),
        ({"fee": "4.95", "reasons": ["wrong_size"]}, line(), "free", ()),
        ({}, line(), "own", ()),
    ],
)
def test_who_pays_the_label(parameters: dict[str, object], item: LineFacts, label: str, fees: tuple[Fee, ...]) -> None:
    found = decide(item, rules=[Rule("free_label", parameters)])
    assert [found.label.value, found.fees] == [label, fees]


def test_one_free_line_makes_the_whole_label_free() -> None:
    found = decide(line(), line(key="2", our_fault=True), rules=[Rule("free_label", {"fee": "4.95"})])
    assert found.label == "free"


def test_a_setting_is_rounded_to_the_currency() -> None:
    found = decide(rules=[Rule("free_label", {"fee": "4.95"})], order=replace(ORDER, currency="JPY"))
    assert found.fees == (Fee("return_label", amount=D("5")),)


class TestWhenMoneyMoves:
    RULE = Rule(
        "refund_at",
        {
            "default": "inspection",
            "rows": [{"at": "scan", "reasons": ["damaged"]}, {"at": "receipt", "resolutions": ["store_credit"]}],
        },
    )

    @pytest.mark.parametrize(
        ("reason", "resolution", "at"),
        [
            ("damaged", "refund", "scan"),
            ("wrong_size", "store_credit", "receipt"),
            ("wrong_size", "refund", "inspection"),
        ],
    )
    def test_by_reason_and_resolution(self, reason: str, resolution: str, at: str) -> None:
        assert decide(line(reason=reason), rules=[self.RULE], resolution=resolution).refund_at == at

    def test_a_rule_of_its_own_for_a_reason_or_a_resolution(self) -> None:
        rules = [
            Rule("refund_at", {"default": "delivery", "reasons": ["defective"]}, 10),
            Rule("refund_at", {"default": "scan", "resolutions": ["store_credit"]}, 20),
            Rule("refund_at", {"default": "receipt"}, 30),
        ]
        found = [
            decide(line(reason=reason), rules=rules, resolution=way).refund_at
            for reason, way in (("defective", "store_credit"), ("gift", "store_credit"), ("gift", "refund"))
        ]
        assert found == ["delivery", "scan", "receipt"]

    def test_several_lines_wait_for_the_most_careful(self) -> None:
        lines = line(key="1", reason="damaged"), line(key="2", reason="wrong_size")
        assert decide(*lines, rules=[self.RULE], resolution="refund").refund_at == "inspection"


class TestCollected:
    RULE = Rule("needs_pickup", {"hazardous": True, "over_grams": 30_000, "over_cm": 120})
    OTHERS = (
        Rule("free_label", {"fee": "4.95"}),
        Rule("refund_at", {"default": "scan"}),
        Rule("expires_after", {"days": 14}),
    )

    @pytest.mark.parametrize(
        ("item", "label"),
        [
            ({}, "charged"),
            ({"hazardous": True}, "pickup"),
            ({"grams": 30_000}, "charged"),
            ({"grams": 30_001}, "pickup"),
            ({"grams": 20_000, "requested": 3}, "charged"),  # each piece counts by itself
            ({"longest_cm": 120}, "charged"),
            ({"longest_cm": 121}, "pickup"),
        ],
    )
    def test_what_no_counter_takes(self, item: dict[str, Any], label: str) -> None:
        assert decide(line(**item), rules=[self.RULE, *self.OTHERS]).label == label

    def test_one_such_line_is_enough_and_the_decision_stays(self) -> None:
        found = decide(line(), line(key="2", hazardous=True), rules=[self.RULE, *self.OTHERS])
        assert (found.verdict, found.label, found.fees, found.expires_at) == (Verdict.APPROVE, "pickup", (), None)
        assert found.refund_at == "receipt"
        assert [one.sentence for one in found.findings if one.code == "needs_pickup"] == [
            "We collect this from you: it may not travel by ordinary post."
        ]

    def test_hazardous_goods_may_be_posted_where_the_shop_says_so(self) -> None:
        rule = Rule("needs_pickup", {"hazardous": False, "over_cm": 120})
        assert decide(line(hazardous=True), rules=[rule]).label == "free"


class TestW30:
    TERMS = {"allowed": ["refund", "store_credit", "exchange"], "expired_outcome": "store_credit", "default": "refund"}

    @pytest.mark.parametrize(
        ("preference", "override", "expired", "outcome"),
        [
            ("exchange", "store_credit", True, "exchange"),
            ("refund", "store_credit", False, "store_credit"),
            ("store_credit", "", False, "store_credit"),
            ("store_credit", "", True, "store_credit"),
            ("refund", "", True, None),
            ("keep_item", "", False, None),
            ("", "", True, "store_credit"),
            ("", "", False, "refund"),
        ],
    )
    def test_the_ladder(self, preference: str, override: str, expired: bool, outcome: str | None) -> None:
        assert choose_resolution(self.TERMS, preference, override, expired) == outcome

    def test_no_valid_outcome_means_a_person_decides(self) -> None:
        rule = Rule("resolutions", {**self.TERMS, "money_days": 10})
        found = decide(rules=[rule], resolution="refund")
        assert [found.verdict, found.resolution, codes(found)] == [Verdict.REVIEW, "", ["resolution_needs_review"]]
        assert found.flips[0].facts == {"choices": "store_credit, exchange"}

    def test_late_and_without_preference_is_store_credit(self) -> None:
        rule = Rule("resolutions", {**self.TERMS, "money_days": 10})
        assert decide(rules=[rule]).resolution == "store_credit"


def test_the_parcel_is_to_be_posted_by_the_end_of_a_day_in_the_market() -> None:
    found = decide(rules=[Rule("expires_after", {"days": 14})], time_zone="America/New_York", now=NOW)
    assert found.expires_at == datetime(2026, 11, 4, 4, 59, 59, tzinfo=UTC)


def test_a_rule_of_a_category_is_silent_about_others() -> None:
    rule = Rule("accepted_reasons", {"reasons": ["damaged"], "categories": ["underwear"]})
    assert codes(decide(LINE, rules=[rule])) == []
    assert codes(decide(line(category="underwear"), rules=[rule])) == ["reason_not_accepted"]


class TestShippingBack:
    @pytest.mark.parametrize(
        ("parameters", "item", "order", "resolution", "shipping"),
        [
            ({}, {}, {"units_left": 3}, "refund", ""),
            ({}, {"our_fault": True}, {"units_left": 3}, "refund", "any"),
            ({"our_fault": False}, {"our_fault": True}, {"units_left": 3}, "refund", ""),
            ({"reasons": ["wrong_size"]}, {}, {"units_left": 3}, "refund", "any"),
            ({}, {}, {"units_left": 1}, "refund", "all"),
            ({"everything": False}, {}, {"units_left": 1}, "refund", ""),
            ({}, {"our_fault": True}, {"units_left": 1}, "exchange", ""),
            ({}, {"our_fault": True}, {"shipping": D("0.00")}, "refund", ""),
        ],
    )
    def test_when_it_comes_back(
        self, parameters: dict[str, Any], item: dict[str, Any], order: dict[str, Any], resolution: str, shipping: str
    ) -> None:
        asked = replace(ORDER, **({"shipping": D("4.99")} | order))
        rule = Rule("refund_shipping", parameters)
        assert decide(line(**item), rules=[rule], order=asked, resolution=resolution).shipping == shipping
