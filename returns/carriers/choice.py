"""Which of the offered services brings a parcel back, and why: the sentence is kept with the label (pure)."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from returns.carriers.base import Rate


def choose(rates: Sequence[Rate]) -> tuple[Rate, str]:
    """Take the cheapest; of equally cheap ones the faster, then the carrier first in the alphabet.

    `rates` must not be empty. Returns the rate and the reason, in words.
    """
    best = min(rates, key=lambda rate: (rate.price, rate.days or 99, rate.carrier, rate.service))
    return best, _("cheapest of %(count)s: %(carrier)s %(service)s at %(price)s %(currency)s") % {
        "count": len(rates),
        "carrier": best.carrier,
        "service": best.service,
        "price": best.price,
        "currency": best.currency,
    }
