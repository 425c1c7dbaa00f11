"""What the valuation refuses. Each names the position of the event."""

from django.utils.translation import gettext_lazy as _

from oms.refusals import Refused


class ValuationRefused(Refused):
    """Base of what the arithmetic refuses; `at` is the position of the event."""

    code = "valuation_refused"


class QuantityNotPositive(ValuationRefused):
    code = "not_positive"
    sentence = _("Event %(at)s: the quantity must be more than zero.")


class NegativeCost(ValuationRefused):
    code = "negative_cost"
    sentence = _("Event %(at)s: the unit cost must not be negative.")


class MoreThanOnHand(ValuationRefused):
    code = "more_than_on_hand"
    sentence = _("Event %(at)s: %(asked)s asked for, %(left)s on hand.")


class MoreThanIssued(ValuationRefused):
    code = "more_than_issued"
    sentence = _("Event %(at)s: %(asked)s come back, %(left)s of that issue are out.")


class UnknownEvent(ValuationRefused):
    code = "unknown_reference"
    sentence = _("Event %(at)s: %(reference)s is no earlier %(op)s.")


class LotMissing(ValuationRefused):
    code = "lot_missing"
    sentence = _("Event %(at)s: specific identification needs the lot that an issue takes from.")
