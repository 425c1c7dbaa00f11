"""Orders, people, books and the machine room in the admin: read by role, hardly changed."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from oms import jobs, outbox
from oms.admin_base import ReadOnlyInline, RoleAdmin
from oms.encryption import name_words
from oms.models import (
    Customer,
    Delivery,
    Event,
    InboundWebhook,
    JournalEntry,
    Order,
    OrderLine,
    Payment,
    Posting,
    Product,
    Shipment,
    ShipmentLine,
    User,
)
from oms.roles import allowed


@admin.register(Product)
class ProductAdmin(RoleAdmin):
    """Products come with orders; what customs papers ask for and what carriers refuse is entered here."""

    sees = "see orders"
    changes = "change settings"
    entered = ("hs_code", "origin_country", "is_hazardous", "weight_grams", "longest_cm")
    list_display = ("sku", "title", "category", "price", "currency", "is_final_sale")
    list_filter = ("is_final_sale", "is_merchandise", "is_serial_tracked")
    ordering = ("sku",)
    search_fields = ("sku", "title", "=barcode")
    fields = (
        "sku",
        "title",
        "hs_code",
        "origin_country",
        "category",
        "style",
        "option",
        "barcode",
        "packaging",
        "weight_grams",
        "longest_cm",
        "is_hazardous",
        "price",
        "standard_cost",
        "currency",
        "is_merchandise",
        "is_final_sale",
        "is_serial_tracked",
        "hint",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> Sequence[Any]:
        return [
            name for name in self.fields if name not in self.entered or not self.has_change_permission(request, obj)
        ]

    def save_model(self, request: HttpRequest, obj: Product, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if fields := [name for name in form.changed_data if name in self.entered]:
            by, at = request.user.actor, timezone.now()
            outbox.record_on("settings", "product.changed", by=by, at=at, product=obj.pk, fields=fields)


class OrderLineInline(ReadOnlyInline):
    model = OrderLine
    fields = ("position", "sku", "description", "quantity", "gross", "tax", "shipped", "canceled", "returned")
    ordering = ("position",)


@admin.register(Order)
class OrderAdmin(RoleAdmin):
    sees = "see orders"
    list_display = ("number", "placed_at", "country", "total", "currency", "kind", "source")
    list_filter = ("kind", "source")
    search_fields = ("=number",)
    fields = (
        "number",
        "kind",
        "source",
        "customer",
        "placed_at",
        "market",
        "country",
        "region",
        "currency",
        "items_total",
        "shipping_total",
        "shipping_tax",
        "total",
    )
    inlines = (OrderLineInline,)


@admin.register(Customer)
class CustomerAdmin(RoleAdmin):
    """Found by e-mail, customer number or whole words of the name, by whoever may see personal data."""

    sees = "see orders"
    personal = ("name", "email", "phone", "street", "city", "postcode")
    list_display = ("__str__", "name", "country", "region", "created_at")
    search_fields = ("=external_id",)
    fields = (
        "external_id",
        "name",
        "email",
        "phone",
        "street",
        "city",
        "postcode",
        "country",
        "region",
        "language",
        "created_at",
        "erased_at",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Customer]", search_term: str
    ) -> tuple["QuerySet[Customer]", bool]:
        words = search_term.strip()
        if not words:
            return queryset, False
        found = queryset.filter(external_id=words)
        if allowed(request.user, "see personal data") and name_words(words):
            people = Customer.objects.with_email(words) if "@" in words else Customer.objects.named(words)
            found |= queryset.filter(pk__in=people.values("pk"))
        return found, False


@admin.register(Payment)
class PaymentAdmin(RoleAdmin):
    sees = "see refunds"
    list_display = ("__str__", "order", "method", "captured", "refunded", "in_flight", "currency", "captured_at")
    list_filter = ("method",)
    list_select_related = ("order",)
    search_fields = ("=order__number", "=provider_id")
    fields = (
        "order",
        "method",
        "provider_id",
        "carried_from",
        "currency",
        "captured",
        "refunded",
        "in_flight",
        "captured_at",
    )


class ShipmentLineInline(ReadOnlyInline):
    model = ShipmentLine
    fields = ("order_line", "quantity")


@admin.register(Shipment)
class ShipmentAdmin(RoleAdmin):
    sees = "see orders"
    list_display = ("__str__", "order", "carrier", "status", "shipped_at", "delivered_at")
    list_filter = ("status",)
    list_select_related = ("order",)
    search_fields = ("=order__number", "=tracking_number")
    fields = ("order", "carrier", "tracking_number", "status", "shipped_at", "delivered_at")
    inlines = (ShipmentLineInline,)


class PostingInline(ReadOnlyInline):
    model = Posting
    fields = ("account", "amount", "currency")


@admin.register(JournalEntry)
class JournalEntryAdmin(RoleAdmin):
    sees = "see refunds"
    list_display = ("cause", "order", "booked_at")
    list_select_related = ("order",)
    search_fields = ("=cause", "=order__number")
    fields = ("cause", "order", "booked_at")
    inlines = (PostingInline,)


@admin.register(Event)
class EventAdmin(RoleAdmin):
    sees = "see events"
    list_display = ("occurred_at", "name", "stream", "sequence", "actor")
    list_display_links = ("name",)
    search_fields = ("=stream",)
    search_help_text = _("The whole name of a stream, as rma/R-7K3M-92QXC")
    fields = ("occurred_at", "name", "stream", "sequence", "actor", "correlation", "facts")


@admin.register(Delivery)
class DeliveryAdmin(RoleAdmin):
    """Jobs owed because of events. Those that were given up wait here for a person."""

    sees = "see events"
    list_display = ("task", "event", "queue", "due_at", "attempts", "done_at", "dead_at", "error")
    list_filter = (("dead_at", admin.EmptyFieldListFilter), ("done_at", admin.EmptyFieldListFilter), "queue")
    list_select_related = ("event",)
    search_fields = ("=event__stream",)
    fields = ("event", "task", "target", "queue", "due_at", "attempts", "leased_until", "done_at", "dead_at", "error")
    actions = ("run_again",)

    def has_run_permission(self, request: HttpRequest) -> bool:
        return allowed(request.user, "change settings")

    @admin.action(description=_("Run again what was given up"), permissions=["run"])
    def run_again(self, request: HttpRequest, chosen: "QuerySet[Delivery]") -> None:
        """Owe these jobs anew. Those that are done or still being tried are left alone."""
        dead = list(chosen.exclude(dead_at=None).order_by("pk").values_list("pk", flat=True))
        with transaction.atomic():
            for pk in dead:
                jobs.run_again(pk, by=request.user.actor, at=timezone.now())
        sentence = ngettext("%(count)s job runs again.", "%(count)s jobs run again.", len(dead))
        messages.info(request, sentence % {"count": len(dead)})


@admin.register(InboundWebhook)
class InboundWebhookAdmin(RoleAdmin):
    """What vendors told us; never what it said, which may be personal."""

    sees = "see events"
    list_display = ("number", "kind", "received_at", "processed_at", "trouble")
    list_filter = ("provider", ("trouble", admin.EmptyFieldListFilter))
    search_fields = ("=external_id",)
    fields = ("provider", "external_id", "kind", "received_at", "processed_at", "trouble")


@admin.register(User)
class UserAdmin(RoleAdmin):
    """Members of staff, for reading: roles and access change on the page of people. No password is shown."""

    sees = "manage users"
    list_display = ("name", "email", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    ordering = ("name", "pk")
    search_fields = ("name", "email")
    fields = ("name", "email", "role", "is_active", "date_joined", "last_login")
