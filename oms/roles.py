"""Who may see and do what: the one table that views, the admin and the tests read (R131).

A *permission* is a short phrase a view asks for with `@may("…")` (`oms/access.py`). Status tables name roles too;
what they name must agree with this table (a test compares them).
"""

from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    CUSTOMER = "customer", _("customer")  # acts through the portal, never a user
    AGENT = "agent", _("service agent")
    DOCK = "dock", _("warehouse")
    FINANCE = "finance", _("finance")
    MANAGER = "manager", _("manager")
    AUDITOR = "auditor", _("auditor")
    ADMINISTRATOR = "administrator", _("administrator")

    @classmethod
    def staff_choices(cls) -> list[tuple[str, Any]]:
        return [(role.value, role.label) for role in cls if role is not cls.CUSTOMER]


_AGENT, _DOCK, _FINANCE = Role.AGENT, Role.DOCK, Role.FINANCE
_MANAGER, _AUDITOR, _ADMIN = Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR

PERMISSIONS: dict[str, frozenset[Role]] = {
    phrase: frozenset(roles)
    for phrase, roles in {
        "see orders": (_AGENT, _DOCK, _FINANCE, _MANAGER, _AUDITOR, _ADMIN),
        "see personal data": (_AGENT, _FINANCE, _MANAGER, _ADMIN),
        "cancel order lines": (_AGENT, _MANAGER, _ADMIN),
        "see returns": (_AGENT, _DOCK, _FINANCE, _MANAGER, _AUDITOR, _ADMIN),
        "open returns": (_AGENT, _MANAGER, _ADMIN),
        "decide returns": (_AGENT, _MANAGER, _ADMIN),
        "receive parcels": (_DOCK, _MANAGER, _ADMIN),
        "correct counts": (_MANAGER, _ADMIN),
        "inspect goods": (_DOCK, _MANAGER, _ADMIN),
        "pack goods": (_DOCK, _MANAGER, _ADMIN),
        "see photos": (_AGENT, _DOCK, _FINANCE, _MANAGER, _ADMIN),
        "use evidence": (_AGENT, _FINANCE, _MANAGER, _ADMIN),
        "see stock": (_AGENT, _DOCK, _FINANCE, _MANAGER, _AUDITOR, _ADMIN),
        "move stock": (_DOCK, _MANAGER, _ADMIN),
        "approve counts": (_MANAGER, _ADMIN),
        "credit vendor returns": (_FINANCE, _MANAGER, _ADMIN),
        "see refunds": (_AGENT, _FINANCE, _MANAGER, _AUDITOR, _ADMIN),
        "approve refunds": (_FINANCE, _ADMIN),
        "retry refunds": (_FINANCE, _ADMIN),
        "see reconciliation": (_FINANCE, _MANAGER, _AUDITOR, _ADMIN),
        "reconcile": (_FINANCE, _ADMIN),
        "see books": (_FINANCE, _MANAGER, _AUDITOR, _ADMIN),
        "export books": (_FINANCE, _MANAGER, _ADMIN),
        "close periods": (_FINANCE, _ADMIN),
        "see store credit": (_AGENT, _FINANCE, _MANAGER, _AUDITOR, _ADMIN),
        "grant store credit": (_AGENT, _FINANCE, _MANAGER, _ADMIN),
        "see messages": (_AGENT, _FINANCE, _MANAGER, _ADMIN),
        "see reports": (_AGENT, _FINANCE, _MANAGER, _AUDITOR, _ADMIN),
        "see events": (_FINANCE, _MANAGER, _AUDITOR, _ADMIN),
        "change policy": (_MANAGER, _ADMIN),
        "change settings": (_MANAGER, _ADMIN),
        "manage users": (_ADMIN,),
    }.items()
}


def allowed(user: Any, phrase: str) -> bool:
    """Say whether this member of staff may do what the phrase names."""
    return bool(getattr(user, "is_active", False)) and getattr(user, "role", None) in PERMISSIONS[phrase]
