"""From the order's number to the status page, as a browser without script would go (R4, R17, R50)."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from oms.models import Event, Product
from returns.eligibility import open_file
from returns.eligibility.facts import order_facts
from returns.models import RMA
from returns.states import RMAStatus
from tests.builders import Sold
from tests.policies import a_rule


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
    assert fields_of(html) | {"chosen": ""} == {"chosen": "", "resolution": "refund", "confirmed_total": "5.00"}

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


# ── What would you like? ──────────────────────────────────────────────────────────────────────────────────────────


def the_offer(client: Client, order: Any, **answers: Any) -> str:
    """The address of the last screen for one piece of the order's only line."""
    line = order.lines.get()
    given = {"quantity": 1, "reason": "changed_mind", "condition": "opened"} | answers
    data = {"line": line.pk} | {f"l{line.pk}-{name}": value for name, value in given.items()}
    return client.post(look_up(client, order.number)["Location"], data)["Location"]


@pytest.mark.django_db
def test_with_one_way_there_is_nothing_to_choose(client: Client, recent: Any) -> None:
    a_rule("resolutions", allowed=["refund"])
    assert "What would you like?" not in client.get(the_offer(client, recent())).content.decode()


@pytest.mark.django_db
def test_each_way_is_a_card_with_its_amount_date_cost_and_why(client: Client, recent: Any) -> None:
    a_rule("resolutions", allowed=["refund"])
    a_rule("keep_item", value_up_to="10.00")
    a_rule("restocking_fee", percent="10", resolutions=["refund"])
    offer = the_offer(client, recent())
    html = client.get(offer).content.decode()
    cards = re.findall(r'<(a|div) class="choice choice--way[^"]*"[^>]*>(.*?)</\1>', html, re.DOTALL)
    words = [" ".join(re.sub(r"<[^>]+>", " ", card).split()) for _tag, card in cards]
    assert words == [
        "Money back, and you keep it £10.00 Sent at once; your bank usually shows it 3–5 days later. Without costs."
        " It is worth £10.00 or less, so it need not come back to us.",
        "Money back chosen £9.00 Sent within 3 business days after your parcel arrives; your bank usually shows it 3–5"
        " days later. Less £1.00.",
    ]
    kept = client.get(f"{offer}?resolution=keep_item").content.decode()
    assert "You keep it and get £10.00 back" in kept
    assert fields_of(kept) | {"chosen": ""} == {"chosen": "", "resolution": "keep_item", "confirmed_total": "10.00"}
    assert "If it arrives in another condition" not in kept
    confirmed = client.post(offer.replace("resolution", "confirmation"), fields_of(kept))
    status = client.get(confirmed["Location"]).content.decode()
    assert RMA.objects.get().resolution == "keep_item"
    assert "You keep what you have, and your money is on its way." in status
    assert "Print and pack" not in status
    assert "Keep it after all?" not in status


@pytest.mark.django_db
def test_a_way_that_is_closed_says_why_and_cannot_be_followed(client: Client, recent: Any) -> None:
    a_rule("resolutions", allowed=["refund", "store_credit"], money_days=1, expired_outcome="store_credit")
    html = client.get(the_offer(client, recent())).content.decode()
    assert "You get £10.00 to spend with us" in html
    assert "This could be chosen until" in html
    assert "?resolution=refund" not in html


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["gold", "keep_item", "", "refund' OR 1=1"])
def test_a_way_that_is_not_offered_changes_nothing(client: Client, recent: Any, way: str) -> None:
    offer = the_offer(client, recent())
    page = client.get(offer, {"resolution": way})
    assert page.status_code == 200
    assert RMA.objects.count() == 0


@pytest.mark.django_db
def test_what_is_collected_is_told_before_confirming_and_costs_no_label(client: Client, recent: Any) -> None:
    a_rule("needs_pickup", over_grams=1)
    a_rule("free_label", fee="4.95")
    html = client.get(the_offer(client, recent())).content.decode()
    assert "We collect this from you: it may not travel by ordinary post." in html
    assert "You get £10.00 back" in html
    assert [words for words in ("Return label", "Please post the parcel") if words in html] == []


@pytest.mark.django_db
def test_postage_is_nothing_to_send_back(client: Client, recent: Any) -> None:
    order = recent(lines=[Sold(quantity=1, gross="10.00"), Sold(sku="POST", title="Postage", quantity=1, gross="4.00")])
    Product.objects.filter(sku="POST").update(is_merchandise=False)
    html = client.get(look_up(client, order.number)["Location"]).content.decode()
    assert "Blue mug" in html
    assert "Postage" not in html
    file = open_file(order, at=timezone.now())
    assert order_facts(file).units_left == 1
