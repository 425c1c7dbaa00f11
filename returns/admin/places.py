"""Where parcels are handed in: rows the shop keeps, because the carrier service tells of none."""

from datetime import datetime

from django.contrib import admin

from oms import outbox
from oms.admin_base import SettingsAdmin
from returns.models import CarrierLocator, DropOffPoint


@admin.register(DropOffPoint)
class DropOffPointAdmin(SettingsAdmin):
    list_display = ("name", "carrier", "country", "postcodes", "address", "takes_codes", "active")
    list_filter = ("carrier", "country", "active")
    ordering = ("carrier", "country", "postcodes", "name", "pk")
    search_fields = ("name", "address", "postcodes")
    fields = ("code", "carrier", "country", "postcodes", "name", "address", "hours", "takes_codes", "active")

    def note(self, obj: DropOffPoint, fields: list[str], *, by: str, at: datetime) -> None:
        outbox.record_on("settings", "drop_off_point.changed", by=by, at=at, point=obj.code, fields=fields)


@admin.register(CarrierLocator)
class CarrierLocatorAdmin(SettingsAdmin):
    list_display = ("carrier", "country", "url", "active")
    ordering = ("carrier", "country", "pk")
    fields = ("code", "carrier", "country", "url", "active")

    def note(self, obj: CarrierLocator, fields: list[str], *, by: str, at: datetime) -> None:
        outbox.record_on("settings", "carrier_locator.changed", by=by, at=at, locator=obj.code, fields=fields)
