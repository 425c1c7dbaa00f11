"""The life of a refund, verb by verb, in the order it is lived. Nothing else writes a status of `refunds.states`.

Each verb: lock the order's row · ask the machine · change · record one event · return. `by` is an actor ("user:17",
"stripe", "system"), `at` an aware instant. What is owed stands on credit memos, written once; what is paid stands on
refunds, one per payment the money goes back to, each with events of its own.
"""

from refunds.lifecycle.approving import approve, cancel, redirect, refuse, retry
from refunds.lifecycle.credit_by_hand import (
    agree_to_credit,
    change_terms,
    correct_credit,
    decline_credit,
    offer_credit,
    pay_order_with_credit,
)
from refunds.lifecycle.credit_exchange import pay_rest_with_credit, payable_with_credit
from refunds.lifecycle.credit_spending import authorize, capture, credit_of, release, spend, void
from refunds.lifecycle.crediting import (
    adjust_credit,
    credit_refund,
    expire_credit,
    grant_credit,
    invalidate_credit,
    remind_of_credit,
)
from refunds.lifecycle.disputing import hear_dispute
from refunds.lifecycle.externals import For, attach_external, find_external
from refunds.lifecycle.linking import hear_page, note_page, open_link
from refunds.lifecycle.paying import await_provider, confirm_paid, confirm_unpaid, fail, give, hear, settle, withhold
from refunds.lifecycle.requesting import (
    request_for_cancellation,
    request_for_return,
    request_goodwill,
    request_overpaid,
)
from refunds.lifecycle.spreading import spread
from refunds.lifecycle.submitting import note_silence, submit

__all__ = [
    "For",
    "adjust_credit",
    "agree_to_credit",
    "approve",
    "attach_external",
    "authorize",
    "await_provider",
    "cancel",
    "capture",
    "change_terms",
    "confirm_paid",
    "confirm_unpaid",
    "correct_credit",
    "credit_of",
    "credit_refund",
    "decline_credit",
    "expire_credit",
    "fail",
    "find_external",
    "give",
    "grant_credit",
    "hear",
    "hear_dispute",
    "hear_page",
    "invalidate_credit",
    "note_page",
    "note_silence",
    "offer_credit",
    "open_link",
    "pay_order_with_credit",
    "pay_rest_with_credit",
    "payable_with_credit",
    "redirect",
    "refuse",
    "release",
    "remind_of_credit",
    "request_for_cancellation",
    "request_for_return",
    "request_goodwill",
    "request_overpaid",
    "retry",
    "settle",
    "spend",
    "spread",
    "submit",
    "void",
    "withhold",
]
