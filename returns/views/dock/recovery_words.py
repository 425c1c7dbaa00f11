"""What goods are expected to bring, in words: one sentence for the dock, a small receipt for the desk."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oms.money import Money
from oms.templatetags.components import money
from returns.recovery import Basis, Net, Terms

BUILT_IN = date(2000, 1, 1)  # terms nobody of the shop has entered
STEPS: dict[str, Any] = {
    "brings": gettext_lazy("brings"),
    "recovered": gettext_lazy("goods bring, less handling"),
    "handling": gettext_lazy("handling"),
    "work": gettext_lazy("work"),
    "shipping": gettext_lazy("parcel out"),
    "label": gettext_lazy("parcel back"),
    "disposal": gettext_lazy("throwing away"),
    "refund": gettext_lazy("money back"),
    "new_goods": gettext_lazy("new goods at cost"),
}


def told(net: Net, currency: str, terms: Terms) -> dict[str, Any]:
    """`sentence` in one line, and the working as {label, money}."""
    steps = [{"label": STEPS[code], "money": Money(amount, currency)} for code, amount in net.steps]
    working = ", ".join(f"{one['label']} {money(one['money'])}" for one in steps)
    return {
        "total": Money(net.total, currency),
        "steps": steps,
        "basis": basis_of(net, terms),
        "sentence": _("Leaves %(total)s (%(working)s; %(basis)s)")
        % {"total": money(Money(net.total, currency)), "working": working, "basis": basis_of(net, terms)},
    }


def basis_of(net: Net, terms: Terms) -> str:
    """Where the number comes from: what was booked, or what is assumed and since when."""
    if net.basis is Basis.BOOKED:
        return (
            _("by %(count)s sold before") % {"count": net.booked.units} if net.booked else _("by what was sold before")
        )
    if terms.valid_from <= BUILT_IN:
        return _("assumed, not yet measured here")
    return _("assumed since %(day)s, not yet measured here") % {"day": f"{terms.valid_from:%-d %b %Y}"}
