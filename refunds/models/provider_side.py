from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.models import Payment, StreamOwner
from oms.models.orders import MONEY
from refunds.models.refunds import Refund
from refunds.states import DisputeStatus, ExternalStatus


class PaymentDispute(models.Model):
    """The customer asked the bank or PayPal for the money: until that is decided nothing goes back to this payment."""

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="disputes")
    external_id = models.CharField(max_length=80, unique=True)
    status = models.CharField(_("status"), max_length=12, choices=DisputeStatus)
    reason = models.CharField(max_length=80, blank=True)
    # What was taken from us when it was lost, in the payment's currency.
    lost = models.DecimalField(_("lost"), **MONEY, default=0)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("payment dispute")
        verbose_name_plural = _("payment disputes")
        constraints = [models.CheckConstraint(condition=Q(lost__gte=0), name="dispute_lost_amount")]
        indexes = [models.Index(fields=["payment"], name="dispute_undecided", condition=~Q(status=DisputeStatus.WON))]

    def __str__(self) -> str:
        return self.external_id

    @classmethod
    def standing_in_the_way(cls, payment: "int | models.OuterRef") -> models.QuerySet["PaymentDispute"]:
        """Disputes because of which nothing goes back on this payment or the one it came from: undecided, or lost."""
        about = models.Q(payment=payment) | models.Q(payment__carried_on=payment)
        return cls._default_manager.filter(about).exclude(status=DisputeStatus.WON)


class ExternalRefund(StreamOwner):
    """A refund made in the provider's dashboard: real money of ours, and nobody has said yet what for (p44).

    `held` of it is set aside on the payment, so that the same money does not go back twice; less than `amount` only
    when the payment had no more room, which a person has to look at.
    """

    stream_prefix = "external"

    number = models.CharField(_("number"), max_length=24, unique=True)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="external_refunds")
    provider_id = models.CharField(max_length=80, unique=True)
    amount = models.DecimalField(**MONEY)
    currency = models.CharField(max_length=3)
    held = models.DecimalField(**MONEY, default=0)
    status = models.CharField(_("status"), max_length=12, choices=ExternalStatus)
    refund = models.OneToOneField(Refund, models.PROTECT, null=True, related_name="external")
    found_at = models.DateTimeField()

    class Meta:
        verbose_name = _("refund made at the provider")
        verbose_name_plural = _("refunds made at the provider")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, held__gte=0), name="external_amounts"),
            models.CheckConstraint(
                condition=Q(refund__isnull=False) | ~Q(status=ExternalStatus.ATTACHED), name="attached_to_a_refund"
            ),
        ]

    def __str__(self) -> str:
        return self.number
