import base64
import hmac
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from oms.identifiers import uuid7
from oms.models import Customer, Order, StreamOwner, User
from oms.models.orders import MONEY
from oms.roles import allowed
from refunds.states import CreditRequestStatus
from refunds.store_credit import Category, EntryKind, Holding

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class StoreCreditQuerySet(models.QuerySet["StoreCredit"]):
    def visible_to(self, user: "User | AnonymousUser") -> "StoreCreditQuerySet":
        """What this person may see; all else is the same 404 as what is not there."""
        return self if allowed(user, "see store credit") else self.none()


class StoreCredit(StreamOwner):
    """What a customer may spend with us in one currency (R83). Its number identifies it and never authorizes."""

    stream_prefix = "credit"

    ref = models.UUIDField(default=uuid7, editable=False)
    number = models.CharField(_("number"), max_length=24, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="store_credits")
    currency = models.CharField(_("currency"), max_length=3)
    link_version = models.PositiveSmallIntegerField(default=1, editable=False)
    opened_at = models.DateTimeField(_("since"))

    objects = StoreCreditQuerySet.as_manager()

    class Meta:
        verbose_name = _("store credit")
        verbose_name_plural = _("store credits")
        constraints = [
            models.UniqueConstraint(fields=["customer", "currency"], name="store_credit_once"),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="store_credit_currency"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("refunds:store_credit", args=[self.number])

    @property
    def signature(self) -> str:
        """What makes the customer's link unguessable: 128 bits that only this installation can compute."""
        message = f"store-credit-link/{self.ref}/{self.link_version}".encode()
        digest = hmac.digest(settings.SECRET_KEY.encode(), message, "sha256")[:16]
        return base64.b32encode(digest).decode().rstrip("=").lower()

    def get_portal_url(self) -> str:
        return settings.PUBLIC_URL + reverse("store_credit:balance", args=[self.number, self.signature])


REMIND_BEFORE = timedelta(days=30)  # before credit ends, and not sooner than so long after it was given


class StoreCreditGrantQuerySet(models.QuerySet["StoreCreditGrant"]):
    def with_something_left(self) -> "StoreCreditGrantQuerySet":
        return self.filter(amount__gt=F("used") + F("authorized"))

    def ending_soon(self, at: datetime) -> "StoreCreditGrantQuerySet":
        """What its customer was not told yet will end; what was given a short time ago was told then."""
        ending = self.with_something_left().filter(expires_at__gt=at, expires_at__lte=at + REMIND_BEFORE)
        return ending.filter(granted_at__lte=at - REMIND_BEFORE, reminded_at=None)


class StoreCreditGrant(models.Model):
    """Credit of one category, given at once. Its three sums change by entries only: a trigger keeps them.

    remaining = amount − used − authorized, never below zero.
    """

    account = models.ForeignKey(StoreCredit, models.PROTECT, related_name="grants")
    category = models.CharField(_("for"), max_length=12, choices=Category)
    amount = models.DecimalField(_("given"), **MONEY, default=0)
    used = models.DecimalField(_("spent"), **MONEY, default=0)
    authorized = models.DecimalField(_("set aside"), **MONEY, default=0)
    order = models.ForeignKey(Order, models.PROTECT, related_name="+", null=True)  # what it was given for
    document = models.CharField(_("because of"), max_length=40, blank=True)  # the refund it settles
    reason = models.CharField(_("why"), max_length=120, blank=True)
    granted_at = models.DateTimeField(_("since"))
    expires_at = models.DateTimeField(_("until"), null=True)  # from this instant on not to be spent
    reminded_at = models.DateTimeField(null=True)  # when the customer was told that it ends soon: once

    objects = StoreCreditGrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("grant of store credit")
        verbose_name_plural = _("grants of store credit")
        constraints = [
            models.CheckConstraint(condition=Q(used__gte=0, authorized__gte=0), name="store_credit_sums"),
            models.CheckConstraint(condition=Q(amount__gte=F("used") + F("authorized")), name="store_credit_left"),
        ]
        indexes = [
            # the hourly look for what has expired
            models.Index(
                fields=["expires_at"],
                name="store_credit_expires",
                condition=Q(expires_at__isnull=False, amount__gt=F("used") + F("authorized")),
            ),
        ]

    def __str__(self) -> str:
        return f"grant {self.pk}"

    @property
    def remaining(self) -> Decimal:
        return self.amount - self.used - self.authorized

    @property
    def holding(self) -> Holding:
        return Holding(
            self.pk, self.category, self.amount, self.used, self.authorized, self.granted_at, self.expires_at
        )

    def spendable(self, at: datetime) -> Decimal:
        return self.holding.spendable(at)


class StoreCreditEntry(models.Model):
    """One movement of an account. INSERT only. The same cause moves credit once: a repeat finds this entry."""

    account = models.ForeignKey(StoreCredit, models.PROTECT, related_name="entries")
    reference = models.CharField(_("reference"), max_length=40, unique=True)  # number/sequence of its event
    kind = models.CharField(_("what"), max_length=12, choices=EntryKind)
    amount = models.DecimalField(_("amount"), **MONEY)
    cause = models.CharField(max_length=100)
    about = models.ForeignKey("self", models.PROTECT, related_name="followers", null=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="+", null=True)  # what it was spent on
    reason = models.CharField(_("why"), max_length=120, blank=True)
    actor = models.CharField(max_length=60)
    happened_at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("entry of store credit")
        verbose_name_plural = _("entries of store credit")
        constraints = [
            models.UniqueConstraint(fields=["kind", "cause"], name="store_credit_cause_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0) | (Q(kind=EntryKind.ADJUST) & Q(amount__lt=0)), name="store_credit_moved"
            ),
            models.CheckConstraint(
                condition=Q(about__isnull=False) | ~Q(kind__in=(EntryKind.CAPTURE, EntryKind.VOID, EntryKind.RELEASE)),
                name="store_credit_about",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class StoreCreditPart(models.Model):
    """Which grant an entry moves, and by how much. INSERT only; its trigger changes the sums of the grant."""

    entry = models.ForeignKey(StoreCreditEntry, models.PROTECT, related_name="parts")
    grant = models.ForeignKey(StoreCreditGrant, models.PROTECT, related_name="parts")
    amount = models.DecimalField(**MONEY)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "grant"], name="store_credit_part_once")]

    def __str__(self) -> str:
        return f"part {self.pk}"


class StoreCreditTerms(models.Model):
    """What the shop says about credit of one category; a row each."""

    category = models.CharField(primary_key=True, max_length=12, choices=Category)
    position = models.PositiveSmallIntegerField(_("spent as number"), default=1)
    valid_days = models.PositiveSmallIntegerField(_("valid for (days)"), null=True, blank=True)
    alone_up_to = models.DecimalField(_("one person alone gives up to"), max_digits=10, decimal_places=2, default=0)

    class Meta:
        verbose_name = _("terms of store credit")
        verbose_name_plural = _("terms of store credit")
        constraints = [
            models.CheckConstraint(condition=Q(alone_up_to__gte=0), name="store_credit_limit"),
            models.CheckConstraint(condition=Q(valid_days__gt=0) | Q(valid_days=None), name="store_credit_days"),
        ]

    def __str__(self) -> str:
        return str(self.category)


class StoreCreditRequest(StreamOwner):
    """Credit that a second person has to agree to: above what one person may give or correct alone."""

    stream_prefix = "credit-request"

    number = models.CharField(_("number"), max_length=24, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    grant = models.ForeignKey(StoreCreditGrant, models.PROTECT, null=True, related_name="+")  # to be corrected
    category = models.CharField(_("for"), max_length=12, choices=Category)
    amount = models.DecimalField(_("amount"), **MONEY)
    reason = models.CharField(_("why"), max_length=120)
    status = models.CharField(_("status"), max_length=12, choices=CreditRequestStatus)
    form_token = models.UUIDField(unique=True, editable=False)
    asked_by = models.CharField(max_length=60)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=60, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("request for store credit")
        verbose_name_plural = _("requests for store credit")
        constraints = [
            models.CheckConstraint(condition=~Q(decided_by=F("asked_by")), name="store_credit_second_person"),
            models.CheckConstraint(
                condition=Q(status=CreditRequestStatus.WAITING) | ~Q(decided_by=""), name="store_credit_decided"
            ),
        ]

    def __str__(self) -> str:
        return self.number
