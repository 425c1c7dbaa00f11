"""The same at the pages, where people click twice and vendors send twice: one return from the portal to finance."""

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from tests.proofs import serving
from tests.proofs.identical import Identical

HERE = "127.0.0.1"


def story() -> Iterator[Identical]:
    """Customer, desk, carrier, dock and finance, each step sent eight times as it is."""
    from inventory.models import Bin, Unit
    from inventory.states import BinKind
    from notifications.models import Message
    from oms import tasks
    from oms.models import Event, InboundWebhook
    from refunds import lifecycle as refunds
    from refunds.lifecycle.approving import as_seen
    from refunds.models import Refund
    from returns.action_codes import Action, action_code, bin_code
    from returns.models import RMA, Outcome, Putaway, Receipt, Reversal
    from returns.tasks import read_carrier_webhook
    from tests.builders import Sold
    from tests.staff import staff_client

    manager, dock, finance = (_as(staff_client(role)) for role in ("manager", "dock", "finance"))
    # Dear enough for the desk to look at, and for a second person to let the money out.
    order = serving.a_delivered_order(lines=[Sold(gross="1200.00", tax="200.00")])
    draft = serving.a_draft(order)
    offer = _get(f"/return/{draft.ref}/resolution/")
    agreed = {"resolution": offer["resolution"], "confirmed_total": offer["confirmed_total"]}

    def named(name: str, stream: str) -> int:
        return Event.objects.filter(stream=stream, name=name).count()

    yield Identical(
        "portal: confirmation",
        lambda: _post(f"/return/{draft.ref}/confirmation/", agreed),
        lambda: RMA.objects.filter(order=order).count(),
    )
    rma = RMA.objects.get(order=order)
    asked = Event.objects.get(stream=rma.stream, name="rma.requested")

    yield Identical(
        "bell of a job",
        lambda: tasks.deliver(event_id=asked.pk, queue="mail"),
        lambda: Message.objects.filter(event=asked).count(),
    )
    yield Identical(
        "desk: approval",
        lambda: _post(f"/returns/{rma.number}/approval/", {"approve-note": ""}, manager),
        lambda: named("rma.approved", rma.stream),
    )
    parcel = _labeled(rma)
    news = json.dumps(_tracker(parcel.tracking_number)).encode()
    told = json.loads(news)["id"]

    yield Identical(
        "carrier: webhook", lambda: _send(news), lambda: InboundWebhook.objects.filter(external_id=told).count()
    )
    received = Event.objects.get(name="webhook.received", facts__external_id=told)

    yield Identical(
        "carrier: webhook taken", lambda: read_carrier_webhook(received), lambda: named("rma.shipped", rma.stream)
    )
    counted = {"all": "1", "form_token": str(uuid4())}

    yield Identical(
        "dock: receipt",
        lambda: _post(f"/admin/scan/{rma.number}/receipts/", counted, dock),
        lambda: Receipt.objects.filter(line__rma=rma).count(),
    )
    wrongly = Receipt.objects.get(line__rma=rma)
    undo = {"code": action_code(Action.UNDO), "step": f"receipt/{wrongly.pk}", "form_token": str(uuid4())}

    yield Identical(
        "dock: taking back",
        lambda: _post("/admin/scan/", undo, dock),
        lambda: Reversal.objects.filter(receipt=wrongly).count(),
    )
    _post(f"/admin/scan/{rma.number}/receipts/", {"all": "1", "form_token": str(uuid4())}, dock)
    receipt = Receipt.objects.get(line__rma=rma, is_reversed=False)
    seen = {"form_token": str(uuid4()), "receipt": str(receipt.pk), "quantity": "1", "condition": "opened"}

    yield Identical(
        "dock: inspection",
        lambda: _post(f"/admin/inspection/{rma.number}/", seen, dock),
        lambda: Outcome.objects.filter(receipt=receipt).count(),
    )
    unit = Unit.objects.select_related("bin__warehouse").get(received_as=f"receipt/{receipt.pk}")
    shelf, _new = Bin.objects.get_or_create(warehouse=unit.bin.warehouse, code="SHELF-T2", kind=BinKind.SHELF)
    carried = {"code": bin_code(shelf), "form_token": str(uuid4())}

    yield Identical(
        "dock: putaway",
        lambda: _post(f"/admin/putaway/?tray={unit.pk}", carried, dock),
        lambda: Putaway.objects.filter(unit=unit).count(),
    )
    refunds.request_for_return(rma.number, by="user:1", at=rma.requested_at)
    refund = Refund.objects.get(rma=rma)
    approved = dict(zip(("amount", "destination"), as_seen(refund), strict=True))

    yield Identical(
        "finance: approval",
        lambda: _post(f"/refunds/{refund.number}/approval/", approved, finance),
        lambda: named("refund.approved", refund.stream),
    )


def _labeled(rma: Any) -> Any:
    """The parcel with a label, as if the carrier had sold one."""
    from decimal import Decimal

    from returns import lifecycle
    from returns.lifecycle.parcels import Bought

    parcel = rma.parcels.get()
    label = Bought(
        carrier="Royal Mail",
        service="Tracked",
        choice="cheapest",
        tracking_number=f"T2{uuid4().hex[:16]}",
        tracking_url="",
        price=Decimal("3.00"),
        currency="GBP",
        content=b"%PDF-",
        content_type="application/pdf",
    )
    return lifecycle.label(parcel.pk, label, by="carrier", at=rma.requested_at)


def _tracker(code: str) -> dict[str, Any]:
    tracker = {"object": "Tracker", "id": f"trk_{uuid4().hex}", "tracking_code": code, "status": "in_transit"}
    return {"id": f"evt_{uuid4().hex}", "object": "Event", "description": "tracker.updated", "result": tracker}


# ── Browsers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _as(client: Any) -> dict[str, str]:
    return {name: cookie.value for name, cookie in client.cookies.items()}


def _browser(cookies: dict[str, str] | None = None) -> Any:
    from django.test import Client

    browser = Client(headers={"Host": HERE}, raise_request_exception=False)
    browser.cookies.load(cookies or {})
    return browser


def _get(path: str) -> dict[str, str]:
    """The hidden fields of the page's own form."""
    from oms.demo.browser import _Reader

    reader = _Reader()
    reader.feed(_browser().get(path).content.decode())
    return next(dict(form.fields) for form in reader.forms if form.has("confirmed_total"))


def _post(path: str, data: dict[str, str], cookies: dict[str, str] | None = None) -> tuple[int, str]:
    answer = _browser(cookies).post(path, data)
    return answer.status_code, answer.headers.get("Location", "!" + path)


def _send(body: bytes) -> int:
    from django.conf import settings

    key = unicodedata.normalize("NFKD", settings.EASYPOST_WEBHOOK_SECRET).encode()
    signature = {"X-Hmac-Signature": f"hmac-sha256-hex={hmac.new(key, body, hashlib.sha256).hexdigest()}"}
    answer = _browser().post("/webhooks/easypost/", body, content_type="application/json", headers=signature)
    return int(answer.status_code)
