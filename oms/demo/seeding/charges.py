"""What the sandbox is told when it starts: card payments it is to know, so that they can be paid back, and labels, so
that they can be given back."""

import json
from collections.abc import Iterable

from oms import embedded
from oms.models import Payment
from oms.money import amount_text, to_minor
from returns.models import Parcel
from returns.states import ParcelStatus as P

FILE, LABELS = "sandbox-payments.json", "sandbox-labels.json"
# What the carrier says of a parcel, where it is more than that the label is known.
SAID = {P.IN_TRANSIT: "in_transit", P.OUT_FOR_DELIVERY: "out_for_delivery", P.PROBLEM: "failure"}
SAID |= dict.fromkeys((P.DELIVERED, P.ARRIVED), "delivered")


def tell(payments: Iterable[Payment]) -> None:
    """Add these to what it is told. Needs `order` of each."""
    file = embedded.data_dir() / FILE
    known = json.loads(file.read_text()) if file.exists() else []
    known += [
        {
            "payment_intent": payment.provider_id,
            "charge": f"ch_{payment.provider_id.removeprefix('pi_')}",
            "amount": to_minor(payment.captured, payment.currency),
            "currency": payment.currency.lower(),
            "created": int(payment.captured_at.timestamp()),
        }
        for payment in payments
    ]
    file.write_text(json.dumps(known))


def tell_labels() -> None:
    """It is told every label that was bought through the carrier service."""
    bought = Parcel.objects.exclude(shipment_id="").exclude(labeled_at=None).defer("label").order_by("pk")
    told = [
        {
            "shipment": parcel.shipment_id,
            "tracking_code": parcel.tracking_number,
            "carrier": parcel.carrier,
            "service": parcel.service,
            "price": amount_text(parcel.price, parcel.currency),
            "currency": parcel.currency,
            "status": SAID.get(P(parcel.status), "pre_transit"),
            "refund_status": refund.status if (refund := getattr(parcel, "label_refund", None)) else "",
        }
        for parcel in bought.select_related("label_refund")
    ]
    (embedded.data_dir() / LABELS).write_text(json.dumps(told))


def forget() -> None:
    """A new shop begins with none."""
    for name in (FILE, LABELS):
        (embedded.data_dir() / name).unlink(missing_ok=True)
