"""What a payment provider is to us: give money back under a key, find it again, prove who sent a message.

And what is left when there is no provider: value we give ourselves, in our own transaction (`InHouse`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from refunds.states import RefundStatus

if TYPE_CHECKING:
    from refunds.models import Refund


@dataclass(frozen=True)
class RefundAnswer:
    """Where the provider says a refund stands.

    `status` is PENDING, SETTLED, FAILED or CANCELED; `provider_id` is the provider's id of the refund. `reason` is the
    provider's code for why it waits or failed, else "". `amount_minor` is in the currency's smallest unit and
    `currency` in capitals, both as the provider booked them: compare them with what was asked for.
    """

    status: RefundStatus
    provider_id: str
    reason: str = ""
    amount_minor: int = 0
    currency: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


class GatewayError(Exception):
    """The provider refused, or could not be asked.

    `retryable`: the same call under the same key may do better later. `unknown`: it may have been executed all the
    same (time-out, broken connection, 5xx): call again with the same key, and if that stays unknown use
    `find_refund`; never a new key. An attempt that was unknown once stays so until one of the two has answered,
    whatever later calls say in between (a 429 says nothing about the first). `code` is the provider's, for the record.
    """

    def __init__(self, message: str, *, code: str = "", retryable: bool = False, unknown: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.unknown = unknown


class SignatureRefused(Exception):
    """A message that did not come from the provider, or came too late to be believed."""


class Gateway(Protocol):
    """A payment provider. Called outside transactions only."""

    name: str

    def refund(
        self, payment_provider_id: str, amount_minor: int, currency: str, key: str, metadata: Mapping[str, str]
    ) -> RefundAnswer:
        """Give `amount_minor` of a payment back, once per `key`. Raises GatewayError."""
        ...

    def find_refund(self, payment_provider_id: str, number: str, *, attempt: str = "") -> RefundAnswer | None:
        """The newest refund whose metadata say `refund` = `number`, or None. Raises GatewayError.

        With `attempt` its metadata must say that as well: a refund tried again after a failure has two of its number.

        None is an answer about now: a call that was given up may still be executing, so ask after its key has answered.
        """
        ...

    def retrieve(self, provider_id: str) -> RefundAnswer:
        """Where a refund stands now. Raises GatewayError."""
        ...

    def verify(
        self, body: bytes, signature_header: str | None, secret: str, now: datetime, tolerance: int = 300
    ) -> dict[str, Any]:
        """The event in a webhook's body, proved by its signature (`tolerance` in seconds). Raises SignatureRefused."""
        ...


class InHouse(Protocol):
    """Where value goes that we give ourselves: store credit, an exchange. No call, no key, nothing to wait for."""

    name: str

    def give(self, refund: "Refund", *, by: str, at: datetime) -> str:
        """Give the refund's amount, in the caller's transaction and under its lock of the order's row.

        Called once: the caller books it, settles the refund and records its event in the same transaction, so all of
        it happens or nothing. Returns our own unique number of what was given, such as the credit's. Raises Refused,
        with the sentence people read: the refund fails with its code, and a person decides.
        """
        ...
