from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

COUNTRY = RegexValidator(r"^[A-Z]{2}$", _("Two capital letters, as GB or US (ISO 3166-1)."))


class DropOffPoint(models.Model):
    """Where customers of a carrier hand a parcel in. Kept by us: the carrier service tells of none."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    carrier = models.CharField(_("carrier, as on labels"), max_length=40)
    country = models.CharField(_("country code"), max_length=2, validators=[COUNTRY])
    postcodes = models.CharField(
        _("for postcodes beginning with"), max_length=10, blank=True, help_text=_("Empty: for the whole country.")
    )
    name = models.CharField(_("name"), max_length=80)
    address = models.CharField(_("address"), max_length=160)
    hours = models.CharField(_("opening hours"), max_length=120, blank=True)
    takes_codes = models.BooleanField(_("prints labels from a code"), default=False)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("drop-off point")
        verbose_name_plural = _("drop-off points")
        constraints = [
            models.CheckConstraint(condition=~Q(carrier="") & ~Q(name=""), name="drop_off_named"),
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="drop_off_country"),
        ]

    def __str__(self) -> str:
        return self.code


class CarrierLocator(models.Model):
    """The carrier's own search for places to hand a parcel in."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    carrier = models.CharField(_("carrier, as on labels"), max_length=40)
    country = models.CharField(_("country code; empty: any"), max_length=2, blank=True, validators=[COUNTRY])
    url = models.CharField(_("address"), max_length=300, validators=[URLValidator(schemes=["https"])])
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("carrier's locator")
        verbose_name_plural = _("carriers' locators")
        constraints = [
            models.UniqueConstraint(fields=["carrier", "country"], name="carrier_locator_once"),
            models.CheckConstraint(condition=Q(url__startswith="https://"), name="carrier_locator_https"),
        ]

    def __str__(self) -> str:
        return self.code
