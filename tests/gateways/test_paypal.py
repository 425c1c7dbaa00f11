"""What PayPal has of its own: tokens, its decimals, signatures by certificate."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from refunds.gateways.base import GatewayError, SignatureRefused
from refunds.gateways.paypal import PayPalGateway, read_refund
from refunds.states import RefundStatus
from tests.gateways.conftest import Inbox, Letter
from tests.sandbox import PAYPAL_WEBHOOK, Sandbox


def test_a_token_that_ran_out_is_renewed_without_a_word(sandbox: Sandbox, paypal: PayPalGateway) -> None:
    paypal.refund("CAP1", 100, "GBP", "k1", {})
    sandbox.expire_tokens()
    assert paypal.refund("CAP1", 100, "GBP", "k2", {}).amount_minor == 100


def test_credentials_that_are_refused_may_be_right_later(sandbox: Sandbox) -> None:
    gateway = PayPalGateway("sandbox_", "", sandbox.paypal_base)
    gateway._credentials = ("live-client", "secret")
    with pytest.raises(GatewayError) as refused:
        gateway.refund("CAP1", 100, "GBP", "k1", {})
    assert (refused.value.code, refused.value.retryable, refused.value.unknown) == ("invalid_client", True, False)


def test_live_credentials_never_meet_the_sandbox(sandbox: Sandbox) -> None:
    with pytest.raises(ImproperlyConfigured):
        PayPalGateway("AYSq3RDGsmBLJE-otTkBtM", "secret", sandbox.paypal_base)


@pytest.mark.parametrize(
    ("currency", "captured", "asked", "value"),
    [("JPY", 1000, 300, "300"), ("HUF", 1000, 30000, "300"), ("GBP", 1000, 305, "3.05"), ("TND", 9000, 1250, "1.250")],
)
def test_amounts_are_written_as_paypal_takes_them(
    sandbox: Sandbox, paypal: PayPalGateway, currency: str, captured: int, asked: int, value: str
) -> None:
    sandbox.captures([{"capture": "CAP2", "amount": captured, "currency": currency}])
    answer = paypal.refund("CAP2", asked, currency, "k1", {})
    assert answer.raw["amount"] == {"currency_code": currency, "value": value}
    assert (answer.amount_minor, answer.currency) == (asked, currency)


def test_part_of_a_forint_is_refused_before_it_is_sent(sandbox: Sandbox, paypal: PayPalGateway) -> None:
    sandbox.captures([{"capture": "CAP2", "amount": 1000, "currency": "HUF"}])
    with pytest.raises(GatewayError) as refused:
        paypal.refund("CAP2", 30050, "HUF", "k1", {})
    assert (refused.value.code, refused.value.retryable) == ("DECIMALS_NOT_SUPPORTED", False)


def test_a_second_refund_of_one_attempt_is_refused_though_the_key_is_forgotten(
    sandbox: Sandbox, paypal: PayPalGateway
) -> None:
    about = {"refund": "RF1", "attempt": "key-0001"}
    made = paypal.refund("CAP1", 100, "GBP", "key-0001", about)
    with pytest.raises(GatewayError) as again:
        paypal.refund("CAP1", 100, "GBP", "key-0001-forgotten", about)
    assert (again.value.code, again.value.unknown) == ("DUPLICATE_INVOICE_ID", True)
    found = paypal.find_refund("CAP1", "RF1", attempt="key-0001")
    assert found is not None
    assert found.provider_id == made.provider_id


def test_the_example_of_paypals_own_description_can_be_read() -> None:
    """The fields of a refund as PayPal describes them; only what we read is here."""
    answer = read_refund(
        {
            "id": "1JU08902781691411",
            "status": "COMPLETED",
            "amount": {"value": "10.99", "currency_code": "USD"},
            "invoice_id": "INVOICE-123",
            "links": [
                {
                    "rel": "self",
                    "method": "GET",
                    "href": "https://api-m.paypal.com/v2/payments/refunds/1JU08902781691411",
                },
                {
                    "rel": "up",
                    "method": "GET",
                    "href": "https://api-m.paypal.com/v2/payments/captures/2GG279541U471931P",
                },
            ],
        }
    )
    assert (answer.status, answer.amount_minor, answer.payment) == (RefundStatus.SETTLED, 1099, "2GG279541U471931P")
    assert answer.metadata == {}


@pytest.mark.parametrize(
    "broken", [{"status": "NEW"}, {"amount": None}, {"amount": {"value": "1.005", "currency_code": "GBP"}}]
)
def test_what_cannot_be_read_is_said(broken: dict[str, Any]) -> None:
    with pytest.raises(GatewayError):
        read_refund({"id": "1", "status": "COMPLETED", "amount": {"value": "1.00", "currency_code": "GBP"}} | broken)


# ── Messages ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def letter(sandbox: Sandbox, paypal: PayPalGateway, inbox: Inbox) -> Letter:
    paypal.refund("CAP1", 1200, "GBP", "k1", {"refund": "RF1", "attempt": "k1"})
    [found] = inbox.take(1)
    return found


def verified(paypal: PayPalGateway, letter: Letter, **changed: Any) -> dict[str, Any]:
    headers = {name.title(): value for name, value in letter.headers.items()} | changed.pop("headers", {})
    now = changed.pop("now", datetime.now(UTC))
    return paypal.verify_message(changed.get("body", letter.body), headers, changed.get("id", PAYPAL_WEBHOOK), now)


def test_a_message_is_believed(paypal: PayPalGateway, letter: Letter) -> None:
    event = verified(paypal, letter)
    assert event["event_type"] == "PAYMENT.REFUND.PENDING"
    assert read_refund(event["resource"]).metadata == {"refund": "RF1", "attempt": "k1"}


FORGERIES: dict[str, Callable[[Letter], dict[str, Any]]] = {
    "another body": lambda letter: {"body": letter.body.replace(b"12.00", b"99.00")},
    "another webhook": lambda letter: {"id": "OTHERSHOP"},
    "no webhook id set": lambda letter: {"id": ""},
    "another transmission": lambda letter: {"headers": {"Paypal-Transmission-Id": "69cd13f0-d67a-11e5-baa3"}},
    "no transmission": lambda letter: {"headers": {"Paypal-Transmission-Id": ""}},
    "another algorithm": lambda letter: {"headers": {"Paypal-Auth-Algo": "SHA1withRSA"}},
    "no signature": lambda letter: {"headers": {"Paypal-Transmission-Sig": ""}},
    "unreadable signature": lambda letter: {"headers": {"Paypal-Transmission-Sig": "ä"}},
    "foreign certificate": lambda letter: {"headers": {"Paypal-Cert-Url": "https://api.paypal.com.example/v1/c"}},
    "certificate on plain http": lambda letter: {"headers": {"Paypal-Cert-Url": "http://api.paypal.com/v1/c"}},
    "certificate behind a user": lambda letter: {"headers": {"Paypal-Cert-Url": "https://api.paypal.com@evil.test/"}},
    "certificate elsewhere here": lambda letter: {
        "headers": {"Paypal-Cert-Url": letter.headers["PAYPAL-CERT-URL"].replace("notifications", "other")}
    },
    "too old": lambda letter: {"now": datetime.now(UTC) + timedelta(days=4)},
    "from the future": lambda letter: {"now": datetime.now(UTC) - timedelta(minutes=10)},
    "no time": lambda letter: {"headers": {"Paypal-Transmission-Time": "yesterday"}},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_message_is_refused(paypal: PayPalGateway, letter: Letter, forgery: str) -> None:
    with pytest.raises(SignatureRefused):
        verified(paypal, letter, **FORGERIES[forgery](letter))


def test_a_certificate_that_cannot_be_had_is_no_forgery(
    sandbox: Sandbox, paypal: PayPalGateway, letter: Letter
) -> None:
    sandbox.faults(paypal={"down": True})
    with pytest.raises(GatewayError):
        verified(paypal, letter)


def test_a_body_that_is_no_event_is_refused(paypal: PayPalGateway, letter: Letter) -> None:
    assert json.loads(letter.body)["resource_type"] == "refund"
    with pytest.raises(SignatureRefused):
        verified(paypal, letter, body=b"[]")
