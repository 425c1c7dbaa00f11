"""Pages of the service desk about returns."""

from returns.views.desk.deciding import (
    approval,
    cancellation,
    detail,
    hold_decision,
    label,
    photo,
    question,
    rejection,
)
from returns.views.desk.listing import return_list, review

__all__ = [
    "approval",
    "cancellation",
    "detail",
    "hold_decision",
    "label",
    "photo",
    "question",
    "rejection",
    "return_list",
    "review",
]
