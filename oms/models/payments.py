from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from oms.models.orders import MONEY, Order
from oms.states import PaymentMethod


class Payment(models.Model):
    """Money captured for an order. `refunded + in_flight ≤ captured` is the wall behind every refund (p3, p4)."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments")
    method = models.CharField(_("method"), max_length=16, choices=PaymentMethod)
    provider_id = models.CharField(_("provider's number"), max_length=80, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    captured = models.DecimalField(_("captured"), **MONEY)
    refunded = models.DecimalField(_("refunded"), **MONEY, default=0)
    in_flight = models.DecimalField(_("on its way back"), **MONEY, default=0)
    captured_at = models.DateTimeField(_("captured"))
    # Value that came in with this payment and pays for exchanged goods: what goes back goes back there (rule 9).
    carried_from = models.ForeignKey("self", models.PROTECT, null=True, related_name="carried_on")

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.CheckConstraint(condition=Q(captured__gte=F("refunded") + F("in_flight")), name="payment_cap"),
            models.CheckConstraint(condition=Q(refunded__gte=0, in_flight__gte=0), name="payment_amounts"),
            models.UniqueConstraint(
                fields=["method", "provider_id"],
                condition=~Q(provider_id="") & Q(carried_from=None),
                name="payment_provider_once",
            ),
        ]

    def __str__(self) -> str:
        return f"payment {self.pk}"

    @property
    def refundable(self) -> Decimal:
        """What may still go back: captured less refunded less on its way."""
        return self.captured - self.refunded - self.in_flight
