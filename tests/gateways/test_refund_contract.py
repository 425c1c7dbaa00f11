"""What every payment provider is to us, held against each over real HTTP: our gateways and the sandbox."""

import concurrent.futures
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from refunds.gateways.base import Gateway, GatewayError
from refunds.gateways.paypal import PayPalGateway
from refunds.gateways.stripe import StripeGateway
from refunds.states import RefundStatus
from tests.sandbox import PAYPAL_CLIENT, PAYPAL_SECRET, STRIPE_KEY, Sandbox


class Provider(NamedTuple):
    """One provider: 50.00 GBP were paid in `payment`; its refunds wait until `move` decides."""

    name: str
    gateway: Gateway
    payment: str
    impatient: Callable[[], Gateway]
    move: Callable[[str, str], Any]
    book: Callable[[], dict[str, Any]]
    codes: dict[str, str]


@pytest.fixture(params=["stripe", "paypal"])
def provider(request: pytest.FixtureRequest, sandbox: Sandbox) -> Provider:
    if request.param == "stripe":
        words = {"settled": "succeeded", "failed": "failed", "canceled": "canceled"}
        return Provider(
            "stripe",
            StripeGateway(STRIPE_KEY, sandbox.stripe_base),
            "pi_1",
            lambda: StripeGateway(STRIPE_KEY, sandbox.stripe_base, read_seconds=0.2),
            lambda id, to: sandbox.move_refund(id, words[to]),
            lambda: sandbox.book()["charges"]["ch_1"],
            {"too_much": "amount_too_large", "nothing_left": "charge_already_refunded", "gone": "resource_missing"},
        )
    words = {"settled": "COMPLETED", "failed": "FAILED", "canceled": "CANCELLED"}
    return Provider(
        "paypal",
        PayPalGateway(PAYPAL_CLIENT, PAYPAL_SECRET, sandbox.paypal_base),
        "CAP1",
        lambda: PayPalGateway(PAYPAL_CLIENT, PAYPAL_SECRET, sandbox.paypal_base, read_seconds=0.2),
        lambda id, to: sandbox.move_paypal_refund("CAP1", id, words[to]),
        lambda: sandbox.book()["captures"]["CAP1"],
        {
            "too_much": "REFUND_AMOUNT_EXCEEDED",
            "nothing_left": "CAPTURE_FULLY_REFUNDED",
            "gone": "INVALID_RESOURCE_ID",
        },
    )


def about(number: str, key: str) -> dict[str, str]:
    return {"refund": number, "attempt": key}


def ask(provider: Provider, amount: int = 1200, number: str = "RF1", key: str = "") -> Any:
    key = key or str(uuid4())
    return provider.gateway.refund(provider.payment, amount, "GBP", key, about(number, key))


def test_pending_with_a_reason_then_settled(provider: Provider) -> None:
    answer = ask(provider, key="k1")
    assert answer.status == RefundStatus.PENDING
    assert answer.reason
    assert (answer.amount_minor, answer.currency) == (1200, "GBP")
    assert about("RF1", "k1").items() <= answer.metadata.items()
    provider.move(answer.provider_id, "settled")
    settled = provider.gateway.retrieve(answer.provider_id)
    assert (settled.status, settled.reason, settled.provider_id) == (RefundStatus.SETTLED, "", answer.provider_id)


@pytest.mark.parametrize(("word", "status"), [("failed", RefundStatus.FAILED), ("canceled", RefundStatus.CANCELED)])
def test_what_did_not_come_through_is_free_again(provider: Provider, word: str, status: RefundStatus) -> None:
    answer = ask(provider, 5000)
    provider.move(answer.provider_id, word)
    assert provider.gateway.retrieve(answer.provider_id).status == status
    assert provider.book()["refunded"] == 0
    assert ask(provider, 5000).status == RefundStatus.PENDING


def test_settled_may_fail_after_all(provider: Provider) -> None:
    answer = ask(provider)
    provider.move(answer.provider_id, "settled")
    provider.move(answer.provider_id, "failed")
    assert provider.gateway.retrieve(answer.provider_id).status == RefundStatus.FAILED


def test_the_same_key_is_the_same_refund(provider: Provider) -> None:
    first, again = ask(provider, key="k1"), ask(provider, key="k1")
    assert again.provider_id == first.provider_id
    assert len(provider.book()["refunds"]) == 1


def test_the_same_key_for_another_amount_is_refused(provider: Provider) -> None:
    ask(provider, key="k1")
    with pytest.raises(GatewayError) as refused:
        ask(provider, 1300, key="k1")
    assert (refused.value.retryable, refused.value.unknown) == (False, False)
    assert provider.book()["refunded"] == 1200


def test_more_than_is_left_is_refused_for_good(provider: Provider) -> None:
    ask(provider, 3000)
    with pytest.raises(GatewayError) as refused:
        ask(provider, 2001)
    assert (refused.value.code, refused.value.retryable) == (provider.codes["too_much"], False)
    assert provider.book()["refunded"] == 3000


def test_nothing_left_is_refused_for_good(provider: Provider) -> None:
    ask(provider, 5000)
    with pytest.raises(GatewayError) as refused:
        ask(provider, 1)
    assert (refused.value.code, refused.value.retryable) == (provider.codes["nothing_left"], False)


def test_a_payment_that_is_not_there(provider: Provider) -> None:
    with pytest.raises(GatewayError) as refused:
        provider.gateway.refund("NOTTHERE", 100, "GBP", "k1", about("RF1", "k1"))
    assert (refused.value.code, refused.value.retryable, refused.value.unknown) == (
        provider.codes["gone"],
        False,
        False,
    )


def test_an_answer_lost_after_execution_is_unknown(sandbox: Sandbox, provider: Provider) -> None:
    sandbox.faults(**{provider.name: {"drop": 1.0}})
    with pytest.raises(GatewayError) as silent:
        ask(provider, key="k1")
    assert (silent.value.retryable, silent.value.unknown) == (True, True)
    sandbox.faults(**{provider.name: {"drop": 0.0}})
    answer = ask(provider, key="k1")
    assert [made["id"] for made in provider.book()["refunds"]] == [answer.provider_id]


def test_a_500_that_hides_a_refund_is_found_by_its_number(sandbox: Sandbox, provider: Provider) -> None:
    sandbox.faults(**{provider.name: {"error_500": 1.0}})
    with pytest.raises(GatewayError) as hidden:
        ask(provider, key="k1")
    assert (hidden.value.retryable, hidden.value.unknown) == (True, True)
    sandbox.faults(**{provider.name: {"error_500": 0.0}})
    with pytest.raises(GatewayError):
        ask(provider, key="k1")
    found = provider.gateway.find_refund(provider.payment, "RF1", attempt="k1")
    assert found is not None
    assert [made["id"] for made in provider.book()["refunds"]] == [found.provider_id]


def test_of_two_attempts_the_asked_for_one_is_found(provider: Provider) -> None:
    first = ask(provider, key="k1")
    provider.move(first.provider_id, "failed")
    second = ask(provider, key="k2")
    found = [provider.gateway.find_refund(provider.payment, "RF1", attempt=key) for key in ("k1", "k2", "k3")]
    assert [one.provider_id if one else None for one in found] == [first.provider_id, second.provider_id, None]
    newest = provider.gateway.find_refund(provider.payment, "RF1")
    assert newest is not None
    assert newest.provider_id == second.provider_id


def test_what_was_made_without_us_is_listed_without_a_number(sandbox: Sandbox, provider: Provider) -> None:
    ours = ask(provider)
    if provider.name == "stripe":
        theirs = sandbox.refund_in_dashboard("pi_1", 300)["id"]
    else:
        theirs = sandbox.paypal_dashboard_refund("CAP1", "3.00", "GBP")["id"]
    listed = list(provider.gateway.list_refunds(provider.payment))
    assert [one.provider_id for one in listed] == [theirs, ours.provider_id]
    assert "refund" not in listed[0].metadata
    assert [one.payment for one in listed] == [provider.payment] * 2


@pytest.mark.parametrize(("fault", "unknown"), [("error_429", False), ("error_409", True)])
def test_a_busy_provider_is_asked_again_later(sandbox: Sandbox, provider: Provider, fault: str, unknown: bool) -> None:
    sandbox.faults(**{provider.name: {fault: 1.0}})
    with pytest.raises(GatewayError) as busy:
        ask(provider, key="k1")
    assert (busy.value.retryable, busy.value.unknown) == (True, unknown)
    assert provider.book()["refunded"] == 0


@pytest.mark.parametrize("how", [True, "503"])
def test_a_provider_that_is_down(sandbox: Sandbox, provider: Provider, how: Any) -> None:
    sandbox.faults(**{provider.name: {"down": how}})
    with pytest.raises(GatewayError) as down:
        ask(provider)
    assert down.value.retryable


def test_a_connection_that_never_came_about_left_nothing_open(sandbox: Sandbox, provider: Provider) -> None:
    ask(provider, 100)
    sandbox.stop()
    with pytest.raises(GatewayError) as gone:
        ask(provider)
    sandbox.start()
    assert (gone.value.code, gone.value.unknown) == ("no_answer", False)


def test_no_answer_in_time_is_unknown(sandbox: Sandbox, provider: Provider) -> None:
    gateway = provider.impatient()
    gateway.refund(provider.payment, 100, "GBP", "k0", about("RF0", "k0"))
    sandbox.faults(**{provider.name: {"latency": [0.5, 0.5]}})
    with pytest.raises(GatewayError) as late:
        gateway.refund(provider.payment, 200, "GBP", "k1", about("RF1", "k1"))
    sandbox.faults(**{provider.name: {"latency": [0.0, 0.0]}})
    assert (late.value.retryable, late.value.unknown) == (True, True)


def test_fifty_at_once_never_exceed_the_payment(provider: Provider) -> None:
    def click(number: int) -> str:
        try:
            ask(provider, 300, number=f"RF{number}")
        except GatewayError as refused:
            return refused.code
        return "accepted"

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = Counter(pool.map(click, range(50)))
    assert answers == {"accepted": 16, provider.codes["too_much"]: 34}
    assert provider.book()["refunded"] == 4800


def test_a_disputed_payment_is_refused(sandbox: Sandbox, provider: Provider) -> None:
    named = {"charge": "ch_1"} if provider.name == "stripe" else {"capture": "CAP1"}
    sandbox.dispute(**named)
    with pytest.raises(GatewayError) as refused:
        ask(provider)
    assert refused.value.code in ("charge_disputed", "TRANSACTION_DISPUTED")
    sandbox.dispute(**named, outcome="won" if provider.name == "stripe" else "RESOLVED_SELLER_FAVOUR")
    assert ask(provider).status == RefundStatus.PENDING
