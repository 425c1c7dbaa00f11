"""What K6 compares after each step, and how it is read from the database."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from hypothesis.stateful import RuleBasedStateMachine, invariant

from inventory.models import StockLevel
from inventory.states import BinKind
from oms.journal import Account
from oms.models import Customer, Event, Order, OrderLine, Payment, Posting, Product, UnitClaim
from refunds.models import CreditMemo, CreditMemoLine, Refund, StoreCreditGrant
from returns.models import RMA, Dispatch
from tests.proofs.k6_model import Model

INVARIANTS: list[str] = []
CENT = Decimal("0.01")
PHASES = {"inspected": ("inspected", "closed")}
UNPAID = ("requested", "awaiting_approval", "approved", "submitted", "pending", "failed")


def pounds(pence: int) -> Decimal:
    return Decimal(pence) * CENT


def pence(amount: Decimal | None) -> int:
    return int((amount or Decimal(0)) / CENT)


def units_of(claim: UnitClaim) -> set[int]:
    return {unit for low, high in claim.units for unit in range(low, high)}


def must_hold(function: Callable[[Any], None]) -> Any:
    INVARIANTS.append(function.__name__)
    return invariant()(function)


class Invariants(RuleBasedStateMachine):
    """Both sides and what must hold between them."""

    model: Model
    order: Order
    customer: Customer
    order_lines: list[OrderLine]
    payments: list[int]
    goods: dict[str, Product]
    _seen: "Seen | None" = None

    @property
    def seen(self) -> "Seen":
        """What stands in the database, read once a step."""
        if self._seen is None:
            self._seen = Seen(self)
        return self._seen

    @must_hold
    def payments_are_as_reckoned(self) -> None:
        found = [(pence(one.captured), pence(one.refunded), pence(one.in_flight)) for one in self.seen.payments]
        assert found == [(one.captured, one.refunded, one.in_flight) for one in self.model.payments]

    @must_hold
    def no_payment_gives_more_than_it_got(self) -> None:
        for one in self.seen.payments:
            assert min(one.refunded, one.in_flight, one.captured - one.refunded - one.in_flight) >= 0

    @must_hold
    def refunds_stand_where_they_should(self) -> None:
        found = {
            one.number: (one.status, pence(one.amount), self.payments.index(one.payment_id))
            for one in self.seen.refunds
        }
        assert found == {name: (one.status, one.amount, one.payment) for name, one in self.model.refunds.items()}

    @must_hold
    def what_is_settled_is_what_was_refunded(self) -> None:
        settled = sum(one.amount for one in self.seen.refunds if one.status == "settled")
        assert settled == sum(one.refunded for one in self.seen.payments)

    @must_hold
    def what_is_under_way_is_set_aside(self) -> None:
        moving = ("requested", "awaiting_approval", "approved", "submitted", "pending")
        under_way = sum(one.amount for one in self.seen.refunds if one.status in moving)
        assert under_way == sum(one.in_flight for one in self.seen.payments)

    @must_hold
    def memos_say_what_was_owed(self) -> None:
        assert sorted(pence(memo.total) for memo in self.seen.memos if memo.total) == sorted(self.model.memos)

    @must_hold
    def each_memo_is_paid_by_its_refunds(self) -> None:
        paid: Counter[int] = Counter()
        for one in self.seen.refunds:
            paid[one.memo_id] += pence(one.amount)
        assert {memo.pk: pence(memo.total) for memo in self.seen.memos if memo.total} == dict(paid)

    @must_hold
    def no_line_pays_more_than_it_cost(self) -> None:
        for place, model in enumerate(self.model.lines):
            asked = {
                unit for one in self.model.returns.values() if one.is_asked and one.line == place for unit in one.units
            }
            owed = model.worth(asked | model.canceled)
            assert self.seen.credited[self.order_lines[place].pk] <= owed <= model.gross

    @must_hold
    def units_are_claimed_once(self) -> None:
        for line, model in zip(self.order_lines, self.model.lines, strict=True):
            assert sorted(self.seen.claimed.get(line.pk, [])) == sorted(model.out | model.canceled)

    @must_hold
    def lines_count_what_happened(self) -> None:
        assert self.seen.lines == [(one.shipped, len(one.canceled), len(one.back)) for one in self.model.lines]

    @must_hold
    def returns_are_in_their_phase(self) -> None:
        for rma in self.seen.returns:
            phase = self.model.returns[rma.number].phase
            assert rma.status in PHASES.get(phase, (phase,))

    @must_hold
    def an_unpaid_return_is_not_closed(self) -> None:
        closed = {rma.pk for rma in self.seen.returns if rma.status == "closed"}
        assert [one for one in self.seen.refunds if one.rma_id in closed and one.status in UNPAID] == []

    @must_hold
    def every_entry_of_the_books_is_even(self) -> None:
        entries: Counter[int] = Counter()
        for entry, _account, _cause, amount in self.seen.postings:
            entries[entry] += int(amount * 1000)
        assert [entry for entry, sum_ in entries.items() if sum_] == []

    @must_hold
    def the_books_say_what_left(self) -> None:
        left = [
            pence(amount)
            for _entry, account, cause, amount in self.seen.postings
            if account == Account.PROVIDER and cause.startswith("refund/")
        ]
        settled = [one for one in self.seen.refunds if one.status == "settled" and one.destination != "exchange"]
        assert sum(left) == -sum(pence(one.amount) for one in settled)

    @must_hold
    def nothing_is_attempted_twice_at_once(self) -> None:
        assert {one.number: one.open for one in self.seen.refunds if one.open} == {
            name: 1 for name, one in self.model.refunds.items() if one.status == "submitted"
        }

    @must_hold
    def credit_is_as_reckoned(self) -> None:
        given, used, held = self.seen.credit
        assert (given, held, used) == (self.model.given, self.model.held, self.model.spent)

    @must_hold
    def credit_is_conserved(self) -> None:
        assert self.model.free + self.model.held + self.model.spent == self.model.given
        assert self.model.free >= 0

    @must_hold
    def the_books_owe_the_credit_that_was_given(self) -> None:
        assert self.seen.owed_as_credit == -self.model.given

    @must_hold
    def goods_set_aside_are_there(self) -> None:
        model = self.model
        assert self.seen.stock == {sku: (model.reserved(sku), there) for sku, there in model.stock.items()}
        assert all(reserved <= there for reserved, there in self.seen.stock.values())

    @must_hold
    def exchanges_stand_where_they_should(self) -> None:
        assert {one.rma.number: one.status for one in self.seen.exchanges} == {
            number: one.status for number, one in self.model.exchanges.items()
        }

    @must_hold
    def value_carried_is_credited_on_the_order_that_goes_out(self) -> None:
        carried, paid = self.seen.paid_for_goods(carried=True), self.seen.paid_for_goods(carried=False)
        found = {one.rma.number: (carried[one.order_id], paid[one.order_id]) for one in self.seen.exchanges}
        assert found == {number: (one.carried, one.paid) for number, one in self.model.exchanges.items()}
        settled = [one for one in self.seen.refunds if one.status == "settled" and one.destination == "exchange"]
        assert sum(carried.values()) == sum(pence(one.amount) for one in settled)

    @must_hold
    def goods_leave_when_they_are_paid_and_not_dearer(self) -> None:
        for one in self.seen.exchanges:
            captured = sum(pence(paid.captured) for paid in self.seen.for_goods if paid.order_id == one.order_id)
            total = pence(one.order.total)
            assert captured <= total
            assert one.status != "released" or captured == total
            assert one.status != "held" or captured < total

    @must_hold
    def nothing_is_paid_twice(self) -> None:
        back = sum(pence(one.refunded) for one in self.seen.for_goods)
        assert back == sum(one.back for one in self.model.exchanges.values())
        left = [one for one in self.seen.refunds if one.status == "settled" and one.destination != "exchange"]
        came = sum(one.captured for one in self.model.payments) + sum(one.paid for one in self.model.exchanges.values())
        assert sum(pence(one.amount) for one in left) + back <= came

    @must_hold
    def the_story_of_each_refund_is_whole(self) -> None:
        for one in self.seen.refunds:
            assert self.seen.stories[one.stream] == list(range(1, one.event_sequence + 1))

    @must_hold
    def the_story_of_each_return_is_whole(self) -> None:
        for one in self.seen.returns:
            assert self.seen.stories[one.stream] == list(range(1, one.event_sequence + 1))


class Seen:
    """What the database holds of this order and this customer."""

    def __init__(self, machine: Invariants) -> None:
        order, customer = machine.order, machine.customer
        attempts = Count("attempts", filter=Q(attempts__result__in=("sent", "unknown")))
        self.payments = list(order.payments.order_by("captured_at", "pk"))
        self.refunds = list(Refund.objects.filter(order=order).annotate(open=attempts))
        self.memos = list(CreditMemo.objects.filter(order=order))
        self.returns = list(RMA.objects.filter(order=order))
        self.lines = list(order.lines.order_by("position").values_list("shipped", "canceled", "returned"))
        self.claimed: dict[int, list[int]] = {}
        for claim in UnitClaim.objects.filter(order_line__order=order, active=True):
            self.claimed.setdefault(claim.order_line_id, []).extend(units_of(claim))
        self.credited: Counter[int] = Counter()
        lines = CreditMemoLine.objects.filter(memo__order=order).exclude(order_line=None)
        for line, gross in lines.values_list("order_line", "gross"):
            self.credited[line] += pence(gross)
        postings = Posting.objects.filter(entry__order=order)
        self.postings = list(postings.values_list("entry", "account", "entry__cause", "amount"))
        streams = [one.stream for one in (*self.refunds, *self.returns)]
        self.stories: dict[str, list[int]] = {}
        for stream, sequence in (
            Event.objects.filter(stream__in=streams).order_by("sequence").values_list("stream", "sequence")
        ):
            self.stories.setdefault(stream, []).append(sequence)
        self.stock = {one.product.sku: (one.reserved, one.quantity) for one in _levels(machine)}
        self.exchanges, self.for_goods = list[Dispatch](), list[Payment]()
        if machine.model.exchanges:
            self.exchanges = list(Dispatch.objects.filter(rma__order=order).select_related("order", "rma"))
            self.for_goods = list(Payment.objects.filter(order__in=[one.order_id for one in self.exchanges]))
        self.credit, self.owed_as_credit = (0, 0, 0), 0
        if machine.model.given:
            grants = StoreCreditGrant.objects.filter(account__customer=customer)
            sums = grants.aggregate(given=Sum("amount"), used=Sum("used"), held=Sum("authorized"))
            self.credit = pence(sums["given"]), pence(sums["used"]), pence(sums["held"])
            number = grants.values_list("account__number", flat=True)[0]
            owed = Posting.objects.filter(
                account=Account.STORE_CREDIT, entry__cause__startswith=f"store_credit/{number}/"
            )
            self.owed_as_credit = pence(owed.aggregate(sum=Sum("amount"))["sum"])

    def paid_for_goods(self, *, carried: bool) -> Counter[int]:
        """What was captured for each order that goes out: of value carried over, or of new money."""
        sums: Counter[int] = Counter()
        for one in self.for_goods:
            if (one.carried_from_id is not None) == carried:
                sums[one.order_id] += pence(one.captured)
        return sums


def _levels(machine: Invariants) -> list[StockLevel]:
    found = StockLevel.objects.filter(product__in=list(machine.goods.values()), bin__kind=BinKind.SHELF)
    return list(found.select_related("product"))
