"""The books as files for other programs."""

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.access import may
from oms.views.words import Clock
from refunds.accounting import LAYOUTS, Days
from refunds.views.books.forms import ExportForm


@may("export books")
def exports(request: HttpRequest) -> HttpResponseBase:
    """Choose days and a form; with both in the address the file itself, made as it is sent."""
    clock = Clock()
    form = ExportForm(request.GET if "layout" in request.GET else None, initial=_last_month(clock))
    if form.is_valid():
        layout = LAYOUTS[form.cleaned_data["layout"]]
        days = Days(form.cleaned_data["since"], form.cleaned_data["until"], clock.zone)
        kind = "text/csv" if layout.suffix == "csv" else "text/plain"
        response = StreamingHttpResponse(layout.lines(days), content_type=f"{kind}; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{layout.file_name(days)}"'
        return response
    context = {"shop": clock.shop, "title": _("Exports"), "form": form, "layouts": LAYOUTS.values()}
    return render(request, "books/exports.html", context, status=400 if form.is_bound else 200)


def _last_month(clock: Clock) -> dict[str, date]:
    last = timezone.localtime(timezone.now(), clock.zone).date().replace(day=1) - timedelta(days=1)
    return {"since": last.replace(day=1), "until": last}
