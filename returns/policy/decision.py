"""The decision, as a receipt: verdict, every reason, the facts used, and what would turn it round."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from returns.policy.facts import plain
from returns.policy.sentences import say
from returns.states import RefundAt


class Severity(StrEnum):
    """What a finding does to the request. Any deny wins, else any review."""

    DENY = "deny"
    REVIEW = "review"
    INFO = "info"


class Verdict(StrEnum):
    APPROVE = "approve"
    REVIEW = "review"
    DENY = "deny"


class ShippingBack(StrEnum):
    """When what was paid for sending comes back (p11)."""

    NO = ""
    WITH_ANY = "any"  # with the first unit that is accepted
    WITH_ALL = "all"  # with the last of what was announced


class Label(StrEnum):
    """Whether a prepaid label goes with the approval (R47)."""

    FREE = "free"
    CHARGED = "charged"
    OWN = "own"
    PICKUP = "pickup"  # collected from the customer: it may not travel by ordinary post
    NONE = "none"  # nothing travels


@dataclass(frozen=True, slots=True)
class Fee:
    """What the policy charges: an `amount`, or a `percent` of what the lines pay. `lines` are keys; () means all.

    Amounts include their tax; `tax_rate` is percent, None = untaxed.
    """

    code: str
    amount: Decimal | None = None
    percent: Decimal | None = None
    per: str = "return"
    maximum: Decimal | None = None
    lines: tuple[str, ...] = ()
    tax_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Flip:
    """A change of one fact that would turn the finding round. `distance` in thousandths of the limit compares them."""

    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)
    distance: int = 1000

    @property
    def sentence(self) -> str:
        return say(self.code, self.facts)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found on one line (`line` is its key) or on the request as a whole (`line` is "")."""

    severity: Severity
    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)
    flip: Flip | None = None
    fee: Fee | None = None
    deadline: datetime | None = None
    line: str = ""
    rule: str = ""
    priority: int = 0

    @property
    def sentence(self) -> str:
        return say(self.code, self.facts)

    @property
    def blocks(self) -> bool:
        return self.severity is not Severity.INFO


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to settle: may it be chosen, the sentence why or why not, and the smallest change that flips it.

    `until`: up to when it may be chosen, None = as long as the return itself.
    """

    resolution: str
    allowed: bool
    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)
    until: datetime | None = None
    flip: Flip | None = None
    rule: str = ""
    priority: int = 0

    @property
    def sentence(self) -> str:
        return say(self.code, self.facts)


def verdict_of(findings: tuple[Finding, ...]) -> Verdict:
    """Any deny wins, else any review, else approve."""
    severities = {finding.severity for finding in findings}
    if Severity.DENY in severities:
        return Verdict.DENY
    return Verdict.REVIEW if Severity.REVIEW in severities else Verdict.APPROVE


@dataclass(frozen=True, slots=True)
class LineDecision:
    """What was decided about one line, with every reason and the changes that together would turn it round."""

    key: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    flips: tuple[Flip, ...]
    until: datetime | None

    @property
    def reasons(self) -> tuple[str, ...]:
        """The sentences that speak against it."""
        return tuple(finding.sentence for finding in self.findings if finding.blocks)


def _without_amounts(findings: "tuple[Finding, ...]") -> "tuple[Finding, ...]":
    return tuple(one for one in findings if "currency" not in one.facts)


@dataclass(frozen=True, slots=True)
class Decision:
    """The receipt of a decision: verdict, policy version, every reason, the facts used, what would turn it round."""

    verdict: Verdict
    version: int
    market: str
    decided_at: datetime
    lines: tuple[LineDecision, ...]
    findings: tuple[Finding, ...]  # on the request as a whole
    flips: tuple[Flip, ...]
    fees: tuple[Fee, ...]
    label: Label
    refund_at: str
    resolution: str  # "" = a person decides
    expires_at: datetime | None
    facts: Mapping[str, Any]
    choices: tuple[Choice, ...] = ()
    shipping: ShippingBack = ShippingBack.NO
    requalifies: bool = False  # discounts that asked for a minimum

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        return (*(finding for line in self.lines for finding in line.findings), *self.findings)

    def unpriced(self) -> "Decision":
        """The same without the findings that name an amount."""
        lines = tuple(replace(line, findings=_without_amounts(line.findings)) for line in self.lines)
        return replace(self, lines=lines, findings=_without_amounts(self.findings))

    def after_inspection(self) -> "Decision":
        """The same, and nothing is given before somebody has looked at the goods."""
        code = f"refund_at_{RefundAt.INSPECTION.value}"
        findings = (replace(one, code=code) if one.code.startswith("refund_at_") else one for one in self.findings)
        return replace(self, refund_at=RefundAt.INSPECTION.value, findings=tuple(findings))

    @property
    def fired(self) -> Finding | None:
        """The finding that decided: the first of the verdict's severity by priority; None for an approval."""
        matching = [finding for finding in self.all_findings if finding.severity.value == self.verdict.value]
        return min(matching, key=lambda finding: finding.priority, default=None)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The sentences that speak against approval, each once, in the order of the findings."""
        return tuple(dict.fromkeys(finding.sentence for finding in self.all_findings if finding.blocks))

    def to_json(self) -> dict[str, Any]:
        """As stored on the RMA; sentences are included in today's language for whoever reads the row."""
        fired = self.fired
        return {
            "verdict": self.verdict.value,
            "version": self.version,
            "market": self.market,
            "decided_at": self.decided_at.isoformat(),
            "fired": None if fired is None else {"rule": fired.rule, "code": fired.code, "line": fired.line},
            "lines": [
                {
                    "key": line.key,
                    "verdict": line.verdict.value,
                    "until": plain(line.until),
                    "findings": [_finding_json(finding) for finding in line.findings],
                    "flips": [_flip_json(flip) for flip in line.flips],
                }
                for line in self.lines
            ],
            "findings": [_finding_json(finding) for finding in self.findings],
            "flips": [_flip_json(flip) for flip in self.flips],
            "fees": [plain(asdict(fee)) for fee in self.fees],
            "label": self.label.value,
            "refund_at": self.refund_at,
            "resolution": self.resolution,
            "expires_at": plain(self.expires_at),
            "choices": [_choice_json(choice) for choice in self.choices],
            "shipping": self.shipping.value,
            "requalifies": self.requalifies,
            "facts": plain(self.facts),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Decision":
        """The decision again, to be shown in the reader's language."""
        return cls(
            verdict=Verdict(stored["verdict"]),
            version=stored["version"],
            market=stored["market"],
            decided_at=datetime.fromisoformat(stored["decided_at"]),
            lines=tuple(
                LineDecision(
                    line["key"],
                    Verdict(line["verdict"]),
                    tuple(_finding(finding) for finding in line["findings"]),
                    tuple(_flip(flip) for flip in line["flips"]),
                    _instant(line["until"]),
                )
                for line in stored["lines"]
            ),
            findings=tuple(_finding(finding) for finding in stored["findings"]),
            flips=tuple(_flip(flip) for flip in stored["flips"]),
            fees=tuple(_fee(fee) for fee in stored["fees"]),
            label=Label(stored["label"]),
            refund_at=stored["refund_at"],
            resolution=stored["resolution"],
            expires_at=_instant(stored["expires_at"]),
            facts=stored["facts"],
            choices=tuple(_choice(choice) for choice in stored.get("choices", ())),
            shipping=ShippingBack(stored.get("shipping", "")),
            requalifies=stored.get("requalifies", False),
        )


def _choice_json(choice: Choice) -> dict[str, Any]:
    return {
        "resolution": choice.resolution,
        "allowed": choice.allowed,
        "code": choice.code,
        "facts": dict(choice.facts),
        "until": plain(choice.until),
        "flip": None if choice.flip is None else _flip_json(choice.flip),
        "rule": choice.rule,
        "priority": choice.priority,
    }


def _choice(stored: Mapping[str, Any]) -> Choice:
    return Choice(
        resolution=stored["resolution"],
        allowed=stored["allowed"],
        code=stored["code"],
        facts=stored["facts"],
        until=_instant(stored["until"]),
        flip=None if stored["flip"] is None else _flip(stored["flip"]),
        rule=stored["rule"],
        priority=stored["priority"],
    )


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity.value,
        "code": finding.code,
        "sentence": finding.sentence,
        "facts": dict(finding.facts),
        "flip": None if finding.flip is None else _flip_json(finding.flip),
        "fee": None if finding.fee is None else plain(asdict(finding.fee)),
        "deadline": plain(finding.deadline),
        "line": finding.line,
        "rule": finding.rule,
        "priority": finding.priority,
    }


def _flip_json(flip: Flip) -> dict[str, Any]:
    return {"code": flip.code, "sentence": flip.sentence, "facts": dict(flip.facts), "distance": flip.distance}


def _finding(stored: Mapping[str, Any]) -> Finding:
    return Finding(
        severity=Severity(stored["severity"]),
        code=stored["code"],
        facts=stored["facts"],
        flip=None if stored["flip"] is None else _flip(stored["flip"]),
        fee=None if stored["fee"] is None else _fee(stored["fee"]),
        deadline=_instant(stored["deadline"]),
        line=stored["line"],
        rule=stored["rule"],
        priority=stored["priority"],
    )


def _flip(stored: Mapping[str, Any]) -> Flip:
    return Flip(stored["code"], stored["facts"], stored["distance"])


def _fee(stored: Mapping[str, Any]) -> Fee:
    amount, percent, maximum, tax_rate = (
        None if stored.get(name) is None else Decimal(stored[name])
        for name in ("amount", "percent", "maximum", "tax_rate")
    )
    return Fee(stored["code"], amount, percent, stored["per"], maximum, tuple(stored["lines"]), tax_rate)


def _instant(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored)
