"""What our books say moved at the card provider, in the columns of Stripe's own reports, to lay beside them.

Columns: report types `balance_change_from_activity.itemized.3` and `payout_reconciliation.itemized.5`
(https://docs.stripe.com/reports/report-types). Amounts are decimal and signed, a refund is negative. Fees and payouts
are Stripe's to tell: fees are zero here, payouts empty.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import batched
from typing import Any

from django.utils.translation import gettext_lazy as _

from oms.journal import Account
from oms.models import Payment, Posting
from oms.money import check_amount
from oms.spreadsheets import lines as csv_lines
from refunds.accounting.base import Days, Layout
from refunds.models import Refund

ACTIVITY = (
    "balance_transaction_id", "created_utc", "created", "available_on_utc", "available_on", "currency", "gross", "fee",
    "net", "reporting_category", "source_id", "description", "customer_facing_amount", "customer_facing_currency",
    "automatic_payout_id", "automatic_payout_effective_at",
)  # fmt: skip
PAYOUTS = (
    "automatic_payout_id", "automatic_payout_effective_at", *ACTIVITY[:14], "customer_id", "customer_email",
    "charge_id", "payment_intent_id", "charge_created_utc", "invoice_id", "order_id", "payment_method_type",
)  # fmt: skip
CHUNK = 1000


def _lines(columns: Sequence[str], days: Days) -> Iterator[str]:
    yield from csv_lines(columns, ([row.get(name, "") for name in columns] for row in _rows(days)))


def _rows(days: Days) -> Iterator[dict[str, Any]]:
    postings = (
        Posting.objects.filter(
            account=Account.PROVIDER, entry__booked_at__gte=days.begins_at, entry__booked_at__lt=days.ends_at
        )
        .select_related("entry__order")
        .order_by("entry__booked_at", "entry_id", "id")
    )
    for some in batched(postings.iterator(chunk_size=CHUNK), CHUNK):
        payments, refunds = _payments(some), _refunds(some)
        for one in some:
            yield _row(one, payments, refunds, days)


def _payments(postings: Iterable[Posting]) -> dict[int, Payment]:
    """The payments whose capture these are."""
    causes = (one.entry.cause for one in postings if one.entry.cause.startswith("capture/"))
    return Payment.objects.in_bulk([int(last) for cause in causes if (last := cause.rpartition("/")[2]).isdecimal()])


def _refunds(postings: Iterable[Posting]) -> dict[str, Refund]:
    causes = (one.entry.cause for one in postings if one.entry.cause.startswith("refund/"))
    found = Refund.objects.filter(number__in={cause.split("/")[1] for cause in causes}).select_related("payment")
    return {refund.number: refund for refund in found}


def _row(posting: Posting, payments: dict[int, Payment], refunds: dict[str, Refund], days: Days) -> dict[str, Any]:
    entry, amount = posting.entry, check_amount(posting.amount, posting.currency)
    first, _slash, rest = entry.cause.partition("/")
    order = f"Order {entry.order.number}" if entry.order else ""
    category, source, said, payment = "other_adjustment", "", entry.note or entry.cause, None
    last = rest.rpartition("/")[2]
    if first == "capture" and last.isdecimal():
        payment = payments.get(int(last))
        category, source, said = "charge", payment.provider_id if payment else "", order
    elif first == "refund" and (refund := refunds.get(rest.split("/")[0])):
        payment, source = refund.payment, refund.provider_id or ""
        late = "/failed/" in rest
        category = "refund_failure" if late else "refund"
        said = f"REFUND FAILURE ({order})" if late else f"REFUND FOR CHARGE ({order})"
    elif first == "dispute":
        category, source, said = "dispute", rest.partition("/")[0], order
    paid_with = payment.provider_id if payment else ""
    return {
        "balance_transaction_id": f"entry_{entry.pk}",
        "created_utc": f"{entry.booked_at:%Y-%m-%d %H:%M:%S}",
        "created": f"{entry.booked_at.astimezone(days.zone):%Y-%m-%d %H:%M:%S}",
        "currency": posting.currency.lower(),
        "gross": amount,
        "fee": check_amount(amount * 0, posting.currency),
        "net": amount,
        "reporting_category": category,
        "source_id": source,
        "description": said,
        "customer_facing_amount": amount,
        "customer_facing_currency": posting.currency.lower(),
        "charge_id": paid_with if paid_with.startswith("ch_") else "",
        "payment_intent_id": paid_with if paid_with.startswith("pi_") else "",
        "order_id": entry.order.number if entry.order else "",
        "payment_method_type": payment.method if payment else "",
    }


STRIPE_ACTIVITY = Layout(
    "stripe_balance_change_itemized_3",
    _("Stripe balance change, as our books have it"),
    _("To lay beside Stripe's own report of the same days."),
    "csv",
    partial(_lines, ACTIVITY),
)
STRIPE_PAYOUTS = Layout(
    "stripe_payout_reconciliation_itemized_5",
    _("Stripe payout reconciliation, as our books have it"),
    _("The same movements in the columns of the payout report; payouts themselves are Stripe's to tell."),
    "csv",
    partial(_lines, PAYOUTS),
)
