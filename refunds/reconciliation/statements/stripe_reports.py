"""Stripe's reports *Payout reconciliation* and *Balance change from activity*, itemized.

https://docs.stripe.com/reports/report-types/payout-reconciliation and …/balance. Amounts are decimal major units and
signed: a refund is negative, its failure positive. Columns come in the order they were asked for. Our own numbers stand
in the columns of a refund's metadata, when those were asked for.
"""

from datetime import datetime

from refunds.reconciliation.records import Kind, Line
from refunds.reconciliation.statements.reading import Bad, Rows, code, currency, minor, moment, note

PROVIDER = "stripe"  # whose book it is
COLUMNS = (
    "balance_transaction_id", "created_utc", "currency", "gross", "fee", "reporting_category", "source_id",
)  # fmt: skip
OPTIONAL = (
    "available_on_utc", "automatic_payout_id", "payment_intent_id", "charge_id", "net",
    "refund_metadata[refund]", "refund_metadata[order]",
)  # fmt: skip
KINDS = {
    "refund": Kind.REFUND, "partial_capture_reversal": Kind.REFUND, "refund_failure": Kind.FAILURE,
    "payout": Kind.PAYOUT,
}  # fmt: skip


def read(rows: Rows, _currency: str, _prices_include_tax: bool) -> list[Line]:
    rows.choose((*COLUMNS, *OPTIONAL))
    created, available = moment("created_utc"), moment("available_on_utc")
    lines: list[Line] = []
    seen: set[str] = set()
    for number, values in rows:
        try:
            line = _line(number, values, created, available)
            if line.id in seen:
                raise Bad("balance_transaction_id", f"{line.id} is there twice.")
            seen.add(line.id)
            lines.append(line)
        except Bad as bad:
            rows.note(bad, number)
    return lines


def _line(number: int, values: list[str], created: dict[str, datetime], available: dict[str, datetime]) -> Line:
    (
        id, at, of, gross, fee, category, source,
        available_on, payout, intent, charge, net, reference, order,
    ) = values  # fmt: skip
    code_ = currency("currency", of)
    amount, kept = minor("gross", gross, code_), minor("fee", fee, code_)
    if net and minor("net", net, code_) != amount - kept:
        raise Bad("net", f"{net} is not {gross} less {fee}.")
    kind = KINDS.get(category, Kind.OTHER)
    if kind == Kind.REFUND and amount >= 0:
        raise Bad("gross", f"{gross}: a refund is negative in Stripe's reports.")
    if kind == Kind.FAILURE and amount <= 0:
        raise Bad("gross", f"{gross}: a failed refund comes back, so it is positive.")
    id = code("balance_transaction_id", id)
    return Line(
        kind=kind,
        id=id,
        about=code("source_id", source) if kind != Kind.OTHER else note("source_id", source) or id,
        amount=-amount if kind == Kind.PAYOUT else amount,
        currency=code_,
        at=created[at],
        fee=kept,
        reference=note("refund_metadata[refund]", reference),
        order=note("refund_metadata[order]", order),
        payment=note("payment_intent_id", intent) or note("charge_id", charge),
        payout="" if kind == Kind.PAYOUT else note("automatic_payout_id", payout),
        available_at=available[available_on] if available_on else None,
        line=number,
    )
