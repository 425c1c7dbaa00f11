"""The engine: hand it facts, a policy and now; it decides (R44, R50, p51, p55). Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from returns.policy import exchange
from returns.policy.decision import (
    Decision,
    Fee,
    Finding,
    Flip,
    Label,
    LineDecision,
    Severity,
    ShippingBack,
    Verdict,
    verdict_of,
)
from returns.policy.facts import LineFacts, OrderFacts, Policy, RequestFacts, Rule, plain
from returns.policy.resolution import KEEP_ITEM, RESOLUTIONS, ladder
from returns.policy.rules import BEFORE_ASKING, FIRST_ONLY, LINE_RULES, REFUND_AT, REQUEST_RULES, Moment, refund_at
from returns.states import RefundAt, Resolution

_LABELS = {
    "nothing_travels": Label.NONE,
    "needs_pickup": Label.PICKUP,
    "label_free": Label.FREE,
    "label_charged": Label.CHARGED,
    "label_charged_percent": Label.CHARGED,
    "label_own": Label.OWN,
}
_SHIPPING = {"shipping_back": ShippingBack.WITH_ANY, "shipping_back_with_all": ShippingBack.WITH_ALL}
KINDS = (*LINE_RULES, *REQUEST_RULES, REFUND_AT, RESOLUTIONS, KEEP_ITEM, *exchange.KINDS)
# What is said about goods that come back, and nothing about goods that are kept.
TRAVEL_RULES = frozenset({"free_label", "needs_pickup", REFUND_AT, "expires_after"})
# What is said about goods that the customer posts, and nothing about goods that are collected.
POST_RULES = frozenset({"free_label", "expires_after"})
# No label of ours is scanned on the way of what is collected: its money waits for the dock.
BY_A_SCAN = ("refund_at_scan", "refund_at_delivery")
NOTHING_TRAVELS = Finding(Severity.INFO, "nothing_travels", rule=KEEP_ITEM)


def evaluate(request: RequestFacts, policy: Policy, *, now: datetime) -> Decision:
    """Judge every line and the request as a whole. Any deny wins, else any review, else approve; all reasons stay.

    Raises ValueError for a request without lines or units.
    """
    if not request.lines or any(line.requested < 1 for line in request.lines):
        raise ValueError("A request names at least one unit of at least one line.")
    moment = Moment(now, policy.time_zone)
    rules = _known(policy)
    settled = ladder(request, rules, moment)
    asked, request = request, replace(request, resolution=settled.chosen or request.resolution)
    lines = tuple(_decide_line(request, line, rules, moment) for line in request.lines)
    findings = tuple(_request_findings(request, rules, moment))
    findings = (*findings, *filter(None, (refund_at(rules, request), settled.finding)))
    if settled.chosen == Resolution.KEEP_ITEM:
        findings = (*(one for one in findings if one.rule not in TRAVEL_RULES), NOTHING_TRAVELS)
    elif any(one.code == "needs_pickup" for one in findings):
        findings = tuple(
            replace(one, code="refund_at_receipt") if one.code in BY_A_SCAN else one
            for one in findings
            if one.rule not in POST_RULES
        )
    every = (*(finding for line in lines for finding in line.findings), *findings)
    verdict = verdict_of(every)
    codes = {finding.code: finding for finding in findings}
    label = next((label for code, label in _LABELS.items() if code in codes), Label.FREE)
    return Decision(
        verdict=verdict,
        version=policy.version,
        market=policy.market,
        decided_at=now.astimezone(UTC),
        lines=lines,
        findings=findings,
        flips=_overall_flips(request, lines, every, verdict),
        fees=tuple(_merged_fees(every)),
        label=label,
        refund_at=_refund_at(codes),
        resolution=settled.chosen,
        expires_at=codes["post_by"].deadline if "post_by" in codes else None,
        facts=plain(asked.to_json()),
        choices=settled.choices,
        requalifies="promotions_requalify" in codes,
        shipping=next((back for code, back in _SHIPPING.items() if code in codes), ShippingBack.NO),
    )


def _refund_at(codes: Mapping[str, Finding]) -> str:
    if "nothing_travels" in codes:
        return RefundAt.APPROVAL.value
    return next((at.value for at in RefundAt if f"refund_at_{at.value}" in codes), RefundAt.INSPECTION.value)


def _known(policy: Policy) -> tuple[Rule, ...]:
    """The rules in order. A kind that nobody knows must stop everything: ignoring it would approve too much."""
    rules = policy.ordered()
    for rule in rules:
        if rule.kind not in KINDS:
            raise ValueError(f"No rule of the kind {rule.kind!r} is known.")
    return rules


def _decide_line(request: RequestFacts, line: LineFacts, rules: Sequence[Rule], moment: Moment) -> LineDecision:
    findings = tuple(_line_findings(request, line, rules, moment))
    verdict = verdict_of(findings)
    until = next((finding.deadline for finding in findings if finding.deadline is not None), None)
    return LineDecision(line.key, verdict, findings, _flips(findings, verdict), until)


def _line_findings(request: RequestFacts, line: LineFacts, rules: Sequence[Rule], moment: Moment) -> Iterator[Finding]:
    done: set[str] = set()
    for rule in rules:
        judge = LINE_RULES.get(rule.kind)
        categories = rule.parameters.get("categories")
        if judge is None or rule.kind in done or (categories is not None and line.category not in categories):
            continue
        if rule.kind in FIRST_ONLY and _speaks_about(rule, request, line):
            done.add(rule.kind)
        finding = judge(rule.parameters, request, line, moment)
        if finding is not None:
            yield replace(finding, line=line.key, rule=rule.kind, priority=rule.priority)


def _speaks_about(rule: Rule, request: RequestFacts, line: LineFacts) -> bool:
    """A fee for one reason or resolution does not stand in for the fee for another."""
    reasons, resolutions = rule.parameters.get("reasons"), rule.parameters.get("resolutions")
    return (reasons is None or line.reason in reasons) and (resolutions is None or request.resolution in resolutions)


def _request_findings(request: RequestFacts, rules: Sequence[Rule], moment: Moment) -> Iterator[Finding]:
    done: set[str] = set()
    for rule in rules:
        judge = REQUEST_RULES.get(rule.kind)
        if judge is None or rule.kind in done:
            continue
        if rule.kind in FIRST_ONLY:
            done.add(rule.kind)
        finding = judge(rule.parameters, request, moment)
        if finding is not None:
            yield replace(finding, rule=rule.kind, priority=rule.priority)


def _flips(findings: Sequence[Finding], verdict: Verdict) -> tuple[Flip, ...]:
    """What would turn the verdict round: all that speak against it together, or the nearest limit of a yes."""
    if verdict is Verdict.APPROVE:
        margins = [finding.flip for finding in findings if finding.flip is not None]
        return (min(margins, key=lambda flip: flip.distance),) if margins else ()
    severity = Severity(verdict.value)
    against = [finding.flip for finding in findings if finding.severity is severity and finding.flip is not None]
    return tuple(flip for at, flip in enumerate(against) if flip not in against[:at])


def _overall_flips(
    request: RequestFacts, lines: Sequence[LineDecision], findings: Sequence[Finding], verdict: Verdict
) -> tuple[Flip, ...]:
    """Leaving out the refused lines is the smaller change as soon as more than one fact would have to differ."""
    refused = [line.key for line in lines if line.verdict is Verdict.DENY]
    changes = sum(finding.severity is Severity.DENY for finding in findings)
    if verdict is Verdict.DENY and changes > 1 and len(refused) < len(lines):
        names = ", ".join(line.sku for line in request.lines if line.key in refused)
        return (Flip("flip_leave_out", {"lines": names}),)
    return _flips(findings, verdict)


def _merged_fees(findings: Sequence[Finding]) -> Iterator[Fee]:
    """The same fee on several lines is one fee over those lines, so that a flat one is charged once."""
    merged: dict[tuple[int, str, Fee], list[str]] = {}
    for finding in findings:
        if finding.fee is not None:
            terms = (finding.priority, finding.rule, replace(finding.fee, lines=()))
            merged.setdefault(terms, []).extend(finding.fee.lines)
    for (_priority, _rule, fee), lines in merged.items():
        yield replace(fee, lines=tuple(lines))


# ── Before asking ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Returnable:
    """What of one line may come back, until when, and why not: what every button, page and interface is drawn from."""

    key: str
    quantity: int
    until: datetime | None
    findings: tuple[Finding, ...]

    @property
    def possible(self) -> bool:
        return self.quantity > 0

    @property
    def why_not(self) -> tuple[str, ...]:
        """Sentences that speak against returning it, or against returning all of it."""
        return tuple(finding.sentence for finding in self.findings if finding.blocks)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Until when and what is left out of it; only why not when nothing may come back."""
        return tuple(finding.sentence for finding in self.findings) if self.possible else self.why_not


def returnable(order: OrderFacts, line: LineFacts, policy: Policy, *, now: datetime) -> Returnable:
    """Judge one line before the customer has said anything: window, final sale, what is unsent or already back."""
    moment = Moment(now, policy.time_zone)
    asked = replace(line, requested=max(1, line.quantity - line.canceled), our_fault=False)
    request = RequestFacts(order, (asked,))
    early = [rule for rule in _known(policy) if rule.kind in BEFORE_ASKING]
    counting = [Rule("not_shipped"), Rule("already_returned")]
    findings = tuple(_line_findings(request, asked, [*early, *counting], moment))
    refused = any(finding.severity is Severity.DENY and finding.rule in BEFORE_ASKING for finding in findings)
    until = next((finding.deadline for finding in findings if finding.deadline is not None), None)
    return Returnable(line.key, 0 if refused else line.returnable, until, findings)
