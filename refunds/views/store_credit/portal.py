"""Store credit as its owner sees it, behind a link that cannot be guessed: no account, no log-in (R83)."""

import hmac
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from oms import shops
from oms.access import public
from oms.money import Money
from refunds.models import StoreCredit, StoreCreditEntry
from refunds.store_credit import EntryKind
from refunds.store_credit.kinds import balance_change
from refunds.views.store_credit.words import balance, grant_rows, newest_first, order_of
from refunds.views.words import Clock

SHOWN = 100


@public
@never_cache
@require_http_methods(["GET", "HEAD"])
def balance_page(request: HttpRequest, number: str, signature: str) -> HttpResponse:
    """Balance, what expires when, and every movement. A wrong link and no such credit are the same 404 (S3)."""
    account = StoreCredit.objects.filter(number=number).first()
    expected = (account or StoreCredit()).signature
    if not hmac.compare_digest(expected.encode(), signature.encode()) or account is None:
        raise Http404
    now, currency, clock = timezone.now(), account.currency, Clock()
    spendable, held = balance(account, now)
    context = {
        "shop": shops.current(),
        "account": account,
        "spendable": Money(spendable, currency),
        "held": Money(held, currency) if held else None,
        "grants": [
            {
                "category": row["grant"].get_category_display(),
                "money": Money(row["spendable"], currency),
                "until": _long_day(row["grant"].expires_at - timedelta(seconds=1), clock.zone)
                if row["grant"].expires_at
                else "",
                "is_soon": row["meaning"] == "careful",
            }
            for row in grant_rows(account, now, clock)
            if row["spendable"]
        ],
        "entries": [
            {
                "what": entry.get_kind_display(),
                "order": order_of(entry),
                "money": Money(_change(entry), currency),
                "at": _long_day(entry.happened_at, clock.zone),
            }
            for entry in _told(account)[:SHOWN]
        ],
    }
    return render(request, "refunds/store_credit/balance.html", context)


def _told(account: StoreCredit) -> QuerySet[StoreCreditEntry]:
    """What a customer knows happened: setting aside is told only while an order still holds all of it."""
    settled = Q(kind=EntryKind.AUTHORIZE, followers__isnull=False)
    return newest_first(account).exclude(settled).exclude(kind=EntryKind.VOID)


def _change(entry: StoreCreditEntry) -> Decimal:
    return -entry.amount if entry.kind == EntryKind.CAPTURE else balance_change(entry.kind, entry.amount)


def _long_day(at: datetime, zone: ZoneInfo) -> str:
    return date_format(timezone.localtime(at, zone), "j F Y")
