"""Files that EasyPost keeps for us: labels and forms, fetched from its own hosts and from nowhere else.

Sources: https://docs.easypost.com/docs/shipments/convert-label, /docs/shipments/forms.
"""

import ssl
import urllib.parse
from collections.abc import Mapping
from functools import cache
from typing import Any

from .base import CarrierError, Paper

CONNECT_SECONDS = 3.05
LARGEST = 5 * 1024 * 1024
TYPES = {"application/pdf", "image/png"}
ZPL = "application/zpl"
# Where EasyPost keeps its files.
HOSTS = ("easypost-files.s3.us-west-2.amazonaws.com", "easypost-files.s3-us-west-2.amazonaws.com")
FORMATS: Mapping[Paper, str] = {Paper.PDF: "PDF", Paper.ZPL: "ZPL", Paper.PICTURE: "PNG"}
FORMS: Mapping[Paper, str] = {Paper.CODE: "label_qr_code", Paper.INVOICE: "commercial_invoice"}


def address(shipment: Any, paper: Paper) -> str:
    """Where this paper of a shipment lies; empty when it was not made yet."""
    label = shipment.postage_label
    if paper in FORMS:
        return next((str(form.form_url or "") for form in shipment.forms or () if form.form_type == FORMS[paper]), "")
    if label is None:
        return ""
    if paper is Paper.PDF:
        bought_so = str(label.label_file_type) == "application/pdf"
        return str(label.label_pdf_url or (label.label_url if bought_so else "") or "")
    if paper is Paper.ZPL:
        return str(label.label_zpl_url or "")
    return str(label.label_url or "") if str(label.label_file_type) == "image/png" else ""


def fetch(url: str, *, own: str, read_seconds: float) -> tuple[bytes, str]:
    """The file behind an address and its MIME type. `own` is the host we were told to use instead of EasyPost.

    Raises CarrierError for another host, for more than 5 MB, and for what is neither PDF, PNG nor ZPL.
    """
    import httpx  # noqa: PLC0415  only workers fetch labels

    parts = urllib.parse.urlsplit(url)
    if not (parts.scheme == "https" and parts.hostname in HOSTS) and not _is_own(parts, own):
        raise CarrierError("The label is not kept by EasyPost.", code="foreign_label")
    patience = httpx.Timeout(read_seconds, connect=CONNECT_SECONDS)
    try:
        with httpx.stream("GET", url, timeout=patience, verify=_certificates()) as answer:
            if answer.status_code != 200:
                raise CarrierError(f"The label's host answered {answer.status_code}.", code="label", retryable=True)
            kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            content = b""
            for part in answer.iter_bytes():
                content += part
                if len(content) > LARGEST:
                    raise CarrierError("The label is larger than 5 MB.", code="label_too_large")
    except httpx.HTTPError as problem:
        raise CarrierError("The label could not be fetched.", code="label", retryable=True) from problem
    if content.lstrip()[:3] == b"^XA":  # hosts call it plain text, or nothing in particular
        return content, ZPL
    if kind not in TYPES:
        raise CarrierError(f"The label is of the type {kind or 'none'}.", code="label_type")
    return content, kind


def _is_own(parts: urllib.parse.SplitResult, own: str) -> bool:
    told = urllib.parse.urlsplit(own)
    return bool(own) and (parts.scheme, parts.netloc) == (told.scheme, told.netloc)


@cache
def _certificates() -> ssl.SSLContext:
    """Whose word we take for a host: reading them takes 20 ms, so each process does it once."""
    import httpx  # noqa: PLC0415  only workers fetch labels

    return httpx.create_ssl_context()
