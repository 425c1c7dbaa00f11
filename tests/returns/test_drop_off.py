"""Where to hand a parcel in: the shop's own table, shown for the customer's postcode and the label's carrier."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from oms.models import Event
from returns import drop_off
from returns.models import RMA, CarrierLocator, DropOffPoint
from tests.returns.test_label_files import labeled
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


def a_point(code: str, postcodes: str = "", carrier: str = "UPS", country: str = "GB", **more: object) -> DropOffPoint:
    return DropOffPoint.objects.create(
        code=code, carrier=carrier, country=country, postcodes=postcodes, name=code.title(), address="1 Road", **more
    )


def shown(client: Client, rma: RMA) -> str:
    page = client.get(rma.get_portal_path()).content.decode()
    return page.split('id="hand-in"')[1].split("</section>")[0] if 'id="hand-in"' in page else ""


def test_the_nearest_by_postcode_come_first_and_others_not_at_all() -> None:
    for code, postcodes in (("country", ""), ("street", "LE1 5"), ("town", "le1"), ("away", "M1"), ("all-le", "LE")):
        a_point(code, postcodes)
    a_point("other-carrier", carrier="FedEx")
    a_point("abroad", country="FR")
    a_point("closed", "LE1 5AA", active=False)
    assert [point.code for point in drop_off.near("UPS", "GB", "le15aa").points] == ["street", "town", "all-le"]
    assert [point.code for point in drop_off.near("UPS", "GB", "").points] == ["country"]
    assert drop_off.near("DPD", "GB", "LE1 5AA") == drop_off.Places("DPD", (), "")


def test_the_page_shows_places_of_the_labels_carrier_and_its_search(client: Client) -> None:
    rma = labeled("UPS")
    assert shown(client, rma) == ""
    a_point("corner", "LE1", hours="Every day, 7:00–22:00", takes_codes=True)
    CarrierLocator.objects.create(code="ups", carrier="UPS", url="https://ups.example/near?a=1&b=2")
    CarrierLocator.objects.create(code="ups-us", carrier="UPS", country="US", url="https://ups.example/us")
    page = shown(client, rma)
    assert [words in page for words in ("Corner", "1 Road", "Every day, 7:00–22:00", "prints your label")] == [True] * 4
    assert 'href="https://ups.example/near?a=1&amp;b=2"' in page
    assert "ups.example/us" not in page
    DropOffPoint.objects.all().delete()
    assert "Find a place of UPS near you" in shown(client, rma)


def test_before_there_is_a_label_no_place_is_shown(client: Client) -> None:
    a_point("corner")
    rma = labeled("UPS")
    rma.parcels.update(status="in_transit")
    RMA.objects.filter(pk=rma.pk).update(status="in_transit")
    assert shown(client, rma) == ""


GIVEN = {
    "code": "corner", "carrier": "UPS", "country": "GB", "postcodes": "LE1", "name": "Corner", "address": "1 Road",
    "active": "on",
}  # fmt: skip


def test_managers_keep_the_table_and_each_change_is_on_record() -> None:
    manager = staff_client("manager")
    assert manager.post("/admin/returns/dropoffpoint/add/", GIVEN).status_code == 302
    point = DropOffPoint.objects.get()
    assert (point.name, point.takes_codes) == ("Corner", False)
    event = Event.objects.get(name="drop_off_point.changed")
    assert event.facts["point"] == "corner"
    locator = {"code": "ups", "carrier": "UPS", "country": "", "url": "https://ups.example/", "active": "on"}
    assert manager.post("/admin/returns/carrierlocator/add/", locator).status_code == 302
    assert staff_client("agent").post("/admin/returns/dropoffpoint/add/", GIVEN).status_code == 403


@pytest.mark.parametrize(
    ("kind", "given", "sentence"),
    [
        ("dropoffpoint", GIVEN | {"country": "gb"}, "Two capital letters"),
        ("dropoffpoint", GIVEN | {"country": "United Kingdom"}, "at most 2 characters"),
        ("dropoffpoint", GIVEN | {"name": ""}, "This field is required."),
        ("dropoffpoint", GIVEN | {"code": "a corner"}, "valid “slug”"),
        ("carrierlocator", {"code": "u", "carrier": "UPS", "url": "javascript:alert(1)"}, "Enter a valid URL."),
        ("carrierlocator", {"code": "u", "carrier": "UPS", "url": "http://ups.example/"}, "Enter a valid URL."),
    ],
)
def test_what_cannot_be_a_place_is_refused_at_its_field(kind: str, given: dict[str, str], sentence: str) -> None:
    answer = staff_client("manager").post(f"/admin/returns/{kind}/add/", given)
    assert sentence in answer.content.decode()
    assert DropOffPoint.objects.count() + CarrierLocator.objects.count() == 0


def test_the_database_refuses_an_address_a_browser_would_run() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CarrierLocator.objects.create(code="bad", carrier="UPS", url="javascript:alert(1)")
