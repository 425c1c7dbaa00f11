from returns.models.carriers import CarrierRule, WarehouseRule
from returns.models.cases import ParcelCase
from returns.models.dispatches import Dispatch
from returns.models.drafts import ReturnDraft
from returns.models.drop_off import CarrierLocator, DropOffPoint
from returns.models.evidence import Checklist, ChecklistAnswers, EvidencePack, PairedPhone, Regrade
from returns.models.found import FoundGoods
from returns.models.gifts import GiftLink
from returns.models.goods import GoodsTerms, Placement, VendorReturn, VendorReturnLine, WorkOrder
from returns.models.inspections import Hold, Outcome, Receipt, Reversal
from returns.models.label_files import LabelFile
from returns.models.label_refunds import LabelRefund
from returns.models.lookups import LinkRequest, LookupAttempt
from returns.models.parcels import Parcel, ParcelLine, TrackingEvent
from returns.models.photos import PhotoMatch, ReturnPhoto
from returns.models.policy import PolicyRule, PolicyVersion, ReturnReason
from returns.models.putaways import Putaway
from returns.models.rma import RMA, ReturnLine
from returns.models.surveys import Survey
from returns.models.verdicts import Verdict

__all__ = [
    "RMA",
    "CarrierLocator",
    "CarrierRule",
    "Checklist",
    "ChecklistAnswers",
    "Dispatch",
    "DropOffPoint",
    "EvidencePack",
    "FoundGoods",
    "GiftLink",
    "GoodsTerms",
    "Hold",
    "LabelFile",
    "LabelRefund",
    "LinkRequest",
    "LookupAttempt",
    "Outcome",
    "PairedPhone",
    "Parcel",
    "ParcelCase",
    "ParcelLine",
    "PhotoMatch",
    "Placement",
    "PolicyRule",
    "PolicyVersion",
    "Putaway",
    "Receipt",
    "Regrade",
    "ReturnDraft",
    "ReturnLine",
    "ReturnPhoto",
    "ReturnReason",
    "Reversal",
    "Survey",
    "TrackingEvent",
    "VendorReturn",
    "VendorReturnLine",
    "Verdict",
    "WarehouseRule",
    "WorkOrder",
]
