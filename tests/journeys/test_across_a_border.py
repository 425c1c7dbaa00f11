"""From another customs territory: papers go with the label, and without what they need a person looks first."""

import httpx
import pytest
from django.utils import timezone

from oms.models import Order, Product
from returns import lifecycle
from returns.models import LabelFile
from tests.builders import Sold
from tests.journeys import traveler as on
from tests.sandbox import EASYPOST_KEY, Sandbox

pytestmark = pytest.mark.django_db


def an_order_from_france(vendors: Sandbox, sku: str) -> Order:
    order = on.an_order_paid_at(vendors, Sold(sku, "Blue cup", 2, "20.00"))
    Order.objects.filter(pk=order.pk).update(country="France")
    order.refresh_from_db()
    return order


def test_a_cup_comes_back_from_france_with_its_papers(vendors: Sandbox) -> None:
    order = an_order_from_france(vendors, "CUP1")
    Product.objects.filter(sku="CUP1").update(hs_code="691200", origin_country="CN")
    rma = on.ask(order, on.Wanted(order.lines.get().pk, 2, "changed_mind", "opened"))
    parcel = rma.parcels.get()
    assert (parcel.status, parcel.held_for) == ("labeled", "")
    with httpx.Client(headers={"Authorization": f"Bearer {EASYPOST_KEY}"}) as client:
        shipment = client.get(f"{vendors.url}/v2/shipments/{parcel.shipment_id}").json()
    customs = shipment["customs_info"]
    assert (customs["contents_type"], customs["customs_signer"]) == ("returned_goods", "Sam Shopper")
    [item] = customs["customs_items"]
    told = {name: item[name] for name in ("hs_tariff_number", "origin_country", "value", "currency", "quantity")}
    assert told == {
        "hs_tariff_number": "691200",
        "origin_country": "CN",
        "value": "20.00",
        "currency": "GBP",
        "quantity": 2,
    }
    invoice = LabelFile.objects.select_related("parcel__rma__order__customer").get(parcel=parcel)
    assert (invoice.kind, bytes(invoice.content)[:5], invoice.waits) == ("invoice", b"%PDF-", False)
    on.travel(vendors, rma)
    on.inspect(rma, on.arrive(rma))
    assert on.status(rma) == ("closed", "settled")
    assert on.paid_by_provider(vendors, order) == on.paid(order)


def test_without_a_tariff_number_a_person_looks_and_nothing_is_lost(vendors: Sandbox) -> None:
    order = an_order_from_france(vendors, "CUP2")
    rma = on.ask(order, on.Wanted(order.lines.get().pk, 2, "changed_mind", "opened"))
    parcel = rma.parcels.get()
    assert (on.status(rma)[0], parcel.status, parcel.held_for, parcel.shipment_id) == (
        "approved",
        "wanted",
        "customs",
        "",
    )
    lifecycle.want_label_again(parcel.pk, by=on.AGENT, at=timezone.now())  # too early: it is held again
    on.run_jobs()
    parcel.refresh_from_db()
    assert parcel.held_for == "customs"
    Product.objects.filter(sku="CUP2").update(hs_code="691200", origin_country="CN")
    lifecycle.want_label_again(parcel.pk, by=on.AGENT, at=timezone.now())
    on.run_jobs()
    parcel.refresh_from_db()
    assert (parcel.status, parcel.held_for) == ("labeled", "")
    assert on.mails(rma) == ["received", "approved"]
    assert vendors.book()["labels_by_reference"][f"parcel-{parcel.pk}"] == [parcel.shipment_id]
