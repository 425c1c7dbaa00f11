"""From the order's number to the status page, as a browser without script would go (R4, R17, R50)."""

import re
from typing import Any

import pytest
from django.test import Client

from oms.models import Event
from returns.models import RMA
from returns.states import RMAStatus
from tests.builders import Sold


def fields_of(html: str) -> dict[str, str]:
    """What a browser would send of the hidden fields of a page."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html)
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def look_up(client: Client, number: str, proof: str = "sam@example.test") -> Any:
    return client.post("/", {"number": number, "proof": proof})


@pytest.mark.django_db
def test_one_item_in_three_screens(client: Client, recent: Any) -> None:
    order = recent()
    line = order.lines.get()

    items = look_up(client, order.number)
    assert items.status_code == 302
    page = client.get(items["Location"])
    assert page.status_code == 200
    assert "Blue mug" in page.content.decode()

    answered = client.post(
        items["Location"],
        {
            "line": line.pk,
            f"l{line.pk}-quantity": 1,
            f"l{line.pk}-reason": "changed_mind",
            f"l{line.pk}-condition": "used",
        },
    )
    assert answered.status_code == 302
    offer = client.get(answered["Location"])
    assert offer.status_code == 200
    html = offer.content.decode()
    assert "You get £5.00 back" in html
    assert fields_of(html) == {"resolution": "refund", "confirmed_total": "5.00"}

    confirmed = client.post(answered["Location"].replace("resolution", "confirmation"), fields_of(html))
    assert confirmed.status_code == 302
    rma = RMA.objects.get()
    assert confirmed["Location"] == rma.get_portal_path()
    assert rma.status == RMAStatus.APPROVED
    assert rma.quote["total"] == "5.00"
    assert list(Event.objects.filter(stream=rma.stream).values_list("name", flat=True)) == ["rma.requested"]
    status = client.get(confirmed["Location"])
    assert status.status_code == 200
    assert "Approved. Your label is being made." in status.content.decode()
    assert rma.number in status.content.decode()


@pytest.mark.django_db
def test_a_confirmed_draft_leads_to_its_return_from_everywhere(client: Client, recent: Any) -> None:
    order = recent(lines=[Sold(quantity=5, gross="50.00")])
    line = order.lines.get()
    items = look_up(client, order.number)["Location"]
    data = {
        "line": line.pk,
        f"l{line.pk}-quantity": 2,
        f"l{line.pk}-reason": "arrived_late",
        f"l{line.pk}-condition": "sealed",
    }
    offer = client.post(items, data)["Location"]
    confirmation = offer.replace("resolution", "confirmation")
    sent = fields_of(client.get(offer).content.decode())
    first = client.post(confirmation, sent)
    rma = RMA.objects.get()

    again = [client.post(confirmation, sent), client.get(items), client.post(items, data), client.get(offer)]

    assert {response["Location"] for response in [first, *again]} == {rma.get_portal_path()}
    assert RMA.objects.count() == 1
