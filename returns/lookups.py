"""Finding an order by its number and an e-mail address or postcode (p42, S4).

Nothing tells "no such order" from "other details": same words, same bytes, same work. After repeated tries for one
order number, or from one client address, everybody gets the same third answer, and who has the right data gets a
mailed link. So a limit slows guessing down without shutting anyone out.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce

from oms import outbox
from oms.encryption import blind_index, blind_postcode
from oms.models import Order
from oms.prepared import prepared
from returns.models import RMA, LinkRequest, LookupAttempt, ReturnDraft

TRIES_PER_ORDER = 5
TRIES_PER_ADDRESS = 20
WINDOW = timedelta(hours=1)
DRAFT_LIFE = timedelta(days=7)

_ABSENT = bytes(16)  # no blind index is all zeros

# One statement for both counters, in one order, so that two requests never wait for each other crosswise.
_COUNT = """
    INSERT INTO returns_lookupattempt (key, "window", count) VALUES (%s, %s, 1), (%s, %s, 1)
    ON CONFLICT (key, "window") DO UPDATE SET count = returns_lookupattempt.count + 1
    RETURNING key, count
"""
_FORGIVE = 'UPDATE returns_lookupattempt SET count = count - 1 WHERE "window" = %s AND key IN (%s, %s) AND count > 0'


@dataclass(frozen=True, slots=True)
class Answer:
    """`draft` when the details are right, `mailed` past the limit, else nothing was found."""

    draft: ReturnDraft | None = None
    mailed: bool = False


def look_up(number: str, proof: str, *, address: str, at: datetime) -> Answer:
    """Compare the details with the order's; `proof` is an e-mail address or a postcode, `address` the client's."""
    keys = sorted([blind_index("lookup-order", number), blind_index("lookup-address", address)])
    over = _count(number, keys, at)
    row = next(iter(_row_of(number)), None)
    person = row.customer if row else None
    right = hmac.compare_digest(bytes((person and person.email_index) or _ABSENT), blind_index("email", proof))
    right |= hmac.compare_digest(bytes((person and person.postcode_index) or _ABSENT), blind_postcode(proof))
    order = row if right and row and row.number == number else None
    if over:
        LinkRequest.objects.create(order=order, asked_at=at)
        return Answer(mailed=True)
    if order is None:
        return Answer()
    _forgive(keys, at)
    return Answer(draft=draft_for(order.pk, at=at))


@prepared
def _row_of(number: str) -> QuerySet[Order]:
    """The order's row. Where there is none another's, to be thrown away: a row takes longer to read than nothing."""
    named, other = Order.objects.filter(number=number).values("pk"), Order.objects.order_by("pk").values("pk")[:1]
    told = ("number", "customer__email_index", "customer__postcode_index")
    return Order.objects.filter(pk=Coalesce(Subquery(named), Subquery(other))).select_related("customer").only(*told)


def _window(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _count(number: str, keys: Sequence[bytes], at: datetime) -> bool:
    """Count this try, before it is judged: tries at the same moment cannot slip through. True past a limit."""
    window, by_order = _window(at), blind_index("lookup-order", number)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [keys[0], window, keys[1], window])
        counts = {bytes(key): count for key, count in cursor.fetchall()}
    return any(count > (TRIES_PER_ORDER if key == by_order else TRIES_PER_ADDRESS) for key, count in counts.items())


def _forgive(keys: Sequence[bytes], at: datetime) -> None:
    """A right answer is no miss: a family behind one address may look up all its orders."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGIVE, [_window(at), *keys])


def draft_for(order_id: int, *, at: datetime) -> ReturnDraft:
    """The return being put together for this order: the open one if there is one, so that two tabs make one return."""
    drafts = _open_drafts(order_id, at - DRAFT_LIFE)
    return drafts[0] if drafts else ReturnDraft.objects.create(order_id=order_id, created_at=at, updated_at=at)


@prepared
def _open_drafts(order: int, since: datetime) -> QuerySet[ReturnDraft]:
    return open_drafts(order, since).filter(recipient=None)[:1]


def open_drafts(order: int, since: datetime) -> QuerySet[ReturnDraft]:
    confirmed = RMA.objects.filter(order=order).exclude(form_token=None).values("form_token")
    found = ReturnDraft.objects.filter(order=order, updated_at__gt=since).exclude(ref__in=confirmed)
    return found.order_by("-updated_at")


# ── The mailed link ───────────────────────────────────────────────────────────────────────────────────────────────


def mail_links(*, at: datetime) -> int:
    """Record `portal.link_asked` for each order that was asked for with the right details; return how many.

    The event carries the draft's row id, not its address: what opens the order is known to the mail alone.
    """
    asked = sorted(set(LinkRequest.objects.filter(order__isnull=False).values_list("order", flat=True)))
    for order_id in asked:
        _mail_link(order_id, at)
    LinkRequest.objects.filter(asked_at__lte=at).delete()
    LookupAttempt.objects.filter(window__lt=at - timedelta(days=1)).delete()
    return len(asked)


@transaction.atomic
def _mail_link(order_id: int, at: datetime) -> None:
    order = Order.objects.for_update().get(pk=order_id)
    stamp = blind_index("lookup-mail", order.number)
    # The same table counts mails: a flood of requests with right details is one mail in ten minutes.
    window = at.replace(minute=at.minute - at.minute % 10, second=0, microsecond=0)
    _attempt, first = LookupAttempt.objects.get_or_create(key=stamp, window=window, defaults={"count": 1})
    if first:
        draft = draft_for(order_id, at=at)
        outbox.record(order, "portal.link_asked", by="system", at=at, draft=draft.pk)
