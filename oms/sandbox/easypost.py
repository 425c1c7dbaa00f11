"""EasyPost's shipments, labels and trackers, as far as a parcel on its way back meets them.

Sources: https://docs.easypost.com/docs/shipments, /docs/trackers, /docs/shipments/shipping-refund, /docs/errors,
/guides/returns-guide. A return keeps the addresses of the outbound shipment and sets `is_return`; the two are exchanged
here, as EasyPost does. Amounts are decimal strings.
"""

import base64
import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from . import easypost_objects as objects
from .book import Book, Row
from .easypost_files import Files, refusal, show_forms
from .wire import Answer, Refused, Request

STATUSES = {
    "unknown",
    "pre_transit",
    "in_transit",
    "out_for_delivery",
    "delivered",
    "available_for_pickup",
    "return_to_sender",
    "failure",
    "cancelled",
    "error",
}
# Tracking codes that EasyPost reserves for tests: https://docs.easypost.com/docs/trackers
TEST_CODES = {
    "EZ1000000001": "pre_transit",
    "EZ2000000002": "in_transit",
    "EZ3000000003": "out_for_delivery",
    "EZ4000000004": "delivered",
    "EZ5000000005": "return_to_sender",
    "EZ6000000006": "failure",
    "EZ7000000007": "unknown",
}


class EasyPost:
    """Answers calls under /v2/ and /labels/ and makes carrier events happen."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.files = Files(book)
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
            (method, re.compile(f"/v2/{path}$"), view)
            for method, path, view in (
                ("POST", "shipments", self.create_shipment),
                ("GET", "shipments/([^/]+)", self.retrieve_shipment),
                ("POST", "shipments/([^/]+)/buy", self.buy),
                ("POST", "shipments/([^/]+)/refund", self.refund),
                ("GET", "shipments/([^/]+)/label", self.convert_label),
                ("POST", "shipments/([^/]+)/forms", self.make_form),
                ("POST", "trackers", self.create_tracker),
                ("GET", "trackers", self.list_trackers),
                ("GET", "trackers/([^/]+)", self.retrieve_tracker),
            )
        ]

    @contextlib.contextmanager
    def holding(self, request: Request) -> Iterator[None]:
        """Check the key. EasyPost knows no idempotency keys. Raises Refused."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            with contextlib.suppress(ValueError):
                token = base64.b64decode(token).decode(errors="replace").partition(":")[0]
        if token.startswith("EZAK"):
            raise refusal(403, "APIKEY.INACTIVE", "A production key was sent to the sandbox. Nothing was done.")
        if not token:
            raise refusal(401, "AUTHENTICATION.MISSING", "An API key is required.")
        yield

    def answer(self, request: Request, *, spoiled: bool) -> Answer:
        """Execute the call. With `spoiled` it is executed and answered as 500."""
        with self._book.lock:
            for method, pattern, view in self._routes:
                if method == request.method and (match := pattern.match(request.path)):
                    answer = view(request, *match.groups())
                    break
            else:
                raise refusal(404, "NOT_FOUND", "The requested resource could not be found.")
        if spoiled:
            body = objects.error("INTERNAL_SERVER_ERROR", "An unexpected condition was encountered.", [])
            return Answer(500, body, events=answer.events)
        return answer

    # Shipments ---------------------------------------------------------------------------------------------------

    def create_shipment(self, request: Request) -> Answer:
        """POST /v2/shipments: addresses and a parcel in, rates out."""
        wanted = request.form.get("shipment")
        if not isinstance(wanted, dict) or not wanted:
            raise missing("shipment")
        for name in ("to_address", "from_address", "parcel"):
            if not isinstance(wanted.get(name), dict) or not wanted[name]:
                raise missing(name)
        for name in ("to_address", "from_address"):
            for part in ("street1", "city", "country"):
                if not wanted[name].get(part):
                    raise missing(f"{name}.{part}")
        if not objects.weight_of(wanted["parcel"]):
            raise missing("parcel.weight")
        shipment = objects.new_shipment(wanted)
        countries = (str(shipment[name]["country"]) for name in ("from_address", "to_address"))
        if objects.needs_papers(*countries) and not shipment["customs_info"]:
            message = "customs_info is required for shipments between customs territories."
            shipment |= {
                "rates": [],
                "messages": [{"carrier": "UPS", "type": "rate_error", "message": message}],
            }
        if not shipment["rates"] and not shipment["messages"]:
            shipment["messages"] = [
                {"carrier": "USPS", "type": "rate_error", "message": "No rates for this pair of addresses."}
            ]
        self._book.write("shipment.created", shipment=[shipment])
        return Answer(201, self._show(request, shipment), {"Location": f"/api/v2/shipments/{shipment['id']}"})

    def retrieve_shipment(self, request: Request, id: str) -> Answer:
        return Answer(200, self._show(request, self._find("shipment", id)))

    def buy(self, request: Request, id: str) -> Answer:
        """POST /v2/shipments/{id}/buy: one label per shipment; buying again is refused with SHIPMENT.POSTAGE.EXISTS."""
        shipment = self._find("shipment", id)
        if shipment["tracking_code"]:
            raise refusal(422, "SHIPMENT.POSTAGE.EXISTS", "Postage already exists for this shipment.")
        rate = request.form.get("rate")
        wanted = rate.get("id") if isinstance(rate, dict) else None
        if not wanted:
            raise missing("rate")
        chosen = next((known for known in shipment["rates"] if known["id"] == wanted), None)
        if chosen is None:
            message = "The rate is not one of this shipment's."
            raise refusal(422, "SHIPMENT.POSTAGE.RATE_INVALID", message)
        bought, tracker = objects.bought(shipment, chosen)
        self._book.write("label.bought", shipment=[bought], tracker=[tracker])
        return Answer(200, self._show(request, bought))

    def refund(self, request: Request, id: str) -> Answer:
        """POST /v2/shipments/{id}/refund: give an unused label back; asking again changes nothing."""
        shipment = self._find("shipment", id)
        if not shipment["tracking_code"]:
            message = "The shipment has no label to be refunded."
            raise refusal(422, "SHIPMENT.REFUND.UNAVAILABLE", message)
        tracker = self._find("tracker", shipment["tracker"])
        if tracker["status"] not in ("unknown", "pre_transit"):
            raise refusal(422, "SHIPMENT.REFUND.UNAVAILABLE", "The label was scanned by the carrier.")
        if shipment["refund_status"] is None:
            shipment = shipment | {"refund_status": "submitted", "updated_at": objects.stamp()}
            self._book.write("label.refund_submitted", shipment=[shipment])
        return Answer(200, self._show(request, shipment))

    def convert_label(self, request: Request, id: str) -> Answer:
        """GET /v2/shipments/{id}/label?file_format=ZPL: its address stands in the label from then on."""
        wanted = str(request.query.get("file_format", "")).upper()
        return Answer(200, self._show(request, self.files.convert(self._find("shipment", id), wanted)))

    def make_form(self, request: Request, id: str) -> Answer:
        """POST /v2/shipments/{id}/forms: one more file in `forms`."""
        return Answer(201, self._show(request, self.files.form(self._find("shipment", id), request.form.get("form"))))

    def _show(self, request: Request, shipment: Row) -> Row:
        tracker = self._book["tracker"].get(shipment["tracker"]) if shipment["tracker"] else None
        return objects.show_shipment(shipment, tracker, request.base) | {"forms": show_forms(shipment, request.base)}

    def decide(self, code: str, status: str) -> Answer:
        """The carrier's decision about the label with this tracking code."""
        with self._book.lock:
            tracker = self._tracker_of(code)
            shipment = self._find("shipment", tracker["shipment_id"] if tracker else "")
            after = shipment | {"refund_status": status, "updated_at": objects.stamp()}
            self._book.write("label.refund_decided", shipment=[after])
        return Answer(200, {"refund_status": status})

    def seed(self, labels: list[Row]) -> dict[str, int]:
        """Enter labels of an imported history; those that are known stay as they are."""
        with self._book.lock:
            new = [told for told in labels if self._book["shipment"].get(str(told["shipment"])) is None]
            pairs = [objects.bought_before(told) for told in new]
            if pairs:
                shipments, trackers = (list(rows) for rows in zip(*pairs, strict=True))
                self._book.write("labels.seeded", shipment=shipments, tracker=trackers)
        return {"added": len(new), "known": len(labels) - len(new)}

    # Trackers ----------------------------------------------------------------------------------------------------

    def create_tracker(self, request: Request) -> Answer:
        """POST /v2/trackers: the tracker of a known code comes back; test codes have their status at once."""
        wanted = request.form.get("tracker")
        code = wanted.get("tracking_code") if isinstance(wanted, dict) else None
        if not isinstance(wanted, dict) or not code:
            raise missing("tracking_code")
        tracker = self._tracker_of(str(code))
        if tracker is None:
            tracker = objects.new_tracker(str(code), wanted.get("carrier") or "USPS", None)
            if status := TEST_CODES.get(str(code)):
                tracker = objects.scanned(tracker, status, {})
            self._book.write("tracker.created", tracker=[tracker])
        return Answer(200, objects.show_tracker(tracker))

    def list_trackers(self, request: Request) -> Answer:
        tracker = self._tracker_of(request.query.get("tracking_code", ""))
        return Answer(200, {"trackers": [objects.show_tracker(tracker)] if tracker else [], "has_more": False})

    def retrieve_tracker(self, request: Request, id: str) -> Answer:
        return Answer(200, objects.show_tracker(self._find("tracker", id)))

    def scan(self, code: str, happened: dict[str, Any]) -> tuple[Row, list[Row]]:
        """Make a carrier event: {"status": …, and optionally city, state, zip, country, message, signed_by}.

        Returns the tracker as shown and the events to send. Raises Refused for an unknown code or status.
        """
        status = happened.get("status")
        if status not in STATUSES:
            raise refusal(422, "PARAMETER.INVALID", f"status must be one of {', '.join(sorted(STATUSES))}.")
        with self._book.lock:
            tracker = self._tracker_of(code)
            if tracker is None:
                raise refusal(404, "NOT_FOUND", "No parcel has this tracking code.")
            after = objects.scanned(tracker, status, happened)
            shown = objects.show_tracker(after)
            event = objects.event("tracker.updated", shown, code, {"status": tracker["status"]})
            self._book.write("tracker.updated", tracker=[after], event=[event])
            return shown, [event]

    def _tracker_of(self, code: str) -> Row | None:
        """The tracker of a code, bought here or only followed."""
        return self._book["tracker"].get(objects.tracker_id(code))

    def _find(self, table: str, id: str) -> Row:
        row = self._book[table].get(id)
        if row is None:
            raise refusal(404, "NOT_FOUND", "The requested resource could not be found.")
        return row


def missing(field: str) -> Refused:
    errors = [{"field": field, "message": "cannot be blank"}]
    return refusal(422, "PARAMETER.REQUIRED", "Missing required parameter.", errors)
