"""Which job follows which event."""

from oms.outbox import subscribe
from returns import tasks
from returns.lifecycle.taking_back import TAKE_BACK_WITHIN

subscribe("rma.requested", tasks.buy_label, queue="labels", calls_vendor=True)
subscribe("rma.approved", tasks.buy_label, queue="labels", calls_vendor=True)
subscribe("parcel.label_wanted", tasks.buy_label, queue="labels", calls_vendor=True)
subscribe("parcel.labeled", tasks.ask_for_invoice, when={"abroad": True})
subscribe("rma.spread", tasks.buy_labels, queue="labels", calls_vendor=True)
subscribe("label_file.asked", tasks.fetch_label_file, queue="labels", calls_vendor=True)
subscribe("parcel.announced", tasks.follow_parcel, queue="labels", calls_vendor=True)
subscribe("webhook.received", tasks.read_carrier_webhook, when={"provider": "easypost"})
subscribe("rma.closed", tasks.close_case, when={"for_parcel": True})
subscribe("evidence.asked", tasks.build_evidence, queue="long", calls_vendor=True)
subscribe("dispatch.packed", tasks.buy_outbound_label, queue="labels", calls_vendor=True)
subscribe("rma.verdict_given", tasks.book_verdict, delay=TAKE_BACK_WITHIN)
