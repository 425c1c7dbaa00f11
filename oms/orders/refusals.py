"""Why a verb of orders says no."""

from django.utils.translation import gettext_lazy as _

from oms.refusals import Refused


class OrderNumberTaken(Refused):
    code = "order_number_taken"
    sentence = _("There is another order %(number)s already.")


class NoLines(Refused):
    code = "no_lines"
    sentence = _("Name at least one line and how many of it.")


class LineNotOfOrder(Refused):
    code = "line_not_of_order"
    sentence = _("Line %(line)s is not part of order %(number)s.")


class QuantityNotPossible(Refused):
    code = "quantity_not_possible"
    sentence = _("%(sku)s: %(asked)s asked for, %(left)s not shipped yet.")


class OrderMovedOn(Refused):
    code = "order_moved_on"
    sentence = _("Some of order %(number)s was shipped or canceled since you looked. Nothing was canceled just now.")


class GoesOutForReturn(Refused):
    code = "goes_out_for_return"
    sentence = _("This goes out because of return %(return)s: decide there what becomes of it.")


class MoreThanOwed(Refused):
    code = "more_than_owed"
    sentence = _("%(owed)s %(currency)s is left to pay for order %(number)s.")


class NothingToShip(Refused):
    code = "nothing_to_ship"
    sentence = _("Everything of order %(number)s was shipped or canceled already.")


class NothingToDeliver(Refused):
    code = "nothing_to_deliver"
    sentence = _("No parcel %(tracking)s of order %(number)s is on its way.")
