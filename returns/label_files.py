"""Getting a label in another form from the carrier. Called outside transactions only."""

import base64
from datetime import datetime

from django.template.loader import render_to_string

from oms import rendering
from returns import lifecycle
from returns.carriers import easypost
from returns.carriers.base import Carrier, CarrierError, Paper
from returns.models import LabelFile
from returns.states import LabelKind

PAPERS = {
    LabelKind.A4: Paper.PICTURE,
    LabelKind.ZPL: Paper.ZPL,
    LabelKind.CODE: Paper.CODE,
    LabelKind.INVOICE: Paper.INVOICE,
}


def fetch(file_id: int, *, at: datetime, carrier: Carrier | None = None) -> LabelFile:
    """Fetch what was asked for and keep it; safe to repeat. What the carrier does not make is noted as refused.

    Raises CarrierError while the carrier is down, RendererAway while nothing sets pages: it is asked again later.
    """
    carrier = carrier or easypost.from_settings()
    file = LabelFile.objects.select_related("parcel__rma").defer("parcel__label").get(pk=file_id)
    if not file.waits:
        return file
    kind = LabelKind(file.kind)
    try:
        content, content_type = carrier.paper(file.parcel.shipment_id, PAPERS[kind])
    except CarrierError as problem:
        if problem.retryable:
            raise
        return lifecycle.refuse_file(file_id, by="carrier", at=at)
    if kind == LabelKind.A4:
        content, content_type = sheet(content, content_type, file.parcel.rma.number), "application/pdf"
    return lifecycle.keep_file(file_id, content, content_type, by="carrier", at=at)


def sheet(picture: bytes, picture_type: str, number: str) -> bytes:
    """The label in its own size (4 × 6 inches) on an A4 sheet, with where to cut."""
    address = f"data:{picture_type};base64,{base64.b64encode(picture).decode()}"
    return rendering.pdf(render_to_string("portal/label_a4.html", {"label": address, "number": number}))
