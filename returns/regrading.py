"""A small random sample of inspected pieces is graded again by somebody who does not see the first result: how often
two people agree, by grader and by category (first 13)."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from inventory.models import Condition
from oms import outbox
from oms.refusals import Refused
from oms.verbs import verb
from returns import goods_terms
from returns.lifecycle.locking import lock
from returns.models import Outcome, Regrade

PARTS = 10_000


class OwnGrading(Refused):
    code = "own_grading"
    sentence = _("You graded this piece yourself: somebody else has to.")


def is_chosen(outcome: Outcome, percent: object) -> bool:
    """Whether chance chose this one: nobody can foretell it, and asking twice answers the same."""
    drawn = hmac.digest(settings.SECRET_KEY.encode(), f"regrade/{outcome.ref}".encode(), "sha256")
    return int.from_bytes(drawn[:8]) % PARTS < int(percent * (PARTS // 100))  # type: ignore[operator]


def choose(outcomes: Iterable[Outcome], *, at: datetime) -> list[Regrade]:
    """Choose some of these for a second look; inside the transaction of the inspection."""
    percent = goods_terms.on(at.date()).regrade_percent
    chosen = [Regrade(outcome=one, first_by=one.by, chosen_at=at) for one in outcomes if is_chosen(one, percent)]
    # The same inspection sent again chose already.
    return Regrade.objects.bulk_create(chosen, ignore_conflicts=True) if chosen else []


def waiting_for(by: str) -> "QuerySet[Regrade]":
    """What this person may grade again, the longest waiting first."""
    related = ("outcome__receipt__line__order_line", "outcome__receipt__line__rma")
    return (
        Regrade.objects.filter(graded_at=None).exclude(first_by=by).select_related(*related).order_by("chosen_at", "pk")
    )


@verb
def grade(regrade_id: int, *, condition: str, grade: str, by: str, at: datetime) -> Regrade:
    """The second result. It changes nothing that was decided; it is counted. Again changes nothing. Raises OwnGrading,
    Regrade.DoesNotExist, Condition.DoesNotExist."""
    found = Regrade.objects.select_related("outcome__receipt__line__rma").get(pk=regrade_id)
    rma = lock(found.outcome.receipt.line.rma.number)
    found.refresh_from_db(fields=["graded_at"])
    if found.graded_at is not None:
        return found
    if by == found.first_by:
        raise OwnGrading
    seen = Condition.objects.get(code=condition)
    found.condition, found.grade, found.by, found.graded_at = seen, grade or seen.grade, by, at
    found.save(update_fields=["condition", "grade", "by", "graded_at"])
    outbox.record(
        rma, "rma.regraded", by=by, at=at, outcome=found.outcome_id, condition=seen.code, grade=found.grade,
        same=found.grade == found.outcome.grade,
    )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of how many second gradings the first said the same grade, and the same condition."""

    name: str
    gradings: int
    same_grade: int
    same_condition: int

    @property
    def percent(self) -> int:
        return (200 * self.same_grade + self.gradings) // (2 * self.gradings)


def by_grader(since: datetime) -> list[Agreement]:
    """By who graded first, the least agreement first."""
    return _agreement("first_by", since)


def by_category(since: datetime) -> list[Agreement]:
    """By category of product, the least agreement first."""
    return _agreement("outcome__receipt__line__order_line__product__category", since)


def _agreement(by: str, since: datetime) -> list[Agreement]:
    rows = (
        Regrade.objects.filter(graded_at__gte=since)
        .values(by)
        .annotate(
            gradings=Count("pk"),
            same_grade=Count("pk", filter=Q(grade=F("outcome__grade"))),
            same_condition=Count("pk", filter=Q(condition=F("outcome__condition"))),
        )
        .order_by()
    )
    found = [Agreement(row[by] or "", row["gradings"], row["same_grade"], row["same_condition"]) for row in rows]
    return sorted(found, key=lambda one: (one.percent, one.name))
