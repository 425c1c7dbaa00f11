"""Stripe's webhooks: what the sandbox sends, and that the gateway believes nothing else."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from refunds.gateways.base import SignatureRefused
from refunds.gateways.stripe import StripeGateway, read_refund
from refunds.states import RefundStatus
from tests.gateways.conftest import Inbox, Letter
from tests.sandbox import STRIPE_KEY, STRIPE_SECRET, Sandbox

FIXTURE = json.loads((Path(__file__).parent / "fixtures" / "stripe_webhooks.json").read_text())
VECTORS, SECRET = FIXTURE["vectors"], FIXTURE["secret"]


def verify(body: bytes, header: str | None, secret: str, now: datetime) -> dict[str, Any]:
    return StripeGateway("sk_test_unused").verify(body, header, secret, now)


def read(letter: Letter) -> dict[str, Any]:
    """The event of a letter that arrived just now."""
    return verify(letter.body, letter.headers["Stripe-Signature"], STRIPE_SECRET, datetime.now(UTC))


def kinds(letters: list[Letter]) -> list[str]:
    return [read(letter)["type"] for letter in letters]


def refuses(body: bytes, header: str | None, secret: str, now: datetime) -> bool:
    try:
        verify(body, header, secret, now)
    except SignatureRefused:
        return True
    return False


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["type"] for vector in VECTORS])
@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_signed_event_is_believed_for_five_minutes(vector: dict[str, Any], seconds: int) -> None:
    now = datetime.fromtimestamp(vector["timestamp"] + seconds, UTC)

    event = verify(vector["payload"].encode(), vector["header"], SECRET, now)

    assert event == json.loads(vector["payload"])


def test_an_event_in_our_words() -> None:
    failed = json.loads(next(vector for vector in VECTORS if vector["type"] == "refund.failed")["payload"])

    answer = read_refund(failed["data"]["object"])

    assert (answer.status, answer.reason, answer.amount_minor, answer.currency) == (
        RefundStatus.FAILED,
        "expired_or_canceled_card",
        1500,
        "USD",
    )


def test_no_mutation_of_a_signed_event_is_believed() -> None:
    tried = 0
    for vector in VECTORS:
        body, header = vector["payload"].encode(), vector["header"]
        now = datetime.fromtimestamp(vector["timestamp"], UTC)
        mutations = [(body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :], header, SECRET) for at in range(len(body))]
        mutations += [(body[:at], header, SECRET) for at in range(0, len(body), 7)]
        mutations += [
            (body, header[:at] + "7f"[header[at] == "7"] + header[at + 1 :], SECRET) for at in range(len(header))
        ]
        mutations += [(body, header[:at], SECRET) for at in range(len(header))]
        mutations += [(body, header, SECRET[:at] + "_" + SECRET[at:]) for at in range(len(SECRET))]
        mutations += [
            (body + b" ", header, SECRET),
            (b"", header, SECRET),
            (body, header, ""),
            (body, header, SECRET.upper()),
        ]
        believed = [mutation for mutation in mutations if not refuses(*mutation, now)]
        assert believed == []
        tried += len(mutations)
    assert tried > 2500


@pytest.mark.parametrize(
    "change",
    [
        lambda time, signature: None,
        lambda time, signature: "",
        lambda time, signature: f"t={time}",
        lambda time, signature: f"v1={signature}",
        lambda time, signature: f"t={time},v0={signature}",
        lambda time, signature: f"t={time},v1=",
        lambda time, signature: f"t={time},t={time},v1={signature}",
        lambda time, signature: f"t=-{time},v1={signature}",
        lambda time, signature: f"t=٣{time},v1={signature}",
        lambda time, signature: f"t={time}.0,v1={signature}",
        lambda time, signature: f"t={time},v1={signature.upper()}",
        lambda time, signature: f"t={time},v1=é{signature}",
        lambda time, signature: f"t={time + 1},v1={signature}",
        lambda time, signature: signature,
    ],
)
def test_headers_of_another_shape_are_refused(change: Any) -> None:
    vector = VECTORS[0]
    signature = vector["header"].partition("v1=")[2]
    header = change(vector["timestamp"], signature)

    assert refuses(vector["payload"].encode(), header, SECRET, datetime.fromtimestamp(vector["timestamp"], UTC))


@pytest.mark.parametrize("seconds", [-86400, -301, 301, 86400])
def test_an_old_signature_is_refused_and_one_from_the_future_too(seconds: int) -> None:
    vector = VECTORS[0]
    now = datetime.fromtimestamp(vector["timestamp"], UTC) + timedelta(seconds=seconds)

    assert refuses(vector["payload"].encode(), vector["header"], SECRET, now)


def test_while_a_secret_is_rolled_any_signature_may_match() -> None:
    vector = VECTORS[0]
    header = vector["header"].replace("v1=", f"v1={'0' * 64},v1=")

    event = verify(vector["payload"].encode(), header, SECRET, datetime.fromtimestamp(vector["timestamp"], UTC))

    assert event["id"] == "evt_contract0003"


def test_a_refund_is_reported_from_its_beginning_to_a_late_failure(
    sandbox: Sandbox, stripe: StripeGateway, inbox: Inbox
) -> None:
    refund = stripe.refund("pi_1", 1200, "GBP", "key-1", {"refund": "RF1"})
    made = inbox.take(2)
    sandbox.move_refund(refund.provider_id, "succeeded")
    settled = inbox.take(2)
    sandbox.move_refund(refund.provider_id, "failed", "lost_or_stolen_card")
    failed = inbox.take(3)

    assert kinds(made) == ["refund.created", "charge.refunded"]
    assert kinds(settled) == ["refund.updated", "charge.refund.updated"]
    assert kinds(failed) == ["refund.failed", "refund.updated", "charge.refund.updated"]
    assert read(made[0])["request"]["idempotency_key"] == "key-1"
    assert read(made[1])["data"]["object"]["amount_refunded"] == 1200
    last = read_refund(read(failed[0])["data"]["object"])
    assert (last.provider_id, last.status, last.reason) == (
        refund.provider_id,
        RefundStatus.FAILED,
        "lost_or_stolen_card",
    )
    assert {letter.path for letter in made + settled + failed} == {"/stripe/"}
    assert inbox.letters.empty()


def test_a_refund_settles_and_fails_late_by_itself(sandbox: Sandbox, stripe: StripeGateway, inbox: Inbox) -> None:
    sandbox.faults(stripe={"settle_after": [0.1, 0.1], "late_failure": 1.0, "late_failure_after": [0.1, 0.1]})

    refund = stripe.refund("pi_1", 1200, "GBP", "key-1", {})

    assert kinds(inbox.take(7))[2:5] == ["refund.updated", "charge.refund.updated", "refund.failed"]
    assert stripe.retrieve(refund.provider_id).status == RefundStatus.FAILED
    assert sandbox.book()["charges"]["ch_1"]["refunded"] == 0


def test_a_refused_delivery_is_tried_again_with_a_signature_of_its_own(
    sandbox: Sandbox, stripe: StripeGateway, inbox: Inbox
) -> None:
    inbox.answers = [500, 200, 302]
    stripe.refund("pi_1", 1200, "GBP", "key-1", {})

    letters = inbox.take(4)

    assert sorted(kinds(letters)) == ["charge.refunded", "refund.created", "refund.created", "refund.created"]
    bodies = {letter.body for letter in letters if b'"type":"refund.created"' in letter.body}
    assert len(bodies) == 1


def test_only_the_wanted_types_are_sent(tmp_path: Path, inbox: Inbox) -> None:
    wanted = "refund.updated,refund.failed"
    with Sandbox(tmp_path / "book", stripe_webhook=inbox.url, stripe_events=wanted) as sandbox:
        sandbox.payments([{"payment_intent": "pi_1", "charge": "ch_1", "amount": 5000, "currency": "GBP"}])
        StripeGateway(STRIPE_KEY, sandbox.stripe_base).refund("pi_1", 1200, "GBP", "key-1", {})
        sandbox.wait_until_quiet()

        assert kinds(inbox.take(1)) == ["refund.updated"]
        assert inbox.letters.empty()
        assert sandbox.book()["webhooks"] == {"sent": 1, "owed": 0}


def test_events_can_come_twice_and_in_any_order(sandbox: Sandbox, stripe: StripeGateway, inbox: Inbox) -> None:
    sandbox.faults(webhooks={"duplicate": 1.0, "shuffle": 1.0, "shuffle_within": 0.3})
    stripe.refund("pi_1", 1200, "GBP", "key-1", {})

    arrived = [read(letter)["id"] for letter in inbox.take(4)]

    assert len(set(arrived)) == 2
    assert sorted(arrived) == sorted(list(set(arrived)) * 2)


def test_an_event_can_come_before_the_answer(sandbox: Sandbox, stripe: StripeGateway, inbox: Inbox) -> None:
    sandbox.faults(stripe={"latency": [0.6, 0.6]}, webhooks={"early": 1.0})
    start = time.monotonic()

    stripe.refund("pi_1", 1200, "GBP", "key-1", {})

    assert inbox.letters.qsize() == 2  # already there
    assert time.monotonic() - start >= 0.6


def test_an_executed_call_without_an_answer_is_reported_all_the_same(
    sandbox: Sandbox, stripe: StripeGateway, inbox: Inbox
) -> None:
    sandbox.faults(stripe={"drop": 1.0})
    with pytest.raises(Exception, match="did not answer"):
        stripe.refund("pi_1", 1200, "GBP", "key-1", {"refund": "RF1"})

    assert read(inbox.take(1)[0])["data"]["object"]["metadata"] == {"refund": "RF1"}


def test_what_was_not_delivered_is_delivered_after_a_restart(
    sandbox: Sandbox, stripe: StripeGateway, inbox: Inbox
) -> None:
    inbox.answers = [503] * 2
    stripe.refund("pi_1", 1200, "GBP", "key-1", {})
    inbox.take(2)
    sandbox.kill()
    sandbox.start()

    assert sorted(kinds(inbox.take(2))) == ["charge.refunded", "refund.created"]
