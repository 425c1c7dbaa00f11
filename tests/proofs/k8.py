"""K8: the reconciliation finds every seeded error with its right cause, and none among the clean rows.

A shop of `size` refunds, a report of the provider (with payouts) and a file of credit notes that agree with it, but for
errors of 25 kinds that `k8_report` and `k8_notes` put in; neither knows the reconciler. Both files are compared by
`manage.py reconcile` in processes of their own, whose time and peak memory are measured.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from tests.proofs import Progress
from tests.proofs.k8_notes import Notes
from tests.proofs.k8_report import Report
from tests.proofs.k8_rows import Errors, Row, Wrong, smallest

SMALL, FULL = 5_000, 100_000
MOST_SECONDS, MOST_MEGABYTES = 60, 500  # at the full size
SEED = 8
BATCH = 5_000


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`missed` and `invented` list what was not found, or found without having been put in; both must be empty."""
    random, now = Random(SEED), datetime.now(UTC).replace(microsecond=0)
    each = 3 if size < FULL else 20
    rows = make_shop(size, random, now, progress)
    with tempfile.TemporaryDirectory() as folder:
        report, notes = Path(folder) / "report.csv", Path(folder) / "notes.csv"
        errors = Errors(rows, random, each, now)
        lines = {"report": Report(errors).write(report), "notes": Notes(errors).write(notes)}
        days = ["--from", f"{now - timedelta(days=34):%Y-%m-%d}", "--to", f"{now + timedelta(days=1):%Y-%m-%d}"]
        measured = [reconcile(path, days) for path in (report, notes)]
    progress(size, size)
    found = Counter(found_errors())
    expected = Counter(errors.wrong)
    missed, invented = expected - found, found - expected
    seconds, megabytes = sum(one["seconds"] for one in measured), max(one["megabytes"] for one in measured)
    return {
        "refunds": len(rows),
        "rows": lines,
        "kinds": len({(one.book, one.cause) for one in errors.wrong}),
        "seeded": expected.total(),
        "found": (expected & found).total(),
        "by_cause": dict(sorted(Counter(f"{one.book}/{one.cause}" for one in found.elements()).items())),
        "missed": [str(one) for one in list(missed)[:20]],
        "invented": [str(one) for one in list(invented)[:20]],
        "reconcile_seconds": round(seconds, 1),
        "peak_mb": megabytes,
        # At the small size tests run beside it: there the seconds are printed, not judged.
        "passed": not (missed or invented) and (size < FULL or seconds <= MOST_SECONDS) and megabytes <= MOST_MEGABYTES,
    }


def reconcile(path: Path, days: list[str]) -> dict[str, float]:
    """Run the command as a person does; how long it took and how much memory it needed at most."""
    command = [sys.executable, "manage.py", "reconcile", "--file", str(path), "--json", *days]
    started = datetime.now(UTC)
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, cwd=Path(__file__).resolve().parents[2], stdout=out)
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = (datetime.now(UTC) - started).total_seconds()
        out.seek(0)
        told = out.read()
    if process.returncode not in (0, 1) or json.loads(told)["status"] != "done":
        raise RuntimeError(f"the reconciliation ended with {process.returncode}: {told}")
    peak = used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return {"seconds": seconds, "megabytes": round(peak)}


def found_errors() -> list[Wrong]:
    """What stands on the worklist, in the seeder's words."""
    from refunds.models import Discrepancy

    return [
        Wrong(book, cause, tuple(sorted(here.get("ids", []))), tuple(sorted(there.get("ids", []))))
        for book, cause, here, there in Discrepancy.objects.values_list("book", "cause", "here", "there")
    ]


def make_shop(size: int, random: Random, now: datetime, progress: Progress) -> list[Row]:
    """`size` refunds of card payments over the last month; every tenth order has two. Most are paid back."""
    from django.db import connection

    from oms.models import Order, Payment
    from refunds.models import CreditMemo, MemoNumber, Refund

    plans = [_plan(number, size, random, now) for number in range(size)]
    with connection.cursor() as cursor:  # rows as they would be after a month: nothing is to follow from them
        cursor.execute("SET session_replication_role = replica")
    for start in range(0, size, BATCH):
        some = plans[start : start + BATCH]
        orders = {one.order: None for one in some}
        made = {one.number: one for one in Order.objects.bulk_create(_order(name, some) for name in orders)}
        paid = {
            one.provider_id: one
            for one in Payment.objects.bulk_create(_payment(order, some) for order in made.values())
        }
        memos = CreditMemo.objects.bulk_create(_memo(one, made[one.order]) for one in some)
        MemoNumber.objects.bulk_create(
            MemoNumber(memo=memo, series="K8", serial=int(one.document[-6:]))
            for memo, one in zip(memos, some, strict=True)
        )
        Refund.objects.bulk_create(
            _refund(one, memo, made[one.order], paid[one.payment]) for memo, one in zip(memos, some, strict=True)
        )
        progress(start // 2, size)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("ANALYZE")
    return plans


def _plan(number: int, size: int, random: Random, now: datetime) -> Row:
    order = number - 1 if number % 10 == 1 else number  # of ten refunds two share an order
    chosen = Random(order)
    currency = chosen.choices(("GBP", "EUR", "JPY", "KWD"), (80, 12, 5, 3))[0]
    at = now - timedelta(days=2) - timedelta(seconds=random.randrange(28 * 86_400))
    state = "paid"
    if number >= size - 20 and number % 10 > 1:
        state, at = "sent", now - timedelta(hours=1)
    elif number % 97 == 5 and now - at > timedelta(days=12):
        state = "failed"
    return Row(
        number=f"F-K8-{number:06d}",
        provider_id=f"re_k8{number:06d}",
        document=f"CM-K8-{number + 100_000:06d}",
        memo=f"M-K8-{number:06d}",
        order=f"K{order:06d}",
        payment=f"pi_k8{order:06d}",
        amount=smallest(currency) * random.randrange(110, 240 if currency == "JPY" else 20_000),
        currency=currency,
        at=at,
        state=state,
        alone=number % 10 > 1,
    )


def _order(name: str, plans: list[Row]) -> Any:
    from oms.models import Order

    one = next(plan for plan in plans if plan.order == name)
    worth = Decimal(400)
    return Order(
        number=name, placed_at=one.at - timedelta(days=9), currency=one.currency, items_total=worth, total=worth
    )


def _payment(order: Any, plans: list[Row]) -> Any:
    from oms.models import Payment

    name = f"pi_k8{order.number[1:]}"
    return Payment(
        order=order, method="card", provider_id=name, currency=order.currency, captured=order.total,
        captured_at=order.placed_at,
    )  # fmt: skip


def _memo(one: Row, order: Any) -> Any:
    from refunds.models import CreditMemo

    return CreditMemo(
        number=one.memo, order=order, source="return", currency=one.currency, net=one.amount, tax=0, total=one.amount,
        issued_at=one.at,
    )  # fmt: skip


def _refund(one: Row, memo: Any, order: Any, payment: Any) -> Any:
    from refunds.models import Refund

    status = {"paid": "settled", "failed": "failed", "sent": "submitted"}[one.state]
    return Refund(
        number=one.number, memo=memo, order=order, payment=payment, amount=one.amount, currency=one.currency,
        status=status, source="return", provider_id=None if one.state == "sent" else one.provider_id,
        requested_at=one.at, submitted_at=one.at, settled_at=one.at if one.state == "paid" else None,
    )  # fmt: skip
