from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.identifiers import uuid7
from oms.models import Order, OrderLine, UnitClaim
from oms.models.orders import MONEY
from refunds.states import RefundSource
from returns.models import RMA, Outcome, ReturnLine


class CreditMemo(models.Model):
    """What is owed and why, to the last unit of the currency: the document over one or several refunds.

    One memo, one refund per payment it goes back to; so "is it owed" (memo lines) and "is it paid" (refunds) stay two
    facts. Never changed once written.
    """

    ref = models.UUIDField(default=uuid7, editable=False)
    number = models.CharField(_("number"), max_length=24, unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="credit_memos")
    rma = models.ForeignKey(RMA, models.PROTECT, related_name="credit_memos", null=True)
    source = models.CharField(max_length=16, choices=RefundSource)
    currency = models.CharField(max_length=3)
    net = models.DecimalField(**MONEY)
    tax = models.DecimalField(**MONEY)
    total = models.DecimalField(**MONEY)
    fees = models.DecimalField(**MONEY, default=0)
    quote = models.JSONField(default=dict)  # the working, as shown
    form_token = models.UUIDField(null=True, unique=True, editable=False)  # one form on one screen makes one memo
    issued_at = models.DateTimeField()

    class Meta:
        verbose_name = _("credit memo")
        verbose_name_plural = _("credit memos")
        constraints = [models.CheckConstraint(condition=Q(total__gte=0), name="memo_total")]

    def __str__(self) -> str:
        return self.number

    def taxes(self) -> dict[Decimal | None, Decimal]:
        """The tax in its total by rate in percent, fees' tax taken off; under None what no rate explains."""
        by_rate: dict[Decimal | None, Decimal] = {}
        for sign, entries in ((1, ("lines", "shipping")), (-1, ("fees",))):
            for entry in (one for name in entries for one in self.quote.get(name, ())):
                rate = Decimal(entry["tax_rate"] or 0)
                if rate and Decimal(entry["tax"]):
                    by_rate[rate] = by_rate.get(rate, Decimal(0)) + sign * Decimal(entry["tax"])
        if rest := self.tax - sum(by_rate.values(), Decimal(0)):
            by_rate[None] = rest
        return by_rate


class CreditMemoLine(models.Model):
    """One thing owed. An outcome, an advance on a return line, a canceled claim: each is owed at most once."""

    memo = models.ForeignKey(CreditMemo, models.PROTECT, related_name="lines")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="credit_memo_lines", null=True)
    outcome = models.OneToOneField(Outcome, models.PROTECT, null=True, related_name="credit_memo_line")
    advance_for = models.OneToOneField(ReturnLine, models.PROTECT, null=True, related_name="advance")
    claim = models.OneToOneField(UnitClaim, models.PROTECT, null=True, related_name="credit_memo_line")
    quantity = models.PositiveIntegerField()
    gross = models.DecimalField(**MONEY)
    tax = models.DecimalField(**MONEY, default=0)

    class Meta:
        verbose_name = _("credit memo line")
        verbose_name_plural = _("credit memo lines")

    def __str__(self) -> str:
        return f"credit memo line {self.pk}"
