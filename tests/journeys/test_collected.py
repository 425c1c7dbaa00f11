"""Hazardous goods are not posted: told before confirming, a day arranged by a person, collected, received, paid."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from oms.models import Product
from tests.builders import Sold
from tests.journeys import traveler as on
from tests.policies import a_rule
from tests.sandbox import Sandbox
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


def test_lamp_oil_is_collected_and_paid(vendors: Sandbox, client: Client) -> None:
    a_rule("needs_pickup", hazardous=True, over_grams=30_000)
    order = on.an_order_paid_at(vendors, Sold("OIL", "Lamp oil", 1, "20.00"))
    Product.objects.filter(sku="OIL").update(is_hazardous=True)
    rma = on.ask(order, on.Wanted(order.lines.get().pk, 1, "changed_mind", "sealed"))
    parcel, agent = rma.parcels.get(), staff_client("agent")
    assert (on.status(rma), parcel.shipment_id) == (("approved", "none"), "")
    assert f"parcel-{parcel.pk}" not in vendors.book()["labels_by_reference"]
    assert "Approved. We arrange the collection with you." in client.get(rma.get_portal_path()).content.decode()
    assert rma.number in agent.get("/returns/review/").content.decode()
    assert "Arrange the collection" in agent.get(rma.get_absolute_url()).content.decode()

    day = timezone.localdate() + timedelta(days=2)
    given = {"pickup_on": day.isoformat(), "carrier": "Safe Freight", "note": "Ring twice."}
    assert agent.post(f"/returns/{rma.number}/pickup/", given).status_code == 302
    on.run_jobs()
    assert rma.number not in agent.get("/returns/review/").content.decode()
    assert "Safe Freight collects it on" in agent.get(rma.get_absolute_url()).content.decode()
    page = client.get(rma.get_portal_path()).content.decode()
    assert [words for words in ("We collect it from you", "Safe Freight", "Ring twice.") if words not in page] == []

    on.inspect(rma, on.arrive(rma), "sealed")
    assert on.status(rma) == ("closed", "settled")
    assert on.paid_by_provider(vendors, order) == on.paid(order) == order.total
    assert on.mails(rma)[:2] == ["received", "pickup"]
