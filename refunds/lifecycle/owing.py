"""What a return is owed: found in its rows each time, so asking twice never pays twice.

Every announced unit is known by number. Units paid in advance are the first of a claim; outcomes take the following
ones in the order they were found, refused ones too. So an outcome stands for the same units whenever it is asked.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from oms.models.claims import Units
from oms.money import amount_text
from oms.prepared import prepared
from oms.units import count, lowest, without
from refunds.amounts import Quote, QuotedFee, QuotedLine, price_line
from refunds.amounts.fees import tax_in
from refunds.models import CreditMemo, CreditMemoLine
from refunds.pricing import claimed, quote_return
from returns import parcels
from returns.case_states import CaseDecision
from returns.eligibility import shipping_to_price
from returns.models import RMA, Outcome, ParcelCase, Receipt, ReturnLine
from returns.policy import Fee, ShippingBack
from returns.pricing import UnitsToPrice
from returns.promotions import Staying, stays_after_all
from returns.standing import GIVEN_UP, not_back, promotions_by_label
from returns.states import Acceptance, HoldStatus, ReceiptResult, RefundAt, Resolution, RMAStatus
from returns.taken import after

FULL = Decimal(100)
NOT_UNDER_WAY = (
    RMAStatus.NEEDS_REVIEW,
    RMAStatus.NEEDS_INFO,
    RMAStatus.REJECTED,
    RMAStatus.CANCELED,
    RMAStatus.EXPIRED,
)
# What ends in money or store credit; goods instead are settled by the exchange.
PAYS_VALUE = (Resolution.REFUND, Resolution.KEEP_ITEM, Resolution.STORE_CREDIT, Resolution.EXCHANGE)


@dataclass(frozen=True, slots=True)
class Share:
    """Units of a return line that are owed: because of an outcome, because the carrier `lost` them, or in advance."""

    line: ReturnLine
    units: Units
    percent: Decimal
    promised: Decimal  # percent of the declared condition
    outcome: Outcome | None = None
    lost: Receipt | None = None

    def is_on(self, paid: set[tuple[str, int]]) -> bool:
        """Whether a memo has a line for it already."""
        if self.outcome is not None:
            return ("outcome", self.outcome.pk) in paid
        return (("lost", self.lost.pk) if self.lost else ("advance", self.line.pk)) in paid

    @property
    def quantity(self) -> int:
        return count(self.units)

    def to_price(self) -> UnitsToPrice:
        order_line = self.line.order_line
        basis = self.line.rma.quote.get("inputs", {}).get("lines", {}).get(str(order_line.pk), {})
        return UnitsToPrice(
            key=str(order_line.pk),
            description=order_line.description,
            line_gross=Decimal(basis["gross"]) if "gross" in basis else order_line.gross,
            line_tax=Decimal(basis["tax"]) if "tax" in basis else order_line.tax,
            line_quantity=order_line.quantity,
            units=self.units,
            payout_percent=self.percent,
            tax_rate=order_line.tax_rate,
        )


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed now and was not before: its quote, and the share behind each of the quote's lines."""

    shares: tuple[Share, ...]
    quote: Quote
    differences: tuple[dict[str, Any], ...]


def owed_to(rma: RMA) -> Owed | None:
    """What is owed to this return and stands on no credit memo yet; None when there is nothing.

    The quote is the one of everything owed so far less what earlier memos took as fees: in however many parts a return
    is paid, the parts add up to the quote of the whole.
    """
    if rma.status in NOT_UNDER_WAY or rma.resolution not in PAYS_VALUE:
        return None
    earlier = _on_memos(rma.pk)
    advances = {one.advance_for_id: one.quantity for one in earlier if one.advance_for_id}
    paid = {("advance", pk) for pk in advances}
    paid |= {("outcome", one.outcome_id) for one in earlier if one.outcome_id}
    paid |= {("lost", one.lost_id) for one in earlier if one.lost_id}
    old, new = [], []
    for share in _shares(rma, advances):
        (old if share.is_on(paid) else new).append(share)
    if not new:
        return None
    memos = {one.memo_id: one.memo for one in earlier}.values()  # each has a line
    shipping = _shipping(rma, (*old, *new))
    units = [share.to_price() for share in (*old, *new)]
    to_date = quote_return(units, still_charged(rma, _fees(rma), (*old, *new)), rma.currency, shipping)
    lines = to_date.lines[len(old) :]
    freight = () if any(memo.quote.get("shipping") for memo in memos) else to_date.shipping
    fees = fees_left(to_date, memos, sum((entry.gross for entry in (*lines, *freight)), Decimal(0)))
    quote = Quote(rma.currency, lines, freight, fees)
    return Owed(tuple(new), quote, tuple(_differences(new, lines, rma.currency)))


# ── Which units ───────────────────────────────────────────────────────────────────────────────────────────────────


@prepared
def _on_memos(rma: int) -> QuerySet[CreditMemoLine]:
    return CreditMemoLine.objects.filter(memo__rma=rma).select_related("memo")


@prepared
def _lines(rma: int) -> QuerySet[ReturnLine]:
    return ReturnLine.objects.filter(rma=rma).select_related("order_line", "claim", "declared_condition").order_by("pk")


@prepared
def _outcomes(rma: int) -> QuerySet[Outcome]:
    found = Outcome.objects.filter(receipt__line__rma=rma).select_related("receipt", "condition", "hold")
    return found.order_by("pk")


def _shares(rma: RMA, advances: dict[int, int]) -> Iterator[Share]:
    outcomes: dict[int, list[Outcome]] = {}
    for outcome in _outcomes(rma.pk):
        outcomes.setdefault(outcome.receipt.line_id, []).append(outcome)
    for line in _lines(rma.pk):
        line.rma = rma
        if line.claim is None:
            continue
        promised = _promised(rma, line)
        advance = advances.get(line.pk) or _in_advance(rma, line, outcomes.get(line.pk, ()))
        if advance:
            yield Share(line, lowest(line.claim.units, advance), promised, promised)
        yield from _found(line, outcomes.get(line.pk, ()), advance, promised)
        if line.missing and advance < line.quantity:
            yield from _lost(line, promised)


def _found(line: ReturnLine, outcomes: Sequence[Outcome], advance: int, promised: Decimal) -> Iterator[Share]:
    paid = taken = advance  # received pieces that were paid before they were looked at
    for outcome in outcomes if advance != line.quantity else ():
        before = min(paid, outcome.quantity) if outcome.receipt.result == ReceiptResult.RECEIVED else 0
        quantity = outcome.quantity - before
        units = after(line.claim.units, taken, quantity)
        paid, taken = paid - before, taken + quantity
        percent = _percent(outcome, promised)
        if quantity and percent is not None:
            yield Share(line, units, percent, promised, outcome)


def _lost(line: ReturnLine, promised: Decimal) -> Iterator[Share]:
    """What the carrier lost at our risk is owed as promised. It takes the last units: outcomes take the first."""
    ours = ParcelCase.objects.filter(rma=line.rma, decision=CaseDecision.REFUND).values("ref")
    left = line.quantity
    for receipt in line.receipts.filter(result=ReceiptResult.LOST, form_token__in=ours).order_by("pk"):
        units = after(lowest(line.claim.units, left), left - receipt.quantity, receipt.quantity)
        left -= receipt.quantity
        yield Share(line, units, promised, promised, lost=receipt)


def _percent(outcome: Outcome, promised: Decimal) -> Decimal | None:
    """What an outcome pays: its condition's part, also when the customer is content with a refused outcome; a dispute
    decided for the customer pays what was promised."""
    hold = getattr(outcome, "hold", None)
    if outcome.acceptance == Acceptance.ACCEPTED or (hold is not None and hold.status == HoldStatus.ACCEPTED):
        return outcome.payout_percent
    if hold is None or hold.status != HoldStatus.OVERTURNED:
        return None
    return promised if hold.payout_percent is None else hold.payout_percent


def _promised(rma: RMA, line: ReturnLine) -> Decimal:
    inputs = rma.quote.get("inputs", {}).get("lines", {}).get(str(line.order_line_id), {})
    return Decimal(inputs.get("pays", {}).get(inputs.get("declared", ""), FULL))


def _in_advance(rma: RMA, line: ReturnLine, outcomes: Sequence[Outcome]) -> int:
    """How many units the policy pays before anybody looked at them; once looked at, the outcome says what is owed."""
    if outcomes:
        return 0
    if not rma.comes_back:
        return line.quantity
    if rma.refund_at == RefundAt.SCAN:
        return parcels.on_the_way(rma, line, delivered=False) if rma.shipped_at else 0
    if rma.refund_at == RefundAt.DELIVERY:
        return parcels.on_the_way(rma, line, delivered=True)
    if rma.refund_at == RefundAt.RECEIPT and line.outstanding == 0:
        received = line.receipts.filter(result=ReceiptResult.RECEIVED, is_reversed=False)
        return sum(received.values_list("quantity", flat=True))
    return 0


def _shipping(rma: RMA, shares: Sequence[Share]) -> list[UnitsToPrice]:
    """What was paid for sending, once as much is accepted as the promise asks for and nothing else gave it back."""
    promised = rma.quote.get("inputs", {}).get("shipping", {}).get("with", ShippingBack.NO)
    if not promised:
        return []
    if promised == ShippingBack.WITH_ALL and sum(share.quantity for share in shares) < sum(
        rma.lines.values_list("quantity", flat=True)
    ):
        return []
    others = CreditMemo.objects.filter(order=rma.order, quote__shipping__0__isnull=False).exclude(rma=rma)
    if others.exists():
        return []
    return [shipping_to_price(rma.order, [share.line.order_line for share in shares])]


# ── At what price ─────────────────────────────────────────────────────────────────────────────────────────────────


def _fees(rma: RMA) -> list[Fee]:
    """The fees of the confirmed quote, as frozen with it."""
    return [
        Fee(
            code=fee["code"],
            amount=None if fee["amount"] is None else Decimal(fee["amount"]),
            percent=None if fee["percent"] is None else Decimal(fee["percent"]),
            per=fee["per"],
            maximum=None if fee["maximum"] is None else Decimal(fee["maximum"]),
            tax_rate=None if fee.get("tax_rate") is None else Decimal(fee["tax_rate"]),
            lines=tuple(fee["lines"]),
        )
        for fee in rma.quote.get("inputs", {}).get("fees", ())
    ]


def still_charged(rma: RMA, fees: list[Fee], shares: Sequence[Share]) -> list[Fee]:
    """The fees, without discounts that what stays reaches after all because not everything was taken back (rule 14).

    Never more than was quoted. A later return that was promised prices without the discount counts on its being gone.
    """
    promised = rma.quote.get("inputs", {}).get("promotions", ())
    if not promised or any("gross" in line for lines in _later(rma) for line in lines.values()):
        return fees
    known, refused = promotions_by_label(rma.order), _not_back(rma, shares)
    charged, at = list(fees), len(fees) - sum(int(told.get("fees", 1)) for told in promised)
    for told in promised:
        count = int(told.get("fees", 1))
        if stays_after_all(known[told["label"]], told, refused, rma.currency):
            charged[at : at + count] = [replace(fee, amount=Decimal(0)) for fee in charged[at : at + count]]
        at += count
    return charged


def _later(rma: RMA) -> list[dict[str, Any]]:
    others = RMA.objects.filter(order=rma.order, pk__gt=rma.pk).exclude(status__in=GIVEN_UP)
    return list(others.values_list("quote__inputs__lines", flat=True))


def _not_back(rma: RMA, shares: Sequence[Share]) -> list[Staying]:
    """What was announced and is not among what is owed: refused, missing, or not looked at yet."""
    left: list[Staying] = []
    for line in _lines(rma.pk):
        if line.claim is None:
            continue
        units = line.claim.units
        for share in shares:
            units = without(units, share.units) if share.line.pk == line.pk else units
        left.append(not_back(line.order_line, units))
    return left


def fees_left(to_date: Quote, memos: Iterable[CreditMemo], limit: Decimal) -> tuple[QuotedFee, ...]:
    """Fees of everything so far less those taken before, gross and tax each to date; never more than this part can
    bear, with what an earlier part took for one fee and what another fee is due by now."""
    taken: dict[int, tuple[Decimal, Decimal]] = {}
    for memo in memos:
        for position, fee in enumerate(memo.quote.get("fees", ())):
            gross, tax = taken.get(position, (Decimal(0), Decimal(0)))
            taken[position] = gross + Decimal(fee["gross"]), tax + Decimal(fee["tax"])
    fees = []
    nothing = Decimal(0), Decimal(0)
    over = (taken.get(position, nothing)[0] - fee.gross for position, fee in enumerate(to_date.fees))
    limit += sum((amount for amount in over if amount > 0), Decimal(0))
    for position, fee in enumerate(to_date.fees):
        before, tax_before = taken.get(position, nothing)
        due = fee.gross - before
        kept = min(due, limit)
        limit -= max(kept, Decimal(0))
        tax = fee.tax if kept == due else tax_in(before + kept, fee.tax_rate or Decimal(0), True, to_date.currency)
        waived = fee.waived if kept == due else due - kept
        fees.append(replace(fee, gross=kept, tax=tax - tax_before, waived=waived))
    return tuple(fees)


def _differences(shares: Sequence[Share], lines: Sequence[QuotedLine], currency: str) -> Iterator[dict[str, Any]]:
    """Where inspection pays another amount than the quote promised: each names its outcome."""
    for share, line in zip(shares, lines, strict=True):
        if share.outcome is None or share.percent == share.promised:
            continue
        promised = price_line(claimed(replace(share, percent=share.promised).to_price()), currency)
        declared = share.line.declared_condition
        yield {
            "outcome": share.outcome.pk,
            "line": share.line.pk,
            "description": line.description,
            "quantity": line.quantity,
            "declared": declared.code if declared else "",
            "found": share.outcome.condition.code,
            "promised": amount_text(promised.gross, currency),
            "pays": amount_text(line.gross, currency),
        }
