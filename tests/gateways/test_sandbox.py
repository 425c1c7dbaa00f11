"""The sandbox itself: that its book can be trusted, and that no live key reaches it."""

import concurrent.futures
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured

from refunds.gateways.base import GatewayError
from refunds.gateways.stripe import StripeGateway
from returns.carriers.easypost import EasyPostCarrier
from tests.gateways.test_easypost_labels import bought
from tests.sandbox import ENTRY, STRIPE_KEY, Sandbox, read_book

PAYMENT = {"payment_intent": "pi_1", "charge": "ch_1", "amount": 5000, "currency": "GBP"}


def start(arguments: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """A sandbox that is expected to refuse."""
    command = [sys.executable, str(ENTRY), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, env=os.environ | environment)


def test_the_book_survives_a_kill_and_a_half_written_line(
    sandbox: Sandbox, stripe: StripeGateway, easypost: EasyPostCarrier
) -> None:
    refund = stripe.refund("pi_1", 1200, "GBP", "key-1", {"refund": "RF1"})
    label = bought(easypost)
    before = sandbox.book()
    sandbox.kill()
    with (sandbox.data / "book.jsonl").open("a") as book:
        book.write('{"at":1,"what":"refund.created","put":{"refund":[{"id":"re_half')
    sandbox.start()

    after = sandbox.book()
    assert {name: after[name] for name in ("charges", "keys", "labels", "totals")} == {
        name: before[name] for name in ("charges", "keys", "labels", "totals")
    }
    assert stripe.refund("pi_1", 1200, "GBP", "key-1", {"refund": "RF1"}) == refund
    assert easypost.buy(label.shipment_id, "any") == label


def test_the_journal_alone_says_the_same_as_the_running_book(sandbox: Sandbox, stripe: StripeGateway) -> None:
    for number, amount in enumerate((1200, 300, 500)):
        stripe.refund("pi_1", amount, "GBP", f"key-{number}", {"refund": f"RF{number}"})
    sandbox.move_refund(sandbox.book()["charges"]["ch_1"]["refunds"][1]["id"], "failed")
    running = sandbox.book()["charges"]["ch_1"]["refunds"]
    assert sandbox.stop() == 0

    rows = read_book(sandbox.data)["refund"].values()

    assert [(row["id"], row["amount"], row["status"], row["metadata"]) for row in rows] == [
        (row["id"], row["amount"], row["status"], row["metadata"]) for row in running
    ]
    assert [row["status"] for row in rows] == ["pending", "failed", "pending"]


def test_what_was_planned_happens_after_a_restart(sandbox: Sandbox, stripe: StripeGateway, inbox: Any) -> None:
    sandbox.faults(stripe={"settle_after": [0.5, 0.5]})
    stripe.refund("pi_1", 1200, "GBP", "key-1", {})
    sandbox.kill()
    inbox.letters.queue.clear()
    sandbox.start()

    while b'"type":"refund.updated"' not in inbox.take(1)[0].body:
        pass
    assert sandbox.book()["charges"]["ch_1"]["settled"] == 1200


def test_the_book_balances_after_fifty_callers_and_every_fault(sandbox: Sandbox, stripe: StripeGateway) -> None:
    """Each caller pays 1.00 back under one key until it knows the outcome; one refund per key, whatever broke."""
    sandbox.payments([{"payment_intent": "pi_2", "charge": "ch_2", "amount": 100 * 60, "currency": "EUR"}])
    sandbox.faults(
        seed=7,
        stripe={"drop": 0.2, "error_500": 0.1, "error_429": 0.1, "error_409": 0.1, "latency": [0.0, 0.02]},
        webhooks={"duplicate": 0.3, "shuffle": 0.5, "shuffle_within": 0.1, "early": 0.2},
    )

    def pay(number: int) -> str:
        while True:
            try:
                return stripe.refund("pi_2", 100, "EUR", f"key-{number}", {"refund": f"RF{number}"}).provider_id
            except GatewayError as problem:
                if problem.unknown:
                    try:
                        found = stripe.find_refund("pi_2", f"RF{number}")
                    except GatewayError:
                        continue
                    if found:
                        return found.provider_id

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        paid = list(pool.map(pay, range(50)))

    charge = sandbox.book()["charges"]["ch_2"]
    assert sorted(paid) == sorted(refund["id"] for refund in charge["refunds"])
    assert sorted(refund["metadata"]["refund"] for refund in charge["refunds"]) == sorted(f"RF{n}" for n in range(50))
    assert charge["refunded"] == 5000


def test_the_book_balances_though_the_sandbox_is_killed_again_and_again(
    sandbox: Sandbox, stripe: StripeGateway
) -> None:
    def pay(number: int) -> str:
        while True:
            try:
                return stripe.refund("pi_1", 10, "GBP", f"key-{number}", {"refund": f"RF{number}"}).provider_id
            except GatewayError as problem:
                if not problem.retryable:
                    raise

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        paying = [pool.submit(pay, number) for number in range(400)]
        for _ in range(5):
            concurrent.futures.wait(paying, timeout=0.05)
            sandbox.kill()
            sandbox.start()
        paid = [one.result() for one in paying]

    charge = sandbox.book()["charges"]["ch_1"]
    assert sorted(paid) == sorted(refund["id"] for refund in charge["refunds"])
    assert (len(set(paid)), charge["refunded"]) == (400, 4000)


def test_payments_are_entered_once(sandbox: Sandbox) -> None:
    more = {"payment_intent": "pi_2", "charge": "ch_2", "amount": 700, "currency": "EUR"}

    assert sandbox.payments([PAYMENT, more]) == {"added": 1, "known": 1}
    assert sandbox.payments([PAYMENT, more]) == {"added": 0, "known": 2}
    assert sandbox.book()["totals"] == {
        "gbp": {"captured": 5000, "refunded": 0, "settled": 0, "refunds": 0},
        "eur": {"captured": 700, "refunded": 0, "settled": 0, "refunds": 0},
    }


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("POST", "payments", [PAYMENT | {"amount": 4999}], 409),
        ("POST", "payments", [PAYMENT | {"amount": "many"}], 400),
        ("POST", "payments", [{"amount": 1}], 400),
        ("POST", "payments", {}, 400),
        ("POST", "refunds", {"payment_intent": "pi_1", "amount": 5001}, 400),
        ("POST", "refunds/re_unknown", {"status": "failed"}, 404),
        ("POST", "trackers/unknown", {"status": "delivered"}, 404),
        ("POST", "trackers/unknown", {"status": "teleported"}, 422),
        ("PUT", "faults", {"stripe": {"drop": 2}}, 400),
        ("PUT", "faults", {"stripe": {"latency": [2, 1]}}, 400),
        ("PUT", "faults", {"weather": {}}, 400),
        ("GET", "weather", None, 404),
    ],
)
def test_a_control_that_cannot_be_used_changes_nothing(
    sandbox: Sandbox, method: str, name: str, body: Any, status: int
) -> None:
    before = sandbox.book()

    answer = httpx.request(method, f"{sandbox.url}/_sandbox/{name}", json=body)

    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert sandbox.book() == before


def test_a_foreign_page_or_host_cannot_steer_it(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/_sandbox/faults"
    form = httpx.put(url, content=b'{"calm": true}', headers={"Content-Type": "text/plain"})
    host = httpx.get(url, headers={"Host": "shop.example.com"})

    assert (form.status_code, host.status_code) == (415, 403)


def test_live_keys_are_refused_in_requests(sandbox: Sandbox) -> None:
    stripe = httpx.post(
        f"{sandbox.url}/v1/refunds", data={"charge": "ch_1"}, headers={"Authorization": "Bearer sk_live_1"}
    )
    easypost = httpx.get(f"{sandbox.url}/v2/trackers", auth=("EZAK1", ""))

    assert (stripe.status_code, stripe.json()["error"]["code"]) == (401, "livemode_mismatch")
    assert (easypost.status_code, easypost.json()["error"]["code"]) == (403, "APIKEY.INACTIVE")
    assert sandbox.book()["charges"]["ch_1"]["refunded"] == 0


def test_live_keys_go_to_the_vendors_themselves_only(sandbox: Sandbox) -> None:
    with pytest.raises(ImproperlyConfigured):
        StripeGateway("sk_live_1", sandbox.stripe_base)
    with pytest.raises(ImproperlyConfigured):
        EasyPostCarrier("EZAK1", sandbox.easypost_base)


def test_calls_without_a_key_are_refused(sandbox: Sandbox) -> None:
    assert httpx.get(f"{sandbox.url}/v1/charges/ch_1").status_code == 401
    assert httpx.get(f"{sandbox.url}/v2/shipments/shp_1").status_code == 401
    assert httpx.get(f"{sandbox.url}/v1/charges/ch_1", auth=(STRIPE_KEY, "")).json()["amount_captured"] == 5000


@pytest.mark.parametrize(
    ("more", "environment"),
    [
        (["--stripe-secret", "sk_live_1"], {}),
        ([], {"STRIPE_API_KEY": "sk_live_1"}),
        ([], {"STRIPE_API_KEY": "rk_live_1"}),
        ([], {"EASYPOST_API_KEY": "EZAK1"}),
    ],
)
def test_it_does_not_start_with_a_live_key(tmp_path: Path, more: list[str], environment: dict[str, str]) -> None:
    result = start(["--data", str(tmp_path / "book"), *more], **environment)

    assert (result.returncode, result.stdout) == (1, "")
    assert "live key" in result.stderr
    assert not (tmp_path / "book").exists()


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    result = start(["--data", str(tmp_path / "book"), "--host", "0.0.0.0"])

    assert (result.returncode, result.stdout) == (2, "")


def test_one_book_has_one_writer(sandbox: Sandbox) -> None:
    result = start(["--data", str(sandbox.data)])

    assert (result.returncode, result.stdout) == (1, "")
    assert "Another sandbox" in result.stderr


def test_it_imports_nothing_of_ours_and_no_sdk() -> None:
    """Read from the sources: only relative imports, the standard library, Pillow and segno for pictures."""
    import ast

    roots = set()
    for path in ENTRY.parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                roots |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                roots.add(str(node.module).partition(".")[0])

    assert roots - set(sys.stdlib_module_names) == {"PIL", "cryptography", "segno"}


def test_starting_it_imports_nothing_of_ours(tmp_path: Path) -> None:
    code = (
        "import runpy, sys\n"
        f"sys.argv = ['sandbox', '--data', {str(tmp_path / 'book')!r}, '--host', 'example.com']\n"
        "try:\n"
        f"    runpy.run_path({str(ENTRY)!r}, run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    ours = [name for name in sys.modules if name.split('.')[0] in ('oms', 'django', 'celery')]\n"
        "    print(end.code, ours)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20)

    assert result.stdout == "2 []\n"
