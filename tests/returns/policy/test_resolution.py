"""What may be chosen and why, and what applies when nobody chose (R91–R93, rule 5, W30)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from returns.policy import CustomerFacts, Decision, LineFacts, RequestFacts, Rule, Verdict, allowed_resolutions
from tests.returns.policy.facts import LINE, NOW, ORDER, SHIPPED, decide, line, policy

ALL = {"allowed": ["refund", "store_credit", "exchange", "replacement"], "default": "refund"}
BASE = Rule("resolutions", ALL, 90)


def offered(*lines: LineFacts, rules: list[Rule], **request: Any) -> dict[str, bool]:
    facts = RequestFacts(request.pop("order", ORDER), lines or (LINE,), **request)
    found = allowed_resolutions(facts, policy(*rules), now=NOW)
    return {choice.resolution: choice.allowed for choice in found}


def codes_of(*lines: LineFacts, rules: list[Rule], **request: Any) -> dict[str, str]:
    facts = RequestFacts(ORDER, lines or (LINE,), **request)
    return {one.resolution: one.code for one in allowed_resolutions(facts, policy(*rules), now=NOW)}


class TestW30:
    """Outcome engine: exchange asked; or override; or preference valid; or invalid; or past the limit; or normal."""

    LATE = Rule("resolutions", ALL | {"money_days": 10, "expired_outcome": "store_credit"}, 90)
    EARLY = Rule("resolutions", ALL | {"money_days": 60, "expired_outcome": "store_credit"}, 90)

    @pytest.mark.parametrize(
        ("rule", "preference", "override", "resolution", "rung"),
        [
            (LATE, "exchange", "store_credit", "exchange", "exchange_asked"),
            (LATE, "refund", "replacement", "replacement", "staff_chose"),
            (LATE, "store_credit", "", "store_credit", "customer_chose"),
            (LATE, "refund", "", "", ""),
            (LATE, "", "", "store_credit", "money_time_over"),
            (EARLY, "", "", "refund", "default"),
            (EARLY, "refund", "", "refund", "customer_chose"),
        ],
    )
    def test_the_ladder(self, rule: Rule, preference: str, override: str, resolution: str, rung: str) -> None:
        found = decide(rules=[rule], resolution=preference, override=override)
        said = next(one for one in found.findings if one.rule == "resolutions")
        assert [found.resolution, said.facts.get("rung", "")] == [resolution, rung]

    def test_no_valid_outcome_means_a_person_decides(self) -> None:
        found = decide(rules=[self.LATE], resolution="refund")
        assert [found.verdict, found.resolution, found.fired.code if found.fired else ""] == [
            Verdict.REVIEW,
            "",
            "resolution_needs_review",
        ]

    def test_the_window_for_money_counts_from_shipment_and_ends_exactly(self) -> None:
        rule = Rule("resolutions", ALL | {"money_days": 18, "expired_outcome": "store_credit"}, 90)
        end = SHIPPED + timedelta(days=18)
        at = [decide(rules=[rule], now=now).resolution for now in (end - timedelta(microseconds=1), end)]
        assert at == ["refund", "store_credit"]


class TestWhatIsOffered:
    def test_what_is_open_and_what_is_over(self) -> None:
        rule = Rule("resolutions", ALL | {"money_days": 10, "expired_outcome": "store_credit"}, 90)
        assert codes_of(rules=[rule]) == {
            "refund": "choice_too_late",
            "store_credit": "choice_after_money",
            "exchange": "choice_open",
            "replacement": "choice_open",
        }

    @pytest.mark.parametrize(
        ("when", "item", "request_", "narrow"),
        [
            ({"reasons": ["defective"]}, {"reason": "defective"}, {}, True),
            ({"reasons": ["defective"]}, {"reason": "wrong_size"}, {}, False),
            ({"categories": ["kitchen"]}, {}, {}, True),
            ({"categories": ["shoes"]}, {}, {}, False),
            ({"conditions": ["opened"]}, {}, {}, True),
            ({"conditions": ["sealed"]}, {}, {}, False),
            ({"methods": ["paypal"]}, {}, {"order": replace(ORDER, methods=("card", "paypal"))}, True),
            ({"methods": ["paypal"]}, {}, {"order": replace(ORDER, methods=("card",))}, False),
            ({"days_over": 18}, {}, {}, True),
            ({"days_over": 19}, {}, {}, False),
            ({"value_over": "19.99"}, {}, {}, True),
            ({"value_over": "20.00"}, {}, {}, False),
            ({"value_up_to": "20.00"}, {}, {}, True),
            ({"value_up_to": "19.99"}, {}, {}, False),
            ({"returns_over": 3}, {}, {"customer": CustomerFacts(returns_last_year=4)}, True),
            ({"returns_over": 3}, {}, {"customer": CustomerFacts(returns_last_year=3)}, False),
            ({"reasons": ["wrong_size"], "categories": ["shoes"]}, {}, {}, False),
        ],
    )
    def test_a_rule_speaks_when_all_its_conditions_fit(
        self, when: dict[str, Any], item: dict[str, Any], request_: dict[str, Any], narrow: bool
    ) -> None:
        rules = [Rule("resolutions", {"allowed": ["store_credit"], "default": "store_credit"} | when, 50), BASE]
        found = offered(line(**item), rules=rules, **request_)
        assert found == ({"store_credit": True} if narrow else dict.fromkeys(ALL["allowed"], True))

    def test_lines_of_different_rules_are_offered_what_both_allow(self) -> None:
        rules = [Rule("resolutions", {"allowed": ["store_credit", "refund"], "reasons": ["gift"]}, 50), BASE]
        found = codes_of(line(key="1", reason="gift"), line(key="2"), rules=rules)
        assert found == {
            "store_credit": "choice_open",
            "refund": "choice_open",
            "exchange": "choice_not_for_all",
            "replacement": "choice_not_for_all",
        }

    def test_lines_whose_rules_disagree_wait_for_a_person(self) -> None:
        gift = Rule("resolutions", {"allowed": ["store_credit"], "default": "store_credit", "reasons": ["gift"]}, 50)
        lines = line(key="1", reason="gift"), line(key="2")
        assert [decide(*lines, rules=[gift, BASE], resolution=way).resolution for way in ("", "store_credit")] == [
            "",
            "store_credit",
        ]

    def test_a_line_without_a_rule_waits_for_a_person(self) -> None:
        found = decide(rules=[Rule("resolutions", {"allowed": ["refund"], "reasons": ["gift"]})], resolution="refund")
        assert [found.verdict, found.resolution] == [Verdict.REVIEW, ""]

    def test_every_choice_says_why_and_is_kept_with_the_decision(self) -> None:
        rule = Rule("resolutions", ALL | {"money_days": 60}, 90)
        found = decide(rules=[rule, Rule("keep_item", {"value_up_to": "25.00"}, 80)], resolution="refund")
        again = Decision.from_json(found.to_json())
        assert again.choices == found.choices
        assert [(one.resolution, one.sentence) for one in again.choices][:2] == [
            ("keep_item", "It is worth £25.00 or less, so it need not come back to us."),
            ("refund", "Open to you until 1 December 2026, 16:00."),
        ]

    def test_a_decision_of_before_had_no_choices(self) -> None:
        stored = decide().to_json()
        del stored["choices"]
        assert Decision.from_json(stored).choices == ()


class TestKeepItem:
    RULE = Rule("keep_item", {"value_up_to": "20.00", "times": 2, "value_in_all": "30.00"}, 80)

    @pytest.mark.parametrize(
        ("item", "customer", "code"),
        [
            ({}, CustomerFacts(), "choice_keep"),
            ({"value": Decimal("20.01")}, CustomerFacts(), None),
            ({}, CustomerFacts(kept_last_year=1), "choice_keep"),
            ({}, CustomerFacts(kept_last_year=2), "choice_kept_before"),
            ({}, CustomerFacts(kept_value_last_year=Decimal("10.00")), "choice_keep"),
            ({}, CustomerFacts(kept_value_last_year=Decimal("10.01")), "choice_kept_worth"),
        ],
    )
    def test_caps(self, item: dict[str, Any], customer: CustomerFacts, code: str | None) -> None:
        assert codes_of(line(**item), rules=[self.RULE, BASE], customer=customer).get("keep_item") == code

    def test_only_when_every_line_fits(self) -> None:
        rule = Rule("keep_item", {"value_up_to": "90.00", "reasons": ["defective"]}, 80)
        lines = line(key="1", reason="defective"), line(key="2")
        assert "keep_item" not in offered(*lines, rules=[rule, BASE])
        assert offered(lines[0], rules=[rule, BASE])["keep_item"]

    def test_chosen_nothing_travels_and_the_money_is_due_at_once(self) -> None:
        rules = [self.RULE, BASE, Rule("free_label", {"fee": "4.95"}), Rule("expires_after", {"days": 14})]
        found = decide(rules=rules, resolution="keep_item")
        assert [found.verdict, found.resolution, found.label, found.refund_at, found.expires_at, found.fees] == [
            Verdict.APPROVE,
            "keep_item",
            "none",
            "approval",
            None,
            (),
        ]

    def test_asked_for_beyond_the_cap_a_person_decides(self) -> None:
        many = CustomerFacts(kept_last_year=9)
        found = decide(rules=[self.RULE, BASE], resolution="keep_item", customer=many)
        assert [found.verdict, found.resolution] == [Verdict.REVIEW, ""]

    def test_nobody_is_given_it_who_did_not_ask(self) -> None:
        assert decide(rules=[self.RULE, BASE]).resolution == "refund"


class TestFeesByResolution:
    def test_a_fee_for_refunds_only(self) -> None:
        fee = Rule("restocking_fee", {"percent": "10", "resolutions": ["refund"], "tax_rate": "20"})
        label = Rule("free_label", {"fee": "4.95", "resolutions": ["refund"]})
        found = {way: decide(rules=[BASE, fee, label], resolution=way) for way in ("refund", "exchange")}
        assert {way: [one.code for one in found[way].fees] for way in found} == {
            "refund": ["restocking", "return_label"],
            "exchange": [],
        }
        assert found["refund"].fees[0].tax_rate == Decimal(20)

    def test_a_label_may_cost_a_percentage(self) -> None:
        rule = Rule("free_label", {"fee_percent": "5", "fee_per": "line", "fee_maximum": "9.00", "fee_tax_rate": "20"})
        found = decide(rules=[rule])
        assert [found.label, found.fees[0].percent, found.fees[0].maximum] == ["charged", Decimal(5), Decimal("9.00")]
