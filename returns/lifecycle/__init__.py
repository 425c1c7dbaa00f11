"""The life of a return, verb by verb, in the order it is lived. Nothing else writes a status of `returns.states`.

Each verb: lock the order's row · ask the machine · change · record one event · return. `by` is an actor
("customer:<ref>", "user:17", "carrier", "policy"), `at` an aware instant.
"""

from returns.eligibility import Wanted
from returns.lifecycle.boxing import spread
from returns.lifecycle.case_opening import (
    ask_why,
    deliver_shipment,
    lock_case,
    open_for_parcel,
    open_for_shipment,
    turn_up,
)
from returns.lifecycle.case_returns import bring_back
from returns.lifecycle.cases import answer_why, claim, close_case, decide_case
from returns.lifecycle.choosing import choose_resolution
from returns.lifecycle.deciding import answer, approve, ask, cancel, expire, reject, remind
from returns.lifecycle.dispatching import lapse, miss, prefer_money, release, replan
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
from returns.lifecycle.label_refunds import answer_label, give_label_back, note_label_asked
from returns.lifecycle.late import count_after_all, take_goods_in
from returns.lifecycle.own_parcels import refuse_own_parcel, send_own_parcel
from returns.lifecycle.parcels import hold_label, label, move_parcel, note_shipment, report, trouble, want_label_again
from returns.lifecycle.pickups import arrange_pickup
from returns.lifecycle.placing import change_disposition
from returns.lifecycle.putting_away import put_away, take_putaway_back
from returns.lifecycle.receiving import Arrived, receive
from returns.lifecycle.requesting import request
from returns.lifecycle.sending_out import arrive, come_back, label_dispatch, note_outbound_shipment, pack, send
from returns.lifecycle.settling import close_if_finished, fail_settlement, settle, start_settlement, survey
from returns.lifecycle.taking_back import take_back
from returns.lifecycle.vendors import (
    call_off_vendor_return,
    credit_vendor_return,
    gather,
    sell_off,
    send_to_vendor,
)
from returns.lifecycle.verdicts import book_verdict, give_verdict, refuse_verdict, take_verdict_back, verdicts_of
from returns.lifecycle.working import call_off_work, end_work, open_work

__all__ = [
    "Arrived",
    "Finding",
    "Piece",
    "Wanted",
    "answer",
    "answer_hold",
    "answer_label",
    "answer_why",
    "approve",
    "arrange_pickup",
    "arrive",
    "ask",
    "ask_for_file",
    "ask_why",
    "book_verdict",
    "bring_back",
    "call_off_vendor_return",
    "call_off_work",
    "cancel",
    "change_disposition",
    "choose_resolution",
    "claim",
    "close_case",
    "close_if_finished",
    "come_back",
    "count_after_all",
    "credit_vendor_return",
    "decide_case",
    "decide_hold",
    "deliver_shipment",
    "end_work",
    "expire",
    "fail_settlement",
    "find_goods",
    "gather",
    "give_label_back",
    "give_verdict",
    "hold_label",
    "inspect",
    "keep_file",
    "keep_goods",
    "label",
    "label_dispatch",
    "lapse",
    "lock_case",
    "match_goods",
    "miss",
    "move_parcel",
    "note_label_asked",
    "note_outbound_shipment",
    "note_shipment",
    "open_for_parcel",
    "open_for_shipment",
    "open_work",
    "pack",
    "prefer_money",
    "put_away",
    "receive",
    "receive_mismatch",
    "refuse_file",
    "refuse_goods",
    "refuse_own_parcel",
    "refuse_verdict",
    "reject",
    "release",
    "remind",
    "replan",
    "report",
    "request",
    "sell_off",
    "send",
    "send_goods_back",
    "send_own_parcel",
    "send_to_vendor",
    "settle",
    "spread",
    "start_settlement",
    "survey",
    "take_back",
    "take_goods_in",
    "take_putaway_back",
    "take_verdict_back",
    "trouble",
    "turn_up",
    "verdicts_of",
    "want_label_again",
    "withdraw_goods",
]
