from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.models.orders import MONEY
from returns.leak_states import LabelRefundStatus
from returns.models.parcels import Parcel


class LabelRefund(models.Model):
    """A label that was never used, given back to the carrier: asked for once, answered within days or weeks."""

    parcel = models.OneToOneField(Parcel, models.PROTECT, related_name="label_refund")
    status = models.CharField(_("status"), max_length=16, choices=LabelRefundStatus)
    carrier = models.CharField(_("carrier"), max_length=40)
    amount = models.DecimalField(_("price of the label"), **MONEY)
    currency = models.CharField(max_length=3)
    times = models.PositiveSmallIntegerField(_("asked"), default=1)
    asked_at = models.DateTimeField(_("asked"))
    looked_up_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(_("answered"), null=True)

    class Meta:
        verbose_name = _("label given back")
        verbose_name_plural = _("labels given back")
        indexes = [
            # asking for the answer, longest not asked for first
            models.Index(
                fields=["looked_up_at"], name="label_refund_open", condition=Q(status=LabelRefundStatus.SUBMITTED)
            ),
            # money recovered by month
            models.Index(
                fields=["answered_at"], name="label_refund_paid", condition=Q(status=LabelRefundStatus.REFUNDED)
            ),
        ]

    def __str__(self) -> str:
        return f"label {self.parcel_id}"
