"""Credit notes of an imported history → closed returns with what was paid back for them.

Goods are matched to what the same customer bought of the same product at or before that moment, oldest first. One
credit note may touch many orders: one RMA each, grouped by `source_document`. What matches nothing, and what was
credited above the price paid, is kept as `ImportedCredit` with its reason, never dropped and never booked.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from oms.importing.documents import Buyer, CreditNote
from oms.importing.people import People
from oms.importing.report import ImportReport
from oms.statemachine import CREATED
from refunds.imports.matching import match, recount, sold_to
from refunds.imports.rows import ImportedRows
from refunds.models import ImportedCredit
from refunds.states import REFUND_MACHINE, RefundStatus
from returns.models import RMA
from returns.states import RMA_MACHINE, RMAStatus


class CreditNotes:
    """Writes batches of credit notes, each in one transaction. A document that is known is left alone."""

    def __init__(self, report: ImportReport, *, now: datetime) -> None:
        self.report, self.people = report, People(now)

    def write(self, notes: Sequence[CreditNote]) -> None:
        self.report.credit_notes += len(notes)
        with transaction.atomic():
            new, known = self._by_whether_known(notes)
            recount(known, self.report)
            if not new:
                return
            customers = self.people.find_or_add(
                [Buyer(note.customer, note.country) if note.customer else None for note in new]
            )
            sold, payments = sold_to(new, customers)
            matched = [
                match(note, customer, sold, payments, self.report)
                for note, customer in zip(new, customers, strict=True)
            ]
            RMA_MACHINE.check("import_closed", CREATED, RMAStatus.CLOSED)
            REFUND_MACHINE.check("import_settled", CREATED, RefundStatus.SETTLED)
            self.report.returns += ImportedRows(matched).write()
        self.report.new_credit_notes += len(new)

    def _by_whether_known(self, notes: Sequence[CreditNote]) -> tuple[list[CreditNote], list[CreditNote]]:
        documents = [note.document for note in notes]
        known = set(RMA.objects.filter(source_document__in=documents).values_list("source_document", flat=True))
        known.update(ImportedCredit.objects.filter(document__in=documents).values_list("document", flat=True))
        return [note for note in notes if note.document not in known], [
            note for note in notes if note.document in known
        ]
