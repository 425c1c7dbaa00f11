from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Warehouse
from oms.models.orders import MONEY

CODES = models.CharField(max_length=8)
NAMES = models.CharField(max_length=60)


class CarrierRule(models.Model):
    """Which carrier is preferred, or left out, for parcels of some kind (R53). Empty conditions mean any."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name, as it stands in the reason"), max_length=80)
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    active = models.BooleanField(_("active"), default=True)
    carrier = models.CharField(_("carrier"), max_length=40, blank=True)
    service = models.CharField(_("service"), max_length=60, blank=True)
    never = models.BooleanField(_("leave it out"), default=False)
    dearer_percent = models.DecimalField(
        _("at most so much dearer than the cheapest (%)"), max_digits=6, decimal_places=2, null=True, blank=True
    )
    days = models.PositiveSmallIntegerField(_("within so many days"), null=True, blank=True)
    origins = ArrayField(CODES, verbose_name=_("from countries"), default=list, blank=True)
    destinations = ArrayField(CODES, verbose_name=_("to countries"), default=list, blank=True)
    markets = ArrayField(CODES, verbose_name=_("policies of markets"), default=list, blank=True)
    from_grams = models.PositiveIntegerField(_("from grams"), default=0)
    to_grams = models.PositiveIntegerField(_("to grams"), null=True, blank=True)
    from_value = models.DecimalField(_("from value"), **MONEY, default=0)
    to_value = models.DecimalField(_("to value"), **MONEY, null=True, blank=True)

    class Meta:
        verbose_name = _("carrier rule")
        verbose_name_plural = _("carrier rules")
        constraints = [
            models.CheckConstraint(condition=Q(never=False) | ~Q(carrier=""), name="carrier_left_out_is_named"),
            models.CheckConstraint(
                condition=Q(dearer_percent__isnull=True) | Q(dearer_percent__gte=0), name="carrier_dearer"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class WarehouseRule(models.Model):
    """Which warehouse takes returns of some kind. Empty conditions mean any; the first rule that fits decides."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name, as it stands in the reason"), max_length=80)
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    active = models.BooleanField(_("active"), default=True)
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="rules")
    countries = ArrayField(CODES, verbose_name=_("customers in these countries"), default=list, blank=True)
    categories = ArrayField(NAMES, verbose_name=_("categories"), default=list, blank=True)
    conditions = ArrayField(NAMES, verbose_name=_("declared conditions"), default=list, blank=True)
    reasons = ArrayField(NAMES, verbose_name=_("reasons"), default=list, blank=True)

    class Meta:
        verbose_name = _("warehouse rule")
        verbose_name_plural = _("warehouse rules")

    def __str__(self) -> str:
        return self.code
