"""Rows of matched credit notes: returns, claims, credit memos, settled refunds, books and events, by COPY."""

import json
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from itertools import count as numbers
from uuid import UUID, uuid4

from django.db import connection

from oms import bulk
from oms.history import History, record_history
from oms.identifiers import uuid7
from oms.journal import Account, paid_into
from oms.models import Payment
from oms.models.claims import Units
from oms.money import from_minor, round_ratio
from refunds.imports.matching import MatchedNote, Piece
from refunds.models import ImportedCredit
from refunds.states import RefundSource, RefundStatus
from returns.states import RefundAt, Resolution, RMASource, RMAStatus, Settlement

ACTOR = "system"

RMA = (
    "id,correlation,event_sequence,event_hash,ref,number,order_id,status,settlement,source,resolution,refund_at,currency,"
    "quote,decision,note,decision_note,source_document,link_version,requested_at,settled_at,closed_at"
)
CLAIM = "id,order_line_id,units,active"
RETURN_LINE = "ref,rma_id,order_line_id,claim_id,quantity,note,arrived,inspected,missing"
MEMO = "id,ref,number,order_id,rma_id,source,currency,net,tax,total,fees,quote,issued_at"
MEMO_LINE = "memo_id,order_line_id,claim_id,quantity,gross,tax"
REFUND = (
    "correlation,event_sequence,event_hash,number,memo_id,order_id,rma_id,payment_id,amount,currency,status,source,"
    "provider_reason,requested_at,settled_at"
)
ENTRY = "id,cause,order_id,occurred_at"
POSTING = "entry_id,account,amount,currency,tax_rate"
NOTHING = "\\\\x"

# Counters of what is there already.
RETURNED = """
    UPDATE oms_orderline l SET returned = l.returned + taken.quantity
      FROM unnest(%s::bigint[], %s::int[]) AS taken (id, quantity) WHERE l.id = taken.id
"""
REFUNDED = """
    UPDATE oms_payment p SET refunded = p.refunded + paid.amount
      FROM unnest(%s::bigint[], %s::numeric[]) AS paid (id, amount) WHERE p.id = paid.id
"""


class ImportedRows:
    """The rows of one batch. `write` runs in the batch's transaction, under the locks of its orders."""

    def __init__(self, matched: Sequence[MatchedNote]) -> None:
        self.rmas: list[str] = []
        self.claims: list[str] = []
        self.return_lines: list[str] = []
        self.memos: list[str] = []
        self.memo_lines: list[str] = []
        self.refunds: list[str] = []
        self.entries: list[str] = []
        self.postings: list[str] = []
        self.credits: list[ImportedCredit] = []
        self.history = History()
        self.returned: dict[int, int] = defaultdict(int)
        self.refunded: dict[int, int] = defaultdict(int)
        self.currencies: dict[int, str] = {}
        returns = sum(len(one.by_order) for one in matched)
        pieces = [piece for one in matched for found in one.by_order.values() for piece in found]
        self.rma_ids = bulk.reserve("returns_rma", returns)
        self.memo_ids = bulk.reserve("refunds_creditmemo", returns)
        self.claim_ids = bulk.reserve("oms_unitclaim", len(pieces))
        self.entry_ids = bulk.reserve("oms_journalentry", sum(len(piece.refunds) for piece in pieces))
        paid_back = {payment_id for piece in pieces for payment_id, _ in piece.refunds}
        self.methods = dict(Payment.objects.filter(pk__in=paid_back).values_list("pk", "method"))
        for one in matched:
            for position, (order_id, found) in enumerate(one.by_order.items(), 1):
                self._return(one, f"{one.note.document}-{position}", order_id, found)
            self._leftovers(one)

    def write(self) -> int:
        """Write everything; return how many returns there are."""
        bulk.copy("oms_unitclaim", CLAIM, self.claims)
        bulk.copy("returns_rma", RMA, self.rmas)
        bulk.copy("returns_returnline", RETURN_LINE, self.return_lines)
        bulk.copy("refunds_creditmemo", MEMO, self.memos)
        bulk.copy("refunds_creditmemoline", MEMO_LINE, self.memo_lines)
        bulk.copy("refunds_refund", REFUND, self.refunds)
        bulk.copy("oms_journalentry", ENTRY, self.entries)
        bulk.copy("oms_posting", POSTING, self.postings)
        record_history(self.history)
        ImportedCredit.objects.bulk_create(self.credits, batch_size=1000)
        amounts = [from_minor(minor, self.currencies[pk]) for pk, minor in self.refunded.items()]
        with connection.cursor() as cursor:
            cursor.execute(RETURNED, [list(self.returned), list(self.returned.values())])
            cursor.execute(REFUNDED, [list(self.refunded), amounts])
        return len(self.rmas)

    def _return(self, matched: MatchedNote, number: str, order_id: int, pieces: list[Piece]) -> None:
        note, correlation = matched.note, uuid4()
        currency, at = note.currency, note.credited_at
        rma_id, memo_id = next(self.rma_ids), next(self.memo_ids)
        gross, tax = sum(piece.gross for piece in pieces), sum(piece.tax for piece in pieces)
        total = str(from_minor(gross, currency))
        head = self.history.tell(
            f"rma/{number}", "rma.imported", correlation=correlation, by=ACTOR, at=at,
            order=order_id, total=total, currency=currency, document=note.document,
            lines=[{"line": piece.sold.id, "quantity": piece.quantity} for piece in pieces],
        )  # fmt: skip
        quote = bulk.text(json.dumps({"total": total, "currency": currency, "document": note.document}))
        settlement = Settlement.SETTLED if gross else Settlement.NOTHING
        when, document = at.isoformat(), bulk.text(note.document)
        self.rmas.append(
            f"{rma_id}\t{correlation}\t{head.sequence}\t{bulk.hexed(head.hash)}\t{uuid7()}\t{bulk.text(number)}\t"
            f"{order_id}\t{RMAStatus.CLOSED}\t{settlement}\t{RMASource.IMPORTED}\t{Resolution.REFUND}\t"
            f"{RefundAt.RECEIPT}\t{currency}\t{quote}\t{{}}\t{NOTHING}\t{NOTHING}\t{document}\t1\t{when}\t{when}\t{when}"
        )
        self.memos.append(
            f"{memo_id}\t{uuid7()}\t{bulk.text(number)}\t{order_id}\t{rma_id}\t{RefundSource.IMPORTED}\t{currency}\t"
            f"{from_minor(gross - tax, currency)}\t{from_minor(tax, currency)}\t{total}\t0\t{quote}\t{when}"
        )
        for piece in pieces:
            self._line(rma_id, memo_id, piece, currency)
        self._refunds(matched, number, order_id, rma_id, memo_id, pieces, correlation)

    def _line(self, rma_id: int, memo_id: int, piece: Piece, currency: str) -> None:
        claim_id, line_id, quantity = next(self.claim_ids), piece.sold.id, piece.quantity
        self.claims.append(f"{claim_id}\t{line_id}\t{_multirange(piece.units)}\tt")
        self.return_lines.append(f"{uuid7()}\t{rma_id}\t{line_id}\t{claim_id}\t{quantity}\t{NOTHING}\t{quantity}\t0\t0")
        self.memo_lines.append(
            f"{memo_id}\t{line_id}\t{claim_id}\t{quantity}\t{from_minor(piece.gross, currency)}\t"
            f"{from_minor(piece.tax, currency)}"
        )
        self.returned[line_id] += quantity

    def _refunds(
        self,
        matched: MatchedNote,
        number: str,
        order_id: int,
        rma_id: int,
        memo_id: int,
        pieces: list[Piece],
        correlation: UUID,
    ) -> None:
        """One settled refund per payment it went back to; the tax within is shared out cumulatively, rate by rate."""
        currency, at = matched.note.currency, matched.note.credited_at
        by_payment: dict[int, int] = defaultdict(int)
        for payment_id, part in (one for piece in pieces for one in piece.refunds):
            by_payment[payment_id] += part
        taxes, total, before, when = defaultdict[Decimal, int](int), sum(by_payment.values()), 0, at.isoformat()
        for piece in pieces:
            taxes[piece.sold.tax_rate] += piece.tax
        for position, (payment_id, minor) in enumerate(by_payment.items(), 1):
            own = number if position == 1 else f"{number}.{position}"
            amount = from_minor(minor, currency)
            head = self.history.tell(
                f"refund/{own}", "refund.imported", correlation=correlation, by=ACTOR, at=at,
                document=matched.note.document, amount=str(amount), currency=currency,
            )  # fmt: skip
            self.refunds.append(
                f"{correlation}\t{head.sequence}\t{bulk.hexed(head.hash)}\t{bulk.text(own)}\t{memo_id}\t{order_id}\t"
                f"{rma_id}\t{payment_id}\t{amount}\t{currency}\t{RefundStatus.SETTLED}\t{RefundSource.IMPORTED}\t\t"
                f"{when}\t{when}"
            )
            entry_id = next(self.entry_ids)
            parts = {
                str(rate) if rate else bulk.NULL: round_ratio(tax * (before + minor), total)
                - round_ratio(tax * before, total)
                for rate, tax in taxes.items()
            }
            before += minor
            self.entries.append(f"{entry_id}\trefund/{bulk.text(own)}/settled\t{order_id}\t{when}")
            for account, part, rate in (
                (Account.RETURNS, minor - sum(parts.values()), bulk.NULL),
                *((Account.SALES_TAX, tax, rate) for rate, tax in parts.items()),
                (paid_into(self.methods[payment_id]), -minor, bulk.NULL),
            ):
                if part:
                    self.postings.append(
                        f"{entry_id}\t{account.value}\t{from_minor(part, currency)}\t{currency}\t{rate}"
                    )
            self.refunded[payment_id] += minor
            self.currencies[payment_id] = currency

    def _leftovers(self, matched: MatchedNote) -> None:
        note, position = matched.note, numbers(1)
        self.credits += [
            ImportedCredit(
                document=note.document,
                position=next(position),
                customer_id=matched.customer_id,
                sku=one.line.sku,
                description=one.line.description,
                quantity=one.quantity,
                amount=from_minor(one.amount, note.currency),
                currency=note.currency,
                country=note.country,
                reason=one.reason,
                credited_at=note.credited_at,
            )
            for one in matched.leftovers
        ]


def _multirange(units: Units) -> str:
    return "{" + ",".join(f"[{first},{last})" for first, last in units) + "}"
