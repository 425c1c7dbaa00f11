"""S11: of thousands of attempts to let money out alone, none pays out.

An attempt is a history of four to ten steps, most of them hostile, drawn with a fixed seed: asking and approving as the
same person, cutting an amount into parts over one order and over several of a customer, changing roles in between,
spreading it over other payments, approving what was seen before it changed, changing what was approved, forging
approvals, and rewriting rows past the program. Whatever can be sent afterwards is sent. The judge keeps its own record
of who did what in which role and knows nothing of the program's rules. `size` counts the attempts.
"""

import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import uuid4

from tests.proofs import Progress

SMALL, FULL = 60, 5000
LIMIT = Decimal(15)
STAFF = ("agent", "dock", "manager", "finance", "finance", "administrator")
MAY = ("finance", "administrator")


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`alone` lists the attempts after which money was sent that needed a second person and had none: must be empty.
    `sent` counts what went out rightly, so that the wall is seen to have a door."""
    from django.db import transaction

    from oms import shops
    from tests.builders import NOON

    shops.change({"approval_above": LIMIT}, by="user:1", at=NOON)
    people, orders = _scene()
    steps: Counter[str] = Counter()
    sent, alone = 0, []
    for number in range(size):
        with transaction.atomic():
            attempt = _Attempt(random.Random(number), people, orders)
            attempt.make()
            steps.update(attempt.done)
            sent += len(attempt.sent)
            alone += [f"attempt {number}: {wrong}" for wrong in attempt.judge()]
            transaction.set_rollback(True)
        progress(number + 1, size)
    return {
        "attempts": size,
        "steps": dict(sorted(steps.items())),
        "sent": sent,
        "alone": alone[:20],
        "passed": not alone and sent > 0,
    }


class _Sent(NamedTuple):
    """A refund at the moment it went out: whether a second person had seen it just so, and whether one had to."""

    number: str
    amount: Decimal
    seen: bool
    needs: bool


def _scene() -> tuple[list[int], list[Any]]:
    """Keys of six members of staff, and two orders of one customer, each paid in two parts: every attempt begins here,
    and what it does is rolled back."""
    from oms.models import Payment, User
    from tests.builders import NOON, Sold, a_customer, an_order

    people = [User.objects.create(email=f"{uuid4().hex}@staff.example", name="Kim", role=role).pk for role in STAFF]
    customer = a_customer()
    sold = [Sold(quantity=4, gross="40.00", tax="6.67")]
    orders = [
        an_order(customer=customer, lines=sold, provider_id=f"pi_{uuid4().hex}", shipped_at=None, delivered_at=None)
        for _number in range(2)
    ]
    for order in orders:
        order.payments.update(captured=Decimal(25))
        Payment.objects.create(
            order=order, method="card", provider_id=f"pi_{uuid4().hex}", currency="GBP", captured=Decimal(15),
            captured_at=NOON,
        )  # fmt: skip
    return people, orders


class _Attempt:
    """One history, with the judge's own record beside it."""

    def __init__(self, rnd: random.Random, people: list[int], orders: list[Any]) -> None:
        from oms.models import User
        from tests.refunds.cases import LATER

        self.rnd, self.at = rnd, LATER
        self.people, self.orders = list(User.objects.filter(pk__in=people).order_by("pk")), orders
        self.done: Counter[str] = Counter()
        self.asked: dict[int, set[int]] = {}  # refund → who asked or chose the way
        self.seen: dict[int, tuple[str, str]] = {}
        self.let_out: dict[int, tuple[Decimal, str]] = {}  # refund → what a second person let out
        self.turned: set[int] = set()  # refunds that go another way than asked for
        self.sent: list[_Sent] = []

    def make(self) -> None:
        steps = [self.ask_goodwill, self.cancel_a_unit, self.cancel_a_unit]
        steps += [self.approve, self.approve, self.approve_what_was_seen, self.change_role, self.turn, self.retry]
        steps += [self.spread, self.forge_approval, self.rewrite, self.send]
        self._try(self.rnd.choice(steps[:3]))
        for _step in range(self.rnd.randint(4, 10)):
            self.at += timedelta(minutes=self.rnd.randint(1, 60))
            self._try(self.rnd.choice(steps))
        for refund in self._refunds():
            self._try(lambda refund=refund: self._send(refund), "send")

    def _try(self, step: Any, name: str = "") -> None:
        """A step that is refused, by a verb or by PostgreSQL, leaves nothing behind."""
        from django.db import DatabaseError, transaction

        from oms.refusals import Refused

        name = name or step.__name__
        try:
            with transaction.atomic():
                step()
        except (Refused, DatabaseError):
            name = f"{name} refused"
        self.done[name] += 1

    def _refunds(self) -> list[Any]:
        from refunds.models import Refund

        return list(Refund.objects.filter(order__in=self.orders).select_related("payment").order_by("pk"))

    def _one(self) -> Any:
        from oms.refusals import Refused

        refunds = self._refunds()
        if not refunds:
            raise Refused
        return self.rnd.choice(refunds)

    def _note_new(self, by: Any) -> None:
        for refund in self._refunds():
            if refund.pk not in self.asked:
                self.asked[refund.pk] = {by.pk}
                self.seen[refund.pk] = (f"{refund.amount:.2f}", refund.destination)

    # ── steps ──

    def ask_goodwill(self) -> None:
        from refunds import lifecycle

        by, order = self.rnd.choice(self.people), self.rnd.choice(self.orders)
        amount = Decimal(self.rnd.randint(1, 900)) / 100
        lifecycle.request_goodwill(order.number, amount, form_token=uuid4(), by=by.actor, at=self.at)
        self._note_new(by)

    def cancel_a_unit(self) -> None:
        """Ten at a time, each below the limit of fifteen: two together are above it."""
        from oms import orders
        from refunds import lifecycle

        by, order = self.rnd.choice(self.people), self.rnd.choice(self.orders)
        line = order.lines.get()
        claims = orders.cancel_lines(order.number, {line.pk: 1}, "asked", by=by.actor, at=self.at)
        lifecycle.request_for_cancellation(order.number, [one.pk for one in claims], by=by.actor, at=self.at)
        self._note_new(by)

    def approve(self) -> None:
        self._approve(self._one(), None)

    def approve_what_was_seen(self) -> None:
        refund = self._one()
        self._approve(refund, self.seen[refund.pk])

    def _approve(self, refund: Any, seen: tuple[str, str] | None) -> None:
        from refunds import lifecycle
        from refunds.models import Refund
        from refunds.states import RefundStatus

        by = self.rnd.choice(self.people)
        waiting = refund.status == RefundStatus.AWAITING_APPROVAL
        lifecycle.approve(refund.number, by=by.actor, at=self.at, seen=seen)
        by.refresh_from_db()
        now = Refund.objects.get(pk=refund.pk)
        if waiting and by.role in MAY and by.is_active and by.pk not in self.asked[refund.pk]:
            self.let_out[refund.pk] = (now.amount, now.destination)

    def change_role(self) -> None:
        who = self.rnd.choice(self.people)
        who.role = self.rnd.choice(STAFF)
        who.is_active = self.rnd.random() < 0.9
        who.save(update_fields=["role", "is_active"])

    def turn(self) -> None:
        from refunds import lifecycle
        from refunds.states import RefundDestination

        refund, by = self._one(), self.rnd.choice(self.people)
        way = self.rnd.choice([RefundDestination.MANUAL, RefundDestination.ORIGINAL])
        before = refund.destination
        lifecycle.redirect(refund.number, way, reason="asked", by=by.actor, at=self.at)
        if before != way:
            self.asked[refund.pk].add(by.pk)
            self.turned.add(refund.pk)
            self.let_out.pop(refund.pk, None)

    def spread(self) -> None:
        """Everything that waits on its memo, to one payment or in two parts."""
        from refunds import lifecycle
        from refunds.tenders import Tender

        refund, by = self._one(), self.rnd.choice(self.people)
        waiting = [one for one in self._refunds() if one.memo_id == refund.memo_id and one.status == refund.status]
        whole = sum((one.amount for one in waiting), Decimal(0))
        first, second = self.rnd.sample(list(refund.order.payments.values_list("pk", flat=True)), 2)
        part = self.rnd.choice([whole, whole - Decimal("0.01"), Decimal("0.01")])
        wanted = [Tender(str(first), part), Tender(str(second), whole - part)]
        made = lifecycle.spread(refund.number, [one for one in wanted if one.amount], by=by.actor, at=self.at)
        if {one.pk for one in made} <= self.asked.keys():
            return  # spread so already
        askers = {by.pk}.union(*(self.asked[one.pk] for one in waiting))
        self._note_new(by)
        for one in self._refunds():
            if one.memo_id == refund.memo_id and one.replaced_at is None:
                self.asked[one.pk] |= askers

    def retry(self) -> None:
        from refunds import lifecycle

        refund, by = self._one(), self.rnd.choice(self.people)
        lifecycle.fail(refund.number, reason="expired_or_canceled_card", by="stripe", at=self.at)
        lifecycle.retry(refund.number, after=refund.attempts.count(), by=by.actor, at=self.at)
        self.sent = [one for one in self.sent if one.number != refund.number]  # that money came back

    def forge_approval(self) -> None:
        """A row of one's own making, past the verb."""
        from refunds.models import RefundApproval

        refund, by = self._one(), self.rnd.choice(self.people)
        amount = refund.amount if self.rnd.random() < 0.7 else Decimal("0.01")
        voided = self.at if self.rnd.random() < 0.2 else None
        RefundApproval.objects.create(
            refund=refund,
            amount=amount,
            destination=refund.destination,
            approver=by,
            approved_at=self.at,
            voided_at=voided,
        )
        by.refresh_from_db()
        if by.role in MAY and by.is_active and by.pk not in self.asked[refund.pk] and voided is None:
            self.let_out[refund.pk] = (amount, refund.destination)  # a second person, though by another door

    def rewrite(self) -> None:
        """The rows themselves, past the program."""
        from refunds.models import Refund, RefundApproval
        from refunds.states import RefundDestination, RefundStatus

        refund = self._one()
        row = Refund.objects.filter(pk=refund.pk)
        self.rnd.choice(
            [
                lambda: row.update(status=RefundStatus.APPROVED),
                lambda: row.update(approval_reasons=[]),
                lambda: row.update(approval_reasons=[], status=RefundStatus.APPROVED),
                lambda: row.update(amount=refund.amount - Decimal("0.01")),
                lambda: row.update(amount=refund.amount + 100),
                lambda: row.update(destination=RefundDestination.STORE_CREDIT),
                lambda: row.update(source="external"),
                lambda: row.update(payment=refund.order.payments.exclude(pk=refund.payment_id)[0]),
                lambda: row.update(replaced_at=self.at),
                lambda: row.update(source="cancellation"),
                lambda: RefundApproval.objects.filter(refund=refund).update(voided_at=None),
                lambda: RefundApproval.objects.filter(refund=refund).update(amount=refund.amount),
                lambda: RefundApproval.objects.filter(refund=refund).delete(),
            ]
        )()

    def send(self) -> None:
        self._send(self._one())

    def _send(self, refund: Any) -> None:
        from refunds import lifecycle
        from refunds.models import Refund

        if lifecycle.submit(refund.number, by="system", at=self.at) is not None:
            found = Refund.objects.get(pk=refund.pk)
            seen = self.let_out.get(found.pk) == (found.amount, found.destination)
            needs = found.source == "goodwill" or found.destination == "manual" or found.pk in self.turned
            self.sent.append(_Sent(found.number, found.amount, seen, needs))

    # ── the judge ──

    def judge(self) -> list[str]:
        """What went out alone and should not have. All orders are of one customer, all steps of one day."""
        alone = {one.number: one for one in self.sent if not one.seen}
        wrong = [f"{one.number} was sent alone" for one in alone.values() if one.needs]
        total = sum((one.amount for one in alone.values()), Decimal(0))
        return wrong + ([f"{total} were sent alone"] if total > LIMIT else [])
