"""What the events of orders, money books and the shop itself may say (see `oms.outbox.declare`)."""

EVENTS = {
    "verb.refused": ("verb", "subject", "code"),
    "order.imported": ("lines", "total", "currency", "source"),
    "order.placed": ("lines", "total", "currency", "source"),
    "order.paid": ("payment", "amount", "currency"),
    "order.charged_back": ("payment", "dispute", "amount", "currency"),
    "order.shipped": ("shipment", "lines"),
    "order.delivered": ("shipment",),
    "order.refused": ("shipment",),
    "order.lines_canceled": ("lines", "reason", "claims"),
    "period.closing_asked": ("ends_at",),
    "period.closed": ("ends_at", "entries"),
    "books.entry_made": ("cause", "postings", "currency"),
    "webhook.received": ("provider", "external_id", "kind"),
    "shop.changed": ("fields",),
    "warehouse.changed": ("warehouse", "fields"),
    "user.invited": ("user", "role"),
    "user.changed": ("user", "fields"),
    "user.second_factor_reset": ("user",),
    "user.logged_in": ("user",),
    "job.run_again": ("delivery", "task"),
}
