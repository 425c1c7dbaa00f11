"""Inspection of one return: what is seen of each piece, and what happens next."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from inventory.models import Bin, Condition
from oms import outbox
from oms.access import may
from oms.identifiers import row_id
from oms.prepared import prepared
from oms.refusals import Refused
from oms.roles import allowed
from oms.verbs import inside_a_verb
from returns import action_codes, checklists, codes, lifecycle, photos, reference, regrading, verdicts
from returns.action_codes import Action
from returns.forms.dock import FIELD_OF, InspectionForm
from returns.models import RMA, Outcome, Receipt, ReturnLine, ReturnPhoto, Verdict
from returns.refusals import NothingToTakeBack
from returns.states import ReceiptResult
from returns.views.dock import binning, pieces, queue


class NotHere(Refused):
    code = "not_here"
    sentence = gettext_lazy("This code belongs to the scan station. Nothing was changed.")


@require_http_methods(["GET", "HEAD", "POST"])
@may("inspect goods")
def inspection(request: HttpRequest, number: str) -> HttpResponse:
    """Look at what arrived of one return. Sent twice, it is written down once."""
    rma = next(iter(_known(number)), None) if allowed(request.user, "see returns") else None
    if rma is None:
        raise Http404
    if request.method != "POST":
        return _page(request, rma)
    try:
        if token := request.POST.get("take_back", ""):
            return _take_back(request, rma, _as_token(token))
        scanned = request.POST.get("code", "").strip()
        action = action_codes.read_action(codes.plain(scanned)) if scanned else None
        if scanned and action is not Action.ACCEPT:
            return _scanned(request, rma, scanned, action)
    except Refused as why:
        outbox.record_refusal(why, verb="inspect", subject=rma.stream, by=request.user.actor, at=timezone.now())
        return _page(request, rma, problem=str(why), status=422)
    return _look(request, rma, as_said=action is Action.ACCEPT)


def _look(request: HttpRequest, rma: RMA, *, as_said: bool) -> HttpResponse:
    """Write down what is chosen of one piece; `as_said`: where nothing is, what the customer said of it."""
    receipts = {str(one.pk): one for one in _arrived(rma.pk)}
    receipt = receipts.get(request.POST.get("receipt", ""))
    if receipt is None:
        return _page(
            request, rma, problem=_("This piece does not belong to this return. Nothing was changed."), status=422
        )
    if address := _earlier(rma, request.POST.get("form_token", "")):
        return redirect(address)
    checklist = pieces.checklist_of(receipt)
    sent = _with_the_customers_words(request.POST, receipt) if as_said else request.POST
    form = InspectionForm(sent, request.FILES, receipt=receipt, conditions=_conditions(), checklist=checklist)
    if not form.is_valid():
        return _page(request, rma, bound=(receipt.pk, form), status=422)
    by, now = request.user.actor, timezone.now()
    try:
        address = _decide(rma, form, by=by, at=now) if verdicts.wait() else _inspect(rma, form, by=by, at=now)
    except Refused as why:
        outbox.record_refusal(why, verb="inspect", subject=rma.stream, by=by, at=now)
        form.add_error(FIELD_OF.get(why.code), str(why))
        return _page(request, rma, bound=(receipt.pk, form), status=422)
    return redirect(address)


def _with_the_customers_words(sent: QueryDict, receipt: Receipt) -> QueryDict:
    said = receipt.line.declared_condition
    if sent.get("condition") or said is None:
        return sent
    completed = sent.copy()
    completed["condition"] = said.code
    return completed


def _inspect(rma: RMA, form: InspectionForm, *, by: str, at: datetime) -> str:
    """Booked at once; returns the address that says so."""
    token, pictures = form.cleaned_data["form_token"], form.cleaned_data["photos"]
    with transaction.atomic(), inside_a_verb():
        [outcome] = lifecycle.inspect(rma.number, [form.finding()], form_token=token, by=by, at=at)
        line = outcome.receipt.line_id
        for picture in pictures:
            photos.keep(picture, taken_by=by, at=at, rma=rma, line_id=line, outcome=outcome, draft=None)
        if getattr(rma, "has_photos", True):  # what the station's phone added belongs to what was found
            ReturnPhoto.objects.filter(phone__receipt=outcome.receipt_id, outcome=None).update(outcome=outcome)
        if form.asked is not None and any(form.answers):
            checklists.answer(outcome, form.asked, form.answers)
        regrading.choose([outcome], at=at)
    return _after(rma, outcome=outcome.pk)


def _decide(rma: RMA, form: InspectionForm, *, by: str, at: datetime) -> str:
    """Booked when its minute is over; returns the address that says so and takes it back."""
    token, pictures = form.cleaned_data["form_token"], form.cleaned_data["photos"]
    with transaction.atomic(), inside_a_verb():
        [verdict] = lifecycle.give_verdict(
            rma.number, [form.finding()], wait=verdicts.wait(), form_token=token, by=by, at=at,
            checklist=form.asked, answers=form.answers,
        )  # fmt: skip
        line = verdict.receipt.line_id
        for picture in pictures:
            photos.keep(picture, taken_by=by, at=at, rma=rma, line_id=line, verdict=verdict, outcome=None, draft=None)
        of_phone = ReturnPhoto.objects.filter(phone__receipt=verdict.receipt_id, outcome=None, verdict=None)
        of_phone.update(verdict=verdict)
    return _after(rma, verdict=verdict.pk)


def _earlier(rma: RMA, token: str) -> str:
    """Where this page led when it was sent before; "" when it was not."""
    try:
        known = UUID(token)
    except ValueError:
        return ""
    if outcome := Outcome.objects.filter(form_token=known, receipt__line__rma=rma).first():
        return _after(rma, outcome=outcome.pk)
    if verdicts.wait() and (found := lifecycle.verdicts_of(rma, known)):
        return _after(rma, verdict=found[0].pk)
    return ""


def _after(rma: RMA, **what: int) -> str:
    return f"{reverse('admin:dock_inspection_of', args=[rma.number])}?{urlencode(what)}"


# ── What is scanned or taken back here ────────────────────────────────────────────────────────────────────────────


def _scanned(request: HttpRequest, rma: RMA, code: str, action: Action | None) -> HttpResponse:
    """Do what a printed code says, or open what another one names. Raises Refused."""
    if action is None:
        if place := action_codes.read_bin(codes.plain(code), Bin.objects.select_related("warehouse")):
            token = _as_token(request.POST.get("form_token", "")) or uuid4()
            return binning.after_inspection(request, rma, place, token)
        return queue.lead(request, code)
    if action is Action.NEXT:
        try:
            return queue.following()
        except queue.NothingToInspect:
            return redirect("admin:dock_inspection")
    if action is Action.UNDO:
        last = Verdict.objects.waiting().filter(receipt__line__rma=rma).order_by("-pk").first()
        return _take_back(request, rma, last.form_token if last else None)
    if action is Action.DAMAGED:
        return redirect(reverse("admin:dock_inspection_of", args=[rma.number]) + "?condition=damaged")
    if action is Action.INSPECT:
        return redirect("admin:dock_inspection_of", rma.number)
    raise NotHere


def _take_back(request: HttpRequest, rma: RMA, token: UUID | None) -> HttpResponse:
    if token is None:
        raise NothingToTakeBack
    [first, *_more] = lifecycle.take_verdict_back(rma.number, token, by=request.user.actor, at=timezone.now())
    return redirect(_after(rma, verdict=first.pk))


def _as_token(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# ── The page ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _conditions() -> dict[str, Condition]:
    return {code: one for code, one in reference.conditions().items() if one.active}


@prepared
def _known(number: str) -> QuerySet[RMA]:
    return photos.with_photos(RMA.objects.select_related("order__customer", "warehouse")).filter(number=number)


@prepared
def _lines(rma: int) -> QuerySet[ReturnLine]:
    return ReturnLine.objects.filter(rma=rma)


@prepared
def _arrived(rma: int) -> QuerySet[Receipt]:
    related = ("line__order_line__product", "line__reason", "line__declared_condition", "unit")
    receipts = Receipt.objects.filter(line__rma=rma, result__in=ReceiptResult.arrived(), is_reversed=False)
    return verdicts.with_decided(receipts.select_related(*related)).order_by("received_at", "pk")


@prepared
def _outcomes(rma: int) -> QuerySet[Outcome]:
    related = Outcome.objects.select_related(
        "receipt__line__order_line", "condition", "hold", "checklist_answers__checklist"
    )
    return related.filter(receipt__line__rma=rma).order_by("-pk")


def _page(
    request: HttpRequest,
    rma: RMA,
    *,
    bound: tuple[int, InspectionForm] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    conditions = _conditions()
    pictures = photos.of(rma)
    receipts, shown = _arrived(rma.pk), []
    for receipt in receipts:
        receipt.line.rma = rma
        if receipt.undecided > 0:
            form = bound[1] if bound and bound[0] == receipt.pk else None
            # An action code of the scan station has said what is seen of the first piece.
            seen = request.GET.get("condition", "") if not shown else ""
            shown.append(pieces.piece(rma, receipt, conditions, pictures, form, seen))
    done = _outcomes(rma.pk) if any(one.inspected for one in receipts) else []
    decided = [one.pk for one in receipts if one.decided]
    context = {
        "title": _("Inspection"),
        "rma": rma,
        "pieces": shown,
        "forms": [bound[1]] if bound else [],
        "done": [pieces.seen(one, pictures) for one in done],
        "decided": list(verdicts.waiting_for(decided)) if decided else [],
        "told": _told(request, rma, done, left=len(shown)),
        "expected": sum(line.outstanding for line in _lines(rma.pk)),
        "problem": problem,
        "may_see_photos": True,
        "overridden": pieces.override_rate(),
    }
    return render(request, "returns/dock/inspection.html", context, status=status)


def _told(request: HttpRequest, rma: RMA, done: list[Outcome], *, left: int) -> dict[str, Any] | None:
    """What happens next because of what was written down or decided, named in the address."""
    named = row_id(request.GET.get("verdict", ""))
    verdict = verdicts.all_of(rma).filter(pk=named).first() if named is not None else None
    if verdict is not None and not verdict.booked_at:
        return pieces.decided(rma, verdict, left=left)
    for outcome in done:
        if str(outcome.pk) == request.GET.get("outcome", "") or (verdict and outcome.form_token == verdict.form_token):
            return pieces.told(rma, outcome, left=left)
    return None
