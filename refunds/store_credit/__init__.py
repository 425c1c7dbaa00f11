"""Store credit as arithmetic: what each movement does, and in which order credit is spent. Knows no database."""

from refunds.store_credit.kinds import EFFECTS, Category, Effect, EntryKind
from refunds.store_credit.order import Holding, Part, give_back, in_spending_order, take

__all__ = ["EFFECTS", "Category", "Effect", "EntryKind", "Holding", "Part", "give_back", "in_spending_order", "take"]
