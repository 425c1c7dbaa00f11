"""The machine of K6: each rule does one thing to both sides; the invariants compare them."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from oms.models import Event, Payment, UnitClaim
from oms.orders.cancellation import cancel_lines
from oms.refusals import Refused
from oms.states import PaymentMethod
from refunds import lifecycle as money
from refunds.models import Refund, StoreCredit
from refunds.pricing import price_return
from refunds.store_credit import Category
from returns import lifecycle as returns
from returns.eligibility import Wanted
from returns.lifecycle import Arrived, Finding
from returns.models import RMA
from tests.builders import NOON, Sold, a_customer, an_order
from tests.proofs.k6_invariants import Invariants, pence, pounds, units_of
from tests.proofs.k6_model import Hold, Line, Model
from tests.refunds.cases import DOCK, FINANCE, people

TOLD: Counter[str] = Counter()
PICK = st.integers(0, 99)
COUNT = st.sampled_from([1, 1, 2, 2, 3, 5, 0, -1, 9])  # mostly what there may be
LATER = NOON + timedelta(days=3)


class Machine(Invariants):
    @initialize(
        lines=st.lists(st.tuples(st.integers(1, 5), st.integers(1, 9_000), PICK), min_size=1, max_size=2),
        cut=st.integers(0, 100),
        drawn=st.integers(0, 1_500),
    )
    def an_order_is_paid_and_partly_sent(self, lines: list[tuple[int, int, int]], cut: int, drawn: int) -> None:
        people()
        model = [Line(quantity, gross, part % (quantity + 1)) for quantity, gross, part in lines]
        if not any(line.shipped for line in model):
            model[0].shipped = model[0].quantity
        self.customer = a_customer(email=f"{uuid4().hex}@example.test")
        sold = [
            Sold(sku=f"K6-{place}", quantity=line.quantity, gross=str(pounds(line.gross)), tax="0.00", tax_rate="0",
                 unit_cost="0.01", shipped=line.shipped)
            for place, line in enumerate(model)
        ]  # fmt: skip
        self.order = an_order(lines=sold, customer=self.customer, provider_id=f"pi_{uuid4().hex}")
        self.order_lines = list(self.order.lines.order_by("position"))
        total = sum(line.gross for line in model)
        first = total * cut // 100
        parts = [part for part in (first, total - first) if part]
        whole = self.order.payments.get()
        Payment.objects.filter(pk=whole.pk).update(captured=pounds(parts[0]))
        for part in parts[1:]:
            Payment.objects.create(
                order=self.order, method=PaymentMethod.CARD, provider_id=f"pi_{uuid4().hex}", currency="GBP",
                captured=pounds(part), captured_at=whole.captured_at + timedelta(minutes=5),
            )  # fmt: skip
        self.payments = list(self.order.payments.order_by("captured_at", "pk").values_list("pk", flat=True))
        self.model, self.goods = Model(model, parts), {}
        self.begin(drawn)

    def begin(self, drawn: int) -> None:
        """So that there is something to go on with."""
        self.ask_to_return(0, 1)

    # ── Doing it ──

    def _do(self, name: str, expected: bool, call: Callable[[], Any], *, quiet: bool = False) -> Any:
        """Call the product. It must refuse exactly what the model refuses; with `quiet`, leaving it is refusing.

        What is refused aloud is rolled back by PostgreSQL, so what was seen before is seen after it.
        """
        before, answer, said = self._events(), None, ""
        try:
            with transaction.atomic():
                answer = call()
        except Refused as refused:
            said = f"{name} was refused: {refused.code}"
        if said:
            assert not expected, said
            TOLD[f"refused {name}"] += 1
            return None
        self._seen = None
        happened = self._events() > before
        if quiet and not expected:
            told = list(Event.objects.filter(pk__gt=before).values_list("stream", "name"))
            assert not happened, f"{name} did what the model does not know: {told}"
            TOLD[f"refused {name}"] += 1
            return None
        assert expected, f"{name} was not refused"
        TOLD[f"did {name}"] += 1
        return answer

    def _events(self) -> int:
        """The newest event; nobody else writes any."""
        return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def _one(self, names: dict[str, Any], pick: int) -> str:
        return list(names)[pick % len(names)]

    # ── Goods ──

    @rule(place=PICK, count=COUNT)
    def ask_to_return(self, place: int, count: int) -> None:
        at = place % len(self.order_lines)
        line = self.order_lines[at]
        rma = self._do(
            "return",
            self.model.may_return(at, count),
            lambda: returns.request(
                self.order.number, [Wanted(line.pk, count, "changed_mind", "opened")], resolution="refund",
                price=price_return, form_token=uuid4(), by=self.customer.actor, at=NOON,
            ),
        )  # fmt: skip
        if rma is not None:
            self._returned(rma, at, count)

    def _returned(self, rma: RMA, at: int, count: int) -> None:
        if rma.status == "needs_review":
            returns.approve(rma.number, by="user:1", at=NOON)
        [claim] = UnitClaim.objects.filter(return_line__rma=rma)
        units = units_of(claim)
        assert len(units) == count
        assert not units & (self.model.lines[at].out | self.model.lines[at].canceled)
        self.model.returned(rma.number, at, units)

    @precondition(lambda self: self.model.returns)
    @rule(pick=PICK)
    def call_a_return_off(self, pick: int) -> None:
        number = self._one(self.model.returns, pick)
        by = self.customer.actor
        self._do("cancel", self.model.call_off(number), lambda: returns.cancel(number, by=by, at=NOON), quiet=True)

    @precondition(lambda self: self.model.returns)
    @rule(pick=PICK)
    def carry_a_return_on(self, pick: int) -> None:
        """What comes next for it: receive, inspect, pay."""
        self.carry_on(self._one(self.model.returns, pick))

    def carry_on(self, number: str) -> None:
        steps = {"approved": self._receive, "received": self._inspect}
        steps.get(self.model.returns[number].phase, self._pay)(number)

    carry_on_a_return = carry_a_return_on
    go_on_with_a_return = carry_a_return_on

    @precondition(lambda self: self.model.returns)
    @rule(pick=PICK, step=st.sampled_from(["receive", "inspect", "pay"]))
    def step_out_of_turn(self, pick: int, step: str) -> None:
        number = self._one(self.model.returns, pick)
        if step == "inspect" and self.model.returns[number].phase in ("approved", "canceled"):
            return  # there is no receipt to inspect
        {"receive": self._receive, "inspect": self._inspect, "pay": self._pay}[step](number)

    def _receive(self, number: str) -> None:
        line = RMA.objects.get(number=number).lines.get()
        pieces = [Arrived(line.pk, line.quantity)]
        self._do(
            "receive",
            self.model.receive(number),
            lambda: returns.receive(number, pieces, form_token=uuid4(), by=DOCK, at=LATER),
        )

    def _inspect(self, number: str) -> None:
        receipt = RMA.objects.get(number=number).lines.get().receipts.get()
        found = [Finding(receipt.pk, receipt.quantity, "opened", "")]
        self._do(
            "inspect",
            self.model.inspect(number),
            lambda: returns.inspect(number, found, form_token=uuid4(), by=DOCK, at=LATER),
        )

    @rule(place=PICK, count=COUNT)
    def cancel_units(self, place: int, count: int) -> None:
        at = place % len(self.order_lines)
        line, model = self.order_lines[at], self.model.lines[at]
        wanted = {line.pk: count}
        claims = self._do(
            "cancel units",
            self.model.may_cancel(at, count),
            lambda: cancel_lines(self.order.number, wanted, "customer", by="user:1", at=NOON),
        )
        if claims is None:
            return
        units = {unit for claim in claims for unit in units_of(claim)}
        assert len(units) == count
        assert not units & (model.out | model.canceled)
        model.canceled |= units
        self._ask(
            model.worth(units),
            lambda: money.request_for_cancellation(
                self.order.number, [claim.pk for claim in claims], by="user:1", at=NOON
            ),
        )

    # ── Money ──

    def _ask(self, amount: int, call: Callable[[], list[Refund]], status: str = "approved") -> bool:
        """Money becomes owed: over the payments, the oldest first, or refused where there is not enough."""
        shares = self.model.shares(amount)
        before = {one.number for one in Refund.objects.filter(order=self.order)}
        made = self._do("ask for money", bool(shares), call, quiet=True)
        if made is None:
            return False
        fresh = {
            one.number: (self.payments.index(one.payment_id), pence(one.amount))
            for one in made
            if one.number not in before
        }
        assert sorted(fresh.values()) == sorted(shares or [])
        self.model.asked(fresh, status)
        return True

    def _pay(self, number: str) -> None:
        owed, one = self.model.owed(number), self.model.returns[number]
        if one.phase == "inspected" and not one.is_asked and not owed:
            money.request_for_return(number, by="system", at=LATER)  # worth less than half a penny: nothing to pay
            self._seen = None
            one.is_asked = True
        elif self._ask(owed, lambda: money.request_for_return(number, by="system", at=LATER)):
            one.is_asked = True

    @rule(amount=st.integers(-50, 900))
    def goodwill(self, amount: int) -> None:
        self._ask(
            amount,
            lambda: money.request_goodwill(self.order.number, pounds(amount), form_token=uuid4(), by=DOCK, at=LATER),
            "awaiting_approval",
        )

    @precondition(lambda self: self.model.refunds)
    @rule(pick=PICK)
    def carry_a_refund_on(self, pick: int) -> None:
        """What comes next for it."""
        number = self._one(self.model.refunds, pick)
        after = {"awaiting_approval": "approve", "approved": "submit", "submitted": "settle", "failed": "retry"}
        self._refund(number, after.get(self.model.refunds[number].status, "fail"))

    carry_on_a_refund = carry_a_refund_on

    @precondition(lambda self: self.model.refunds)
    @rule(pick=PICK, verb=st.sampled_from(["fail", "refuse", "cancel", "retry", "approve", "submit", "settle"]))
    def move_a_refund(self, pick: int, verb: str) -> None:
        self._refund(self._one(self.model.refunds, pick), verb)

    def _refund(self, number: str, verb: str) -> None:
        tries = Refund.objects.get(number=number).attempts.count()
        by, at = FINANCE, LATER
        steps: dict[str, tuple[Callable[[], bool], Callable[[], Any]]] = {
            "approve": (lambda: self.model.approve(number), lambda: money.approve(number, by=by, at=at)),
            "refuse": (lambda: self.model.refuse(number), lambda: money.refuse(number, reason="no", by=by, at=at)),
            "submit": (lambda: self.model.submit(number), lambda: money.submit(number, by=by, at=at)),
            "settle": (
                lambda: self.model.settle(number),
                lambda: money.settle(number, provider_id=f"re_{number}_{tries}", by="stripe", at=at),
            ),
            "fail": (
                lambda: self.model.fail(number),
                lambda: money.fail(number, provider_id=f"re_{number}_{tries}", reason="x", by="stripe", at=at),
            ),
            "cancel": (lambda: self.model.call_off_refund(number), lambda: money.cancel(number, by=by, at=at)),
            "retry": (
                lambda: self.model.retry(number),
                lambda: money.retry(number, after=tries, by=by, at=at),
            ),
        }
        if verb == "settle" and self.model.refunds[number].status == "failed":
            return  # paid after all: only the provider's own word about an attempt says that
        expected, call = steps[verb]
        self._do(f"{verb} from {self.model.refunds[number].status}", expected(), call, quiet=True)

    # ── Store credit ──

    @precondition(lambda self: self.model.given < 1_000)
    @rule(amount=st.integers(1, 900))
    def give_credit(self, amount: int) -> None:
        self._do(
            "grant",
            True,
            lambda: money.grant_credit(
                self.customer, pounds(amount), "GBP", category=Category.GIFT, cause=uuid4().hex, by=FINANCE, at=NOON
            ),
        )
        self.model.grant(amount)

    @precondition(lambda self: self.model.given)
    @rule(amount=st.integers(0, 1_500))
    def set_credit_aside(self, amount: int) -> None:
        account = StoreCredit.objects.get(customer=self.customer).number
        entry = self._do(
            "authorize",
            self.model.authorize(amount),
            lambda: money.authorize(
                account, pounds(amount), "GBP", customer=self.customer, cause=uuid4().hex, by="system", at=NOON
            ),
        )
        if entry is not None:
            self.model.holds[entry.reference] = Hold(amount)

    @precondition(lambda self: self.model.holds)
    @rule(pick=PICK, amount=st.integers(0, 900))
    def spend_what_is_set_aside(self, pick: int, amount: int) -> None:
        hold = self._one(self.model.holds, pick)
        entry = self._do(
            "capture",
            self.model.capture(hold, amount),
            lambda: money.capture(hold, amount=pounds(amount), cause=uuid4().hex, by="system", at=NOON),
        )
        if entry is not None:
            self.model.holds[hold].spent[entry.reference] = amount

    @precondition(lambda self: self.model.holds)
    @rule(pick=PICK)
    def free_what_is_set_aside(self, pick: int) -> None:
        hold = self._one(self.model.holds, pick)
        left = self.model.holds[hold].left
        self._do("void", left > 0, lambda: money.void(hold, cause=uuid4().hex, by="system", at=NOON), quiet=True)
        self.model.void(hold)

    @precondition(lambda self: any(hold.spent for hold in self.model.holds.values()))
    @rule(pick=PICK, amount=st.integers(0, 900))
    def give_spent_credit_back(self, pick: int, amount: int) -> None:
        spent = {entry: hold for hold, one in self.model.holds.items() for entry in one.spent}
        entry = self._one(spent, pick)
        self._do(
            "release",
            self.model.release(spent[entry], entry, amount),
            lambda: money.release(entry, pounds(amount), cause=uuid4().hex, by="system", at=NOON),
        )
