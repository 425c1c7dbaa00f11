from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.states import BinKind

MONDAY_TO_FRIDAY = [1, 2, 3, 4, 5]  # ISO weekdays


def working_week() -> list[int]:
    return list(MONDAY_TO_FRIDAY)


class Warehouse(models.Model):
    """A place that takes returns: its address goes on labels, its calendar counts processing days (R8)."""

    code = models.CharField(_("code"), max_length=12, unique=True)
    name = models.CharField(_("name"), max_length=80)
    street = models.CharField(_("street"), max_length=120)
    city = models.CharField(_("city"), max_length=80)
    region = models.CharField(_("region"), max_length=60, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20)
    country = models.CharField(_("country code"), max_length=2, default="GB")
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, default="Europe/London")
    working_days = ArrayField(models.PositiveSmallIntegerField(), default=working_week)
    holidays = ArrayField(models.DateField(), default=list, blank=True)
    is_default = models.BooleanField(_("default for returns"), default=False)
    takes_returns = models.BooleanField(_("takes returns"), default=True)

    class Meta:
        verbose_name = _("warehouse")
        verbose_name_plural = _("warehouses")
        constraints = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_warehouse")
        ]

    def __str__(self) -> str:
        return self.code


class Bin(models.Model):
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="bins")
    code = models.CharField(_("code"), max_length=20)
    kind = models.CharField(_("kind"), max_length=12, choices=BinKind)

    class Meta:
        verbose_name = _("bin")
        verbose_name_plural = _("bins")
        constraints = [models.UniqueConstraint(fields=["warehouse", "code"], name="bin_code_once")]

    def __str__(self) -> str:
        return self.code
