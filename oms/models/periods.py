from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from oms.models.events import StreamOwner


class Period(StreamOwner):
    """One month of the books, from the moment somebody asks to close it. Without a row a month is simply open.

    `ends_at` is the first instant after the month in the shop's time zone, as it was when closing was asked for.
    """

    stream_prefix = "period"

    month = models.DateField(_("month"), unique=True)  # its first day
    ends_at = models.DateTimeField(_("ends"))
    asked_by = models.CharField(max_length=60)
    asked_at = models.DateTimeField()
    closed_by = models.CharField(max_length=60, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        verbose_name = _("period")
        verbose_name_plural = _("periods")
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="period_is_a_month"),
            models.CheckConstraint(condition=Q(asked_at__gte=F("ends_at")), name="period_is_over"),
            models.CheckConstraint(condition=Q(closed_at=None) | ~Q(closed_by=""), name="period_closed_by_somebody"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"{self.month:%Y-%m}"
