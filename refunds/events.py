"""What the events of refunds may say (see `oms.outbox.declare`)."""

_MOVED = ("entry", "amount", "currency", "cause", "order", "parts")

EVENTS = {
    "refund.requested": (
        "memo",
        "rma",
        "order",
        "payment",
        "amount",
        "currency",
        "source",
        "destination",
        "status",
        "lines",
    ),
    "refund.approved": (),
    "refund.refused": ("reason",),
    "refund.submitted": ("key",),
    "refund.pending": ("provider_id", "reason"),
    "refund.settled": ("provider_id", "amount", "currency"),
    "refund.failed": ("provider_id", "reason", "amount", "currency", "late"),
    "refund.retried": (),
    "refund.canceled": (),
    "refund.imported": ("document", "amount", "currency"),
    "store_credit.granted": (*_MOVED, "category", "document"),
    "store_credit.authorized": _MOVED,
    "store_credit.captured": _MOVED,
    "store_credit.voided": _MOVED,
    "store_credit.released": _MOVED,
    "store_credit.adjusted": (*_MOVED, "category"),
    "store_credit.expired": _MOVED,
    "store_credit.invalidated": (*_MOVED, "category"),
    "store_credit.asked": ("category", "amount", "currency", "grant"),
    "store_credit.agreed": ("entry",),
    "store_credit.declined": (),
    "store_credit.terms_changed": ("category", "fields"),
}
