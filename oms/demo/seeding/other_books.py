"""What the payment provider and the accounting have in their books: the same as we, but for a handful of differences.

The provider's rows are compared once, as the nightly run would have done, and written down for the stand-in of Stripe,
which is told them when the demo starts: whoever compares again finds the same.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from oms import outbox
from oms.models import Payment, User
from oms.money import to_minor
from oms.roles import Role
from oms.states import PaymentMethod
from refunds.models import CreditMemo, Discrepancy, Refund
from refunds.reconciliation import lifecycle, working
from refunds.reconciliation.causes import Book, Cause
from refunds.reconciliation.handing_in import period
from refunds.reconciliation.lifecycle.runs import Handed
from refunds.reconciliation.records import Kind, Line
from refunds.reconciliation.states import Outcome
from refunds.states import RefundSource, RefundStatus

DAYS = timedelta(days=35)
SHORT_BY = 1234  # what one payout lacks, in pence
KINDS = ("missing", "amount", "fee", "late", "twice", "order", "day", "fee")
ENOUGH = 16  # with fewer refunds there is nothing to show
FAY = Role.FINANCE


def make_other_books(*, now: datetime, data: Path) -> int:
    """Compare both books as of last night, as history: nobody is told. Returns how many differences stand open."""
    refunds = list(_at_the_provider(now))
    rows, short = _provider_rows(refunds, now), ""
    payouts: list[Line] = []
    if len(refunds) >= ENOUGH:
        payouts = _payouts(rows, now)
        short = payouts[len(payouts) // 2].about
    kept = {"refunds": [row for row in rows if "id" in row], "payouts": {}}
    if short:
        amount = next(line.amount for line in payouts if line.about == short) - SHORT_BY
        kept["payouts"] = {short: amount}  # type: ignore[assignment]
        payouts = [line._replace(amount=amount) if line.about == short else line for line in payouts]
    (data / "sandbox-history.json").write_text(json.dumps(kept))
    if not short:
        return 0
    with outbox.as_history():
        night = now.replace(hour=2, minute=20, second=0, microsecond=0)
        night -= timedelta(days=1) if night > now else timedelta(0)
        _compare(Handed("Stripe", "0" * 64, "Stripe report", Book.PROVIDER, [*_lines(rows), *payouts], "stripe"), night)
        notes = Handed("xero-credit-notes.csv", "1" * 64, "Xero credit notes", Book.ACCOUNTING, _notes(now))
        _compare(notes, night + timedelta(hours=7))
        _work_on_some(night + timedelta(hours=8))
    return Discrepancy.objects.to_do().count()


def _at_the_provider(now: datetime) -> Iterator[Refund]:
    """Refunds of card payments that were sent, in the order they were."""
    sent = Refund.objects.filter(payment__method=PaymentMethod.CARD, submitted_at__gt=now - DAYS, submitted_at__lte=now)
    sent = sent.exclude(source=RefundSource.IMPORTED).exclude(provider_id=None).exclude(payment__provider_id="")
    yield from sent.select_related("payment", "order", "rma").order_by("submitted_at", "order__number")


# ── The provider ──


def _provider_rows(refunds: list[Refund], now: datetime) -> list[dict[str, Any]]:
    """Refunds as the stand-in wants to be told them, with some that differ from ours; charges carry no id."""
    paid = Payment.objects.filter(method=PaymentMethod.CARD, carried_from=None).exclude(provider_id="")
    rows = [_charge(payment) for payment in paid]
    before = now - timedelta(days=2)
    settled = [one for one in refunds if one.status == RefundStatus.SETTLED and _when(one) < before]
    odd = iter(settled[1::2] if len(settled) >= ENOUGH else ())
    differs = {one.pk: kind for kind, one in zip(KINDS, odd, strict=False)}
    for one in refunds:
        kind, at = differs.get(one.pk, ""), int(_when(one).timestamp())
        row = _refund(one, at)
        if kind == "missing":
            continue
        if kind == "amount":
            row["amount"] += 100
        elif kind == "fee":
            row["fee"] = 25
        elif kind == "order":
            row["payment_intent"] = settled[0].payment.provider_id
        elif kind == "day":
            row["created"] = at - 6 * 86_400
        elif kind == "late":
            row |= {"status": "failed", "failed_at": min(at + 4 * 86_400, int(now.timestamp()) - 7200)}
        elif kind == "twice":
            rows.append(row | {"id": f"{row['id']}_again", "created": at + 300})
        if one.status == RefundStatus.FAILED:
            row |= {"status": "failed", "failed_at": int((one.failed_at or now).timestamp())}
        rows.append(row)
    if len(settled) >= ENOUGH:  # somebody refunded a coffee's worth in the dashboard
        other = settled[-1]
        by_hand = _refund(other, int((now - timedelta(days=2, hours=5)).timestamp()))
        rows.append(by_hand | {"id": "re_made_in_the_dashboard", "amount": 350, "metadata": {}})
    return rows


def _when(one: Refund) -> datetime:
    assert one.submitted_at is not None
    return one.submitted_at


def _charge(payment: Payment) -> dict[str, Any]:
    return {
        "charge": payment.provider_id,
        "amount": to_minor(payment.captured, payment.currency),
        "created": int(payment.captured_at.timestamp()),
        "currency": payment.currency,
    }


def _refund(one: Refund, at: int) -> dict[str, Any]:
    noted = {"refund": one.number, "order": one.order.number} | ({"rma": one.rma.number} if one.rma else {})
    return {
        "id": str(one.provider_id),
        "payment_intent": one.payment.provider_id,
        "amount": to_minor(one.amount, one.currency),
        "created": at,
        "currency": one.currency.lower(),
        "metadata": noted,
    }


def _lines(rows: list[dict[str, Any]]) -> Iterator[Line]:
    """The balance transactions these rows make, each in the payout of its day."""
    for row in rows:
        at, currency = datetime.fromtimestamp(row["created"], UTC), row["currency"].upper()
        if "charge" in row:
            yield Line(
                Kind.OTHER,
                f"txn_{row['charge']}",
                row["charge"],
                row["amount"],
                currency,
                at,
                payout=_payout(at, currency),
            )
            continue
        noted = {"reference": row["metadata"].get("refund", ""), "order": row["metadata"].get("order", "")}
        noted |= {"payment": row["payment_intent"]}
        yield Line(
            Kind.REFUND, f"txn_{row['id']}", row["id"], -row["amount"], currency, at, row.get("fee", 0),
            payout=_payout(at, currency), **noted,
        )  # fmt: skip
        if "failed_at" in row:
            back = datetime.fromtimestamp(row["failed_at"], UTC)
            yield Line(
                Kind.FAILURE, f"txn_{row['id']}_back", row["id"], row["amount"], currency, back,
                payout=_payout(back, currency), **noted,
            )  # fmt: skip


def _payout(at: datetime, currency: str) -> str:
    """The name the stand-in gives the payout of a day."""
    return f"po_{at:%Y%m%d}{currency.lower()}"


def _payouts(rows: list[dict[str, Any]], now: datetime) -> list[Line]:
    """One payout a day, made at the midnight after."""
    sums: dict[str, int] = {}
    currencies: dict[str, str] = {}
    for line in _lines(rows):
        sums[line.payout] = sums.get(line.payout, 0) + line.amount - line.fee
        currencies[line.payout] = line.currency
    made = []
    for name, amount in sorted(sums.items()):
        at = datetime.strptime(name[3:11], "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1)
        if now - DAYS < at <= now:
            made.append(Line(Kind.PAYOUT, name, name, amount, currencies[name], at, standing="paid"))
    return made


# ── The accounting ──


def _notes(now: datetime) -> list[Line]:
    """The bookkeeper's credit notes: one forgotten, one with another amount, one twice, one of nobody knows what."""
    until = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=8)
    memos = CreditMemo.objects.exclude(source=RefundSource.IMPORTED).filter(
        total__gt=0, issued_at__gt=until - DAYS, issued_at__lt=until
    )
    lines = []
    for place, memo in enumerate(memos.select_related("rma", "order").order_by("issued_at", "order__number")):
        document, at = memo.known_as, memo.issued_at.replace(hour=0, minute=0, second=0, microsecond=0)
        amount, about = to_minor(memo.total, memo.currency), memo.rma.number if memo.rma else memo.order.number
        if place == 2:
            continue
        if place == 5:
            amount -= 300
        lines.append(
            Line(Kind.CREDIT, document, document, amount, memo.currency, at, reference=about, line=len(lines) + 2)
        )
        if place == 8:
            twice = f"{document}-B"
            lines.append(
                Line(Kind.CREDIT, twice, twice, amount, memo.currency, at, reference=about, line=len(lines) + 2)
            )
        if place == 9:
            lines.append(
                Line(Kind.CREDIT, "CM-1987-00042", "CM-1987-00042", 4990, memo.currency, at, line=len(lines) + 2)
            )
    return lines


# ── Last night ──


def _compare(handed: Handed, at: datetime) -> None:
    days = (at - DAYS, at) if handed.book == Book.PROVIDER else period([handed])
    if days is None:
        return
    lifecycle.ask(*days, providers=(), files=[handed], by="system", at=at)
    while working.work(now=lambda: at + timedelta(seconds=40)):
        pass


def _work_on_some(at: datetime) -> None:
    """Fay has begun: one is hers, one has a note, one is settled."""
    fay = User.objects.get(role=FAY)
    found = {
        cause: Discrepancy.objects.to_do().filter(cause=cause).order_by("happened_at", "pk").first()
        for cause in (Cause.DUPLICATE, Cause.AMOUNT, Cause.FEE)
    }
    if one := found[Cause.DUPLICATE]:
        lifecycle.assign(one.number, fay, by=fay.actor, at=at)
        words = "Two refunds within five minutes. Asked the bank whether both arrived."
        lifecycle.note(one.number, words, fay, by=fay.actor, at=at + timedelta(minutes=12))
    if one := found[Cause.AMOUNT]:
        lifecycle.assign(one.number, fay, by=fay.actor, at=at + timedelta(minutes=20))
    if one := found[Cause.FEE]:
        reason = "Stripe charges for refunds of foreign cards. Booked as a cost."
        settled = at + timedelta(minutes=31)
        lifecycle.resolve(one.number, outcome=Outcome.ACCEPTED, reason=reason, by=fay.actor, at=settled)
