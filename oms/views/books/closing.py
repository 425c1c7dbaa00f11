"""The months of the books: one person asks to close one, another closes it."""

from datetime import date, timedelta

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from oms import outbox, periods
from oms.access import may
from oms.refusals import Refused
from oms.roles import allowed
from oms.trial_balance import totals, trial_balance
from oms.views.words import Clock, actor_names


@may("see books")
def period_list(request: HttpRequest) -> HttpResponse:
    clock, now = Clock(), timezone.now()
    months = periods.months(at=now)
    names = actor_names(
        one for month in months if month.period for one in (month.period.asked_by, month.period.closed_by)
    )
    next_one = next((month for month in reversed(months) if not month.closed), None)
    rows = [
        {
            "month": month,
            "name": periods.month_text(month.first),
            "key": f"{month.first:%Y-%m}",
            "asked_by": names.get(month.period.asked_by, month.period.asked_by) if month.period else "",
            "closed_by": names.get(month.period.closed_by, month.period.closed_by) if month.period else "",
            "closed_at": clock.text(month.period.closed_at) if month.period else "",
            "over": now >= month.ends_at,
            "can_close": month is next_one and now >= month.ends_at and allowed(request.user, "close periods"),
        }
        for month in months
    ]
    context = {
        "shop": clock.shop,
        "title": _("Periods"),
        "rows": rows,
        "by_two": settings.BOOKS_CLOSED_BY_TWO,
    }
    return render(request, "books/periods.html", context)


@require_http_methods(["GET", "POST"])
@may("close periods")
def closing(request: HttpRequest, month: str) -> HttpResponse:
    """What is closed, in numbers, and the one button; the second person sees the same page."""
    first = _month(month)
    problem = ""
    if request.method == "POST":
        known = next((one for one in periods.months(at=timezone.now()) if one.first == first), None)
        verb = "close" if known and known.period and settings.BOOKS_CLOSED_BY_TWO else "ask_to_close"
        by, at = request.user.actor, timezone.now()
        try:
            with transaction.atomic():
                done = getattr(periods, verb)(first, by=by, at=at)
        except Refused as refused:
            outbox.record_refusal(refused, verb=verb, subject=f"period/{month}", by=by, at=at)
            problem = str(refused)
        else:
            name = periods.month_text(first)
            told = _("%(month)s is closed.") if done.closed_at else _("Asked. Another person closes %(month)s.")
            messages.success(request, told % {"month": name})
            return redirect("books:periods")
    return _render(request, first, problem)


def _render(request: HttpRequest, first: date, problem: str) -> HttpResponse:
    clock = Clock()
    known = next((one for one in periods.months(at=timezone.now()) if one.first == first), None)
    if known is None:
        raise Http404
    period = known.period
    balances = trial_balance(known.ends_at - timedelta(microseconds=1))
    context = {
        "shop": clock.shop,
        "title": _("Close %(month)s") % {"month": periods.month_text(first)},
        "month": known,
        "name": periods.month_text(first),
        "last_day": date_format(known.ends_at.astimezone(clock.zone), "j F Y"),
        "totals": list(totals(balances)),
        "asked": bool(period),
        "asked_by": actor_names([period.asked_by]).get(period.asked_by, period.asked_by) if period else "",
        "asked_yourself": bool(period and settings.BOOKS_CLOSED_BY_TWO and period.asked_by == request.user.actor),
        "by_two": settings.BOOKS_CLOSED_BY_TWO,
        "problem": problem,
    }
    return render(request, "books/closing.html", context, status=409 if problem else 200)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Http404 from None
