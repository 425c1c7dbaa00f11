"""The policy a new shop starts with, and the reasons it names (R38, R144)."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from returns.policy.facts import Rule
from returns.states import RefundAt, Resolution


@dataclass(frozen=True, slots=True)
class Reason:
    """A return reason as seeded; see `ReturnReason`."""

    code: str
    label: "str | Promise"
    is_our_fault: bool
    asks_photo: bool
    implied_condition: str = ""

    @property
    def can_be_replaced(self) -> bool:
        """Whether the same thing again would help: what came was not what was meant to come."""
        return self.is_our_fault and self.code != "arrived_late"


DEFAULT_REASONS = (
    Reason("wrong_size", _("It does not fit"), is_our_fault=False, asks_photo=False),
    Reason("changed_mind", _("I changed my mind"), is_our_fault=False, asks_photo=False),
    Reason("not_as_described", _("It is not as described"), is_our_fault=True, asks_photo=False),
    Reason(
        "damaged_on_arrival", _("It arrived damaged"), is_our_fault=True, asks_photo=True, implied_condition="damaged"
    ),
    Reason("defective", _("It does not work"), is_our_fault=True, asks_photo=True, implied_condition="defective"),
    Reason("wrong_item", _("It is not what I ordered"), is_our_fault=True, asks_photo=True),
    Reason("arrived_late", _("It arrived too late"), is_our_fault=True, asks_photo=False),
    Reason("unwanted_gift", _("It was a gift I do not want"), is_our_fault=False, asks_photo=False),
)

# Kind, parameters and priority only: a row of PolicyRule each.
DEFAULT_RULES = (
    Rule("already_returned", {}, 10),
    Rule("not_shipped", {}, 20),
    Rule("final_sale", {}, 30),
    Rule("window", {"days": 30, "anchors": ["delivered", "shipped", "placed"], "transit_days": 5}, 40),
    Rule("accepted_reasons", {"reasons": [reason.code for reason in DEFAULT_REASONS]}, 50),
    Rule("accepted_conditions", {"conditions": ["sealed", "opened", "used"], "severity": "review"}, 60),
    Rule("photo_required", {"reasons": [reason.code for reason in DEFAULT_REASONS if reason.asks_photo]}, 70),
    Rule("review_above", {"value": "500.00"}, 80),
    Rule(
        "resolutions",
        {
            "allowed": [Resolution.REFUND.value, Resolution.REPLACEMENT.value, Resolution.EXCHANGE.value],
            "default": Resolution.REFUND.value,
            "reasons": [reason.code for reason in DEFAULT_REASONS if reason.can_be_replaced],
        },
        85,
    ),
    Rule(
        "resolutions",
        {"allowed": [Resolution.REFUND.value, Resolution.EXCHANGE.value], "default": Resolution.REFUND.value},
        90,
    ),
    Rule("restocking_fee", {"percent": "0", "reasons": ["changed_mind", "unwanted_gift"]}, 100),
    Rule("free_label", {"everyone": True}, 110),
    Rule("needs_pickup", {"hazardous": True}, 112),
    Rule("refund_shipping", {"our_fault": True, "everything": True}, 115),
    Rule("promotions", {"requalify": False}, 118),
    Rule("refund_at", {"default": RefundAt.INSPECTION.value}, 120),
    Rule("expires_after", {"days": 14, "remind_days": 3}, 130),
    Rule("exchange", {"scope": "same_product"}, 140),
    Rule("replacement", {"release_at": "inspection"}, 150),
    Rule("not_delivered", {"shipping_when_refused": False, "shipping_when_undeliverable": False}, 160),
)

# What a new shop finds written down and not in use: switched on in a draft, each says what it would do.
SUGGESTED_RULES = (
    Rule("keep_item", {"value_up_to": "5.00", "times": 2}, 84),
    Rule(
        "resolutions",
        {
            "allowed": [Resolution.REFUND.value, Resolution.STORE_CREDIT.value, Resolution.EXCHANGE.value],
            "default": Resolution.REFUND.value,
            "money_days": 30,
            "expired_outcome": Resolution.STORE_CREDIT.value,
        },
        88,
    ),
)
