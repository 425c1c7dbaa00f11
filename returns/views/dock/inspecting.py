"""Inspection: what waits, and one page per return that asks what was seen and says what happens next."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import F, Min, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from inventory.models import Condition
from oms import outbox
from oms.access import may
from oms.prepared import prepared
from oms.refusals import Refused
from oms.roles import allowed
from oms.verbs import inside_a_verb
from returns import checklists, codes, lifecycle, photos, reference, regrading
from returns.forms.dock import FIELD_OF, InspectionForm
from returns.models import RMA, Hold, Outcome, Receipt, ReturnPhoto
from returns.states import HoldStatus, ReceiptResult, RMAStatus
from returns.views.dock import pieces

PAGE_SIZE = 50


def waiting() -> Any:
    """Receipts of which something is still to be looked at."""
    return Receipt.objects.filter(
        result__in=ReceiptResult.arrived(),
        inspected__lt=F("quantity"),
        is_reversed=False,
        line__rma__status__in=RMAStatus.at_dock(),
    )


@require_safe
@may("inspect goods")
def inspection_queue(request: HttpRequest) -> HttpResponse:
    """Returns with goods to look at, the longest waiting first. A scanned code leads to its return."""
    problem = ""
    if code := request.GET.get("code", ""):
        try:
            return _find(code)
        except Refused as why:
            problem = str(why)
    queue = (
        RMA.objects.visible_to(request.user)
        .filter(pk__in=waiting().values("line__rma"))
        .annotate(
            since=Min("lines__receipts__received_at"),
            left=Sum(F("lines__arrived") - F("lines__inspected"), filter=Q(lines__arrived__gt=F("lines__inspected"))),
        )
        .order_by("since", "pk")
    )
    page = Paginator(queue, PAGE_SIZE).get_page(request.GET.get("page"))
    # The join with receipts repeats a line once for each of its receipts, so pieces are counted apart.
    counts = dict(
        RMA.objects.filter(pk__in=[rma.pk for rma in page])
        .annotate(left=Sum(F("lines__arrived") - F("lines__inspected")))
        .values_list("pk", "left")
    )
    context = {
        "title": _("Inspection"),
        "page": page,
        "rows": [{"rma": rma, "since": rma.since, "left": counts[rma.pk]} for rma in page],
        "open_holds": Hold.objects.filter(status__in=(HoldStatus.WAITING, HoldStatus.DISPUTED)).count(),
        "code": code[:40],
        "asks": allowed(request.user, "change settings"),
        "problem": problem,
    }
    return render(request, "returns/dock/queue.html", context, status=422 if problem else 200)


def _find(code: str) -> HttpResponseRedirect:
    """Lead to the return this code names, or to the only one that holds it. Raises Refused."""
    found = codes.find(codes.plain(code))
    if found.rma is not None:
        return redirect("admin:dock_inspection_of", found.rma.number)
    receipts = waiting().filter(line__order_line__product__in=found.products)
    if found.unit is not None:
        receipts = receipts.filter(Q(unit=found.unit) | Q(unit=None))
    first = receipts.select_related("line__rma").order_by("received_at", "pk").first()
    if first is None:
        raise NothingToInspect
    return redirect("admin:dock_inspection_of", first.line.rma.number)


class NothingToInspect(Refused):
    code = "nothing_to_inspect"
    sentence = gettext_lazy("Nothing of this waits for inspection.")


@require_http_methods(["GET", "HEAD", "POST"])
@may("inspect goods")
def inspection(request: HttpRequest, number: str) -> HttpResponse:
    """Look at what arrived of one return. Sent twice, it is written down once."""
    visible = RMA.objects.visible_to(request.user).select_related("order__customer", "warehouse")
    rma = get_object_or_404(photos.with_photos(visible), number=number)
    if request.method != "POST":
        return _page(request, rma)
    receipts = {str(one.pk): one for one in _receipts(rma)}
    receipt = receipts.get(request.POST.get("receipt", ""))
    if receipt is None:
        return _page(
            request, rma, problem=_("This piece does not belong to this return. Nothing was changed."), status=422
        )
    token = request.POST.get("form_token", "")
    if earlier := _earlier(rma, token):
        return redirect(_after(rma, earlier))
    conditions = _conditions()
    checklist = pieces.checklist_of(receipt)
    form = InspectionForm(request.POST, request.FILES, receipt=receipt, conditions=conditions, checklist=checklist)
    if not form.is_valid():
        return _page(request, rma, bound=(receipt.pk, form), status=422)
    by, now = request.user.actor, timezone.now()
    try:
        outcome = _inspect(rma, form, by=by, at=now)
    except Refused as why:
        outbox.record_refusal(why, verb="inspect", subject=rma.stream, by=by, at=now)
        form.add_error(FIELD_OF.get(why.code), str(why))
        return _page(request, rma, bound=(receipt.pk, form), status=422)
    return redirect(_after(rma, outcome))


def _inspect(rma: RMA, form: InspectionForm, *, by: str, at: Any) -> Outcome:
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
    return outcome


def _earlier(rma: RMA, token: str) -> Outcome | None:
    """What this page wrote down when it was sent before."""
    if len(token) not in (32, 36) or not all(sign in "0123456789abcdefABCDEF-" for sign in token):
        return None
    return Outcome.objects.filter(form_token=token, receipt__line__rma=rma).first()


def _after(rma: RMA, outcome: Outcome) -> str:
    address = reverse("admin:dock_inspection_of", args=[rma.number])
    return f"{address}?{urlencode({'outcome': outcome.pk})}"


def _conditions() -> dict[str, Condition]:
    return {code: one for code, one in reference.conditions().items() if one.active}


def _receipts(rma: RMA) -> list[Receipt]:
    return _arrived(rma.pk)


@prepared
def _arrived(rma: int) -> QuerySet[Receipt]:
    related = ("line__order_line__product", "line__reason", "line__declared_condition", "unit")
    receipts = Receipt.objects.filter(line__rma=rma, result__in=ReceiptResult.arrived(), is_reversed=False)
    return receipts.select_related(*related).order_by("received_at", "pk")


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
    receipts, shown = _receipts(rma), []
    for receipt in receipts:
        if receipt.inspected < receipt.quantity:
            form = bound[1] if bound and bound[0] == receipt.pk else None
            # An action code of the scan station has said what is seen of the first piece.
            seen = request.GET.get("condition", "") if not shown else ""
            shown.append(pieces.piece(rma, receipt, conditions, pictures, form, seen))
    done = _outcomes(rma.pk) if any(one.inspected for one in receipts) else []
    told = next((one for one in done if str(one.pk) == request.GET.get("outcome", "")), None)
    context = {
        "title": _("Inspection"),
        "rma": rma,
        "pieces": shown,
        "forms": [bound[1]] if bound else [],
        "done": [pieces.seen(one, pictures) for one in done],
        "told": pieces.told(rma, told, left=len(shown)) if told else None,
        "expected": sum(line.outstanding for line in rma.lines.all()),
        "problem": problem,
        "may_see_photos": True,
        "overridden": pieces.override_rate(),
    }
    return render(request, "returns/dock/inspection.html", context, status=status)
