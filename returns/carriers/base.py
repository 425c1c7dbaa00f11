"""What a carrier service is to us: rates, a label that is bought once, and news of the parcel."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol


class ParcelNews(StrEnum):
    """Our words for what a carrier says about a parcel, the same for every carrier."""

    PRE_TRANSIT = "pre_transit"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    RETURN_TO_SENDER = "return_to_sender"
    FAILURE = "failure"
    CANCELLED = "cancelled"
    ERROR = "error"
    UNKNOWN = "unknown"


class Paper(StrEnum):
    """What a carrier service can give us of a bought label: its forms, and papers that go with it."""

    PDF = "pdf"
    PICTURE = "picture"
    ZPL = "zpl"
    CODE = "code"
    INVOICE = "invoice"


@dataclass(frozen=True)
class Address:
    """A postal address. `country` is ISO 3166-1 alpha-2."""

    name: str
    street1: str
    city: str
    country: str
    street2: str = ""
    state: str = ""
    zip: str = ""
    company: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True)
class ParcelSpec:
    """Weight in ounces; sides in inches, or none given."""

    weight_oz: Decimal
    length_in: Decimal | None = None
    width_in: Decimal | None = None
    height_in: Decimal | None = None


@dataclass(frozen=True)
class CustomsItem:
    """One kind of goods on the papers: `value` and `weight_oz` are of all its units, `origin` is ISO 3166-1 alpha-2."""

    description: str
    quantity: int
    value: Decimal
    currency: str
    weight_oz: Decimal
    hs_code: str
    origin: str
    sku: str


@dataclass(frozen=True)
class Customs:
    """What customs are told about goods that come back. `signer` is who sends them."""

    signer: str
    explanation: str
    items: tuple[CustomsItem, ...]


@dataclass(frozen=True)
class Rate:
    """What one service would cost. `id` is needed to buy it, `days` is the carrier's estimate or None."""

    carrier: str
    service: str
    price: Decimal
    currency: str
    days: int | None
    id: str


@dataclass(frozen=True)
class Quotes:
    """The rates of one shipment, cheapest first. Store `shipment_id` before buying: it makes buying repeat-safe.

    `trouble` is what carriers said that offer none.
    """

    shipment_id: str
    rates: tuple[Rate, ...]
    trouble: tuple[str, ...] = ()


@dataclass(frozen=True)
class BoughtLabel:
    """A label that was paid for, with the carrier's file as fetched; `label_type` is its MIME type."""

    shipment_id: str
    tracking_number: str
    tracking_url: str
    carrier: str
    service: str
    price: Decimal
    currency: str
    label_url: str
    label_content: bytes
    label_type: str


@dataclass(frozen=True)
class Tracking:
    """Where a parcel is, as the carrier says. `occurred_at` is the carrier's own text (ISO 8601) or "", `cause` its
    word for why (refused, lost, damaged …) or ""."""

    tracking_number: str
    news: ParcelNews
    detail: str = ""
    occurred_at: str = ""
    tracker_id: str = ""
    cause: str = ""


class CarrierError(Exception):
    """The carrier service refused, or could not be asked.

    `retryable`: the same call may do better later. `unknown`: it may have been executed all the same; buying the same
    shipment again is then safe and finds what was bought. `code` is the carrier's, for the record.
    """

    def __init__(self, message: str, *, code: str = "", retryable: bool = False, unknown: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.unknown = unknown


class SignatureRefused(Exception):
    """A message that did not come from the carrier service."""


class Carrier(Protocol):
    """A carrier service. Called outside transactions only."""

    name: str

    def rates(
        self, shop: Address, customer: Address, parcel: ParcelSpec, reference: str, customs: Customs | None = None
    ) -> Quotes:
        """What it costs to bring `parcel` from `customer` back to `shop`. Raises CarrierError.

        `customs` goes with it where a customs border lies between.
        """
        ...

    def rates_out(self, shop: Address, customer: Address, parcel: ParcelSpec, reference: str) -> Quotes:
        """What it costs to send `parcel` from `shop` to `customer`. Raises CarrierError."""
        ...

    def buy(self, shipment_id: str, rate_id: str) -> BoughtLabel:
        """Buy the label, or find the one already bought for this shipment. Raises CarrierError."""
        ...

    def fetch_label(self, url: str) -> tuple[bytes, str]:
        """A label's file and its MIME type. Raises CarrierError."""
        ...

    def paper(self, shipment_id: str, paper: Paper) -> tuple[bytes, str]:
        """A bought label in another form, or a paper that goes with it; its MIME type. Raises CarrierError."""
        ...

    def refund_label(self, shipment_id: str) -> str:
        """Give an unused label back; the carrier's word for where that stands. Raises CarrierError."""
        ...

    def label_refund(self, shipment_id: str) -> str:
        """What became of a label that was given back, in the same words. Raises CarrierError."""
        ...

    def tracker(self, tracking_number: str, carrier: str = "") -> Tracking:
        """Where a parcel is now. Raises CarrierError."""
        ...

    def verify_webhook(self, body: bytes, headers: Mapping[str, str], secret: str) -> dict[str, Any]:
        """The event in a webhook's body, proved by its signature. Raises SignatureRefused."""
        ...

    def map_status(self, status: str) -> ParcelNews:
        """The carrier service's word in ours; words we do not know are `unknown`."""
        ...
