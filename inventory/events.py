"""What the events of stock may say that no return tells already (see `oms.outbox.declare`)."""

EVENTS = {
    "condition.changed": ("condition", "fields"),
    "bin.changed": ("bin", "fields"),
    "stock.adjusted": ("warehouse", "bin", "product", "quantity", "reason"),
    "stock.putaway": ("warehouse", "from_bin", "to_bin", "product", "quantity"),
}
