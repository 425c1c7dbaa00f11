"""Who is told what, and when: the table event → audience → template.

Templates are `templates/mail/<template>.html` and `.txt`. `when` is one of the `circumstances`; `delay` counts from the
event and keeps quiet hours, as does what `can_wait`. One event makes at most one message per template and audience.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from notifications import circumstances
from notifications.occasions import GIFT_RETURNED, SURVEY, Occasion
from notifications.states import Audience
from returns.lifecycle.taking_back import TAKE_BACK_WITHIN
from returns.states import RMAStatus

MISSING = "missing"
SURVEY_AFTER = timedelta(days=1)  # the money is on its way and the impression fresh (R11)


@dataclass(frozen=True, slots=True)
class Entry:
    """One mail. `subject` may name %(order)s and %(rma)s; `label` is what staff call it."""

    event: str
    template: str
    label: Any
    subject: Any
    audience: Audience = Audience.CUSTOMER
    when: Callable[[Occasion], bool] = circumstances.always
    delay: timedelta = timedelta(0)
    can_wait: bool = False  # a word of ours that nobody waits for: it keeps quiet hours, as whatever is delayed does

    @property
    def can_be_declined(self) -> bool:
        """Whether this is a question of ours rather than news of the customer's own return."""
        return self.template == SURVEY


_RECEIVED = (_("request received"), _("We have your return request for order %(order)s"))
_APPROVED = (_("approved"), _("Return request confirmation: order %(order)s"))
_KEPT = (_("approved, goods kept"), _("You can keep it: your refund for order %(order)s"))
_PICKUP = (_("collected from the customer"), _("We collect your return: order %(order)s"))
_REJECTED = (_("rejected"), _("About your return request for order %(order)s"))

CATALOGUE = (
    Entry(
        "rma.requested",
        "received",
        *_RECEIVED,
        when=circumstances.received,
    ),
    # The label makes the approval (R56–R62); where the policy gives none, the yes itself does.
    Entry("parcel.labeled", "approved", *_APPROVED, when=circumstances.still_wanted),
    Entry("rma.requested", "approved", *_APPROVED, when=circumstances.approved_without_label),
    Entry("rma.approved", "approved", *_APPROVED, when=circumstances.approved_without_label),
    # What we collect: a person's yes is told at once, the day when it is found.
    Entry("rma.approved", "pickup", *_PICKUP, when=circumstances.collected),
    Entry("parcel.pickup_arranged", "pickup", *_PICKUP),
    Entry("rma.requested", "kept", *_KEPT, when=circumstances.kept),
    Entry("rma.approved", "kept", *_KEPT, when=circumstances.kept),
    Entry("rma.resolution_changed", "kept", *_KEPT, when=circumstances.kept_now),
    Entry("rma.requested", "rejected", *_REJECTED, when=circumstances.asked_as(RMAStatus.REJECTED)),
    Entry("rma.rejected", "rejected", *_REJECTED),
    Entry("rma.info_asked", "info_asked", _("question"), _("A question about your return for order %(order)s")),
    # Not "received" (N4): the carrier has it, we do not.
    Entry("rma.shipped", "on_its_way", _("on its way"), _("Your return is on its way: order %(order)s")),
    Entry(
        "parcel.in_trouble",
        "trouble",
        _("trouble on the way"),
        _("Your return parcel is held up: order %(order)s"),
        when=circumstances.still_wanted,
    ),
    Entry(
        "rma.received",
        "arrived",
        _("arrived"),
        _("Your return has arrived: order %(order)s"),
        when=circumstances.sent_back_came,
    ),
    # After the minute in which the dock may take its count back.
    Entry(
        "rma.received",
        MISSING,
        _("something was missing"),
        _("Something was not in your return: order %(order)s"),
        when=circumstances.something_missing,
        delay=TAKE_BACK_WITHIN,
    ),
    Entry(
        "rma.received",
        "came_back",
        _("undelivered parcel back"),
        _("Your parcel is back with us: order %(order)s"),
        when=circumstances.came_back,
    ),
    Entry("case.asked", "not_delivered", _("not delivered"), _("Your parcel is coming back to us: order %(order)s")),
    Entry(
        "case.opened",
        "parcel_wrong",
        _("parcel late, lost or damaged"),
        _("About your parcel: order %(order)s"),
        when=circumstances.is_told,
    ),
    Entry(
        "rma.inspected",
        "inspected",
        _("inspected"),
        _("We have looked at your return: order %(order)s"),
        when=circumstances.all_accepted,
    ),
    Entry(
        "rma.inspected",
        "held",
        _("not accepted as it came"),
        _("Please tell us what to do with your return: order %(order)s"),
        when=circumstances.something_refused,
    ),
    Entry(
        "rma.hold_decided",
        "hold_decided",
        _("looked at again"),
        _("We looked at your return again: order %(order)s"),
    ),
    Entry(
        "dispatch.held",
        "exchange_held",
        _("exchange to be paid"),
        _("Something is left to pay for your exchange: order %(order)s"),
    ),
    Entry("dispatch.ran_short", "exchange_short", _("out of stock"), _("What you chose is sold out: order %(order)s")),
    Entry(
        "dispatch.shipped",
        "exchange_sent",
        _("exchange sent"),
        _("What you get instead is on its way: order %(order)s"),
        when=circumstances.instead,
    ),
    Entry(
        "dispatch.shipped",
        "goods_back_sent",
        _("sent back"),
        _("Your own goods are on their way back: order %(order)s"),
        when=circumstances.sent_back,
    ),
    Entry(
        "dispatch.delivered",
        "exchange_delivered",
        _("exchange delivered"),
        _("What you get instead was delivered: order %(order)s"),
        when=circumstances.instead,
    ),
    Entry(
        "dispatch.delivered",
        "goods_back_delivered",
        _("sent back, delivered"),
        _("Your own goods were delivered: order %(order)s"),
        when=circumstances.sent_back,
    ),
    Entry(
        "refund.settled", "refunded", _("refunded"), _("Your refund for order %(order)s"), when=circumstances.as_money
    ),
    Entry(
        "refund.settled",
        "credited",
        _("store credit"),
        _("Your store credit for order %(order)s"),
        when=circumstances.as_credit,
    ),
    Entry(
        "store_credit.granted",
        "credit_given",
        _("store credit, given"),
        _("You have more store credit: order %(order)s"),
        when=circumstances.given_by_hand,
    ),
    Entry(
        "store_credit.ending",
        "credit_ending",
        _("store credit ends soon"),
        _("Your store credit can soon be spent no more: order %(order)s"),
        can_wait=True,
    ),
    Entry(
        "refund.settled",
        "refund_booked",
        _("refund, for accounting"),
        _("Refund paid: order %(order)s"),
        audience=Audience.ACCOUNTING,
    ),
    Entry(
        "refund.failed",
        "refund_failed",
        _("refund came back"),
        _("Your refund for order %(order)s came back to us"),
        when=circumstances.late,
    ),
    Entry(
        "refund.failed",
        "refund_reversed",
        _("refund reversed, for accounting"),
        _("Refund reversed: order %(order)s"),
        audience=Audience.ACCOUNTING,
        when=circumstances.late,
    ),
    Entry("rma.canceled", "canceled", _("canceled"), _("Your return for order %(order)s is canceled")),
    Entry(
        "rma.reminded",
        "reminder",
        _("reminder to post it"),
        _("Your return for order %(order)s runs out soon"),
        can_wait=True,
    ),
    Entry("rma.expired", "expired", _("ran out"), _("Your return for order %(order)s has run out")),
    Entry(
        "rma.closed",
        SURVEY,
        _("survey"),
        _("How was your return for order %(order)s?"),
        when=circumstances.not_yet_asked,
        delay=SURVEY_AFTER,
    ),
    Entry(
        "rma.closed",
        GIFT_RETURNED,
        _("gift came back, for the buyer"),
        _("Something you gave has come back: order %(order)s"),
        audience=Audience.BUYER,
        when=circumstances.buyer_hears_of_it,
    ),
    Entry(
        "stock_warnings.changed",
        "stock_digest",
        _("stock, for managers"),
        _("What runs low, and what piles up"),
        audience=Audience.STAFF,
    ),
    Entry("portal.link_asked", "portal_link", _("link to an order"), _("Your link for order %(order)s")),
)

EVENTS = tuple(dict.fromkeys(entry.event for entry in CATALOGUE))
LABELS = {entry.template: entry.label for entry in CATALOGUE}
ENTRY_OF = {entry.template: entry for entry in CATALOGUE}


def entries_for(occasion: Occasion) -> list[Entry]:
    """What is to be written about this, in table order."""
    return [entry for entry in CATALOGUE if entry.event == occasion.event.name and entry.when(occasion)]
