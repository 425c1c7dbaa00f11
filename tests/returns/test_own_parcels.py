"""The customer sends it with a carrier of their own: the number is checked and followed, and pays nothing (R23)."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from oms.models import Event, Shipment
from returns import own_parcels
from returns.models import RMA, Parcel
from tests.builders import a_return, an_order
from tests.jobs import run_jobs
from tests.policies import a_rule
from tests.sandbox import EASYPOST_KEY, Sandbox
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    data: Path = tmp_path_factory.mktemp("own")
    with Sandbox(data) as started:
        yield started


@pytest.fixture
def carrier(process: Sandbox, settings: Any) -> Sandbox:
    settings.EASYPOST_API_KEY, settings.EASYPOST_API_BASE = EASYPOST_KEY, process.easypost_base
    return process


def approved() -> RMA:
    now = timezone.now()
    order = an_order(
        placed_at=now - timedelta(days=5), shipped_at=now - timedelta(days=4), delivered_at=now - timedelta(days=2)
    )
    rma = a_return(order, at=now)
    run_jobs("labels", "default")
    return rma


def give(client: Client, rma: RMA, number: str, carrier: str = "USPS") -> int:
    path = f"{rma.get_portal_path()}own-parcel/"
    return client.post(path, {"carrier": carrier, "tracking_number": number}).status_code


def test_a_number_is_followed_like_ours_and_our_label_is_void(client: Client, carrier: Sandbox) -> None:
    a_rule("refund_at", default="scan")
    rma = approved()
    assert rma.refund_at == "scan"
    assert client.get(f"{rma.get_portal_path()}own-parcel/").status_code == 200
    assert [give(client, rma, "ez 2000-000002") for _again in range(2)] == [302, 302]
    run_jobs("labels", "default")
    ours, own = rma.parcels.order_by("pk")
    assert (ours.status, own.status, own.tracking_number) == ("voided", "in_transit", "EZ2000000002")
    rma.refresh_from_db()
    assert (rma.status, rma.refund_at, rma.settlement) == ("in_transit", "receipt", "none")
    assert Event.objects.filter(stream=rma.stream, name="parcel.announced").count() == 1
    assert "EZ2000000002" in client.get(rma.get_portal_path()).content.decode()
    assert give(client, rma, "EZ1000000001") == 302  # on its way: nothing changes any more
    assert rma.parcels.count() == 2


def test_a_wrong_number_is_corrected_before_it_is_scanned(client: Client, carrier: Sandbox) -> None:
    rma = approved()
    for number in ("EZ1000000001", "EZ7000000007"):
        assert give(client, rma, number) == 302
        run_jobs("labels")
    assert list(rma.parcels.order_by("pk").values_list("status", flat=True)) == ["voided", "voided", "labeled"]
    assert "We follow your parcel" in client.get(rma.get_portal_path()).content.decode()


def test_a_number_of_another_parcel_is_refused_with_a_sentence(client: Client, carrier: Sandbox) -> None:
    rma, other = approved(), approved()
    for taken in (other.parcels.get().tracking_number, "US" + "1" * 20):
        Shipment.objects.filter(order=rma.order).update(tracking_number="US" + "1" * 20)
        path = f"{rma.get_portal_path()}own-parcel/"
        answer = client.post(path, {"carrier": "DPD", "tracking_number": taken})
        assert (answer.status_code, b"belongs to another parcel" in answer.content) == (409, True)
    assert rma.parcels.get().status == "labeled"


def test_a_parcel_delivered_before_the_return_was_is_another_one(client: Client, carrier: Sandbox) -> None:
    rma = approved()
    give(client, rma, "EZ4000000004")  # the carrier service says: delivered
    RMA.objects.filter(pk=rma.pk).update(approved_at=timezone.now() + timedelta(hours=1))
    run_jobs("labels", "default")
    rma.refresh_from_db()
    assert (rma.status, Parcel.objects.filter(rma=rma, status="voided").count()) == ("approved", 2)
    assert Event.objects.filter(stream=rma.stream, name="parcel.number_refused").exists()


@pytest.mark.parametrize(
    ("carrier_name", "number", "fits"),
    [
        ("UPS", "1Z999AA10123456784", True),
        ("UPS", "1Z999AA1012345678", False),
        ("USPS", "9405511899223197428490", True),
        ("USPS", "HELLO", False),
        ("FedEx", "449044304137821", True),
        ("RoyalMail", "AB123456785GB", True),
        ("DPD", "ABCDEFGHIJ", False),
        ("DPD", "15501234567890", True),
        ("DPD", "1" * 35, False),
    ],
)
def test_numbers_look_like_their_carriers(carrier_name: str, number: str, fits: bool) -> None:
    assert own_parcels.fits(carrier_name, number) is fits


@pytest.mark.parametrize("given", [{}, {"carrier": "Nobody", "tracking_number": "1" * 12}, {"carrier": "UPS"}])
def test_what_cannot_be_used_is_said_at_its_field(client: Client, carrier: Sandbox, given: dict[str, str]) -> None:
    rma = approved()
    assert client.post(f"{rma.get_portal_path()}own-parcel/", given).status_code == 422
    assert rma.parcels.count() == 1


def test_the_desk_writes_it_down_and_a_paid_label_stays(carrier: Sandbox) -> None:
    rma, agent = approved(), staff_client("agent")
    path = f"{rma.get_absolute_url()}own-parcel/"
    assert (agent.get(path).status_code, staff_client("dock").get(path).status_code) == (200, 403)
    assert agent.post(path, {"carrier": "UPS", "tracking_number": "nonsense"}).status_code == 422
    assert agent.post(path, {"carrier": "UPS", "tracking_number": "1Z999AA10123456784"}).status_code == 302
    assert rma.parcels.filter(tracking_number="1Z999AA10123456784").exists()
    paid = approved()
    RMA.objects.filter(pk=paid.pk).update(decision=paid.decision | {"label": "charged"})
    number = {"carrier": "UPS", "tracking_number": "1Z999AA10123456785"}
    assert agent.post(f"{paid.get_absolute_url()}own-parcel/", number).status_code == 409
