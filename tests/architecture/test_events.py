"""Sentences 3 to 6: one event per verb, no model signals, one line per job, vendors only behind their protocols."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.models import signals

from oms import outbox
from oms.models import Event

PROJECT = Path(__file__).resolve().parent.parent.parent
APPS = ("oms", "inventory", "returns", "refunds", "notifications", "reporting")
VENDOR_PACKAGES = {"stripe", "easypost"}
VENDOR_FOLDERS = ("returns/carriers/", "refunds/gateways/")
# Who may speak to a vendor; each is called outside any transaction.
SPEAKERS = {
    "returns/label_files.py",
    "returns/labels.py",
    "returns/leaks.py",
    "returns/outbound.py",
    "returns/own_parcels.py",
    "returns/shipments.py",
    "returns/tracking.py",
    "refunds/payment_links.py",
    "refunds/protocol.py",
    "refunds/webhooks.py",
    "returns/webhooks.py",
}


@pytest.fixture(scope="module", autouse=True)
def read_once() -> Iterator[None]:
    yield
    modules.cache_clear()
    imports.cache_clear()


@functools.cache
def modules() -> list[tuple[str, ast.Module]]:
    return [
        (str(path.relative_to(PROJECT)), ast.parse(path.read_text()))
        for app in APPS
        for path in sorted((PROJECT / app).rglob("*.py"))
        if "/migrations/" not in str(path) and "/sandbox/" not in str(path)
    ]


@functools.cache
def imports(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def recorded_names(tree: ast.Module) -> list[str]:
    """Event names this module records, read from its calls of `record(owner, "name", …)` and `record_on(…)`."""
    return [
        node.args[1].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (getattr(node.func, "attr", "") or getattr(node.func, "id", "")) in {"record", "record_on"}
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
        and isinstance(node.args[1].value, str)
    ]


def test_the_only_model_signal_is_on_event() -> None:
    """`oms/outbox.py` sends it, `oms/receivers.py` hears it, a system check asks whether it does."""
    found = {name for name, tree in modules() if any("django.db.models.signals" in one for one in imports(tree))}
    assert found == {"oms/outbox.py", "oms/receivers.py", "oms/checks.py"}
    connecting = [name for name, tree in modules() if any("django.dispatch" in one for one in imports(tree))]
    assert connecting == ["oms/receivers.py"]
    assert signals.post_save.has_listeners(Event)


def test_every_recorded_event_is_declared() -> None:
    recorded = {event for _name, tree in modules() for event in recorded_names(tree)}
    assert recorded - outbox.declared().keys() == set()
    assert "rma.inspected" in recorded  # the reading of calls works


def test_event_names_are_dotted_and_past_tense_words() -> None:
    for name in outbox.declared():
        noun, _, verb = name.partition(".")
        assert noun.isalpha() or "_" in noun, name
        assert verb.replace("_", "").isalpha(), name


def test_subscriptions_stand_in_receivers_only() -> None:
    found = sorted(
        {
            name
            for name, tree in modules()
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "subscribe"
        }
    )
    assert all(name.endswith("/receivers.py") for name in found), found
    assert "returns/receivers.py" in found


def test_vendors_are_reached_only_through_their_folders() -> None:
    for name, tree in modules():
        packages = {one.partition(".")[0] for one in imports(tree)} & VENDOR_PACKAGES
        assert not packages or name.startswith(VENDOR_FOLDERS), (name, packages)


def test_only_named_modules_speak_to_vendors_and_they_open_no_transaction() -> None:
    for name, tree in modules():
        speaks = {one for one in imports(tree) if one in {"returns.carriers.easypost", "refunds.gateways.stripe"}}
        if not speaks or name.startswith(VENDOR_FOLDERS):
            continue
        assert name in SPEAKERS, name
        if name.endswith("webhooks.py"):
            continue  # verifies signatures; asks nothing
        atomic = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "atomic"]
        assert atomic == [], name


def test_jobs_that_call_a_vendor_say_so() -> None:
    vendor_jobs = {one.name for one in outbox.all_subscriptions() if one.calls_vendor}
    assert {"returns.buy_label", "refunds.submit_refund"} <= vendor_jobs


def test_every_lifecycle_verb_takes_who_and_when_by_name() -> None:
    wrong = []
    for name, tree in modules():
        if "/lifecycle" not in name:
            continue
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef) or not any("verb" in ast.dump(d) for d in node.decorator_list):
                continue
            keyword_only = {argument.arg for argument in node.args.kwonlyargs}
            if not {"by", "at"} <= keyword_only:
                wrong.append(f"{name}: {node.name}")
    assert wrong == []
