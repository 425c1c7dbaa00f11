from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from inventory.states import CostingMethod, Grade, IssueOrder, ValueOp
from oms.models import Product

# Averages have no end; amounts of the books are rounded when they are posted, never here.
UNROUNDED = {"max_digits": 28, "decimal_places": 12}


class CategoryTerms(models.Model):
    """How a category of products is issued and costed: two settings, because they answer two questions (R75, N2).

    The row of category "" is for every category without one of its own.
    """

    category = models.CharField(_("category"), max_length=60, unique=True, blank=True)
    issue_order = models.CharField(
        _("issue order"), max_length=16, choices=IssueOrder, default=IssueOrder.RETURNED_FIRST
    )
    costing = models.CharField(_("costing method"), max_length=12, choices=CostingMethod, default=CostingMethod.FIFO)
    # Up to so many identical pieces of one receipt get a number each; more of them share one.
    labels_each_up_to = models.PositiveSmallIntegerField(_("a label each, up to"), default=12)

    class Meta:
        verbose_name = _("category terms")
        verbose_name_plural = _("category terms")

    def __str__(self) -> str:
        return self.category or "every other category"


class GradeTerms(models.Model):
    """How much of its cost a returned unit of this grade is expected to lose."""

    grade = models.CharField(_("grade"), max_length=1, choices=Grade, unique=True)
    impairment_percent = models.DecimalField(_("loses (%)"), max_digits=5, decimal_places=2)

    class Meta:
        verbose_name = _("grade terms")
        verbose_name_plural = _("grade terms")
        constraints = [
            models.CheckConstraint(
                condition=Q(impairment_percent__gte=0, impairment_percent__lte=100), name="grade_impairment"
            )
        ]

    def __str__(self) -> str:
        return self.grade


class ProductValue(models.Model):
    """What we own of a product and what it is worth, in the product's currency: the sum of its value movements."""

    product = models.OneToOneField(Product, models.PROTECT, primary_key=True, related_name="value")
    costing = models.CharField(max_length=12, choices=CostingMethod)
    quantity = models.PositiveIntegerField(default=0)
    value = models.DecimalField(**UNROUNDED, default=0)

    class Meta:
        verbose_name = _("product value")
        verbose_name_plural = _("product values")
        constraints = [
            models.CheckConstraint(condition=Q(value__gte=0), name="product_value_not_negative"),
            models.CheckConstraint(condition=Q(quantity__gt=0) | Q(value=0), name="nothing_is_worth_nothing"),
        ]

    def __str__(self) -> str:
        return f"value of product {self.product_id}"


class ValueMovement(models.Model):
    """One change of what we own of a product, citing its document. INSERT only; one cause counts once (p32)."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="value_movements")
    op = models.CharField(max_length=16, choices=ValueOp)
    quantity = models.PositiveIntegerField()
    cost = models.DecimalField(**UNROUNDED)  # of all its units; of a revaluation the signed difference
    of = models.ForeignKey("self", models.PROTECT, null=True, related_name="answered_by")  # the issue or receipt
    lot = models.ForeignKey("self", models.PROTECT, null=True, related_name="taken_by")  # specific identification
    costing = models.CharField(max_length=12, choices=CostingMethod)
    is_estimated = models.BooleanField(default=False)  # at the standard cost, because nobody knows better
    cause = models.CharField(max_length=100)
    moved_at = models.DateTimeField()

    class Meta:
        verbose_name = _("value movement")
        verbose_name_plural = _("value movements")
        constraints = [
            models.UniqueConstraint(fields=["cause", "product", "op"], name="value_movement_once"),
            models.CheckConstraint(condition=Q(op=ValueOp.REVALUE) | Q(quantity__gt=0), name="value_movement_quantity"),
        ]

    def __str__(self) -> str:
        return f"{self.op} {self.cause}"


class CostLayer(models.Model):
    """Units of one receipt that are still ours, at what they cost."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="layers", db_index=False)
    receipt = models.ForeignKey(ValueMovement, models.PROTECT, related_name="layers")
    quantity = models.PositiveIntegerField()
    unit_cost = models.DecimalField(**UNROUNDED)

    class Meta:
        verbose_name = _("cost layer")
        verbose_name_plural = _("cost layers")
        indexes = [
            # which units leave next
            models.Index(fields=["product", "receipt"], name="cost_layer_left", condition=Q(quantity__gt=0))
        ]

    def __str__(self) -> str:
        return f"layer {self.pk}"


class IssuedPart(models.Model):
    """Units that left together at one cost; `back` of them have returned."""

    issue = models.ForeignKey(ValueMovement, models.PROTECT, related_name="parts")
    receipt = models.ForeignKey(ValueMovement, models.PROTECT, null=True, related_name="+", db_index=False)
    quantity = models.PositiveIntegerField()
    back = models.PositiveIntegerField(default=0)
    unit_cost = models.DecimalField(**UNROUNDED)

    class Meta:
        verbose_name = _("issued part")
        verbose_name_plural = _("issued parts")
        constraints = [models.CheckConstraint(condition=Q(back__lte=F("quantity")), name="issued_part_back")]

    def __str__(self) -> str:
        return f"part {self.pk}"


class Impairment(models.Model):
    """What returned units of a grade are expected to have lost: an entry of its own, ended when the units leave."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="impairments")
    cause = models.CharField(max_length=100, unique=True)
    grade = models.CharField(max_length=1, choices=Grade)
    quantity = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=16, decimal_places=3)
    booked_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("impairment")
        verbose_name_plural = _("impairments")
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="impairment_amount")]

    def __str__(self) -> str:
        return self.cause
