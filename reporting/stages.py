"""The stages of a return's way, each between two events of its stream, and whose turn it is meanwhile."""

from django.utils.translation import gettext_lazy as _

from returns.states import RMAStatus

# In the order of the way: stage → (its name, whose clock runs).
NAMES = {
    "review": (_("Deciding"), "us"),
    "answer": (_("Customer answers a question"), "customer"),
    "posting": (_("Customer posts the parcel"), "customer"),
    "carriage": (_("On its way"), "carrier"),
    "unloading": (_("Delivered, not scanned"), "us"),
    "inspection": (_("Inspecting"), "us"),
    "hold": (_("Customer answers a refusal"), "customer"),
    "dispute": (_("Deciding a dispute"), "us"),
    "paying": (_("Starting the refund"), "us"),
    "bank": (_("Refund on its way"), "bank"),
}
CLOCKS = {"us": _("us"), "customer": _("the customer"), "carrier": _("the carrier"), "bank": _("the bank")}

# What each event of an RMA's stream begins; those that end the way begin nothing.
_BEGINS = f"""CASE e.name
    WHEN 'rma.requested' THEN CASE e.facts ->> 'status'
        WHEN '{RMAStatus.NEEDS_REVIEW}' THEN 'review' WHEN '{RMAStatus.APPROVED}' THEN 'posting' ELSE '' END
    WHEN 'rma.info_asked' THEN 'answer'
    WHEN 'rma.info_given' THEN 'review'
    WHEN 'rma.approved' THEN 'posting'
    WHEN 'rma.shipped' THEN 'carriage'
    WHEN 'rma.delivered' THEN 'unloading'
    WHEN 'rma.received' THEN 'inspection'
    WHEN 'rma.inspected' THEN CASE
        WHEN jsonb_array_length(coalesce(e.facts -> 'holds', '[]')) > 0 THEN 'hold'
        WHEN e.facts ->> 'complete' = 'false' THEN 'inspection' ELSE 'paying' END
    WHEN 'rma.hold_answered' THEN 'dispute'
    WHEN 'rma.hold_decided' THEN 'paying'
    WHEN 'rma.settlement_due' THEN 'paying'
    WHEN 'rma.settlement_failed' THEN 'paying'
    WHEN 'rma.reopened' THEN 'paying'
    WHEN 'rma.settlement_started' THEN 'bank'
    ELSE '' END"""
_TOLD = (
    "'rma.requested', 'rma.info_asked', 'rma.info_given', 'rma.approved', 'rma.rejected', 'rma.shipped', "
    "'rma.delivered', 'rma.received', 'rma.inspected', 'rma.hold_answered', 'rma.hold_decided', "
    "'rma.settlement_due', 'rma.settlement_started', 'rma.settlement_failed', 'rma.settled', 'rma.closed', "
    "'rma.reopened', 'rma.canceled', 'rma.expired'"
)
_CLOCK_OF = " ".join(f"WHEN '{stage}' THEN '{clock}'" for stage, (_name, clock) in NAMES.items())

# Stages of the returns in `chosen` (column `number`). `until` is NULL for the one a return is in now.
STAGES = f"""
told AS (
    SELECT c.number, {_BEGINS} AS stage, e.occurred_at AS since,
        lead(e.occurred_at) OVER (PARTITION BY e.stream ORDER BY e.sequence) AS until
    FROM chosen c JOIN oms_event e ON e.stream = 'rma/' || c.number
    WHERE e.name IN ({_TOLD})
), stages AS (
    SELECT told.*, CASE stage {_CLOCK_OF} ELSE '' END AS clock FROM told WHERE stage <> ''
)"""  # noqa: S608 - constants
