"""The EasyPost carrier over real HTTP, with EasyPost's own SDK, against the sandbox."""

import concurrent.futures
import json
from decimal import Decimal
from pathlib import Path

import httpx
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from returns.carriers.base import Address, BoughtLabel, CarrierError, ParcelNews, ParcelSpec
from returns.carriers.easypost import EasyPostCarrier
from tests.sandbox import EASYPOST_KEY, Sandbox

SHAPES = json.loads((Path(__file__).parent / "fixtures" / "shapes.json").read_text())["easypost"]
SHOP = Address("Homeward Returns", "388 Townsend St", "San Francisco", "US", state="CA", zip="94107")
SAM = Address("Sam Pérez (home)", "179 N Harbor Dr", "Redondo Beach", "US", street2="Apt 20", state="CA", zip="90277")
PARCEL = ParcelSpec(Decimal("15.4"), Decimal(10), Decimal(8), Decimal(4))


def bought(easypost: EasyPostCarrier, reference: str = "RMA-1") -> BoughtLabel:
    quotes = easypost.rates(SHOP, SAM, PARCEL, reference)
    return easypost.buy(quotes.shipment_id, quotes.rates[0].id)


def test_rates_come_cheapest_first_from_several_carriers(easypost: EasyPostCarrier) -> None:
    rates = easypost.rates(SHOP, SAM, PARCEL, "RMA-1").rates

    assert [rate.price for rate in rates] == sorted(rate.price for rate in rates)
    assert {rate.carrier for rate in rates} == {"USPS", "UPS", "FedEx"}
    cheapest = rates[0]
    assert (cheapest.carrier, cheapest.service, cheapest.price, cheapest.currency, cheapest.days) == (
        "USPS",
        "GroundAdvantage",
        Decimal("6.07"),
        "USD",
        3,
    )


def test_outside_the_united_states_rates_are_in_the_money_of_the_country(easypost: EasyPostCarrier) -> None:
    shop = Address("Homeward Returns", "1 Dock Road", "London", "GB", zip="E16 1AA")
    customer = Address("Sam", "2 High Street", "Leeds", "GB", zip="LS1 1AA")

    rates = easypost.rates(shop, customer, PARCEL, "RMA-1").rates

    assert {(rate.carrier, rate.currency) for rate in rates} == {("UPS", "GBP"), ("FedEx", "GBP")}


def test_a_label_is_bought_with_its_file(sandbox: Sandbox, easypost: EasyPostCarrier) -> None:
    quotes = easypost.rates(SHOP, SAM, PARCEL, "RMA-1")
    label = easypost.buy(quotes.shipment_id, quotes.rates[0].id)

    assert (label.shipment_id, label.carrier, label.service) == (quotes.shipment_id, "USPS", "GroundAdvantage")
    assert (label.price, label.currency, label.label_type) == (Decimal("6.07"), "USD", "application/pdf")
    assert label.tracking_url.startswith("https://track.easypost.com/")
    assert sandbox.book()["labels"] == {
        quotes.shipment_id: {
            "reference": "RMA-1",
            "tracking_code": label.tracking_number,
            "price": "6.07",
            "currency": "USD",
            "refund_status": None,
        }
    }


def test_the_label_takes_the_parcel_from_the_customer_to_the_shop(easypost: EasyPostCarrier) -> None:
    with pypdfium2.PdfDocument(bought(easypost).label_content) as document:
        page = document[0]
        text = page.get_textpage().get_text_range()

        assert page.get_size() == (288.0, 432.0)  # 4 × 6 inches
    assert text.index("FROM") < text.index("Homeward Returns")
    lines = [line.strip() for line in text.splitlines()]
    sender = lines.index("Sam Pérez (home)")
    assert lines[sender : sender + 5] == [
        "Sam Pérez (home)",
        "179 N Harbor Dr",
        "Apt 20",
        "Redondo Beach CA 90277",
        "US",
    ]
    assert lines.index("Homeward Returns") > sender
    assert "REF RMA-1" in lines


@pytest.mark.parametrize("service", ["GroundAdvantage", "Ground", "FEDEX_GROUND"])
def test_the_barcode_scans_as_the_tracking_number(easypost: EasyPostCarrier, tmp_path: Path, service: str) -> None:
    quotes = easypost.rates(SHOP, SAM, PARCEL, "RMA-1")
    rate = next(rate for rate in quotes.rates if rate.service == service)
    label = easypost.buy(quotes.shipment_id, rate.id)
    (tmp_path / "label.png").write_bytes(httpx.get(label.label_url.replace(".pdf", ".png")).content)

    with pypdfium2.PdfDocument(label.label_content) as document:
        printed = document[0].render(scale=203 / 72).to_pil()
    with Image.open(tmp_path / "label.png") as picture:
        pictured = [code.text for code in zxingcpp.read_barcodes(picture)]

    assert [code.text for code in zxingcpp.read_barcodes(printed)] == [label.tracking_number]
    assert pictured == [label.tracking_number]


def test_buying_twice_gives_the_one_label(sandbox: Sandbox, easypost: EasyPostCarrier) -> None:
    quotes = easypost.rates(SHOP, SAM, PARCEL, "RMA-1")
    first = easypost.buy(quotes.shipment_id, quotes.rates[0].id)
    again = easypost.buy(quotes.shipment_id, quotes.rates[1].id)  # even with another rate

    assert again == first
    assert sandbox.book()["labels_by_reference"] == {"RMA-1": [quotes.shipment_id]}


def test_eight_buyers_at_once_get_the_one_label(sandbox: Sandbox, easypost: EasyPostCarrier) -> None:
    quotes = easypost.rates(SHOP, SAM, PARCEL, "RMA-1")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        labels = list(pool.map(lambda _: easypost.buy(quotes.shipment_id, quotes.rates[0].id), range(8)))

    assert len({label.tracking_number for label in labels}) == 1
    assert len(sandbox.book()["labels"]) == 1


@pytest.mark.parametrize("fault", ["drop", "error_500"])
def test_a_purchase_whose_answer_was_lost_is_found(sandbox: Sandbox, easypost: EasyPostCarrier, fault: str) -> None:
    quotes = easypost.rates(SHOP, SAM, PARCEL, "RMA-1")
    sandbox.faults(easypost={fault: 1.0})
    with pytest.raises(CarrierError) as lost:
        easypost.buy(quotes.shipment_id, quotes.rates[0].id)  # reading it afterwards is lost as well
    assert (lost.value.retryable, lost.value.unknown) == (True, True)

    sandbox.faults(calm=True)
    label = easypost.buy(quotes.shipment_id, quotes.rates[0].id)

    assert [row["tracking_code"] for row in sandbox.book()["labels"].values()] == [label.tracking_number]


@pytest.mark.parametrize("down", ["reset", "503"])
def test_a_carrier_that_is_down_is_retryable(sandbox: Sandbox, easypost: EasyPostCarrier, down: str) -> None:
    quotes = easypost.rates(SHOP, SAM, PARCEL, "RMA-1")
    sandbox.faults(easypost={"down": down})

    for call in (
        lambda: easypost.rates(SHOP, SAM, PARCEL, "RMA-1"),
        lambda: easypost.buy(quotes.shipment_id, quotes.rates[0].id),
        lambda: easypost.tracker("EZ1000000001"),
        lambda: easypost.fetch_label(f"{sandbox.url}/labels/{quotes.shipment_id}.pdf"),
    ):
        with pytest.raises(CarrierError) as down_now:
            call()
        assert down_now.value.retryable
    assert sandbox.book()["labels"] == {}


def test_an_unreachable_carrier_left_nothing_open(sandbox: Sandbox, easypost: EasyPostCarrier) -> None:
    quotes = easypost.rates(SHOP, SAM, PARCEL, "RMA-1")
    sandbox.stop()

    with pytest.raises(CarrierError) as unreachable:
        easypost.buy(quotes.shipment_id, quotes.rates[0].id)

    assert (unreachable.value.retryable, unreachable.value.unknown) == (True, False)


def test_a_busy_carrier_is_asked_again_later(sandbox: Sandbox, easypost: EasyPostCarrier) -> None:
    quotes = easypost.rates(SHOP, SAM, PARCEL, "RMA-1")
    sandbox.faults(easypost={"error_429": 1.0})

    with pytest.raises(CarrierError) as busy:
        easypost.buy(quotes.shipment_id, quotes.rates[0].id)

    assert (busy.value.retryable, busy.value.unknown) == (True, False)


def test_what_easypost_cannot_execute_is_refused_for_good(easypost: EasyPostCarrier) -> None:
    quotes = easypost.rates(SHOP, SAM, PARCEL, "RMA-1")
    for call in (
        lambda: easypost.rates(SHOP, SAM, ParcelSpec(Decimal(0)), "RMA-2"),
        lambda: easypost.rates(SHOP, Address("Sam", "", "Redondo Beach", "US"), PARCEL, "RMA-2"),
        lambda: easypost.buy(quotes.shipment_id, "rate_of_another"),
        lambda: easypost.buy("shp_unknown", quotes.rates[0].id),
        lambda: easypost.refund_label(quotes.shipment_id),
    ):
        with pytest.raises(CarrierError) as refused:
            call()
        assert (refused.value.retryable, refused.value.unknown) == (False, False)


def test_an_unused_label_is_given_back_once(sandbox: Sandbox, easypost: EasyPostCarrier) -> None:
    label = bought(easypost)

    assert easypost.refund_label(label.shipment_id) == "submitted"
    assert easypost.refund_label(label.shipment_id) == "submitted"
    assert sandbox.book()["labels"][label.shipment_id]["refund_status"] == "submitted"


def test_a_scanned_label_is_not_given_back(sandbox: Sandbox, easypost: EasyPostCarrier) -> None:
    label = bought(easypost)
    sandbox.scan(label.tracking_number, "in_transit")

    with pytest.raises(CarrierError) as refused:
        easypost.refund_label(label.shipment_id)

    assert refused.value.code == "SHIPMENT.REFUND.UNAVAILABLE"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/label.pdf",
        "http://127.0.0.1:1/labels/shp_1.pdf",
        "http://169.254.169.254/latest/meta-data/",
        "http://easypost-files.s3.us-west-2.amazonaws.com/label.pdf",
        "https://easypost-files.s3.us-west-2.amazonaws.com.example.com/label.pdf",
        "file:///etc/passwd",
        "",
    ],
)
def test_labels_are_fetched_from_easypost_only(easypost: EasyPostCarrier, url: str) -> None:
    with pytest.raises(CarrierError) as refused:
        easypost.fetch_label(url)

    assert (refused.value.code, refused.value.retryable) == ("foreign_label", False)


def test_a_file_that_is_no_label_is_refused(sandbox: Sandbox, easypost: EasyPostCarrier) -> None:
    with pytest.raises(CarrierError) as refused:
        easypost.fetch_label(f"{sandbox.url}/_sandbox/faults")
    assert refused.value.code == "label_type"

    with pytest.raises(CarrierError) as absent:
        easypost.fetch_label(f"{sandbox.url}/labels/shp_unknown.pdf")
    assert absent.value.retryable


def test_a_tracker_tells_where_the_parcel_is(sandbox: Sandbox, easypost: EasyPostCarrier) -> None:
    label = bought(easypost)
    assert easypost.tracker(label.tracking_number).news == ParcelNews.UNKNOWN

    sandbox.scan(label.tracking_number, "delivered", message="Left at the dock")
    now = easypost.tracker(label.tracking_number)

    assert (now.news, now.detail, now.tracking_number) == (
        ParcelNews.DELIVERED,
        "Left at the dock",
        label.tracking_number,
    )


def test_every_status_of_easypost_has_our_word_and_a_new_one_is_unknown(easypost: EasyPostCarrier) -> None:
    assert easypost.tracker("EZ4000000004").news == ParcelNews.DELIVERED
    assert [easypost.map_status(news.value) for news in ParcelNews] == list(ParcelNews)
    assert easypost.map_status("teleported") == ParcelNews.UNKNOWN


def test_objects_have_every_field_that_was_recorded(sandbox: Sandbox, easypost: EasyPostCarrier) -> None:
    label = bought(easypost)
    sandbox.scan(label.tracking_number, "in_transit")
    with httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {EASYPOST_KEY}"}) as client:
        shipment = client.get(f"/v2/shipments/{label.shipment_id}").json()
        refusal = client.post("/v2/shipments", json={"shipment": {}})

    shown = {
        "shipment": shipment,
        "rate": shipment["selected_rate"],
        "postage_label": shipment["postage_label"],
        "tracker": shipment["tracker"],
        "tracking_detail": shipment["tracker"]["tracking_details"][0],
        "fee": shipment["fees"][0],
        "address": shipment["to_address"],
        "error": refusal.json()["error"],
    }
    assert {name: set(SHAPES[name]) - set(value) for name, value in shown.items()} == {name: set() for name in SHAPES}
    assert (refusal.status_code, refusal.json()) == (
        422,
        {
            "error": {
                "code": "PARAMETER.REQUIRED",
                "message": "Missing required parameter.",
                "errors": [{"field": "shipment", "message": "cannot be blank"}],
            }
        },
    )
    assert (shipment["is_return"], shipment["from_address"]["name"], shipment["to_address"]["name"]) == (
        True,
        "Sam Pérez (home)",
        "Homeward Returns",
    )


def test_a_label_of_before_the_sandbox_is_followed_and_given_back(sandbox: Sandbox, easypost: EasyPostCarrier) -> None:
    known = {"shipment": "shp_demo_1", "tracking_code": "TRK1", "carrier": "UPS", "service": "Ground", "price": "5.40"}
    known |= {"currency": "GBP", "status": "pre_transit", "refund_status": ""}
    moving = known | {"shipment": "shp_demo_2", "tracking_code": "TRK2", "status": "in_transit"}
    assert [sandbox.labels([known, moving])["added"] for _twice in range(2)] == [2, 0]
    assert easypost.tracker("TRK1", "UPS").news == ParcelNews.PRE_TRANSIT
    assert [easypost.refund_label("shp_demo_1") for _twice in range(2)] == ["submitted", "submitted"]
    with pytest.raises(CarrierError):
        easypost.refund_label("shp_demo_2")
