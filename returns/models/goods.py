"""What became of goods after inspection: a chain of placements, the workshop, and what goes back to vendors."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from inventory.models import Condition
from inventory.states import Disposition, Grade
from oms.identifiers import uuid7
from oms.models import StreamOwner
from oms.models.orders import MONEY
from returns.goods_states import VendorReturnStatus, WorkStatus
from returns.models.inspections import Outcome

PERCENTAGES = ("recovers_a", "recovers_b", "recovers_c", "recovers_d", "sold_off", "parts", "regrade_percent")


class Placement(models.Model):
    """Where some units of an outcome stand and what is to become of them; each names the one it came from (p54).

    INSERT only, but for `moved_on`, kept by a trigger: units leave a placement once. The first of an outcome is what
    inspection decided; it is written when something else is decided later.
    """

    outcome = models.ForeignKey(Outcome, models.PROTECT, related_name="placements")
    source = models.ForeignKey("self", models.PROTECT, null=True, related_name="followed_by")
    quantity = models.PositiveIntegerField(_("quantity"))
    moved_on = models.PositiveIntegerField(default=0)  # kept by a trigger on Placement
    disposition = models.CharField(_("disposition"), max_length=20, choices=Disposition)
    condition = models.ForeignKey(Condition, models.PROTECT, related_name="+")
    grade = models.CharField(_("grade"), max_length=1, choices=Grade)
    is_ours = models.BooleanField(_("ours"))  # taken back; otherwise the customer's
    reason = models.CharField(_("why"), max_length=200, blank=True)
    # What came in for goods sold off, in the product's currency; null unless they were (liquidate).
    proceeds = models.DecimalField(_("sold for"), **MONEY, null=True)
    sold_at = models.DateTimeField(_("sold"), null=True)
    form_token = models.UUIDField(null=True, unique=True)
    by = models.CharField(max_length=60)
    placed_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="placement_quantity"),
            models.CheckConstraint(condition=Q(moved_on__lte=F("quantity")), name="placement_moved_on"),
            models.CheckConstraint(condition=Q(proceeds__isnull=True) | Q(proceeds__gte=0), name="placement_proceeds"),
            # One chain for the units of an outcome.
            models.UniqueConstraint(fields=["outcome"], condition=Q(source=None), name="placement_begins_once"),
        ]
        indexes = [
            # what was sold off, and for how much
            models.Index(fields=["sold_at"], name="placement_sold", condition=Q(sold_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"placement {self.pk}"

    @property
    def here(self) -> int:
        return self.quantity - self.moved_on


class GoodsTerms(models.Model):
    """What goods that come back are expected to bring and to cost, from a day on: used where nothing was measured.

    Percentages are of the price without tax; amounts in the shop's currency, per unit.
    """

    valid_from = models.DateField(_("valid from"), unique=True)
    recovers_a = models.DecimalField(_("grade A brings (%)"), max_digits=5, decimal_places=2, default=90)
    recovers_b = models.DecimalField(_("grade B brings (%)"), max_digits=5, decimal_places=2, default=60)
    recovers_c = models.DecimalField(_("grade C brings (%)"), max_digits=5, decimal_places=2, default=35)
    recovers_d = models.DecimalField(_("grade D brings (%)"), max_digits=5, decimal_places=2, default=5)
    sold_off = models.DecimalField(_("sold off, of that (%)"), max_digits=5, decimal_places=2, default=50)
    parts = models.DecimalField(_("as parts, of the cost (%)"), max_digits=5, decimal_places=2, default=20)
    handling = models.DecimalField(_("handling at the dock"), **MONEY, default=1)
    shipping = models.DecimalField(_("a parcel"), **MONEY, default=4)
    work = models.DecimalField(_("repair or refurbishing"), **MONEY, default=6)
    disposal = models.DecimalField(_("throwing away"), **MONEY, default=Decimal("0.5"))
    capitalizes_work = models.BooleanField(_("work adds to the value of goods"), default=True)
    regrade_percent = models.DecimalField(_("graded a second time (%)"), max_digits=5, decimal_places=2, default=5)
    # Goods that pay less than their declared condition was promised wait in a hold bin for the customer's answer too.
    asks_before_less = models.BooleanField(_("ask before paying less than was promised"), default=True, db_default=True)
    answer_days = models.PositiveSmallIntegerField(
        _("days to answer about refused goods"), default=14, db_default=14, validators=[MinValueValidator(1)]
    )

    class Meta:
        verbose_name = _("terms for goods")
        verbose_name_plural = _("terms for goods")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    **{f"{name}__{side}": bound for name in PERCENTAGES for side, bound in (("gte", 0), ("lte", 100))}
                ),
                name="goods_terms_percentages",
            ),
            models.CheckConstraint(
                condition=Q(handling__gte=0, shipping__gte=0, work__gte=0, disposal__gte=0), name="goods_terms_amounts"
            ),
        ]

    def __str__(self) -> str:
        return f"since {self.valid_from}"


class WorkOrder(StreamOwner):
    """Units being repaired or refurbished: until when, at what cost, and what comes after."""

    stream_prefix = "work"

    number = models.CharField(_("number"), max_length=24, unique=True)
    placement = models.ForeignKey(Placement, models.PROTECT, related_name="work_orders")
    status = models.CharField(_("status"), max_length=12, choices=WorkStatus)
    task = models.CharField(_("what is to be done"), max_length=200)
    due_on = models.DateField(_("due"))
    estimate = models.DecimalField(_("estimated cost"), **MONEY)
    cost = models.DecimalField(_("cost"), **MONEY, null=True)
    currency = models.CharField(max_length=3)
    # Whether the cost was added to what the units are worth; otherwise it is an expense. As the setting said then.
    is_capitalized = models.BooleanField(default=False)
    sends_back = models.BooleanField(_("goes back to the customer"), default=False)
    finding = models.CharField(_("what came out"), max_length=200, blank=True)
    opened_by = models.CharField(max_length=60)
    opened_at = models.DateTimeField(_("opened"))
    ended_by = models.CharField(max_length=60, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("work order")
        verbose_name_plural = _("work orders")
        constraints = [
            models.CheckConstraint(condition=Q(estimate__gte=0), name="work_estimate"),
            models.CheckConstraint(condition=Q(cost__isnull=True) | Q(cost__gte=0), name="work_cost"),
            # Units are in one workshop at a time.
            models.UniqueConstraint(
                fields=["placement"], condition=Q(status=WorkStatus.OPEN), name="one_open_work_order"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("admin:work_order", args=[self.number])


class VendorReturn(StreamOwner):
    """Goods of one vendor that go back together."""

    stream_prefix = "vendor_return"

    ref = models.UUIDField(default=uuid7, editable=False)
    number = models.CharField(_("number"), max_length=24, unique=True)
    vendor = models.CharField(_("vendor"), max_length=80)
    status = models.CharField(_("status"), max_length=12, choices=VendorReturnStatus)
    currency = models.CharField(max_length=3)
    cost = models.DecimalField(_("cost of the goods"), **MONEY, default=0)  # when they left
    credit = models.DecimalField(_("credited"), **MONEY, null=True)
    reference = models.CharField(_("vendor's reference"), max_length=60, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    credited_at = models.DateTimeField(_("credited on"), null=True)

    class Meta:
        verbose_name = _("vendor return")
        verbose_name_plural = _("vendor returns")
        constraints = [
            models.CheckConstraint(condition=Q(credit__isnull=True) | Q(credit__gte=0), name="vendor_return_credit"),
            models.UniqueConstraint(
                fields=["vendor", "currency"],
                condition=Q(status=VendorReturnStatus.DRAFT),
                name="one_vendor_return_gathered",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("admin:vendor_return", args=[self.number])


class VendorReturnLine(models.Model):
    """All units of one placement, on their way to the vendor."""

    vendor_return = models.ForeignKey(VendorReturn, models.CASCADE, related_name="lines")
    placement = models.OneToOneField(Placement, models.PROTECT, related_name="vendor_line")

    class Meta:
        verbose_name = _("vendor return line")
        verbose_name_plural = _("vendor return lines")

    def __str__(self) -> str:
        return f"vendor return line {self.pk}"
