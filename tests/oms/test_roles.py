"""One table says who may do what; the status tables must not say otherwise."""

import pytest

from oms.models import User
from oms.roles import PERMISSIONS, Role, allowed
from oms.statemachine import Machine

# Which permission the page asks for before it calls this verb. A new verb people may call must be written here.
ASKED = {
    ("rma", "request"): "open returns",
    ("rma", "approve"): "decide returns",
    ("rma", "ask"): "decide returns",
    ("rma", "reject"): "decide returns",
    ("rma", "cancel"): "decide returns",
    ("rma", "receive"): "receive parcels",
    ("rma", "take_back"): "receive parcels",
    ("rma", "recount"): "correct counts",
    ("rma", "inspect"): "inspect goods",
    ("reception", "receive"): "receive parcels",
    ("reception", "match"): "decide returns",
    ("found", "find"): "receive parcels",
    ("found", "match"): "decide returns",
    ("found", "correct"): "correct counts",
    ("found", "keep"): "decide returns",
    ("found", "refuse"): "decide returns",
    ("found", "send_back"): "decide returns",
    ("found", "take_in"): "decide returns",
    ("found", "withdraw"): "receive parcels",
    ("rma", "make_good"): "decide returns",
    ("case", "decide"): "decide returns",
    ("case", "close"): "decide returns",
    ("hold", "hold"): "inspect goods",
    ("hold", "send_back"): "decide returns",
    ("hold", "overturn"): "decide returns",
    ("hold", "uphold"): "decide returns",
    ("dispatch", "plan"): "open returns",
    ("dispatch", "cancel"): "decide returns",
    ("dispatch", "send_again"): "decide returns",
    ("dispatch", "miss"): "pack goods",
    ("dispatch", "pack"): "pack goods",
    ("dispatch", "ship"): "pack goods",
    ("refund", "approve"): "approve refunds",
    ("refund", "refuse"): "approve refunds",
    ("refund", "retry"): "retry refunds",
    ("refund", "cancel"): "approve refunds",
    ("refund", "confirm_paid"): "approve refunds",
    ("refund", "spread"): "approve refunds",
    ("refund", "redirect"): "retry refunds",
    ("external_refund", "attach"): "approve refunds",
    ("refund", "confirm_unpaid"): "approve refunds",
    ("reconciliation", "ask"): "reconcile",
    ("reconciliation", "cancel"): "reconcile",
    ("discrepancy", "assign"): "reconcile",
    ("discrepancy", "resolve"): "reconcile",
    ("discrepancy", "reopen"): "reconcile",
    ("count", "start"): "move stock",
    ("count", "submit"): "move stock",
    ("count", "approve"): "approve counts",
    ("count", "recount"): "approve counts",
    ("count", "discard"): "move stock",
    ("work_order", "open"): "move stock",
    ("work_order", "finish"): "move stock",
    ("work_order", "fail"): "move stock",
    ("work_order", "call_off"): "move stock",
    ("vendor_return", "gather"): "move stock",
    ("vendor_return", "send"): "move stock",
    ("vendor_return", "call_off"): "move stock",
    ("vendor_return", "credit"): "credit vendor returns",
    ("store_credit_request", "agree"): "approve refunds",
    ("store_credit_request", "decline"): "approve refunds",
}
STAFF = [Role(value) for value, _label in Role.staff_choices()]


def named() -> dict[tuple[str, str], set[Role]]:
    """(table, verb) → the members of staff its rows name."""
    found: dict[tuple[str, str], set[Role]] = {}
    for machine in Machine.registry:
        for row in machine.transitions:
            if staff := {Role(role) for role in row.roles} - {Role.CUSTOMER}:
                found.setdefault((machine.name, row.verb), set()).update(staff)
    return found


def test_status_tables_and_permissions_agree() -> None:
    assert {key: roles ^ PERMISSIONS[ASKED[key]] for key, roles in named().items() if key in ASKED} == {
        key: set() for key in ASKED
    }
    assert set(named()) == set(ASKED)


def test_every_row_of_one_verb_names_the_same_roles() -> None:
    for machine in Machine.registry:
        for verb in {row.verb for row in machine.transitions}:
            assert len({row.roles for row in machine.transitions if row.verb == verb and row.roles}) <= 1, verb


def test_customers_have_no_permission_of_staff() -> None:
    assert [phrase for phrase, roles in PERMISSIONS.items() if Role.CUSTOMER in roles] == []
    assert Role.CUSTOMER not in STAFF


def test_auditors_only_look() -> None:
    looks = {phrase for phrase, roles in PERMISSIONS.items() if Role.AUDITOR in roles}
    assert [phrase for phrase in looks if not phrase.startswith("see ")] == []
    assert looks & {"see personal data", "see photos", "see messages"} == set()


def test_whoever_decides_a_return_does_not_let_the_money_out() -> None:
    """Two people for a large refund (R89): only the administrator, who sets roles anyway, holds both keys."""
    assert PERMISSIONS["decide returns"] & PERMISSIONS["approve refunds"] == {Role.ADMINISTRATOR}


@pytest.mark.parametrize("role", STAFF)
@pytest.mark.parametrize("phrase", PERMISSIONS)
def test_a_user_may_what_their_role_may_unless_disabled(role: Role, phrase: str) -> None:
    assert allowed(User(role=role, is_active=True), phrase) == (role in PERMISSIONS[phrase])
    assert not allowed(User(role=role, is_active=False), phrase)


def test_a_superuser_without_a_role_may_nothing() -> None:
    user = User(role="", is_superuser=True, is_active=True)
    assert [phrase for phrase in PERMISSIONS if allowed(user, phrase)] == []
