"""The worklist, and one discrepancy with both sides beside each other."""

from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from oms.access import may
from oms.models import Event
from oms.roles import allowed
from oms.views.words import Clock
from refunds.models import Discrepancy, DiscrepancyQuerySet, ReconciliationRun
from refunds.reconciliation.causes import MEANINGS, TONES, Cause
from refunds.reconciliation.states import DISCREPANCY_MACHINE, DISCREPANCY_MEANING, DiscrepancyStatus
from refunds.views.reconciliation.forms import AGES, AssignmentForm, FilterForm, NoteForm, ResolutionForm
from refunds.views.reconciliation.words import NEXT, age, sides, story, there_name

PER_PAGE = 50
VIEWS = ("open", "transit", "settled", "gone", "all")


@require_safe
@may("see reconciliation")
def worklist(request: HttpRequest) -> HttpResponse:
    form, now = FilterForm(request.GET), timezone.now()
    is_valid = form.is_valid()
    wanted = form.cleaned_data if is_valid else {}
    every = Discrepancy.objects.visible_to(request.user)
    view = request.GET.get("view", "open")
    view = view if view in VIEWS else "open"
    found = _filtered(_view(every, view), wanted, request, now)
    listed = found.select_related("assignee").order_by("happened_at", "id")
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    clock = Clock()
    context = {
        "title": _("Reconciliation"),
        "form": form,
        "page": page,
        "rows": [_row(one, now) for one in page],
        "view": view,
        "open": _view(every, "open").count(),
        "transit": _view(every, "transit").count(),
        "causes": _causes(_view(every, "open")),
        "newest": _newest(clock),
        "may_reconcile": allowed(request.user, "reconcile"),
    }
    return render(request, "reconciliation/worklist.html", context, status=200 if is_valid else 400)


def _view(every: DiscrepancyQuerySet, view: str) -> DiscrepancyQuerySet:
    """In transit is normal for a while, so it has a tab of its own."""
    if view == "open":
        return every.to_do().exclude(cause=Cause.IN_TRANSIT)
    if view == "transit":
        return every.to_do().filter(cause=Cause.IN_TRANSIT)
    if view == "settled":
        return every.filter(status=DiscrepancyStatus.RESOLVED)
    if view == "gone":
        return every.filter(status=DiscrepancyStatus.GONE)
    return every


def _filtered(
    found: DiscrepancyQuerySet, wanted: dict[str, Any], request: HttpRequest, now: datetime
) -> DiscrepancyQuerySet:
    for name in ("cause", "book", "status"):
        if wanted.get(name):
            found = found.filter(**{name: wanted[name]})
    if wanted.get("age"):
        young, old = AGES[wanted["age"]]
        found = found.filter(
            happened_at__lte=now - timedelta(days=young) if young else now + timedelta(days=1),
            happened_at__gt=now - timedelta(days=old),
        )
    if who := wanted.get("assignee"):
        if who == "nobody":
            found = found.filter(assignee=None)
        else:
            found = found.filter(assignee_id=request.user.pk if who == "me" else int(who))
    if words := wanted.get("q", "").strip():
        found = found.filter(
            Q(number__iexact=words)
            | Q(refund__number__iexact=words)
            | Q(memo__number__iexact=words)
            | Q(memo__order__number__iexact=words)
            | Q(here__ids__contains=[words])
            | Q(there__ids__contains=[words])
        )
    return found


def _row(one: Discrepancy, now: datetime) -> dict[str, Any]:
    ids = one.here.get("ids") or one.there.get("ids") or []
    return {
        "one": one,
        "subject": ids[0] if ids else "",
        "more": len(ids) - 1 if one.cause in (Cause.COMBINED, Cause.SPLIT) else 0,
        "tone": TONES[Cause(one.cause)],
        "meaning": DISCREPANCY_MEANING[DiscrepancyStatus(one.status)],
        "age": age(one.happened_at, now),
    }


def _causes(found: DiscrepancyQuerySet) -> list[dict[str, Any]]:
    counts = found.order_by().values("cause").annotate(count=Count("pk")).order_by("-count", "cause")
    return [{"cause": row["cause"], "label": Cause(row["cause"]).label, "count": row["count"]} for row in counts]


def _newest(clock: Clock) -> dict[str, Any] | None:
    run = ReconciliationRun.objects.order_by("-id").first()
    return {"run": run, "at": clock.text(run.finished_at or run.requested_at)} if run else None


@require_safe
@may("see reconciliation")
def discrepancy(request: HttpRequest, number: str) -> HttpResponse:
    return render_discrepancy(request, number)


def render_discrepancy(
    request: HttpRequest, number: str, *, form: Form | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    """The page of one discrepancy; after a refusal with what was wrong, at its place."""
    one = get_object_or_404(
        Discrepancy.objects.visible_to(request.user).select_related(
            "refund", "memo__order", "memo__rma", "assignee", "seen_in"
        ),
        number=number,
    )
    now, clock = timezone.now(), Clock()
    verbs = DISCREPANCY_MACHINE.verbs_for(one.status, request.user.role)
    cause = Cause(one.cause)
    initial = {"assignee": one.assignee_id or request.user.pk}
    context = {
        "title": one.number,
        "one": one,
        "tone": TONES[cause],
        "meaning": DISCREPANCY_MEANING[DiscrepancyStatus(one.status)],
        "sentence": MEANINGS[cause],
        "next": NEXT[cause] if one.status in DiscrepancyStatus.to_do() else "",
        "there": there_name(one),
        "sides": sides(one, clock),
        "apart": _apart(one),
        "age": age(one.happened_at, now),
        "happened": clock.text(one.happened_at),
        "first_seen": clock.text(one.first_seen_at),
        "last_seen": clock.text(one.last_seen_at),
        "verbs": verbs,
        "may_reconcile": allowed(request.user, "reconcile"),
        "assignment": form if isinstance(form, AssignmentForm) else AssignmentForm(initial=initial),
        "note": form if isinstance(form, NoteForm) else NoteForm(),
        "resolution": (form if isinstance(form, ResolutionForm) else ResolutionForm()).offer(one),
        "bound": form,
        "notes": [
            (note, clock.text(note.written_at)) for note in one.notes.select_related("written_by").order_by("pk")
        ],
        "story": story(Event.objects.filter(stream=one.stream).order_by("sequence"), clock),
        "problem": problem,
    }
    return render(request, "reconciliation/discrepancy.html", context, status=status)


def _apart(one: Discrepancy) -> Any:
    """How far the amounts are apart, where they can be subtracted."""
    if one.amount_here is None or one.amount_there is None or one.currency_here != one.currency_there:
        return None
    return one.amount_there - one.amount_here or None
