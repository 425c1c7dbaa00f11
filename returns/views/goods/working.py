"""The workshop: what is being repaired or refurbished, until when, and what came out."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from inventory.states import Disposition
from oms import outbox
from oms.access import may
from oms.money import Money, amount_text
from oms.refusals import Refused
from oms.roles import allowed
from oms.views.words import Clock, actor_names
from returns import goods_terms, lifecycle, reference
from returns.forms.goods import WorkEndForm
from returns.goods_states import WORK_MACHINE, WORK_MEANING, WorkStatus
from returns.models import WorkOrder
from returns.views.goods import placing

PER_PAGE = 50
SHOWN = {"open": (WorkStatus.OPEN,), "ended": (WorkStatus.DONE, WorkStatus.FAILED, WorkStatus.CANCELED)}


@require_safe
@may("see stock")
def work_orders(request: HttpRequest) -> HttpResponse:
    """Work orders, the most urgent first."""
    shown = request.GET.get("show", "open")
    shown = shown if shown in SHOWN else "open"
    found = WorkOrder.objects.filter(status__in=SHOWN[shown]).select_related(
        "placement__outcome__receipt__line__order_line", "placement__outcome__receipt__line__rma"
    )
    found = found.order_by("due_on", "pk") if shown == "open" else found.order_by("-ended_at", "-pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    today = timezone.now().date()
    context = {
        "title": _("Workshop"),
        "page": page,
        "shown": shown,
        "choices": [("open", _("in the workshop")), ("ended", _("ended"))],
        "rows": [
            {
                "work": one,
                "line": one.placement.outcome.receipt.line,
                "meaning": WORK_MEANING[WorkStatus(one.status)],
                "late": one.status == WorkStatus.OPEN and one.due_on < today,
                "cost": Money(one.estimate if one.cost is None else one.cost, one.currency),
            }
            for one in page
        ],
    }
    return render(request, "returns/goods/work_orders.html", context)


@require_POST
@may("move stock")
def workshop(request: HttpRequest, outcome: int) -> HttpResponse:
    """Have goods repaired or refurbished. Sent twice, it is one work order."""
    found = placing.outcome_or_404(outcome)
    stand = placing.named(found, request.POST.get("at", ""))
    if stand is None:
        problem = _("These goods are not here any more. Nothing was changed.")
        return placing.page_of(request, found, problem=problem, status=422)
    form = placing.work_form(stand, request.POST)
    if not form.is_valid():
        return placing.page_of(request, found, bound={("work", stand.key): form}, status=422)
    source = stand.placement.pk if stand.placement else None
    return placing.attempt(
        request,
        found,
        "open_work",
        lambda by, at: lifecycle.open_work(found.pk, source=source, by=by, at=at, **form.cleaned_data),
        _("The workshop has it."),
        bound={("work", stand.key): form},
    )


@require_safe
@may("see stock")
def work_order(request: HttpRequest, number: str) -> HttpResponse:
    """One work order: what is to be done, or what came out."""
    return _page(request, _work(number))


@require_POST
@may("move stock")
def end(request: HttpRequest, number: str) -> HttpResponse:
    """It is done, or could not be done; the cost is booked and the goods move on. Sent twice, it ends once."""
    work = _work(number)
    form = _end_form(work, request.POST)
    if not form.is_valid():
        return _page(request, work, form=form, status=422)
    given = dict(form.cleaned_data)
    done = given.pop("done") == "yes"
    return _attempt(
        request, work, form, "end_work", lambda by, at: lifecycle.end_work(number, done=done, by=by, at=at, **given)
    )


@require_POST
@may("move stock")
def call_off(request: HttpRequest, number: str) -> HttpResponse:
    """Nobody works on it after all."""
    work = _work(number)
    return _attempt(request, work, None, "call_off_work", lambda by, at: lifecycle.call_off_work(number, by=by, at=at))


def _attempt(request: HttpRequest, work: WorkOrder, form: WorkEndForm | None, verb: str, call: Any) -> HttpResponse:
    by, at = request.user.actor, timezone.now()
    try:
        call(by, at)
    except Refused as refused:
        outbox.record_refusal(refused, verb=verb, subject=work.stream, by=by, at=at)
        return _page(request, work, form=form, problem=str(refused), status=409)
    messages.success(request, _("Written down."))
    return redirect(work)


def _work(number: str) -> WorkOrder:
    related = ("placement__outcome__receipt__line__order_line", "placement__outcome__receipt__line__rma")
    return get_object_or_404(WorkOrder.objects.select_related(*related, "placement__condition"), number=number)


def _end_form(work: WorkOrder, data: Any = None) -> WorkEndForm:
    if work.placement.is_ours:
        offered = [one for one in Disposition if one not in (Disposition.REPAIR, Disposition.REFURBISH)]
        first = Disposition.RESTOCK
    else:
        offered, first = [Disposition.RETURN_TO_CUSTOMER], Disposition.RETURN_TO_CUSTOMER
    conditions = [one for one in reference.conditions().values() if one.active]
    return WorkEndForm(
        data,
        offered=offered,
        conditions=conditions,
        initial={"disposition": first, "cost": amount_text(work.estimate, work.currency)},
    )


def _page(
    request: HttpRequest,
    work: WorkOrder,
    *,
    form: WorkEndForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    clock = Clock()
    names = actor_names(one for one in (work.opened_by, work.ended_by) if one)
    verbs = WORK_MACHINE.verbs_for(work.status, request.user.role) if allowed(request.user, "move stock") else []
    context = {
        "title": _("Work order %(number)s") % {"number": work.number},
        "work": work,
        "meaning": WORK_MEANING[WorkStatus(work.status)],
        "line": work.placement.outcome.receipt.line,
        "rma": work.placement.outcome.receipt.line.rma,
        "estimate": Money(work.estimate, work.currency),
        "cost": Money(work.cost, work.currency) if work.cost is not None else None,
        "opened": clock.text(work.opened_at),
        "opened_by": names.get(work.opened_by, work.opened_by),
        "ended": clock.text(work.ended_at),
        "ended_by": names.get(work.ended_by, work.ended_by),
        "form": (form or _end_form(work)) if "finish" in verbs else None,
        "capitalizes": work.placement.is_ours and goods_terms.on(timezone.now().date()).capitalizes_work,
        "problem": problem,
    }
    return render(request, "returns/goods/work_order.html", context, status=status)
