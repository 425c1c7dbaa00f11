"""What the figures say, in a sentence: titles of charts, and what stands in for them."""

from decimal import ROUND_HALF_UP, Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reporting import bottlenecks
from reporting.dashboard import Figures
from reporting.products import ProductRate
from reporting.stages import NAMES

ENDINGS = {
    "full": gettext_lazy("Refunded in full"),
    "partial": gettext_lazy("Refunded in part"),
    "unmatched": gettext_lazy("Refunded, sale unknown"),
    "none": gettext_lazy("Not refunded"),
}
# A change worth a sentence: of a share in points, of a count as a share of it.
NOTEWORTHY = Decimal("0.1")


def regions(figures: Figures) -> str:
    telling = [region for region in figures.regions if region.is_telling and region.orders_returned]
    if not telling:
        return _("Return rate by country")
    return _("%(country)s sends back most: %(rate)s of its orders") % {
        "country": telling[0].country,
        "rate": percent(telling[0].rate),
    }


def reasons(figures: Figures) -> str:
    named = [reason for reason in figures.reasons if reason.code and (reason.returns or reason.returns_before)]
    if not any(reason.returns for reason in named):
        return _("Reasons for returns")
    risen = max(named, key=lambda reason: reason.returns - reason.returns_before)
    more = risen.returns - risen.returns_before
    if risen.returns_before >= 5 and more >= NOTEWORTHY * risen.returns_before:
        change = percent(Decimal(more) / risen.returns_before, 0)
        return _("“%(reason)s” is up %(change)s") % {"reason": risen.label, "change": change}
    whole = sum(reason.returns for reason in named)
    return _("“%(reason)s” is named most, by %(share)s") % {
        "reason": named[0].label,
        "share": percent(Decimal(named[0].returns) / whole, 0),
    }


def processing_time(figures: Figures) -> str:
    now, before = figures.times.now, figures.times.before
    if now.mean_business_days is None:
        return _("Time from asking to settled")
    if before.mean_business_days is not None:
        change = now.mean_business_days - before.mean_business_days
        if abs(change) >= Decimal("0.3"):
            words = _("A return takes %(days)s business days less than before") if change < 0 else _(
                "A return takes %(days)s business days more than before"
            )  # fmt: skip
            return words % {"days": number(abs(change), 1)}
    return _("%(share)s of returns are settled within the promise") % {"share": percent(now.hit_rate, 0)}


def stages(figures: Figures) -> str:
    slowest = bottlenecks.slowest(figures.stages)
    if slowest is None:
        return _("Where the time goes")
    return _("Of our own time, most goes into “%(stage)s”") % {"stage": str(NAMES[slowest.code][0]).lower()}


def refunds(figures: Figures) -> str:
    found = figures.refunds.now
    if not found.items:
        return _("Full and partial refunds")
    return _("%(share)s of returned items are refunded in full") % {
        "share": percent(Decimal(found.full) / found.items, 0)
    }


def products(figures: Figures) -> str:
    if not figures.products:
        return _("Products that come back most")
    leading = figures.products[0]
    return _("%(title)s stands out: %(rate)s of its orders came back") % {
        "title": title(leading),
        "rate": percent(leading.rate, 0),
    }


def title(product: ProductRate) -> str:
    """A product's title as people write it: sources in capitals need not shout."""
    words = product.title or product.sku
    return words.capitalize() if words.isupper() and " " in words else words


def hours(value: Decimal | None) -> str:
    """A span as people say it: "7 h", "2.4 days"."""
    if value is None:
        return "–"
    if value < 48:
        return _("%(hours)s h") % {"hours": number(value, 0 if value >= 10 or value < Decimal("0.05") else 1)}
    return _("%(days)s days") % {"days": number(value / 24, 1)}


def percent(share: Decimal | None, decimals: int = 1) -> str:
    """A share as people read it: 0.165211 → "16.5 %"; "–" where there is none."""
    return "–" if share is None else f"{number(100 * share, decimals)}\N{NO-BREAK SPACE}%"


def number(value: Decimal | int | None, decimals: int = 0) -> str:
    """A number as people read it, rounded half away from zero (Django's own formatting cuts); "–" for None."""
    if value is None:
        return "–"
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return number_format(rounded, decimals, force_grouping=True)
