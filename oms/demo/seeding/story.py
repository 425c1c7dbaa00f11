"""One made-up return, told step by step through the product's own verbs."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from oms.demo.seeding import paying
from oms.demo.seeding.pictures import a_photo
from oms.models import Order, OrderLine, User
from oms.roles import Role
from refunds import lifecycle as money
from refunds.models import Refund
from refunds.pricing import price_return
from returns import lifecycle, photos
from returns.lifecycle import Arrived, Finding, Wanted
from returns.lifecycle.parcels import Bought
from returns.models import RMA, Hold, Outcome, ReturnReason
from returns.states import ReceiptResult, RMAStatus

REASONS = {
    "wrong_size": 22, "changed_mind": 26, "not_as_described": 14, "damaged_on_arrival": 16, "defective": 9,
    "wrong_item": 6, "arrived_late": 3, "unwanted_gift": 4,
}  # fmt: skip
CONDITIONS = {"sealed": 45, "opened": 40, "used": 15}
SERVICES = (("Royal Mail", "Tracked48", "3.95"), ("DPD", "DropOff", "4.60"), ("Evri", "ParcelShop", "3.10"))
NOTES = ("", "", "The box was already open.", "Bought as a present, sorry.", "Smaller than it looks in the picture.")
COMMENTS = ("", "", "Quick and clear, thank you.", "Took a bit long.", "I liked that I could see the amount first.")
VALUABLE = Decimal(510)  # more than the refund that goes out without a second person
STILL_TO_POST = {"approved"}  # young enough that there are days left to post them
YOUNG, YOUNGER = timedelta(days=21), timedelta(days=8)


class Story:
    """One return with its own clock; each step takes some working hours."""

    def __init__(self, order: Order, lines: list[OrderLine], now: datetime, random: Random) -> None:
        self.order, self.lines, self.now, self.random = order, lines, now, random
        self.sam = order.customer.actor
        self.agent, self.dov = _actor(Role.AGENT), _actor(Role.DOCK)
        self.at = order.placed_at + timedelta(days=random.randrange(5, 13), hours=random.randrange(10))
        if self.at > now:
            self.at = now - timedelta(hours=random.randrange(6, 60))
        self.number = ""

    def tell(self, state: str) -> None:
        if state in STILL_TO_POST:
            self.at = max(self.at, self.now - YOUNGER)
        self.request(state)
        for step in self._steps(state):
            if not step():
                return

    def _steps(self, state: str) -> tuple[Callable[[], bool], ...]:
        arrive = (self.label, self.ship, self.deliver, self.receive)
        return {
            "review": (),
            "rejected": (),
            "approved": (),
            "asked": (self.ask,),
            "canceled": (self.cancel,),
            "expired": (self.expire,),
            "in_transit": (self.label, self.ship),
            "part_arrived": (self.label, self.ship, self.receive_some),
            "arrived": arrive,
            "short": (self.label, self.ship, self.deliver, self.receive_nothing, self.close),
            "held": (*arrive, self.inspect_badly),
            "disputed": (*arrive, self.inspect_badly, self.dispute),
            "refused_accepted": (*arrive, self.inspect_badly, self.accept, self.pay, self.close),
            "due": (*arrive, self.inspect),
            "awaiting": (*arrive, self.inspect, self.ask_for_money),
            "failed": (*arrive, self.inspect, self.fail_money),
            "closed": (*arrive, self.inspect, self.pay, self.close, self.survey),
        }[state]

    # ── the customer asks ──

    def request(self, state: str) -> None:
        at = self.order.placed_at + timedelta(days=70) if state == "rejected" else self.at
        wanted = [self._wanted(line, state) for line in self.lines]
        rma = lifecycle.request(
            self.order.number,
            wanted,
            resolution="refund",
            price=price_return,
            form_token=UUID(int=self.random.getrandbits(128), version=4),
            by=self.sam if self.random.random() < 0.9 else self.agent,
            at=min(at, self.now),
            note=self.random.choice(NOTES),
        )
        self.number = rma.number
        if rma.status == RMAStatus.NEEDS_REVIEW and state != "review" and state != "asked":
            self._later(hours=5)
            lifecycle.approve(self.number, by=self.agent, at=self.at)
        for line in rma.lines.select_related("reason"):
            if line.reason.asks_photo:
                picture = photos.clean(a_photo(self.random, cracked=line.reason.code != "wrong_item"))
                photos.keep(picture, taken_by=self.sam, at=rma.requested_at, rma=rma, line=line)

    def _wanted(self, line: OrderLine, state: str) -> Wanted:
        [reason] = self.random.choices(list(REASONS), list(REASONS.values()))
        if state in ("review", "asked"):  # not taken back in this condition without a person having looked
            return Wanted(line.pk, self._quantity(line), "changed_mind", "damaged", photos=1)
        if state in ("held", "disputed", "refused_accepted"):
            reason = "changed_mind"  # ours to refuse: not our fault
        known = ReturnReason.objects.get(code=reason)
        [condition] = self.random.choices(list(CONDITIONS), list(CONDITIONS.values()))
        return Wanted(line.pk, self._quantity(line), reason, condition if known.asks_condition else "", photos=1)

    def _quantity(self, line: OrderLine) -> int:
        if line.gross >= VALUABLE:
            return line.shipped
        return self.random.randint(1, max(1, min(line.shipped, 6)))

    def ask(self) -> bool:
        if self.rma.status != RMAStatus.NEEDS_REVIEW:
            return False
        lifecycle.ask(
            self.number, note="Could you show us the label on the box?", by=self.agent, at=self._later(hours=4)
        )
        return True

    def cancel(self) -> bool:
        lifecycle.cancel(self.number, by=self.sam, at=self._later(hours=20))
        return True

    def expire(self) -> bool:
        lifecycle.expire(self.number, by="system", at=self._later(hours=24 * 15))
        return True

    # ── the parcel ──

    def label(self) -> bool:
        parcel = self.rma.parcels.order_by("id").first()
        if parcel is None:
            return False
        carrier, service, price = self.random.choice(SERVICES)
        label = Bought(
            carrier=carrier,
            service=service,
            choice="",
            tracking_number=f"DEMO{self.random.randrange(10**10):010d}",
            tracking_url="",
            price=Decimal(price),
            currency=self.order.currency,
            content=b"",
            content_type="",
        )
        lifecycle.label(parcel.pk, label, by="carrier", at=self._later(seconds=4))
        return True

    def ship(self) -> bool:
        return self._word("in_transit", hours=self.random.randrange(8, 70))

    def deliver(self) -> bool:
        return self._word("delivered", hours=self.random.randrange(20, 80))

    def _word(self, status: str, hours: int) -> bool:
        at = self._later(hours=hours)
        parcel = self.rma.parcels.get()
        lifecycle.move_parcel(parcel.pk, status=status, occurred_at=at, by="carrier", at=at)
        return True

    # ── the dock ──

    def receive(self) -> bool:
        return self._receive(ReceiptResult.RECEIVED)

    def receive_nothing(self) -> bool:
        return self._receive(ReceiptResult.SHORT)

    def receive_some(self) -> bool:
        return self._receive(ReceiptResult.RECEIVED, only=1)

    def _receive(self, result: ReceiptResult, only: int | None = None) -> bool:
        rma = self.rma
        pieces = [Arrived(line.pk, only or line.quantity, result) for line in rma.lines.order_by("id")[: only or 99]]
        lifecycle.receive(
            self.number,
            pieces,
            parcel_id=rma.parcels.get().pk,
            form_token=self._token(),
            by=self.dov,
            at=self._later(hours=self.random.randrange(1, 20)),
        )
        return True

    def inspect(self) -> bool:
        return bool(self._inspect({}))

    def inspect_badly(self) -> bool:
        """The first line comes back broken."""
        outcomes = self._inspect({0: "damaged"})
        for outcome in outcomes:
            if outcome.condition.code == "damaged":
                picture = photos.clean(a_photo(self.random, cracked=True))
                photos.keep(picture, taken_by=self.dov, at=self.at, rma=self.rma, outcome=outcome)
        return True

    def _inspect(self, found: dict[int, str]) -> list[Outcome]:
        findings = []
        for at, line in enumerate(self.rma.lines.select_related("declared_condition").order_by("id")):
            receipt = line.receipts.get()
            declared = line.declared_condition.code if line.declared_condition else "opened"
            condition = found.get(at) or (declared if self.random.random() < 0.88 else "used")
            findings.append(Finding(receipt.pk, receipt.quantity, condition, ""))
        return lifecycle.inspect(
            self.number,
            findings,
            form_token=self._token(),
            by=self.dov,
            at=self._later(hours=self.random.randrange(1, 30)),
        )

    def accept(self) -> bool:
        return self._answer("accept", "")

    def dispute(self) -> bool:
        return self._answer("dispute", "It was whole when I packed it; the box was crushed.")

    def _answer(self, answer: str, note: str) -> bool:
        at = self._later(hours=self.random.randrange(5, 50))
        for hold in Hold.objects.filter(outcome__receipt__line__rma=self.rma, status="waiting"):
            lifecycle.answer_hold(hold.pk, answer=answer, note=note, by=self.sam, at=at)
        return True

    # ── the money ──

    def pay(self) -> bool:
        for refund in self._sent():
            paying.settle(refund, at=self._later(hours=3))
        return True

    def ask_for_money(self) -> bool:
        """Valuable enough that a second person lets it out."""
        money.request_for_return(self.number, by="system", at=self._later(minutes=2))
        return True

    def fail_money(self) -> bool:
        for refund in self._sent():
            money.fail(
                refund.number,
                provider_id=f"made_{refund.number}",
                reason="expired_or_canceled_card",
                by="provider",
                at=self._later(hours=30),
            )
        return True

    def _sent(self) -> list[Refund]:
        at = self._later(minutes=2)
        refunds = money.request_for_return(self.number, by="system", at=at)
        for refund in refunds:
            paying.send(refund, at=at)
        return refunds

    def close(self) -> bool:
        rma = lifecycle.close_if_finished(self.number, by="system", at=self.at)
        return rma.status == RMAStatus.CLOSED

    def survey(self) -> bool:
        if self.random.random() < 0.55:
            hours = (self.at - self.rma.requested_at).total_seconds() / 3600
            score = 5 if hours < 24 * 6 else 4
            ease, clarity, speed = (max(1, score - self.random.choice((0, 0, 0, 1, 2))) for _ in range(3))
            lifecycle.survey(
                self.number,
                ease=ease,
                clarity=clarity,
                speed=speed,
                comment=self.random.choice(COMMENTS),
                by=self.sam,
                at=self._later(hours=self.random.randrange(2, 60)),
            )
        return True

    # ── small things ──

    @property
    def rma(self) -> RMA:
        return RMA.objects.select_related("order__customer").get(number=self.number)

    def _later(self, *, hours: int = 0, minutes: int = 0, seconds: int = 0) -> datetime:
        """Move this story's clock on, never into the future."""
        self.at = min(self.now, self.at + timedelta(hours=hours, minutes=minutes, seconds=seconds))
        return self.at

    def _token(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)


def _actor(role: Role) -> str:
    return User.objects.get(role=role).actor
