"""One file about a return for a dispute: the customer's photos beside ours, each hashed, timed and attributed, and what
happened, entry by entry, with the hashes that chain them (first 12).

One PDF: the photos are in it, the manifest of their SHA-256 is on its pages, and its own SHA-256 stands in the return's
story, which nobody can rewrite.
"""

import base64
import hashlib
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from PIL.JpegImagePlugin import JpegImageFile

from oms import outbox, rendering, shops
from oms.encryption import Plain
from oms.models import Event, User
from oms.verbs import verb
from returns.lifecycle.locking import lock
from returns.models import RMA, EvidencePack, Outcome, ReturnPhoto
from returns.photos import CONTENT_TYPE

# What of an event is told to somebody outside: codes, quantities and amounts, never ids of ours.
TOLD = ("carrier", "service", "tracking_number", "status", "reason", "complete", "resolution", "total", "currency")

MOST_BYTES = 9_000_000  # of photos in one file as they are kept; more are shown smaller


@verb
def ask(number: str, *, by: str, at: datetime) -> EvidencePack:
    """Have a pack built by a job; while one is under way, that one. Raises RMA.DoesNotExist."""
    rma = lock(number)
    under_way = EvidencePack.objects.filter(rma=rma, built_at=None).first()
    if under_way is not None:
        return under_way
    pack = EvidencePack(rma=rma, asked_by=by, asked_at=at)
    pack.save()
    outbox.record(rma, "evidence.asked", by=by, at=at, pack=pack.pk)
    return pack


def build(pack_id: int, *, at: datetime) -> EvidencePack:
    """Draw the file and keep it, sealed with the customer's key. Harmless when run twice. Raises RendererAway: the job
    is tried again."""
    pack = EvidencePack.objects.select_related("rma__order__customer", "rma__warehouse").get(pk=pack_id)
    if pack.built_at is not None:
        return pack
    pictures = _photos(pack.rma)
    content = rendering.pdf(html(pack.rma, pictures, at=at))
    return _keep(pack_id, content, len(pictures), at=at)


@verb
def _keep(pack_id: int, content: bytes, photos: int, *, at: datetime) -> EvidencePack:
    pack = EvidencePack.objects.select_related("rma__order__customer").get(pk=pack_id)
    rma = lock(pack.rma.number)
    pack.refresh_from_db(fields=["built_at"])
    if pack.built_at is not None:
        return pack
    pack.rma = rma
    pack.content, pack.sha256 = Plain(content), hashlib.sha256(content).hexdigest()
    pack.photos, pack.built_at = photos, at
    pack.save(update_fields=["content", "sha256", "photos", "built_at"])
    outbox.record(rma, "evidence.built", by="system", at=at, pack=pack.pk, photos=photos, sha256=pack.sha256)
    return pack


@verb
def fetch(ref: UUID, *, by: str, at: datetime) -> EvidencePack:
    """Hand the file out: who had it, and when, stays in the story. Raises EvidencePack.DoesNotExist."""
    found = EvidencePack.objects.exclude(built_at=None).select_related("rma__order__customer")
    pack = found.get(ref=ref)
    rma = lock(pack.rma.number)
    outbox.record(rma, "evidence.fetched", by=by, at=at, pack=pack.pk)
    return pack


def html(rma: RMA, pictures: Iterable[ReturnPhoto], *, at: datetime) -> str:
    """The pages, with the pictures inside them."""
    events = list(Event.objects.filter(stream=rma.stream).order_by("sequence"))
    pictures = list(pictures)
    outcomes = list(
        Outcome.objects.filter(receipt__line__rma=rma)
        .select_related("condition", "receipt__line__order_line")
        .order_by("pk")
    )
    names = _names([*(one.taken_by for one in pictures), *(one.actor for one in events), *(one.by for one in outcomes)])
    smaller = sum(len(one.content) for one in pictures) > MOST_BYTES
    told = [_picture(one, number, names, smaller=smaller) for number, one in enumerate(pictures, start=1)]
    context = {
        "rma": rma,
        "shop": shops.current(),
        "at": at,
        "lines": rma.lines.select_related("order_line", "reason", "declared_condition").order_by("pk"),
        "customer": [one for one in told if one["is_customers"]],
        "dock": [one for one in told if not one["is_customers"]],
        "manifest": told,
        "outcomes": [{"outcome": one, "by": names.get(one.by, one.by)} for one in outcomes],
        "parcels": rma.parcels.exclude(tracking_number="").order_by("pk"),
        "events": [
            {
                "event": one,
                "by": names.get(one.actor, one.actor),
                "facts": [(key, one.facts[key]) for key in TOLD if one.facts.get(key) not in (None, "")],
                "hash": bytes(one.hash).hex(),
            }
            for one in events
        ],
    }
    return render_to_string("documents/evidence.html", context)


def _photos(rma: RMA) -> list[ReturnPhoto]:
    found = ReturnPhoto.objects.filter(rma=rma).select_related("rma__order__customer", "line__order_line")
    return list(found.order_by("taken_at", "pk"))


def _picture(photo: ReturnPhoto, number: int, names: dict[str, str], *, smaller: bool) -> dict[str, Any]:
    content = bytes(photo.content)
    shown = _smaller(content) if smaller else content
    return {
        "number": number,
        "is_customers": is_customers(photo),
        "data": f"data:{CONTENT_TYPE};base64,{base64.b64encode(shown).decode()}",
        "sha256": hashlib.sha256(content).hexdigest(),
        "as_kept": hashlib.sha256(content).hexdigest() == photo.sha256,
        "bytes": len(content),
        "width": photo.width,
        "height": photo.height,
        "by": names.get(photo.taken_by, photo.taken_by),
        "at": photo.taken_at,
        "of": photo.line.order_line.description if photo.line else "",
    }


def _smaller(content: bytes) -> bytes:
    """A copy for paper; the manifest names the photo as it is kept."""
    out = io.BytesIO()
    with JpegImageFile(io.BytesIO(content)) as image:
        image.thumbnail((1000, 1000))
        image.save(out, "JPEG", quality=75)
    return out.getvalue()


def is_customers(photo: ReturnPhoto) -> bool:
    """Whether the customer took it; otherwise the dock did, by hand or with the station's phone."""
    return photo.taken_by.startswith("customer:")


def _names(actors: Iterable[str]) -> dict[str, str]:
    numbers = {int(actor[5:]) for actor in actors if actor.startswith("user:") and actor[5:].isdigit()}
    names = {user.actor: _("%(role)s %(number)s") % {"role": user.get_role_display(), "number": user.pk}
             for user in User.objects.filter(pk__in=numbers)}  # fmt: skip
    customers = {actor: _("the customer") for actor in actors if actor.startswith("customer:")}
    return names | customers | {"system": _("the system"), "carrier": _("the carrier")}
