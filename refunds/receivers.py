"""Which job follows which event."""

from oms.outbox import subscribe
from refunds import tasks

# What became due: the policy says at which of these.
subscribe("rma.requested", tasks.request_refund, queue="refunds", when={"due": True})  # what the customer keeps
subscribe("rma.approved", tasks.request_refund, queue="refunds", when={"due": True})
subscribe("rma.resolution_changed", tasks.request_refund, queue="refunds", when={"due": True})
subscribe("dispatch.planned", tasks.request_refund, queue="refunds", when={"due": True})
subscribe("dispatch.canceled", tasks.request_refund, queue="refunds", when={"due": True})  # money instead of goods
subscribe("dispatch.canceled", tasks.close_payment_link, queue="refunds", calls_vendor=True)
subscribe("rma.shipped", tasks.request_refund, queue="refunds", when={"due": True})
subscribe("rma.delivered", tasks.request_refund, queue="refunds", when={"due": True})
subscribe("rma.received", tasks.request_refund, queue="refunds", when={"due": True})
subscribe("rma.inspected", tasks.request_refund, queue="refunds", when={"due": True})
subscribe("rma.hold_answered", tasks.request_refund, queue="refunds", when={"due": True})
subscribe("rma.hold_decided", tasks.request_refund, queue="refunds", when={"due": True})
subscribe("rma.opened_for_parcel", tasks.request_refund, queue="refunds", when={"due": True})
subscribe("rma.loss_taken", tasks.request_refund, queue="refunds", when={"due": True})
subscribe("case.opened", tasks.bring_back, queue="refunds", when={"comes_back": True})
subscribe("order.lines_canceled", tasks.request_cancellation, queue="refunds")

# A look at whether money is conserved.
subscribe("conservation.asked", tasks.watch_after, queue="long")

# Off to the provider.
subscribe("refund.requested", tasks.submit_refund, queue="refunds", calls_vendor=True)
subscribe("refund.approved", tasks.submit_refund, queue="refunds", calls_vendor=True)
subscribe("refund.resumed", tasks.submit_refund, queue="refunds", calls_vendor=True)
subscribe("refund.retried", tasks.submit_refund, queue="refunds", calls_vendor=True)
subscribe("refund.turned", tasks.submit_refund, queue="refunds", calls_vendor=True)

# What the provider says.
for provider in ("stripe", "paypal"):
    subscribe("webhook.received", tasks.process_webhook, queue="refunds", when={"provider": provider})

# The books of others.
subscribe("reconciliation.asked", tasks.begin_reconciliation, queue="long", calls_vendor=True)
