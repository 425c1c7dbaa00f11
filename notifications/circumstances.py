"""Under which circumstances an event is news for somebody: each looks at the event and at what it is about."""

from collections.abc import Callable

from notifications.models import Message
from notifications.occasions import GIFT_RETURNED, Occasion
from refunds.lifecycle.credit_by_hand import BY_HAND
from refunds.states import RefundDestination
from returns.case_states import CaseKind
from returns.states import ReceiptResult, RMASource, RMAStatus, Settlement


def always(occasion: Occasion) -> bool:
    return True


def asked_as(*statuses: RMAStatus) -> Callable[[Occasion], bool]:
    """The request was decided like this when it was made."""
    return lambda occasion: occasion.event.facts["status"] in statuses


def approved_without_label(occasion: Occasion) -> bool:
    facts = occasion.event.facts
    without = facts.get("status", RMAStatus.APPROVED) == RMAStatus.APPROVED and not facts.get("parcel")
    return without and to_be_sent(occasion)


def to_be_sent(occasion: Occasion) -> bool:
    return occasion.rma is not None and occasion.rma.comes_back


def kept(occasion: Occasion) -> bool:
    facts = occasion.event.facts
    return facts.get("status", RMAStatus.APPROVED) == RMAStatus.APPROVED and not to_be_sent(occasion)


def kept_now(occasion: Occasion) -> bool:
    return bool(occasion.event.facts["due"])


def received(occasion: Occasion) -> bool:
    """What is approved and kept has a mail of its own, that says all at once."""
    return occasion.event.facts["status"] in (RMAStatus.APPROVED, RMAStatus.NEEDS_REVIEW) and not kept(occasion)


def collected(occasion: Occasion) -> bool:
    return occasion.rma is not None and occasion.rma.is_collected


def still_wanted(occasion: Occasion) -> bool:
    """A label that comes after the return was called off is no news."""
    return _rma_status(occasion) not in (RMAStatus.REJECTED, RMAStatus.CANCELED, RMAStatus.EXPIRED)


def _rma_status(occasion: Occasion) -> str:
    assert occasion.rma is not None
    return occasion.rma.status


def something_came(occasion: Occasion) -> bool:
    return any(one["result"] in ReceiptResult.arrived() for one in occasion.event.facts["receipts"])


def something_missing(occasion: Occasion) -> bool:
    """Announced, and surely not in the parcel. What the carrier lost has a case of its own."""
    gone = any(one["result"] == ReceiptResult.SHORT for one in occasion.event.facts["receipts"])
    return gone and not is_brought_back(occasion)


def is_brought_back(occasion: Occasion) -> bool:
    """Nobody asked for this return: the parcel never reached the customer."""
    return occasion.rma is not None and occasion.rma.source == RMASource.CARRIER


def came_back(occasion: Occasion) -> bool:
    return something_came(occasion) and is_brought_back(occasion)


def sent_back_came(occasion: Occasion) -> bool:
    return something_came(occasion) and not is_brought_back(occasion)


def is_told(occasion: Occasion) -> bool:
    """What comes back is told with the question why; of a return parcel only a delay is news, the rest is trouble."""
    facts = occasion.event.facts
    if facts["kind"] == CaseKind.TURNED_UP:
        return False
    if facts["is_outbound"]:
        return facts["kind"] not in CaseKind.coming_back()
    return facts["kind"] == CaseKind.DELAYED


def something_refused(occasion: Occasion) -> bool:
    return bool(occasion.event.facts["holds"])


def all_accepted(occasion: Occasion) -> bool:
    return not something_refused(occasion) and not is_brought_back(occasion)


def sent_back(occasion: Occasion) -> bool:
    return occasion.dispatch is not None and occasion.dispatch.sends_back


def instead(occasion: Occasion) -> bool:
    return not sent_back(occasion)


def as_credit(occasion: Occasion) -> bool:
    return occasion.refund is not None and occasion.refund.way == RefundDestination.STORE_CREDIT


def as_money(occasion: Occasion) -> bool:
    """What pays for an exchange is told when that leaves."""
    refund = occasion.refund
    return not as_credit(occasion) and refund is not None and refund.destination != RefundDestination.EXCHANGE


def given_by_hand(occasion: Occasion) -> bool:
    """What comes with a refund is told with it."""
    return occasion.event.facts["category"] in BY_HAND


def late(occasion: Occasion) -> bool:
    """It had been paid, and came back: before that the customer was told nothing that is now wrong."""
    return bool(occasion.event.facts["late"])


def not_yet_asked(occasion: Occasion) -> bool:
    return not getattr(occasion.rma, "was_asked", False) and not is_brought_back(occasion)


def buyer_hears_of_it(occasion: Occasion) -> bool:
    """A gift came back and is settled, and its link said beforehand that the buyer is told: once."""
    rma = occasion.rma
    if rma is None or rma.gift_link is None or not rma.gift_link.tells_buyer or rma.settlement != Settlement.SETTLED:
        return False
    return not Message.objects.filter(rma=rma, template=GIFT_RETURNED).exclude(event=occasion.event).exists()
