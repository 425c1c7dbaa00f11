"""Start and steer the sandbox (`oms/sandbox/`) as a process of its own: for the gateway tests and the proofs."""

import json
import pathlib
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

import httpx

from oms.demo.browser import certificates

ENTRY = pathlib.Path(__file__).resolve().parent.parent / "oms" / "sandbox" / "__main__.py"
STRIPE_KEY, EASYPOST_KEY = "sk_test_sandbox", "EZTK_sandbox"
STRIPE_SECRET, EASYPOST_SECRET = "whsec_sandbox", "sécret of the sandbox"
PAYPAL_CLIENT, PAYPAL_SECRET, PAYPAL_WEBHOOK = "sandbox_client", "secret of the sandbox", "WHSANDBOX"

# The payment double of the figures: what a bad day at the provider looks like.
STORM: dict[str, dict[str, Any]] = {
    "stripe": {
        "drop": 0.10,
        "error_500": 0.05,
        "error_429": 0.05,
        "error_409": 0.03,
        "latency": [0.0, 2.0],
        "late_failure": 0.05,
    },
    "webhooks": {"duplicate": 0.3, "shuffle": 0.5, "early": 0.2},
}


class Sandbox:
    """One sandbox process with its book in `data`; a context manager that starts and stops it."""

    def __init__(
        self,
        data: pathlib.Path,
        *,
        stripe_webhook: str = "",
        easypost_webhook: str = "",
        paypal_webhook: str = "",
        stripe_events: str = "",
        port: int = 0,
    ) -> None:
        self.data = data
        self.port = port
        self._arguments = ["--data", str(data), "--with-parent"]
        self._arguments += ["--stripe-webhook", stripe_webhook, "--stripe-secret", STRIPE_SECRET]
        self._arguments += ["--stripe-events", stripe_events]
        self._arguments += ["--easypost-webhook", easypost_webhook, "--easypost-secret", EASYPOST_SECRET]
        self._arguments += ["--paypal-webhook", paypal_webhook, "--paypal-webhook-id", PAYPAL_WEBHOOK]
        self._process: subprocess.Popen[str] | None = None
        self._client = httpx.Client(timeout=30, verify=certificates())

    def start(self) -> None:
        """Start and wait until it answers; the port stays the same over restarts."""
        command = [sys.executable, str(ENTRY), "--port", str(self.port), *self._arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the sandbox did not start: its reason is on stderr"
        self.port = json.loads(line)["port"]

    def stop(self) -> int:
        """Stop with SIGTERM and return the exit code."""
        return self._end(kill=False)

    def kill(self) -> int:
        """Stop with SIGKILL, in the middle of whatever it does."""
        return self._end(kill=True)

    def _end(self, *, kill: bool) -> int:
        assert self._process is not None
        (self._process.kill if kill else self._process.terminate)()
        code = self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None
        return code

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.stop()
        self._client.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stripe_base(self) -> str:
        """What STRIPE_API_BASE is to be."""
        return self.url

    @property
    def easypost_base(self) -> str:
        """What EASYPOST_API_BASE is to be."""
        return f"{self.url}/v2"

    @property
    def paypal_base(self) -> str:
        """What PAYPAL_API_BASE is to be."""
        return f"{self.url}/paypal"

    def captures(self, captures: list[dict[str, Any]]) -> dict[str, int]:
        """Enter payments captured at PayPal: {capture, amount (smallest unit), currency} each; repeat-safe."""
        return self._control("POST", "captures", captures)

    def paypal_history(self, refunds: list[dict[str, Any]]) -> dict[str, int]:
        """Enter PayPal's refunds of earlier days: {id, capture, amount, created, status?, custom_id?, fee?} each."""
        return self._control("POST", "captures/refunds", refunds)

    def paypal_dashboard_refund(self, capture: str, value: str, currency: str) -> dict[str, Any]:
        """Make a refund in PayPal's dashboard."""
        form = {"amount": {"value": value, "currency_code": currency}}
        return self._control("POST", f"captures/{capture}/refunds", form)

    def move_paypal_refund(self, capture: str, id: str, status: str) -> None:
        """Let PayPal decide about a refund: COMPLETED, FAILED, CANCELLED."""
        self._control("POST", f"captures/{capture}/refunds/{id}", {"status": status})

    def dispute(self, *, charge: str = "", capture: str = "", outcome: str = "") -> None:
        """Open the dispute of a payment, or close it with `outcome`."""
        named = {"charge": charge} if charge else {"capture": capture}
        self._control("POST", "disputes", named | {"outcome": outcome})

    def expire_tokens(self) -> None:
        """Every access token of PayPal runs out."""
        self._control("POST", "tokens", {})

    def payments(self, payments: list[dict[str, Any]]) -> dict[str, int]:
        """Enter captured payments: {payment_intent, charge, amount (smallest unit), currency} each; repeat-safe."""
        return self._control("POST", "payments", payments)

    def history(self, refunds: list[dict[str, Any]]) -> dict[str, int]:
        """Enter refunds of earlier days: {id, payment_intent, amount, created, status?, fee?, metadata?} each."""
        return self._control("POST", "history", refunds)

    def change_payout(self, id: str, **changed: Any) -> dict[str, Any]:
        """Let a payout's `amount` or `status` be another than its rows make it."""
        return self._control("POST", f"payouts/{id}", changed)

    def refund_in_dashboard(self, payment_intent: str, amount: int) -> dict[str, Any]:
        """Make a refund without the shop."""
        return self._control("POST", "refunds", {"payment_intent": payment_intent, "amount": amount})

    def move_refund(self, id: str, status: str, reason: str = "expired_or_canceled_card") -> dict[str, Any]:
        """Let the bank decide about a refund: succeeded, failed, canceled."""
        return self._control("POST", f"refunds/{id}", {"status": status, "reason": reason})

    def scan(self, tracking_code: str, status: str, **more: str) -> dict[str, Any]:
        """Let the carrier scan a parcel; `more`: city, state, zip, country, message, signed_by."""
        return self._control("POST", f"trackers/{tracking_code}", {"status": status} | more)

    def labels(self, labels: list[dict[str, Any]]) -> dict[str, int]:
        """Enter labels of before: {shipment, tracking_code, carrier, service, price, currency, status, refund_status};
        repeat-safe."""
        return self._control("POST", "labels", labels)

    def decide_label(self, tracking_code: str, refund_status: str) -> dict[str, Any]:
        """Let the carrier decide about a label that was given back."""
        return self._control("POST", f"labels/{tracking_code}", {"refund_status": refund_status})

    def faults(self, **groups: Any) -> dict[str, Any]:
        """Set faults: ``faults(stripe={"drop": 0.1}, webhooks={"duplicate": 0.3})``; ``faults(calm=True)`` ends all."""
        return self._control("PUT", "faults", groups)

    def replay(self, calls: list[dict[str, Any]]) -> None:
        """Answer EasyPost's calls from a recording, each once; an empty list ends that."""
        self._control("PUT", "replay", {"calls": calls})

    def replayed(self) -> dict[str, Any]:
        """What was asked of the recording ({method, path, body} each), and what of it is left."""
        answer = self._client.get(f"{self.url}/_sandbox/replay")
        answer.raise_for_status()
        return answer.json()

    def book(self, charge: str = "") -> dict[str, Any]:
        """What happened, as of now: `charges`, `totals`, `keys`, `labels`, `labels_by_reference`, `webhooks`…"""
        answer = self._client.get(f"{self.url}/_sandbox/book", params={"charge": charge} if charge else {})
        answer.raise_for_status()
        return answer.json()

    def wait_until_quiet(self, seconds: int = 30) -> None:
        """Wait until every refund has settled or failed as planned and every webhook was accepted."""
        answer = self._client.get(f"{self.url}/_sandbox/quiet", params={"seconds": seconds}, timeout=seconds + 10)
        assert answer.json() == {"quiet": True}

    def _control(self, method: str, name: str, body: Any) -> dict[str, Any]:
        answer = self._client.request(method, f"{self.url}/_sandbox/{name}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


def read_book(data: pathlib.Path) -> dict[str, dict[str, dict[str, Any]]]:
    """The book of a sandbox that does not run: table → id → last row (oms/sandbox/book.py describes the file)."""
    tables: dict[str, dict[str, dict[str, Any]]] = {}
    with (data / "book.jsonl").open() as lines:
        for line in lines:
            if line.endswith("\n"):
                for table, rows in json.loads(line)["put"].items():
                    tables.setdefault(table, {}).update({row["id"]: row for row in rows})
    return tables
