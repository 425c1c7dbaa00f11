"""The questions an inspection is asked, by category: versions, so that an old inspection shows what it was asked."""

from collections.abc import Sequence
from datetime import datetime

from oms import outbox, shops
from oms.remembered import forget, remembered
from oms.verbs import verb
from returns.models import Checklist, ChecklistAnswers, Outcome

EVERY_OTHER = ""
MOST = 20
LONGEST = 160
YES, NO = "yes", "no"


def of(category: str) -> Checklist | None:
    """The version that is asked now; None when nothing is. Not to be changed."""
    known = _current()
    found = known.get(category) or known.get(EVERY_OTHER)
    return found if found is not None and found.questions else None


@verb
def change(category: str, questions: Sequence[str], *, by: str, at: datetime) -> Checklist:
    """Ask these from now on, as a new version; the same as before changes nothing."""
    wanted = [one.strip()[:LONGEST] for one in questions if one.strip()][:MOST]
    newest = Checklist.objects.select_for_update().filter(category=category).order_by("-version").first()
    if newest is not None and newest.questions == wanted:
        return newest
    fresh = Checklist.objects.create(
        category=category, version=newest.version + 1 if newest else 1, questions=wanted, by=by, since=at
    )
    outbox.record_on(
        shops.STREAM, "checklist.changed", by=by, at=at, category=category, version=fresh.version,
        questions=len(wanted),
    )  # fmt: skip
    forget()
    return fresh


def answer(outcome: Outcome, checklist: Checklist, answers: Sequence[str]) -> ChecklistAnswers:
    """Keep what an inspection answered, with the version it was asked; inside the transaction of the inspection."""
    said = [one if one in (YES, NO) else "" for one in answers][: len(checklist.questions)]
    said += [""] * (len(checklist.questions) - len(said))
    given = {"checklist": checklist, "answers": said}
    kept, _new = ChecklistAnswers.objects.get_or_create(outcome=outcome, defaults=given)  # sent again: as before
    return kept


def asked_of(answered: ChecklistAnswers) -> list[tuple[str, str]]:
    """The questions of that day with their answers."""
    return list(zip(answered.checklist.questions, answered.answers, strict=True))


@remembered
def _current() -> dict[str, Checklist]:
    return {one.category: one for one in Checklist.objects.order_by("category", "version")}
