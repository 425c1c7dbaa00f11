from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Product(models.Model):
    """What is sold. Terms that bind an order are frozen on its lines, never read from here."""

    sku = models.CharField(_("SKU"), max_length=40, unique=True)
    title = models.CharField(_("title"), max_length=200)
    category = models.CharField(_("category"), max_length=60, blank=True)
    # Products of one style are the same thing in other options: {"Color": "red", "Size": "M"}.
    style = models.CharField(_("style"), max_length=60, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    barcode = models.CharField(_("barcode"), max_length=40, blank=True)
    vendor = models.CharField(_("vendor"), max_length=80, blank=True, db_default="")  # who sells it to us
    packaging = models.CharField(_("packed in"), max_length=40, blank=True)  # a box, a padded bag …, as the shop says
    weight_grams = models.PositiveIntegerField(_("weight in grams"), default=500)
    longest_cm = models.PositiveSmallIntegerField(
        _("longest side in cm"), default=0, db_default=0, help_text=_("As packed; 0: not known.")
    )
    is_hazardous = models.BooleanField(
        _("hazardous"), default=False, db_default=False, help_text=_("May not travel by ordinary post.")
    )
    # Tax included. A rate, not money: more decimals than any currency has.
    price = models.DecimalField(_("price"), max_digits=18, decimal_places=6, null=True)
    standard_cost = models.DecimalField(_("standard cost"), max_digits=18, decimal_places=6, null=True)
    currency = models.CharField(_("currency"), max_length=3, default="GBP")
    is_merchandise = models.BooleanField(_("is merchandise"), default=True)
    is_final_sale = models.BooleanField(_("final sale"), default=False)
    is_serial_tracked = models.BooleanField(_("tracked by serial number"), default=False)
    # What customs papers ask for; empty where the product never crossed a border.
    hs_code = models.CharField(
        _("customs tariff number (HS)"),
        max_length=12,
        blank=True,
        validators=[RegexValidator(r"^\d{6,10}$", _("6 to 10 digits, without dots or blanks."))],
    )
    origin_country = models.CharField(
        _("country it was made in"),
        max_length=2,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{2}$", _("Two capital letters, as GB or CN (ISO 3166-1)."))],
    )
    hint = models.CharField(_("hint to customers"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.CheckConstraint(condition=Q(price__isnull=True) | Q(price__gte=0), name="product_price"),
            models.CheckConstraint(condition=~Q(sku=""), name="product_sku"),
            models.CheckConstraint(condition=Q(hs_code__regex=r"^(\d{6,10})?$"), name="product_hs_code"),
            models.CheckConstraint(condition=Q(origin_country__regex=r"^([A-Z]{2})?$"), name="product_origin"),
        ]
        indexes = [
            # scan station: a barcode names a product
            models.Index(fields=["barcode"], name="product_barcode", condition=~Q(barcode="")),
            # exchanges: other options of the same thing, or what else there is of its kind
            models.Index(fields=["style"], name="product_style", condition=~Q(style="")),
            models.Index(fields=["category", "sku"], name="product_category"),
        ]

    def __str__(self) -> str:
        return self.sku

    @property
    def option(self) -> str:
        """Its options as people read them, by the name of the option: "red · M"; empty where there is no choice."""
        return " · ".join(str(value) for _name, value in sorted(self.options.items()))
