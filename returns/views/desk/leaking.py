"""Labels that were paid for and never used: what came back, what is asked for, what nobody can get back any more."""

from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from oms.access import may
from oms.money import Money
from oms.views.words import Clock
from returns import leaks
from returns.case_states import CaseStatus
from returns.leak_states import LABEL_REFUND_MEANING, LabelRefundStatus
from returns.models import LabelRefund, Parcel, ParcelCase

SHOWN = 100


@require_safe
@may("see returns")
def labels(request: HttpRequest) -> HttpResponse:
    clock, now = Clock(), timezone.now()
    months = leaks.recovered()
    found, late = leaks.to_give_back(at=now), leaks.too_late(at=now)
    asked = LabelRefund.objects.exclude(status=LabelRefundStatus.REFUNDED).select_related("parcel__rma")
    claims = ParcelCase.objects.filter(claimed__isnull=False).select_related("order", "shipment", "parcel")
    claimed = claims.values("order__currency").annotate(paid=Sum("recovered"), sum=Sum("claimed"))
    context = {
        "title": _("Labels never used"),
        "shop": clock.shop,
        "recovered": _money(leaks.totals((row["currency"], row["amount"]) for row in months)),
        "waiting": _money(
            leaks.totals(asked.filter(status=LabelRefundStatus.SUBMITTED).values_list("currency", "amount"))
        ),
        "leaking": _money(leaks.totals((one.currency, one.price or Decimal(0)) for one in found)),
        "lost": _money(leaks.totals((one.currency, one.price or Decimal(0)) for one in late)),
        "months": [
            row | {"label": date_format(row["month"], "F Y"), "money": Money(row["amount"], row["currency"])}
            for row in months[:SHOWN]
        ],
        "found": [_label(one, clock) for one in found[:SHOWN]],
        "late": [_label(one, clock) for one in late[:SHOWN]],
        "asked": [
            {
                "refund": one,
                "meaning": LABEL_REFUND_MEANING[LabelRefundStatus(one.status)],
                "money": Money(one.amount, one.currency),
                "at": clock.text(one.asked_at),
            }
            for one in asked.defer("parcel__label").order_by("-asked_at")[:SHOWN]
        ],
        "claims": [
            {
                "case": one,
                "money": Money(one.claimed, one.order.currency),
                "paid": None if one.recovered is None else Money(one.recovered, one.order.currency),
            }
            for one in claims.filter(status=CaseStatus.DECIDED).defer("parcel__label").order_by("claimed_at")[:SHOWN]
        ],
        "claims_paid": _money({row["order__currency"]: row["paid"] for row in claimed if row["paid"]}),
    }
    return render(request, "returns/desk/labels.html", context)


def _money(amounts: dict[str, Decimal]) -> list[Money]:
    return [Money(amount, currency) for currency, amount in amounts.items()]


def _label(parcel: Parcel, clock: Clock) -> dict[str, Any]:
    return {
        "parcel": parcel,
        "money": Money(parcel.price, parcel.currency) if parcel.price is not None else None,
        "bought": clock.text(parcel.labeled_at),
        "until": clock.text(leaks.last_day(parcel)),
    }
