"""What the sandbox is told when it starts: card payments it is to know, so that they can be paid back."""

import json
from collections.abc import Iterable

from oms import embedded
from oms.models import Payment
from oms.money import to_minor

FILE = "sandbox-payments.json"


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


def forget() -> None:
    """A new shop begins with none."""
    (embedded.data_dir() / FILE).unlink(missing_ok=True)
