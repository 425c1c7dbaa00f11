"""A draft tried on real returns before anybody publishes it: changed answers, money, customers."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from oms.access import may
from oms.money import Money
from refunds.pricing import quote_return
from returns import policy
from returns.eligibility import FULL
from returns.forms.policy import KIND_LABELS
from returns.models import RMA, PolicyVersion
from returns.policy import Again, Case, Decision, RequestFacts, Verdict
from returns.pricing import UnitsToPrice
from returns.views.desk.policy import version_of
from returns.views.portal.choosing import TITLES

MOST = 1_000  # requests; each is decided in a fraction of a millisecond
SHOWN = 100
WORDS = {
    Verdict.APPROVE: gettext_lazy("approved"),
    Verdict.REVIEW: gettext_lazy("put before a person"),
    Verdict.DENY: gettext_lazy("refused"),
}
MEANING = {Verdict.APPROVE: "good", Verdict.REVIEW: "waiting", Verdict.DENY: "bad"}


class DaysForm(forms.Form):
    days = forms.TypedChoiceField(
        label=gettext_lazy("Returns of the last"),
        coerce=int,
        required=False,
        empty_value=90,
        choices=[(days, gettext_lazy("%s days") % days) for days in (30, 90, 365)],
        error_messages={"invalid_choice": gettext_lazy("Choose one of these.")},
    )


@require_safe
@may("change policy")
def replay(request: HttpRequest, number: int) -> HttpResponse:
    """Decide the returns of the last days again by this version."""
    version = version_of(number)
    form = DaysForm(request.GET if "days" in request.GET else {"days": "90"})
    days = form.cleaned_data["days"] if form.is_valid() else 90
    totals: dict[str, dict[str, Any]] = {}
    cases = list(_cases(timezone.now() - timedelta(days=days), totals))
    draft = _policy(version)
    found = policy.replay(draft, cases, lambda case, decision: _owed(case, decision, totals[case.number]))
    changed = sorted(found.changed, key=lambda one: -abs(one.difference))
    context = {
        "title": _("Version %(number)s on past returns") % {"number": number},
        "version": version,
        "form": form,
        "count": len(cases),
        "cut": len(cases) == MOST,
        "changed": len(changed),
        "customers": found.customers,
        "verdicts": [(WORDS[then], WORDS[now], count) for (then, now), count in sorted(found.verdicts.items())],
        "money": [
            {
                "before": Money(before, currency),
                "after": Money(after, currency),
                "difference": Money(after - before, currency),
            }
            for currency, (before, after) in sorted(found.money.items())
        ],
        "rows": [_row(one) for one in changed[:SHOWN]],
        "hidden": max(0, len(changed) - SHOWN),
        "blind": [KIND_LABELS.get(kind, _("How it was paid")) for kind in policy.blind_spots(draft, cases)],
    }
    return render(request, "returns/desk/policy_replay.html", context, status=200 if form.is_valid() else 400)


def _policy(version: PolicyVersion) -> policy.Policy:
    rules = (policy.Rule(one.kind, one.parameters, one.priority) for one in version.rules.filter(active=True))
    return policy.Policy(version.number, version.market, version.time_zone, tuple(rules))


def _cases(since: datetime, totals: dict[str, dict[str, Any]]) -> Iterable[Case]:
    """Requests that were decided by a policy; their quotes go to `totals`."""
    made = RMA.objects.filter(requested_at__gte=since, decision__has_key="facts").order_by("-requested_at", "-id")
    rows = made.values_list("number", "order__customer", "decision", "quote", "resolution", "currency")
    for number, customer, decision, quote, resolution, currency in rows[:MOST]:
        totals[number] = quote
        yield Case(
            number,
            customer,
            datetime.fromisoformat(decision["decided_at"]),
            RequestFacts.from_json(decision["facts"]),
            Verdict(decision["verdict"]),
            decision["resolution"] or resolution,
            Decimal(quote.get("total", 0)),
            currency,
        )


def _owed(case: Case, decision: Decision, quote: dict[str, Any]) -> Decimal:
    """The stored units at the draft's fees; what was refused then has no units, so its goods count in full."""
    units = [
        UnitsToPrice(
            key=line["key"],
            description="",
            line_gross=Decimal(line["line_gross"]),
            line_tax=Decimal(line["line_tax"]),
            line_quantity=line["line_quantity"],
            units=tuple((first, last) for first, last in line["units"]),
            payout_percent=Decimal(line["payout_percent"]),
            tax_rate=Decimal(line["tax_rate"] or 0),
        )
        for line in quote.get("lines", ())
    ] or [
        UnitsToPrice(line.key, "", line.value, Decimal(0), 1, ((0, 1),), FULL, Decimal(0)) for line in case.facts.lines
    ]
    shipping = case.facts.order.shipping if decision.shipping else Decimal(0)
    return quote_return(units, decision.fees, case.currency).total + shipping


def _row(one: Again) -> dict[str, Any]:
    why = one.decision.fired
    return {
        "number": one.case.number,
        "then": WORDS[one.case.verdict],
        "then_meaning": MEANING[one.case.verdict],
        "now": WORDS[one.decision.verdict],
        "now_meaning": MEANING[one.decision.verdict],
        "way": TITLES[one.decision.resolution] if one.changes_way else "",
        "why": why.sentence if why is not None else "",
        "before": Money(one.case.owed, one.case.currency),
        "after": Money(one.owed, one.case.currency),
        "difference": Money(one.difference, one.case.currency),
    }
