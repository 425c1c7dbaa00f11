"""The scan station takes one code, whatever it names, and answers once."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from inventory.identities import Sold, out_on, was_sold
from inventory.models import Bin
from oms.access import may
from oms.refusals import Refused
from returns import action_codes, codes
from returns.action_codes import Action
from returns.lifecycle import Arrived
from returns.lifecycle.late import lost_of, short_of
from returns.models import Receipt, ReturnLine
from returns.states import RMAStatus
from returns.views.dock import answers, binning, kits, station
from returns.views.dock.acting import act
from returns.views.dock.answers import Answer
from returns.views.dock.counting import count
from returns.views.dock.station import ECHO, Choice, Station, by_serial, say


@require_http_methods(["GET", "HEAD", "POST"])
@may("receive parcels")
def scan(request: HttpRequest) -> HttpResponse:
    """Take one code, whatever it names. Answers 422 for a code that cannot be used, with nothing changed."""
    table = Station.load(*(request.GET.get(name, "") for name in ("rma", "parcel", "into")))
    if request.method != "POST":
        return station.page(request, table, station.opening(request, table))
    token = station.token_of(request)
    try:
        code = codes.plain(request.POST.get("code", ""))
        if token is None:
            raise codes.NothingScanned
        if request.POST.get("echo"):
            return _echo(request, table, code)
        if action_codes.is_ours(code):
            return _ours(request, table, code, token)
        return _take(request, table, code, token)
    except Refused as why:
        following = _("%(rma)s is still open.") % {"rma": table.rma.number} if table.rma else _("Scan it again.")
        told = answers.refused(why, following)
        return say(request, table, told, request.POST.get("code", ""), status=422, choices=_unknown(table, why))


def _ours(request: HttpRequest, table: Station, code: str, token: UUID) -> HttpResponse:
    """An action code or a bin. Raises UnreadableAction."""
    if action := action_codes.read_action(code):
        return act(request, table, action, token)
    place = action_codes.read_bin(code, Bin.objects.select_related("warehouse"))
    if place is None:
        raise action_codes.UnreadableAction
    return binning.scanned(request, table, place, code, token)


def _take(request: HttpRequest, table: Station, code: str, token: UUID) -> HttpResponse:
    found = codes.find(code, table.lines)
    if table.into is not None and (done := binning.fill(request, table, found, token)):
        return done
    if found.rma is not None:
        opened = Station.of(found.rma, str(found.parcel.pk) if found.parcel else "")
        if late := _late(opened):
            return say(request, opened, _after_all(opened), code, status=409, choices=late)
        station.note(request, code, answers.about(opened.rma, opened.lines))
        return redirect(opened.address())
    if table.rma is None:
        return _offer(request, table, found)
    if not found.lines:
        return _not_in_this_return(request, table, found)
    if found.kit:
        return kits.receive(request, table, found, token)
    return _receive_one(request, table, found, uuid5(token, f"{table.rma.number}/{code.casefold()}"))


def _receive_one(request: HttpRequest, table: Station, found: codes.Found, token: UUID) -> HttpResponse:
    """Count one piece. The same page sent again, also at the same moment, counts it once."""
    mine, now = [line.pk for line in table.lines], timezone.now()
    if earlier := Receipt.objects.filter(form_token=token, line__in=mine).first():
        return redirect(table.address(receipt=earlier.pk))
    if late := _late(table, found.lines):
        return say(request, table, _after_all(table), found.code, status=409, choices=late)
    if not table.open and table.rma.status != RMAStatus.RECEIVED:
        return say(request, table, answers.about(table.rma, table.lines), found.code, status=409)
    # What this very page counts at this moment is no echo: `receive` answers it with the same receipt.
    others = Receipt.objects.exclude(form_token=token).filter(is_reversed=False)
    if others.filter(line__in=found.lines, by=request.user.actor, received_at__gt=now - ECHO).exists():
        return _echo(request, table, found.code)
    title = answers.title_of(found.lines[0])
    if found.unit is not None and others.filter(unit=found.unit, line__in=mine).exists():
        words = Answer(
            _("Already counted"), _("%(title)s: this very piece. Nothing was counted.") % {"title": title}, "careful"
        )
        return say(request, table, words, found.code, status=409)
    line = next((line for line in found.lines if line.outstanding), None)
    if line is None:
        return _one_more(request, table, found)
    if not table.open:
        return say(request, table, answers.about(table.rma, table.lines), found.code, status=409)
    if not (found.unit and found.unit.serial) and by_serial(line):
        words = Answer(_("Scan its serial number"), _("%(title)s is known by its serial.") % {"title": title}, "moving")
        unreadable = Choice(Action.MISMATCH, _("It has none, or another one"), _("the service desk decides"), line.pk)
        return say(request, table, words, found.code, status=409, choices=[unreadable])
    lot = found.lot if found.lot and was_sold(line.order_line, found.lot) is Sold.YES else ""
    return count(request, table, [Arrived(line.pk, 1, unit=found.unit, lot=lot)], token, found.code)


def _late(table: Station, about: Sequence[ReturnLine] = ()) -> list[Choice]:
    """Of a return that waits for nothing more: what was paid as lost, or counted as missing, may be here after all."""
    if table.rma is None or table.open:
        return []
    counted, lost, short = table.rma.status == RMAStatus.RECEIVED, lost_of(table.rma), short_of(table.rma)
    words = _("Put it aside: %(count)s × %(title)s")
    choices = []
    for line in about or ([] if counted else table.lines):
        if line.pk in lost and not counted:
            shown, hint = lost[line.pk], _("it was paid as lost; the service desk decides")
        elif line.pk in short:
            shown, hint = 1, _("it was counted as missing; a manager corrects the count")
        else:
            continue
        title = answers.title_of(line)
        choices.append(Choice(Action.EXTRA, words % {"count": shown, "title": title}, hint, line.pk))
    return choices


def _after_all(table: Station) -> Answer:
    if table.rma is not None and lost_of(table.rma) and table.rma.status != RMAStatus.RECEIVED:
        return Answer(
            _("Paid as lost"), _("The carrier lost it and the customer was paid. Nothing was counted."), "careful"
        )
    return Answer(_("Counted as missing"), _("Is it here after all? Put it aside. Nothing was counted."), "careful")


def _echo(request: HttpRequest, table: Station, code: str) -> HttpResponse:
    words = Answer(_("Read twice, counted once"), _("Is it another piece? Scan it again."), "careful")
    return say(request, table, words, code, status=409)


# ── Without, or beside, the return in hand ────────────────────────────────────────────────────────────────────────


def _offer(request: HttpRequest, table: Station, found: codes.Found) -> HttpResponse:
    """A product or serial was scanned first: whose is it?"""
    lines = codes.expecting(found)
    title = found.products[0].title if found.products else found.code
    if not lines:
        words = Answer(
            _("Nobody announced this"), _("%(title)s: no open return waits for it.") % {"title": title}, "bad"
        )
        return say(request, table, words, found.code, status=422, choices=[_without_return()])
    words = Answer(_("Whose is it?"), _("%(title)s: choose the return it came with.") % {"title": title}, "moving")
    return say(request, table, words, found.code, offers=lines, scanned=found.code)


def _one_more(request: HttpRequest, table: Station, found: codes.Found) -> HttpResponse:
    """All that was announced of it is here. Whoever ordered may have sent back more than they said."""
    line = found.lines[0]
    bought = line.order_line.quantity - line.order_line.canceled
    words = _("%(title)s: %(announced)s announced, %(bought)s bought. Nothing was counted.") % {
        "title": answers.title_of(line),
        "announced": line.quantity,
        "bought": bought,
    }
    hint = _("the service desk asks the customer") if bought > line.quantity else _("more than was ever bought")
    extra = Choice(Action.EXTRA, _("It is one more: put it aside"), hint, line.pk)
    told = Answer(_("One more than announced"), words, "careful")
    return say(request, table, told, found.code, status=409, choices=[extra])


def _not_in_this_return(request: HttpRequest, table: Station, found: codes.Found) -> HttpResponse:
    """Another product, or the same with a serial or lot that was not sold: a person says which of the two it is."""
    title = found.products[0].title if found.products else found.code
    waiting = [line for line in table.lines if line.outstanding] if table.open else []
    products = {product.pk for product in found.products}
    same = [line for line in waiting if (found.unit or found.lot) and line.order_line.product_id in products]
    if same:
        following = _("%(title)s of another lot. Nothing was counted.")
        if found.unit:
            following = _("%(title)s with another serial. Nothing was counted.")
        words = Answer(_("Not the one sold"), following % {"title": title}, "bad")
        choices = [
            Choice(Action.MISMATCH, _("Put it aside for the service desk"), _("nothing is paid meanwhile"), same[0].pk)
        ]
        return say(request, table, words, found.code, status=422, choices=choices)
    choices = [
        Choice(Action.ANOTHER, _("It came instead of %(title)s") % {"title": answers.title_of(line)}, "", line.pk)
        for line in waiting[:5]
    ]
    choices.append(Choice(Action.BESIDE, _("It lay in there too"), _("the service desk decides")))
    told = Answer(
        _("Not in this return"), _("%(title)s was not announced. Nothing was counted.") % {"title": title}, "bad"
    )
    return say(request, table, told, found.code, status=422, choices=choices)


def _unknown(table: Station, why: Refused) -> list[Choice]:
    """A code nobody knows may be the serial or lot of what is expected, or lie in a parcel without a return."""
    if not isinstance(why, codes.UnknownCode):
        return []
    if table.rma is None:
        return [_without_return()]
    waiting = [line for line in table.lines if line.outstanding] if table.open else []
    expecting = [line for line in waiting if by_serial(line) or out_on(line.order_line)]
    return [
        Choice(
            Action.MISMATCH,
            (_("It is the serial of %(title)s") if by_serial(line) else _("It is the lot of %(title)s"))
            % {"title": answers.title_of(line)},
            _("not the one sold: the service desk decides"),
            line.pk,
        )
        for line in expecting[:5]
    ]


def _without_return() -> Choice:
    return Choice(Action.FOUND, _("Record a parcel without a return"), _("it waits in a bin until somebody knows"))
