"""What a return pays. Pure: everything is handed in, nothing is read, rounding is half away from zero."""

from refunds.amounts.fees import FeeBase, FeeTerm, QuotedFee, charge
from refunds.amounts.policy_fees import fee_terms
from refunds.amounts.quote import Quote, QuotedLine, UnitWorking
from refunds.amounts.units import ClaimedLine, price_line, price_units

__all__ = [
    "ClaimedLine",
    "FeeBase",
    "FeeTerm",
    "Quote",
    "QuotedFee",
    "QuotedLine",
    "UnitWorking",
    "charge",
    "fee_terms",
    "price_line",
    "price_units",
]
