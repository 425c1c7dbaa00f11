"""Why store credit is refused: each a sentence that names the rule. Nothing is ever clipped to fit."""

from django.utils.translation import gettext_lazy as _

from oms.refusals import Refused


class CreditRefused(Refused):
    """Base of every refusal of store credit."""

    code = "credit_refused"


class NoSuchCredit(CreditRefused):
    code = "no_such_credit"
    sentence = _("There is no store credit %(number)s.")


class NoSuchEntry(CreditRefused):
    code = "no_such_entry"
    sentence = _("There is no entry %(reference)s of store credit that this could be about.")


class NobodysCredit(CreditRefused):
    code = "nobodys_credit"
    sentence = _("Store credit belongs to a customer, and this order has none.")


class ForeignCredit(CreditRefused):
    code = "foreign_credit"
    sentence = _("Store credit %(number)s belongs to another customer.")


class OtherCurrency(CreditRefused):
    code = "other_currency"
    sentence = _("Store credit %(number)s is in %(currency)s; it cannot pay %(asked)s.")


class NotEnoughCredit(CreditRefused):
    code = "not_enough_credit"
    sentence = _("Store credit %(number)s: %(asked)s asked for, %(left)s left to spend.")


class CreditExpired(CreditRefused):
    code = "credit_expired"
    sentence = _("Store credit %(number)s: %(asked)s asked for, %(left)s left to spend; %(expired)s has expired.")


class MoreThanWasTaken(CreditRefused):
    """More than an authorization holds, or more back than was spent."""

    code = "more_than_was_taken"
    sentence = _("%(reference)s: %(asked)s asked for, %(left)s left of it.")


class StillSetAside(CreditRefused):
    code = "still_set_aside"
    sentence = _("%(amount)s of this credit is set aside for an order; it cannot be taken back until that is settled.")


class NothingLeftOfIt(CreditRefused):
    code = "nothing_left_of_it"
    sentence = _("Nothing of this credit is left to take back.")


class MoreThanLeft(CreditRefused):
    code = "more_than_left"
    sentence = _("Only %(left)s of this credit is left; it cannot be lowered by %(asked)s.")


class CauseTaken(CreditRefused):
    code = "cause_taken"
    sentence = _("This was done already, with another amount or for another credit.")


class OwnCreditRequest(CreditRefused):
    """Four eyes: nobody agrees to what they asked for themselves."""

    code = "own_request"
    sentence = _("You asked for this credit yourself, so another person has to agree.")


class MoreThanUnpaid(CreditRefused):
    code = "more_than_unpaid"
    sentence = _("Order %(number)s: %(asked)s asked for, %(left)s still to be paid.")


class NotGivenByHand(CreditRefused):
    code = "not_given_by_hand"
    sentence = _("Credit for a refund or a bonus comes with the refund; by hand only goodwill and gifts are given.")


class PageIsOpen(CreditRefused):
    code = "page_is_open"
    sentence = _("A payment page is open for this exchange: pay there, or use store credit once that page has closed.")
