"""A label in another form: asked for on the page, fetched by a worker, refused where the carrier makes none."""

from decimal import Decimal

import pytest
from django.test import Client

from inventory.models import Warehouse
from oms.models import Event
from returns import lifecycle
from returns.lifecycle.parcels import Bought
from returns.models import RMA, LabelFile, Parcel
from returns.refusals import LabelUsed, NotOffered
from returns.states import LabelKind
from tests.builders import NOON, a_return, an_order
from tests.staff import staff_client

pytestmark = pytest.mark.django_db

ZPL = b"^XA^FO20,20^FDhello^FS^XZ"


def labeled(carrier: str = "UPS") -> RMA:
    rma = a_return(an_order())
    parcel = lifecycle.note_shipment(rma.parcels.get().pk, shipment_id=f"shp_{rma.pk}", rate_id="rate_1", choice="")
    bought = Bought(
        carrier, "Ground", "cheapest", f"1Z{rma.pk}", "", Decimal("8.15"), "GBP", b"%PDF-1.4", "application/pdf"
    )
    lifecycle.label(parcel.pk, bought, by="carrier", at=NOON)
    return RMA.objects.get(pk=rma.pk)


def in_america(rma: RMA) -> RMA:
    Warehouse.objects.filter(pk=rma.warehouse_id).update(country="US")
    type(rma.order).objects.filter(pk=rma.order_id).update(country="United States")
    return RMA.objects.get(pk=rma.pk)


def address(rma: RMA, kind: str) -> str:
    return f"{rma.get_portal_path()}label/{rma.parcels.get().pk}/{kind}/"


def page(client: Client, rma: RMA) -> str:
    return client.get(rma.get_portal_path()).content.decode()


def names(rma: RMA) -> list[str]:
    return list(Event.objects.filter(stream=rma.stream).order_by("sequence").values_list("name", flat=True))[2:]


def test_the_page_offers_what_the_carrier_makes_and_nothing_else(client: Client) -> None:
    ups, usps = labeled("UPS"), in_america(labeled("USPS"))
    assert [address(ups, kind) in page(client, ups) for kind in LabelKind] == [False, True, True, False]
    assert [address(usps, kind) in page(client, usps) for kind in LabelKind] == [True, True, True, False]


def test_asked_for_it_waits_and_is_there_once_it_was_fetched(client: Client) -> None:
    rma = labeled()
    asked = client.post(address(rma, "zpl"))
    assert (asked.status_code, asked["Location"]) == (302, f"{rma.get_portal_path()}#papers")
    assert client.head(address(rma, "zpl")).status_code == 204
    shown = page(client, rma)
    assert f'data-label="{address(rma, "zpl")}"' in shown
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in shown

    file = LabelFile.objects.get()
    lifecycle.keep_file(file.pk, ZPL, "application/zpl", by="carrier", at=NOON)
    got = client.get(address(rma, "zpl"))
    assert (got.content, got["Content-Type"]) == (ZPL, "application/zpl")
    assert got["Content-Disposition"] == f'attachment; filename="label-{rma.number}-zpl.zpl"'
    assert "refresh" not in page(client, rma)
    assert ZPL not in bytes(LabelFile.objects.values_list("content", flat=True).get())


def test_asking_again_and_fetching_again_change_nothing(client: Client) -> None:
    rma = labeled()
    for _time in range(2):
        client.post(address(rma, "a4"))
    file = LabelFile.objects.get()
    for content in (b"%PDF-1", b"%PDF-2"):
        lifecycle.keep_file(file.pk, content, "application/pdf", by="carrier", at=NOON)
    lifecycle.refuse_file(file.pk, by="carrier", at=NOON)
    client.post(address(rma, "a4"))
    assert client.get(address(rma, "a4")).content == b"%PDF-1"
    assert names(rma) == ["label_file.asked", "label_file.fetched"]


def test_what_the_carrier_refuses_is_said_and_may_be_asked_again(client: Client) -> None:
    rma = labeled()
    client.post(address(rma, "zpl"))
    lifecycle.refuse_file(LabelFile.objects.get().pk, by="carrier", at=NOON)
    assert "is not to be had from UPS for this parcel" in page(client, rma)
    assert client.get(address(rma, "zpl")).status_code == 404
    client.post(address(rma, "zpl"))
    assert client.head(address(rma, "zpl")).status_code == 204
    assert names(rma) == ["label_file.asked", "label_file.refused", "label_file.asked"]


@pytest.mark.parametrize("kind", ["code", "epl2", "pdf", "../zpl", "é"])
def test_what_is_not_offered_or_no_form_at_all_changes_nothing(client: Client, kind: str) -> None:
    rma = labeled("UPS")
    assert client.post(address(rma, kind)).status_code == (409 if kind == "code" else 404)
    assert client.get(address(rma, kind)).status_code == 404
    assert LabelFile.objects.count() == 0
    assert names(rma) == []


def test_a_foreign_parcel_and_a_wrong_signature_are_the_same_404(client: Client) -> None:
    mine, other = labeled(), labeled()
    theirs = other.parcels.get().pk
    for path in (f"{mine.get_portal_path()}label/{theirs}/", f"/r/{mine.number}/wrong/label/{mine.parcels.get().pk}/"):
        assert client.get(path).status_code == 404
        assert client.get(f"{path}zpl/").status_code == 404
        assert client.post(f"{path}zpl/").status_code == 404
    assert LabelFile.objects.count() == 0


def test_a_label_that_is_used_or_void_takes_no_other_form() -> None:
    used, canceled = labeled(), labeled()
    parcel = used.parcels.get()
    lifecycle.move_parcel(parcel.pk, status="in_transit", occurred_at=NOON, by="carrier", at=NOON)
    lifecycle.cancel(canceled.number, by="user:1", at=NOON)
    for pk in (parcel.pk, canceled.parcels.get().pk):
        with pytest.raises(LabelUsed):
            lifecycle.ask_for_file(pk, "zpl", by="user:1", at=NOON)
    with pytest.raises(NotOffered):
        lifecycle.ask_for_file(labeled("FedEx").parcels.get().pk, "code", by="user:1", at=NOON)
    with pytest.raises(Parcel.DoesNotExist):
        lifecycle.ask_for_file(0, "zpl", by="user:1", at=NOON)


def test_the_desk_asks_and_opens_it_too() -> None:
    rma, agent = labeled(), staff_client("agent")
    here = f"/returns/{rma.number}/label/{rma.parcels.get().pk}/zpl/"
    assert here in agent.get(rma.get_absolute_url()).content.decode()
    assert agent.get(here).status_code == 404
    assert agent.post(here)["Location"] == rma.get_absolute_url()
    assert "the carrier is making it" in agent.get(rma.get_absolute_url()).content.decode()
    lifecycle.keep_file(LabelFile.objects.get().pk, ZPL, "application/zpl", by="carrier", at=NOON)
    assert agent.get(here).content == ZPL
    assert f'<a href="{here}">' in agent.get(rma.get_absolute_url()).content.decode()
    assert {role: staff_client(role).get(here).status_code for role in ("dock", "auditor")} == {
        "dock": 403,
        "auditor": 403,
    }
    assert agent.post(here.replace("zpl", "code")).status_code == 409


def test_a_label_without_a_shipment_of_the_carrier_service_has_one_form_only(client: Client) -> None:
    rma = labeled()
    Parcel.objects.filter(rma=rma).update(shipment_id="")
    assert address(rma, "zpl") not in page(client, rma)
