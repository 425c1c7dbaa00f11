from refunds.models.approvals import RefundApproval, RefundEvidence
from refunds.models.conservation import ConservationFinding, ConservationRun
from refunds.models.imported import ImportedCredit
from refunds.models.links import PaymentLink
from refunds.models.memos import CreditMemo, CreditMemoLine, MemoNumber, MemoSeries
from refunds.models.provider_side import ExternalRefund, PaymentDispute
from refunds.models.reconciliation import (
    Discrepancy,
    DiscrepancyNote,
    DiscrepancyQuerySet,
    ReconciliationRun,
    StatementLine,
)
from refunds.models.refunds import Refund, RefundAttempt, RefundQuerySet
from refunds.models.store_credit import (
    StoreCredit,
    StoreCreditEntry,
    StoreCreditGrant,
    StoreCreditPart,
    StoreCreditQuerySet,
    StoreCreditRequest,
    StoreCreditTerms,
)

__all__ = [
    "ConservationFinding",
    "ConservationRun",
    "CreditMemo",
    "CreditMemoLine",
    "Discrepancy",
    "DiscrepancyNote",
    "DiscrepancyQuerySet",
    "ExternalRefund",
    "ImportedCredit",
    "MemoNumber",
    "MemoSeries",
    "PaymentDispute",
    "PaymentLink",
    "ReconciliationRun",
    "Refund",
    "RefundApproval",
    "RefundAttempt",
    "RefundEvidence",
    "RefundQuerySet",
    "StatementLine",
    "StoreCredit",
    "StoreCreditEntry",
    "StoreCreditGrant",
    "StoreCreditPart",
    "StoreCreditQuerySet",
    "StoreCreditRequest",
    "StoreCreditTerms",
]
