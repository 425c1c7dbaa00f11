"""Which way a return is settled: what may be chosen and why, and what applies (R91–R93, rule 5, W30). Pure.

The ladder, first match wins: an exchange that was asked for, what staff chose, the customer's preference if it is
allowed, what applies once the time for money is over, the default. When nothing valid is left, a person decides.

Rules of the kind `resolutions` say what is offered. One with conditions (reasons, categories, …) speaks only about
lines they fit; per line the first that fits counts, and a return of several lines is offered what all of them are.
Rules of the kind `keep_item` add a refund for goods that need not travel.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from oms.money import amount_text, round_half_up
from returns.policy.decision import Choice, Finding, Flip, Severity
from returns.policy.facts import LineFacts, Policy, RequestFacts, Rule
from returns.policy.rules import Moment, Parameters, deadline_of
from returns.states import Resolution

RESOLUTIONS, KEEP_ITEM = "resolutions", "keep_item"
# Goods instead of money: the time for money does not end them.
GOODS = frozenset({Resolution.EXCHANGE, Resolution.REPLACEMENT, Resolution.REPAIR})


class Rung(StrEnum):
    """The step of the ladder that decided."""

    EXCHANGE = "exchange_asked"
    OVERRIDE = "staff_chose"
    PREFERENCE = "customer_chose"
    EXPIRED = "money_time_over"
    DEFAULT = "default"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Ladder:
    """What was found: `chosen` is a resolution, "" = a person decides; `choices` in the order they are offered."""

    chosen: str
    rung: Rung
    choices: tuple[Choice, ...]
    finding: Finding | None  # None: no rule speaks about resolutions

    @property
    def allowed(self) -> tuple[Choice, ...]:
        return tuple(choice for choice in self.choices if choice.allowed)


def looks_at_history(rule: Rule) -> bool:
    """Whether the customer's history has to be counted for this rule."""
    return rule.kind in ("customer_history", KEEP_ITEM) or "returns_over" in rule.parameters


def allowed_resolutions(request: RequestFacts, policy: Policy, *, now: datetime) -> tuple[Choice, ...]:
    """Every way to settle this request that the policy knows, each with whether it may be chosen and why.

    What the policy does not offer at all is left out; what is closed to this request says why.
    """
    return ladder(request, policy.ordered(), Moment(now, policy.time_zone)).choices


def ladder(request: RequestFacts, rules: Sequence[Rule], moment: Moment) -> Ladder:
    """Walk the ladder for a request. `rules` are all rules of the policy in order; other kinds are passed over."""
    kept = _keep_item(request, rules, moment)
    terms = [_first_that_fits(request, line, rules, moment) for line in request.lines]
    if not any(rule.kind == RESOLUTIONS for rule in rules):
        asked = request.override or request.resolution
        return Ladder(asked, Rung.OVERRIDE if request.override else Rung.PREFERENCE, kept, None)
    found = [rule for rule in terms if rule is not None]
    choices = (*kept, *_choices(request, terms, moment))
    if len(found) < len(terms):  # a line that no rule speaks about
        chosen, rung = (request.override, Rung.OVERRIDE) if request.override else ("", Rung.PERSON)
    else:
        chosen, rung = _walk(request, found, choices, moment)
    return Ladder(chosen, rung, choices, _finding(chosen, rung, found, choices))


def choose_resolution(parameters: Parameters, preference: str, override: str, expired: bool) -> str | None:
    """The ladder for one set of terms (W30).

    After the money window a preference for money counts only if it is the expired outcome. None: a person decides.
    """
    allowed = parameters["allowed"]
    if preference == Resolution.EXCHANGE and preference in allowed:
        return preference
    if override:
        return override
    if preference:
        in_time = not expired or preference in GOODS or preference == parameters.get("expired_outcome")
        return preference if preference in allowed and in_time else None
    if expired:
        return parameters.get("expired_outcome")
    return str(parameters.get("default", Resolution.REFUND.value))


def _walk(request: RequestFacts, terms: Sequence[Rule], choices: Sequence[Choice], moment: Moment) -> tuple[str, Rung]:
    if request.resolution == Resolution.KEEP_ITEM and not request.override:
        kept = any(one.allowed for one in choices if one.resolution == Resolution.KEEP_ITEM)
        return (Resolution.KEEP_ITEM.value, Rung.PREFERENCE) if kept else ("", Rung.PERSON)
    expired = _is_over(request, terms, moment)
    agreed = {choose_resolution(rule.parameters, request.resolution, request.override, expired) for rule in terms}
    chosen = agreed.pop() if len(agreed) == 1 else None
    if chosen is None:
        return "", Rung.PERSON
    if request.resolution == chosen == Resolution.EXCHANGE:
        return chosen, Rung.EXCHANGE
    if request.override:
        return chosen, Rung.OVERRIDE
    if request.resolution:
        return chosen, Rung.PREFERENCE
    return chosen, Rung.EXPIRED if expired else Rung.DEFAULT


# ── What is offered ───────────────────────────────────────────────────────────────────────────────────────────────


def _choices(request: RequestFacts, terms: Sequence[Rule | None], moment: Moment) -> Iterable[Choice]:
    """In the order of the first line's rule; allowed is what the rules of all lines allow."""
    first = next((rule for rule in terms if rule is not None), None)
    if first is None or any(rule is None for rule in terms):
        return
    for resolution in dict.fromkeys(code for rule in terms if rule for code in rule.parameters["allowed"]):
        yield min(
            (
                _choice(resolution, rule, request, line, moment)
                for rule, line in zip(terms, request.lines, strict=True)
                if rule is not None
            ),
            key=lambda one: (one.allowed, one.until is None, one.until),
        )


def _choice(resolution: str, rule: Rule, request: RequestFacts, line: LineFacts, moment: Moment) -> Choice:
    terms = rule.parameters
    told = Choice(resolution, True, "choice_open", rule=rule.kind, priority=rule.priority)
    if resolution not in terms["allowed"]:
        return replace(told, allowed=False, code="choice_not_for_all")
    ends = _money_ends(rule, request, line, moment)
    if ends is None or resolution in GOODS:
        return told
    facts: dict[str, str | int] = {"deadline_at": moment.local(ends)}
    if resolution == terms.get("expired_outcome"):
        return replace(told, code="choice_after_money" if moment.now >= ends else "choice_open", facts=facts)
    far = abs(ends - moment.now) // timedelta(seconds=max(1, terms["money_days"]) * 86)
    if moment.now >= ends:
        flip = Flip("flip_choose_earlier", facts, far)
        return replace(told, allowed=False, code="choice_too_late", facts=facts, until=ends, flip=flip)
    return replace(told, code="choice_until", facts=facts, until=ends, flip=Flip("flip_choose_later", facts, far))


def _keep_item(request: RequestFacts, rules: Sequence[Rule], moment: Moment) -> tuple[Choice, ...]:
    """A refund without the goods coming back, when one rule fits all lines and no cap is reached."""
    fitting = (
        rule
        for rule in rules
        if rule.kind == KEEP_ITEM
        and all(_fits(rule.parameters, request, line, moment, money=False) for line in request.lines)
    )
    rule = next(fitting, None)
    if rule is None:
        return ()
    terms, currency = rule.parameters, request.order.currency
    limit = round_half_up(Decimal(terms["value_up_to"]), currency)
    facts: dict[str, str | int] = {
        "limit": amount_text(limit, currency),
        "value": amount_text(request.value, currency),
        "currency": currency,
    }
    far = int(abs(request.value - limit) * 1000 / limit) if limit else 1000
    told = Choice(Resolution.KEEP_ITEM.value, True, "choice_keep", facts, rule=rule.kind, priority=rule.priority)
    if request.value > limit:
        return ()  # what is worth sending is not spoken of
    if "times" in terms and request.customer.kept_last_year >= terms["times"]:
        counts: dict[str, str | int] = {"count": request.customer.kept_last_year, "limit": terms["times"]}
        return (replace(told, allowed=False, code="choice_kept_before", facts=counts, flip=Flip("flip_kept", counts)),)
    if "value_in_all" in terms:
        most = round_half_up(Decimal(terms["value_in_all"]), currency)
        if request.customer.kept_value_last_year + request.value > most:
            sums: dict[str, str | int] = {"limit": amount_text(most, currency), "currency": currency}
            flip = Flip("flip_kept_value", sums)
            return (replace(told, allowed=False, code="choice_kept_worth", facts=sums, flip=flip),)
    return (replace(told, flip=Flip("flip_keep_value", facts, far)),)


# ── Which rule speaks about a line ────────────────────────────────────────────────────────────────────────────────


def _first_that_fits(request: RequestFacts, line: LineFacts, rules: Sequence[Rule], moment: Moment) -> Rule | None:
    return next(
        (rule for rule in rules if rule.kind == RESOLUTIONS and _fits(rule.parameters, request, line, moment)), None
    )


def _fits(terms: Parameters, request: RequestFacts, line: LineFacts, moment: Moment, *, money: bool = True) -> bool:
    """Every condition that the rule names: of the line, the order, its payments, the customer, the value."""
    among = {"reasons": line.reason, "categories": line.category, "conditions": line.condition}
    if any(name in terms and value not in terms[name] for name, value in among.items()):
        return False
    if "methods" in terms and not set(request.order.methods) & set(terms["methods"]):
        return False
    if "days_over" in terms and moment.now < moment.days_after(request.order.placed_at, terms["days_over"]):
        return False
    if "returns_over" in terms and request.customer.returns_last_year <= terms["returns_over"]:
        return False
    if not money:
        return True
    over, up_to = (_amount(terms.get(name), request) for name in ("value_over", "value_up_to"))
    return (over is None or request.value > over) and (up_to is None or request.value <= up_to)


def _amount(text: str | None, request: RequestFacts) -> Decimal | None:
    return None if text is None else round_half_up(Decimal(text), request.order.currency)


def _money_ends(rule: Rule, request: RequestFacts, line: LineFacts, moment: Moment) -> datetime | None:
    """The window for money counts from shipment, apart from the one for coming back at all; None: it never ends."""
    if "money_days" not in rule.parameters:
        return None
    terms: dict[str, Any] = {
        "days": rule.parameters["money_days"],
        "anchors": ("shipped", "placed"),
        "transit_days": 0,
    }
    return deadline_of(terms, request, line, moment)


def _is_over(request: RequestFacts, terms: Sequence[Rule], moment: Moment) -> bool:
    """One late line makes the whole return late."""
    ends = (_money_ends(rule, request, line, moment) for rule, line in zip(terms, request.lines, strict=True))
    return any(end is not None and moment.now >= end for end in ends)


# ── The receipt ───────────────────────────────────────────────────────────────────────────────────────────────────


def _finding(chosen: str, rung: Rung, terms: Sequence[Rule], choices: Sequence[Choice]) -> Finding:
    priority = min((rule.priority for rule in terms), default=0)
    if not chosen:
        open_ways = ", ".join(choice.resolution for choice in choices if choice.allowed)
        return Finding(
            Severity.REVIEW,
            "resolution_needs_review",
            flip=Flip("flip_resolution", {"choices": open_ways}),
            rule=RESOLUTIONS,
            priority=priority,
        )
    own = next((choice for choice in choices if choice.resolution == chosen), None)
    return Finding(
        Severity.INFO,
        "resolution_chosen",
        {"resolution": chosen, "rung": rung.value},
        flip=own.flip if own is not None else None,
        rule=own.rule if own is not None else RESOLUTIONS,
        priority=own.priority if own is not None else priority,
    )
