"""What a payment provider is to us: give money back under a key, find it again, prove who sent a message.

And what is left when there is no provider: value we give ourselves, in our own transaction (`InHouse`)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from refunds.reconciliation.records import Line
from refunds.states import DisputeStatus, LinkStatus, RefundStatus

if TYPE_CHECKING:
    from refunds.models import Refund


@dataclass(frozen=True)
class RefundAnswer:
    """Where the provider says a refund stands.

    `status` is PENDING, SETTLED, FAILED or CANCELED; `provider_id` is the provider's id of the refund. `reason` is the
    provider's code for why it waits or failed, else "". `amount_minor` is in the currency's smallest unit and
    `currency` in capitals, both as the provider booked them: compare them with what was asked for. `payment` is the
    provider's id of the payment it is of, where the provider says so.
    """

    status: RefundStatus
    provider_id: str
    reason: str = ""
    amount_minor: int = 0
    currency: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    payment: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class AskAgain:
    """Something happened to these payments that the message does not tell: ask about their refunds soon."""

    payments: tuple[str, ...]


@dataclass(frozen=True)
class PageNews:
    """Where a payment page stands at the provider. `key` is ours, `payment` the provider's number once it is paid."""

    status: LinkStatus
    session_id: str
    key: str = ""
    payment: str = ""
    amount_minor: int = 0
    currency: str = ""


@dataclass(frozen=True)
class ProviderFee:
    """What the provider charges about a dispute, or gives back (negative). `movement` is its own, unique name of it."""

    movement: str
    amount_minor: int
    currency: str


@dataclass(frozen=True)
class DisputeNews:
    """The customer disputes a payment at the bank or the provider, or that was decided. `payments`: the provider's ids
    of the payment, the one we know among them. `amount_minor` is what it is about, or what was taken; 0: not said.
    `fees` are all that were charged for it so far."""

    external_id: str
    payments: tuple[str, ...]
    status: DisputeStatus
    reason: str = ""
    amount_minor: int = 0
    currency: str = ""
    fees: tuple[ProviderFee, ...] = ()


type News = RefundAnswer | AskAgain | PageNews | DisputeNews
"""What a message of a provider may tell."""


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
    remembers: timedelta  # how long a call under the same key is surely the same call

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

    def list_refunds(self, payment_provider_id: str) -> Iterator[RefundAnswer]:
        """Every refund of a payment, newest first, those made without us too. Raises GatewayError."""
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


@dataclass(frozen=True)
class Page:
    """Some rows of the provider's own book, and where the next page begins ("" after the last)."""

    lines: tuple[Line, ...]
    after: str = ""


class KeepsBooks(Protocol):
    """A provider whose own book can be read: what moved its balance, and what it paid out. [since, until), in pages.

    Called outside transactions only. Raises GatewayError.
    """

    name: str

    def payouts(self, since: datetime, until: datetime, *, after: str = "") -> Page:
        """Payouts by when they were made. Amounts as they arrive at the bank."""
        ...

    def transactions(self, since: datetime, until: datetime, *, payout: str = "", after: str = "") -> Page:
        """Movements by when they were made; with `payout` those it is made of, whenever that was.

        A refund's row carries our number and the payment it is of, as far as the provider knows them.
        """
        ...
