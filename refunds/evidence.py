"""What shows that somebody paid by hand: a picture drawn again, or a PDF as it came, both kept encrypted.

A PDF cannot be drawn again without changing what it proves. So it is small, is what it says, does nothing by itself,
and is only ever handed out for download.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

from oms.encryption import Plain
from oms.refusals import Refused
from refunds.models import Refund, RefundEvidence
from refunds.states import ManualMethod
from returns import photos

MAX_BYTES = 5 * 1024 * 1024
PDF = "application/pdf"
# What makes a PDF act: https://helpx.adobe.com/acrobat/using/pdfs-actions.html
_ACTS = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFile|OpenAction|AA|RichMedia|XFA)\b")


class PdfTooLarge(Refused):
    code = "pdf_too_large"
    sentence = _("This PDF is larger than 5 MB. Please choose a smaller one.")


class PdfUnusable(Refused):
    code = "pdf_unusable"
    sentence = _("This PDF is damaged, or does things by itself. Please print it to a new PDF and choose that.")


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a refund was paid by hand, under which reference of the bank or till, and a file, if there is one."""

    method: ManualMethod
    reference: str
    content: bytes = b""
    content_type: str = ""


def clean(upload: File) -> tuple[bytes, str]:
    """(content, content type) as it is kept. Raises PdfTooLarge, PdfUnusable and what `photos.clean` raises."""
    start = upload.read(5)
    upload.seek(0)
    if start != b"%PDF-":
        return photos.clean(upload).content, photos.CONTENT_TYPE
    if upload.size > MAX_BYTES:
        raise PdfTooLarge
    content = upload.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise PdfTooLarge
    if b"%%EOF" not in content[-1024:] or _ACTS.search(content):
        raise PdfUnusable
    return content, PDF


def keep(refund: Refund, evidence: Evidence, *, by: str, at: datetime) -> RefundEvidence:
    """Store it, encrypted under the customer's key."""
    kept = RefundEvidence(
        refund=refund,
        method=evidence.method,
        reference=evidence.reference,
        content=Plain(evidence.content) if evidence.content else b"",
        content_type=evidence.content_type,
        given_by=by,
        given_at=at,
    )
    kept.save()
    return kept
