"""Which forms of a label a carrier makes, so that nobody is offered what cannot be had."""

from returns.models import RMA
from returns.states import LabelKind

# The USPS prints a label at its counters from a code (Label Broker), inside the United States only.
CODES_AT_THE_COUNTER = {"USPS"}


def offered(carrier: str, rma: RMA) -> tuple[LabelKind, ...]:
    """The forms beside the first one, as customers see them."""
    codes = carrier in CODES_AT_THE_COUNTER and rma.warehouse is not None and rma.warehouse.country == "US"
    return (*([LabelKind.CODE] if codes else []), LabelKind.A4, LabelKind.ZPL)
