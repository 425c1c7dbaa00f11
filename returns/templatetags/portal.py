"""Words about order lines that several customer pages share."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from oms.models import Order, OrderLine
from oms.money import Money
from returns.eligibility import LineView
from returns.models import RMA, ReturnLine

register = template.Library()


@register.simple_tag
def until_note(view: LineView, zone: str = "Europe/London") -> str:
    """Until when it can come back, and how many if not all."""
    if not view.quantity:
        return " ".join(view.why_not)
    notes = []
    if view.until is not None:
        day = date_format(view.until.astimezone(ZoneInfo(zone)), "l j F")
        notes.append(gettext("Can come back until %(day)s.") % {"day": day})
    if view.quantity < view.order_line.quantity:
        left = ngettext("%(count)s of them can come back.", "%(count)s of them can come back.", view.quantity)
        notes.append(left % {"count": view.quantity})
    return " ".join(notes)


@register.simple_tag
def why_not(view: LineView) -> str:
    """Why it cannot come back, in the policy's own sentences."""
    return " ".join(view.why_not) or gettext("This has already come back.")


@register.simple_tag(takes_context=True)
def paid_for(context: Mapping[str, Any], line: OrderLine, order: Order) -> Money | str:
    """What was paid for the whole line, tax included; nothing for whom it was given to."""
    if context["draft"].recipient_id is not None:
        return ""
    return Money(line.gross, order.currency)


@register.simple_tag
def bought(line: OrderLine) -> int | str:
    """How many, where it is more than one."""
    return line.quantity if line.quantity > 1 else ""


@register.simple_tag
def rma_path(rma: RMA, name: str, **more: Any) -> str:
    """The address of one of a return's own pages, signed."""
    return reverse(f"portal:{name}", kwargs={"number": rma.number, "signature": rma.signature, **more})


@register.simple_tag
def reason_note(line: ReturnLine) -> str:
    """How many come back, why, and as what they were declared."""
    parts = [gettext("%(count)s of %(all)s") % {"count": line.quantity, "all": line.order_line.quantity}]
    if line.reason is not None:
        parts.append(gettext(line.reason.label))
    if line.declared_condition is not None:
        parts.append(gettext(line.declared_condition.customer_label))
    return " · ".join(parts)
