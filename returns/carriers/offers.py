"""Which forms of a label a carrier makes, so that nobody is offered what cannot be had."""

from oms.countries import code_of
from returns.models import RMA
from returns.parcels import crosses_border
from returns.states import LabelKind

# The USPS prints a label at its counters from a code (Label Broker), inside the United States only.
CODES_AT_THE_COUNTER = {"USPS": "US"}


def offered(carrier: str, rma: RMA) -> tuple[LabelKind, ...]:
    """The forms beside the first one, as customers see them; then what customs ask for at a border."""
    country = CODES_AT_THE_COUNTER.get(carrier)
    house = rma.warehouse.country if rma.warehouse else ""
    codes = country is not None and house == code_of(rma.order.country) == country
    papers = [LabelKind.INVOICE] if crosses_border(rma) else []
    return (*([LabelKind.CODE] if codes else []), LabelKind.A4, LabelKind.ZPL, *papers)
