"""Sentence 2 of the design: a status lives in states.py and is written only by that app's lifecycle."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.models import TextChoices

from notifications.states import MessageStatus
from oms.roles import Role
from oms.statemachine import CREATED, Machine, Transition
from refunds.states import RefundStatus
from returns.states import HoldStatus, ParcelStatus, RMAStatus, Settlement

PROJECT = Path(__file__).resolve().parent.parent.parent
APPS = ("oms", "inventory", "returns", "refunds", "notifications", "reporting")
# Words that are also a carrier's or a provider's own: read from them in these files, never written to a status.
FOREIGN_WORDS = ("returns/carriers/", "refunds/gateways/", "oms/sandbox/", "returns/lifecycle/parcels.py")
STATUSES: tuple[type[TextChoices], ...] = (RMAStatus, Settlement, ParcelStatus, HoldStatus, RefundStatus, MessageStatus)
FIELDS = {"status", "settlement"}


def is_lifecycle(name: str) -> bool:
    """The verbs of an app."""
    return "/lifecycle" in name


@pytest.fixture(scope="module", autouse=True)
def read_once() -> Iterator[None]:
    yield
    sources.cache_clear()


@functools.cache
def sources() -> list[tuple[str, ast.Module]]:
    return [
        (str(path.relative_to(PROJECT)), ast.parse(path.read_text()))
        for app in APPS
        for path in sorted((PROJECT / app).rglob("*.py"))
        if "/migrations/" not in str(path) and "/sandbox/" not in str(path)
    ]


@pytest.mark.parametrize("machine", Machine.registry, ids=lambda machine: machine.name)
def test_every_table_is_complete(machine: Machine) -> None:
    assert machine.problems() == []


def test_a_broken_table_is_found() -> None:
    class Light(TextChoices):
        RED = "red"
        GREEN = "green"
        BLUE = "blue"

    registered = list(Machine.registry)
    broken = Machine("light", Light, [Transition("go", ("red",), "green"), Transition("fly", (CREATED,), "sky")], ())
    Machine.registry[:] = registered
    assert broken.problems() == [
        "unknown state 'sky'",
        "nothing leads to 'blue'",
        "nothing leads to 'red'",
        "'blue' has no way out and is not terminal",
        "'green' has no way out and is not terminal",
    ]


@pytest.mark.parametrize("machine", Machine.registry, ids=lambda machine: machine.name)
def test_tables_name_only_roles_that_exist(machine: Machine) -> None:
    assert {role for row in machine.transitions for role in row.roles} <= set(Role)


def test_status_is_assigned_only_in_lifecycles() -> None:
    found = []
    for name, tree in sources():
        if is_lifecycle(name):
            continue
        for node in ast.walk(tree):
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AugAssign)
                else []
            )
            flat = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
            found += [
                f"{name}:{node.lineno}"
                for target in flat
                if isinstance(target, ast.Attribute) and target.attr in FIELDS and not _is_own(target)
            ]
    assert found == []


def _is_own(target: ast.Attribute) -> bool:
    """`self.status` of a class that is no model (a response, a report) is its own business."""
    return isinstance(target.value, ast.Name) and target.value.id == "self"


def test_update_of_a_status_happens_only_in_lifecycles() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in sources()
        if not is_lifecycle(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"update", "bulk_update"}
        and any(keyword.arg in FIELDS for keyword in node.keywords)
    ]
    assert found == []


def test_compared_statuses_come_from_states() -> None:
    """No `x.status == "approved"`: the words of a table are written down once."""
    words = {value for states in STATUSES for value in states.values}
    found = []
    for name, tree in sources():
        if name.endswith("states.py") or name.startswith(FOREIGN_WORDS):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Compare):
                continue
            sides = [node.left, *node.comparators]
            reads_status = any(isinstance(side, ast.Attribute) and side.attr in FIELDS for side in sides)
            literal = any(isinstance(side, ast.Constant) and side.value in words for side in sides)
            if reads_status and literal:
                found.append(f"{name}:{node.lineno}")
    assert found == []
