"""Which of the offered services takes a parcel, and why: the sentence is kept with the label. Pure (R32, R53).

Rules are tried in their order. Those that exclude a carrier come first; of the others the first one that fits the
parcel and has a rate within its limits decides; without one the cheapest is taken.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from returns.carriers.base import Rate

NO_DAYS = 99


@dataclass(frozen=True, slots=True)
class Sent:
    """What is to be carried: country codes (ISO 3166-1 alpha-2), weight in grams, value in the order's currency."""

    origin: str
    destination: str
    grams: int
    value: Decimal
    market: str = "default"


@dataclass(frozen=True, slots=True)
class Preference:
    """A rule for parcels of some origin, destination, weight, value and market; empty conditions mean any.

    It prefers `carrier` (and `service`, if named) while that costs at most `dearer_percent` more than the cheapest and
    takes at most `days`; or, with `never`, leaves that carrier out. Without a carrier it is about all of them.
    """

    name: str
    carrier: str = ""
    service: str = ""
    never: bool = False
    origins: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    from_grams: int = 0
    to_grams: int | None = None
    from_value: Decimal = Decimal(0)
    to_value: Decimal | None = None
    dearer_percent: Decimal | None = None
    days: int | None = None

    def is_about(self, sent: Sent) -> bool:
        return (
            (not self.origins or sent.origin in self.origins)
            and (not self.destinations or sent.destination in self.destinations)
            and (not self.markets or sent.market in self.markets)
            and self.from_grams <= sent.grams <= (sent.grams if self.to_grams is None else self.to_grams)
            and self.from_value <= sent.value <= (sent.value if self.to_value is None else self.to_value)
        )

    def names(self, rate: Rate) -> bool:
        return (not self.carrier or rate.carrier.lower() == self.carrier.lower()) and (
            not self.service or rate.service.lower() == self.service.lower()
        )


def choose(
    rates: Sequence[Rate],
    sent: Sent | None = None,
    rules: Iterable[Preference] = (),
    trouble: Sequence[str] = (),
) -> tuple[Rate, str]:
    """The rate to buy and the reason in words. `rates` must not be empty; `trouble` is what carriers said instead of
    offering one.
    """
    applying = [rule for rule in rules if sent is not None and rule.is_about(sent)]
    offered, left_out = _without_excluded(rates, applying)
    cheapest = min(offered, key=_cheap)
    notes = list(left_out)
    for rule in applying:
        if rule.never:
            continue
        found, why_not = _preferred(rule, offered, cheapest)
        if found is not None:
            return found, _sentence(_preferred_words(rule, found, cheapest), notes, trouble)
        notes.append(why_not)
    words = ngettext("the only offer: %(offer)s", "cheapest of %(count)s: %(offer)s", len(offered))
    return cheapest, _sentence(words % {"count": len(offered), "offer": _offer(cheapest)}, notes, trouble)


def _cheap(rate: Rate) -> tuple[Decimal, int, str, str]:
    """Cheapest; of equally cheap ones the faster, then the carrier first in the alphabet."""
    return rate.price, rate.days or NO_DAYS, rate.carrier, rate.service


def _without_excluded(rates: Sequence[Rate], rules: Iterable[Preference]) -> tuple[list[Rate], list[str]]:
    """The rates that no rule leaves out; all of them when nothing else would be left."""
    left, notes = list(rates), []
    for rule in (one for one in rules if one.never):
        kept = [rate for rate in left if not rule.names(rate)]
        if len(kept) == len(left):
            continue
        if kept:
            left = kept
            notes.append(_("without %(carrier)s (%(rule)s)") % {"carrier": rule.carrier, "rule": rule.name})
        else:
            notes.append(_("nobody else offers a rate (%(rule)s)") % {"rule": rule.name})
    return left, notes


def _preferred(rule: Preference, rates: Sequence[Rate], cheapest: Rate) -> tuple[Rate | None, str]:
    """The cheapest rate that the rule names and allows, or why there is none."""
    named = [rate for rate in rates if rule.names(rate)]
    if not named:
        return None, _("%(carrier)s offers no rate (%(rule)s)") % {"carrier": rule.carrier, "rule": rule.name}
    fast = [rate for rate in named if rule.days is None or (rate.days or NO_DAYS) <= rule.days]
    if not fast:
        return None, _("nothing of it within %(days)s days (%(rule)s)") % {"days": rule.days, "rule": rule.name}
    best = min(fast, key=_cheap)
    if rule.dearer_percent is not None and best.price > cheapest.price * (1 + rule.dearer_percent / 100):
        return None, _("%(offer)s is more than %(percent)s %% dearer (%(rule)s)") % {
            "offer": _offer(best),
            "percent": f"{rule.dearer_percent.normalize():f}",
            "rule": rule.name,
        }
    return best, ""


def _preferred_words(rule: Preference, found: Rate, cheapest: Rate) -> str:
    words = _("%(offer)s, preferred: %(rule)s") % {"offer": _offer(found), "rule": rule.name}
    if found == cheapest:
        return words
    return words + _("; the cheapest is %(offer)s") % {"offer": _offer(cheapest)}


def _offer(rate: Rate) -> str:
    """UPS Ground at 8.15 GBP, 4 days"""
    words = f"{rate.carrier} {rate.service} " + _("at %(price)s %(currency)s") % {
        "price": rate.price,
        "currency": rate.currency,
    }
    if rate.days is None:
        return words
    return words + ngettext(", %(count)s day", ", %(count)s days", rate.days) % {"count": rate.days}


def _sentence(words: str, notes: Sequence[str], trouble: Sequence[str]) -> str:
    said = [_("not offered: %(words)s") % {"words": one} for one in trouble]
    return "; ".join([words, *notes, *said])
