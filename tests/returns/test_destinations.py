"""Which warehouse takes a return: rules in their order, the first that fits, explained on the return."""

from typing import Any

import pytest

from inventory.models import Bin, StockLevel, Warehouse
from inventory.states import BinKind
from oms.models import Event
from oms.remembered import forget
from returns.models import WarehouseRule
from tests.builders import Sold, a_return, an_order
from tests.staff import staff_client

pytestmark = pytest.mark.django_db


def a_house(code: str, **more: Any) -> Warehouse:
    house = Warehouse.objects.create(
        code=code, name=f"House {code}", street="1 Dock Road", city="Leeds", postcode="LS1 1AA", **more
    )
    Bin.objects.bulk_create(Bin(warehouse=house, code=kind.upper(), kind=kind) for kind in BinKind)
    forget()
    return house


def a_rule(house: Warehouse, position: int = 10, **conditions: Any) -> WarehouseRule:
    rule = WarehouseRule.objects.create(
        code=f"r{position}", name=f"Rule {position}", position=position, warehouse=house, **conditions
    )
    forget()
    return rule


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({}, True),
        ({"categories": ["kitchen"]}, True),
        ({"categories": ["garden"]}, False),
        ({"countries": ["GB"]}, True),
        ({"countries": ["DE", "FR"]}, False),
        ({"conditions": ["opened"]}, True),
        ({"conditions": ["damaged"]}, False),
        ({"reasons": ["changed_mind", "wrong_size"]}, True),
        ({"reasons": ["defective"]}, False),
        ({"categories": ["kitchen"], "reasons": ["defective"]}, False),
    ],
)
def test_each_condition_decides(conditions: dict[str, list[str]], fits: bool) -> None:
    outlet = a_house("OUT")
    a_rule(outlet, **conditions)
    rma = a_return(an_order(lines=[Sold(category="kitchen")]))
    assert (rma.warehouse == outlet) is fits
    assert ("Rule 10" in rma.decision["destination"]) is fits
    expected = StockLevel.objects.filter(bin__warehouse=rma.warehouse, bin__kind=BinKind.EXPECTED)
    assert [level.quantity for level in expected] == [1]


def test_the_first_rule_wins_and_its_sentence_stands_on_the_return() -> None:
    first, second = a_house("ONE"), a_house("TWO")
    a_rule(second, 20, categories=["kitchen"])
    a_rule(first, 10, countries=["GB"], conditions=["opened"])
    rma = a_return(an_order())
    assert rma.decision["destination"] == "rule “Rule 10”: from GB, declared opened"
    page = staff_client("agent").get(rma.get_absolute_url()).content.decode()
    assert "House ONE" in page
    assert "Rule “Rule 10”: from GB, declared opened" in page


def test_a_house_that_takes_no_returns_is_passed_over() -> None:
    closed = a_house("SHUT", takes_returns=False)
    a_rule(closed)
    rma = a_return(an_order())
    assert (rma.warehouse.is_default, rma.decision["destination"]) == (True, "")


def test_a_manager_writes_rules_and_what_could_never_fit_is_refused() -> None:
    closed, outlet = a_house("SHUT", takes_returns=False), a_house("OUT")
    manager = staff_client("manager")
    good = {"code": "outlet", "name": "Outlet", "position": "5", "active": "on", "warehouse": outlet.pk}
    for wrong in ({"warehouse": closed.pk}, {"countries": "Narnia"}, {"conditions": "shiny"}, {"reasons": "because"}):
        assert manager.post("/admin/returns/warehouserule/add/", good | wrong).status_code == 200
    assert WarehouseRule.objects.count() == 0
    given = good | {"countries": "GB,Germany", "conditions": "damaged", "reasons": "defective"}
    assert manager.post("/admin/returns/warehouserule/add/", given).status_code == 302
    assert WarehouseRule.objects.get().countries == ["GB", "DE"]
    assert Event.objects.filter(stream="settings", name="warehouse_rule.changed").count() == 1
    default = Warehouse.objects.get(is_default=True)
    page = manager.post(f"/admin/inventory/warehouse/{default.pk}/change/", {"is_default": "on"}).content.decode()
    assert "The default warehouse takes returns" in page
    assert staff_client("agent").get("/admin/returns/warehouserule/add/").status_code == 403
