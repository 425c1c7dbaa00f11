from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from oms.models import Product


class StockCheck(models.Model):
    """One look at whether every level is the sum of its movements, and every value the sum of its own."""

    asked_by = models.CharField(max_length=60)
    ran_at = models.DateTimeField()
    levels = models.PositiveIntegerField(_("levels"))
    products = models.PositiveIntegerField(_("products"))
    wrong = models.PositiveIntegerField(_("wrong"))
    # The first of them: {"what", "sku", "place", "stands", "moved"}, quantities and values as text.
    findings = models.JSONField(default=list)

    class Meta:
        verbose_name = _("stock check")
        verbose_name_plural = _("stock checks")
        indexes = [models.Index(fields=["-ran_at", "-id"], name="stock_check_newest")]

    def __str__(self) -> str:
        return f"stock check {self.pk}"


class StockLimit(models.Model):
    """How few and how many there should be to sell: of a product, of each product of a category, or of every other."""

    product = models.OneToOneField(Product, models.CASCADE, related_name="stock_limit", null=True)
    category = models.CharField(_("category"), max_length=60, blank=True)
    low = models.PositiveIntegerField(_("warn below"))
    high = models.PositiveIntegerField(_("warn above"), null=True)  # null: never too many

    class Meta:
        verbose_name = _("stock limit")
        verbose_name_plural = _("stock limits")
        constraints = [
            models.UniqueConstraint(fields=["category"], condition=Q(product=None), name="stock_limit_of_category"),
            models.CheckConstraint(condition=Q(product=None) | Q(category=""), name="stock_limit_of_one_or_the_other"),
            models.CheckConstraint(condition=Q(high=None) | Q(high__gt=F("low")), name="stock_limit_apart"),
        ]

    def __str__(self) -> str:
        return f"limit {self.pk}"
