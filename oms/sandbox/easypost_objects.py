"""The shapes of EasyPost's objects, and what the sandbox's carriers charge.

The price list is made up: by weight and service, in the currency of the country where the parcel starts.
"""

import hashlib
import json
import time
import uuid
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from .book import Row

ADDRESS = ("name", "company", "street1", "street2", "city", "state", "zip", "country", "phone", "email")
EUROPEAN_UNION = {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT"}
EUROPEAN_UNION |= {"LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
EURO = {"AT", "BE", "DE", "ES", "FI", "FR", "GR", "IE", "IT", "NL", "PT"}
# carrier, service, days, price of the first pound, price of each further pound
DOMESTIC_US = (
    ("USPS", "GroundAdvantage", 3, "6.07", "0.85"),
    ("USPS", "Priority", 2, "7.42", "1.40"),
    ("USPS", "Express", 1, "34.15", "4.20"),
)
EVERYWHERE = (
    ("UPS", "Ground", 4, "8.15", "0.95"),
    ("UPS", "2ndDayAir", 2, "19.60", "2.10"),
    ("FedEx", "FEDEX_GROUND", 3, "8.60", "0.90"),
    ("FedEx", "FEDEX_2_DAY", 2, "21.35", "2.25"),
)


def stamp(at: float | None = None) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def new_id(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex}"


def tracker_id(code: str) -> str:
    return "trk_" + hashlib.sha256(code.encode()).hexdigest()[:32]


def error(code: str, message: str, errors: list[Any]) -> Row:
    return {"error": {"code": code, "message": message, "errors": errors}}


def weight_of(parcel: Row) -> Decimal:
    """Ounces; zero for what is no weight."""
    try:
        weight = Decimal(str(parcel.get("weight") or 0))
    except InvalidOperation:
        return Decimal(0)
    return weight if weight.is_finite() and weight > 0 else Decimal(0)


def lines(address: Row) -> list[str]:
    """An address as it stands on a label."""
    place = " ".join(filter(None, (address["city"], address["state"], address["zip"])))
    rows = (address["name"], address["company"], address["street1"], address["street2"], place, address["country"])
    return [str(row) for row in rows if row]


def address(given: Row) -> Row:
    unknown = ("carrier_facility", "residential", "federal_tax_id", "state_tax_id")
    shown = {"id": new_id("adr"), "object": "Address", "created_at": stamp(), "updated_at": stamp(), "mode": "test"}
    return shown | {name: given.get(name) for name in ADDRESS} | dict.fromkeys(unknown) | {"verifications": {}}


def rates(shipment: str, origin: str, target: str, weight: Decimal) -> list[Row]:
    offers = (DOMESTIC_US if origin == target == "US" else ()) + EVERYWHERE
    currency = "GBP" if origin == "GB" else "EUR" if origin in EURO else "USD"
    pounds = max(Decimal(0), (weight / 16).to_integral_value(ROUND_HALF_UP) - 1)
    abroad = Decimal("2.5") if origin != target else Decimal(1)
    found = []
    for carrier, service, days, first, further in offers:
        price = ((Decimal(first) + Decimal(further) * pounds) * abroad).quantize(Decimal("0.01"), ROUND_HALF_UP)
        found.append(
            {
                "id": new_id("rate"),
                "object": "Rate",
                "created_at": stamp(),
                "updated_at": stamp(),
                "mode": "test",
                "service": service,
                "carrier": carrier,
                "rate": str(price),
                "currency": currency,
                "retail_rate": None,
                "retail_currency": None,
                "list_rate": str(price),
                "list_currency": currency,
                "billing_type": "easypost",
                "delivery_days": days,
                "delivery_date": None,
                "delivery_date_guaranteed": False,
                "est_delivery_days": days,
                "shipment_id": shipment,
                "carrier_account_id": "ca_sandbox",
            }
        )
    return found


def new_shipment(wanted: Row) -> Row:
    """A row of the book. For a return the addresses arrive as on the outbound shipment and are exchanged here."""
    id, returned = new_id("shp"), bool(wanted.get("is_return"))
    source, target = wanted["from_address"], wanted["to_address"]
    if returned:
        source, target = target, source
    options = wanted.get("options") if isinstance(wanted.get("options"), dict) else {}
    return {
        "id": id,
        "created_at": stamp(),
        "updated_at": stamp(),
        "is_return": returned,
        "messages": [],
        "options": options,
        "reference": wanted.get("reference"),
        "from_address": address(source),
        "to_address": address(target),
        "parcel": {"id": new_id("prcl"), "object": "Parcel", "mode": "test"} | wanted["parcel"],
        "customs_info": customs_info(wanted.get("customs_info")),
        "rates": rates(id, str(source["country"]), str(target["country"]), weight_of(wanted["parcel"])),
        "selected_rate": None,
        "tracking_code": None,
        "tracker": None,
        "label": None,
        "refund_status": None,
    }


def customs_info(given: Any) -> Row | None:
    if not isinstance(given, dict):
        return None
    unknown = dict.fromkeys(("restriction_comments", "declaration"))
    shown = {"id": new_id("cstinfo"), "object": "CustomsInfo", "mode": "test", "created_at": stamp(), **unknown}
    items = [
        {"id": new_id("cstitem"), "object": "CustomsItem", "mode": "test", "manufacturer": None, **item}
        for item in given.get("customs_items", ())
    ]
    return shown | given | {"customs_items": items}


def needs_papers(origin: str, target: str) -> bool:
    return origin != target and not {origin, target} <= EUROPEAN_UNION


def tracking_code(carrier: str) -> str:
    """A number of the carrier's usual look; the check digits are not the carrier's."""
    digits = str(uuid.uuid4().int)
    return {"USPS": "9405500" + digits[:15], "UPS": "1Z999AA1" + digits[:10]}.get(carrier, "7489" + digits[:8])


def bought(shipment: Row, rate: Row, code: str = "") -> tuple[Row, Row]:
    """The shipment with its label, and its tracker."""
    code, at = code or tracking_code(rate["carrier"]), stamp()
    tracker = new_tracker(code, rate["carrier"], shipment["id"])
    label = {"id": new_id("pl"), "date": at, "format": str(shipment["options"].get("label_format", "PNG")).upper()}
    after = {"selected_rate": rate, "tracking_code": code, "tracker": tracker["id"], "label": label, "updated_at": at}
    return shipment | after, tracker


def bought_before(told: Row) -> tuple[Row, Row]:
    """A label of before: {shipment, tracking_code, carrier, service, price, currency, status, refund_status}."""
    place = {"street1": "4 Mill Road", "city": "Leicester", "zip": "LE2 1AB", "country": "GB"}
    wanted = {"is_return": True, "from_address": place, "to_address": place, "parcel": {"weight": 16}}
    shipment = new_shipment(wanted | {"options": {"label_format": "PDF"}}) | {"id": str(told["shipment"])}
    price = {"carrier": str(told["carrier"]), "service": str(told["service"]), "rate": str(told["price"])}
    rate = shipment["rates"][0] | price | {"currency": str(told["currency"]), "shipment_id": shipment["id"]}
    shipment, tracker = bought(shipment | {"rates": [rate]}, rate, str(told["tracking_code"]))
    tracker |= {"status": str(told["status"])}
    return shipment | {"refund_status": told.get("refund_status") or None}, tracker


def new_tracker(code: str, carrier: str, shipment: str | None) -> Row:
    return {
        "id": tracker_id(code),
        "tracking_code": code,
        "status": "unknown",
        "status_detail": "unknown",
        "created_at": stamp(),
        "updated_at": stamp(),
        "signed_by": None,
        "shipment_id": shipment,
        "carrier": carrier,
        "tracking_details": [],
    }


def scanned(tracker: Row, status: str, happened: Row) -> Row:
    """The tracker after one more scan."""
    at = stamp()
    detail = {
        "object": "TrackingDetail",
        "message": happened.get("message") or status.replace("_", " ").capitalize(),
        "description": "",
        "status": status,
        "status_detail": happened.get("status_detail") or "status_update",
        "datetime": at,
        "source": tracker["carrier"],
        "carrier_code": "",
        "tracking_location": {"object": "TrackingLocation"}
        | {name: happened.get(name) for name in ("city", "state", "country", "zip")},
    }
    return tracker | {
        "status": status,
        "status_detail": detail["status_detail"],
        "updated_at": at,
        "signed_by": happened.get("signed_by") or tracker["signed_by"],
        "tracking_details": [*tracker["tracking_details"], detail],
    }


def show_tracker(row: Row) -> Row:
    return row | {
        "object": "Tracker",
        "mode": "test",
        "weight": None,
        "est_delivery_date": None,
        "carrier_detail": None,
        "finalized": True,
        "is_return": row["shipment_id"] is not None,
        "fees": [],
        "public_url": f"https://track.easypost.com/{row['id'][4:]}",
    }


def show_shipment(row: Row, tracker: Row | None, base: str) -> Row:
    hidden = ("label", "tracker")
    shown = {"customs_info": None} | {name: value for name, value in row.items() if name not in hidden}
    fees = []
    if row["selected_rate"]:
        kinds = (("LabelFee", "0.00000"), ("PostageFee", row["selected_rate"]["rate"] + "000"))
        fees = [
            {"object": "Fee", "type": kind, "amount": amount, "charged": True, "refunded": False}
            for kind, amount in kinds
        ]
    return shown | {
        "object": "Shipment",
        "mode": "test",
        "status": tracker["status"] if tracker else "unknown",
        "batch_id": None,
        "batch_status": None,
        "batch_message": None,
        "insurance": None,
        "order_id": None,
        "postage_label": show_label(row, base) if row["label"] else None,
        "scan_form": None,
        "tracker": show_tracker(tracker) if tracker else None,
        "usps_zone": 4,
        "return_address": row["from_address"],
        "buyer_address": row["from_address"] if row["is_return"] else row["to_address"],
        "forms": [],
        "fees": fees,
    }


def show_label(row: Row, base: str) -> Row:
    """`label_url` is the label as bought; the others are empty until it was converted."""
    made, also = row["label"]["format"], {row["label"]["format"], *row["label"].get("also", [])}
    urls = {kind: f"{base}/labels/{row['id']}.{kind.lower()}" if kind in also else None for kind in ("PDF", "ZPL")}
    return {
        "object": "PostageLabel",
        "id": row["label"]["id"],
        "created_at": row["label"]["date"],
        "updated_at": row["label"]["date"],
        "date_advance": 0,
        "integrated_form": "none",
        "label_date": row["label"]["date"],
        "label_resolution": 300,
        "label_size": "4x6",
        "label_type": "default",
        "label_file_type": {"PDF": "application/pdf", "PNG": "image/png"}.get(made, "text/plain"),
        "label_url": f"{base}/labels/{row['id']}.{made.lower()}",
        "label_pdf_url": urls["PDF"],
        "label_zpl_url": urls["ZPL"],
        "label_epl2_url": None,
        "label_file": None,
    }


def event(description: str, result: Row, subject: str, changed: Row) -> Row:
    """A row of the book whose `body` is the text that is signed and sent."""
    id, at = "evt_" + uuid.uuid4().hex, stamp()
    body = {
        "description": description,
        "mode": "test",
        "previous_attributes": changed,
        "created_at": at,
        "pending_urls": [],
        "completed_urls": [],
        "updated_at": at,
        "id": id,
        "user_id": "user_sandbox",
        "status": "pending",
        "object": "Event",
        "result": result,
    }
    text = json.dumps(body, separators=(",", ":"))
    return {"id": id, "vendor": "easypost", "subject": subject, "type": description, "created": at, "body": text}
