"""Seals over the event log: a root over everything so far, signed, so that truncation and vanished streams show.

Readers by watermark take only events of transactions that are surely over: ids are not commit order.
"""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Func, QuerySet
from django.db.models.fields import BigIntegerField

from oms.models import Event, Seal


class Watermark(Func):
    """Transactions below this number are over, whatever their ids."""

    template = "(pg_snapshot_xmin(pg_current_snapshot())::text::bigint)"
    output_field = BigIntegerField()


def settled_events() -> QuerySet[Event]:
    """Events in an order that no later commit can change: (txid, id)."""
    return Event.objects.filter(txid__lt=Watermark()).order_by("txid", "id")


def _after(seal: Seal | None) -> QuerySet[Event]:
    if seal is None:
        return settled_events()
    return settled_events().filter(txid__gte=seal.txid).exclude(txid=seal.txid, id__lte=seal.last_event_id)


def _root(previous: bytes, rows: Iterator[tuple[int, int, bytes]]) -> tuple[bytes, int, int, int]:
    digest, count, txid, last = hashlib.sha256(previous), 0, 0, 0
    for row in rows:
        txid, last, event_hash = row
        digest.update(bytes(event_hash))
        count += 1
    return digest.digest(), count, txid, last


def _sign(root: bytes) -> bytes:
    return hmac.digest(settings.EVENT_CHAIN_KEY.encode(), b"seal" + root, "sha256")


@transaction.atomic
def seal_new_events(*, at: datetime) -> Seal | None:
    """Root what came since the last seal; None when nothing did."""
    newest = Seal.objects.select_for_update().order_by("-id").first()
    rows = _after(newest).values_list("txid", "id", "hash").iterator(chunk_size=5000)
    root, count, txid, last = _root(bytes(newest.root) if newest else b"", rows)
    if not count:
        return None
    return Seal.objects.create(
        txid=txid, last_event_id=last, count=count, root=root, signature=_sign(root), sealed_at=at
    )


def broken_seals() -> list[str]:
    """Recompute every seal from the events; return what no longer fits, as sentences."""
    found, previous, before = [], b"", None
    for seal in Seal.objects.order_by("id"):
        covered = _after(before).filter(txid__lte=seal.txid).exclude(txid=seal.txid, id__gt=seal.last_event_id)
        root, count, _txid, _last = _root(previous, covered.values_list("txid", "id", "hash").iterator(chunk_size=5000))
        if count != seal.count:
            found.append(f"{seal}: {seal.count - count} of {seal.count} events are missing")
        elif root != bytes(seal.root) or not hmac.compare_digest(_sign(root), bytes(seal.signature)):
            found.append(f"{seal}: events under it were changed")
        previous, before = bytes(seal.root), seal
    return found
