"""Why an amount is refused. Each is a sentence naming the rule; nothing is ever clipped to fit (W16, p4)."""

from django.utils.translation import gettext_lazy as _

from oms.refusals import Refused


class AmountRefused(Refused):
    """Base of every refusal of the money arithmetic."""

    code = "amount_refused"


class TermsUnusable(AmountRefused):
    """The order, line, fee or payment does not add up by itself: a discount above the price, a negative quantity."""

    code = "terms_unusable"
    sentence = _("%(what)s: %(why)s.")


class NotPositive(AmountRefused):
    code = "not_positive"
    sentence = _("%(what)s: what is asked for must be more than zero.")


class MoreThanIsLeft(AmountRefused):
    code = "more_than_is_left"
    sentence = _("%(what)s: %(asked)s asked for, %(left)s left.")


class NothingLeft(AmountRefused):
    code = "nothing_left"
    sentence = _("%(what)s: nothing is left to refund.")


class NothingReturned(AmountRefused):
    code = "nothing_returned"
    sentence = _("A return names at least one line or shipping entry.")


class UnknownReference(AmountRefused):
    code = "unknown_reference"
    sentence = _("%(what)s is not part of this order.")


class FeesExceedReturn(AmountRefused):
    code = "fees_exceed_return"
    sentence = _("Fees of %(fees)s are more than the %(returned)s that come back.")


class PaymentsExhausted(AmountRefused):
    code = "payments_exhausted"
    sentence = _("%(asked)s is more than the %(left)s left on the payments of this order.")


class GoodwillCapped(AmountRefused):
    code = "goodwill_capped"
    sentence = _("Goodwill on this order may come to %(most)s in all; %(given)s was given, so %(asked)s is too much.")


class OwnRequest(Refused):
    """Four eyes: nobody lets money out that they asked for themselves."""

    code = "own_request"
    sentence = _("You asked for this refund or looked at its goods yourself, so another person has to approve it.")


class MayNotApprove(Refused):
    code = "may_not_approve"
    sentence = _("Only a member of finance or an administrator approves refunds.")


class ApprovalStale(Refused):
    """The refund changed after the page was opened."""

    code = "approval_stale"
    sentence = _("This refund has changed since you opened it. Look at it again before you decide.")


class WayNotOpen(Refused):
    code = "way_not_open"
    sentence = _("This refund cannot go that way.")


class SentBefore(Refused):
    code = "sent_before"
    sentence = _("This refund was sent before, so it stays with its payment.")


class NotForAPerson(Refused):
    """The provider knows where this refund stands, so nobody says it by hand."""

    code = "not_for_a_person"
    sentence = _("The payment provider answers for this refund; it cannot be settled by hand.")


class NothingGoesOut(Refused):
    """The exchange was called off before its money came to it."""

    code = "nothing_goes_out"
    sentence = _("Nothing goes out for this return any more, so this cannot pay for it.")


class NothingToPay(Refused):
    code = "nothing_to_pay"
    sentence = _("There is nothing to pay for this exchange now.")


class EvidenceMissing(Refused):
    code = "evidence_missing"
    sentence = _("Say how it was paid and under which reference, so that it can be found again.")


class ReasonMissing(Refused):
    code = "reason_missing"
    sentence = _("Say why.")


class NotOurs(Exception):
    """The provider speaks of a refund that fits none of our attempts; a person looks. `code` says what does not fit."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
