"""A bin at the scan station: before a piece or a return, or after it, what was inspected of it stands there from then
on. A bin never comes between a return and its count: whatever is still to be counted is counted first."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Bin, Unit
from oms.refusals import Refused
from oms.roles import allowed
from returns.codes import Found
from returns.models import RMA, Putaway
from returns.views.dock import answers, putting, station
from returns.views.dock.answers import Answer
from returns.views.dock.on_tray import Tray
from returns.views.dock.station import ECHO, Station, say


class BinElsewhere(Refused):
    code = "bin_elsewhere"
    sentence = gettext_lazy("%(bin)s is a bin of %(there)s; %(rma)s came to %(here)s. Nothing was moved.")


class NothingInspected(Refused):
    code = "nothing_inspected"
    sentence = gettext_lazy("Nothing of %(rma)s waits for a bin. Write down what you see, then scan it.")


def scanned(request: HttpRequest, table: Station, place: Bin, code: str, token: UUID) -> HttpResponse:
    """A bin alone is filled with what is scanned after it; with a return in hand, with what was inspected of it."""
    _check(request)
    if done := putting.done(token):
        return redirect(table.address(put=done))
    if table.rma is None:
        station.note(request, code, answers.filling(place))
        return redirect(Station(into=place).address())
    if table.rma.warehouse_id != place.warehouse_id:
        shown = _where(table.rma, place)
        following = _("%(rma)s came to %(here)s. Nothing was moved.") % shown
        told = Answer(_("%(bin)s is a bin of %(there)s") % shown, following, "bad")
        return say(request, table, told, code, status=422)
    if units := putting.booked(putting.waiting_of(table.rma), at=timezone.now()):
        return redirect(table.address(put=_put(request, place, units, token)))
    to_inspect = sum(line.arrived - line.inspected for line in table.lines)
    if table.open or to_inspect:
        following = _("Inspect it first, then scan the bin.") if to_inspect else _("Count it first.")
        told = Answer(_("Nothing of it is inspected"), f"{table.rma.number}. {following}", "careful")
        return say(request, table, told, code, status=409)
    station.note(request, code, answers.filling(place))
    return redirect(Station(into=place).address())


def fill(request: HttpRequest, table: Station, found: Found, token: UUID) -> HttpResponse | None:
    """Put what is meant into the bin that was scanned first; None when nothing of it waits for a bin, so that the code
    means what it always means. Raises Refused."""
    _check(request)
    if done := putting.done(token):
        return redirect(table.address(put=done))
    by, now = request.user.actor, timezone.now()
    if found.products and found.unit is None and Putaway.objects.filter(by=by, put_at__gt=now - ECHO).exists():
        words = Answer(_("Read twice, put away once"), _("Is it another piece? Scan it again."), "careful")
        return say(request, table, words, found.code, status=409)
    place = table.into
    units = putting.booked(putting.named(found, place), at=now) if place is not None else []
    if place is None or not units:
        return None
    return redirect(table.address(put=_put(request, place, units, token)))


def after_inspection(request: HttpRequest, rma: RMA, place: Bin, token: UUID) -> HttpResponse:
    """On the inspection page a bin takes what was written down of the return; Putaway goes on with that bin."""
    if place.warehouse_id != rma.warehouse_id:
        raise BinElsewhere(**_where(rma, place))
    done = putting.done(token)
    if done is None:
        units = putting.booked(putting.waiting_of(rma), at=timezone.now())
        if not units:
            raise NothingInspected(rma=rma.number)
        done = _put(request, place, units, token)
    return redirect(Tray(into=place).address(put=done))


def _put(request: HttpRequest, place: Bin, units: list[Unit], token: UUID) -> int:
    """Carry those that belong into such a bin, or all where none does; they are of one return. Raises Refused."""
    fitting = [unit for unit in units if unit.bin is not None and unit.bin.kind == place.kind] or units
    made, _left, _refused = putting.carry(fitting, place, token=token, by=request.user.actor, at=timezone.now())
    station.note(request, place.code, answers.put_away(made), step=f"putaway/{made[0].pk}")
    return made[0].pk


def _where(rma: RMA, place: Bin) -> dict[str, str]:
    here = rma.warehouse.name if rma.warehouse else ""
    return {"bin": place.code, "there": place.warehouse.name, "rma": rma.number, "here": here}


def _check(request: HttpRequest) -> None:
    if not allowed(request.user, "inspect goods"):
        raise PermissionDenied
