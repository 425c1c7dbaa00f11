from returns.models.carriers import CarrierRule
from returns.models.dispatches import Dispatch
from returns.models.drafts import ReturnDraft
from returns.models.drop_off import CarrierLocator, DropOffPoint
from returns.models.goods import GoodsTerms, Placement, VendorReturn, VendorReturnLine, WorkOrder
from returns.models.inspections import Hold, Outcome, Receipt
from returns.models.label_files import LabelFile
from returns.models.lookups import LinkRequest, LookupAttempt
from returns.models.parcels import Parcel, ParcelLine, TrackingEvent
from returns.models.photos import PhotoMatch, ReturnPhoto
from returns.models.policy import PolicyRule, PolicyVersion, ReturnReason
from returns.models.rma import RMA, ReturnLine
from returns.models.surveys import Survey

__all__ = [
    "RMA",
    "CarrierLocator",
    "CarrierRule",
    "Dispatch",
    "DropOffPoint",
    "GoodsTerms",
    "Hold",
    "LabelFile",
    "LinkRequest",
    "LookupAttempt",
    "Outcome",
    "Parcel",
    "ParcelLine",
    "PhotoMatch",
    "Placement",
    "PolicyRule",
    "PolicyVersion",
    "Receipt",
    "ReturnDraft",
    "ReturnLine",
    "ReturnPhoto",
    "ReturnReason",
    "Survey",
    "TrackingEvent",
    "VendorReturn",
    "VendorReturnLine",
    "WorkOrder",
]
