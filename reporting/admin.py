from django.contrib import admin
from django.http import HttpRequest

from oms.roles import allowed
from reporting.models import HandlingRate


@admin.register(HandlingRate)
class HandlingRateAdmin(admin.ModelAdmin):
    """What a return costs to handle: a new day is a new row; what reports said of the past stays."""

    list_display = ("currency", "amount", "valid_from", "is_assumption")
    ordering = ("currency", "-valid_from")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return allowed(request.user, "see reports")

    def has_view_permission(self, request: HttpRequest, obj: HandlingRate | None = None) -> bool:
        return allowed(request.user, "see reports")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return allowed(request.user, "change settings")

    def has_change_permission(self, request: HttpRequest, obj: HandlingRate | None = None) -> bool:
        return allowed(request.user, "change settings")

    def has_delete_permission(self, request: HttpRequest, obj: HandlingRate | None = None) -> bool:
        return allowed(request.user, "change settings")
