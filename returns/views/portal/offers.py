"""What the customer is offered: the amount, its working, what each condition would pay, what was decided and why."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Condition
from oms import shops
from oms.models import Order, OrderLine
from oms.money import Money
from oms.states import PaymentMethod
from oms.templatetags.components import money as money_text
from refunds.amounts import ClaimedLine, Quote, QuotedLine, price_line
from refunds.views.working import fee_name, working
from returns.eligibility import OrderFile, Preview
from returns.policy import Decision, Verdict
from returns.policy.decision import Label, Severity
from returns.states import Resolution
from returns.views.portal.choosing import bonus_of, value_of, when_paid

GOODS = (Resolution.EXCHANGE, Resolution.REPLACEMENT)
# What the page says in its own words.
_SAID_ELSEWHERE = frozenset({"resolution_chosen", "window_open", "value_within_limit"})
_PAID_TO = {
    PaymentMethod.CARD: gettext_lazy("to the card you paid with"),
    PaymentMethod.PAYPAL: gettext_lazy("to your PayPal account"),
}


def offer(file: OrderFile, found: Preview) -> dict[str, Any]:
    """Everything the last screen shows of `found`."""
    shop, currency = shops.current(), file.order.currency
    conditions = dict(sorted(file.conditions.items(), key=lambda one: (one[1].position, one[1].pk)))
    total = value_of(found, currency)
    return {
        "shop": shop,
        "total": total,
        "confirmed_total": f"{found.worth:f}",
        "resolution": found.decision.resolution or found.decision.facts["resolution"] or Resolution.REFUND.value,
        "title": title_of(found.decision, total),
        "when": when_paid(found.decision, shop.processing_days),
        "lead": _lead(file.order, found.decision, shop.processing_days),
        "button": _button(found.decision),
        "receipt": receipt(
            found.quote, conditions, bonus=bonus_of(found.decision.resolution, found.quote), sold=file.lines.values()
        ),
        "promotions": [
            _("“%(label)s” asked for %(minimum)s of goods. Keeping %(stays)s, you pay for them without it.")
            % {
                "label": one["label"],
                "minimum": money_text(Money.parse(one["minimum"], currency)),
                "stays": money_text(Money.parse(one["stays"], currency)),
            }
            for one in found.quote["inputs"].get("promotions", ())
        ],
        "tables": list(_tables(found.quote, conditions)) if found.decision.label is not Label.NONE else [],
        **decided(found.decision, ZoneInfo(file.version.time_zone)),
    }


def priceless(file: OrderFile, found: Preview) -> dict[str, Any]:
    """The same for whom the goods were given to: no amount, and no sentence that names one."""
    hidden = ("confirmed_total", "receipt", "promotions", "tables")
    found = replace(found, decision=found.decision.after_inspection())
    told = {key: value for key, value in offer(file, found).items() if key not in hidden}
    denied = found.decision.verdict is Verdict.DENY
    if not denied and found.worth:
        told["title"] = _("You get store credit for what these things are worth")
    return told | unpriced(found.decision, ZoneInfo(file.version.time_zone))


def unpriced(decision: Decision, zone: ZoneInfo) -> dict[str, Any]:
    """What was decided and why, in sentences without amounts."""
    return decided(decision.unpriced(), zone) | {"flips": []}


def title_of(decision: Decision, total: Money) -> str:
    if decision.verdict is Verdict.DENY:
        return _("By our rules this cannot come back")
    if not total.amount:
        return _("In this condition it pays nothing")
    words = {
        Resolution.KEEP_ITEM: _("You keep it and get %(total)s back"),
        Resolution.STORE_CREDIT: _("You get %(total)s to spend with us"),
        Resolution.EXCHANGE: _("%(total)s counts for what you get instead"),
        Resolution.REPLACEMENT: _("You get the same again"),
        Resolution.REPAIR: _("We repair it and send it back to you"),
    }
    return words.get(Resolution(decision.resolution or Resolution.REFUND), _("You get %(total)s back")) % {
        "total": money_text(total)
    }


def _lead(order: Order, decision: Decision, days: int) -> str:
    """Where the value goes and when, in a sentence or two."""
    where = {
        Resolution.STORE_CREDIT: _("as store credit"),
        Resolution.EXCHANGE: "",
        Resolution.REPLACEMENT: "",
        Resolution.REPAIR: "",
    }.get(Resolution(decision.resolution or Resolution.REFUND), _paid_to(order))
    return f"{capfirst(where)}. {when_paid(decision, days)}" if where else ""


def _button(decision: Decision) -> str:
    if decision.verdict is Verdict.DENY:
        return _("Ask all the same")
    if decision.verdict is Verdict.REVIEW:
        return _("Ask for this return")
    if decision.resolution == Resolution.KEEP_ITEM:
        return _("Keep it and get the money")
    return _("Send it back")


def _paid_to(order: Order) -> str:
    methods = set(order.payments.values_list("method", flat=True))
    if len(methods) == 1 and (known := _PAID_TO.get(methods.pop())):
        return str(known)
    return _("the way you paid")


# ── The amount ────────────────────────────────────────────────────────────────────────────────────────────────────


def receipt(
    stored: Mapping[str, Any],
    conditions: Mapping[str, Condition],
    *,
    sold: Iterable[OrderLine] = (),
    bonus: Money | None = None,
) -> dict[str, Any]:
    """A stored or fresh quote as `components/receipt.html` wants it: lines, total, and where each cent comes from.

    `sold` are lines of the order, where prices before discounts are known. `bonus` comes on top of what the quote
    pays, where it is taken as store credit.
    """
    quote, currency = Quote.from_json(stored), stored["currency"]
    declared = {key: given.get("declared", "") for key, given in stored.get("inputs", {}).get("lines", {}).items()}
    lines: list[dict[str, Any]] = []
    for line in quote.lines:
        lines.append({"label": f"{line.quantity} × {line.description}", "money": Money(line.value, currency)})
        if line.deduction:
            condition = conditions.get(declared.get(line.key, ""))
            words = condition.customer_label if condition else _("Condition")
            percent = f"{line.payout_percent.normalize():f}"
            lines.append(
                {
                    "label": _("%(condition)s: pays %(percent)s %%") % {"condition": words, "percent": percent},
                    "money": Money(-line.deduction, currency),
                }
            )
    lines += [{"label": _("Shipping"), "money": Money(entry.gross, currency)} for entry in quote.shipping]
    lines += [{"label": fee_name(fee.code), "money": Money(-fee.gross, currency)} for fee in quote.fees if fee.gross]
    on_top = bonus or Money.zero(currency)
    if on_top.amount:
        lines.append({"label": _("Bonus for taking store credit"), "money": on_top})
    return {
        "lines": lines,
        "total": Money(quote.total, currency) + on_top,
        "tax": _("Tax in it: %(tax)s.") % {"tax": money_text(Money(quote.tax, currency))} if quote.tax else "",
        "working": working(quote, lines={str(line.pk): line for line in sold}, inputs=stored.get("inputs")),
    }


def _tables(stored: Mapping[str, Any], conditions: Mapping[str, Condition]) -> Iterable[dict[str, Any]]:
    """Per line, what each condition would pay; left out where all pay the same (the fault is ours)."""
    currency, inputs = stored["currency"], stored.get("inputs", {}).get("lines", {})
    for line in Quote.from_json(stored).lines:
        given = inputs.get(line.key, {})
        pays = {code: Decimal(percent) for code, percent in given.get("pays", {}).items() if code in conditions}
        if len(set(pays.values())) < 2:
            continue
        rows = [
            {
                "label": conditions[code].customer_label,
                "money": Money(_paid(line, pays[code], currency), currency),
                "said": code == given.get("declared"),
            }
            for code in conditions
            if code in pays
        ]
        yield {"title": line.description, "rows": rows}


def _paid(line: QuotedLine, percent: Decimal, currency: str) -> Decimal:
    claimed = ClaimedLine(
        line.key, line.description, line.line_gross, line.line_tax, line.line_quantity, line.units, percent
    )
    return price_line(claimed, currency).gross


# ── The decision ──────────────────────────────────────────────────────────────────────────────────────────────────


def decided(decision: Decision, zone: ZoneInfo) -> dict[str, Any]:
    """What was decided, why, and what would change it: in sentences."""
    if decision.verdict is Verdict.APPROVE:
        meaning, words = "good", _("Approved at once: nobody has to look at your request first.")
    elif decision.verdict is Verdict.REVIEW:
        meaning, words = "waiting", _("A person looks at this first and writes to you.")
    else:
        meaning, words = "bad", _("You can ask all the same. You get the answer, with its reason, in writing.")
    return {
        "verdict": decision.verdict.value,
        "meaning": meaning,
        "decision_words": words,
        "reasons": decision.reasons,
        "flips": [] if decision.verdict is Verdict.APPROVE else [flip.sentence for flip in decision.flips],
        "terms": list(_terms(decision, zone)),
    }


def _terms(decision: Decision, zone: ZoneInfo) -> Iterable[str]:
    if decision.verdict is Verdict.DENY:
        return
    seen: set[str] = set()
    for finding in decision.all_findings:
        if finding.severity is not Severity.INFO or finding.code in _SAID_ELSEWHERE or finding.code in seen:
            continue
        if finding.code.startswith("refund_at_") and decision.resolution in GOODS:
            continue  # goods go out, and when is said beside them
        seen.add(finding.code)
        if finding.code == "post_by" and decision.expires_at is not None:
            yield _("Please post the parcel by %(day)s.") % {"day": long_day(decision.expires_at, zone)}
        else:
            yield finding.sentence


def long_day(at: datetime, zone: ZoneInfo) -> str:
    """Wednesday 2 December, on the wall clock of `zone`."""
    return date_format(at.astimezone(zone), "l j F")
