"""Counting at the scan station: by scan, by hand, or everything. What is counted can be taken back for a minute."""

from collections.abc import Sequence
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from oms import outbox
from oms.access import may
from oms.refusals import Refused
from returns import lifecycle
from returns.forms.dock import ArrivalForm, PageTokenField
from returns.lifecycle import Arrived
from returns.models import RMA, Receipt
from returns.states import ReceiptResult
from returns.views.dock import answers, station
from returns.views.dock.answers import Answer
from returns.views.dock.station import Station, by_serial, say


@require_POST
@may("receive parcels")
def receipts(request: HttpRequest, number: str) -> HttpResponse:
    """Count by hand: some pieces of a line, everything that is left, or what will not come."""
    visible = RMA.objects.visible_to(request.user).select_related("warehouse")
    table = Station.of(get_object_or_404(visible, number=number), request.GET.get("parcel", ""))
    if request.POST.get("all"):
        token = station.token_of(request)
        if token is None:
            problem = str(PageTokenField().error_messages["required"])
            return say(request, table, _nothing(problem), _("everything"), status=422)
        return count_rest(request, table, ReceiptResult.RECEIVED, token, _("everything"))
    form = ArrivalForm(request.POST)
    if not form.is_valid():
        return say(request, table, _nothing(_first_problem(form)), _("by hand"), status=422)
    data = form.cleaned_data
    pieces = [Arrived(data["line"], data["quantity"], ReceiptResult(data["result"]))]
    return count_if_open(request, table, pieces, data["form_token"], _("by hand"))


def count_rest(request: HttpRequest, table: Station, result: ReceiptResult, token: UUID, code: str) -> HttpResponse:
    """All that is still awaited; pieces with serials are not taken on trust, each is scanned (p40)."""
    arrived = result in ReceiptResult.arrived()
    lines = [line for line in table.lines if table.expected[line.pk] and not (arrived and by_serial(line))]
    if not lines and table.open and any(table.expected.values()):
        words = Answer(_("Scan each serial number"), _("Nothing was counted: these pieces have serials."), "careful")
        return say(request, table, words, code, status=422)
    pieces = [Arrived(line.pk, table.expected[line.pk], result) for line in lines]
    return count_if_open(request, table, pieces, token, code)


def count_if_open(
    request: HttpRequest, table: Station, pieces: Sequence[Arrived], token: UUID, code: str
) -> HttpResponse:
    if not table.open:
        if earlier := Receipt.objects.filter(form_token=token, line__rma=table.rma).first():
            return redirect(table.address(receipt=earlier.pk))
        return say(request, table, answers.about(table.rma, table.lines), code, status=409)
    return count(request, table, pieces, token, code)


def count(request: HttpRequest, table: Station, pieces: Sequence[Arrived], token: UUID, code: str) -> HttpResponse:
    """Write it down; a refusal is said and recorded, and nothing was counted."""
    by, now = request.user.actor, timezone.now()
    parcel = table.parcel.pk if table.parcel else None
    try:
        made = lifecycle.receive(table.rma.number, pieces, parcel_id=parcel, form_token=token, by=by, at=now)
    except Refused as why:
        outbox.record_refusal(why, verb="receive", subject=table.rma.stream, by=by, at=now)
        return say(request, table, answers.refused(why, _("Nothing was counted.")), code, status=422)
    return counted(request, table, made, code)


def counted(request: HttpRequest, table: Station, made: Sequence[Receipt], code: str) -> HttpResponse:
    lines = {one.line_id: one.line for one in made}
    now = [lines.get(line.pk, line) for line in table.lines]
    station.note(request, code, answers.counted(made[0], made[0].line.rma, now), step=f"receipt/{made[0].pk}")
    return redirect(table.address(receipt=made[0].pk))


def _nothing(problem: str) -> Answer:
    return Answer(problem, _("Nothing was counted."), "bad")


def _first_problem(form: ArrivalForm) -> str:
    return str(next(iter(form.errors.values()))[0])
