import uuid

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms.states import TenderRule


class Shop(models.Model):
    """The one row of settings: who we are, how we look, how we are reached (R3, R62)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    company = models.CharField(_("company"), max_length=120, default="Homeward Demo Shop")
    legal_address = models.TextField(_("legal address"), blank=True)
    logo = models.BinaryField(_("logo"), blank=True, default=b"", editable=True)
    logo_type = models.CharField(max_length=20, blank=True)
    logo_ref = models.UUIDField(default=uuid.uuid4, editable=False)  # changes with the logo: caches notice
    accent = models.CharField(_("accent color"), max_length=7, default="#1f5b4a")
    sender_name = models.CharField(_("sender name"), max_length=120, default="Homeward Demo Shop")
    sender_email = models.EmailField(_("sender e-mail"), default="returns@example.test")
    support_email = models.EmailField(_("support e-mail"), default="help@example.test")
    support_phone = models.CharField(_("support phone"), max_length=40, default="+44 20 7946 0000")
    support_hours = models.CharField(_("support hours"), max_length=120, default="Monday to Friday, 9:00–17:00")
    chat_url = models.URLField(_("chat link"), blank=True)
    accounting_email = models.EmailField(_("accounting e-mail"), default="accounting@example.test")
    time_zone = models.CharField(_("time zone of reports"), max_length=60, default="Europe/London")
    processing_days = models.PositiveSmallIntegerField(_("business days to process a return"), default=3)
    tender_order = models.CharField(
        _("which payment gets money back first"),
        max_length=20,
        choices=TenderRule,
        default=TenderRule.OLDEST_FIRST,
        db_default=TenderRule.OLDEST_FIRST,
    )
    # What leaves without a second person, counted per order, and per customer and day.
    approval_above = models.DecimalField(
        _("a second person approves refunds above"), max_digits=10, decimal_places=2, default=500, db_default=500
    )
    credit_bonus = models.DecimalField(
        _("bonus for taking store credit (%)"), max_digits=4, decimal_places=2, default=0, db_default=0
    )
    goodwill_most = models.DecimalField(
        _("goodwill on an order at most (% of it)"), max_digits=5, decimal_places=2, default=100, db_default=100
    )
    buyers_make_gift_links = models.BooleanField(
        _("buyers make links for whoever they gave something to"), default=True, db_default=True
    )
    tells_buyer_of_gifts = models.BooleanField(
        _("tell the buyer when a gift came back"), default=False, db_default=False
    )
    return_rate_notice = models.DecimalField(_("return rate to look at (%)"), max_digits=5, decimal_places=2, default=5)
    return_rate_alarm = models.DecimalField(_("return rate to act on (%)"), max_digits=5, decimal_places=2, default=15)

    class Meta:
        verbose_name = _("shop settings")
        verbose_name_plural = _("shop settings")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_shop"),
            models.CheckConstraint(condition=Q(approval_above__gte=0), name="approval_not_negative"),
            models.CheckConstraint(condition=Q(credit_bonus__gte=0), name="bonus_not_negative"),
            models.CheckConstraint(condition=Q(goodwill_most__gte=0, goodwill_most__lte=100), name="goodwill_a_part"),
        ]

    def __str__(self) -> str:
        return "shop"

    @property
    def name(self) -> str:
        return self.company

    @property
    def logo_url(self) -> str:
        """Where the logo is read; "" without one. The address changes with the logo, so it may be kept for ever."""
        return reverse("shop_logo", args=[self.logo_ref]) if self.logo_type else ""

    @property
    def policy_links(self) -> list[dict[str, str]]:
        """The rules, for the foot of every customer's page (R106, R143)."""
        return [
            {"label": gettext("Return rules"), "url": reverse("portal:policy")},
            {"label": gettext("Privacy"), "url": reverse("portal:privacy")},
        ]
