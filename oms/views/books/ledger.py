"""The trial balance, and the way from an account to its entries."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from oms import periods
from oms.access import may
from oms.journal import Account, Kind
from oms.roles import allowed
from oms.trial_balance import Balance, totals, trial_balance
from oms.views.books.forms import DayForm
from oms.views.words import Clock

KINDS = {
    Kind.ASSET: gettext_lazy("Assets"),
    Kind.LIABILITY: gettext_lazy("Liabilities"),
    Kind.INCOME: gettext_lazy("Income"),
    Kind.EXPENSE: gettext_lazy("Expenses"),
}


@may("see books")
def balance(request: HttpRequest) -> HttpResponse:
    """What stands on each account, now or at the end of a day."""
    form, clock = DayForm(request.GET), Clock()
    day = form.cleaned_data.get("at") if form.is_valid() else None
    at = clock.start_of(day + timedelta(days=1)) - timedelta(microseconds=1) if day else None
    balances = trial_balance(at)
    until = periods.closed_until()
    context: dict[str, Any] = {
        "shop": clock.shop,
        "title": _("Books"),
        "form": form,
        "day": date_format(day, "j F Y") if day else "",
        "books": [(total, _rows(balances, total.currency, day)) for total in totals(balances)],
        "closed_until": _last_day(until, clock) if until else "",
        "may_book": allowed(request.user, "close periods"),
    }
    return render(request, "books/balance.html", context, status=200 if form.is_valid() else 400)


@may("see books")
def account(request: HttpRequest, name: str) -> HttpResponse:
    """One account's entries: an address people can write down."""
    if name not in Account:
        raise Http404
    return redirect(f"{reverse('books:entries')}?{urlencode({'account': name})}")


def _rows(balances: list[Balance], currency: str, day: Any) -> list[dict[str, Any]]:
    rows, kind = [], None
    for one in balances:
        if one.currency != currency:
            continue
        words = {"account": one.account.value, "currency": currency} | ({"until": day.isoformat()} if day else {})
        rows.append(
            {
                "balance": one,
                "kind": KINDS[one.account.kind] if one.account.kind != kind else "",
                "debit": one.balance if one.balance > 0 else None,
                "credit": -one.balance if one.balance < 0 else None,
                "url": f"{reverse('books:entries')}?{urlencode(words)}",
            }
        )
        kind = one.account.kind
    return rows


def _last_day(until: datetime, clock: Clock) -> str:
    return date_format((until - timedelta(microseconds=1)).astimezone(clock.zone), "j F Y")
