"""Labels in other forms and the papers beside them, over real HTTP with EasyPost's own SDK."""

import io

import httpx
import pytest
import zxingcpp
from PIL import Image

from returns.carriers.base import CarrierError, Paper
from returns.carriers.easypost import EasyPostCarrier
from tests.gateways.test_easypost_labels import PARCEL, SAM, SHOP, bought
from tests.sandbox import EASYPOST_KEY, Sandbox


def bought_with(easypost: EasyPostCarrier, carrier: str) -> str:
    quotes = easypost.rates(SHOP, SAM, PARCEL, "RMA-1")
    rate = next(rate for rate in quotes.rates if rate.carrier == carrier)
    easypost.buy(quotes.shipment_id, rate.id)
    return quotes.shipment_id


def forms(sandbox: Sandbox, shipment: str) -> list[str]:
    with httpx.Client(headers={"Authorization": f"Bearer {EASYPOST_KEY}"}) as client:
        shown = client.get(f"{sandbox.url}/v2/shipments/{shipment}").json()
    return [form["form_type"] for form in shown["forms"]]


def test_a_label_for_a_label_printer(easypost: EasyPostCarrier) -> None:
    label = bought(easypost)
    content, kind = easypost.paper(label.shipment_id, Paper.ZPL)
    assert (kind, content[:3], content[-3:]) == ("application/zpl", b"^XA", b"^XZ")
    assert f"^FD{label.tracking_number}^FS".encode() in content
    assert easypost.paper(label.shipment_id, Paper.ZPL) == (content, kind)


def test_the_label_as_a_picture_scans(easypost: EasyPostCarrier) -> None:
    label = bought(easypost)
    content, kind = easypost.paper(label.shipment_id, Paper.PICTURE)
    with Image.open(io.BytesIO(content)) as picture:
        assert [code.text for code in zxingcpp.read_barcodes(picture)] == [label.tracking_number]
    assert kind == "image/png"


def test_a_code_for_the_counter_is_made_once(sandbox: Sandbox, easypost: EasyPostCarrier) -> None:
    shipment = bought_with(easypost, "USPS")
    first, again = (easypost.paper(shipment, Paper.CODE) for _time in range(2))
    assert first == again
    with Image.open(io.BytesIO(first[0])) as picture:
        assert [code.format.name for code in zxingcpp.read_barcodes(picture)] == ["QRCode"]
    assert forms(sandbox, shipment) == ["label_qr_code"]


@pytest.mark.parametrize(("carrier", "paper"), [("UPS", Paper.CODE), ("USPS", Paper.INVOICE)])
def test_what_the_carrier_does_not_make_is_refused_for_good(
    easypost: EasyPostCarrier, carrier: str, paper: Paper
) -> None:
    shipment = bought_with(easypost, carrier)
    with pytest.raises(CarrierError) as refused:
        easypost.paper(shipment, paper)
    assert (refused.value.code, refused.value.retryable) == ("SHIPMENT.FORM.UNSUPPORTED", False)


def test_a_form_whose_answer_was_lost_is_found(sandbox: Sandbox, easypost: EasyPostCarrier) -> None:
    shipment = bought_with(easypost, "USPS")
    with httpx.Client(headers={"Authorization": f"Bearer {EASYPOST_KEY}"}) as client:  # its answer never reached us
        client.post(f"{sandbox.url}/v2/shipments/{shipment}/forms", json={"form": {"type": "label_qr_code"}})
    easypost.paper(shipment, Paper.CODE)
    assert forms(sandbox, shipment) == ["label_qr_code"]


@pytest.mark.parametrize("faults", [{"down": "503"}, {"down": "reset"}, {"error_429": 1.0}])
def test_while_the_carrier_is_down_it_may_be_asked_again(
    sandbox: Sandbox, easypost: EasyPostCarrier, faults: dict[str, object]
) -> None:
    label = bought(easypost)
    sandbox.faults(easypost=faults)
    for paper in (Paper.ZPL, Paper.PICTURE, Paper.CODE):
        with pytest.raises(CarrierError) as down:
            easypost.paper(label.shipment_id, paper)
        assert down.value.retryable
    sandbox.faults(calm=True)
    assert easypost.paper(label.shipment_id, Paper.ZPL)[0]
