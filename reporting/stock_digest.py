"""What runs low and what piles up, told to managers once a day, and only when it changed (R81)."""

from datetime import datetime

from inventory import limits
from oms.models import Event, User
from oms.roles import Role
from reporting import shelf

SHOWN = 40


def tell(*, now: datetime) -> list[Event]:
    """Tell each manager; what is low but covered by what comes back needs nobody. Returns who had something to hear."""
    warned = [one for one in shelf.warnings(shelf.answer(now)) if one.kind != "covered"]
    told = []
    for manager in User.objects.filter(role=Role.MANAGER, is_active=True).order_by("pk"):
        event = limits.tell(
            manager,
            low=[one.sku for one in warned if one.kind == "low"],
            high=[one.sku for one in warned if one.kind == "high"],
            shown=[
                {
                    "sku": one.sku,
                    "kind": one.kind,
                    "available": one.available,
                    "soon": str(one.soon),
                    "limit": one.limit,
                }
                for one in warned[:SHOWN]
            ],
            by="system",
            at=now,
        )
        told += [event] if event else []
    return told
