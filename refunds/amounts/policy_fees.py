"""The fees a policy decided, as terms of a quote."""

from collections.abc import Iterable

from refunds.amounts.fees import FeeTerm
from returns.policy import Fee


def fee_terms(fees: Iterable[Fee], labels: dict[str, str] | None = None) -> tuple[FeeTerm, ...]:
    """Fees of a decision are tax-included amounts of the order's currency; `labels` are their names on the page."""
    return tuple(
        FeeTerm(
            code=fee.code,
            amount=fee.amount,
            percent=fee.percent,
            per=fee.per,
            maximum=fee.maximum,
            tax_rate=fee.tax_rate,
            label=(labels or {}).get(fee.code, ""),
            lines=fee.lines,
        )
        for fee in fees
    )
