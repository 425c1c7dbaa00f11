"""A tray of up to 30 units: scanned one after the other, then one bin, or one condition, for all of them.

What lies on it stands in the address, so nothing is lost by a reload, nothing moves before the bin is scanned, and two
trays in two tabs never mix.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from inventory.models import Bin, Condition, Unit
from oms import outbox
from oms.access import may
from oms.identifiers import row_id
from oms.refusals import Refused
from returns import action_codes, codes, lifecycle, reference, verdicts
from returns.action_codes import Action
from returns.lifecycle import Finding
from returns.models import Outcome, Putaway, Receipt, Verdict
from returns.refusals import PutAwayAlready
from returns.views.dock import answers, putting, station
from returns.views.dock.answers import Answer
from returns.views.dock.on_tray import MOST, OnTheTray, Tray, TrayEmpty, TrayFull, TrayOfOneKind, receipt_of


@require_http_methods(["GET", "HEAD", "POST"])
@may("inspect goods")
def tray(request: HttpRequest) -> HttpResponse:
    """Take units, then the bin or condition for all. Sent twice, it happens once; what is refused changes nothing."""
    on_it = Tray.load(request.GET.get("tray", ""), request.GET.get("into", ""))
    if request.method != "POST":
        return _page(request, on_it, _opening(request, on_it))
    token, typed = station.token_of(request), request.POST.get("code", "")
    try:
        if token is None:
            raise codes.NothingScanned
        if condition := request.POST.get("condition", ""):
            return _grade(request, on_it, condition, token)
        code = codes.plain(typed)
        if action := action_codes.read_action(code):
            return _act(request, on_it, action, token)
        place = action_codes.read_bin(code, Bin.objects.select_related("warehouse")) or _bin_named(code, on_it)
        if place is not None:
            return _put(request, on_it, place, token)
        return _add(request, on_it, code, token)
    except Refused as why:
        by, now = request.user.actor, timezone.now()
        outbox.record_refusal(why, verb="put_away", subject=f"dock/{by}", by=by, at=now)
        return _say(request, on_it, answers.refused(why, _("Nothing was moved.")), typed, status=422)


def _bin_named(code: str, on_it: Tray) -> Bin | None:
    """A bin typed by its name, of the house the tray is in."""
    near = on_it.units[0].bin if on_it.units else on_it.into
    if near is None:
        return None
    return Bin.objects.filter(code__iexact=code, warehouse=near.warehouse_id).select_related("warehouse").first()


def _add(request: HttpRequest, on_it: Tray, code: str, token: UUID) -> HttpResponse:
    if on_it.into is not None and (done := putting.done(token)):
        return redirect(Tray(into=on_it.into).address(put=done))
    if len(on_it.units) >= MOST:
        raise TrayFull
    units = _meant(codes.find(code), on_it, code)
    if twice := {unit.pk for unit in units} & {one.pk for one in on_it.units}:
        raise OnTheTray(number=next(unit.number for unit in units if unit.pk in twice))
    fuller = Tray.of([*on_it.units, *units][:MOST])
    if on_it.into is not None:
        fuller.into = on_it.into
        return _put(request, fuller, on_it.into, token)
    if on_it.units and fuller.knows(units[0]) != on_it.inspected:
        state = _("inspected") if fuller.knows(units[0]) else _("not inspected yet")
        raise TrayOfOneKind(number=units[0].number, state=state)
    station.note(request, code, _added(fuller))
    return redirect(fuller.address())


def _meant(found: codes.Found, on_it: Tray, code: str) -> list[Unit]:
    """What is laid on the tray: a piece by its label, looked at or not; a piece without one is the oldest of its
    product that waits for the same as the tray; of a return all that was looked at. Raises PutAwayAlready."""
    if found.rma is not None:
        units = putting.waiting_of(found.rma)
    elif found.unit is not None:
        units = [found.unit] if putting.is_here(found.unit) else []
    else:
        units = putting.named(found, on_it.into, on_it.units) if on_it.inspected or not on_it.units else []
        if not units and not on_it.inspected:
            units = list(putting.waiting(on_it.units).filter(product__in=found.products, found_as="")[:1])
    if not units:
        raise PutAwayAlready(sku=found.rma.number if found.rma else found.unit.number if found.unit else code)
    return units


def _put(request: HttpRequest, on_it: Tray, place: Bin, token: UUID) -> HttpResponse:
    """All of it into one bin, one transaction per return. A bin that comes first takes what is scanned after it."""
    if done := putting.done(token):
        return redirect(Tray(into=on_it.into).address(put=done))
    if not on_it.units:
        station.note(request, place.code, answers.filling(place))
        return redirect(Tray(into=place).address())
    if not on_it.inspected:
        raise TrayOfOneKind(number=on_it.units[0].number, state=_("not inspected yet"))
    by, now = request.user.actor, timezone.now()
    on_it.units = putting.booked(on_it.units, at=now)
    made, left, refused = putting.carry(on_it.units, place, token=token, by=by, at=now)
    station.note(request, place.code, answers.put_away(made), step=f"putaway/{made[0].pk}")
    if refused:
        return _partly(request, Tray(left), len(made), refused, place.code)
    return redirect(Tray(into=on_it.into).address(put=made[0].pk))


def _partly(request: HttpRequest, left: Tray, done: int, refused: dict[str, Refused], code: str) -> HttpResponse:
    """Some of it is done; what was refused lies on the tray still, with the reason of the first."""
    number, why = next(iter(refused.items()))
    words = _("%(done)s done, %(left)s not") % {"done": done, "left": len(left.units)}
    return _say(request, left, Answer(words, f"{number}: {why}", "bad"), code, status=422)


def _grade(request: HttpRequest, on_it: Tray, condition: str, token: UUID) -> HttpResponse:
    """One condition for all of a tray that nobody has looked at; each goes where its condition suggests."""
    known = {code: one for code, one in reference.conditions().items() if one.active}
    if not on_it.units or condition not in known:
        raise TrayEmpty
    by, now = request.user.actor, timezone.now()
    pieces: dict[int, int] = {}
    for unit in on_it.units:
        receipt = receipt_of(unit)
        pieces[receipt] = pieces.get(receipt, 0) + unit.quantity
    numbers = dict(Receipt.objects.filter(pk__in=pieces).values_list("pk", "line__rma__number"))
    found: dict[str, list[Finding]] = {}
    for receipt, quantity in pieces.items():
        found.setdefault(numbers[receipt], []).append(Finding(receipt, quantity, condition, ""))
    if on_it.inspected and not _graded_before(found, token):
        raise TrayEmpty

    def look(number: str) -> None:
        form = uuid5(token, number)
        if wait := verdicts.wait():
            lifecycle.give_verdict(number, found[number], wait=wait, form_token=form, by=by, at=now)
        else:
            lifecycle.inspect(number, found[number], form_token=form, by=by, at=now)

    refused = putting.each(sorted(found), look)
    if len(refused) == len(found):
        raise next(iter(refused.values()))
    if refused:
        left = [unit for unit in on_it.units if numbers[receipt_of(unit)] in refused]
        return _partly(request, Tray(left), len(on_it.units) - len(left), refused, known[condition].label)
    graded = Tray.load(",".join(str(unit.pk) for unit in on_it.units))
    station.note(request, known[condition].label, _graded(graded, known[condition]))
    return redirect(graded.address(graded=condition))


def _graded_before(found: Iterable[str], token: UUID) -> bool:
    """Whether this very page graded them."""
    forms = [uuid5(token, number) for number in found]
    return any(kind.objects.filter(form_token__in=forms).exists() for kind in (Outcome, Verdict))


def _act(request: HttpRequest, on_it: Tray, action: Action, token: UUID) -> HttpResponse:
    if action is Action.NEXT:
        return redirect(Tray().address())
    if action is not Action.UNDO:
        raise TrayEmpty
    by, now = request.user.actor, timezone.now()
    if decided := list(on_it.waiting):
        for number, form in {(one.receipt.line.rma.number, one.form_token) for one in decided}:
            lifecycle.take_verdict_back(number, form, by=by, at=now)
        return redirect(on_it.address(back=1))
    if on_it.units:
        return redirect(Tray(on_it.units[:-1]).address())
    before = putting.taken_back(token, by, now)
    last = Putaway.objects.get(pk=before) if before else _named_step(request) or putting.last_of(by, now)
    step = putting.take_back(last, token=token, by=by, at=now)
    back = Tray.load(",".join(str(one.unit_id) for one in step))
    station.forget_step(request, f"putaway/{step[0].pk}")
    station.note(request, action.label, Answer(_("Taken back"), "", "careful"))
    return redirect(back.address(back=1))


def _named_step(request: HttpRequest) -> Putaway | None:
    """The step a button names."""
    named = row_id(request.POST.get("step", "").partition("/")[2])
    return Putaway.objects.filter(pk=named, undoes=None).first()


# ── The page ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _pieces(count: int) -> str:
    return ngettext("%(count)s on the tray", "%(count)s on the tray", count) % {"count": count}


def _added(on_it: Tray) -> Answer:
    last = on_it.units[-1]
    following = _("%(number)s, %(title)s. Scan the next one, or the bin.")
    if not on_it.inspected:
        following = _("%(number)s, %(title)s. Scan the next one, or choose what you see.")
    return Answer(_pieces(len(on_it.units)), following % {"number": last.number, "title": last.product.title}, "good")


def _graded(on_it: Tray, condition: Condition) -> Answer:
    if on_it.waiting.exists():
        following = _("Scan the bin and it is booked; until then, for a minute, it can be taken back.")
        return Answer(f"{len(on_it.units)} × {condition.label}", following, "good")
    places = sorted({unit.bin.code for unit in on_it.units if unit.bin})
    return Answer(
        f"{len(on_it.units)} × {condition.label}", _("They go to %(bins)s.") % {"bins": ", ".join(places)}, "good"
    )


def _opening(request: HttpRequest, on_it: Tray) -> Answer:
    if first := Putaway.objects.filter(pk=row_id(request.GET.get("put", ""))).first():
        return answers.put_away(putting.together(first))
    if request.GET.get("back"):
        return Answer(_("Taken back"), _("All of it lies on the tray again."), "careful", "undo")
    if (graded := reference.conditions().get(request.GET.get("graded", ""))) and on_it.inspected:
        return _graded(on_it, graded)
    if on_it.into is not None:
        return answers.filling(on_it.into)
    return _added(on_it) if on_it.units else Answer("")


def _say(request: HttpRequest, on_it: Tray, answer: Answer, code: str, *, status: int = 200) -> HttpResponse:
    station.note(request, code, answer)
    return _page(request, on_it, answer, status=status)


def _page(request: HttpRequest, on_it: Tray, answer: Answer, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "title": _("Putaway"),
        "tray": on_it,
        "answer": answer,
        "form_token": uuid4(),
        "own_address": on_it.address(),
        "conditions": []
        if on_it.inspected or not on_it.units
        else [one for one in reference.conditions().values() if one.active],
        "most": MOST,
        "decided": bool(on_it.decided) and on_it.waiting.exists(),
        "undo": action_codes.action_code(Action.UNDO),
        "next": action_codes.action_code(Action.NEXT),
    }
    return render(request, "returns/dock/tray.html", context, status=status)
