"""The life of a return, verb by verb, in the order it is lived. Nothing else writes a status of `returns.states`.

Each verb: lock the order's row · ask the machine · change · record one event · return. `by` is an actor
("customer:<ref>", "user:17", "carrier", "policy"), `at` an aware instant.
"""

from returns.eligibility import Wanted
from returns.lifecycle.choosing import choose_resolution
from returns.lifecycle.deciding import answer, approve, ask, cancel, expire, reject
from returns.lifecycle.dispatching import (
    arrive,
    come_back,
    label_dispatch,
    lapse,
    miss,
    note_outbound_shipment,
    pack,
    prefer_money,
    release,
    replan,
    send,
)
from returns.lifecycle.finding import (
    Piece,
    find_goods,
    keep_goods,
    match_goods,
    receive_mismatch,
    refuse_goods,
    send_goods_back,
    withdraw_goods,
)
from returns.lifecycle.holds import answer_hold, decide_hold
from returns.lifecycle.inspecting import Finding, inspect
from returns.lifecycle.label_files import ask_for_file, keep_file, refuse_file
from returns.lifecycle.parcels import label, move_parcel, note_shipment, trouble
from returns.lifecycle.placing import change_disposition
from returns.lifecycle.receiving import Arrived, receive
from returns.lifecycle.requesting import request
from returns.lifecycle.settling import close_if_finished, fail_settlement, settle, start_settlement, survey
from returns.lifecycle.taking_back import take_back
from returns.lifecycle.vendors import (
    call_off_vendor_return,
    credit_vendor_return,
    gather,
    sell_off,
    send_to_vendor,
)
from returns.lifecycle.working import call_off_work, end_work, open_work

__all__ = [
    "Arrived",
    "Finding",
    "Piece",
    "Wanted",
    "answer",
    "answer_hold",
    "approve",
    "arrive",
    "ask",
    "ask_for_file",
    "call_off_vendor_return",
    "call_off_work",
    "cancel",
    "change_disposition",
    "choose_resolution",
    "close_if_finished",
    "come_back",
    "credit_vendor_return",
    "decide_hold",
    "end_work",
    "expire",
    "fail_settlement",
    "find_goods",
    "gather",
    "inspect",
    "keep_file",
    "keep_goods",
    "label",
    "label_dispatch",
    "lapse",
    "match_goods",
    "miss",
    "move_parcel",
    "note_outbound_shipment",
    "note_shipment",
    "open_work",
    "pack",
    "prefer_money",
    "receive",
    "receive_mismatch",
    "refuse_file",
    "refuse_goods",
    "reject",
    "release",
    "replan",
    "request",
    "sell_off",
    "send",
    "send_goods_back",
    "send_to_vendor",
    "settle",
    "start_settlement",
    "survey",
    "take_back",
    "trouble",
    "withdraw_goods",
]
