"""Papers of a bought shipment: its label in other forms, and forms such as the code for a counter.

Sources: https://docs.easypost.com/docs/shipments/convert-label (only a PNG is converted), /docs/shipments/forms. The
words of the refusals and the files behind the forms are made up.
"""

import io
import re
from typing import Any

from . import easypost_objects as objects
from .book import Book, Row
from .labels import Label, label_pdf, label_png, label_zpl
from .wire import Answer, Refused, Request

FORMATS = ("PNG", "PDF", "ZPL", "EPL2")
FORMS = {"label_qr_code": "png", "commercial_invoice": "pdf", "return_packing_slip": "pdf"}
TYPES = {"pdf": "application/pdf", "png": "image/png", "zpl": "text/plain"}


class Files:
    """What lies under /labels/, and the calls that put more there."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def convert(self, shipment: Row, wanted: str) -> Row:
        """The shipment after its label was converted. Raises Refused."""
        label = shipment["label"]
        if label is None:
            raise refusal(422, "SHIPMENT.LABEL.UNAVAILABLE", "The shipment has no label to be converted.")
        if wanted not in FORMATS:
            raise refusal(422, "PARAMETER.INVALID", f"file_format must be one of {', '.join(FORMATS)}.")
        if label["format"] != "PNG" and wanted != label["format"]:
            message = f"A label bought as {label['format']} cannot be converted."
            raise refusal(422, "SHIPMENT.LABEL.UNCONVERTIBLE", message)
        after = shipment | {"label": label | {"also": sorted({*label.get("also", []), wanted})}}
        self._book.write("label.converted", shipment=[after])
        return after

    def form(self, shipment: Row, wanted: Any) -> Row:
        """The shipment with one form more. Raises Refused."""
        kind = wanted.get("type") if isinstance(wanted, dict) else None
        if kind not in FORMS:
            raise refusal(422, "PARAMETER.INVALID", f"form.type must be one of {', '.join(FORMS)}.")
        if shipment["selected_rate"] is None:
            raise refusal(422, "SHIPMENT.FORM.UNAVAILABLE", "The shipment has not been bought.")
        domestic = shipment["from_address"]["country"] == shipment["to_address"]["country"] == "US"
        if kind == "label_qr_code" and not (shipment["selected_rate"]["carrier"] == "USPS" and domestic):
            raise refusal(422, "SHIPMENT.FORM.UNSUPPORTED", "The carrier makes no code for its counters.")
        if kind == "commercial_invoice" and not shipment.get("customs_info"):
            raise refusal(422, "SHIPMENT.FORM.UNSUPPORTED", "An invoice needs customs info.")
        form = {"id": objects.new_id("form"), "form_type": kind, "created_at": objects.stamp()}
        after = shipment | {"forms": [*shipment.get("forms", []), form]}
        self._book.write("form.made", shipment=[after])
        return after

    def file(self, request: Request) -> Answer:
        """GET /labels/{shipment}.pdf, .png or .zpl, or /labels/{form}.png or .pdf."""
        match = re.match(r"/labels/([^/.]+)\.(pdf|png|zpl)$", request.path)
        shipment = self._book["shipment"].get(match[1]) if match else None
        if match is not None and shipment is None and match[1].startswith("form_"):
            return self._form_file(match[1])
        if match is None or shipment is None or not shipment["tracking_code"]:
            return Answer(404, {"error": "No such label."})
        draw = {"png": label_png, "pdf": label_pdf, "zpl": label_zpl}[match[2]]
        return Answer(200, draw(drawn(shipment)), content_type=TYPES[match[2]])

    def _form_file(self, id: str) -> Answer:
        for shipment in self._book["shipment"].newest_first():
            for form in shipment.get("forms", []):
                if form["id"] != id:
                    continue
                if form["form_type"] == "label_qr_code":
                    return Answer(200, code_png(f"USPS LB {shipment['tracking_code']}"), content_type="image/png")
                return Answer(200, label_pdf(drawn(shipment)), content_type="application/pdf")
        return Answer(404, {"error": "No such form."})


def drawn(shipment: Row) -> Label:
    """What stands on the shipment's label."""
    rate = shipment["selected_rate"]
    return Label(
        carrier=rate["carrier"],
        service=rate["service"],
        tracking_code=shipment["tracking_code"],
        reference=shipment["reference"] or "",
        sender=objects.lines(shipment["from_address"]),
        recipient=objects.lines(shipment["to_address"]),
        weight_oz=f"{objects.weight_of(shipment['parcel']):.1f}",
    )


def code_png(text: str) -> bytes:
    """A QR code for the counter."""
    import segno  # noqa: PLC0415  only here, as Pillow in labels.py

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=10, border=4)
    return out.getvalue()


def show_forms(shipment: Row, base: str) -> list[Row]:
    return [
        {
            "object": "Form",
            "mode": "test",
            "updated_at": form["created_at"],
            "form_url": f"{base}/labels/{form['id']}.{FORMS[form['form_type']]}",
            "submitted_electronically": None,
            **form,
        }
        for form in shipment.get("forms", [])
    ]


def refusal(status: int, code: str, message: str, errors: list[Any] | None = None) -> Refused:
    return Refused(Answer(status, objects.error(code, message, errors or [])))
