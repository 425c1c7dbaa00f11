"""A kit at the scan station: its name offers its parts, and one answer counts one of each (p13)."""

from uuid import UUID, uuid5

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from returns.codes import Found
from returns.lifecycle import Arrived
from returns.states import ReceiptResult
from returns.views.dock import answers
from returns.views.dock.answers import Answer
from returns.views.dock.counting import count_if_open
from returns.views.dock.station import Station, by_serial, say


def receive(request: HttpRequest, table: Station, found: Found, token: UUID) -> HttpResponse:
    """Ask which parts are in the kit; answered, one of each is counted, and those that are not there are short.

    Parts with serials are not taken on trust: they stay awaited until they are scanned (p40).
    """
    parts = [line for line in found.lines if not by_serial(line)]
    if request.POST.get("kit"):
        here = request.POST.getlist("here")
        named = [line for line in parts if str(line.pk) in request.POST.getlist("part")]
        if not any(str(line.pk) in here for line in named):
            words = Answer(_("Nothing of the kit is here?"), _("Mark what is. Nothing was counted."), "careful")
            return _ask(request, table, found, words, status=422)
        pieces = [
            Arrived(line.pk, 1, ReceiptResult.RECEIVED if str(line.pk) in here else ReceiptResult.SHORT)
            for line in named
        ]
        return count_if_open(request, table, pieces, uuid5(token, f"{table.rma.number}/kit/{found.kit}"), found.code)
    if not table.open:
        return say(request, table, answers.about(table.rma, table.lines), found.code, status=409)
    if not any(table.expected[line.pk] for line in parts):
        words = Answer(_("Nothing more of this kit is awaited"), _("Scan a piece to count it alone."), "careful")
        return say(request, table, words, found.code, status=409)
    words = Answer(
        _("A kit: %(kit)s") % {"kit": found.kit}, _("Take the mark off what is missing."), "moving", "parcel"
    )
    return _ask(request, table, found, words)


def _ask(request: HttpRequest, table: Station, found: Found, words: Answer, *, status: int = 200) -> HttpResponse:
    parts = [
        {
            "line": line,
            "title": answers.title_of(line),
            "awaited": table.expected[line.pk],
            "alone": by_serial(line),
        }
        for line in found.lines
        if table.expected[line.pk]
    ]
    return say(request, table, words, found.code, status=status, kit=found.kit, parts=parts)
