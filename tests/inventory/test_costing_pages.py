"""What stock is worth, on screen: side by side under four methods, and the terms of each category."""

from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inventory import costing, terms
from inventory.models import CategoryTerms, ProductValue
from inventory.states import CostingMethod
from oms.models import Event, Product
from oms.roles import Role
from tests.builders import NOON
from tests.jobs import run_jobs
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


def a_lamp() -> Product:
    product = Product.objects.create(sku="LAMP/1", title="Lamp", category="Lamps")
    costing.receive(product, 60, D(10), cause="bill/1", at=NOON)
    costing.receive(product, 40, D(12), cause="bill/2", at=NOON)
    costing.issue(product, 80, cause="order_line/1", at=NOON)
    return product


def test_four_methods_side_by_side() -> None:
    a_lamp()
    page = staff_client(Role.FINANCE).get("/stock/costing/LAMP/1/")
    assert page.status_code == 200
    assert [(row["label"], row["value"], row["cogs"], row["difference"]) for row in page.context["rows"]] == [
        ("first in, first out", D("240.00"), D("840.00"), D("0.00")),
        ("last in, first out", D("200.00"), D("880.00"), D("-40.00")),
        ("weighted average", D("216.00"), D("864.00"), D("-24.00")),
        ("specific identification", D("240.00"), D("840.00"), D("0.00")),
    ]
    assert "£240.00" in page.content.decode()


def test_a_product_without_value_says_when_there_will_be_some() -> None:
    Product.objects.create(sku="NEW", title="New")
    assert b"Nothing of it was ever ours in money" in staff_client(Role.DOCK).get("/stock/costing/NEW/").content
    assert staff_client(Role.DOCK).get("/stock/costing/NONE/").status_code == 404


def test_the_page_asks_the_same_number_of_questions_for_any_history() -> None:
    product = a_lamp()
    client = staff_client(Role.FINANCE)
    client.get("/stock/costing/LAMP/1/")
    counts = []
    for number in (1, 3):
        for at in range(number):
            costing.receive(product, 1, D(5), cause=f"bill/{number}/{at}", at=NOON)
        with CaptureQueriesContext(
            connection,
        ) as made:
            client.get("/stock/costing/LAMP/1/")
        counts.append(len(made))
    assert counts[0] == counts[1] <= 16


def test_another_method_for_a_category_revalues_what_stands_under_the_old_one() -> None:
    product = a_lamp()
    client = staff_client(Role.MANAGER)
    asked = {"category": "Lamps", "costing": "average", "issue_order": "oldest_first", "labels_each_up_to": "3"}
    assert client.post("/stock/terms/", asked).status_code == 302
    run_jobs()
    held = ProductValue.objects.get(product=product)
    assert [held.costing, held.value, terms.of(product).issue_order] == [CostingMethod.AVERAGE, 216, "oldest_first"]
    assert terms.of(product).labels_each_up_to == 3
    assert client.post("/stock/terms/", asked).status_code == 302  # the same again is no change
    assert Event.objects.filter(name="category_terms.changed").count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"costing": "cheapest"}, "costing"),
        ({"issue_order": ""}, "issue_order"),
        ({"labels_each_up_to": "-1"}, "labels_each_up_to"),
        ({"labels_each_up_to": "5000"}, "labels_each_up_to"),
        ({"category": "No such"}, "category"),
        ({"category": "x" * 61}, "category"),
        ({"category": "\0"}, "category"),
    ],
)
def test_terms_that_make_no_sense_are_refused_at_the_field(wrong: dict[str, str], field: str) -> None:
    a_lamp()
    asked = {"category": "Lamps", "costing": "fifo", "issue_order": "oldest_first"} | wrong
    page = staff_client(Role.MANAGER).post("/stock/terms/", asked)
    assert [page.status_code, list(page.context["refused"].errors)] == [422, [field]]
    assert not CategoryTerms.objects.exclude(category="").exists()


def test_who_may_not_change_settings_reads_them() -> None:
    a_lamp()
    dock = staff_client(Role.DOCK)
    assert b"Save these terms" not in dock.get("/stock/terms/").content
    asked = {"category": "Lamps", "costing": "average", "issue_order": "oldest_first"}
    assert dock.post("/stock/terms/", asked).status_code == 403
    assert staff_client(Role.MANAGER).get("/stock/terms/").content.count(b"Save these terms") == 2
