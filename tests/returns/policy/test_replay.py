"""A draft on requests that were really made: what changes, in money and in customers."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal as D

from returns.policy import Case, CustomerFacts, Decision, RequestFacts, Rule, Verdict, blind_spots, replay
from tests.returns.policy.facts import LINE, NOW, ORDER, decide, line, policy

SHORT = Rule("window", {"days": 10}, 40)
LONG = Rule("window", {"days": 30}, 40)


def a_case(number: str, verdict: Verdict = Verdict.APPROVE, customer: int = 1, **changes: object) -> Case:
    facts = RequestFacts(ORDER, (line(**changes),), resolution="refund")
    return Case(number, customer, NOW, facts, verdict, "refund", D("20.00"), "GBP")


def owed(case: Case, decision: Decision) -> D:
    return D("18.00") if decision.fees else D("20.00")


def test_facts_come_back_from_a_stored_decision_as_they_were() -> None:
    order = replace(ORDER, methods=("card", "paypal"), shipping=D("4.95"), units_left=2)
    request = RequestFacts(order, (LINE,), CustomerFacts(1, 2, 3, D("4.50")), "refund", "store_credit")
    found = decide(LINE, order=order, customer=request.customer, resolution="refund", override="store_credit")
    assert RequestFacts.from_json(found.to_json()["facts"]) == request


def test_facts_of_before_lack_what_was_not_known() -> None:
    stored = decide().to_json()["facts"]
    for name in ("methods", "shipping", "units_left"):
        del stored["order"][name]
    assert RequestFacts.from_json(stored).order == ORDER


def test_what_would_have_changed() -> None:
    cases = [
        a_case("A"),
        a_case("B", customer=2),
        a_case("C", customer=2, delivered_at=NOW - timedelta(days=1), shipped_at=NOW - timedelta(days=2)),
        a_case("D", Verdict.DENY),
    ]
    found = replay(policy(SHORT), cases, owed)
    assert found.verdicts == {(Verdict.APPROVE, Verdict.DENY): 2}
    assert [one.case.number for one in found.changed] == ["A", "B", "D"]
    assert found.customers == 2
    assert found.money == {"GBP": (D("80.00"), D("20.00"))}


def test_the_same_policy_changes_nothing() -> None:
    assert replay(policy(LONG), [a_case("A")], owed).changed == ()


def test_a_fee_is_money_and_no_other_answer() -> None:
    found = replay(policy(LONG, Rule("restocking_fee", {"percent": "10"})), [a_case("A")], owed)
    assert [one.changes_verdict for one in found.changed] == [False]
    assert found.changed[0].difference == D("-2.00")


def test_what_the_draft_asks_for_and_nobody_kept_is_said() -> None:
    rules = policy(
        Rule("customer_history", {"returns": 3}), Rule("resolutions", {"allowed": ["refund"], "methods": ["card"]})
    )
    assert blind_spots(rules, [a_case("A")]) == ("customer_history", "methods")
    assert blind_spots(policy(LONG), [a_case("A")]) == ()
