"""Why a return was decided as it was: the rule, its reasons, the facts used, and what would turn it round."""

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from returns.models import RMA
from returns.policy import Decision, Verdict
from returns.policy.decision import Severity
from returns.views.portal import offers
from returns.views.portal.choosing import TITLES

VERDICTS = {
    Verdict.APPROVE: (gettext_lazy("approved by the policy"), "good"),
    Verdict.REVIEW: (gettext_lazy("put before a person"), "waiting"),
    Verdict.DENY: (gettext_lazy("refused by the policy"), "bad"),
}


def told(rma: RMA) -> dict[str, Any] | None:
    """The decision receipt: version, rule fired, every reason, the facts used, what would turn it round."""
    if not rma.decision.get("verdict"):
        return None
    decision = Decision.from_json(rma.decision)
    words, meaning = VERDICTS[decision.verdict]
    zone = ZoneInfo(rma.policy.time_zone if rma.policy else "UTC")
    fired = decision.fired
    informed = [finding.sentence for finding in decision.all_findings if finding.severity is Severity.INFO]
    return {
        "words": words,
        "meaning": meaning,
        "version": decision.version,
        "title": rma.policy.title if rma.policy else "",
        "at": offers.long_day(decision.decided_at, zone),
        "rule": fired.rule if fired else "",
        "fired": fired.sentence if fired else "",
        "reasons": decision.reasons,
        "informed": list(dict.fromkeys(informed)),
        "ways": [(TITLES[one.resolution], one.allowed, one.sentence) for one in decision.choices],
        "flips": list(dict.fromkeys(flip.sentence for flip in decision.flips)),
        "facts": list(_facts(decision.facts)),
    }


def _facts(facts: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, str]]:
    """The facts used, flat, as names and plain values; empty ones are left out."""
    for name, value in facts.items():
        label = f"{path}{name.replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _facts(value, f"{label}, ")
        elif isinstance(value, list):
            for number, one in enumerate(value, start=1):
                if isinstance(one, Mapping):
                    yield from _facts(one, f"{label} {number}, " if len(value) > 1 else f"{label}, ")
                else:
                    yield label, str(one)
        elif value not in (None, "", False):
            yield label, _("yes") if value is True else str(value)
