"""The Stripe gateway over real HTTP, with Stripe's own SDK, against the sandbox."""

import concurrent.futures
import json
import uuid
from pathlib import Path

import httpx
import pytest

from refunds.gateways.base import GatewayError
from refunds.gateways.stripe import StripeGateway
from refunds.states import RefundStatus
from tests.sandbox import STRIPE_KEY, Sandbox

SHAPES = json.loads((Path(__file__).parent / "fixtures" / "shapes.json").read_text())["stripe"]


def test_a_refund_begins_pending_with_its_reason_and_settles(sandbox: Sandbox, stripe: StripeGateway) -> None:
    answer = stripe.refund("pi_1", 1200, "GBP", "key-1", {"refund": "RF1"})

    assert (answer.status, answer.reason) == (RefundStatus.PENDING, "processing")
    assert (answer.amount_minor, answer.currency, answer.metadata) == (1200, "GBP", {"refund": "RF1"})
    sandbox.move_refund(answer.provider_id, "succeeded")
    settled = stripe.retrieve(answer.provider_id)
    assert (settled.status, settled.reason) == (RefundStatus.SETTLED, "")


def test_a_charge_can_be_refunded_by_its_own_id(sandbox: Sandbox, stripe: StripeGateway) -> None:
    stripe.refund("ch_1", 700, "GBP", "key-1", {})

    assert sandbox.book()["charges"]["ch_1"]["refunded"] == 700


def test_the_same_key_gives_the_same_refund(sandbox: Sandbox, stripe: StripeGateway) -> None:
    first = stripe.refund("pi_1", 1200, "GBP", "key-1", {"refund": "RF1"})
    sandbox.move_refund(first.provider_id, "succeeded")
    again = stripe.refund("pi_1", 1200, "GBP", "key-1", {"refund": "RF1"})

    assert again == first  # as it was answered then, pending, though it has settled meanwhile
    assert len(sandbox.book()["charges"]["ch_1"]["refunds"]) == 1


@pytest.mark.parametrize(("amount", "metadata"), [(1201, {"refund": "RF1"}), (1200, {"refund": "RF2"}), (1200, {})])
def test_the_same_key_with_other_parameters_is_refused(
    sandbox: Sandbox, stripe: StripeGateway, amount: int, metadata: dict[str, str]
) -> None:
    stripe.refund("pi_1", 1200, "GBP", "key-1", {"refund": "RF1"})

    with pytest.raises(GatewayError) as refused:
        stripe.refund("pi_1", amount, "GBP", "key-1", metadata)

    assert (refused.value.code, refused.value.retryable, refused.value.unknown) == ("idempotency_error", False, False)
    assert sandbox.book()["charges"]["ch_1"]["refunded"] == 1200


def test_more_than_is_left_is_refused_and_changes_nothing(sandbox: Sandbox, stripe: StripeGateway) -> None:
    stripe.refund("pi_1", 3000, "GBP", "key-1", {})

    with pytest.raises(GatewayError) as refused:
        stripe.refund("pi_1", 2001, "GBP", "key-2", {})

    assert (refused.value.code, refused.value.retryable, refused.value.unknown) == ("amount_too_large", False, False)
    assert sandbox.book()["charges"]["ch_1"]["refunded"] == 3000


def test_a_refunded_charge_is_refused(sandbox: Sandbox, stripe: StripeGateway) -> None:
    stripe.refund("pi_1", 5000, "GBP", "key-1", {})

    with pytest.raises(GatewayError) as refused:
        stripe.refund("pi_1", 1, "GBP", "key-2", {})

    assert refused.value.code == "charge_already_refunded"
    assert sandbox.book()["charges"]["ch_1"]["refunded"] == 5000


@pytest.mark.parametrize(
    ("payment", "amount", "code"),
    [
        ("pi_2", 100, "resource_missing"),
        ("ch_2", 100, "resource_missing"),
        ("pi_1", 0, "parameter_invalid_integer"),
        ("pi_1", -1, "parameter_invalid_integer"),
    ],
)
def test_what_stripe_cannot_execute_is_refused_for_good(
    sandbox: Sandbox, stripe: StripeGateway, payment: str, amount: int, code: str
) -> None:
    with pytest.raises(GatewayError) as refused:
        stripe.refund(payment, amount, "GBP", "key-1", {})

    assert (refused.value.code, refused.value.retryable, refused.value.unknown) == (code, False, False)
    assert sandbox.book()["keys"] == {}  # what did not begin to execute leaves the key free


def test_a_failed_refund_gives_the_amount_back_to_the_charge(sandbox: Sandbox, stripe: StripeGateway) -> None:
    answer = stripe.refund("pi_1", 5000, "GBP", "key-1", {})
    sandbox.move_refund(answer.provider_id, "succeeded")
    sandbox.move_refund(answer.provider_id, "failed", "lost_or_stolen_card")

    failed = stripe.retrieve(answer.provider_id)
    assert (failed.status, failed.reason) == (RefundStatus.FAILED, "lost_or_stolen_card")
    assert sandbox.book()["charges"]["ch_1"]["refunded"] == 0
    stripe.refund("pi_1", 5000, "GBP", "key-2", {})
    assert sandbox.book()["charges"]["ch_1"]["refunded"] == 5000


def test_an_answer_lost_after_execution_is_unknown_and_the_same_key_finds_the_one_refund(
    sandbox: Sandbox, stripe: StripeGateway
) -> None:
    sandbox.faults(stripe={"drop": 1.0})
    with pytest.raises(GatewayError) as lost:
        stripe.refund("pi_1", 1200, "GBP", "key-1", {"refund": "RF1"})
    assert (lost.value.retryable, lost.value.unknown) == (True, True)

    sandbox.faults(stripe={"drop": 0.0})
    answer = stripe.refund("pi_1", 1200, "GBP", "key-1", {"refund": "RF1"})

    refunds = sandbox.book()["charges"]["ch_1"]["refunds"]
    assert [refund["id"] for refund in refunds] == [answer.provider_id]


def test_a_500_is_replayed_for_its_key_and_the_refund_is_found_by_its_number(
    sandbox: Sandbox, stripe: StripeGateway
) -> None:
    sandbox.faults(stripe={"error_500": 1.0})
    for _ in range(2):
        with pytest.raises(GatewayError) as broken:
            stripe.refund("pi_1", 1200, "GBP", "key-1", {"refund": "RF1"})
        assert (broken.value.retryable, broken.value.unknown) == (True, True)
        sandbox.faults(calm=True)  # the key answers 500 all the same

    found = stripe.find_refund("pi_1", "RF1")

    assert found is not None
    assert (found.amount_minor, found.metadata) == (1200, {"refund": "RF1"})
    assert [refund["id"] for refund in sandbox.book()["charges"]["ch_1"]["refunds"]] == [found.provider_id]
    assert stripe.find_refund("pi_1", "RF2") is None


def test_a_refund_is_found_among_more_than_one_page(sandbox: Sandbox, stripe: StripeGateway) -> None:
    for number in range(105):
        stripe.refund("pi_1", 1, "GBP", f"key-{number}", {"refund": f"RF{number}"})

    found = stripe.find_refund("pi_1", "RF0")

    assert found is not None
    assert found.provider_id == sandbox.book()["charges"]["ch_1"]["refunds"][0]["id"]
    assert len(list(stripe.list_refunds("pi_1"))) == 105


def test_of_two_attempts_the_asked_for_one_is_found(sandbox: Sandbox, stripe: StripeGateway) -> None:
    first = stripe.refund("pi_1", 1200, "GBP", "key-1", {"refund": "RF1", "attempt": "key-1"})
    sandbox.move_refund(first.provider_id, "failed")
    second = stripe.refund("pi_1", 1200, "GBP", "key-2", {"refund": "RF1", "attempt": "key-2"})

    found = [stripe.find_refund("pi_1", "RF1", attempt=key) for key in ("key-1", "key-2", "")]

    assert [answer and answer.provider_id for answer in found] == [
        first.provider_id,
        second.provider_id,
        second.provider_id,
    ]
    assert stripe.find_refund("pi_1", "RF1", attempt="key-3") is None


def test_a_refund_made_in_the_dashboard_is_listed_without_a_number(sandbox: Sandbox, stripe: StripeGateway) -> None:
    made = sandbox.refund_in_dashboard("pi_1", 300)

    assert [(known.provider_id, dict(known.metadata)) for known in stripe.list_refunds("pi_1")] == [(made["id"], {})]


@pytest.mark.parametrize(
    ("fault", "code", "unknown"), [("error_429", "rate_limit", False), ("error_409", "lock_timeout", True)]
)
def test_a_busy_stripe_is_asked_again_later(
    sandbox: Sandbox, stripe: StripeGateway, fault: str, code: str, unknown: bool
) -> None:
    sandbox.faults(stripe={fault: 1.0})

    with pytest.raises(GatewayError) as busy:
        stripe.refund("pi_1", 1200, "GBP", "key-1", {})

    assert (busy.value.code, busy.value.retryable, busy.value.unknown) == (code, True, unknown)
    assert sandbox.book()["charges"]["ch_1"]["refunded"] == 0


def test_a_stripe_that_is_down_is_retryable(sandbox: Sandbox, stripe: StripeGateway) -> None:
    for down in ("reset", "503"):
        sandbox.faults(stripe={"down": down})
        with pytest.raises(GatewayError) as broken:
            stripe.refund("pi_1", 1200, "GBP", "key-1", {})
        assert (broken.value.retryable, broken.value.unknown) == (True, True)
    assert sandbox.book()["charges"]["ch_1"]["refunded"] == 0


def test_a_connection_that_never_came_about_left_nothing_open(sandbox: Sandbox, stripe: StripeGateway) -> None:
    sandbox.stop()

    with pytest.raises(GatewayError) as unreachable:
        stripe.refund("pi_1", 1200, "GBP", "key-1", {})

    assert (unreachable.value.retryable, unreachable.value.unknown) == (True, False)


def test_no_answer_in_time_is_unknown(sandbox: Sandbox) -> None:
    sandbox.faults(stripe={"latency": [1.0, 1.0]})
    hasty = StripeGateway(STRIPE_KEY, sandbox.stripe_base, read_seconds=0.2)

    with pytest.raises(GatewayError) as late:
        hasty.refund("pi_1", 1200, "GBP", "key-1", {"refund": "RF1"})

    assert (late.value.retryable, late.value.unknown) == (True, True)


def outcome(stripe: StripeGateway, amount: int, key: str) -> str | GatewayError:
    """The provider's id of the refund, or the refusal."""
    try:
        return stripe.refund("pi_1", amount, "GBP", key, {}).provider_id
    except GatewayError as problem:
        return problem


def test_a_key_in_use_is_said_to_be_in_use(sandbox: Sandbox, stripe: StripeGateway) -> None:
    sandbox.faults(stripe={"latency": [0.5, 0.5]})

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: outcome(stripe, 1200, "key-1"), range(4)))

    refused = [problem for problem in outcomes if isinstance(problem, GatewayError)]
    assert {(problem.code, problem.retryable, problem.unknown) for problem in refused} == {
        ("idempotency_key_in_use", True, True)
    }
    refunds = sandbox.book()["charges"]["ch_1"]["refunds"]
    assert [refund["id"] for refund in refunds] == [made for made in outcomes if isinstance(made, str)]
    assert (len(refunds), len(refused)) == (1, 3)


def test_fifty_refunds_at_once_never_exceed_the_charge(sandbox: Sandbox, stripe: StripeGateway) -> None:
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(lambda _: outcome(stripe, 1500, str(uuid.uuid4())), range(50)))

    codes = [problem.code for problem in outcomes if isinstance(problem, GatewayError)]
    assert codes == ["amount_too_large"] * 47
    assert sandbox.book()["charges"]["ch_1"]["refunded"] == 4500


def test_objects_and_headers_have_every_field_that_was_recorded(sandbox: Sandbox, stripe: StripeGateway) -> None:
    headers = {"Authorization": f"Bearer {STRIPE_KEY}", "Idempotency-Key": "key-1"}
    with httpx.Client(base_url=sandbox.url, headers=headers) as client:
        made = client.post("/v1/refunds", data={"payment_intent": "pi_1", "amount": "800"})
        again = client.post("/v1/refunds", data={"amount": "800", "payment_intent": "pi_1"})
        entry = client.get("/v1/balance_transactions", params={"type": "refund"}).json()["data"][0]
        event = client.get("/v1/events", params={"type": "refund.created"}).json()["data"][0]

    assert set(SHAPES["refund"]) - set(made.json()) == set()
    assert set(SHAPES["headers"]) - set(made.headers) == set()
    assert set(SHAPES["balance_transaction"]) - set(entry) == set()
    assert set(SHAPES["event"]) - set(event) == set()
    assert (entry["source"], entry["amount"], entry["net"]) == (made.json()["id"], -800, -800)
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (made.json(), "true")
    assert again.headers["Original-Request"] == made.headers["Request-Id"] != again.headers["Request-Id"]


@pytest.mark.parametrize(
    ("form", "param"),
    [
        ({"payment_intent": "pi_1", "reason": "customer_changed_mind"}, "reason"),
        ({"payment_intent": "pi_1", "colour": "red"}, "colour"),
        ({"payment_intent": "pi_1", "amount": "12.50"}, "amount"),
    ],
)
def test_parameters_stripe_does_not_know_are_refused(sandbox: Sandbox, form: dict[str, str], param: str) -> None:
    answer = httpx.post(f"{sandbox.url}/v1/refunds", data=form, headers={"Authorization": f"Bearer {STRIPE_KEY}"})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert sandbox.book()["charges"]["ch_1"]["refunds"] == []
