"""One small pure function per kind of rule: it returns nothing, or a Finding.

Parameters have passed `parameters.validate`. A rule with `categories` speaks only about lines of those categories.
Rules of LINE_RULES look at one line, rules of REQUEST_RULES at the request as a whole.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from oms.money import amount_text, round_half_up
from returns.policy.decision import Fee, Finding, Flip, Severity
from returns.policy.facts import LineFacts, RequestFacts, Rule
from returns.states import RefundAt, Resolution

Parameters = Mapping[str, Any]
LineRule = Callable[[Parameters, RequestFacts, LineFacts, "Moment"], Finding | None]
RequestRule = Callable[[Parameters, RequestFacts, "Moment"], Finding | None]

# The instant a window counts from, best first; what a market does not know falls through to the next (p25).
ANCHORS = ("delivered", "shipped", "placed")
TRANSIT_DAYS = 5
# Goods instead of money.
GOODS_INSTEAD = (Resolution.EXCHANGE, Resolution.REPLACEMENT, Resolution.REPAIR)


class Moment:
    """Now, on the market's wall clock."""

    def __init__(self, now: datetime, time_zone: str) -> None:
        self.now = now
        self.zone = ZoneInfo(time_zone)

    def days_after(self, anchor: datetime, days: int) -> datetime:
        """The same wall-clock time `days` later in the market, as UTC: daylight saving does not move a deadline."""
        return (anchor.astimezone(self.zone) + timedelta(days=days)).astimezone(UTC)

    def local(self, instant: datetime) -> str:
        """ISO text on the market's clock, for sentences."""
        return instant.astimezone(self.zone).isoformat(timespec="seconds")


def _against(parameters: Parameters) -> Severity:
    return Severity(parameters.get("severity", Severity.DENY))


# ── About one line ────────────────────────────────────────────────────────────────────────────────────────────────


def deadline_of(parameters: Parameters, request: RequestFacts, line: LineFacts, moment: Moment) -> datetime:
    """Anchor + days on the market's wall clock. The anchor is the first known of the list, at last the order."""
    own = line if line.shipped_at is not None else request.order
    anchor = request.order.placed_at
    for name in parameters.get("anchors", ANCHORS):
        if name == "delivered" and own.delivered_at is not None:
            anchor = own.delivered_at
            break
        if name == "shipped" and own.shipped_at is not None:
            anchor = moment.days_after(own.shipped_at, parameters.get("transit_days", TRANSIT_DAYS))
            break
        if name == "placed":
            break
    return moment.days_after(anchor, parameters["days"])


def window(parameters: Parameters, request: RequestFacts, line: LineFacts, moment: Moment) -> Finding | None:
    """Open while now < deadline: exactly N days after is too late (W29)."""
    deadline = deadline_of(parameters, request, line, moment)
    facts: dict[str, str | int] = {"deadline_at": moment.local(deadline), "days": parameters["days"]}
    far = abs(deadline - moment.now) // timedelta(seconds=max(1, parameters["days"]) * 86)
    if moment.now < deadline:
        flip = Flip("flip_ask_later", facts, far)
        return Finding(Severity.INFO, "window_open", facts, flip, deadline=deadline)
    return Finding(
        _against(parameters), "window_closed", facts, Flip("flip_ask_earlier", facts, far), deadline=deadline
    )


def final_sale(parameters: Parameters, request: RequestFacts, line: LineFacts, moment: Moment) -> Finding | None:
    """A final sale stays sold, unless what was sent is the shop's fault."""
    if not line.final_sale or (line.our_fault and parameters.get("unless_our_fault", True)):
        return None
    return Finding(_against(parameters), "final_sale", flip=Flip("flip_not_final_sale"))


def not_shipped(parameters: Parameters, request: RequestFacts, line: LineFacts, moment: Moment) -> Finding | None:
    """What has not been sent cannot come back; it can be canceled."""
    sent = line.quantity - line.canceled - line.unshipped
    if not line.unshipped or line.requested <= sent:
        return None
    return Finding(_against(parameters), "not_shipped", {"count": line.unshipped}, Flip("flip_shipped"))


def already_returned(parameters: Parameters, request: RequestFacts, line: LineFacts, moment: Moment) -> Finding | None:
    """A unit comes back once (p34)."""
    if line.requested <= line.returnable or not (line.claimed or not line.unshipped):
        return None
    facts: dict[str, str | int] = {"count": line.claimed, "left": line.returnable}
    flip = Flip("flip_quantity", {"left": line.returnable, "asked": line.requested})
    return Finding(Severity.DENY, "already_returned", facts, flip)


def accepted_reasons(parameters: Parameters, request: RequestFacts, line: LineFacts, moment: Moment) -> Finding | None:
    if line.reason in parameters["reasons"]:
        return None
    code = "reason_not_accepted" if line.reason else "reason_missing"
    return Finding(_against(parameters), code, flip=Flip("flip_reason", {"choices": ", ".join(parameters["reasons"])}))


def accepted_conditions(
    parameters: Parameters, request: RequestFacts, line: LineFacts, moment: Moment
) -> Finding | None:
    """The declared condition is part of the decision (R45); what is the shop's fault comes back in any condition."""
    unasked = not line.condition and not line.asks_condition
    if line.our_fault or unasked or line.condition in parameters["conditions"]:
        return None
    code = "condition_not_accepted" if line.condition else "condition_missing"
    flip = Flip("flip_condition", {"choices": ", ".join(parameters["conditions"])})
    return Finding(_against(parameters), code, flip=flip)


def photo_required(parameters: Parameters, request: RequestFacts, line: LineFacts, moment: Moment) -> Finding | None:
    """Some reasons are shown, not only told (R148)."""
    count = parameters.get("count", 1)
    if line.reason not in parameters["reasons"] or line.photos >= count:
        return None
    missing = count - line.photos
    return Finding(_against(parameters), "photo_missing", {"count": count}, Flip("flip_photo", {"count": missing}))


def restocking_fee(parameters: Parameters, request: RequestFacts, line: LineFacts, moment: Moment) -> Finding | None:
    """A share of the price, or so much per unit or line, unless the shop is at fault (p36, p37)."""
    waived = line.our_fault and parameters.get("waived_when_our_fault", True)
    reasons = parameters.get("reasons")
    if waived or (reasons is not None and line.reason not in reasons) or not _for_this(parameters, request):
        return None
    currency = request.order.currency
    maximum = parameters.get("maximum")
    fee = Fee(
        "restocking",
        amount=_money(parameters.get("amount"), currency),
        percent=Decimal(parameters["percent"]) if "percent" in parameters else None,
        per=parameters.get("per", "return"),
        maximum=_money(maximum, currency),
        lines=(line.key,),
        tax_rate=_rate(parameters.get("tax_rate")),
    )
    if not fee.amount and not fee.percent:
        return None
    if fee.percent is not None:
        return Finding(Severity.INFO, "restocking_fee_percent", {"percent": f"{fee.percent.normalize():f}"}, fee=fee)
    facts: dict[str, str | int] = {"amount": f"{fee.amount:f}", "currency": currency}
    return Finding(Severity.INFO, "restocking_fee_amount", facts, fee=fee)


def _for_this(parameters: Parameters, request: RequestFacts) -> bool:
    """A fee may be for some resolutions only: an exchange need not cost what a refund costs (p19)."""
    resolutions = parameters.get("resolutions")
    return resolutions is None or request.resolution in resolutions


def _rate(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


def _money(text: str | None, currency: str) -> Decimal | None:
    """A setting without a currency, in the order's: 4.95 is 5 JPY."""
    return None if text is None else round_half_up(Decimal(text), currency)


# ── About the request as a whole ──────────────────────────────────────────────────────────────────────────────────


def review_above(parameters: Parameters, request: RequestFacts, moment: Moment) -> Finding | None:
    """Beyond a value a person looks (N7); counted over all lines, so that splitting lines does not help."""
    limit, value, currency = Decimal(parameters["value"]), request.value, request.order.currency
    facts: dict[str, str | int] = {
        "limit": amount_text(round_half_up(limit, currency), currency),
        "value": amount_text(value, currency),
        "currency": currency,
    }
    far = int(abs(value - limit) * 1000 / limit) if limit else 1000
    if value > limit:
        return Finding(Severity.REVIEW, "value_needs_review", facts, Flip("flip_value_down", facts, far))
    return Finding(Severity.INFO, "value_within_limit", facts, Flip("flip_value_up", facts, far))


def customer_history(parameters: Parameters, request: RequestFacts, moment: Moment) -> Finding | None:
    """More returns in a year than the limit: a person looks (R149)."""
    limit = parameters["returns"]
    if request.customer.returns_last_year <= limit:
        return None
    return Finding(Severity.REVIEW, "history_needs_review", flip=Flip("flip_history", {"limit": limit, "days": 365}))


def free_label(parameters: Parameters, request: RequestFacts, moment: Moment) -> Finding | None:
    """One label per return: free when any of its reasons earns it, else charged, else the customer's own (R47, p19)."""
    free = parameters.get("everyone", False) or any(
        line.our_fault or line.reason in parameters.get("reasons", ()) for line in request.lines
    )
    if free or not _for_this(parameters, request):
        return Finding(Severity.INFO, "label_free")
    fee = Fee(
        "return_label",
        amount=_money(parameters.get("fee"), request.order.currency),
        percent=_rate(parameters.get("fee_percent")),
        per=parameters.get("fee_per", "return"),
        maximum=_money(parameters.get("fee_maximum"), request.order.currency),
        tax_rate=_rate(parameters.get("fee_tax_rate")),
    )
    if fee.percent:
        return Finding(Severity.INFO, "label_charged_percent", {"percent": f"{fee.percent.normalize():f}"}, fee=fee)
    if not fee.amount:
        return Finding(Severity.INFO, "label_own")
    facts: dict[str, str | int] = {
        "amount": amount_text(fee.amount, request.order.currency),
        "currency": request.order.currency,
    }
    return Finding(Severity.INFO, "label_charged", facts, fee=fee)


def needs_pickup(parameters: Parameters, request: RequestFacts, moment: Moment) -> Finding | None:
    """What is hazardous, or too heavy or too long for a carrier's counter, is collected; each piece counts by itself,
    for a return may travel in several parcels."""
    heaviest, longest = parameters.get("over_grams"), parameters.get("over_cm")
    for line in request.lines:
        hazardous = line.hazardous and parameters.get("hazardous", True)
        too_heavy = heaviest is not None and line.grams > heaviest
        if hazardous or too_heavy or (longest is not None and line.longest_cm > longest):
            return Finding(Severity.INFO, "needs_pickup", {"sku": line.sku})
    return None


def refund_shipping(parameters: Parameters, request: RequestFacts, moment: Moment) -> Finding | None:
    """What was paid for sending comes back when the fault is ours, for some reasons, or with the last of the order
    (p11, p28)."""
    if not request.order.shipping or request.resolution in GOODS_INSTEAD:
        return None
    facts: dict[str, str | int] = {
        "amount": amount_text(request.order.shipping, request.order.currency),
        "currency": request.order.currency,
    }
    reasons = parameters.get("reasons", ())
    at_fault = parameters.get("our_fault", True) and any(line.our_fault for line in request.lines)
    if at_fault or any(line.reason in reasons for line in request.lines):
        return Finding(Severity.INFO, "shipping_back", facts)
    if parameters.get("everything", True) and request.is_everything:
        return Finding(Severity.INFO, "shipping_back_with_all", facts)
    return None


def promotions(parameters: Parameters, request: RequestFacts, moment: Moment) -> Finding | None:
    """Whether a discount that asked for a minimum is taken back from what stays (rule 14); kept unless a rule says so,
    and for the reasons it names: the law's right to withdraw, or the shop's own fault."""
    kept = parameters.get("keep_reasons", ())
    spared = any(line.our_fault or line.reason in kept for line in request.lines)
    spared |= request.resolution in (*GOODS_INSTEAD, Resolution.KEEP_ITEM)
    if not parameters.get("requalify", False) or spared or not request.order.has_promotions:
        return None
    return Finding(Severity.INFO, "promotions_requalify")


# Later is more careful: a return with several lines waits for the last of them.
REFUND_ORDER = tuple(RefundAt)
REFUND_AT = "refund_at"


def refund_at(rules: Sequence[Rule], request: RequestFacts) -> Finding | None:
    """When money moves, by reason, category and resolution: the latest of all lines. None: no rule says."""
    found = [told for line in request.lines if (told := _refund_at_line(rules, request, line)) is not None]
    if not found:
        return None
    latest, priority = max(found, key=lambda told: REFUND_ORDER.index(told[0]))
    return Finding(Severity.INFO, f"refund_at_{latest.value}", rule=REFUND_AT, priority=priority)


def _refund_at_line(rules: Sequence[Rule], request: RequestFacts, line: LineFacts) -> tuple[RefundAt, int] | None:
    """The first rule that fits counts; in it the first row that fits, else its default."""
    for rule in rules:
        terms = rule.parameters
        if rule.kind == REFUND_AT and _applies(terms, request, line):
            row = next((row for row in terms.get("rows", ()) if _applies(row, request, line)), None)
            at = row["at"] if row is not None else terms.get("default", RefundAt.INSPECTION)
            return RefundAt(at), rule.priority
    return None


def _applies(terms: Parameters, request: RequestFacts, line: LineFacts) -> bool:
    found = {"reasons": line.reason, "categories": line.category, "resolutions": request.resolution}
    return all(terms.get(name) is None or value in terms[name] for name, value in found.items())


def expires_after(parameters: Parameters, request: RequestFacts, moment: Moment) -> Finding | None:
    """Days to post the parcel, to the end of that day in the market."""
    last = moment.now.astimezone(moment.zone) + timedelta(days=parameters["days"])
    end = last.replace(hour=23, minute=59, second=59, microsecond=0).astimezone(UTC)
    return Finding(Severity.INFO, "post_by", {"expires_at": moment.local(end)}, deadline=end)


def not_delivered(parameters: Parameters, request: RequestFacts, moment: Moment) -> Finding | None:
    """Speaks of parcels that never reached the customer, and so of nothing anybody asks for (`policy.undelivered`)."""
    return None


LINE_RULES: dict[str, LineRule] = {
    "window": window,
    "final_sale": final_sale,
    "not_shipped": not_shipped,
    "already_returned": already_returned,
    "accepted_reasons": accepted_reasons,
    "accepted_conditions": accepted_conditions,
    "photo_required": photo_required,
    "restocking_fee": restocking_fee,
}
REQUEST_RULES: dict[str, RequestRule] = {
    "review_above": review_above,
    "customer_history": customer_history,
    "free_label": free_label,
    "needs_pickup": needs_pickup,
    "refund_shipping": refund_shipping,
    "promotions": promotions,
    "expires_after": expires_after,
    "not_delivered": not_delivered,
}
# Of these only the first that applies counts: a narrow rule with a lower priority number replaces the general one.
FIRST_ONLY = frozenset(
    {"window", "restocking_fee", "free_label", "needs_pickup", "refund_shipping", "promotions", "expires_after"}
)
# What can be told before the customer has said anything: what every "Return" button is drawn from (p55).
BEFORE_ASKING = frozenset({"window", "final_sale"})
