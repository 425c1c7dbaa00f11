"""The list of returns, and the list of those that need a person."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from oms.access import may
from oms.identifiers import normalize_number
from oms.models import Customer, Order
from oms.money import Money
from oms.roles import allowed
from oms.views.orders.finding import COUNTED, BoundedPaginator
from oms.views.words import Clock
from returns import reference
from returns.forms.desk import VIEW_LABELS, VIEWS, ReturnFilters
from returns.models import RMA, Hold, Parcel, ReturnLine
from returns.policy import Decision
from returns.situation import PARCELS_TOLD, TOLD_OF, Situation, Turn, situation, with_facts
from returns.states import HoldStatus, ParcelStatus, RMAStatus, Settlement

PER_PAGE = 50
ROW = ("number", "requested_at", "currency", "order__number", "order__country")
ROW += ("order__customer__name", "order__customer__ref", "order__customer__wrapped_key")
ROW += ("recipient__name", "recipient__ref", "recipient__wrapped_key")

# How many wait in each status, as far as counting goes; what has ended is told so that its small index is used.
WAITING = """
    SELECT asked.status, (SELECT count(*) FROM (SELECT FROM returns_rma
                           WHERE status = asked.status AND status <> ALL(%s) LIMIT %s) few)
      FROM unnest(%s::text[]) AS asked (status)
"""


@require_safe
@may("see returns")
def return_list(request: HttpRequest) -> HttpResponse:
    clock, now = Clock(), timezone.now()
    form = ReturnFilters(request.GET, reasons=reference.every_reason())
    sees_people = allowed(request.user, "see personal data")
    found = RMA.objects.none()
    if form.is_valid():
        found = _filtered(RMA.objects.visible_to(request.user), form.cleaned_data, clock, sees_people=sees_people)
    newest = ("-requested_at", "-id")
    paginator = BoundedPaginator(found.order_by(*newest), PER_PAGE, counted=found, whole=_told().order_by(*newest))
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "title": _("Returns"),
        "shop": clock.shop,
        "form": form,
        "page": page,
        "rows": [_row(rma, now, clock, sees_people=sees_people) for rma in page],
        "tabs": _tabs(request),
        "noun": _("and more returns") if page.paginator.is_cut else _("returns"),
    }
    return render(request, "returns/desk/list.html", context, status=200 if form.is_valid() else 400)


def _filtered(returns: QuerySet[RMA], wanted: dict[str, Any], clock: Clock, *, sees_people: bool) -> QuerySet[RMA]:
    status = wanted["status"] or ("all" if wanted["q"].strip() else "open")
    if status != "all":
        returns = returns.filter(status__in=VIEWS.get(status, (status,)))
    for name in ("settlement", "source"):
        if wanted[name]:
            returns = returns.filter(**{name: wanted[name]})
    if wanted["country"]:
        returns = returns.filter(order__country=wanted["country"].replace("\0", ""))
    if wanted["reason"]:
        returns = returns.filter(pk__in=ReturnLine.objects.filter(reason__code=wanted["reason"]).values("rma"))
    if wanted["from"]:
        returns = returns.filter(requested_at__gte=clock.start_of(wanted["from"]))
    if wanted["to"]:
        returns = returns.filter(requested_at__lt=clock.start_of(wanted["to"] + timedelta(days=1)))
    if words := " ".join(wanted["q"].replace("\0", "").split()):
        returns = returns.filter(_named(words, sees_people=sees_people))
    return returns


def _named(words: str, *, sees_people: bool) -> Q:
    """Returns with this number, order, tracking number or document; by person only for who may see them."""
    parcels = Parcel.objects.filter(tracking_number=words).exclude(tracking_number="").values("rma")
    number = normalize_number(words, "R") or words.upper()
    found = (
        Q(number__in={words, number})
        | Q(order__in=Order.objects.filter(number__in={words, words.upper()}).values("pk"))
        | Q(pk__in=parcels)
        | Q(source_document__in={words, words.upper()})
    )
    if not sees_people:
        return found
    if "@" in words:
        found |= _of(Customer.objects.with_email(words))
    elif any(map(str.isalpha, words)):
        found |= _of(Customer.objects.named(words))
    return found


def _of(people: QuerySet[Customer]) -> Q:
    """Returns of those who bought it, or were given it."""
    return Q(order__customer__in=people.values("pk")) | Q(recipient__in=people.values("pk"))


def _told() -> QuerySet[RMA]:
    """Returns with what their rows say, and nothing of the documents they carry."""
    told = with_facts(RMA.objects.all(), parcels=PARCELS_TOLD).select_related("order__customer", "recipient")
    return told.only(*TOLD_OF, *ROW).annotate(promised=KT("quote__total"))


def _tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """Each group with how many wait in it now; the other filters of the address stay."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [list(RMAStatus.terminal()), COUNTED + 1, list(RMAStatus.open())])
        counts = dict(cursor.fetchall())
    current = request.GET.get("status") or ("all" if request.GET.get("q", "").strip() else "open")
    tabs = []
    for word, label in VIEW_LABELS.items():
        query = request.GET.copy()
        query["status"] = word
        query.pop("page", None)
        waiting = sum(counts.get(status, 0) for status in VIEWS[word])
        tabs.append(
            {
                "label": label,
                "query": query.urlencode(),
                "current": word == current,
                "count": None if word in ("finished", "all") else f"{COUNTED:,}+" if waiting > COUNTED else waiting,
            }
        )
    return tabs


def _row(rma: RMA, now: datetime, clock: Clock, *, sees_people: bool) -> dict[str, Any]:
    told = situation(rma, now, shop=clock.shop)
    person = rma.sender
    return {
        "number": rma.number,
        "url": rma.get_absolute_url(),
        "order": rma.order.number,
        "order_url": reverse("orders:detail", args=[rma.order.number]),
        "country": rma.order.country,
        "label": staff_label(rma, told),
        "meaning": told.meaning,
        "who": told.who_acts.staff_label,
        "age": age(rma.requested_at, now),
        "asked": clock.text(rma.requested_at),
        "customer": person.name if sees_people and person else "",
        "settlement": Settlement(rma.settlement).label,
        "value": None if rma.promised is None else Money.parse(rma.promised, rma.currency),
    }


def value_of(rma: RMA) -> Money | None:
    """What was promised for it; None for returns that were taken over without a quote."""
    total = rma.quote.get("total")
    return Money.parse(total, rma.currency) if total is not None else None


def staff_label(rma: RMA, told: Situation) -> str:
    """The status in a word or two, where the customer's words would not be ours."""
    if rma.status == RMAStatus.NEEDS_REVIEW:
        return _("Needs review")
    if told.who_acts is Turn.CUSTOMER and rma.status != RMAStatus.APPROVED:
        return _("Waiting for the customer")
    return told.label


def worth_of(rma: RMA) -> Money | None:
    """What the goods were paid, whatever their condition pays."""
    lines = rma.quote.get("lines")
    if not lines:
        return value_of(rma)
    return Money(sum((Decimal(line["value"]) for line in lines), Decimal(0)), rma.currency)


def age(since: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that says something."""
    passed = max(now - since, timedelta(0))
    if passed.days:
        return ngettext("%(count)s day", "%(count)s days", passed.days) % {"count": passed.days}
    hours = passed.seconds // 3600
    if hours:
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    minutes = max(passed.seconds // 60, 1)
    return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}


# ── Needs review ──────────────────────────────────────────────────────────────────────────────────────────────────


@require_safe
@may("decide returns")
def review(request: HttpRequest) -> HttpResponse:
    """What no rule could decide, oldest first: why it needs a person, what it is worth, who asks."""
    clock, now = Clock(), timezone.now()
    sees_people = allowed(request.user, "see personal data")
    waiting = RMA.objects.visible_to(request.user).awaiting_review()
    listed = _with_history(waiting, now).select_related("order__customer", "recipient").order_by("requested_at", "id")
    page = BoundedPaginator(listed, PER_PAGE, counted=waiting).get_page(request.GET.get("page"))
    disputes = (
        Hold.objects.filter(status=HoldStatus.DISPUTED)
        .select_related("outcome__receipt__line__order_line", "outcome__receipt__line__rma", "outcome__condition")
        .order_by("answered_at", "id")[:PER_PAGE]
    )
    context = {
        "title": _("Needs review"),
        "shop": clock.shop,
        "page": page,
        "rows": [_review_row(rma, now, clock, sees_people=sees_people) for rma in page],
        "asked": RMA.objects.visible_to(request.user).filter(status=RMAStatus.NEEDS_INFO).count(),
        "disputes": [
            {
                "hold": hold,
                "rma": hold.outcome.receipt.line.rma,
                "title": hold.outcome.receipt.line.order_line.description,
                "condition": hold.outcome.condition.label,
                "age": age(hold.answered_at or hold.asked_at, now),
            }
            for hold in disputes
        ],
        "unlabeled": [
            {"rma": parcel.rma, "why": parcel.get_held_for_display(), "age": age(parcel.wanted_at, now)}
            for parcel in _held_labels(request)
        ],
        "noun": _("returns"),
    }
    return render(request, "returns/desk/review.html", context)


def _held_labels(request: HttpRequest) -> QuerySet[Parcel]:
    """Parcels whose label waits for a person, the oldest first."""
    waiting = Parcel.objects.filter(status=ParcelStatus.WANTED, rma__in=RMA.objects.visible_to(request.user))
    waiting = waiting.exclude(held_for="").filter(pickup_on__isnull=True)
    return waiting.select_related("rma").defer("label").order_by("wanted_at", "pk")[:PER_PAGE]


def _with_history(returns: QuerySet[RMA], now: datetime) -> QuerySet[RMA]:
    """With how many orders and returns this customer had in the last year."""
    year_ago = now - timedelta(days=365)
    orders = Order.objects.filter(customer=OuterRef("order__customer"), placed_at__gte=year_ago)
    earlier = RMA.objects.filter(
        order__customer=OuterRef("order__customer"), recipient=None, requested_at__gte=year_ago
    )
    return returns.annotate(orders_last_year=_count(orders, "customer"), returns_last_year=_count(earlier))


def _count(rows: QuerySet[Any], by: str = "order__customer") -> Coalesce:
    counted = rows.order_by().values(by).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)


def _review_row(rma: RMA, now: datetime, clock: Clock, *, sees_people: bool) -> dict[str, Any]:
    person = rma.sender
    orders = ngettext("%(count)s order", "%(count)s orders", rma.orders_last_year) % {"count": rma.orders_last_year}
    returns = ngettext("%(count)s return", "%(count)s returns", rma.returns_last_year)
    returns %= {"count": rma.returns_last_year}
    return {
        "rma": rma,
        "why": Decision.from_json(rma.decision).reasons if rma.decision.get("verdict") else (),
        "value": worth_of(rma),
        "age": age(rma.requested_at, now),
        "asked": clock.text(rma.requested_at),
        "customer": person.name if sees_people and person else "",
        "history": _("%(orders)s, %(returns)s in a year") % {"orders": orders, "returns": returns},
    }
