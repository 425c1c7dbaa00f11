"""Any deny wins, else any review, else approve; every reason is kept; the receipt can be stored and read again."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns.policy import DEFAULT_REASONS, DEFAULT_RULES, Decision, LineFacts, Rule, Verdict, evaluate, returnable
from returns.policy.facts import RequestFacts
from returns.policy.sentences import SENTENCES, say
from tests.properties import thorough
from tests.returns.policy.facts import DELIVERED, LINE, NOW, ORDER, codes, decide, line, policy


class TestDefaults:
    def test_an_ordinary_return_needs_nobody(self) -> None:
        found = decide(resolution="refund")
        assert [found.verdict, found.fees, found.label, found.refund_at, found.resolution] == [
            Verdict.APPROVE,
            (),
            "free",
            "inspection",
            "refund",
        ]
        assert found.reasons == ()
        assert found.fired is None
        assert found.expires_at == datetime(2026, 11, 3, 23, 59, 59, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("changes", "verdict", "blocked"),
        [
            ({"final_sale": True}, "deny", ["final_sale"]),
            ({"returnable": 0}, "deny", ["already_returned"]),
            ({"unshipped": 3, "returnable": 0}, "deny", ["not_shipped"]),
            ({"reason": "bored"}, "deny", ["reason_not_accepted"]),
            ({"reason": "damaged_on_arrival", "our_fault": True, "condition": "damaged"}, "deny", ["photo_missing"]),
            ({"reason": "damaged_on_arrival", "our_fault": True, "condition": "damaged", "photos": 1}, "approve", []),
            ({"condition": "damaged"}, "review", ["condition_not_accepted"]),
            ({"value": D("500.01")}, "review", ["value_needs_review"]),
            ({"final_sale": True, "value": D("900.00")}, "deny", ["final_sale", "value_needs_review"]),
        ],
    )
    def test_what_is_refused_and_what_a_person_sees(
        self, changes: dict[str, Any], verdict: str, blocked: list[str]
    ) -> None:
        found = decide(line(**changes))
        assert [found.verdict.value, codes(found)] == [verdict, blocked]

    def test_too_late(self) -> None:
        found = decide(now=DELIVERED + timedelta(days=40))
        assert [found.verdict, codes(found)] == [Verdict.DENY, ["window_closed"]]

    def test_each_reason_is_accepted(self) -> None:
        for reason in DEFAULT_REASONS:
            facts = line(reason=reason.code, our_fault=reason.is_our_fault, photos=1 if reason.asks_photo else 0)
            assert decide(facts).verdict is Verdict.APPROVE, reason


class TestReceipt:
    def test_it_names_version_rule_and_facts(self) -> None:
        stored = decide(line(final_sale=True)).to_json()
        assert [stored["version"], stored["fired"], stored["facts"]["lines"][0]["sku"]] == [
            7,
            {"rule": "final_sale", "code": "final_sale", "line": "1"},
            "MUG",
        ]

    def test_the_first_rule_by_priority_fired(self) -> None:
        found = decide(line(final_sale=True, returnable=0))
        assert found.fired is not None
        assert found.fired.rule == "already_returned"

    @pytest.mark.parametrize(
        "found",
        [
            decide(),
            decide(line(final_sale=True, reason="damaged_on_arrival", value=D("900.00")), line(key="2", reason="")),
            decide(rules=[Rule("free_label", {"fee": "4.95"}), Rule("restocking_fee", {"percent": "5"})]),
        ],
    )
    def test_it_is_stored_without_loss(self, found: Decision) -> None:
        stored = json.loads(json.dumps(found.to_json()))
        again = Decision.from_json(stored)
        assert again == found
        assert again.to_json() == stored

    def test_it_holds_no_float(self) -> None:
        def leaves(value: Any) -> list[Any]:
            if isinstance(value, dict):
                return [leaf for member in value.values() for leaf in leaves(member)]
            if isinstance(value, list):
                return [leaf for member in value for leaf in leaves(member)]
            return [value]

        assert not [leaf for leaf in leaves(decide().to_json()) if isinstance(leaf, float)]

    def test_every_sentence_can_be_said(self) -> None:
        facts: dict[str, str | int] = dict.fromkeys(
            ("days", "count", "left", "asked", "limit", "value", "currency", "percent", "amount", "choices", "lines"),
            "1",
        )
        facts |= {
            "currency": "GBP",
            "deadline_at": "2026-11-04T13:30:00+00:00",
            "expires_at": "2026-11-04T13:30:00+00:00",
        }
        assert all(say(code, facts).endswith(".") for code in SENTENCES)


class TestWhatWouldTurnItRound:
    def test_a_yes_names_its_nearest_limit(self) -> None:
        far_from_value = decide(now=DELIVERED + timedelta(days=29))
        near_to_value = decide(line(value=D("499.00")))
        assert [flip.code for flip in far_from_value.flips] == ["flip_ask_later"]
        assert [flip.sentence for flip in near_to_value.flips] == [
            "Worth more than £500.00, a person would have to look."
        ]

    def test_a_no_names_all_that_speaks_against_it(self) -> None:
        found = decide(line(reason="damaged_on_arrival", returnable=1, requested=2))
        assert [flip.code for flip in found.flips] == ["flip_quantity", "flip_photo"]

    def test_leaving_out_the_refused_line_is_the_smaller_change(self) -> None:
        bad = line(key="2", sku="BOWL", final_sale=True, reason="bored")
        found = decide(LINE, bad)
        assert [one.verdict for one in found.lines] == [Verdict.APPROVE, Verdict.DENY]
        assert [flip.sentence for flip in found.flips] == ["Leave out BOWL, and the rest is decided on its own."]
        assert [flip.code for flip in found.lines[1].flips] == ["flip_not_final_sale", "flip_reason"]

    def test_doing_so_does_turn_it_round(self) -> None:
        assert (
            decide(line(reason="damaged_on_arrival", condition="damaged", our_fault=True, photos=0)).verdict
            is Verdict.DENY
        )
        assert (
            decide(line(reason="damaged_on_arrival", condition="damaged", our_fault=True, photos=1)).verdict
            is Verdict.APPROVE
        )


class TestReturnable:
    def ask(self, item: LineFacts, now: datetime = NOW) -> Any:
        return returnable(ORDER, item, policy(), now=now)

    def test_all_of_it_until_then(self) -> None:
        found = self.ask(LINE)
        assert [found.quantity, found.possible, found.until] == [3, True, datetime(2026, 11, 4, 13, 30, tzinfo=UTC)]
        assert found.sentences == ("Can be sent back until 4 November 2026, 13:30.",)

    @pytest.mark.parametrize(
        ("changes", "quantity", "why_not"),
        [
            ({"returnable": 1}, 1, "Already returned or on the way back: 2. Left to return: 1."),
            ({"returnable": 0}, 0, "Already returned or on the way back: 3. Left to return: 0."),
            ({"returnable": 0, "unshipped": 3}, 0, "Not yet sent to you: 3. You can cancel instead of returning."),
            ({"final_sale": True}, 0, "This was a final sale and cannot be sent back."),
        ],
    )
    def test_how_many_and_why_not(self, changes: dict[str, Any], quantity: int, why_not: str) -> None:
        found = self.ask(line(**changes))
        assert [found.quantity, found.why_not] == [quantity, (why_not,)]

    def test_the_window_is_over(self) -> None:
        found = self.ask(LINE, now=datetime(2026, 11, 4, 13, 30, tzinfo=UTC))
        assert [found.quantity, len(found.why_not)] == [0, 1]
        assert found.sentences[0].startswith("The return window of 30 days closed on")

    @thorough
    @given(st.integers(0, 3), st.integers(0, 3), st.booleans(), st.integers(0, 60), st.integers(1, 3))
    def test_what_the_button_offers_the_engine_grants(
        self, back: int, unshipped: int, final_sale: bool, days: int, requested: int
    ) -> None:
        """p55: one eligibility for button and decision, whatever the facts."""
        sent = 3 - unshipped if unshipped <= 3 else 0
        item = line(returnable=max(0, sent - back), unshipped=unshipped, final_sale=final_sale, requested=requested)
        now = DELIVERED + timedelta(days=days)
        offered = returnable(ORDER, item, policy(), now=now).quantity
        assert (requested <= offered) == (decide(item, now=now).verdict is Verdict.APPROVE)


@pytest.mark.parametrize("lines", [(), (line(requested=0),), (LINE, line(key="2", requested=-1))])
def test_a_request_without_units_is_no_request(lines: tuple[LineFacts, ...]) -> None:
    with pytest.raises(ValueError, match="at least one unit"):
        evaluate(RequestFacts(ORDER, lines), policy(), now=NOW)


def test_an_unknown_kind_of_rule_stops_everything() -> None:
    with pytest.raises(ValueError, match="surprise"):
        decide(rules=[*DEFAULT_RULES, Rule("surprise")])


def test_the_order_of_rules_in_the_table_does_not_matter() -> None:
    assert decide(rules=list(reversed(DEFAULT_RULES))) == decide()


def test_later_changes_of_the_catalogue_change_nothing() -> None:
    """Facts are handed in: the same facts under the same version decide the same."""
    facts = RequestFacts(ORDER, (LINE,))
    assert evaluate(facts, policy(), now=NOW) == evaluate(replace(facts), policy(), now=NOW)
