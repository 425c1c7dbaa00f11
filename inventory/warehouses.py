"""Where returns go: addresses on labels and calendars that count business days."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from inventory.models import Warehouse
from oms import outbox, shops

FIELDS = frozenset(
    {
        "name",
        "street",
        "city",
        "region",
        "postcode",
        "country",
        "phone",
        "time_zone",
        "working_days",
        "holidays",
    }
)


@transaction.atomic
def change(code: str, values: Mapping[str, Any], *, by: str, at: datetime) -> Warehouse:
    """Save a warehouse; the event names the changed fields. Raises Warehouse.DoesNotExist, LookupError."""
    if unknown := set(values) - FIELDS:
        raise LookupError(f"nothing of a warehouse: {', '.join(sorted(unknown))}")
    house = Warehouse.objects.select_for_update().get(code=code)
    changed = [name for name, value in values.items() if getattr(house, name) != value]
    if not changed:
        return house
    for name in changed:
        setattr(house, name, values[name])
    house.save(update_fields=changed)
    outbox.record_on(shops.STREAM, "warehouse.changed", by=by, at=at, warehouse=code, fields=sorted(changed))
    return house
