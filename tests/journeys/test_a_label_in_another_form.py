"""No printer, or another one: the label comes as the customer needs it, and a carrier that is down only delays it."""

import io

import pypdfium2
import pytest
import zxingcpp
from django.utils import timezone
from PIL import Image

from inventory.models import Warehouse
from oms.models import Delivery
from returns import lifecycle
from returns.models import RMA, LabelFile
from tests.journeys import traveler as on
from tests.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def ask_for(rma: RMA, kind: str) -> LabelFile:
    customer = rma.order.customer.actor
    return lifecycle.ask_for_file(rma.parcels.get().pk, kind, by=customer, at=timezone.now())


def test_a_code_for_the_counter_a_sheet_and_a_label_printer(vendors: Sandbox) -> None:
    Warehouse.objects.filter(is_default=True).update(
        country="US", street="388 Townsend St", city="San Francisco", region="CA", postcode="94107"
    )
    order = on.an_order_paid_at(vendors)
    type(order).objects.filter(pk=order.pk).update(country="United States")
    rma = on.ask(order)
    parcel = rma.parcels.get()
    assert parcel.carrier == "USPS"
    vendors.faults(easypost={"down": "503"})
    waiting = [ask_for(rma, kind) for kind in ("code", "a4", "zpl")]
    on.run_jobs("labels", fails=True)
    assert [LabelFile.objects.get(pk=one.pk).waits for one in waiting] == [True, True, True]
    vendors.faults(calm=True)
    Delivery.objects.filter(done_at=None).update(attempts=0)
    on.run_jobs()
    code, sheet, zpl = (LabelFile.objects.select_related("parcel__rma__order").get(pk=one.pk) for one in waiting)
    with Image.open(io.BytesIO(code.content)) as picture:
        assert [found.format.name for found in zxingcpp.read_barcodes(picture)] == ["QRCode"]
    with pypdfium2.PdfDocument(sheet.content) as document:
        assert (len(document), [round(side) for side in document[0].get_size()]) == (1, [595, 842])
        printed = document[0].render(scale=3).to_pil()
    assert [found.text for found in zxingcpp.read_barcodes(printed)] == [parcel.tracking_number]
    assert bytes(zpl.content).startswith(b"^XA")
    assert vendors.book()["labels_by_reference"][f"parcel-{parcel.pk}"] == [parcel.shipment_id]


def test_a_form_the_carrier_does_not_make_after_all_is_refused_and_nothing_else(vendors: Sandbox) -> None:
    rma = on.ask(on.an_order_paid_at(vendors))
    rma.parcels.update(shipment_id="shp_unknown_to_the_carrier")
    file = ask_for(rma, "zpl")
    on.run_jobs()
    file.refresh_from_db()
    assert (file.fetched_at, file.refused_at is not None) == (None, True)
    assert on.status(rma) == ("approved", "none")
