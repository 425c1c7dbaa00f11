"""Cases of parcels: the customer's question, the worklist, the words of the carrier (p45, R146, R147)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from notifications.models import Message
from oms.models import Event, Order, Posting, Shipment
from returns import lifecycle, tracking, wrongs
from returns.carriers.base import ParcelNews, Tracking
from returns.models import RMA, Parcel, ParcelCase
from tests.builders import NOON, a_return, an_order
from tests.jobs import run_jobs
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


def a_case(kind: str = "refused", **order: object) -> ParcelCase:
    shipment = an_order(**{"delivered_at": None, **order}).shipments.get()  # type: ignore[arg-type]
    case = lifecycle.open_for_shipment(
        shipment.pk, kind=kind, word="return_to_sender", happened_at=NOON, by="carrier", at=NOON
    )
    assert case is not None
    run_jobs("refunds", "mail", "default")
    return ParcelCase.objects.select_related("order__customer").get(pk=case.pk)


# ── The carrier's vocabulary ──────────────────────────────────────────────────────────────────────────────────────

N = ParcelNews
MEANS = {
    (N.UNKNOWN, ""): None,
    (N.PRE_TRANSIT, ""): None,
    (N.PRE_TRANSIT, "label_created"): None,
    (N.IN_TRANSIT, ""): None,
    (N.IN_TRANSIT, "refused"): None,  # said again once it comes back
    (N.IN_TRANSIT, "delayed"): "delayed",
    (N.IN_TRANSIT, "weather_delay"): "delayed",
    (N.IN_TRANSIT, "address_correction"): "delayed",
    (N.IN_TRANSIT, "damaged"): "damaged",
    (N.OUT_FOR_DELIVERY, ""): None,
    (N.AVAILABLE_FOR_PICKUP, ""): None,
    (N.AVAILABLE_FOR_PICKUP, "held"): "delayed",
    (N.DELIVERED, ""): None,
    (N.DELIVERED, "damaged"): None,  # the customer has it and says so
    (N.RETURN_TO_SENDER, ""): "undeliverable",
    (N.RETURN_TO_SENDER, "refused"): "refused",
    (N.RETURN_TO_SENDER, "damaged"): "undeliverable",
    (N.FAILURE, ""): "lost",
    (N.FAILURE, "lost"): "lost",
    (N.FAILURE, "damaged"): "damaged",
    (N.CANCELLED, ""): None,
    (N.ERROR, ""): None,
}


def test_every_word_of_the_carrier_means_one_thing() -> None:
    assert {(news, cause): wrongs.kind_of(Tracking("1", news, cause=cause)) for news, cause in MEANS} == MEANS
    assert {news for news, _cause in MEANS} == set(ParcelNews)


# ── The customer's page ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_customer_says_why_once_and_needs_no_log_in(client: Client) -> None:
    case = a_case()
    [mail] = Message.objects.filter(template="not_delivered")
    assert case.get_portal_url() in mail.text
    page = client.get(case.get_portal_path())
    assert (page.status_code, "private" in page["Cache-Control"]) == (200, True)
    assert client.post(case.get_portal_path(), {"note": "x"}).status_code == 422
    assert client.post(case.get_portal_path(), {"cause": "nonsense"}).status_code == 422
    for cause in ("wrong_address", "changed_mind"):
        answer = client.post(case.get_portal_path(), {"cause": cause, "note": "Flat 3 was missing."})
        assert answer.status_code in (200, 302)
    case.refresh_from_db()
    assert (case.status, case.cause, case.note) == ("answered", "wrong_address", "Flat 3 was missing.")
    assert Event.objects.filter(stream=case.stream, name="case.answered").count() == 1
    assert "Flat 3" not in str(list(Event.objects.filter(stream=case.stream).values_list("facts", flat=True)))
    assert b"You told us: The address was wrong" in client.get(case.get_portal_path()).content


def test_a_link_that_was_guessed_is_no_page(client: Client) -> None:
    case = a_case()
    for number, signature in ((case.number, "a" * 26), ("T-0000-00000", case.signature), (case.number, "é")):
        assert client.get(f"/parcel/{number}/{signature}/").status_code == 404


@pytest.mark.parametrize("kind", ["lost", "damaged", "delayed"])
def test_what_nobody_has_to_explain_asks_nothing(client: Client, kind: str) -> None:
    case = a_case(kind)
    assert Message.objects.get().template == "parcel_wrong"
    page = client.get(case.get_portal_path())
    assert b"<form" not in page.content.partition(b"<main")[2].partition(b"</main")[0]
    client.post(case.get_portal_path(), {"cause": "other"})
    case.refresh_from_db()
    assert (case.status, case.cause) == ("open", "")


# ── The desk ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_worklist_says_whose_turn_it_is() -> None:
    cases = [a_case("refused"), a_case("lost"), a_case("delayed")]
    agent = staff_client("agent")
    page = agent.get("/returns/parcels/").content.decode()
    assert [case.number in page for case in cases] == [True] * 3
    assert "we: decide" in page
    ours = agent.get("/returns/parcels/?view=ours").content.decode()
    assert [case.number in ours for case in cases] == [False, True, False]
    assert agent.get("/returns/parcels/?view=nonsense").status_code == 404
    order = agent.get(f"/orders/{cases[1].order.number}/").content.decode()
    assert cases[1].get_absolute_url() in order
    rma = RMA.objects.get()
    assert cases[0].get_absolute_url() in agent.get(rma.get_absolute_url()).content.decode()
    for role in ("dock", "finance", "auditor"):
        assert staff_client(role).get(cases[0].get_absolute_url()).status_code == 200
        assert staff_client(role).post(f"{cases[1].get_absolute_url()}decision/", {}).status_code == 403


def test_a_loss_is_paid_claimed_and_closed_at_the_desk() -> None:
    case, agent = a_case("lost", shipping="3.00"), staff_client("agent")
    agent.post(f"{case.get_absolute_url()}decision/", {"decision": "refund"})
    agent.post(f"{case.get_absolute_url()}decision/", {"decision": "refund"})
    assert RMA.objects.get().quote["total"] == "23.00"
    assert agent.post(f"{case.get_absolute_url()}claim/", {"amount": "0"}).status_code == 422
    assert agent.post(f"{case.get_absolute_url()}claim/", {"amount": "1.005"}).status_code == 422
    agent.post(f"{case.get_absolute_url()}claim/", {"amount": "23.00", "reference": "C-1"})
    agent.post(f"{case.get_absolute_url()}closing/", {"recovered": "24.00"})  # more than was claimed
    case.refresh_from_db()
    assert (case.status, case.claimed) == ("decided", Decimal(23))
    agent.post(f"{case.get_absolute_url()}closing/", {"recovered": "20.00"})
    case.refresh_from_db()
    assert (case.status, case.recovered) == ("closed", Decimal(20))
    paid = Posting.objects.filter(entry__cause=f"claim/{case.number}").order_by("pk")
    assert list(paid.values_list("account", "amount")) == [
        ("carrier_payable", Decimal(20)),
        ("write_off", Decimal(-20)),
    ]
    assert "£20.00" in agent.get(case.get_absolute_url()).content.decode()


def test_what_comes_back_is_not_decided_at_the_desk() -> None:
    case, agent = a_case("refused"), staff_client("agent")
    page = agent.post(f"{case.get_absolute_url()}decision/", {"decision": "refund"}, follow=True).content.decode()
    assert "the money follows when the goods are back" in page
    assert RMA.objects.get().settlement == "none"


# ── Nothing heard ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_silence_is_a_delay_told_once_and_over_when_it_moves() -> None:
    rma = a_return(an_order())
    Parcel.objects.filter(rma=rma).update(status="in_transit", tracked_at=NOON, tracking_number="S1")
    late = NOON + timedelta(days=11)
    assert [wrongs.find_delays(at=late, limit=10) for _again in range(2)] == [1, 0]
    run_jobs("mail")
    assert Message.objects.filter(template="parcel_wrong").count() == 1
    moved = Tracking("S1", ParcelNews.DELIVERED, occurred_at=(late + timedelta(hours=1)).isoformat())
    tracking.take("S1", moved, at=late + timedelta(hours=1))
    wrongs.find_delays(at=late + timedelta(hours=2), limit=10)
    assert ParcelCase.objects.get().status == "closed"


def test_a_graver_word_takes_the_place_of_a_delay() -> None:
    order: Order = an_order(delivered_at=None)
    number = Shipment.objects.get(order=order).tracking_number
    for hours, status, cause in (
        (1, "in_transit", "delayed"),
        (2, "return_to_sender", "refused"),
        (1, "in_transit", ""),
    ):
        at = NOON + timedelta(hours=hours)
        told = {"tracking_code": number, "status": status, "status_detail": cause, "updated_at": at.isoformat()}
        tracking.take_webhook({"description": "tracker.updated", "result": told}, at=at)
    assert list(ParcelCase.objects.order_by("pk").values_list("kind", "status")) == [
        ("delayed", "closed"),
        ("refused", "asked"),
    ]
