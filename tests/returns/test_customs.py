"""Goods that cross a customs border: who asks for papers, what stands on them, and what waits for a person."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from oms.models import Event, Order, Product
from returns import labels, lifecycle, parcels
from returns.carriers.territories import crosses, territory
from returns.models import RMA, ReturnLine
from returns.states import LabelHold
from tests.builders import NOON, a_customer, a_return, an_order
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


def from_abroad(country: str = "France") -> RMA:
    rma = a_return(an_order(), quantity=2)
    Order.objects.filter(pk=rma.order_id).update(country=country)
    return RMA.objects.select_related("order__customer", "warehouse").get(pk=rma.pk)


@pytest.mark.parametrize(
    ("way", "papers"),
    [
        (("GB", "GB"), False),
        (("FR", "DE"), False),
        (("MC", "FI"), False),
        (("RE", "FR"), False),
        (("JE", "GB"), False),
        (("LI", "CH"), False),
        (("PR", "US"), False),
        (("FR", "GB"), True),
        (("CH", "DE"), True),
        (("US", "GB"), True),
        (("NO", "SE"), True),
        (("", "GB"), False),
    ],
)
def test_papers_are_asked_for_between_territories_only(way: tuple[str, str], papers: bool) -> None:
    assert crosses(*way) is papers
    assert crosses(*reversed(way)) is papers


@pytest.mark.parametrize(
    ("country", "postcode", "where"),
    [
        ("DE", "78266", "DE 78266"),
        ("DE", "78267", "EU"),
        ("DE", "27498", "DE 27498"),
        ("IT", "23041", "IT 23041"),
        ("ES", "51001", "ES 51001"),
        ("ES", "35001", "EU"),
        ("gb", "JE1 1AA", "GB"),
        ("im", "", "GB"),
    ],
)
def test_what_lies_outside_the_union_is_told_by_its_postcode(country: str, postcode: str, where: str) -> None:
    assert territory(country, postcode) == where


def test_northern_ireland_trades_with_both() -> None:
    assert crosses("GB", "GB", from_postcode="BT1 1AA", to_postcode="E1 1AA") is False
    assert crosses("GB", "DE", from_postcode="BT1 1AA") is False
    assert crosses("GB", "DE", from_postcode="B1 1AA") is True


def test_the_papers_say_what_comes_back_and_what_it_is_worth() -> None:
    rma = from_abroad()
    Product.objects.filter(sku="MUG").update(hs_code="691200", origin_country="CN", weight_grams=400)
    goods = parcels.packed(None, list(ReturnLine.objects.filter(rma=rma).select_related("order_line__product")))
    papers = labels.customs_of(rma, goods)
    [item] = papers.items
    assert (item.description, item.quantity, item.value, item.currency) == ("Blue mug", 2, Decimal("20.00"), "GBP")
    assert (item.hs_code, item.origin, item.sku, item.weight_oz) == ("691200", "CN", "MUG", Decimal("28.2"))
    assert papers.explanation == f"Returned goods, order {rma.order.number}, return {rma.number}"
    assert papers.signer == "Sam Shopper"


def test_of_a_gift_they_say_what_it_sells_for_now_and_never_what_was_paid() -> None:
    rma = from_abroad()
    RMA.objects.filter(pk=rma.pk).update(recipient=a_customer(name="Rex"), resolution="store_credit")
    rma = RMA.objects.select_related("order__customer", "warehouse", "recipient").get(pk=rma.pk)
    Product.objects.filter(sku="MUG").update(hs_code="691200", origin_country="CN", price="13.495", currency="EUR")
    goods = parcels.packed(None, list(ReturnLine.objects.filter(rma=rma).select_related("order_line__product")))
    papers = labels.customs_of(rma, goods)
    [item] = papers.items
    assert (item.quantity, item.value, item.currency, papers.signer) == (2, Decimal("26.99"), "EUR", "Rex")
    assert labels.without_papers(rma, goods) == []
    for price in ("0", None):
        Product.objects.filter(sku="MUG").update(price=price)
        goods = parcels.packed(None, list(ReturnLine.objects.filter(rma=rma).select_related("order_line__product")))
        assert labels.without_papers(rma, goods) == list(goods)
    lifecycle.hold_label(rma.parcels.get().pk, LabelHold.CUSTOMS, by="system", at=NOON)
    assert "it needs a price in the catalog too" in staff_client("agent").get(rma.get_absolute_url()).content.decode()


def test_a_held_label_is_explained_to_both_sides_and_tried_for_again(client: Client) -> None:
    rma = from_abroad()
    parcel = rma.parcels.get()
    for _time in range(2):
        lifecycle.hold_label(parcel.pk, LabelHold.CUSTOMS, by="system", at=NOON)
    page = client.get(rma.get_portal_path()).content.decode()
    assert "A person prepares the papers your parcel needs at the border." in page
    assert "refresh" not in page
    manager, agent = staff_client("manager"), staff_client("agent")
    shown = manager.get(rma.get_absolute_url()).content.decode()
    assert "the tariff number (HS) and the country of origin of MUG." in shown
    product = Product.objects.get(sku="MUG")
    assert f"/admin/oms/product/{product.pk}/change/" in shown
    assert "A manager enters them with the product." in agent.get(rma.get_absolute_url()).content.decode()
    assert rma.number in agent.get("/returns/review/").content.decode()

    form = f"/admin/oms/product/{product.pk}/change/"
    given = {"hs_code": "691200", "origin_country": "CN", "weight_grams": "500", "longest_cm": "0"}
    assert agent.post(form, given).status_code == 403
    assert manager.post(form, given).status_code == 302
    product.refresh_from_db()
    assert (product.hs_code, product.origin_country, product.title) == ("691200", "CN", "Blue mug")
    assert Event.objects.get(name="product.changed").facts == {
        "product": product.pk,
        "fields": ["hs_code", "origin_country"],
    }
    assert "Everything customs ask for is entered now." in agent.get(rma.get_absolute_url()).content.decode()
    for _time in range(2):
        agent.post(f"/returns/{rma.number}/label/{parcel.pk}/again/")
    told = Event.objects.filter(stream=rma.stream).order_by("sequence").values_list("name", flat=True)
    assert list(told) == ["rma.requested", "parcel.label_held", "parcel.label_wanted"]
    assert rma.number not in agent.get("/returns/review/").content.decode()
    assert staff_client("dock").post(f"/returns/{rma.number}/label/{parcel.pk}/again/").status_code == 403


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"hs_code": "6912", "origin_country": "CN"}, "6 to 10 digits, without dots or blanks."),
        ({"hs_code": "6912.00", "origin_country": "CN"}, "6 to 10 digits, without dots or blanks."),
        ({"hs_code": "69120000000", "origin_country": "CN"}, "6 to 10 digits, without dots or blanks."),
        ({"hs_code": "691200", "origin_country": "China"}, "at most 2 characters"),
        ({"hs_code": "691200", "origin_country": "cn"}, "Two capital letters, as GB or CN"),
    ],
)
def test_what_customs_would_not_understand_is_refused_at_its_field(given: dict[str, str], sentence: str) -> None:
    an_order()
    product = Product.objects.get(sku="MUG")
    answer = staff_client("manager").post(f"/admin/oms/product/{product.pk}/change/", given)
    assert sentence in answer.content.decode()
    product.refresh_from_db()
    assert (product.hs_code, product.origin_country) == ("", "")


def test_a_label_that_was_held_and_then_called_off_is_not_tried_for() -> None:
    rma = from_abroad()
    parcel = rma.parcels.get()
    lifecycle.hold_label(parcel.pk, LabelHold.CUSTOMS, by="system", at=NOON)
    lifecycle.cancel(rma.number, by="user:1", at=NOON + timedelta(hours=1))
    lifecycle.want_label_again(parcel.pk, by="user:1", at=NOON + timedelta(hours=2))
    assert Event.objects.filter(stream=rma.stream).latest("sequence").name == "rma.canceled"
