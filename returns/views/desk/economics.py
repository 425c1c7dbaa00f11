"""What each way of settling a request leaves us with, beside the decision (first 7)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from inventory.states import Disposition, Grade
from returns import recovered
from returns.models import RMA, ReturnLine
from returns.recovery import Request, at_approval
from returns.states import Resolution
from returns.views.dock import recovery_words as words

WAYS = {
    "refund": Resolution.REFUND.label,
    "keep_item": _("refund, the customer keeps it"),
    "exchange": Resolution.EXCHANGE.label,
    "repair": _("repair and send back"),
}
UNKNOWN_GRADE, UNKNOWN_DISPOSITION = Grade.C, Disposition.RESTOCK


def told(rma: RMA, lines: Sequence[ReturnLine], at: datetime) -> dict[str, Any] | None:
    """The ways, the cheapest first, each with its working; None where nothing was promised in money."""
    if not rma.quote.get("total"):
        return None
    terms = recovered.terms_on(at)
    parcels = [parcel.price for parcel in rma.parcels.all() if parcel.price is not None]
    pieces = []
    for line in lines:
        said = line.declared_condition
        grade, disposition = (said.grade, said.disposition) if said else (UNKNOWN_GRADE, UNKNOWN_DISPOSITION)
        pieces.append((recovered.piece(line.order_line, line.quantity, grade, at=at), disposition))
    request = Request(
        refund=Decimal(rma.quote["total"]), label=parcels[-1] if parcels else terms.shipping, pieces=tuple(pieces)
    )
    nets = at_approval(request, terms, rma.currency)
    return {
        "ways": [
            words.told(net, rma.currency, terms) | {"label": WAYS[net.way], "is_first": place == 0}
            for place, net in enumerate(nets)
        ],
        "label_is_known": bool(parcels),
        "since": terms.valid_from,
    }
