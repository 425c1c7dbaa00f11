from datetime import UTC, datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ReturnReason(models.Model):
    """Why something comes back (R144). A manager may add rows; codes never change."""

    code = models.SlugField(_("code"), max_length=24, unique=True)
    label = models.CharField(_("how customers read it"), max_length=80)
    asks_condition = models.BooleanField(_("asks for the condition"), default=True)
    asks_photo = models.BooleanField(_("asks for a photo"), default=False)
    is_our_fault = models.BooleanField(_("the shop's fault"), default=False)  # pays in full, no fees
    implied_condition = models.ForeignKey(
        "inventory.Condition", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("implies")
    )
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("return reason")
        verbose_name_plural = _("return reasons")

    def __str__(self) -> str:
        return self.code


class PolicyQuerySet(models.QuerySet["PolicyVersion"]):
    def in_force(self, market: str, placed_at: datetime) -> "PolicyVersion":
        """The published version that binds an order of this market and moment."""
        return self.get(market=market, valid__contains=placed_at.astimezone(UTC))


class PolicyVersion(models.Model):
    """An immutable set of rules, in force for orders placed within `valid`. Ranges of a market cannot overlap."""

    market = models.CharField(max_length=8, default="default")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120, blank=True)
    time_zone = models.CharField(max_length=60, default="Europe/London")
    valid = DateTimeRangeField(null=True)  # null: a draft
    published_at = models.DateTimeField(null=True)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        constraints = [
            models.UniqueConstraint(fields=["market", "number"], name="policy_number"),
            ExclusionConstraint(
                name="policy_ranges",
                expressions=[("market", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(valid__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.market} v{self.number}"


class PolicyRule(models.Model):
    """One rule of a version; `kind` names the function in `returns.policy.rules`, `parameters` what it is given."""

    version = models.ForeignKey(PolicyVersion, models.CASCADE, related_name="rules")
    kind = models.CharField(max_length=32)
    parameters = models.JSONField(default=dict, blank=True)
    priority = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("policy rule")
        verbose_name_plural = _("policy rules")

    def __str__(self) -> str:
        return self.kind
