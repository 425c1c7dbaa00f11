"""What the policy editor refuses, with a sentence at the right field."""

from typing import Any

import pytest

from returns.policy import DEFAULT_RULES, SUGGESTED_RULES, ParametersRefused, Rule, validate
from returns.policy.parameters import KINDS, PARAMETERS


@pytest.mark.parametrize("rule", [*DEFAULT_RULES, *SUGGESTED_RULES], ids=lambda rule: rule.kind)
def test_the_default_policy_is_valid(rule: Rule) -> None:
    validate(rule.kind, rule.parameters)


def test_every_kind_has_its_parameters() -> None:
    assert set(PARAMETERS) == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "parameters", "field"),
    [
        ("surprise", {}, "kind"),
        ("window", [], ""),
        ("window", {}, "days"),
        ("window", {"days": "30"}, "days"),
        ("window", {"days": 30.0}, "days"),
        ("window", {"days": -1}, "days"),
        ("window", {"days": True}, "days"),
        ("window", {"days": 10**9}, "days"),
        ("window", {"days": 30, "anchors": []}, "anchors"),
        ("window", {"days": 30, "anchors": ["delivered", "delivered"]}, "anchors"),
        ("window", {"days": 30, "anchors": ["paid"]}, "anchors"),
        ("window", {"days": 30, "anchors": "delivered"}, "anchors"),
        ("window", {"days": 30, "transit": 4}, "transit"),
        ("window", {"days": 30, "severity": "info"}, "severity"),
        ("window", {"days": 30, "categories": [1]}, "categories"),
        ("final_sale", {"unless_our_fault": "yes"}, "unless_our_fault"),
        ("already_returned", {"severity": "review"}, "severity"),
        ("accepted_reasons", {}, "reasons"),
        ("accepted_reasons", {"reasons": "damaged"}, "reasons"),
        ("photo_required", {"reasons": ["damaged"], "count": 0}, "count"),
        ("restocking_fee", {}, "percent"),
        ("restocking_fee", {"percent": "5", "amount": "5"}, "percent"),
        ("restocking_fee", {"percent": "101"}, "percent"),
        ("restocking_fee", {"percent": 5}, "percent"),
        ("restocking_fee", {"amount": "1e3"}, "amount"),
        ("restocking_fee", {"amount": "5", "per": "kilo"}, "per"),
        ("review_above", {"value": "-1"}, "value"),
        ("review_above", {"value": "0"}, "value"),
        ("review_above", {"value": 500}, "value"),
        ("customer_history", {"returns": "many"}, "returns"),
        ("free_label", {"fee": "free"}, "fee"),
        ("refund_at", {"default": "tomorrow"}, "default"),
        ("refund_at", {"rows": [{}]}, "rows"),
        ("refund_at", {"rows": [{"at": "scan", "surprise": 1}]}, "rows"),
        ("refund_at", {"rows": [{"at": "scan", "reasons": "damaged"}]}, "rows"),
        ("resolutions", {"allowed": []}, "allowed"),
        ("resolutions", {"allowed": ["refund"], "default": "exchange"}, "default"),
        ("resolutions", {"allowed": ["exchange"]}, "default"),
        ("resolutions", {"allowed": ["refund"], "expired_outcome": "store_credit"}, "expired_outcome"),
        ("expires_after", {"days": 0}, "days"),
    ],
)
def test_refused_at_the_right_field(kind: str, parameters: Any, field: str) -> None:
    with pytest.raises(ParametersRefused) as refusal:
        validate(kind, parameters)
    assert refusal.value.field == field
    assert str(refusal.value).endswith(".")
