"""Money is conserved: captured = refunded + credited + charged back + kept.

Books that do not know each other are read. Per order the payments' own counters, which the refund protocol keeps, and
the disputes are held against the journal's postings and the refunds that are settled; per unit the lines of credit
memos against the chain of events and what the line was sold for; per tax line what orders and memos say against the
postings to sales tax. What is between them is the drift, and must read zero.
"""

from refunds.conservation.orders import Balance, balances
from refunds.conservation.taxes import TaxReading, taxes
from refunds.conservation.units import UnitReading, units

__all__ = ["Balance", "TaxReading", "UnitReading", "balances", "taxes", "units"]
