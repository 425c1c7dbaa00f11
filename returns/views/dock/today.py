"""The dock today: what arrived, what is overdue, what waits on whom, and one's own pace."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from inventory import places
from oms import shops
from oms.access import may
from oms.roles import allowed
from returns import calendars
from returns.calendars import Calendar
from returns.found_states import FoundStatus
from returns.models import RMA, Dispatch, FoundGoods, Hold, Outcome, Receipt
from returns.states import DispatchStatus, HoldStatus, ParcelStatus, ReceiptResult, RMAStatus
from returns.views.dock.queue import waiting

PAGE_SIZE = 50
SHORTEST_SHIFT = timedelta(minutes=15)  # a pace from fewer minutes says nothing
COUNT_WITHIN = 1  # working days from the carrier's delivery to the count
DOCK, DESK, CUSTOMER = gettext_lazy("the dock"), gettext_lazy("the service desk"), gettext_lazy("the customer")


@dataclass(frozen=True, slots=True)
class Pace:
    """What one person did today; `per_hour` is None before a quarter of an hour has passed."""

    counted: int
    inspected: int
    per_hour: int | None


@require_safe
@may("see returns")
def today(request: HttpRequest) -> HttpResponse:
    """What lies at the dock or at its door, the longest waiting first, and who has to do something about it."""
    now, calendar = timezone.now(), calendars.of(places.default_house())
    inspect_within = shops.current().processing_days
    page = Paginator(_here(request), PAGE_SIZE).get_page(request.GET.get("page"))
    pieces = dict(
        RMA.objects.filter(pk__in=[rma.pk for rma in page])
        .annotate(left=Sum(F("lines__arrived") - F("lines__inspected")))
        .values_list("pk", "left")
    )
    context = {
        "title": _("The dock today"),
        "page": page,
        "rows": [_row(rma, pieces[rma.pk], calendar, inspect_within, now) for rma in page],
        "tiles": _tiles(calendar, inspect_within, now),
        "pace": _pace(request.user.actor, calendar, now) if allowed(request.user, "receive parcels") else None,
        "may_count": allowed(request.user, "receive parcels"),
        "may_inspect": allowed(request.user, "inspect goods"),
    }
    return render(request, "returns/dock/today.html", context)


def _delivered() -> QuerySet[RMA]:
    """The carrier says it is at our door, and nobody has counted it."""
    return RMA.objects.filter(
        status__in=(RMAStatus.APPROVED, RMAStatus.IN_TRANSIT), parcels__status=ParcelStatus.DELIVERED
    )


def _here(request: HttpRequest) -> QuerySet[RMA]:
    at_door = Q(pk__in=_delivered().values("pk"))
    here = RMA.objects.visible_to(request.user).filter(at_door | Q(pk__in=waiting().values("line__rma")))
    counted = Min("lines__receipts__received_at", filter=Q(lines__receipts__is_reversed=False))
    since = Coalesce(counted, Min("parcels__delivered_at"), F("requested_at"))
    return here.annotate(since=since).order_by("since", "pk")


def _row(rma: RMA, left: int, calendar: Calendar, inspect_within: int, now: datetime) -> dict[str, Any]:
    at_dock = rma.status in RMAStatus.at_dock()
    within = inspect_within if at_dock else COUNT_WITHIN
    return {
        "rma": rma,
        "since": rma.since,
        "left": left if at_dock else None,
        "at_dock": at_dock,
        "overdue": calendar.between(rma.since, now) > within,
    }


def _tiles(calendar: Calendar, inspect_within: int, now: datetime) -> list[dict[str, Any]]:
    """Counts, each with who acts and where to go."""
    at_door = _delivered().aggregate(
        all=Count("pk", distinct=True),
        late=Count("pk", distinct=True, filter=Q(parcels__delivered_at__lt=_before(calendar, COUNT_WITHIN, now))),
    )
    to_inspect = waiting().aggregate(
        all=Count("line__rma", distinct=True),
        late=Count("line__rma", distinct=True, filter=Q(received_at__lt=_before(calendar, inspect_within, now))),
    )
    holds = Hold.objects.aggregate(
        customer=Count("pk", filter=Q(status=HoldStatus.WAITING)),
        desk=Count("pk", filter=Q(status__in=(HoldStatus.DISPUTED, HoldStatus.UPHELD))),
    )
    found = FoundGoods.objects.filter(status=FoundStatus.WAITING).count()
    to_pack = Dispatch.objects.filter(status__in=DispatchStatus.at_packing()).count()
    return [
        _tile(_("To count"), at_door["all"], at_door["late"], DOCK, "admin:dock_scan"),
        _tile(_("To inspect"), to_inspect["all"], to_inspect["late"], DOCK, "admin:dock_inspection"),
        _tile(_("To pack"), to_pack, 0, DOCK, "admin:packing"),
        _tile(_("Found goods"), found, 0, DESK, "admin:dock_found"),
        _tile(_("Disputed or sent back"), holds["desk"], 0, DESK, "admin:dock_holds"),
        _tile(_("Refused goods"), holds["customer"], 0, CUSTOMER, "admin:dock_holds"),
    ]


def _tile(label: str, count: int, late: int, who: Any, name: str) -> dict[str, Any]:
    against = _("waits on %(who)s") % {"who": who}
    overdue = _("%(late)s overdue") % {"late": late} if late else ""
    return {"label": label, "value": count, "delta": overdue, "against": against, "url": reverse(name)}


def _before(calendar: Calendar, days: int, now: datetime) -> datetime:
    """What came before this moment is overdue: more than so many working days have begun since."""
    day = calendar.local(now)
    moment = datetime.combine(day, time(), calendar.zone)
    while calendar.between(moment, now) <= days:
        moment -= timedelta(days=1)
    return moment + timedelta(days=1)


def _pace(by: str, calendar: Calendar, now: datetime) -> Pace:
    midnight = datetime.combine(calendar.local(now), time(), calendar.zone)
    arrived = Receipt.objects.filter(by=by, received_at__gte=midnight, is_reversed=False)
    counted = arrived.filter(result__in=ReceiptResult.arrived()).aggregate(
        sum=Sum("quantity"), first=Min("received_at"), last=Max("received_at")
    )
    seen = Outcome.objects.filter(by=by, inspected_at__gte=midnight).aggregate(
        sum=Sum("quantity"), first=Min("inspected_at"), last=Max("inspected_at")
    )
    begun = [one["first"] for one in (counted, seen) if one["first"]]
    worked = now - min(begun) if begun else timedelta()
    units = (counted["sum"] or 0) + (seen["sum"] or 0)
    per_hour = round(units / (worked / timedelta(hours=1))) if worked >= SHORTEST_SHIFT else None
    return Pace(counted["sum"] or 0, seen["sum"] or 0, per_hour)
