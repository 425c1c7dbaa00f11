"""K5: in whatever order a provider's messages come, and however often, the refund ends alike.

First all 120 orders of five messages about one refund that settles and fails late, each message three times. Then
random histories with a fixed seed, of Stripe and of PayPal in turn: a refund settles, fails, or settles and fails late;
a failed one is sent again and has a history of its own; messages come in any order, up to three times, some never,
around the answer to the call and the poll, which asks once at the end. What the provider says then must stand in the
refund, on its payment and in the books. `size` counts the random histories.
"""

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from tests.proofs import Progress

SMALL, FULL = 200, 10_000
FATES = (("succeeded",), ("failed",), ("succeeded", "failed"))
PAYPAL = {"pending": "PENDING", "succeeded": "COMPLETED", "failed": "FAILED"}


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`ends` counts the different ends of the 120 orders (must be one); `wrong` lists histories whose end is not what
    the provider says (must be empty)."""
    from django.db import transaction

    ends: Counter[str] = Counter()
    wrong: list[str] = []
    messages = 0
    orders = list(itertools.permutations(range(5)))
    with transaction.atomic():  # the same two refunds for all: what is done to them is rolled back
        refunds = {provider: _submitted(method) for provider, method in (("stripe", "card"), ("paypal", "paypal"))}
        for number, order in enumerate(orders):
            with transaction.atomic():
                ends[_end_of_order(refunds["stripe"], order)] += 1
                transaction.set_rollback(True)
            progress(number + 1, len(orders) + size)
        for number in range(size):
            provider = "paypal" if number % 2 else "stripe"
            with transaction.atomic():
                history = _History(random.Random(number), provider, refunds[provider])
                wrong += [f"history {number}: {what}" for what in history.live()]
                messages += history.messages
                transaction.set_rollback(True)
            progress(len(orders) + number + 1, len(orders) + size)
        transaction.set_rollback(True)
    return {
        "orders": len(orders),
        "ends": dict(ends),
        "histories": size,
        "messages": messages,
        "wrong": wrong[:20],
        "passed": len(ends) == 1 and not wrong,
    }


def _submitted(method: str) -> Any:
    """A refund of 10.00 whose first call is under way."""
    from refunds import lifecycle
    from refunds.models import Refund
    from tests.builders import an_order
    from tests.refunds.cases import LATER, a_requested_refund, people

    people()
    refund = a_requested_refund(an_order(method=method, provider_id=uuid4().hex[:17].upper()))
    lifecycle.submit(refund.number, by="system", at=LATER)
    return Refund.objects.select_related("payment", "order").get(pk=refund.pk)


# ── All orders of five messages ───────────────────────────────────────────────────────────────────────────────────


def _end_of_order(refund: Any, order: tuple[int, ...]) -> str:
    attempt = refund.attempts.get()
    five = [
        _stripe(refund, attempt, "pending", "refund.created"),
        _stripe(refund, attempt, "succeeded", "refund.updated"),
        _stripe_charge(refund),
        _stripe(refund, attempt, "failed", "refund.failed"),
        _stripe(refund, attempt, "failed", "charge.refund.updated"),
    ]
    for which in order:
        for _copy in range(3):
            _hear("stripe", five[which])
    return _state(refund)


def _state(refund: Any) -> str:
    """Everything that must come out alike, in words."""
    from django.db.models import Sum

    from oms.models import Posting
    from refunds.models import Refund

    found = Refund.objects.select_related("payment", "rma").get(pk=refund.pk)
    booked = Posting.objects.filter(entry__order=found.order_id, entry__cause__startswith="refund/")
    sums = {row["account"]: str(row["sum"]) for row in booked.values("account").annotate(sum=Sum("amount"))}
    moved = sorted(account for account, amount in sums.items() if Decimal(amount))
    money = f"{found.payment.refunded} refunded, {found.payment.in_flight} on its way"
    return f"{found.status}, {money}, return {found.rma.settlement}, books moved {moved}"


# ── Random histories ──────────────────────────────────────────────────────────────────────────────────────────────


class _History:
    """One refund with up to two attempts at a provider that tells of them badly."""

    def __init__(self, rnd: random.Random, provider: str, refund: Any) -> None:
        self.rnd, self.provider, self.refund, self.messages = rnd, provider, refund, 0
        self.truth = ""
        self.taken: set[str] = set()

    def live(self) -> Iterator[str] | list[str]:
        from refunds import lifecycle
        from refunds.models import Refund
        from refunds.states import RefundStatus
        from tests.refunds.cases import FINANCE, LATER

        late: list[dict[str, Any]] = []
        for attempt_number in range(2):
            attempt = self.refund.attempts.order_by("-pk")[0]
            fate = self.rnd.choice(FATES)
            self.truth = fate[-1]
            id = f"re_{uuid4().hex}"
            told = [self._message(attempt, id, word) for word in ("pending", *fate)]
            told = [one for one in told if self.rnd.random() < 0.8]
            told = [one for one in told for _copy in range(self.rnd.randint(1, 3))] + late
            self.rnd.shuffle(told)
            keep = self.rnd.randint(0, len(told))
            late = told[keep:]
            if self.rnd.random() < 0.7:  # the answer to the call itself, somewhere among them
                self._answer(attempt, id, "pending")
            for message in told[:keep]:
                self._hear(message)
            self._answer(attempt, id, self.truth)  # the poll
            now = Refund.objects.get(pk=self.refund.pk)
            if attempt_number or now.status != RefundStatus.FAILED or self.rnd.random() < 0.3:
                break
            lifecycle.retry(now.number, after=1, by=FINANCE, at=LATER + timedelta(hours=1))
            lifecycle.submit(now.number, by="system", at=LATER + timedelta(hours=1))
        for message in late:
            self._hear(message)
        return self._judge()

    def _message(self, attempt: Any, id: str, word: str) -> dict[str, Any]:
        if self.provider == "stripe":
            kind = (
                "refund.created" if word == "pending" else self.rnd.choice(("refund.updated", "charge.refund.updated"))
            )
            return _stripe(self.refund, attempt, word, kind, id=id)
        return _paypal(self.refund, attempt, word, id)

    def _hear(self, message: dict[str, Any]) -> None:
        self.messages += 1
        (_hear if message["id"] in self.taken else _take)(self.provider, message)
        self.taken.add(message["id"])

    def _answer(self, attempt: Any, id: str, word: str) -> None:
        from refunds import lifecycle
        from refunds.gateways.base import RefundAnswer
        from refunds.states import RefundStatus
        from tests.refunds.cases import LATER

        status = {"pending": RefundStatus.PENDING, "succeeded": RefundStatus.SETTLED, "failed": RefundStatus.FAILED}
        about = {"refund": self.refund.number, "attempt": str(attempt.key)}
        said = RefundAnswer(status[word], id, amount_minor=1000, currency="GBP", metadata=about)
        lifecycle.hear(self.refund.number, said, by=self.provider, at=LATER)

    def _judge(self) -> list[str]:
        from django.db.models import Sum

        from oms.models import InboundWebhook, Posting
        from refunds.models import Refund

        found = Refund.objects.select_related("payment").get(pk=self.refund.pk)
        paid = Decimal("10.00") if self.truth == "succeeded" else Decimal(0)
        postings = Posting.objects.filter(entry__order=found.order_id, entry__cause__startswith="refund/")
        into = postings.filter(account__in=("provider", "paypal")).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
        wrong = []
        if found.status != ("settled" if paid else "failed"):
            wrong.append(f"it is {found.status}, the provider says {self.truth}")
        if (found.payment.refunded, found.payment.in_flight) != (paid, 0):
            wrong.append(f"the payment says {found.payment.refunded}, {found.payment.in_flight}")
        if -into != paid:
            wrong.append(f"the books say {-into}, not {paid}")
        if left := InboundWebhook.objects.filter(processed_at=None).count():
            wrong.append(f"{left} messages were not understood")
        return wrong


# ── Messages as providers write them ──────────────────────────────────────────────────────────────────────────────


def _take(provider: str, message: dict[str, Any]) -> None:
    """Into the table, and from the table as the job does."""
    from django.utils import timezone

    from oms import webhooks as inbox
    from refunds import webhooks

    kind = message["type" if provider == "stripe" else "event_type"]
    inbox.store(provider, message["id"], kind, json.dumps(message).encode(), at=timezone.now())
    webhooks.process(message["id"], provider=provider)


def _hear(provider: str, message: dict[str, Any]) -> None:
    """The same news as another message: what the table would not hold back."""
    from refunds.webhooks import processing

    kind = message["type" if provider == "stripe" else "event_type"]
    for news in processing.READERS[provider](kind, message):
        processing._hear(news, by=provider)


def _stripe(refund: Any, attempt: Any, status: str, kind: str, *, id: str = "re_1") -> dict[str, Any]:
    about = {
        "id": id,
        "object": "refund",
        "amount": 1000,
        "currency": "gbp",
        "status": status,
        "payment_intent": refund.payment.provider_id,
        "metadata": {"refund": refund.number, "attempt": str(attempt.key)},
        "failure_reason": "expired_or_canceled_card" if status == "failed" else None,
    }
    return {"id": f"evt_{uuid4().hex}", "object": "event", "type": kind, "data": {"object": about}}


def _stripe_charge(refund: Any) -> dict[str, Any]:
    about = {"id": "ch_1", "object": "charge", "payment_intent": refund.payment.provider_id, "amount_refunded": 1000}
    return {"id": f"evt_{uuid4().hex}", "object": "event", "type": "charge.refunded", "data": {"object": about}}


def _paypal(refund: Any, attempt: Any, word: str, id: str) -> dict[str, Any]:
    kinds = {
        "pending": "PAYMENT.REFUND.PENDING",
        "succeeded": "PAYMENT.CAPTURE.REFUNDED",
        "failed": "PAYMENT.REFUND.FAILED",
    }
    capture = f"https://api-m.paypal.com/v2/payments/captures/{refund.payment.provider_id}"
    about = {
        "id": id,
        "status": PAYPAL[word],
        "amount": {"value": "10.00", "currency_code": "GBP"},
        "custom_id": f"{refund.number},{attempt.key}",
        "links": [{"rel": "up", "href": capture, "method": "GET"}],
    }
    return {"id": f"WH-{uuid4().hex}", "event_type": kinds[word], "resource_type": "refund", "resource": about}
