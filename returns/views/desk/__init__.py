"""Pages of the service desk about returns."""

from returns.views.desk.deciding import (
    approval,
    cancellation,
    detail,
    hold_decision,
    label,
    photo,
    question,
    rejection,
    resolution,
)
from returns.views.desk.evidence import evidence_file, evidence_of
from returns.views.desk.gift_link import gift_link, gift_withdrawal
from returns.views.desk.labels import label_again, label_file, parcels
from returns.views.desk.leaking import labels
from returns.views.desk.listing import return_list, review
from returns.views.desk.opening import opening
from returns.views.desk.outgoing import goods, money_instead
from returns.views.desk.own_parcel import own_parcel
from returns.views.desk.parcel_cases import case, case_claim, case_closing, case_decision, cases
from returns.views.desk.pickup import pickup
from returns.views.desk.policy import (
    drafts,
    new_rule,
    policy,
    policy_version,
    publication,
    rule,
    rule_removal,
    version_removal,
)
from returns.views.desk.replaying import replay

__all__ = [
    "approval",
    "cancellation",
    "case",
    "case_claim",
    "case_closing",
    "case_decision",
    "cases",
    "detail",
    "drafts",
    "evidence_file",
    "evidence_of",
    "gift_link",
    "gift_withdrawal",
    "goods",
    "hold_decision",
    "label",
    "label_again",
    "label_file",
    "labels",
    "money_instead",
    "new_rule",
    "opening",
    "own_parcel",
    "parcels",
    "photo",
    "pickup",
    "policy",
    "policy_version",
    "publication",
    "question",
    "rejection",
    "replay",
    "resolution",
    "return_list",
    "review",
    "rule",
    "rule_removal",
    "version_removal",
]
