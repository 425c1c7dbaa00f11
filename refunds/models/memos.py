import base64
import hmac
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from oms.identifiers import uuid7
from oms.models import Order, OrderLine, UnitClaim
from oms.models.orders import MONEY
from refunds.states import RefundSource
from returns.models import RMA, Outcome, Receipt, ReturnLine


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

    @property
    def signature(self) -> str:
        """What makes the customer's link to the paper unguessable; it ends with the links of the return."""
        message = f"memo-link/{self.ref}/{self.rma.link_version if self.rma else 0}".encode()
        digest = hmac.digest(settings.SECRET_KEY.encode(), message, "sha256")[:16]
        return base64.b32encode(digest).decode().rstrip("=").lower()

    def get_portal_path(self) -> str:
        return reverse("documents:memo", args=[self.number, self.signature])

    def get_portal_url(self) -> str:
        """Where its customer reads it: a whole address, for mails."""
        return settings.PUBLIC_URL + self.get_portal_path()

    @property
    def document(self) -> str:
        """The number printed on it, "" until its transaction ends, and for memos taken over from earlier records."""
        return str(self.numbering) if hasattr(self, "numbering") else ""

    @property
    def known_as(self) -> str:
        """What everybody calls it: the number printed on it, or ours where none is."""
        return self.document or self.number


class MemoSeries(models.Model):
    """A run of memo numbers without a gap: one per market and year. PostgreSQL counts it, as a verb's last lock."""

    name = models.CharField(max_length=12, unique=True)  # "2026"; "GB2026" for the market GB
    last = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("series of credit memos")
        verbose_name_plural = _("series of credit memos")

    def __str__(self) -> str:
        return self.name


class MemoNumber(models.Model):
    """The number of a credit memo in its series, given by a trigger when its transaction ends. Never changed."""

    memo = models.OneToOneField(CreditMemo, models.PROTECT, related_name="numbering")
    series = models.CharField(_("series"), max_length=12)
    serial = models.PositiveIntegerField(_("number"))

    class Meta:
        verbose_name = _("number of a credit memo")
        verbose_name_plural = _("numbers of credit memos")
        constraints = [
            models.UniqueConstraint(fields=["series", "serial"], name="memo_number_once"),
            models.CheckConstraint(condition=models.Q(serial__gt=0), name="memo_number_positive"),
        ]

    def __str__(self) -> str:
        return f"CM-{self.series}-{self.serial:05d}"


class CreditMemoLine(models.Model):
    """One thing owed. An outcome, an advance on a return line, a loss of the carrier, a canceled claim: each once."""

    memo = models.ForeignKey(CreditMemo, models.PROTECT, related_name="lines")
    order_line = models.ForeignKey(OrderLine, models.PROTECT, related_name="credit_memo_lines", null=True)
    outcome = models.OneToOneField(Outcome, models.PROTECT, null=True, related_name="credit_memo_line")
    advance_for = models.OneToOneField(ReturnLine, models.PROTECT, null=True, related_name="advance")
    lost = models.OneToOneField(Receipt, models.PROTECT, null=True, related_name="credit_memo_line")
    claim = models.OneToOneField(UnitClaim, models.PROTECT, null=True, related_name="credit_memo_line")
    quantity = models.PositiveIntegerField()
    gross = models.DecimalField(**MONEY)
    tax = models.DecimalField(**MONEY, default=0)

    class Meta:
        verbose_name = _("credit memo line")
        verbose_name_plural = _("credit memo lines")

    def __str__(self) -> str:
        return f"credit memo line {self.pk}"
