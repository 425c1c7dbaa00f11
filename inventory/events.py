"""What the events of stock may say that no return tells already (see `oms.outbox.declare`)."""

EVENTS = {
    "condition.changed": ("condition", "fields"),
    "bin.changed": ("bin", "fields"),
    "category_terms.changed": ("category", "fields", "costing", "issue_order"),
}
