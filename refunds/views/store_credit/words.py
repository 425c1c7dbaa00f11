"""Store credit in words: grants and entries as rows of a page, times in the shop's zone."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from oms.money import Money
from oms.templatetags.components import money as money_text
from refunds.models import StoreCredit, StoreCreditEntry, StoreCreditGrant
from refunds.store_credit import EntryKind
from refunds.store_credit.kinds import balance_change
from refunds.views.words import Clock

SOON = timedelta(days=30)


def last_day(expires_at: datetime | None, clock: Clock) -> str:
    """The last day on which it can be spent: expiry is the instant after it."""
    if expires_at is None:
        return ""
    return date_format(timezone.localtime(expires_at - timedelta(seconds=1), clock.zone), "j M Y")


def grant_words(grant: StoreCreditGrant, currency: str, clock: Clock) -> str:
    """“goodwill, £5.00 left, until 23 Nov 2027”."""
    left = _("%(category)s, %(left)s left") % {
        "category": grant.get_category_display(),
        "left": money_text(Money(grant.remaining, currency)),
    }
    until = last_day(grant.expires_at, clock)
    return f"{left}, {_('until %(day)s') % {'day': until}}" if until else left


def grant_rows(account: StoreCredit, at: datetime, clock: Clock) -> list[dict[str, Any]]:
    """Every grant, what is spent first standing first; what is used up or expired last."""
    given = dict(
        account.grants.filter(parts__entry__kind=EntryKind.GRANT)
        .annotate(given=Sum("parts__amount"))
        .values_list("pk", "given")
    )
    rows = []
    for grant in account.grants.select_related("order").order_by("pk"):
        spendable = grant.spendable(at)
        rows.append(
            {
                "grant": grant,
                "given": given.get(grant.pk, Decimal(0)),
                "left": grant.remaining,
                "spendable": spendable,
                "since": clock.text(grant.granted_at),
                "until": last_day(grant.expires_at, clock),
                **_standing(grant, spendable, at),
            }
        )
    return sorted(rows, key=lambda row: (not row["spendable"], row["grant"].expires_at is None, row["grant"].pk))


def _standing(grant: StoreCreditGrant, spendable: Decimal, at: datetime) -> dict[str, str]:
    if spendable and grant.expires_at is not None and grant.expires_at - at < SOON:
        return {"standing": _("expires soon"), "meaning": "careful"}
    if spendable:
        return {"standing": _("to spend"), "meaning": "good"}
    if grant.authorized:
        return {"standing": _("set aside"), "meaning": "waiting"}
    if grant.expires_at is not None and grant.expires_at <= at:
        return {"standing": _("expired"), "meaning": ""}
    return {"standing": _("used up") if grant.used else _("nothing left"), "meaning": ""}


def entry_rows(entries: Iterable[StoreCreditEntry], clock: Clock, names: dict[str, str]) -> list[dict[str, Any]]:
    """What moved, by how much it changed the balance."""
    return [
        {
            "entry": entry,
            "what": entry.get_kind_display(),
            "order": order_of(entry),
            "change": balance_change(entry.kind, entry.amount),
            "at": clock.text(entry.happened_at),
            "by": names.get(entry.actor, _("import") if entry.actor == "import" else entry.actor),
        }
        for entry in entries
    ]


def order_of(entry: StoreCreditEntry) -> str:
    """The number of the order it was spent on, whether or not the order stood already."""
    if entry.order is not None:
        return entry.order.number
    return entry.cause.removeprefix("order/") if entry.cause.startswith("order/") else ""


def balance(account: StoreCredit, at: datetime) -> tuple[Decimal, Decimal]:
    """What may be spent at `at`, and what orders hold."""
    grants = list(account.grants.all())
    spendable = sum((grant.spendable(at) for grant in grants), Decimal(0))
    return spendable, sum((grant.authorized for grant in grants), Decimal(0))


def newest_first(account: StoreCredit) -> "QuerySet[StoreCreditEntry]":
    return account.entries.select_related("order").order_by("-pk")
