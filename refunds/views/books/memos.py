"""Credit memos by number, each with its paper."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from oms.access import may
from oms.roles import allowed
from oms.views.words import Clock
from refunds.forms import MemoFilters
from refunds.models import CreditMemo, MemoNumber, MemoSeries
from refunds.views.paper import NEEDS, memo_response

PER_PAGE = 50


@may("see books")
def memo_list(request: HttpRequest) -> HttpResponse:
    """One series, newest number first. Numbers have no gap, so the page after a number is known without counting."""
    series = list(MemoSeries.objects.order_by("-name").values_list("name", "last"))
    form, clock = MemoFilters(request.GET, series=[name for name, _last in series]), Clock()
    wanted = form.cleaned_data if form.is_valid() else {}
    name = wanted.get("series") or (series[0][0] if series else "")
    numbered = MemoNumber.objects.filter(series=name).select_related("memo__order", "memo__rma")
    if wanted.get("q"):
        words = wanted["q"].replace("\0", "").strip()
        serial = words.rsplit("-", 1)[-1]
        found = numbered.filter(memo__number__iexact=words) | numbered.filter(memo__order__number=words)
        if serial.isdecimal() and len(serial) < 10:
            found = found | numbered.filter(serial=int(serial))
        numbered = found
    if wanted.get("before"):
        numbered = numbered.filter(serial__lt=wanted["before"])
    found = list(numbered.order_by("-serial")[: PER_PAGE + 1])
    rows: list[dict[str, Any]] = [
        {"number": one, "memo": one.memo, "issued": clock.text(one.memo.issued_at)} for one in found[:PER_PAGE]
    ]
    context = {
        "shop": clock.shop,
        "title": _("Credit memos"),
        "form": form,
        "series": name,
        "last": dict(series).get(name, 0),
        "rows": rows,
        "older": found[PER_PAGE - 1].serial if len(found) > PER_PAGE else None,
    }
    return render(request, "books/memos.html", context, status=200 if form.is_valid() else 400)


@require_GET
@may("see books")
def memo(request: HttpRequest, number: str) -> HttpResponse:
    """The paper, as its customer gets it; without the name for who sees no personal data."""
    found = get_object_or_404(CreditMemo.objects.select_related(*NEEDS), number=number.replace("\0", ""))
    return memo_response(found, named=allowed(request.user, "see personal data"))
