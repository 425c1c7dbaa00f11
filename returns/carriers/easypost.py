"""EasyPost through its own SDK: USPS, UPS, FedEx and others behind one account.

Sources: https://docs.easypost.com/docs/shipments, /docs/trackers, /docs/errors, /guides/returns-guide,
/guides/webhooks-guide. There are no idempotency keys: one shipment has at most one label, so the shipment's id, stored
before buying, is what makes buying repeat-safe.
"""

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from . import easypost_files as files
from .base import (
    Address,
    BoughtLabel,
    CarrierError,
    Customs,
    Paper,
    ParcelNews,
    ParcelSpec,
    Quotes,
    Rate,
    SignatureRefused,
    Tracking,
)
from .easypost_calls import called

if TYPE_CHECKING:
    from easypost.easypost_client import EasyPostClient

ALREADY_BOUGHT = "SHIPMENT.POSTAGE.EXISTS"
READ_SECONDS = 10.0
NO_EEI = "NOEEI 30.37(a)"  # goods of less than 2,500 USD


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

        options: dict[str, Any] = {"timeout": (files.CONNECT_SECONDS, self._read_seconds)}
        if self._api_base:
            options["api_base"] = self._api_base
        return EasyPostClient(self._api_key, **options)

    def rates(
        self, shop: Address, customer: Address, parcel: ParcelSpec, reference: str, customs: Customs | None = None
    ) -> Quotes:
        """POST /v2/shipments. No rates at all is a CarrierError with the carriers' own messages."""
        papers = {"customs_info": _customs(customs, customer)} if customs is not None else {}
        return self._quotes(shop, customer, parcel, reference, is_return=True, **papers)

    def rates_out(self, shop: Address, customer: Address, parcel: ParcelSpec, reference: str) -> Quotes:
        """POST /v2/shipments, the addresses as they stand: from us to the customer."""
        return self._quotes(shop, customer, parcel, reference, is_return=False)

    def _quotes(
        self, shop: Address, customer: Address, parcel: ParcelSpec, reference: str, *, is_return: bool, **more: Any
    ) -> Quotes:
        shipment = called(
            lambda: self._client.shipment.create(
                is_return=is_return,
                from_address=_address(shop),
                to_address=_address(customer),
                parcel=_parcel(parcel),
                reference=reference,
                options={"label_format": "PNG"},
                **more,
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
            shipment = called(lambda: self._client.shipment.buy(shipment_id, rate={"id": rate_id}), writes=True)
        except CarrierError as problem:
            if not problem.unknown and problem.code != ALREADY_BOUGHT:
                raise
            shipment = self._bought_after_all(shipment_id, problem)
        return self._label(shipment)

    def _bought_after_all(self, shipment_id: str, problem: CarrierError) -> Any:
        """The shipment, if it has a label; else the problem: not executed, or still unknown."""
        try:
            shipment = called(lambda: self._client.shipment.retrieve(shipment_id))
        except CarrierError:
            raise problem from None
        if not shipment.postage_label:
            raise CarrierError(str(problem), code=problem.code, retryable=True, unknown=problem.unknown) from problem
        return shipment

    def _label(self, shipment: Any) -> BoughtLabel:
        """A bought shipment with its file. The label is bought: a file that cannot be fetched now is retryable."""
        url = files.address(shipment, Paper.PDF)
        if not url:  # bought as a picture, the only form that can become the others
            url = files.address(called(lambda: self._client.shipment.label(shipment.id, file_format="PDF")), Paper.PDF)
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
        """The file behind a label's address: PDF, PNG or ZPL of at most 5 MB, from EasyPost's own hosts only."""
        return files.fetch(url, own=self._api_base, read_seconds=self._read_seconds)

    def paper(self, shipment_id: str, paper: Paper) -> tuple[bytes, str]:
        """A bought shipment's label in another form, or a form beside it: its file and MIME type.

        Reading first, so that asking again makes nothing twice. Raises CarrierError; not retryable where the carrier
        does not make it.
        """
        shipment = called(lambda: self._client.shipment.retrieve(shipment_id))
        url = files.address(shipment, paper)
        if not url and paper in files.FORMATS:
            wanted = files.FORMATS[paper]
            url = files.address(called(lambda: self._client.shipment.label(shipment_id, file_format=wanted)), paper)
        elif not url:
            form = files.FORMS[paper]
            shipment = called(lambda: self._client.shipment.generate_form(shipment_id, form), writes=True)
            url = files.address(shipment, paper)
        if not url:
            raise CarrierError("The carrier makes no such paper.", code="no_paper")
        return self.fetch_label(url)

    def refund_label(self, shipment_id: str) -> str:
        """POST /v2/shipments/{id}/refund: submitted, refunded, rejected or not_applicable."""
        shipment = called(lambda: self._client.shipment.refund(shipment_id), writes=True)
        return str(shipment.refund_status or "")

    def label_refund(self, shipment_id: str) -> str:
        """GET /v2/shipments/{id}: `refund_status`, decided within 30 days."""
        return str(called(lambda: self._client.shipment.retrieve(shipment_id)).refund_status or "")

    def tracker(self, tracking_number: str, carrier: str = "") -> Tracking:
        """POST /v2/trackers: EasyPost hands out the tracker it has for a known number."""
        wanted = {"tracking_code": tracking_number} | ({"carrier": carrier} if carrier else {})
        return read_tracker(called(lambda: self._client.tracker.create(**wanted)).to_dict())

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
    details = tracker.get("tracking_details")
    last = details[-1] if isinstance(details, list) and details and isinstance(details[-1], dict) else {}
    return Tracking(
        tracking_number=str(tracker["tracking_code"]),
        news=map_status(str(tracker.get("status"))),
        detail=str(last.get("message") or ""),
        cause=str(tracker.get("status_detail") or last.get("status_detail") or ""),
        occurred_at=str(last.get("datetime") or tracker.get("updated_at") or ""),
        tracker_id=str(tracker.get("id") or ""),
    )


def _address(address: Address) -> dict[str, str]:
    return {name: value for name, value in vars(address).items() if value}


def _parcel(parcel: ParcelSpec) -> dict[str, str]:
    sides = {"length": parcel.length_in, "width": parcel.width_in, "height": parcel.height_in}
    return {"weight": str(parcel.weight_oz)} | {name: str(side) for name, side in sides.items() if side}


def _customs(customs: Customs, sender: Address) -> dict[str, Any]:
    """https://docs.easypost.com/docs/customs-infos; the exemption is for goods leaving the United States."""
    items = [
        {
            "description": item.description[:100],
            "quantity": item.quantity,
            "value": str(item.value),
            "currency": item.currency,
            "weight": str(item.weight_oz),
            "hs_tariff_number": item.hs_code,
            "origin_country": item.origin,
            "code": item.sku,
        }
        for item in customs.items
    ]
    return {
        "contents_type": "returned_goods",
        "contents_explanation": customs.explanation[:255],
        "customs_certify": True,
        "customs_signer": customs.signer,
        "non_delivery_option": "return",
        "restriction_type": "none",
        "customs_items": items,
    } | ({"eel_pfc": NO_EEI} if sender.country == "US" else {})


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
