"""Which sales tax went back, by month, country and rate: the page of the report `refund_taxes`."""

from decimal import Decimal
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.access import may
from oms.roles import allowed
from oms.views.words import Clock
from refunds.views.books.forms import TaxFilters
from reporting import choices, refund_taxes
from reporting.period import Filters, shop_period


@may("see books")
def taxes(request: HttpRequest) -> HttpResponse:
    """Unless days are named, this year's."""
    clock = Clock()
    known = choices.answer(str(clock.zone))
    today = timezone.localtime(timezone.now(), clock.zone).date()
    asked = {"since": today.replace(month=1, day=1).isoformat(), "until": today.isoformat()} | request.GET.dict()
    form = TaxFilters(asked, currencies=known.currencies, countries=known.countries)
    rows: list[refund_taxes.RefundTax] = []
    currency, csv_url = known.currency, ""
    if form.is_valid():
        wanted = form.cleaned_data
        currency = wanted["currency"] or currency
        rows = refund_taxes.answer(shop_period(wanted["since"], wanted["until"]), Filters(currency, wanted["country"]))
        if allowed(request.user, "see reports"):
            words = {"from": wanted["since"], "to": wanted["until"], "currency": currency, "country": wanted["country"]}
            csv_url = f"{reverse('reporting:report_csv', args=['refund_taxes'])}?{urlencode(words)}"
    context = {
        "shop": clock.shop,
        "title": _("Tax of refunds"),
        "form": form,
        "rows": [(row, f"{row.rate.normalize():f} %" if row.rate is not None else "–") for row in rows],
        "currency": currency,
        "net": sum((row.net for row in rows), Decimal(0)),
        "tax": sum((row.tax for row in rows), Decimal(0)),
        "gross": sum((row.gross for row in rows), Decimal(0)),
        "csv_url": csv_url,
    }
    return render(request, "books/taxes.html", context, status=200 if form.is_valid() else 400)
