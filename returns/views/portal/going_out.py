"""What goes out because of a return, in its owner's words."""

from typing import Any

from django.utils.translation import gettext as _

from oms.money import Money
from oms.orders import left_to_pay
from returns.models import RMA, Dispatch
from returns.states import DISPATCH_MEANING, DispatchStatus, Resolution, Settlement

GOES_OUT = (Resolution.EXCHANGE, Resolution.REPLACEMENT, Resolution.REPAIR)


def told(rma: RMA) -> dict[str, Any] | None:
    """What goes out for this return, in words; None when nothing does."""
    if rma.resolution not in GOES_OUT and rma.settlement != Settlement.NOTHING:
        return None
    found = Dispatch.objects.filter(rma=rma).exclude(status=DispatchStatus.CANCELED)
    dispatch = found.select_related("order").defer("label").order_by("pk").last()
    if dispatch is None:
        return None
    status = DispatchStatus(dispatch.status)
    own = dispatch.sends_back
    again = rma.resolution == Resolution.REPLACEMENT or own
    return {
        "title": _("Your own goods") if own else _("Your replacement") if again else _("Your exchange"),
        "lines": [
            {"title": line.description, "quantity": line.quantity, "price": Money(line.gross, rma.currency)}
            for line in dispatch.order.lines.order_by("position")
        ],
        "free": again,
        "number": dispatch.order.number,
        "label": status.label,
        "meaning": DISPATCH_MEANING[status],
        "sentence": _sentence(status, again=again),
        "owed": Money(left_to_pay(dispatch.order), rma.currency) if status == DispatchStatus.HELD else None,
        "is_short": status == DispatchStatus.SHORT,
        "can_prefer_money": not own and status in DispatchStatus.before_packing() and status != DispatchStatus.WAITING,
        "carrier": dispatch.carrier if dispatch.shipped_at else "",
        "tracking_number": dispatch.tracking_number if dispatch.shipped_at else "",
        "tracking_url": dispatch.tracking_url if dispatch.shipped_at else "",
    }


def _sentence(status: DispatchStatus, *, again: bool) -> str:
    words = {
        DispatchStatus.WAITING: _("It is set aside for you and leaves when we have looked at what you send."),
        DispatchStatus.HELD: _("It is set aside for you. As soon as the rest is paid, it leaves."),
        DispatchStatus.SHORT: _("It is not there any more. We are sorry. Please say what you would like."),
        DispatchStatus.RELEASED: _("It is being packed."),
        DispatchStatus.PACKED: _("It is packed and gets its label."),
        DispatchStatus.LABELED: _("It is packed and waits for the carrier."),
        DispatchStatus.SHIPPED: _("It is on its way to you."),
        DispatchStatus.DELIVERED: _("It was delivered."),
    }
    return words.get(status, "")
