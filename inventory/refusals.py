from django.utils.translation import gettext_lazy as _

from oms.refusals import Refused


class NotThatMany(Refused):
    code = "not_that_many"
    sentence = _("There are not that many of %(sku)s in %(bin)s.")


class NotSellable(Refused):
    code = "not_sellable"
    sentence = _("Goods in this condition cannot go back into sellable stock.")


class NotAvailable(Refused):
    code = "not_available"
    sentence = _("%(sku)s: %(asked)s asked for, %(left)s available now.")


class NotThatManyValued(Refused):
    code = "not_that_many_owned"
    sentence = _("%(sku)s: %(asked)s asked for, %(left)s are ours.")


class MoreThanIssued(Refused):
    code = "more_than_issued"
    sentence = _("%(sku)s: %(asked)s come back, %(left)s of that issue are out.")


class NotThatManyOfLot(Refused):
    code = "not_that_many_of_lot"
    sentence = _("Lot %(lot)s: %(asked)s asked for, %(left)s here.")


class LotNotSold(Refused):
    code = "lot_not_sold"
    sentence = _("Of %(sku)s, %(left)s units of lot %(lot)s are with the customer.")


class SerialIsElsewhere(Refused):
    code = "serial_is_elsewhere"
    sentence = _("%(code)s went out with another order and has not come back.")


class CountedAlready(Refused):
    code = "counted_already"
    sentence = _("Somebody is counting %(bin)s already.")


class NothingCounted(Refused):
    code = "nothing_counted"
    sentence = _("Enter what you found, 0 where nothing is left.")


class OwnCount(Refused):
    code = "own_count"
    sentence = _("Whoever counted cannot approve it: somebody else has to.")


class StockMovedMeanwhile(Refused):
    code = "stock_moved_meanwhile"
    sentence = _("%(sku)s moved in this bin after it was counted. Have it counted again.")
