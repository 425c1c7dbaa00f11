"""The shop's settings, read on every page."""

from oms.models import Shop


def current() -> Shop:
    """Return the one row of settings; defaults until somebody saves them."""
    return Shop.objects.filter(pk=1).first() or Shop()
