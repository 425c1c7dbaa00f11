"""Parcels that went wrong: the worklist, one case, and what the desk does about it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from oms import outbox
from oms.access import may
from oms.models import Event
from oms.money import Money
from oms.refusals import Refused
from oms.roles import allowed
from oms.states import OrderKind
from oms.views.orders.finding import BoundedPaginator
from oms.views.words import Clock, actor_names
from refunds.pricing import price_return
from returns import lifecycle
from returns.case_states import CASE_MEANING, CaseDecision, CaseKind, CaseStatus
from returns.forms.cases import ClaimForm, ClosingForm, DecisionForm
from returns.lifecycle.parcels import UNDER_WAY
from returns.models import RMA, ParcelCase
from returns.states import RMASource, RMAStatus
from returns.views.desk.listing import age

PER_PAGE = 50
US, CUSTOMER, CARRIER, DOCK, NOBODY = (
    gettext_lazy("we: decide"),
    gettext_lazy("the customer"),
    gettext_lazy("the carrier"),
    gettext_lazy("the dock"),
    gettext_lazy("nobody"),
)
UNREPLACED = Q(kind__in=CaseKind.coming_back(), order__kind=OrderKind.REPLACEMENT, shipment__isnull=False)
OURS = Q(status__in=CaseStatus.undecided()) & (Q(kind__in=CaseKind.looked_at_by_people()) | UNREPLACED)
VIEWS: dict[str, tuple[Any, Q]] = {
    "ours": (gettext_lazy("To decide"), OURS),
    "back": (gettext_lazy("Coming back"), Q(kind__in=CaseKind.coming_back()) & ~Q(status=CaseStatus.CLOSED)),
    "late": (gettext_lazy("Late"), Q(kind=CaseKind.DELAYED) & ~Q(status=CaseStatus.CLOSED)),
    "claims": (gettext_lazy("Claims"), Q(status=CaseStatus.DECIDED)),
    "open": (gettext_lazy("All open"), ~Q(status=CaseStatus.CLOSED)),
    "closed": (gettext_lazy("Closed"), Q(status=CaseStatus.CLOSED)),
}
WENT_WRONG = ("parcel.in_trouble", "rma.loss_taken")
HAPPENED = {
    "case.opened": (gettext_lazy("The carrier reported it"), "careful", "alert"),
    "case.asked": (gettext_lazy("The customer was asked why"), "waiting", "question"),
    "case.answered": (gettext_lazy("The customer answered"), "", "chat"),
    "case.return_opened": (gettext_lazy("The dock expects it"), "moving", "return"),
    "case.decided": (gettext_lazy("Decided"), "good", "check"),
    "case.claimed": (gettext_lazy("Claimed from the carrier"), "", "money"),
    "case.closed": (gettext_lazy("Closed"), "", "done"),
}


@require_safe
@may("see returns")
def cases(request: HttpRequest) -> HttpResponse:
    """The worklist: what is wrong, whose turn it is, since when; oldest first."""
    clock, now = Clock(), timezone.now()
    view = request.GET.get("view", "open")
    if view not in VIEWS:
        raise Http404
    known = ParcelCase.objects.all()
    counts = known.aggregate(**{name: Count("pk", filter=fits) for name, (_label, fits) in VIEWS.items()})
    listed = known.filter(VIEWS[view][1])
    page = BoundedPaginator(_with_all(listed).order_by("opened_at", "pk"), PER_PAGE, counted=listed).get_page(
        request.GET.get("page")
    )
    context = {
        "title": _("Parcels in trouble"),
        "shop": clock.shop,
        "page": page,
        "rows": [_row(case, clock, now) for case in page],
        "tabs": [
            {"label": label, "query": f"view={name}", "current": name == view, "count": counts[name]}
            for name, (label, _fits) in VIEWS.items()
        ],
        "noun": _("parcels"),
    }
    return render(request, "returns/desk/cases.html", context)


def _with_all(cases: QuerySet[ParcelCase]) -> QuerySet[ParcelCase]:
    return cases.select_related("order", "shipment", "parcel", "rma").defer("parcel__label")


def _row(case: ParcelCase, clock: Clock, now: datetime) -> dict[str, Any]:
    return {
        "case": case,
        "meaning": CASE_MEANING[CaseStatus(case.status)],
        "way": _("to the customer") if case.shipment_id else _("back to us"),
        "who": who_acts(case),
        "age": age(case.opened_at, now),
        "opened": clock.text(case.opened_at),
    }


def who_acts(case: ParcelCase) -> Any:
    """Whose turn it is."""
    if case.status == CaseStatus.CLOSED:
        return NOBODY
    if case.status == CaseStatus.DECIDED:
        return gettext_lazy("we: claim") if case.claimed is None else CARRIER
    if case.kind in CaseKind.looked_at_by_people() or case.is_decided_by_people:
        return US
    if case.comes_back and case.rma is not None:
        return DOCK if case.rma.status in (*RMAStatus.at_dock(), RMAStatus.INSPECTED) else CARRIER
    return CARRIER


@require_safe
@may("see returns")
def case(request: HttpRequest, number: str) -> HttpResponse:
    return _page(request, number)


def _page(request: HttpRequest, number: str, *, status: int = 200, **bound: Any) -> HttpResponse:
    clock = Clock()
    found = get_object_or_404(
        _with_all(ParcelCase.objects).select_related("order__customer"), number=number.replace("\0", "")
    )
    acts = allowed(request.user, "decide returns") and found.status != CaseStatus.CLOSED
    sees_people = allowed(request.user, "see personal data")
    currency = found.order.currency
    context = {
        "title": _("Parcel %(number)s") % {"number": found.number},
        "shop": clock.shop,
        "case": found,
        "meaning": CASE_MEANING[CaseStatus(found.status)],
        "way": _("to the customer") if found.shipment_id else _("back to us"),
        "who": who_acts(found),
        "happened": clock.text(found.happened_at),
        "note": found.note if sees_people else "",
        "worth": Money.parse(found.rma.quote["total"], currency) if found.rma and "total" in found.rma.quote else None,
        "lost": _lost(found),
        "claimed": None if found.claimed is None else Money(found.claimed, currency),
        "recovered": None if found.recovered is None else Money(found.recovered, currency),
        "decisions": _decisions(found) if acts else (),
        "claim_form": (bound.get("claim") or ClaimForm(currency=currency, use_required_attribute=False))
        if acts and found.kind not in (CaseKind.DELAYED, CaseKind.TURNED_UP)
        else None,
        "closing_form": (bound.get("closing") or ClosingForm(currency=currency, use_required_attribute=False))
        if acts and (found.claimed is not None or not _decisions(found))
        else None,
        "forms": [form for form in bound.values() if form.errors],
        "sees_people": sees_people,
        "story": _story(found, clock),
    }
    return render(request, "returns/desk/case.html", context, status=status)


def _lost(case: ParcelCase) -> ParcelCase | None:
    """The case about the same parcel in which it was paid as lost."""
    if case.kind != CaseKind.TURNED_UP:
        return None
    same = ParcelCase.objects.filter(shipment=case.shipment, parcel=case.parcel, kind=CaseKind.LOST)
    return same.select_related("order").first()


def _decisions(case: ParcelCase) -> tuple[tuple[str, Any], ...]:
    if case.status not in CaseStatus.undecided() or not case.is_decided_by_people:
        return ()
    again = ((CaseDecision.AGAIN, _("Send it once more")),) if case.is_replacement else ()
    return (
        *again,
        (CaseDecision.REFUND, _("Pay the customer back")),
        (CaseDecision.NOTHING, _("Nothing is to be paid")),
    )


def _story(case: ParcelCase, clock: Clock) -> list[dict[str, Any]]:
    events = list(Event.objects.filter(stream=case.stream).order_by("-sequence"))
    names = actor_names(event.actor for event in events)
    told = []
    for event in events:
        what, meaning, icon = HAPPENED.get(event.name, (event.name, "", ""))
        more = f"{event.facts['amount']} {event.facts['currency']}" if event.facts.get("amount") else ""
        told.append(
            {
                "what": what,
                "at": clock.text(event.occurred_at),
                "more": more or event.facts.get("word", ""),
                "by": names.get(event.actor, event.actor),
                "meaning": meaning,
                "icon": icon,
            }
        )
    return told


def of_return(rma: RMA, events: Iterable[Event]) -> Iterable[ParcelCase]:
    """What went wrong with its parcels; asked for only where something may have."""
    under_way = any(parcel.status in UNDER_WAY for parcel in rma.parcels.all())
    if not under_way and rma.source != RMASource.CARRIER and not any(one.name in WENT_WRONG for one in events):
        return ()
    return ParcelCase.objects.filter(rma=rma).order_by("pk")


# ── Verbs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@require_POST
@may("decide returns")
def case_decision(request: HttpRequest, number: str) -> HttpResponse:
    """Pay, or not. Sent twice, it is decided once."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        raise Http404
    decision = form.cleaned_data["decision"]
    said = {
        CaseDecision.REFUND: _("Decided. The money goes its way."),
        CaseDecision.AGAIN: _("Decided. It is set aside and goes out once more."),
        CaseDecision.NOTHING: _("Decided: nothing is paid."),
    }[CaseDecision(decision)]
    return _do(
        request, number, "decide_case", said,
        lambda **who: lifecycle.decide_case(number, decision=decision, price=price_return, **who),
    )  # fmt: skip


@require_POST
@may("decide returns")
def case_claim(request: HttpRequest, number: str) -> HttpResponse:
    form = ClaimForm(request.POST, currency=_currency(number), use_required_attribute=False)
    if not form.is_valid():
        return _page(request, number, status=422, claim=form)
    amount, reference = form.cleaned_data["amount"], form.cleaned_data["reference"]
    return _do(
        request, number, "claim", _("The claim is written down."),
        lambda **who: lifecycle.claim(number, amount=amount, reference=reference, **who),
    )  # fmt: skip


@require_POST
@may("decide returns")
def case_closing(request: HttpRequest, number: str) -> HttpResponse:
    form = ClosingForm(request.POST, currency=_currency(number), use_required_attribute=False)
    if not form.is_valid():
        return _page(request, number, status=422, closing=form)
    recovered: Decimal | None = form.cleaned_data["recovered"]
    return _do(
        request, number, "close_case", _("Closed."),
        lambda **who: lifecycle.close_case(number, recovered=recovered, **who),
    )  # fmt: skip


def _currency(number: str) -> str:
    known = ParcelCase.objects.filter(number=number.replace("\0", "")).values_list("order__currency", flat=True)
    if not known:
        raise Http404
    return str(known[0])


def _do(request: HttpRequest, number: str, verb: str, said: str, act: Callable[..., ParcelCase]) -> HttpResponse:
    found = get_object_or_404(ParcelCase, number=number.replace("\0", ""))
    by, at = request.user.actor, timezone.now()
    try:
        act(by=by, at=at)
    except Refused as refused:
        outbox.record_refusal(refused, verb=verb, subject=found.stream, by=by, at=at)
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return redirect(found)
