from refunds.models.imported import ImportedCredit
from refunds.models.memos import CreditMemo, CreditMemoLine
from refunds.models.refunds import Refund, RefundAttempt, RefundQuerySet

__all__ = ["CreditMemo", "CreditMemoLine", "ImportedCredit", "Refund", "RefundAttempt", "RefundQuerySet"]
