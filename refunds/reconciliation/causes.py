"""Why two books differ: each difference has exactly one of these causes."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Book(TextChoices):
    """Which book of somebody else is compared with ours."""

    PROVIDER = "provider", _("payment provider")
    PAYOUT = "payout", _("payouts")
    ACCOUNTING = "accounting", _("accounting")


class Cause(TextChoices):
    IN_TRANSIT = "in_transit", _("in transit")
    STATUS = "status", _("another status")
    FAILED_LATER = "failed_later", _("failed later")
    DASHBOARD = "dashboard", _("made in the dashboard")
    FEE = "fee", _("fee")
    CURRENCY = "currency", _("currency")
    AMOUNT = "amount", _("amount")
    DUPLICATE = "duplicate", _("duplicate")
    WRONG_ORDER = "wrong_order", _("wrong order")
    COMBINED = "combined", _("several in one")
    SPLIT = "split", _("one in several")
    MISSING_HERE = "missing_here", _("missing here")
    MISSING_THERE = "missing_there", _("missing there")
    PAYOUT_GAP = "payout_gap", _("payout gap")
    DATE = "date", _("date")


# What each cause means, in a sentence for who has to act on it.
MEANINGS = {
    Cause.IN_TRANSIT: _("It left us and has not arrived there yet, which is normal for so short a time."),
    Cause.STATUS: _("Both know this refund and disagree about whether it was paid."),
    Cause.FAILED_LATER: _("We show it as paid back, but it failed afterwards: the customer has not got the money."),
    Cause.DASHBOARD: _("Somebody refunded this at the provider, past Homeward."),
    Cause.FEE: _("The provider kept a fee for this refund that nobody booked."),
    Cause.CURRENCY: _("Both know this refund, in different currencies."),
    Cause.AMOUNT: _("Both know this refund, with different amounts."),
    Cause.DUPLICATE: _("The same refund is there more than once."),
    Cause.WRONG_ORDER: _("It is booked there on another order or payment than here."),
    Cause.COMBINED: _("One entry there stands for several refunds here; together they are the same amount."),
    Cause.SPLIT: _("Several entries there stand for one refund here; together they are the same amount."),
    Cause.MISSING_HERE: _("It is there, and we know nothing of it."),
    Cause.MISSING_THERE: _("We have it, and it has not shown up there although it should have by now."),
    Cause.PAYOUT_GAP: _("The payout is not the sum of what it is made of."),
    Cause.DATE: _("It is booked there on another day, or in another month."),
}

# How a badge colors each cause.
TONES = {
    Cause.IN_TRANSIT: "moving",
    Cause.FAILED_LATER: "bad",
    Cause.DUPLICATE: "bad",
    Cause.MISSING_HERE: "bad",
    Cause.MISSING_THERE: "bad",
    Cause.PAYOUT_GAP: "bad",
    Cause.DASHBOARD: "careful",
    Cause.STATUS: "careful",
    Cause.CURRENCY: "careful",
    Cause.AMOUNT: "careful",
    Cause.WRONG_ORDER: "careful",
    Cause.FEE: "",
    Cause.COMBINED: "",
    Cause.SPLIT: "",
    Cause.DATE: "",
}
