"""Every recording of EasyPost's traffic, given again over real HTTP by the sandbox and read by our client.

Each file of `recordings/easypost/` is asserted on here, or listed in NEVER with why our client makes no such call.
"""

import copy
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from returns.carriers.base import Address, CarrierError, Paper, ParcelNews, ParcelSpec, SignatureRefused
from returns.carriers.easypost import EasyPostCarrier, read_tracker
from tests.sandbox import Sandbox

FOLDER = Path(__file__).parent / "recordings" / "easypost"
JACK = Address("Jack Sparrow", "388 Townsend St", "San Francisco", "US", street2="Apt 20", state="CA", zip="94107")
ELIZABETH = Address("Elizabeth Swan", "179 N Harbor Dr", "Redondo Beach", "US", state="CA", zip="90277")
BOX = ParcelSpec(Decimal("15.4"), Decimal(10), Decimal(8), Decimal(4))
CHEAPEST = ("USPS", "GroundAdvantage", Decimal("6.07"), "USD", 3)

ASSERTED: set[str] = set()
# What our client never asks, and why.
NEVER = {
    "address_create.json": "Addresses go along with each shipment: none is kept at EasyPost.",
    "address_verify_strict_ok.json": "As above; and an address is the customer's own word, not ours to rewrite.",
    "parcel_create.json": "A parcel's weight and sides go along with its shipment.",
    "batch_create.json": "Labels are bought one by one, each repeat-safe by its shipment.",
    "event_list.json": "Events come by signed webhook; for what never came, trackers are asked.",
    "insurance_create.json": "The shop bears the risk of the way back; what the carrier pays is claimed by a person.",
    "refund_create_by_tracking_code.json": "A label is given back by its shipment, stored before it is bought.",
    "refund_list.json": "As above: the shipment itself says where its refund stands.",
    "tracker_retrieve.json": "Asking for a tracker by its number hands out the known one.",
    "webhook_create.json": "The address of the webhook is entered once, in EasyPost's own dashboard.",
    "customs_info_create.json": "Customs papers go along with the shipment; their shape is asserted on below.",
}


def of(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The test asserts on these recordings."""
    ASSERTED.update(names)
    return lambda test: test


def recorded(name: str) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = json.loads((FOLDER / name).read_text())["interactions"]
    return calls


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(tmp_path_factory.mktemp("recordings") / "sandbox") as running:
        yield running


@pytest.fixture
def client(vendor: Sandbox) -> EasyPostCarrier:
    return EasyPostCarrier("EZTK_sandbox", vendor.easypost_base)


def converted(bought: dict[str, Any]) -> dict[str, Any]:
    """The conversion to PDF of a label bought as PNG: written here after the recorded one to ZPL, which it follows."""
    answer = copy.deepcopy(bought["response_body"])
    label = answer["postage_label"]
    label["label_pdf_url"] = label["label_url"].replace(".png", ".pdf")
    path = f"/v2/shipments/{answer['id']}/label?file_format=PDF"
    return {"method": "GET", "path": path, "status": 200, "response_body": answer}


def answering(call: dict[str, Any], path: str, method: str = "POST") -> dict[str, Any]:
    """A recorded answer as that of another call: errors have one shape everywhere."""
    return call | {"method": method, "path": path}


def test_every_recording_is_asserted_on_or_listed_with_a_reason() -> None:
    known = {path.name for path in FOLDER.glob("*.json")}
    assert ASSERTED & set(NEVER) == set()
    assert ASSERTED | set(NEVER) == known
    assert [name for name, reason in NEVER.items() if not reason.endswith(".")] == []
    notes = [json.loads(path.read_text()) for path in FOLDER.glob("*.json") if not path.name.endswith("body.json")]
    assert {note["source"]["licence"] for note in notes} == {"MIT", "BSD-3-Clause"}


# ── Shipments ─────────────────────────────────────────────────────────────────────────────────────────────────────


@of("shipment_create_rates.json")
def test_rates(vendor: Sandbox, client: EasyPostCarrier) -> None:
    calls = recorded("shipment_create_rates.json")
    vendor.replay(calls)
    quotes = client.rates(JACK, ELIZABETH, BOX, "123")
    assert quotes.shipment_id == calls[0]["response_body"]["id"]
    cheapest = quotes.rates[0]
    assert (cheapest.carrier, cheapest.service, cheapest.price, cheapest.currency, cheapest.days) == CHEAPEST
    assert [rate.price for rate in quotes.rates] == [Decimal("6.07"), Decimal("7.42"), Decimal("34.15")]
    sent, was = vendor.replayed()["asked"][0]["body"]["shipment"], calls[0]["request_body"]["shipment"]
    # As they stood on the way out: EasyPost exchanges them.
    places = ("name", "street1", "city", "state", "zip", "country")
    assert {side: {name: sent[side][name] for name in places} for side in ("from_address", "to_address")} == {
        side: {name: was[side][name] for name in places} for side in ("from_address", "to_address")
    }
    assert {name: float(value) for name, value in sent["parcel"].items()} == was["parcel"]
    assert (sent["is_return"], sent["options"], sent["reference"]) == (True, {"label_format": "PNG"}, "123")


@of("shipment_buy_label.json")
def test_a_label_is_bought_by_its_rate_and_read_as_pdf(vendor: Sandbox, client: EasyPostCarrier) -> None:
    create, buy = recorded("shipment_buy_label.json")
    vendor.replay([create, buy, converted(buy)])
    quotes = client.rates(JACK, ELIZABETH, BOX, "123")
    label = client.buy(quotes.shipment_id, quotes.rates[0].id)
    assert (label.shipment_id, label.tracking_number) == (quotes.shipment_id, "9400100208303109505657")
    assert (label.carrier, label.service, label.price, label.currency) == CHEAPEST[:4]
    assert (label.label_type, label.label_content[:5]) == ("application/pdf", b"%PDF-")
    assert label.tracking_url == buy["response_body"]["tracker"]["public_url"]
    assert [call["path"].rpartition("/")[2] for call in vendor.replayed()["asked"]] == ["shipments", "buy", "label"]
    assert vendor.replayed()["asked"][1]["body"] == buy["request_body"]


@of("shipment_retrieve.json")
def test_an_unknown_purchase_is_read_again_and_not_made_up(vendor: Sandbox, client: EasyPostCarrier) -> None:
    _create, read = recorded("shipment_retrieve.json")
    shipment = read["response_body"]["id"]
    unknown = {
        "method": "POST",
        "path": f"/v2/shipments/{shipment}/buy",
        "status": 500,
        "response_body": {"error": {"code": "INTERNAL_SERVER_ERROR", "message": "", "errors": []}},
    }
    vendor.replay([unknown, read])
    with pytest.raises(CarrierError) as broken:
        client.buy(shipment, "rate_0e488701dc6a4037bd8c91d8de68e17f")
    assert (broken.value.retryable, broken.value.unknown) == (True, True)
    assert vendor.replayed()["left"] == []


@of("shipment_buy_with_carrier_rate_errors.json")
def test_what_other_carriers_say_beside_a_success_is_no_failure(vendor: Sandbox, client: EasyPostCarrier) -> None:
    _signer, buy = recorded("shipment_buy_with_carrier_rate_errors.json")
    shipment = buy["response_body"]["id"]
    vendor.replay([buy, converted(buy)])
    label = client.buy(shipment, "rate_4f5c3b0240b34dbab6e5d5405ca26e39")
    assert (label.service, label.price, label.tracking_number) == (
        "Priority",
        Decimal("8.60"),
        "9405500208303121182853",
    )
    vendor.replay([answering(buy, "/v2/shipments")])
    quotes = client.rates(JACK, ELIZABETH, BOX, "1")
    assert [rate.service for rate in quotes.rates][:2] == ["GroundAdvantage", "Priority"]
    said = [message for message in buy["response_body"]["messages"] if message["type"] == "rate_error"]
    assert [one.partition(":")[0] for one in quotes.trouble] == [message["carrier"] for message in said]
    assert len(said) > 0


@of("shipment_convert_label.json")
def test_a_label_for_a_label_printer(vendor: Sandbox, client: EasyPostCarrier) -> None:
    _create, buy, convert = recorded("shipment_convert_label.json")
    shipment = buy["response_body"]["id"]
    vendor.replay([answering(buy, f"/v2/shipments/{shipment}", "GET"), convert])
    content, kind = client.paper(shipment, Paper.ZPL)
    assert (kind, content[:3]) == ("application/zpl", b"^XA")
    assert vendor.replayed()["left"] == []
    vendor.replay([answering(convert, f"/v2/shipments/{shipment}", "GET")])  # converted before: read, not made again
    assert client.paper(shipment, Paper.ZPL) == (content, kind)
    vendor.replay([answering(convert, f"/v2/shipments/{shipment}", "GET")])
    assert client.paper(shipment, Paper.PICTURE)[1] == "image/png"


@of("shipment_form_return_packing_slip.json")
def test_forms_are_made_beside_a_bought_shipment(vendor: Sandbox, client: EasyPostCarrier) -> None:
    create, made = recorded("shipment_form_return_packing_slip.json")
    shipment = made["response_body"]["id"]
    code = copy.deepcopy(made)  # the same answer for the code of a counter, of which no recording is public
    code["response_body"]["forms"][0]["form_type"] = "label_qr_code"
    vendor.replay([answering(create, f"/v2/shipments/{shipment}", "GET"), code])
    content, kind = client.paper(shipment, Paper.CODE)
    assert (kind, content[:5]) == ("application/pdf", b"%PDF-")
    assert vendor.replayed()["asked"][1]["body"] == {"form": {"type": "label_qr_code"}}
    # A form of another kind is no code.
    vendor.replay([answering(made, f"/v2/shipments/{shipment}", "GET"), made])
    with pytest.raises(CarrierError) as none:
        client.paper(shipment, Paper.CODE)
    assert (none.value.code, none.value.retryable) == ("no_paper", False)


@of("shipment_refund_label.json")
@pytest.mark.parametrize("status", ["submitted", "refunded", "rejected", "not_applicable"])
def test_a_label_is_given_back(vendor: Sandbox, client: EasyPostCarrier, status: str) -> None:
    _create, refund = recorded("shipment_refund_label.json")
    assert refund["response_body"]["refund_status"] == "submitted"
    answer = refund | {"response_body": refund["response_body"] | {"refund_status": status}}
    vendor.replay([answer])
    assert client.refund_label(refund["response_body"]["id"]) == status


# ── Addresses and customs ─────────────────────────────────────────────────────────────────────────────────────────


@of("address_verify_undeliverable_soft.json")
def test_an_address_that_cannot_be_verified_is_no_failure(vendor: Sandbox, client: EasyPostCarrier) -> None:
    _plain, verified = recorded("address_verify_undeliverable_soft.json")
    address = verified["response_body"]
    assert (verified["status"], address["verifications"]["delivery"]["success"]) == (201, False)
    [create] = recorded("shipment_create_rates.json")
    vendor.replay([create | {"response_body": create["response_body"] | {"from_address": address}}])
    assert len(client.rates(JACK, ELIZABETH, BOX, "1").rates) == 3


def test_customs_papers_have_the_fields_that_were_recorded() -> None:
    from returns.carriers.base import Customs, CustomsItem
    from returns.carriers.easypost import _customs

    [call] = recorded("customs_info_create.json")
    was = call["request_body"]["customs_info"]
    item = CustomsItem("Sweet shirts", 2, Decimal("23.25"), "USD", Decimal(11), "654321", "US", "SHIRT")
    ours = _customs(Customs("Steve Brule", "Returned goods", (item,)), JACK)
    assert set(ours) == set(was)
    assert set(was["customs_items"][0]) - set(ours["customs_items"][0]) == set()
    same = ("eel_pfc", "customs_certify", "customs_signer", "restriction_type", "non_delivery_option")
    assert {name: ours[name] for name in same} == {name: was[name] for name in same}
    assert ours["contents_type"] == "returned_goods"


# ── Trackers and webhooks ─────────────────────────────────────────────────────────────────────────────────────────


@of("tracker_create.json")
def test_a_tracker(vendor: Sandbox, client: EasyPostCarrier) -> None:
    [call] = recorded("tracker_create.json")
    vendor.replay([call])
    found = client.tracker("EZ1000000001")
    last = call["response_body"]["tracking_details"][-1]
    assert (found.tracking_number, found.news) == ("EZ1000000001", ParcelNews.PRE_TRANSIT)
    assert (found.detail, found.occurred_at) == (last["message"], last["datetime"])
    assert vendor.replayed()["asked"][0]["body"] == call["request_body"]


@of("webhook_signature_vector.json", "webhook_tracker_updated.body.json")
def test_a_signed_webhook(client: EasyPostCarrier) -> None:
    vector = json.loads((FOLDER / "webhook_signature_vector.json").read_text())
    body = (FOLDER / vector["body_file"]).read_bytes()
    event = client.verify_webhook(body, {vector["header"]: vector["value"]}, vector["secret"])
    assert (event["object"], event["description"]) == ("Event", "tracker.updated")
    assert read_tracker(event["result"]).news in ParcelNews
    for given, text in (
        ({}, body),
        ({vector["header"]: vector["value"]}, json.dumps(json.loads(body)).encode()),
        ({vector["header"]: vector["value"][:-1] + "0"}, body),
    ):
        with pytest.raises(SignatureRefused):
            client.verify_webhook(text, given, vector["secret"])
    with pytest.raises(SignatureRefused):
        client.verify_webhook(body, {vector["header"]: vector["value"]}, "another")


# ── Errors ────────────────────────────────────────────────────────────────────────────────────────────────────────


@of("error_missing_parameter.json", "error_inactive_api_key.json", "error_alternative_format.json")
@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("error_missing_parameter.json", "PARAMETER.REQUIRED", "Missing required parameter."),
        ("error_inactive_api_key.json", "APIKEY.INACTIVE", "This api key is no longer active."),
        # errors[] holds texts instead of objects
        ("error_alternative_format.json", "NOT_FOUND", "The requested resource could not be found."),
    ],
)
def test_a_refusal_is_for_good_whatever_shape_its_details_have(
    vendor: Sandbox, client: EasyPostCarrier, name: str, code: str, message: str
) -> None:
    [call] = recorded(name)
    for path, ask in (
        ("/v2/shipments", lambda: client.rates(JACK, ELIZABETH, BOX, "1")),
        ("/v2/shipments/shp_1/buy", lambda: client.buy("shp_1", "rate_1")),
        ("/v2/shipments/shp_1/refund", lambda: client.refund_label("shp_1")),
        ("/v2/trackers", lambda: client.tracker("EZ1000000001")),
    ):
        vendor.replay([answering(call, path)])
        with pytest.raises(CarrierError) as refused:
            ask()
        assert (refused.value.code, refused.value.retryable, refused.value.unknown) == (code, False, False)
        assert str(refused.value).startswith(message)
    vendor.replay([])
