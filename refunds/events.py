"""What the events of refunds may say (see `oms.outbox.declare`)."""

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
}
