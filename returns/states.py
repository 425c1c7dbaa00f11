"""States of a return, of its settlement, its parcels and its holds: the diagrams as data."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from oms.roles import Role
from oms.statemachine import CREATED, Machine, Transition

_DESK = (Role.AGENT, Role.MANAGER, Role.ADMINISTRATOR)
_DOCK = (Role.DOCK, Role.MANAGER, Role.ADMINISTRATOR)
_CORRECTS = (Role.MANAGER, Role.ADMINISTRATOR)
_CUSTOMER_OR_DESK = (Role.CUSTOMER, *_DESK)


class RMAStatus(TextChoices):
    NEEDS_REVIEW = "needs_review", _("needs review")  # a person decides
    NEEDS_INFO = "needs_info", _("waiting for the customer")  # we asked for more
    APPROVED = "approved", _("approved")  # we wait for the parcel
    IN_TRANSIT = "in_transit", _("on its way")  # the carrier has it
    RECEIVING = "receiving", _("partly arrived")  # some units are here
    RECEIVED = "received", _("arrived")  # all announced units are here or accounted for
    INSPECTED = "inspected", _("inspected")  # every unit has an outcome
    CLOSED = "closed", _("closed")
    REJECTED = "rejected", _("rejected")
    CANCELED = "canceled", _("canceled")
    EXPIRED = "expired", _("expired")

    @classmethod
    def terminal(cls) -> tuple["RMAStatus", ...]:
        return cls.CLOSED, cls.REJECTED, cls.CANCELED, cls.EXPIRED

    @classmethod
    def open(cls) -> tuple["RMAStatus", ...]:
        return tuple(status for status in cls if status not in cls.terminal())

    @classmethod
    def awaiting_goods(cls) -> tuple["RMAStatus", ...]:
        return cls.APPROVED, cls.IN_TRANSIT, cls.RECEIVING

    @classmethod
    def at_dock(cls) -> tuple["RMAStatus", ...]:
        return cls.RECEIVING, cls.RECEIVED


S = RMAStatus

RMA_MACHINE = Machine(
    "rma",
    RMAStatus,
    [
        Transition("request", (CREATED,), S.APPROVED, _CUSTOMER_OR_DESK),
        Transition("request", (CREATED,), S.NEEDS_REVIEW, _CUSTOMER_OR_DESK),
        Transition("request", (CREATED,), S.REJECTED, _CUSTOMER_OR_DESK),
        Transition("import_closed", (CREATED,), S.CLOSED),
        Transition("bring_back", (CREATED,), S.IN_TRANSIT),  # a parcel that was not delivered
        Transition("make_good", (CREATED,), S.APPROVED, _DESK),  # what was lost on its way to the customer
        Transition("approve", (S.NEEDS_REVIEW, S.NEEDS_INFO), S.APPROVED, _DESK),
        Transition("ask", (S.NEEDS_REVIEW,), S.NEEDS_INFO, _DESK),
        Transition("answer", (S.NEEDS_INFO,), S.NEEDS_REVIEW, (Role.CUSTOMER,)),
        Transition("reject", (S.NEEDS_REVIEW, S.NEEDS_INFO), S.REJECTED, _DESK),
        Transition("ship", (S.APPROVED,), S.IN_TRANSIT),
        Transition("receive", (S.APPROVED, S.IN_TRANSIT, S.RECEIVING), S.RECEIVING, _DOCK),
        Transition("receive", (S.APPROVED, S.IN_TRANSIT, S.RECEIVING), S.RECEIVED, _DOCK),
        Transition("take_back", (S.RECEIVING, S.RECEIVED), S.RECEIVING, _DOCK),  # a receipt was a mistake
        Transition("take_back", (S.RECEIVING, S.RECEIVED), S.IN_TRANSIT, _DOCK),
        Transition("take_back", (S.RECEIVING, S.RECEIVED), S.APPROVED, _DOCK),
        Transition("recount", (S.RECEIVING, S.RECEIVED, S.INSPECTED, S.CLOSED), S.RECEIVING, _CORRECTS),
        Transition("inspect", (S.RECEIVING,), S.RECEIVING, _DOCK),
        Transition("inspect", (S.RECEIVED,), S.RECEIVED, _DOCK),
        Transition("inspect", (S.RECEIVED,), S.INSPECTED, _DOCK),
        Transition("close", (S.INSPECTED,), S.CLOSED),
        Transition("close", (S.APPROVED,), S.CLOSED),  # the customer keeps the goods
        Transition("reopen", (S.CLOSED,), S.INSPECTED),
        Transition("cancel", (S.NEEDS_REVIEW, S.NEEDS_INFO, S.APPROVED), S.CANCELED, _CUSTOMER_OR_DESK),
        Transition("expire", (S.APPROVED, S.NEEDS_INFO), S.EXPIRED),
    ],
    terminal=RMAStatus.terminal(),
)


class Settlement(TextChoices):
    """What the customer is still owed: another fact than where the goods are, so another column."""

    NONE = "none", _("nothing due yet")
    DUE = "due", _("due")
    IN_PROGRESS = "in_progress", _("on its way")
    SETTLED = "settled", _("settled")
    FAILED = "failed", _("failed")
    NOTHING = "nothing", _("nothing to pay")


M = Settlement

SETTLEMENT_MACHINE = Machine(
    "settlement",
    Settlement,
    [
        Transition("await_money", (CREATED,), M.NONE),
        Transition("owe", (M.NONE, M.SETTLED, M.NOTHING), M.DUE),
        Transition("owe_nothing", (CREATED, M.NONE), M.NOTHING),
        Transition("start", (M.DUE, M.IN_PROGRESS, M.FAILED), M.IN_PROGRESS),
        Transition("settle", (M.DUE, M.IN_PROGRESS, M.FAILED), M.SETTLED),
        Transition("fail", (M.DUE, M.IN_PROGRESS, M.SETTLED), M.FAILED),
    ],
    terminal=(M.SETTLED, M.NOTHING),
)


class ParcelStatus(TextChoices):
    WANTED = "wanted", _("label being bought")
    LABELED = "labeled", _("label ready")
    IN_TRANSIT = "in_transit", _("on its way")
    OUT_FOR_DELIVERY = "out_for_delivery", _("out for delivery")
    DELIVERED = "delivered", _("delivered")
    PROBLEM = "problem", _("trouble on the way")  # lost, damaged, returned to sender: a person looks
    ARRIVED = "arrived", _("at the dock")
    VOIDED = "voided", _("label voided")


P = ParcelStatus

PARCEL_MACHINE = Machine(
    "parcel",
    ParcelStatus,
    [
        Transition("want", (CREATED,), P.WANTED),
        Transition("bring_back", (CREATED,), P.IN_TRANSIT),
        Transition("announce", (CREATED,), P.LABELED),  # sent with a label of the customer's own
        Transition("label", (P.WANTED,), P.LABELED),
        Transition("move", (P.LABELED, P.PROBLEM), P.IN_TRANSIT),
        Transition("move", (P.LABELED, P.IN_TRANSIT, P.PROBLEM), P.OUT_FOR_DELIVERY),
        Transition("move", (P.LABELED, P.IN_TRANSIT, P.OUT_FOR_DELIVERY, P.PROBLEM), P.DELIVERED),
        Transition("trouble", (P.LABELED, P.IN_TRANSIT, P.OUT_FOR_DELIVERY), P.PROBLEM),
        Transition(
            "arrive",
            (P.WANTED, P.LABELED, P.IN_TRANSIT, P.OUT_FOR_DELIVERY, P.DELIVERED, P.PROBLEM),
            P.ARRIVED,
        ),
        *(Transition("take_back", (P.ARRIVED,), before) for before in (P.WANTED, P.LABELED, P.IN_TRANSIT, P.DELIVERED)),
        Transition("void", (P.WANTED, P.LABELED), P.VOIDED),
    ],
    terminal=(P.ARRIVED, P.VOIDED),
)


class LabelHold(TextChoices):
    """What a person has to do before a label is bought, or instead of buying one."""

    CUSTOMS = "customs", _("customs papers")
    PICKUP = "pickup", _("a day to collect it")


class LabelKind(TextChoices):
    """Forms of a label beside the first one (PDF, 4 × 6 inches), and papers that go with it."""

    CODE = "code", _("code for the counter")
    A4 = "a4", _("A4 sheet")
    ZPL = "zpl", _("label printer")
    INVOICE = "invoice", _("customs invoice")


class DispatchStatus(TextChoices):
    """Goods going out because of a return: an exchange, a replacement."""

    WAITING = "waiting", _("waiting for the return")  # set aside
    HELD = "held", _("waiting for payment")
    SHORT = "short", _("out of stock")  # offered again: wait, something else, money
    RELEASED = "released", _("to be picked")
    PACKED = "packed", _("packed, label being bought")
    LABELED = "labeled", _("ready to leave")
    SHIPPED = "shipped", _("on its way")
    DELIVERED = "delivered", _("delivered")
    CANCELED = "canceled", _("canceled")
    UNDELIVERED = "undelivered", _("never reached the customer")  # and went out once more

    @classmethod
    def void(cls) -> tuple["DispatchStatus", ...]:
        """What brings the customer nothing: something else may go out."""
        return cls.CANCELED, cls.UNDELIVERED

    @classmethod
    def before_packing(cls) -> tuple["DispatchStatus", ...]:
        """States in which it can still become something else."""
        return cls.WAITING, cls.HELD, cls.SHORT, cls.RELEASED

    @classmethod
    def at_packing(cls) -> tuple["DispatchStatus", ...]:
        """What somebody at the dock has to do something about."""
        return cls.RELEASED, cls.PACKED, cls.LABELED


D = DispatchStatus

DISPATCH_MACHINE = Machine(
    "dispatch",
    DispatchStatus,
    [
        Transition("plan", (CREATED,), D.WAITING, _CUSTOMER_OR_DESK),
        Transition("release", (D.WAITING, D.HELD, D.SHORT), D.RELEASED),
        Transition("release", (D.WAITING,), D.HELD),
        Transition("release", (D.WAITING, D.HELD), D.SHORT),
        Transition("miss", (D.RELEASED,), D.SHORT, _DOCK),
        Transition("pack", (D.RELEASED,), D.PACKED, _DOCK),
        Transition("label", (D.PACKED,), D.LABELED),
        Transition("ship", (D.LABELED,), D.SHIPPED, _DOCK),
        Transition("deliver", (D.SHIPPED,), D.DELIVERED),
        Transition("cancel", DispatchStatus.before_packing(), D.CANCELED, _CUSTOMER_OR_DESK),
        Transition("send_again", (D.SHIPPED,), D.UNDELIVERED, _DESK),
    ],
    terminal=(D.DELIVERED, D.CANCELED, D.UNDELIVERED),
)

# How a badge colors each state.
DISPATCH_MEANING = {
    D.WAITING: "waiting",
    D.HELD: "careful",
    D.SHORT: "bad",
    D.RELEASED: "waiting",
    D.PACKED: "moving",
    D.LABELED: "moving",
    D.SHIPPED: "moving",
    D.DELIVERED: "good",
    D.CANCELED: "",
    D.UNDELIVERED: "",
}


class ReleaseAt(TextChoices):
    """When goods that go out may leave (policy)."""

    APPROVAL = "approval", _("at once")
    MONEY = "money", _("when money would move")
    RECEIPT = "receipt", _("when the return arrives at the dock")
    INSPECTION = "inspection", _("after inspection")

    @classmethod
    def without_money(cls) -> tuple["ReleaseAt", ...]:
        """When goods that cost nothing may leave."""
        return cls.APPROVAL, cls.RECEIPT, cls.INSPECTION


class HoldStatus(TextChoices):
    WAITING = "waiting", _("waiting for the customer")
    ACCEPTED = "accepted", _("customer accepts")
    DISPUTED = "disputed", _("customer disputes")
    SENT_BACK = "sent_back", _("sent back to the customer")
    OVERTURNED = "overturned", _("decided for the customer")
    UPHELD = "upheld", _("refusal upheld")


H = HoldStatus

HOLD_MACHINE = Machine(
    "hold",
    HoldStatus,
    [
        Transition("hold", (CREATED,), H.WAITING, _DOCK),
        Transition("accept", (H.WAITING,), H.ACCEPTED, (Role.CUSTOMER,)),
        Transition("dispute", (H.WAITING,), H.DISPUTED, (Role.CUSTOMER,)),
        Transition("send_back", (H.WAITING, H.UPHELD), H.SENT_BACK, _CUSTOMER_OR_DESK),
        Transition("overturn", (H.DISPUTED, H.WAITING), H.OVERTURNED, _DESK),
        Transition("uphold", (H.DISPUTED,), H.UPHELD, _DESK),
    ],
    terminal=(H.ACCEPTED, H.SENT_BACK, H.OVERTURNED, H.UPHELD),
)


class Resolution(TextChoices):
    REFUND = "refund", _("refund")
    STORE_CREDIT = "store_credit", _("store credit")
    EXCHANGE = "exchange", _("exchange")
    REPLACEMENT = "replacement", _("replacement")
    REPAIR = "repair", _("repair")
    KEEP_ITEM = "keep_item", _("refund, keep the item")


class RMASource(TextChoices):
    PORTAL = "portal", _("portal")
    DESK = "desk", _("service desk")
    IMPORTED = "imported", _("imported")
    CARRIER = "carrier", _("carrier")  # a parcel that was not delivered, or lost


class RefundAt(TextChoices):
    """When money moves (policy), the most trusting first."""

    APPROVAL = "approval", _("at once")  # nothing comes back
    SCAN = "scan", _("at the first carrier scan")
    DELIVERY = "delivery", _("when the carrier delivers")
    RECEIPT = "receipt", _("when it arrives at the dock")
    INSPECTION = "inspection", _("after inspection")

    @classmethod
    def with_goods(cls) -> tuple["RefundAt", ...]:
        """What a policy may choose for goods that come back."""
        return cls.SCAN, cls.DELIVERY, cls.RECEIPT, cls.INSPECTION


class ReceiptResult(TextChoices):
    """What became of announced units at the dock (section 4, rule 7); before that they are awaited."""

    RECEIVED = "received", _("received")
    WRONG_ITEM = "wrong_item", _("another item")
    MISMATCH = "mismatch", _("not the one sold")  # the same product with another serial or lot (p40)
    SHORT = "short", _("missing")
    LOST = "lost", _("lost on the way")
    REFUSED = "refused", _("refused at the dock")

    @classmethod
    def arrived(cls) -> tuple["ReceiptResult", ...]:
        return cls.RECEIVED, cls.WRONG_ITEM, cls.MISMATCH

    @classmethod
    def another(cls) -> tuple["ReceiptResult", ...]:
        """Something lies here, but not what was sold: it never becomes stock of that product, and pays nothing."""
        return cls.WRONG_ITEM, cls.MISMATCH


R = ReceiptResult

RECEPTION_MACHINE = Machine(
    "reception",
    ReceiptResult,
    [
        *(Transition("receive", (CREATED,), result, _DOCK) for result in ReceiptResult),
        Transition("match", (R.MISMATCH,), R.RECEIVED, _DESK),  # it is the one sold: our record was wrong
    ],
    terminal=ReceiptResult,
)


class Acceptance(TextChoices):
    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("refused")
