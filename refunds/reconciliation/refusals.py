"""Why a verb of the reconciliation says no."""

from django.utils.translation import gettext_lazy as _

from oms.refusals import Refused


class NothingToCompare(Refused):
    code = "nothing_to_compare"
    sentence = _("There is nothing to compare with: no payment provider is in use and no file was given.")


class PeriodUnusable(Refused):
    code = "period_unusable"
    sentence = _("The period must end after it begins and be no longer than %(days)s days.")


class SeenBefore(Refused):
    code = "seen_before"
    sentence = _("This file was compared already, in %(run)s. To compare it again, say so.")


class NotAReconciler(Refused):
    code = "not_a_reconciler"
    sentence = _("%(name)s may not work on discrepancies.")


class ReasonNeeded(Refused):
    code = "reason_needed"
    sentence = _("Say how this was settled, and why.")


class NoFeeToBook(Refused):
    code = "no_fee_to_book"
    sentence = _("Only a fee that the provider kept for a refund of ours can be booked here.")


class NothingSaid(Refused):
    code = "nothing_said"
    sentence = _("Write what you found out.")
