"""States of goods that inspection set aside: in the workshop, on their way back to a vendor."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from oms.roles import Role
from oms.statemachine import CREATED, Machine, Transition

_DOCK = (Role.DOCK, Role.MANAGER, Role.ADMINISTRATOR)


class WorkStatus(TextChoices):
    """Goods that are refurbished or repaired: an order to the workshop."""

    OPEN = "open", _("in the workshop")
    DONE = "done", _("done")
    FAILED = "failed", _("could not be done")
    CANCELED = "canceled", _("called off")


W = WorkStatus

WORK_MACHINE = Machine(
    "work_order",
    WorkStatus,
    [
        Transition("open", (CREATED,), W.OPEN, _DOCK),
        Transition("finish", (W.OPEN,), W.DONE, _DOCK),
        Transition("fail", (W.OPEN,), W.FAILED, _DOCK),
        Transition("call_off", (W.OPEN,), W.CANCELED, _DOCK),
    ],
    terminal=(W.DONE, W.FAILED, W.CANCELED),
)

WORK_MEANING = {W.OPEN: "moving", W.DONE: "good", W.FAILED: "bad", W.CANCELED: ""}


class VendorReturnStatus(TextChoices):
    """Goods that go back to who sold them to us."""

    DRAFT = "draft", _("being gathered")
    SENT = "sent", _("sent, waiting for the credit")
    CREDITED = "credited", _("credited")
    CANCELED = "canceled", _("called off")


V = VendorReturnStatus

VENDOR_RETURN_MACHINE = Machine(
    "vendor_return",
    VendorReturnStatus,
    [
        Transition("gather", (CREATED,), V.DRAFT, _DOCK),
        Transition("send", (V.DRAFT,), V.SENT, _DOCK),
        Transition("credit", (V.SENT,), V.CREDITED, (Role.FINANCE, Role.MANAGER, Role.ADMINISTRATOR)),
        Transition("call_off", (V.DRAFT,), V.CANCELED, _DOCK),
    ],
    terminal=(V.CREDITED, V.CANCELED),
)

VENDOR_RETURN_MEANING = {V.DRAFT: "waiting", V.SENT: "moving", V.CREDITED: "good", V.CANCELED: ""}
