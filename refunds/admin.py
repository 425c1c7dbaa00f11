"""Money back in the admin: for reading; finance decides on its own pages."""

from django.contrib import admin

from oms.admin_base import ReadOnlyInline, RoleAdmin
from refunds.models import (
    CreditMemo,
    CreditMemoLine,
    PaymentLink,
    Refund,
    RefundAttempt,
    StoreCredit,
    StoreCreditEntry,
    StoreCreditGrant,
)


class CreditMemoLineInline(ReadOnlyInline):
    model = CreditMemoLine
    fields = ("order_line", "outcome", "quantity", "gross", "tax")
    ordering = ("pk",)


@admin.register(CreditMemo)
class CreditMemoAdmin(RoleAdmin):
    sees = "see refunds"
    list_display = ("number", "order", "rma", "source", "total", "currency", "issued_at")
    list_filter = ("source",)
    list_select_related = ("order", "rma")
    search_fields = ("=number", "=order__number", "=rma__number")
    fields = ("number", "order", "rma", "source", "currency", "net", "tax", "fees", "total", "issued_at", "quote")
    inlines = (CreditMemoLineInline,)


class RefundAttemptInline(ReadOnlyInline):
    model = RefundAttempt
    fields = ("sent_at", "provider_id", "result", "code", "calls", "answered_at")
    ordering = ("pk",)


@admin.register(Refund)
class RefundAdmin(RoleAdmin):
    sees = "see refunds"
    list_display = ("number", "order", "rma", "status", "amount", "currency", "requested_at")
    list_filter = ("status", "source")
    list_select_related = ("order", "rma")
    search_fields = ("=number", "=order__number", "=rma__number", "=provider_id")
    fields = (
        "number",
        "memo",
        "order",
        "rma",
        "payment",
        "amount",
        "currency",
        "status",
        "source",
        "provider_id",
        "provider_reason",
        "requested_at",
        "approved_at",
        "submitted_at",
        "settled_at",
        "failed_at",
    )
    inlines = (RefundAttemptInline,)


class StoreCreditGrantInline(ReadOnlyInline):
    model = StoreCreditGrant
    fields = ("category", "amount", "used", "authorized", "granted_at", "expires_at", "document")
    ordering = ("pk",)


class StoreCreditEntryInline(ReadOnlyInline):
    model = StoreCreditEntry
    fields = ("reference", "kind", "amount", "cause", "order", "happened_at")
    ordering = ("pk",)


@admin.register(StoreCredit)
class StoreCreditAdmin(RoleAdmin):
    sees = "see store credit"
    list_display = ("number", "currency", "opened_at")
    list_filter = ("currency",)
    search_fields = ("=number",)
    fields = ("number", "currency", "opened_at")
    inlines = (StoreCreditGrantInline, StoreCreditEntryInline)


@admin.register(PaymentLink)
class PaymentLinkAdmin(RoleAdmin):
    sees = "see refunds"
    list_display = ("created_at", "order", "status", "amount", "currency", "expires_at", "closed_at")
    list_filter = ("status",)
    list_select_related = ("order",)
    search_fields = ("=order__number", "=session_id")
    fields = ("order", "status", "amount", "currency", "session_id", "created_at", "expires_at", "closed_at")
