"""What stock is worth under four methods, against a slow model that moves one unit at a time."""

import json
import subprocess
import sys
from decimal import Decimal as D
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from inventory.valuation import Method, Op, StockEvent, value_events
from inventory.value_json import value_text
from tests.commands import manage
from tests.properties import thorough

ROOT = Path(__file__).resolve().parents[2]

EXAMPLE: dict[str, Any] = {
    "method": "fifo",
    "events": [
        {"op": "receive", "qty": 60, "unit_cost": "10.00"},
        {"op": "receive", "qty": 40, "unit_cost": "12.00"},
        {"op": "issue", "qty": 80},
        {"op": "return", "qty": 5, "of": 2},
        {"op": "issue", "qty": 10},
    ],
}


def value(method: str, *events: dict[str, Any]) -> dict[str, Any]:
    return value_text(json.dumps({"method": method, "events": list(events)}))


def receive(qty: Any, cost: str) -> dict[str, Any]:
    return {"op": "receive", "qty": qty, "unit_cost": cost}


def issue(qty: Any, **lot: int) -> dict[str, Any]:
    return {"op": "issue", "qty": qty, **lot}


def come_back(qty: Any, of: int) -> dict[str, Any]:
    return {"op": "return", "qty": qty, "of": of}


def send_back(qty: Any, of: int) -> dict[str, Any]:
    return {"op": "vendor_return", "qty": qty, "of": of}


def costs(found: dict[str, Any]) -> list[str]:
    assert "error" not in found, found
    return [row["cost"] for row in found["events"]]


def test_the_example() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "value_stock"],
        input=json.dumps(EXAMPLE).encode(),
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    found = json.loads(done.stdout)
    assert [done.returncode, done.stderr] == [0, b""]
    assert found["events"][0] == {"cost": "600.00", "unit_cost": "10.00", "average": "10.00"}
    assert found["events"][-1]["cost"] == "110.00"
    assert [found["qty"], found["value"], found["cogs"]] == [15, "180.00", "900.00"]


@pytest.mark.parametrize(
    ("method", "expected"),
    [("lifo", [15, "150.00", "930.00"]), ("average", [15, "162.00", "918.00"]), ("fifo", [15, "180.00", "900.00"])],
)
def test_the_option_beats_the_file(method: str, expected: list[Any], tmp_path: Path) -> None:
    file, out = tmp_path / "movements.json", StringIO()
    file.write_text(json.dumps(EXAMPLE))
    call_command("value_stock", str(file), "--method", method, stdout=out)
    found = json.loads(out.getvalue())
    assert [found["qty"], found["value"], found["cogs"]] == expected


class TestWhereReturnedUnitsGo:
    EVENTS = (receive(2, "10.00"), receive(2, "20.00"), issue(3), come_back(2, 2), issue(1), issue(1))

    def test_fifo_into_their_old_place(self) -> None:
        assert costs(value("fifo", *self.EVENTS)) == ["20.00", "40.00", "40.00", "20.00", "10.00", "10.00"]

    def test_lifo_as_the_newest(self) -> None:
        assert costs(value("lifo", *self.EVENTS)) == ["20.00", "40.00", "50.00", "40.00", "20.00", "20.00"]

    def test_average_at_the_cost_they_left_with(self) -> None:
        found = value("average", receive(2, "10.00"), issue(1), receive(1, "40.00"), come_back(1, 1))
        assert [row["average"] for row in found["events"]] == ["10.00", "10.00", "25.00", "20.00"]

    def test_specific_into_their_lot(self) -> None:
        events = receive(1, "10.00"), receive(1, "20.00"), issue(1, lot=1), come_back(1, 2), issue(1, lot=1)
        assert costs(value("specific", *events)) == ["10.00", "20.00", "20.00", "20.00", "20.00"]

    def test_a_second_return_goes_on_where_the_first_stopped(self) -> None:
        events = receive(2, "10.00"), receive(2, "20.00"), issue(4), come_back(1, 2), come_back(2, 2), come_back(1, 2)
        assert costs(value("fifo", *events))[3:] == ["10.00", "30.00", "20.00"]


class TestVendorReturns:
    @pytest.mark.parametrize(
        ("method", "cost"), [("fifo", "20.00"), ("lifo", "20.00"), ("specific", "20.00"), ("average", "30.00")]
    )
    def test_units_of_that_receipt_leave_without_being_sold(self, method: str, cost: str) -> None:
        found = value(method, receive(2, "10.00"), receive(2, "20.00"), send_back(2, 0))
        assert [found["events"][2]["cost"], found["qty"], found["cogs"]] == [cost, 2, "0.00"]

    @pytest.mark.parametrize("method", ["fifo", "lifo"])
    def test_only_what_is_left_of_it(self, method: str) -> None:
        first = 0 if method == "fifo" else 1
        found = value(method, receive(2, "10.00"), receive(2, "20.00"), issue(1), send_back(2, first))
        assert found["error"]["code"] == "more_than_on_hand"

    def test_units_that_came_back_may_go_back(self) -> None:
        found = value("lifo", receive(1, "10.00"), issue(1), come_back(1, 1), send_back(1, 0))
        assert [found["qty"], found["value"]] == [0, "0.00"]


class TestShown:
    def test_what_has_no_end_has_six_decimals_at_least(self) -> None:
        found = value("average", receive(1, "10.00"), receive(2, "7.50"))
        assert found["events"][1]["average"] == "8.333333333333"

    def test_what_ends_is_exact(self) -> None:
        assert costs(value("fifo", receive("0.125", "0.3"))) == ["0.0375"]

    def test_nothing_is_worth_nothing(self) -> None:
        found = value("average", receive(3, "10.00"), receive(4, "7.77"), issue(3), issue(4))
        assert [found["events"][-1]["average"], found["qty"], found["value"]] == [None, 0, "0.00"]

    def test_nothing_has_no_sign(self) -> None:
        assert costs(value("fifo", receive(1, "-0"))) == ["0.00"]

    def test_quantities_may_have_decimals(self) -> None:
        assert value("fifo", receive("2.5", "1.00"), issue("1.25"))["qty"] == "1.25"


@pytest.mark.parametrize(
    ("method", "events", "code"),
    [
        ("fifo", [issue(1)], "more_than_on_hand"),
        ("fifo", [receive(1, "1.00"), issue(2)], "more_than_on_hand"),
        ("fifo", [receive(1, "1.00"), issue(1), come_back(2, 1)], "more_than_issued"),
        ("fifo", [receive(1, "1.00"), issue(1), come_back(1, 1), come_back(1, 1)], "more_than_issued"),
        ("fifo", [receive(1, "1.00"), come_back(1, 0)], "unknown_reference"),
        ("fifo", [receive(1, "1.00"), come_back(1, 7)], "unknown_reference"),
        ("fifo", [receive(1, "1.00"), send_back(1, -1)], "unknown_reference"),
        ("fifo", [receive(1, "1.00"), issue(1), send_back(1, 1)], "unknown_reference"),
        ("fifo", [receive(1, "-1.00")], "negative_cost"),
        ("fifo", [receive(0, "1.00")], "not_positive"),
        ("fifo", [receive("-1", "1.00")], "not_positive"),
        ("fifo", [receive(1.5, "1.00")], "wrong_type"),
        ("fifo", [receive(True, "1.00")], "wrong_type"),
        ("fifo", [receive(10**10, "1.00")], "bad_amount"),
        ("fifo", [{"op": "receive", "qty": 1, "unit_cost": 1.0}], "bad_amount"),
        ("fifo", [{"op": "receive", "qty": 1}], "missing_key"),
        ("fifo", [{"op": "return", "qty": 1}], "missing_key"),
        ("fifo", [{"op": "steal", "qty": 1}], "unknown_value"),
        ("fifo", [{"op": "issue", "qty": 1, "of": 0}], "unknown_key"),
        ("fifo", ["issue"], "wrong_type"),
        ("hifo", [], "unknown_value"),
        ("specific", [receive(1, "1.00"), issue(1)], "lot_missing"),
        ("specific", [receive(1, "1.00"), issue(1, lot=1)], "unknown_reference"),
        ("specific", [receive(1, "1.00"), receive(5, "1.00"), issue(2, lot=0)], "more_than_on_hand"),
    ],
)
def test_refusals(method: str, events: list[dict[str, Any]], code: str) -> None:
    found = value(method, *events)
    assert found["error"]["code"] == code
    assert found["error"]["message"].endswith(".")


def test_lines_and_exit_codes() -> None:
    def run(given: str, *options: str) -> subprocess.CompletedProcess[bytes]:
        return manage("value_stock", *options, given=given)

    refused = json.dumps({"method": "fifo", "events": [issue(1)]})
    assert [run(refused).returncode, run("{").returncode] == [1, 2]
    done = run(f"{refused}\n{{\n{json.dumps(EXAMPLE)}\n", "--lines")
    answers = [json.loads(text) for text in done.stdout.splitlines()]
    assert [done.returncode, [sorted(found) for found in answers]] == [
        0,
        [["error"], ["error"], ["cogs", "events", "qty", "value"]],
    ]


class OneByOne:
    """The slow model: every unit is an object with its receipt and cost; exact fractions."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.units: list[tuple[int, Fraction]] = []
        self.out: dict[int, list[tuple[int, Fraction]]] = {}
        self.value = Fraction(0)

    def leave(self, chosen: list[tuple[int, Fraction]]) -> Fraction:
        """Take these units away; equal ones are the same."""
        for unit in chosen:
            self.units.remove(unit)
        cost = sum((unit[1] for unit in chosen), Fraction(0))
        self.value -= cost
        return cost

    def apply(self, at: int, event: StockEvent) -> Fraction:
        count = int(event.quantity)
        if event.op is Op.RECEIVE:
            fresh = [(at, Fraction(event.unit_cost))] * count
            self.units += fresh
            return self._enter(fresh)
        if event.op is Op.RETURN:
            assert event.of is not None
            back, self.out[event.of] = self.out[event.of][:count], self.out[event.of][count:]
            self.units += back
            return self._enter(back)
        if self.method is Method.AVERAGE:
            each = self.value / len(self.units)
            self.out[at] = [(-1, each)] * count
            del self.units[:count]
            self.value -= each * count
            return each * count
        if self.method is Method.SPECIFIC:
            chosen = [unit for unit in self.units if unit[0] == event.lot][:count]
        elif self.method is Method.FIFO:
            chosen = sorted(self.units, key=lambda unit: unit[0])[:count]
        else:
            chosen = list(reversed(self.units))[:count]
        self.out[at] = chosen
        if self.method is Method.LIFO:  # equal units lie at several depths: the newest leave, not the first equal ones
            del self.units[len(self.units) - count :]
            self.value -= sum((unit[1] for unit in chosen), Fraction(0))
            return sum((unit[1] for unit in chosen), Fraction(0))
        return self.leave(chosen)

    def _enter(self, units: list[tuple[int, Fraction]]) -> Fraction:
        cost = sum((unit[1] for unit in units), Fraction(0))
        self.value += cost
        return cost


@thorough
@given(st.sampled_from(Method), st.randoms(use_true_random=False), st.integers(1, 30))
def test_it_agrees_with_moving_one_unit_at_a_time(method: Method, rnd: Any, length: int) -> None:
    model = OneByOne(method)
    events: list[StockEvent] = []
    expected: list[Fraction] = []
    for at in range(length):
        event = draw_event(rnd, model, events)
        events.append(event)
        expected.append(model.apply(at, event))
    found = value_events(events, method)
    assert [
        abs(Fraction(row.cost) - cost) < Fraction(1, 10**40) for row, cost in zip(found.events, expected, strict=True)
    ] == [True] * length
    assert found.quantity == len(model.units)
    assert abs(Fraction(found.value) - model.value) < Fraction(1, 10**40)
    issued = sum(cost for event, cost in zip(events, expected, strict=True) if event.op is Op.ISSUE)
    returned = sum(cost for event, cost in zip(events, expected, strict=True) if event.op is Op.RETURN)
    assert abs(Fraction(found.cogs) - (issued - returned)) < Fraction(1, 10**40)


def draw_event(rnd: Any, model: OneByOne, events: list[StockEvent]) -> StockEvent:
    """A movement that is possible now."""
    waiting = [at for at, units in model.out.items() if units]
    choice = rnd.random()
    if waiting and choice < 0.25:
        of = rnd.choice(waiting)
        return StockEvent(Op.RETURN, D(rnd.randint(1, len(model.out[of]))), of=of)
    if model.units and choice < 0.65:
        lot = rnd.choice(model.units)[0] if model.method is Method.SPECIFIC else None
        most = sum(unit[0] == lot for unit in model.units) if lot is not None else len(model.units)
        return StockEvent(Op.ISSUE, D(rnd.randint(1, most)), lot=lot)
    return StockEvent(Op.RECEIVE, D(rnd.randint(1, 9)), unit_cost=D(rnd.randint(0, 999)).scaleb(-2))
