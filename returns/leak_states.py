"""Where a label stands that was bought, never used, and given back to the carrier."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from oms.statemachine import CREATED, Machine, Transition


class LabelRefundStatus(TextChoices):
    """The carrier service's own words (EasyPost `refund_status`)."""

    SUBMITTED = "submitted", _("asked for")
    REFUNDED = "refunded", _("money back")
    REJECTED = "rejected", _("refused")  # may be asked for again
    NOT_APPLICABLE = "not_applicable", _("never charged")  # billed when scanned: nothing was lost


L = LabelRefundStatus
_ANSWERS = (L.REFUNDED, L.REJECTED, L.NOT_APPLICABLE)

LABEL_REFUND_MACHINE = Machine(
    "label_refund",
    LabelRefundStatus,
    [
        *(Transition("give_back", (CREATED, L.REJECTED), status) for status in L),
        *(Transition("answer", (L.SUBMITTED,), status) for status in _ANSWERS),
    ],
    terminal=(L.REFUNDED, L.NOT_APPLICABLE),
)

LABEL_REFUND_MEANING = {L.SUBMITTED: "waiting", L.REFUNDED: "good", L.REJECTED: "bad", L.NOT_APPLICABLE: ""}
