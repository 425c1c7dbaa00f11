"""What operators ask on the command line: the record, the books, the keys, the jobs, the tables."""

import base64
import io
import json
import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from oms import journal, orders, outbox, seals
from oms.journal import Account
from oms.models import Customer, Delivery, Event, Order, Payment
from oms.orders import NewLine, NewPayment
from oms.roles import PERMISSIONS, Role
from oms.statemachine import Machine
from oms.states import PaymentMethod
from refunds import lifecycle as refunds
from refunds.states import RefundStatus
from tests.builders import NOON, Sold, a_customer, a_product, a_return, an_order
from tests.refunds.cases import LATER, a_refund_in
from tests.tampering import triggers_off

ROOT = Path(__file__).resolve().parent.parent.parent
HOUR = timedelta(hours=1)


def run(*words: str) -> tuple[int, str]:
    """Run a command as `manage.py` would; return its exit code and what it printed."""
    out = io.StringIO()
    try:
        call_command(*words, stdout=out, stderr=io.StringIO())
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    except CommandError as refused:
        return refused.returncode, out.getvalue() + str(refused)
    return 0, out.getvalue()


def ask(*words: str) -> tuple[int, Any]:
    code, text = run(*words, "--json")
    return code, json.loads(text)


def a_sold_order(number: str = "S1", total: str = "20.00") -> Order:
    """An order placed through its verb, so that its capture is in the books."""
    return orders.create(
        number=number,
        customer=a_customer(),
        lines=[NewLine(a_product(Sold()), 2, Decimal(total) / 2)],
        payments=[NewPayment(PaymentMethod.CARD, f"ch_{number}")],
        currency="GBP",
        by="system",
        at=NOON,
    )


# ── The tables ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("machine", Machine.registry, ids=lambda machine: machine.name)
def test_state_diagram_draws_the_table(machine: Machine) -> None:
    assert run("state_diagram", machine.name) == (0, machine.mermaid() + "\n")


def test_state_diagram_prints_every_row() -> None:
    code, tables = ask("state_diagram")
    assert code == 0
    assert {name: len(rows) for name, rows in tables.items()} == {
        machine.name: len(machine.transitions) for machine in Machine.registry
    }
    assert {"verb": "approve", "from": ["requested", "awaiting_approval"], "to": "approved",
            "roles": ["finance", "administrator"]} in tables["refund"]  # fmt: skip


def test_state_diagram_of_nothing_known() -> None:
    code, words = run("state_diagram", "teapot")
    assert code == 2
    assert words.startswith("There is no status table 'teapot'; known: ")


def test_jobs_prints_every_subscription() -> None:
    code, rows = ask("jobs")
    assert code == 0
    assert len(rows) == len(outbox.all_subscriptions())
    assert {
        "event": "rma.approved",
        "job": "returns.buy_label",
        "queue": "labels",
        "delay_seconds": 0,
        "calls_vendor": True,
        "when": {},
    } in rows


def test_roles_prints_every_permission() -> None:
    code, table = ask("roles")
    assert (code, {phrase: frozenset(map(Role, names)) for phrase, names in table.items()}) == (0, PERMISSIONS)


def test_roles_in_markdown_has_a_row_per_permission() -> None:
    code, text = run("roles", "--markdown")
    assert (code, len(text.strip().splitlines())) == (0, 2 + len(PERMISSIONS))


# ── The record ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_verify_events_finds_a_whole_record_whole() -> None:
    a_return(an_order())
    events = Event.objects.count()
    code, found = ask("verify_events")
    assert (code, found["events"], found["broken"]) == (0, events, [])
    assert run("verify_events")[1].endswith("The record is whole.\n")


@pytest.mark.django_db
def test_verify_events_names_a_changed_event() -> None:
    rma = a_return(an_order())
    event = Event.objects.get(stream=rma.stream, sequence=1)
    with triggers_off():
        Event.objects.filter(pk=event.pk).update(facts=event.facts | {"status": "rejected"})
    assert ask("verify_events") == (
        1,
        {"streams": Event.objects.values("stream").distinct().count(), "events": Event.objects.count(), "seals": 0,
         "broken": [f"{rma.stream}#1: was changed"]},
    )  # fmt: skip


@pytest.mark.django_db
def test_verify_events_names_a_stream_that_was_cut_off() -> None:
    rma = a_return(an_order())
    last = Event.objects.filter(stream=rma.stream).latest("sequence")
    with triggers_off():
        Delivery.objects.filter(event=last).delete()
        last.delete()
    code, found = ask("verify_events")
    assert (code, found["broken"]) == (
        1,
        [f"{rma.stream}: ends at event {rma.event_sequence - 1}, its owner says {rma.event_sequence}"],
    )


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_verify_events_finds_what_was_cut_off_with_its_owner_by_the_seal() -> None:
    """Whoever also resets the owner's head leaves chains that are whole; the seal over all events still tells."""
    order = a_sold_order()
    seal = seals.seal_new_events(at=NOON)
    with triggers_off():
        Delivery.objects.filter(event__stream=order.stream).delete()
        Event.objects.filter(stream=order.stream).delete()
    Order.objects.filter(pk=order.pk).update(event_sequence=0, event_hash=b"")
    code, found = ask("verify_events")
    assert (code, found["seals"], found["broken"]) == (1, 1, [f"{seal}: 1 of {seal.count} events are missing"])


# ── The books ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db
def test_conservation_of_nothing() -> None:
    assert run("conservation") == (0, "No money was ever captured here; drift 0.\n")


@pytest.mark.django_db
def test_conservation_holds_for_what_was_captured() -> None:
    a_sold_order("S1", "20.00")
    a_sold_order("S2", "5.50")
    totals = {
        "currency": "GBP", "orders": 2, "captured": "25.50", "refunded": "0.00", "credited": "0.00",
        "charged_back": "0.00", "kept": "25.50", "drift": "0.00",
    }  # fmt: skip
    assert ask("conservation") == (0, {"currencies": [totals], "drifting": [], "units": [], "taxes": []})
    shown = (
        "GBP: 2 orders, captured 25.50 = refunded 0.00 + credited 0.00 + charged back 0.00 + kept 25.50; drift 0.00\n"
    )
    assert run("conservation")[1] == shown


@pytest.mark.django_db
def test_conservation_holds_for_what_went_back_and_for_what_came_to_us_again() -> None:
    """A late failure takes the refund back: the books are reversed, not rewritten."""
    refund = a_refund_in(RefundStatus.SETTLED)  # 10.00 of 20.00
    paid = refund.payment.captured
    line = refund.order.lines.get()
    journal.post(
        "capture/T",
        [(Account.PROVIDER, paid), (Account.SALES, line.tax - paid), (Account.SALES_TAX, -line.tax, line.tax_rate)],
        currency="GBP", at=NOON, order=refund.order,
    )  # fmt: skip
    code, found = ask("conservation")
    back = found["currencies"][0]
    assert (code, back["refunded"], back["kept"]) == (0, "10.00", "10.00")
    assert (back["captured"], back["drift"]) == ("20.00", "0.00")

    refunds.fail(refund.number, provider_id=refund.provider_id, reason="expired_card", by="stripe", at=LATER)
    code, found = ask("conservation")
    assert (code, found["currencies"][0]["refunded"], found["drifting"]) == (0, "0.00", [])


@pytest.mark.django_db
def test_conservation_names_an_order_whose_books_disagree() -> None:
    """The payment says that money went back; neither journal nor refunds know of it."""
    order = a_sold_order()
    Payment.objects.filter(order=order).update(refunded="0.01")
    code, found = ask("conservation")
    drifting = {
        "order": "S1",
        "currency": "GBP",
        "captured": "20.00",
        "refunded": "0.01",
        "credited": "0.00",
        "captured_in_journal": "20.00",
        "refunded_in_journal": "0.00",
        "credited_in_journal": "0.00",
        "charged_back": "0.00",
        "charged_back_in_journal": "0.00",
        "refunds_settled": "0.00",
        "drift": "0.02",
    }
    assert (code, found["drifting"], found["currencies"][0]["drift"]) == (1, [drifting], "0.02")


@pytest.mark.django_db
def test_differences_never_set_each_other_off() -> None:
    a_sold_order("S1")
    a_sold_order("S2")
    Payment.objects.filter(order__number="S1").update(captured="20.01")
    Payment.objects.filter(order__number="S2").update(captured="19.99")
    code, found = ask("conservation")
    assert (code, found["currencies"][0]["captured"], found["currencies"][0]["drift"]) == (1, "40.00", "0.02")


# ── The keys ──────────────────────────────────────────────────────────────────────────────────────────────────────


def a_key(number: int) -> str:
    return f"{number}:{base64.b64encode(os.urandom(32)).decode()}"


@pytest.mark.django_db
def test_rotate_keys_lets_the_old_key_retire(settings: Any) -> None:
    old, new = a_key(7), a_key(8)
    settings.MASTER_KEYS = old
    person, gone = a_customer(name="Sam Shopper"), a_customer(name="Gone Person")
    Customer.objects.filter(pk=gone.pk).update(wrapped_key=None)
    settings.MASTER_KEYS = f"{new},{old}"

    dry = {"master_key": 8, "found": 1, "rewrapped": 0, "dry_run": True}
    assert ask("rotate_keys", "--dry-run") == (0, dry)
    assert bytes(Customer.objects.get(pk=person.pk).wrapped_key)[0] == 7

    assert ask("rotate_keys") == (0, {"master_key": 8, "found": 1, "rewrapped": 1, "dry_run": False})
    settings.MASTER_KEYS = new
    assert Customer.objects.get(pk=person.pk).name == "Sam Shopper"
    assert Customer.objects.get(pk=gone.pk).wrapped_key is None
    assert run("rotate_keys") == (0, "0 keys wrapped anew by master key 8.\n")


@pytest.mark.django_db
def test_rotate_keys_without_the_key_that_wraps(settings: Any) -> None:
    settings.MASTER_KEYS = a_key(7)
    person = a_customer()
    settings.MASTER_KEYS = a_key(8)
    assert run("rotate_keys") == (1, "Not every key could be read: master key 7 is not in the keyring.")
    assert bytes(Customer.objects.get(pk=person.pk).wrapped_key)[0] == 7


# ── The jobs ──────────────────────────────────────────────────────────────────────────────────────────────────────


def a_dead_delivery() -> Delivery:
    a_return(an_order())
    delivery = Delivery.objects.order_by("pk")[0]
    Delivery.objects.filter(pk=delivery.pk).update(dead_at=timezone.now(), attempts=12, error="ConnectionError")
    delivery.refresh_from_db()
    return delivery


@pytest.mark.django_db
def test_deliveries_lists_what_is_owed_and_what_was_given_up() -> None:
    dead = a_dead_delivery()
    owed = Delivery.objects.filter(done_at=None, dead_at=None).order_by("due_at", "id")
    code, found = ask("deliveries")
    assert (code, [one["id"] for one in found["deliveries"]]) == (0, [one.pk for one in owed])
    code, found = ask("deliveries", "--dead")
    assert (code, found["count"]) == (0, 1)
    assert (found["deliveries"][0]["id"], found["deliveries"][0]["error"]) == (dead.pk, "ConnectionError")
    assert run("deliveries", "--dead")[1].splitlines()[-1] == "1 given up"


@pytest.mark.django_db
def test_deliveries_lists_no_more_than_asked() -> None:
    for _ in range(2):
        a_return(an_order())
    total = Delivery.objects.count()
    code, found = ask("deliveries", "--limit", "1")
    assert (code, found["count"], len(found["deliveries"])) == (0, total, 1)
    assert run("deliveries", "--limit", "0")[0] == 2


@pytest.mark.django_db
def test_deliveries_has_a_dead_job_run_again() -> None:
    dead = a_dead_delivery()
    code, found = ask("deliveries", "--retry", str(dead.pk), "--dry-run")
    assert (code, found["id"], found["dry_run"]) == (0, dead.pk, True)
    assert Delivery.objects.get(pk=dead.pk).dead_at == dead.dead_at

    assert ask("deliveries", "--retry", str(dead.pk))[0] == 0
    again = Delivery.objects.get(pk=dead.pk)
    assert (again.dead_at, again.done_at, again.attempts, again.error) == (None, None, 0, "")
    assert Event.objects.filter(name="job.run_again").get().actor == "operator"
    assert run("deliveries", "--retry", str(dead.pk))[0] == 1
    assert run("deliveries", "--retry", "999999999")[0] == 2
    assert run("deliveries", "--dry-run")[0] == 2


# ── Something outside is down ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.parametrize("command", ["verify_events", "report return_rate", "migrate"])  # ours are of one class
def test_a_database_that_is_away_is_exit_code_3(command: str) -> None:
    away = os.environ | {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "DJANGO_SETTINGS_MODULE": "oms.settings"}
    done = subprocess.run(
        [sys.executable, "manage.py", *command.split()], cwd=ROOT, env=away, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "The database cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    own = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = subprocess.Popen(
        [sys.executable, "manage.py", "jobs"], cwd=ROOT, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert command.stdout is not None
    command.stdout.close()
    assert (command.communicate()[1], command.returncode) == (b"", 3)
