"""K3: 100 concurrent refund clicks on one payment never take more than was captured.

Each round is an order with one payment that has room for three of a hundred refunds of mixed amounts, clicked at once:
over HTTP against two server processes; at the verbs in two processes, and then paid out; and at the verbs again with
every check of the program taken away (no lock, no look at what is left, no condition on the update), so that the
constraint of the table stands alone. `size` counts the rounds over HTTP; the verbs get five times as many, at most 500,
and three rounds, at the full size as many as over HTTP, are without checks.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx

from tests.proofs import Progress

SMALL, FULL = 10, 500
CLICKS, ROOM, FITTING = 100, Decimal("30.00"), 3
AMOUNTS = (Decimal("8.00"), Decimal("9.00"), Decimal("10.00"))  # any three fit, no four do
THREADS = 16


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`over` lists the rounds that took more than was captured, `uneven` those that did not accept exactly three or
    whose rows do not add up, `errors` whatever was neither an effect nor a clean refusal. All must be empty."""
    verbs, unchecked = min(5 * size, 500), size if size == FULL else 3
    total = size + verbs + unchecked
    found = _Findings()
    with ExitStack() as stack:
        address, cookies = stack.enter_context(_web()), _session()
        for number in range(size):
            order, amounts = _order(number)
            found.take("http", order, asyncio.run(_click_over_http(address, cookies, order.number, amounts)))
            progress(number + 1, total)
    with ExitStack() as stack:
        workers = [stack.enter_context(_worker()) for _ in range(2)]
        for kind, rounds, start in (("verbs", verbs, size), ("unchecked", unchecked, size + verbs)):
            for number in range(rounds):
                order, amounts = _order(start + number)
                found.take(kind, order, _click(workers, order.number, amounts, checked=kind == "verbs"))
                if kind == "verbs":
                    found.pay_out(order)
                progress(start + number + 1, total)
    return {
        "rounds": {"http": size, "verbs": verbs, "unchecked": unchecked},
        "clicks": total * CLICKS,
        "accepted": found.accepted,
        "refused": found.refused,
        "over": found.over,
        "uneven": found.uneven,
        "errors": found.errors[:20],
        "passed": not (found.over or found.uneven or found.errors),
    }


def _order(seed: int) -> tuple[Any, list[Decimal]]:
    from tests.builders import Sold, an_order

    order = an_order(lines=[Sold(gross=str(ROOM), tax="5.00", quantity=3)])
    rnd = random.Random(seed)
    return order, [rnd.choice(AMOUNTS) for _ in range(CLICKS)]


class _Findings:
    def __init__(self) -> None:
        self.accepted = self.refused = 0
        self.over: list[str] = []
        self.uneven: list[str] = []
        self.errors: list[str] = []

    def take(self, kind: str, order: Any, answers: list[str]) -> None:
        """Compare what the clicks were told with what stands in the table."""
        from refunds.models import Refund

        accepted, refused = answers.count("accepted"), answers.count("refused")
        self.accepted += accepted
        self.refused += refused
        self.errors += [f"{kind}: {answer}" for answer in answers if answer not in ("accepted", "refused")]
        payment = order.payments.get()
        rows = list(Refund.objects.filter(order=order).values_list("amount", flat=True))
        if payment.refunded + payment.in_flight > payment.captured or sum(rows) > payment.captured:
            self.over.append(f"{kind} {order.number}")
        if (accepted, len(rows), sum(rows)) != (FITTING, FITTING, payment.in_flight):
            self.uneven.append(f"{kind} {order.number}: {accepted} accepted, {len(rows)} rows, {payment.in_flight}")

    def pay_out(self, order: Any) -> None:
        """Let all that was accepted be paid: what was set aside is what leaves."""
        from oms.roles import Role
        from refunds import lifecycle
        from tests.builders import NOON
        from tests.staff import a_member

        finance = a_member(Role.FINANCE).actor
        for refund in order.refunds.all():
            lifecycle.approve(refund.number, by=finance, at=NOON)
            lifecycle.submit(refund.number, by="system", at=NOON)
            lifecycle.settle(refund.number, provider_id=f"re_{uuid4().hex}", by="stripe", at=NOON)
        payment = order.payments.get()
        if payment.refunded > payment.captured or payment.in_flight:
            self.over.append(f"paid out {order.number}")


# ── Over HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _web() -> Iterator[str]:
    """Two server processes on a free port."""
    from tests.processes import child_environment

    with _free_port() as port:
        pass
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "2", "--blocking-threads", "8", "--backlog", "1024", "oms.wsgi:application"]
    server = subprocess.Popen(
        command, env=child_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address)
        yield address
    finally:
        server.terminate()
        server.wait(20)


@contextmanager
def _free_port() -> Iterator[int]:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


def _wait_for(address: str) -> None:
    """Until the server answers: each try waits for its connection."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=12)) as client:  # 0, 0.5, 1, 2, 4 … seconds apart
        client.get(f"{address}/healthz", timeout=30).raise_for_status()


def _session() -> dict[str, str]:
    """Cookies of a manager who has logged in with a second factor."""
    from django.test import Client

    from oms.models import User

    user = User.objects.create_user(f"{uuid4().hex}@example.test", "not used here", name="Kim", role="manager")
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa"}]
    session.save()
    return {"sessionid": client.cookies["sessionid"].value, "csrftoken": "k" * 32}


async def _click_over_http(address: str, cookies: dict[str, str], number: str, amounts: list[Decimal]) -> list[str]:
    limits = httpx.Limits(max_connections=CLICKS)
    async with httpx.AsyncClient(base_url=address, cookies=cookies, limits=limits, timeout=120) as client:

        async def click(amount: Decimal) -> str:
            form = {"amount": str(amount), "reason": "late", "form_token": str(uuid4())}
            form["csrfmiddlewaretoken"] = cookies["csrftoken"]
            answer = await client.post(f"/refunds/goodwill/{number}/", data=form)
            return {302: "accepted", 422: "refused"}.get(answer.status_code, f"HTTP {answer.status_code}")

        return list(await asyncio.gather(*(click(amount) for amount in amounts)))


# ── At the verbs, in two processes ────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _worker() -> Iterator[subprocess.Popen[str]]:
    from tests.processes import child_environment

    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.proofs.k3"],
        env=child_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield worker
    finally:
        assert worker.stdin is not None
        worker.stdin.close()
        worker.wait(20)
        assert worker.stdout is not None
        worker.stdout.close()


def _click(workers: list[subprocess.Popen[str]], number: str, amounts: list[Decimal], *, checked: bool) -> list[str]:
    """Hand every worker its part of the clicks, then collect what they were told."""
    for at, worker in enumerate(workers):
        part = [str(amount) for amount in amounts[at :: len(workers)]]
        assert worker.stdin is not None
        worker.stdin.write(json.dumps({"order": number, "amounts": part, "checked": checked}) + "\n")
        worker.stdin.flush()
    answers: list[str] = []
    for worker in workers:
        assert worker.stdout is not None
        answers += json.loads(worker.stdout.readline())
    return answers


def work() -> None:
    """A worker: reads rounds as lines of JSON, clicks them from many threads at once, writes what it was told."""
    from concurrent.futures import ThreadPoolExecutor

    import django

    django.setup()
    with ThreadPoolExecutor(THREADS) as pool:
        for line in sys.stdin:
            task = json.loads(line)
            if not task["checked"]:
                _take_the_checks_away()
            gate = threading.Barrier(THREADS)
            parts = [task["amounts"][at::THREADS] for at in range(THREADS)]
            answers = pool.map(_clicks_of_one_thread, [task["order"]] * THREADS, parts, [gate] * THREADS)
            print(json.dumps([answer for part in answers for answer in part]), flush=True)


def _clicks_of_one_thread(number: str, amounts: list[str], gate: threading.Barrier) -> list[str]:
    from django.db import IntegrityError

    from oms.refusals import Refused
    from refunds import lifecycle
    from tests.builders import NOON

    gate.wait()
    answers = []
    for amount in amounts:
        try:
            lifecycle.request_goodwill(
                number, Decimal(amount), form_token=uuid4(), by="user:1", at=NOON + timedelta(days=1)
            )
            answers.append("accepted")
        except Refused:
            answers.append("refused")
        except IntegrityError as error:
            answers.append("refused" if "payment_cap" in str(error) else f"{error}")
        except Exception as error:
            answers.append(f"{type(error).__name__}: {error}")
    return answers


def _take_the_checks_away() -> None:
    """Neither lock nor look nor condition: what then still refuses is PostgreSQL's constraint alone."""
    from django.db.models import F

    from oms.models import Payment
    from oms.models.orders import OrderQuerySet
    from refunds.lifecycle import requesting
    from refunds.tenders import Tender

    def no_lock(orders: Any) -> Any:
        return orders

    def no_look(amount: Decimal, payments: Any, currency: str, order: str) -> tuple[Tender, ...]:
        return (Tender(payments[0].key, amount),)

    def no_condition(payment: Payment, amount: Decimal) -> None:
        Payment.objects.filter(pk=payment.pk).update(in_flight=F("in_flight") + amount)

    OrderQuerySet.for_update = no_lock  # type: ignore[method-assign]
    requesting.share_out = no_look  # type: ignore[assignment]
    requesting.set_aside = no_condition


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")
    work()
