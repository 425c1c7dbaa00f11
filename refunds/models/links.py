import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oms.models import Order
from oms.models.orders import MONEY
from refunds.states import LinkStatus


class PaymentLink(models.Model):
    """A page at the provider where a customer pays what an exchange costs more. No card number reaches us.

    Its key is stored before the provider is called, so a page is made once; an order has one open page at most.
    """

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="payment_links")
    amount = models.DecimalField(_("amount"), **MONEY)
    currency = models.CharField(max_length=3)
    status = models.CharField(_("status"), max_length=12, choices=LinkStatus)
    session_id = models.CharField(_("provider's number"), max_length=120, null=True, unique=True)
    url = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("payment link")
        verbose_name_plural = _("payment links")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_link_amount"),
            # Two open pages could be paid both (p50).
            models.UniqueConstraint(
                fields=["order"], condition=Q(status=LinkStatus.OPEN), name="one_open_payment_link"
            ),
        ]

    def __str__(self) -> str:
        return f"payment link {self.pk}"
