"""Why a return's verb says no: sentences for people, codes for programs."""

from django.utils.translation import gettext_lazy as _

from oms.refusals import Refused


class NothingWanted(Refused):
    code = "nothing_wanted"
    sentence = _("Choose at least one item to send back.")


class ForeignLine(Refused):
    code = "foreign_line"
    sentence = _("One of the chosen items does not belong to this order.")


class UnknownReason(Refused):
    code = "unknown_reason"
    sentence = _("Choose one of the reasons.")


class UnknownCondition(Refused):
    code = "unknown_condition"
    sentence = _("Choose one of the conditions.")


class TooMany(Refused):
    code = "too_many"
    sentence = _("Of %(sku)s, %(left)s can come back, not %(asked)s.")


class QuoteChanged(Refused):
    """What the customer confirmed is not what would be paid now; the page shows the new amounts."""

    code = "quote_changed"
    sentence = _("The amount changed from %(confirmed)s to %(total)s since you last saw it. Please look again.")


class ReasonNeeded(Refused):
    code = "reason_needed"
    sentence = _("Write a sentence for the customer.")


class NothingExpected(Refused):
    code = "nothing_expected"
    sentence = _("The customer keeps these goods: nothing is to come back. A manager decides what becomes of them.")


class PaidAlready(Refused):
    code = "paid_already"
    sentence = _("The money for this is on its way already, so it can no longer be changed.")


class NothingToGiveBack(Refused):
    code = "nothing_to_give_back"
    sentence = _("%(skus)s cannot come back now, so there is nothing to make a link for.")


class NothingGiven(Refused):
    code = "nothing_given"
    sentence = _("Choose what was the gift.")


class GiftLinksNotOffered(Refused):
    code = "gift_links_not_offered"
    sentence = _("We make gift links ourselves: please write to us or call.")


class GiftLinkEnded(Refused):
    code = "gift_link_ended"
    sentence = _("This link does not work any more, or never did. Please ask whoever gave it to you for a new one.")


class GiftPaysCredit(Refused):
    code = "gift_pays_credit"
    sentence = _("What was a gift is settled as store credit of whoever sends it back, and no other way.")


class NotOffered(Refused):
    code = "not_offered"
    sentence = _("That is not possible for this return.")


class MoreThanAnnounced(Refused):
    code = "more_than_announced"
    sentence = _("%(sku)s: %(outstanding)s still expected, %(asked)s entered.")


class NothingArrived(Refused):
    code = "nothing_arrived"
    sentence = _("Enter how many pieces arrived.")


class MoreThanReceived(Refused):
    code = "more_than_received"
    sentence = _("%(sku)s: %(left)s not yet inspected, %(asked)s entered.")


class NothingFound(Refused):
    code = "nothing_found"
    sentence = _("Enter what you found.")


class OverrideNeedsReason(Refused):
    code = "override_needs_reason"
    sentence = _("Say why the disposition differs from the suggestion.")


class SurveyAnswered(Refused):
    code = "survey_answered"
    sentence = _("You have already told us how it went. Thank you.")


class NotExchangeable(Refused):
    code = "not_exchangeable"
    sentence = _("%(sku)s cannot be exchanged for %(wanted)s.")


class NothingInstead(Refused):
    code = "nothing_instead"
    sentence = _("Choose what you want instead.")


class AlreadySent(Refused):
    """What goes out is packed or on its way: the return cannot be undone any more (p52)."""

    code = "already_sent"
    sentence = _("What goes out for this return is packed or on its way already, so it cannot be called off any more.")


class LabelUsed(Refused):
    code = "label_used"
    sentence = _("This label is no longer waiting to be used, so nothing about it can be changed.")


class NotSpread(Refused):
    code = "not_spread"
    sentence = _("Put every piece into exactly one parcel, and something into each.")


class NothingToPack(Refused):
    code = "nothing_to_pack"
    sentence = _("%(sku)s is not part of this order, or all of it is in the box already.")


class WaitsForAnswer(Refused):
    code = "waits_for_answer"
    sentence = _("These goods are still the customer's: nothing becomes of them before the answer.")


class GoodsAreGone(Refused):
    code = "goods_are_gone"
    sentence = _("These goods are not here any more, or promised to somebody.")


class InTheWorkshop(Refused):
    code = "in_the_workshop"
    sentence = _("Somebody works on these goods. Finish or call off the work order first.")


class NotThatManyHere(Refused):
    code = "not_that_many_here"
    sentence = _("%(left)s are here, not %(asked)s.")


class NothingChanged(Refused):
    code = "nothing_changed"
    sentence = _("That is what is decided already. Choose something else.")


class NotForAVendor(Refused):
    code = "not_for_a_vendor"
    sentence = _("Only goods set aside to go back to a vendor can be gathered.")


class VendorUnknown(Refused):
    code = "vendor_unknown"
    sentence = _("We do not know who sold us %(sku)s. Name the vendor.")


class NothingGathered(Refused):
    code = "nothing_gathered"
    sentence = _("Nothing is gathered for this vendor yet.")


class NotTheOneSold(Refused):
    code = "not_the_one_sold"
    sentence = _("This is not the one sold: it cannot be accepted. The service desk can say that our record is wrong.")


class StillToBeDecided(Refused):
    code = "still_to_be_decided"
    sentence = _("The service desk says first whether this is the one sold. Nothing was written down.")


class NothingToTakeBack(Refused):
    code = "nothing_to_take_back"
    sentence = _("Nothing of the last minute is left to take back.")


class TooLateToTakeBack(Refused):
    """After a minute others may have relied on it: a person with that role says why."""

    code = "too_late_to_take_back"
    sentence = _("More than a minute has passed. A manager can correct the count, with a reason.")


class FollowedAlready(Refused):
    code = "followed_already"
    sentence = _("Something followed from it already (%(what)s), so it stays as it is.")


class NoSuchReturn(Refused):
    code = "no_such_return"
    sentence = _("There is no return with this number.")


class NotExpectedThere(Refused):
    code = "not_expected_there"
    sentence = _("%(rma)s waits for %(left)s of this product, not %(asked)s.")


class OtherWarehouse(Refused):
    code = "other_warehouse"
    sentence = _("%(bin)s belongs to another warehouse.")


class OtherKindOfBin(Refused):
    code = "other_kind_of_bin"
    sentence = _("%(bin)s is for goods that are “%(is_for)s”; these are “%(goods)s”.")


class PutAwayAlready(Refused):
    code = "put_away_already"
    sentence = _("%(sku)s: nothing of it waits to be put away.")


class WhyNeeded(Refused):
    code = "why_needed"
    sentence = _("Choose the answer that fits best.")


class MoneyFollowsGoods(Refused):
    code = "money_follows_goods"
    sentence = _("Nothing is to be decided here: the money follows when the goods are back, or they still arrive.")


class NeverScanned(Refused):
    code = "never_scanned"
    sentence = _("The carrier never scanned this parcel, so it was not lost on the way.")


class NothingLost(Refused):
    code = "nothing_lost"
    sentence = _("Everything of this parcel is here, or on its way back by another return.")


class ClaimNotPossible(Refused):
    code = "claim_not_possible"
    sentence = _("A claim is more than nothing, and no more comes back than was claimed.")


class NotToBeSent(Refused):
    code = "not_to_be_sent"
    sentence = _("This return is on its way already, or nothing of it is to be sent.")


class NotCollected(Refused):
    code = "not_collected"
    sentence = _("There is nothing to collect from the customer: it is here already, or was called off, or is posted.")


class DayOutOfReach(Refused):
    code = "day_out_of_reach"
    sentence = _("Choose a day from today on, at most 60 days away.")


class LabelIsPaid(Refused):
    code = "label_is_paid"
    sentence = _("Our label is part of what you confirmed and pay for. Write to us to send it yourself.")


class NumberTaken(Refused):
    code = "number_taken"
    sentence = _("This number belongs to another parcel. Look at the receipt of your own one.")
