"""T2: eight identical calls at once have exactly one effect, and all eight get the same answer.

Each round does every kind of call on a fresh case. At the verbs: asking for a return, receiving, inspecting, asking for
its refund, asking for goodwill, approving, sending again, the provider's answer, and its webhook over the view. At the
pages (`pages.py`): the portal's confirmation, the desk's approval, the carrier's webhook, the dock's receipt, taking it
back, inspection and putaway, finance's approval, and a job rung eight times. Of store credit (`credit.py`): given,
spent, back, freed.
Identical calls carry the same form token, the same key or the same message id. `size` counts the rounds.
"""

import hashlib
import hmac
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

from tests.proofs import Progress, credit, pages
from tests.proofs.identical import Callers, Identical

SMALL, FULL = 2, 200


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`wrong` lists the calls with another number of effects than one, or with answers that differ: must be empty."""
    callers = Callers()
    for number in range(size):
        callers.make(_story())
        callers.make(pages.story())
        callers.make(credit.story())
        progress(number + 1, size)
    callers.close()
    return {"calls": callers.calls, "wrong": callers.wrong[:20], "passed": not callers.wrong}


def _story() -> Any:
    """One return from the first click to the provider's late answer, each step as an Identical."""
    from oms.models import Event, InboundWebhook, JournalEntry
    from refunds import lifecycle
    from refunds.models import CreditMemo, Refund, RefundAttempt
    from refunds.pricing import price_return
    from refunds.states import RefundDestination, RefundStatus
    from returns import lifecycle as returns
    from returns.lifecycle import Arrived, Finding, Wanted
    from returns.models import RMA, Outcome, Receipt
    from tests.builders import NOON, Sold, an_order
    from tests.refunds.cases import DOCK, FINANCE, LATER, an_answer, people

    people()
    order = an_order(lines=[Sold(quantity=2)], provider_id=f"pi_{uuid4().hex}")
    line, token = order.lines.get(), uuid4()

    def ask() -> str:
        wanted = [Wanted(line.pk, 2, "changed_mind", "opened")]
        return returns.request(
            order.number,
            wanted,
            resolution="refund",
            price=price_return,
            form_token=token,
            by=order.customer.actor,
            at=NOON,
        ).number

    yield Identical("submit", ask, lambda: RMA.objects.filter(order=order).count())
    rma = RMA.objects.get(order=order)

    def named(name: str, stream: str) -> int:
        return Event.objects.filter(stream=stream, name=name).count()

    dock_token, return_line = uuid4(), rma.lines.get()

    def receive() -> list[int]:
        pieces = [Arrived(return_line.pk, 1)]
        return [one.pk for one in returns.receive(rma.number, pieces, form_token=dock_token, by=DOCK, at=LATER)]

    yield Identical("receive", receive, lambda: Receipt.objects.filter(line=return_line).count())
    receipt, inspection_token = Receipt.objects.get(line=return_line), uuid4()

    def inspect() -> list[int]:
        findings = [Finding(receipt.pk, 1, "opened", "")]
        return [one.pk for one in returns.inspect(rma.number, findings, form_token=inspection_token, by=DOCK, at=LATER)]

    yield Identical("inspect", inspect, lambda: Outcome.objects.filter(receipt=receipt).count())

    def refund() -> list[str]:
        return [one.number for one in lifecycle.request_for_return(rma.number, by=DOCK, at=LATER)]

    yield Identical("refund", refund, lambda: CreditMemo.objects.filter(rma=rma).count())
    made = Refund.objects.get(rma=rma)

    def submit() -> str:
        attempt = lifecycle.submit(made.number, by="system", at=LATER)
        return str(attempt.key) if attempt else ""

    yield Identical("send", submit, lambda: RefundAttempt.objects.filter(refund=made).count())

    def hear() -> str:
        failed = an_answer(made, RefundStatus.FAILED, provider_id=f"re_{made.pk}", reason="expired_card")
        return lifecycle.hear(made.number, failed, by="stripe", at=LATER).status

    yield Identical("answer", hear, lambda: named("refund.failed", made.stream))

    def retry() -> str:
        return lifecycle.retry(made.number, after=1, by=FINANCE, at=LATER).status

    yield Identical("retry", retry, lambda: named("refund.retried", made.stream))
    lifecycle.submit(made.number, by="system", at=LATER)
    body = _message(replace(an_answer(made, RefundStatus.SETTLED), provider_id=f"re_{made.pk}b"))

    yield Identical(
        "webhook",
        lambda: _post(body),
        lambda: InboundWebhook.objects.filter(external_id=json.loads(body)["id"]).count(),
    )

    def process() -> str:
        from refunds import webhooks

        webhooks.process(json.loads(body)["id"])
        return Refund.objects.get(pk=made.pk).status

    yield Identical(
        "webhook taken",
        process,
        lambda: JournalEntry.objects.filter(order=order, cause__startswith=f"refund/{made.number}/settled").count(),
    )
    goodwill_token = uuid4()

    def goodwill() -> list[str]:
        asked = lifecycle.request_goodwill(order.number, Decimal("1.00"), form_token=goodwill_token, by=DOCK, at=LATER)
        return [one.number for one in asked]

    yield Identical("goodwill", goodwill, lambda: CreditMemo.objects.filter(order=order, rma=None).count())
    waiting = Refund.objects.get(order=order, rma=None)

    def approve() -> str:
        return lifecycle.approve(waiting.number, by=FINANCE, at=LATER).status

    yield Identical("approve", approve, lambda: named("refund.approved", waiting.stream))

    def redirect() -> str:
        where = RefundDestination.MANUAL
        return lifecycle.redirect(waiting.number, where, reason="card gone", by=DOCK, at=LATER).status

    yield Identical("redirect", redirect, lambda: named("refund.redirected", waiting.stream))
    yield Identical("approve again", approve, lambda: named("refund.approved", waiting.stream) - 1)


def _message(answer: Any) -> bytes:
    about = {
        "id": answer.provider_id,
        "object": "refund",
        "amount": answer.amount_minor,
        "currency": answer.currency.lower(),
        "status": "succeeded",
        "metadata": dict(answer.metadata),
    }
    event = {"id": f"evt_{uuid4().hex}", "object": "event", "type": "refund.updated", "data": {"object": about}}
    return json.dumps(event).encode()


def _post(body: bytes) -> int:
    from django.conf import settings
    from django.test import Client
    from django.utils import timezone

    stamp = int(timezone.now().timestamp())
    secret = settings.STRIPE_WEBHOOK_SECRET.encode()
    signature = hmac.new(secret, b"%d." % stamp + body, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={stamp},v1={signature}", "Host": "127.0.0.1"}
    return Client().post("/webhooks/stripe/", body, content_type="application/json", headers=headers).status_code
