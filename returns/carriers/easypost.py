"""EasyPost through its own SDK: USPS, UPS, FedEx and others behind one account.

Sources: https://docs.easypost.com/docs/shipments, /docs/trackers, /docs/errors, /guides/returns-guide,
/guides/webhooks-guide. There are no idempotency keys: one shipment has at most one label, so the shipment's id, stored
before buying, is what makes buying repeat-safe.
"""

import hashlib
import hmac
import json
import ssl
import unicodedata
import urllib.parse
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from oms.network import never_sent

from .base import (
    Address,
    BoughtLabel,
    CarrierError,
    ParcelNews,
    ParcelSpec,
    Quotes,
    Rate,
    SignatureRefused,
    Tracking,
)

if TYPE_CHECKING:
    from easypost.easypost_client import EasyPostClient

ALREADY_BOUGHT = "SHIPMENT.POSTAGE.EXISTS"
CONNECT_SECONDS, READ_SECONDS = 3.05, 10.0
LARGEST_LABEL = 5 * 1024 * 1024
LABEL_TYPES = {"application/pdf", "image/png"}
# Where EasyPost keeps its labels; a label is fetched from nowhere else but the API's own host.
LABEL_HOSTS = ("easypost-files.s3.us-west-2.amazonaws.com", "easypost-files.s3-us-west-2.amazonaws.com")


class EasyPostCarrier:
    """Return labels: the addresses stay as on the outbound shipment and `is_return` makes EasyPost exchange them."""

    name = "easypost"

    def __init__(self, api_key: str, api_base: str = "", *, read_seconds: float = READ_SECONDS) -> None:
        """`api_base` is empty for EasyPost itself, else such as http://127.0.0.1:8123/v2."""
        if api_base and api_key.startswith("EZAK"):
            raise ImproperlyConfigured("EASYPOST_API_BASE is set: a production key goes to EasyPost itself only.")
        self._api_key, self._api_base, self._read_seconds = api_key, api_base, read_seconds

    @cached_property
    def _client(self) -> "EasyPostClient":
        from easypost.easypost_client import EasyPostClient  # noqa: PLC0415  0.4 s: paid by the first call of a worker, not by every start

        options: dict[str, Any] = {"timeout": (CONNECT_SECONDS, self._read_seconds)}
        if self._api_base:
            options["api_base"] = self._api_base
        return EasyPostClient(self._api_key, **options)

    def rates(self, shop: Address, customer: Address, parcel: ParcelSpec, reference: str) -> Quotes:
        """POST /v2/shipments. No rates at all is a CarrierError with the carriers' own messages."""
        return self._quotes(shop, customer, parcel, reference, is_return=True)

    def rates_out(self, shop: Address, customer: Address, parcel: ParcelSpec, reference: str) -> Quotes:
        """POST /v2/shipments, the addresses as they stand: from us to the customer."""
        return self._quotes(shop, customer, parcel, reference, is_return=False)

    def _quotes(
        self, shop: Address, customer: Address, parcel: ParcelSpec, reference: str, *, is_return: bool
    ) -> Quotes:
        shipment = _called(
            lambda: self._client.shipment.create(
                is_return=is_return,
                from_address=_address(shop),
                to_address=_address(customer),
                parcel=_parcel(parcel),
                reference=reference,
                options={"label_format": "PDF"},
            ),
            writes=True,
        )
        if not shipment.rates:
            said = "; ".join(str(message.get("message", "")) for message in shipment.get("messages") or [])
            raise CarrierError(said or "No carrier offers a rate for this parcel.", code="no_rates")
        found = sorted((_rate(rate) for rate in shipment.rates), key=lambda rate: (rate.price, rate.days or 99))
        return Quotes(shipment.id, tuple(found), _trouble(shipment))

    def buy(self, shipment_id: str, rate_id: str) -> BoughtLabel:
        """POST /v2/shipments/{id}/buy. After a broken call, or "already bought", what was bought is read instead."""
        try:
            shipment = _called(lambda: self._client.shipment.buy(shipment_id, rate={"id": rate_id}), writes=True)
        except CarrierError as problem:
            if not problem.unknown and problem.code != ALREADY_BOUGHT:
                raise
            shipment = self._bought_after_all(shipment_id, problem)
        return self._label(shipment)

    def _bought_after_all(self, shipment_id: str, problem: CarrierError) -> Any:
        """The shipment, if it has a label; else the problem: not executed, or still unknown."""
        try:
            shipment = _called(lambda: self._client.shipment.retrieve(shipment_id))
        except CarrierError:
            raise problem from None
        if not shipment.postage_label:
            raise CarrierError(str(problem), code=problem.code, retryable=True, unknown=problem.unknown) from problem
        return shipment

    def _label(self, shipment: Any) -> BoughtLabel:
        """A bought shipment with its file. The label is bought: a file that cannot be fetched now is retryable."""
        url = str(shipment.postage_label.label_pdf_url or shipment.postage_label.label_url)
        content, kind = self.fetch_label(url)
        rate = shipment.selected_rate
        return BoughtLabel(
            shipment_id=shipment.id,
            tracking_number=shipment.tracking_code,
            tracking_url=shipment.tracker.public_url if shipment.tracker else "",
            carrier=rate.carrier,
            service=rate.service,
            price=Decimal(str(rate.rate)),
            currency=rate.currency,
            label_url=url,
            label_content=content,
            label_type=kind,
        )

    def fetch_label(self, url: str) -> tuple[bytes, str]:
        """The file behind a label's address: PDF or PNG of at most 5 MB, from EasyPost's own hosts only."""
        import httpx  # noqa: PLC0415  only workers fetch labels

        parts = urllib.parse.urlsplit(url)
        if not (parts.scheme == "https" and parts.hostname in LABEL_HOSTS) and not self._is_own(parts):
            raise CarrierError("The label is not kept by EasyPost.", code="foreign_label")
        patience = httpx.Timeout(self._read_seconds, connect=CONNECT_SECONDS)
        try:
            with httpx.stream("GET", url, timeout=patience, verify=_certificates()) as answer:
                if answer.status_code != 200:
                    raise CarrierError(f"The label's host answered {answer.status_code}.", code="label", retryable=True)
                kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
                content = b""
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > LARGEST_LABEL:
                        raise CarrierError("The label is larger than 5 MB.", code="label_too_large")
        except httpx.HTTPError as problem:
            raise CarrierError("The label could not be fetched.", code="label", retryable=True) from problem
        if kind not in LABEL_TYPES:
            raise CarrierError(f"The label is of the type {kind or 'none'}.", code="label_type")
        return content, kind

    def _is_own(self, parts: urllib.parse.SplitResult) -> bool:
        """Whether an address belongs to the host we were told to use instead of EasyPost."""
        own = urllib.parse.urlsplit(self._api_base)
        return bool(self._api_base) and (parts.scheme, parts.netloc) == (own.scheme, own.netloc)

    def refund_label(self, shipment_id: str) -> str:
        """POST /v2/shipments/{id}/refund: submitted, refunded, rejected or not_applicable."""
        shipment = _called(lambda: self._client.shipment.refund(shipment_id), writes=True)
        return str(shipment.refund_status or "")

    def tracker(self, tracking_number: str, carrier: str = "") -> Tracking:
        """POST /v2/trackers: EasyPost hands out the tracker it has for a known number."""
        wanted = {"tracking_code": tracking_number} | ({"carrier": carrier} if carrier else {})
        return read_tracker(_called(lambda: self._client.tracker.create(**wanted)).to_dict())

    def verify_webhook(self, body: bytes, headers: Mapping[str, str], secret: str) -> dict[str, Any]:
        """The event of a signed webhook. The signature has no time: the caller takes each event's id once."""
        given = [value for name, value in headers.items() if name.lower() == "x-hmac-signature"]
        if not secret:
            raise SignatureRefused("No secret is set for EasyPost's webhooks.")
        if len(given) != 1:
            raise SignatureRefused("The signature is missing.")
        key = unicodedata.normalize("NFKD", secret).encode()
        expected = "hmac-sha256-hex=" + hmac.new(key, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), given[0].encode()):
            raise SignatureRefused("The signature does not match.")
        try:
            event = json.loads(body)
        except (ValueError, RecursionError):
            raise SignatureRefused("The body is no JSON.") from None
        if not isinstance(event, dict) or event.get("object") != "Event" or not isinstance(event.get("id"), str):
            raise SignatureRefused("The body is no event.")
        return event

    def map_status(self, status: str) -> ParcelNews:
        return map_status(status)


@cache
def _certificates() -> ssl.SSLContext:
    """Whose word we take for a host: reading them takes 20 ms, so each process does it once."""
    import httpx  # noqa: PLC0415  only workers fetch labels

    return httpx.create_ssl_context()


def from_settings() -> EasyPostCarrier:
    return EasyPostCarrier(settings.EASYPOST_API_KEY, settings.EASYPOST_API_BASE)


def map_status(status: str) -> ParcelNews:
    """EasyPost's tracker status (https://docs.easypost.com/docs/trackers) in our words."""
    try:
        return ParcelNews(status)
    except ValueError:
        return ParcelNews.UNKNOWN


def read_tracker(tracker: Mapping[str, Any]) -> Tracking:
    """A tracker object of the API, or `result` of a tracker webhook."""
    details = tracker.get("tracking_details") or []
    last = details[-1] if details else {}
    return Tracking(
        tracking_number=str(tracker["tracking_code"]),
        news=map_status(str(tracker.get("status"))),
        detail=str(last.get("message") or ""),
        occurred_at=str(last.get("datetime") or tracker.get("updated_at") or ""),
        tracker_id=str(tracker.get("id") or ""),
    )


def _address(address: Address) -> dict[str, str]:
    return {name: value for name, value in vars(address).items() if value}


def _parcel(parcel: ParcelSpec) -> dict[str, str]:
    sides = {"length": parcel.length_in, "width": parcel.width_in, "height": parcel.height_in}
    return {"weight": str(parcel.weight_oz)} | {name: str(side) for name, side in sides.items() if side}


def _trouble(shipment: Any) -> tuple[str, ...]:
    """Carriers without a rate, in their own words; they stand beside the rates of others and are no failure."""
    said = (message.to_dict() for message in shipment.get("messages") or [])
    return tuple(
        f"{message.get('carrier', '')}: {message.get('message', '')}"[:200]
        for message in said
        if message.get("type") == "rate_error"
    )


def _rate(rate: Any) -> Rate:
    days = rate.delivery_days if rate.delivery_days is not None else rate.est_delivery_days
    return Rate(rate.carrier, rate.service, Decimal(str(rate.rate)), rate.currency, days, rate.id)


def _called(call: Callable[[], Any], *, writes: bool = False) -> Any:
    """Make one call of the SDK. Raises CarrierError with what its failure means for us."""
    from easypost.errors.api.api_error import ApiError  # noqa: PLC0415  as above
    from easypost.errors.api.json_error import JsonError  # noqa: PLC0415
    from easypost.errors.general.easypost_error import EasyPostError  # noqa: PLC0415

    try:
        return call()
    except JsonError as problem:
        # Its own message quotes the whole answer, addresses included.
        raise CarrierError("EasyPost's answer is no JSON.", code="answer", retryable=True, unknown=writes) from problem
    except ApiError as problem:
        raise _meaning(problem, writes) from problem
    except EasyPostError as problem:
        raise CarrierError(str(problem), code="sdk") from problem


def _meaning(problem: Any, writes: bool) -> CarrierError:
    """Below 500 nothing was done; 5xx and silence leave it open. https://docs.easypost.com/docs/errors"""
    status, code, message = problem.http_status, str(problem.code or ""), str(problem.message)
    if status is None:
        sent = not never_sent(problem)
        return CarrierError("EasyPost did not answer.", code="no_answer", retryable=True, unknown=writes and sent)
    if status in (408, 429) or status >= 500:
        unknown = writes and status != 429
        return CarrierError(message, code=code or f"http_{status}", retryable=True, unknown=unknown)
    return CarrierError(message, code=code or f"http_{status}")
