"""Which job follows which event."""

from inventory import tasks
from oms.outbox import subscribe

subscribe("category_terms.changed", tasks.revalue_category, queue="long")
subscribe("stock_check.asked", tasks.check_after, queue="long")
