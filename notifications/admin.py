"""Messages in the admin: what was sent when; how it looked is on the message's own page."""

from django.contrib import admin

from notifications.models import Message
from oms.admin_base import RoleAdmin


@admin.register(Message)
class MessageAdmin(RoleAdmin):
    sees = "see messages"
    personal = ("recipient", "subject", "text")
    list_display = ("composed_at", "template", "audience", "rma", "status", "attempts", "sent_at")
    list_filter = ("status", "template", "audience")
    list_select_related = ("rma",)
    search_fields = ("=rma__number", "=order__number")
    fields = (
        "template",
        "audience",
        "customer",
        "order",
        "rma",
        "recipient",
        "subject",
        "text",
        "status",
        "attempts",
        "composed_at",
        "send_after",
        "sent_at",
    )
