"""Inspection: what waits, and one page per return that asks what was seen and says what happens next."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import F, Min, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from inventory import ledger, places
from inventory.models import Bin, Condition
from inventory.states import Disposition, Grade
from oms import outbox
from oms.access import may
from oms.money import Money, round_half_up
from oms.prepared import prepared
from oms.refusals import Refused
from oms.templatetags.components import money
from oms.verbs import inside_a_verb
from refunds.lifecycle.owing import owed_to
from refunds.models import CreditMemo
from returns import codes, lifecycle, photos, recovered, recovery, reference
from returns.forms.dock import FIELD_OF, QUICK, InspectionForm
from returns.lifecycle.inspecting import suggestion
from returns.models import RMA, Hold, Outcome, Receipt, ReturnPhoto
from returns.states import Acceptance, HoldStatus, ReceiptResult, Resolution, RMAStatus
from returns.views.dock import recovery_words as words

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
    form = InspectionForm(request.POST, request.FILES, receipt=receipt, conditions=conditions)
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
    related = Outcome.objects.select_related("receipt__line__order_line", "condition", "hold")
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
    receipts, pieces = _receipts(rma), []
    for receipt in receipts:
        if receipt.inspected < receipt.quantity:
            form = bound[1] if bound and bound[0] == receipt.pk else None
            pieces.append(_piece(rma, receipt, conditions, pictures, form))
    done = _outcomes(rma.pk) if any(one.inspected for one in receipts) else []
    told = next((one for one in done if str(one.pk) == request.GET.get("outcome", "")), None)
    context = {
        "title": _("Inspection"),
        "rma": rma,
        "pieces": pieces,
        "forms": [bound[1]] if bound else [],
        "done": [_seen(one, pictures) for one in done],
        "told": _told(rma, told, left=len(pieces)) if told else None,
        "expected": sum(line.outstanding for line in rma.lines.all()),
        "problem": problem,
        "may_see_photos": True,
        "overridden": _override_rate(),
    }
    return render(request, "returns/dock/inspection.html", context, status=status)


def _override_rate() -> str:
    """How often the suggestion is not followed, as a sentence; "" while nothing was inspected."""
    otherwise, of = recovered.override_rate(timezone.now())
    if not of:
        return ""
    return _("Of %(all)s pieces or batches of the last 90 days, %(share)s %% were decided otherwise.") % {
        "all": of,
        "share": round_half_up(Decimal(otherwise * 100) / of, "JPY"),
    }


def _piece(
    rma: RMA,
    receipt: Receipt,
    conditions: Mapping[str, Condition],
    pictures: list[ReturnPhoto],
    form: InspectionForm | None,
) -> dict[str, Any]:
    """One receipt to look at: each condition with what it leads to."""
    line = receipt.line
    form = form or InspectionForm(receipt=receipt, conditions=conditions)
    chosen, quick = form["condition"].value(), form["quick"].value() or ""
    return {
        "receipt": receipt,
        "line": line,
        "title": line.order_line.description or line.order_line.sku,
        "left": receipt.quantity - receipt.inspected,
        "wrong": receipt.result == ReceiptResult.WRONG_ITEM,
        "form": form,
        "choices": [
            _choice(rma, receipt, one, key, checked=one.code == chosen)
            for key, one in enumerate(conditions.values(), start=1)
        ],
        "photos": [one for one in pictures if one.line_id == line.pk and one.outcome_id is None],
        "quick": [
            {"key": key, "label": capfirst(what.label), "why": why, "checked": key == quick} for key, what, why in QUICK
        ],
        "more_open": any(form[name].value() for name in ("grade", "disposition", "acceptance", "override_reason")),
    }


def _choice(rma: RMA, receipt: Receipt, condition: Condition, key: int, *, checked: bool) -> dict[str, Any]:
    disposition, acceptance, _why = suggestion(receipt.line, condition)
    terms = rma.quote.get("inputs", {}).get("lines", {}).get(str(receipt.line.order_line_id), {})
    pays = Decimal(str(terms.get("pays", {}).get(condition.code, condition.payout_percent)))
    accepted = acceptance == Acceptance.ACCEPTED and receipt.result != ReceiptResult.WRONG_ITEM
    if receipt.result == ReceiptResult.WRONG_ITEM:
        leads, why = _("Hold for the customer"), _("Another item than the one sold")
    elif accepted:
        grade = Grade(condition.grade).label
        why = _("Acceptable: grade %(grade)s") if condition.is_acceptable else _("Not acceptable, but our fault")
        why %= {"grade": grade}
        leads = _("%(disposition)s · pays %(percent)s %%") % {
            "disposition": disposition.label.capitalize(),
            "percent": f"{pays.normalize():f}",
        }
    else:
        leads = _("Hold for the customer")
        why = _("Not acceptable; %(disposition)s if the customer agrees") % {"disposition": disposition.label}
    return {
        "code": condition.code,
        "label": condition.label,
        "leads": leads,
        "why": why,
        "net": _net(receipt, disposition, condition.grade, rma.currency) if accepted else None,
        "meaning": "good" if accepted and condition.is_acceptable else "careful",
        "key": key if key <= 9 else "",
        "checked": checked,
    }


def _net(receipt: Receipt, disposition: str, grade: str, currency: str) -> dict[str, Any]:
    """What one piece is expected to bring this way, with its working."""
    now = timezone.now()
    terms = recovered.terms_on(now)
    piece = recovered.piece(receipt.line.order_line, 1, grade, at=now)
    return words.told(recovery.of_disposition(piece, disposition, terms, currency), currency, terms, piece.booked)


def _seen(outcome: Outcome, pictures: list[ReturnPhoto]) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "title": outcome.receipt.line.order_line.description or outcome.receipt.line.order_line.sku,
        "accepted": outcome.acceptance == Acceptance.ACCEPTED,
        "overridden": outcome.disposition != outcome.suggested_disposition,
        "photos": [one for one in pictures if one.outcome_id == outcome.pk],
    }


def _told(rma: RMA, outcome: Outcome, *, left: int) -> dict[str, str]:
    """What happens next because of what was just written down."""
    if outcome.acceptance == Acceptance.REFUSED:
        words = _("Put it into the hold bin")
        following = _("Nothing is paid for it. The customer sees the photos and has until %(day)s to answer.") % {
            "day": f"{outcome.hold.respond_by:%-d %B}"
        }
        meaning = "careful"
    else:
        place = _bin(rma, outcome)
        words, meaning = _("To %(bin)s") % {"bin": place.code}, "good"
        following = f"{place.get_kind_display().capitalize()}. {_money(rma)}"
    if left:
        following += " " + ngettext("%(count)s more to look at here.", "%(count)s more to look at here.", left) % {
            "count": left
        }
    return {"words": words, "next": following, "meaning": meaning}


def _bin(rma: RMA, outcome: Outcome) -> Bin:
    """Where the goods were booked to, which is where they belong."""
    return places.bins_of(rma.warehouse)[ledger.LANDS_IN[Disposition(outcome.disposition)]]


def _money(rma: RMA) -> str:
    if rma.resolution not in (Resolution.REFUND, Resolution.KEEP_ITEM):
        return _("The customer chose: %(resolution)s.") % {"resolution": rma.get_resolution_display()}
    owed = owed_to(rma)
    total = sum((one.total for one in CreditMemo.objects.filter(rma=rma)), Decimal(0))
    total += owed.quote.total if owed else Decimal(0)
    if not total:
        return _("Nothing is paid for it in this condition.")
    return _("%(amount)s goes back to the customer by itself.") % {"amount": money(Money(total, rma.currency))}
