"""What the events of stock may say that no return tells already (see `oms.outbox.declare`)."""

EVENTS = {
    "condition.changed": ("condition", "fields"),
    "bin.changed": ("bin", "fields"),
    "count.started": ("bin",),
    "count.submitted": ("lines", "variances"),
    "count.approved": ("variances",),
    "count.sent_back": (),
    "count.discarded": (),
    "stock_check.asked": (),
    "stock_warnings.changed": ("manager", "low", "high", "ended", "rows"),
    "stock_limit.changed": ("sku", "category", "low", "high"),
    "category_terms.changed": ("category", "fields", "costing", "issue_order"),
}
