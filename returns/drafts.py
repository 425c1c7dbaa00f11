"""A return being put together: the answers so far, kept so that nothing is lost."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet

from oms.prepared import prepared
from returns.eligibility import Wanted
from returns.lookups import DRAFT_LIFE
from returns.models import RMA, ReturnDraft, ReturnPhoto


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """What was said about one order line; `reason` and `condition` are codes, "" while not answered."""

    quantity: int = 1
    reason: str = ""
    condition: str = ""
    note: str = ""


def find(ref: UUID, *, at: datetime) -> ReturnDraft | None:
    """The draft of this address, with its order and customer; None when there is none or it is too old."""
    return next(iter(_alive(ref, at - DRAFT_LIFE)), None)


@prepared
def _alive(ref: UUID, since: datetime) -> QuerySet[ReturnDraft]:
    drafts = ReturnDraft.objects.select_related("order__customer").annotate(
        is_confirmed=Exists(RMA.objects.filter(form_token=OuterRef("ref"))),
        has_photos=Exists(ReturnPhoto.objects.filter(draft=OuterRef("pk"))),
    )
    return drafts.filter(ref=ref, updated_at__gt=since)


def confirmed(draft: ReturnDraft) -> RMA | None:
    """The return this draft has become, if it has."""
    return RMA.objects.filter(form_token=draft.ref).first() if getattr(draft, "is_confirmed", True) else None


def answers(draft: ReturnDraft) -> dict[int, LineAnswer]:
    """Answers by order line; notes are read from where they are encrypted."""
    notes = json.loads(draft.note or "{}")
    return {
        int(line): LineAnswer(
            given.get("quantity", 1), given.get("reason", ""), given.get("condition", ""), notes.get(line, "")
        )
        for line, given in draft.answers.get("lines", {}).items()
    }


def save(draft: ReturnDraft, given: Mapping[int, LineAnswer], *, at: datetime) -> None:
    """Keep exactly these lines. Notes are personal, so they go where they are encrypted, not among the codes."""
    draft.answers = {
        "lines": {
            str(line): {"quantity": one.quantity, "reason": one.reason, "condition": one.condition}
            for line, one in given.items()
        }
    }
    draft.note = json.dumps({str(line): one.note for line, one in given.items() if one.note})
    draft.updated_at = at
    draft.save(update_fields=["answers", "note", "updated_at"])


def picks(draft: ReturnDraft) -> dict[int, str]:
    """What was chosen instead, by order line: a SKU, or a word that is none."""
    return {int(line): str(sku) for line, sku in draft.answers.get("instead", {}).items()}


def pick(draft: ReturnDraft, line: int, sku: str, *, at: datetime) -> None:
    """Keep what was chosen instead of one line. Other lines said anew, all is chosen anew."""
    draft.answers = draft.answers | {"instead": draft.answers.get("instead", {}) | {str(line): sku}}
    draft.updated_at = at
    draft.save(update_fields=["answers", "updated_at"])


def fingerprint(draft: ReturnDraft, *parts: str) -> str:
    """Stands for what is chosen now: a page that carries another one shows what was chosen before (U19)."""
    chosen = [draft.answers.get(part) for part in parts]
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:16]


def wanted(draft: ReturnDraft) -> list[Wanted]:
    """The lines as the policy is asked about them: only those whose reason was given."""
    kept = ReturnPhoto.objects.filter(draft=draft).values("order_line").annotate(count=Count("id"))
    photos = dict(kept.values_list("order_line", "count")) if getattr(draft, "has_photos", True) else {}
    return [
        Wanted(line, one.quantity, one.reason, one.condition, one.note, photos.get(line, 0))
        for line, one in sorted(answers(draft).items())
        if one.reason
    ]


def photos_by_line(draft: ReturnDraft) -> dict[int, list[ReturnPhoto]]:
    """Photos kept so far, without their pictures."""
    found: dict[int, list[ReturnPhoto]] = {}
    if not getattr(draft, "has_photos", True):
        return found
    for photo in ReturnPhoto.objects.filter(draft=draft, rma=None).defer("content").order_by("id"):
        found.setdefault(photo.order_line_id, []).append(photo)
    return found


def drop_photos(draft: ReturnDraft, refs: Iterable[UUID]) -> None:
    if unwanted := list(refs):
        ReturnPhoto.objects.filter(draft=draft, rma=None, ref__in=unwanted).delete()
