"""What a rule says, in the reader's language. Stored decisions keep code and facts; the words are made when read."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from oms.money import Money
from oms.templatetags.components import money as money_words

# How a deadline is written inside a sentence: a format of Django's date filter.
DATE_AND_TIME = _("j F Y, H:i")

# Facts that are money where a currency stands beside them.
MONEY = ("amount", "limit", "value")

Facts = Mapping[str, str | int]

SENTENCES = {
    # window
    "window_open": _("Can be sent back until %(deadline_at)s."),
    "window_closed": _("The return window of %(days)s days closed on %(deadline_at)s."),
    # the line itself
    "final_sale": _("This was a final sale and cannot be sent back."),
    "not_shipped": _("Not yet sent to you: %(count)s. You can cancel instead of returning."),
    "already_returned": _("Already returned or on the way back: %(count)s. Left to return: %(left)s."),
    # what the customer says
    "reason_missing": _("Tell us why it comes back."),
    "reason_not_accepted": _("Returns for this reason are not accepted."),
    "condition_missing": _("Tell us what condition it is in."),
    "condition_not_accepted": _("We do not take this item back in this condition."),
    "photo_missing": _("Photos needed for this reason: %(count)s."),
    # what a person looks at
    "value_needs_review": _("Returns worth more than %(limit)s are looked at by a person."),
    "value_within_limit": _("Worth %(value)s, within the limit of %(limit)s."),
    "history_needs_review": _("A person looks at this return before it is approved."),
    "resolution_needs_review": _("A person decides how this return is settled."),
    "resolution_chosen": _("Settled as chosen."),
    # money and paper
    "choice_open": _("Open to you for this return."),
    "choice_until": _("Open to you until %(deadline_at)s."),
    "choice_after_money": _("The time for money back was over on %(deadline_at)s; this is what applies since."),
    "choice_too_late": _("This could be chosen until %(deadline_at)s."),
    "choice_not_for_all": _("Not for everything you send back together."),
    "choice_keep": _("It is worth %(limit)s or less, so it need not come back to us."),
    "choice_kept_before": _("You kept something for its money %(count)s times within a year; more is not possible."),
    "choice_kept_worth": _("What you may keep for its money within a year is %(limit)s; this is more."),
    "nothing_travels": _("You keep the goods. The money is sent at once."),
    "restocking_fee_percent": _("A restocking fee of %(percent)s %% is kept."),
    "restocking_fee_amount": _("A restocking fee of %(amount)s is kept."),
    "label_free": _("The return label is free."),
    "label_charged": _("The return label costs %(amount)s."),
    "shipping_back": _("What you paid for shipping, %(amount)s, comes back too."),
    "shipping_back_with_all": _("With everything sent back, what you paid for shipping, %(amount)s, comes back too."),
    "promotions_requalify": _("A discount that asked for a minimum is counted anew for what you keep."),
    "label_charged_percent": _("The return label costs %(percent)s %% of what comes back."),
    "needs_pickup": _("We collect this from you: it may not travel by ordinary post."),
    "label_own": _("Please send the parcel with a carrier of your choice."),
    "refund_at_scan": _("The money is sent when the carrier has scanned the parcel."),
    "refund_at_delivery": _("The money is sent when the carrier has delivered the parcel."),
    "refund_at_receipt": _("The money is sent when the parcel is booked in at our warehouse."),
    "refund_at_inspection": _("The money is sent when we have looked at what you sent."),
    "post_by": _("Please post the parcel by %(expires_at)s."),
    # the smallest change that would turn a decision round
    "flip_ask_earlier": _("Asked before %(deadline_at)s it would have been accepted."),
    "flip_ask_later": _("Asked on or after %(deadline_at)s it would be refused."),
    "flip_not_final_sale": _("Had it not been a final sale, or had it arrived damaged or wrong, it could come back."),
    "flip_reason": _("One of these reasons would be accepted: %(choices)s."),
    "flip_condition": _("One of these conditions would be accepted: %(choices)s."),
    "flip_photo": _("Photos to add: %(count)s."),
    "flip_quantity": _("Ask for %(left)s instead of %(asked)s."),
    "flip_shipped": _("It can come back once it has been sent to you."),
    "flip_value_down": _("Worth %(limit)s or less, no person would have to look."),
    "flip_value_up": _("Worth more than %(limit)s, a person would have to look."),
    "flip_history": _("With at most %(limit)s returns in %(days)s days no person would have to look."),
    "flip_resolution": _("One of these would be settled at once: %(choices)s."),
    "flip_choose_earlier": _("Before %(deadline_at)s it could have been settled this way."),
    "flip_choose_later": _("From %(deadline_at)s on it could no longer be settled this way."),
    "flip_keep_value": _("Worth more than %(limit)s, it would have to come back."),
    "flip_kept": _("Kept less than %(limit)s times within a year, this could be kept too."),
    "flip_kept_value": _("With less kept within a year this could be kept too, up to %(limit)s in all."),
    "flip_leave_out": _("Leave out %(lines)s, and the rest is decided on its own."),
}


def say(code: str, facts: Facts) -> str:
    """The sentence of `code`; facts named `…_at` are ISO instants, shown as date and time of the market."""
    return str(SENTENCES[code]) % {name: _shown(name, value, facts.get("currency")) for name, value in facts.items()}


def _shown(name: str, value: str | int, currency: str | int | None) -> str | int:
    if name.endswith("_at"):
        return date_format(datetime.fromisoformat(str(value)), str(DATE_AND_TIME))
    if name in MONEY and currency:
        return money_words(Money.rounded(Decimal(value), str(currency)))
    return value
