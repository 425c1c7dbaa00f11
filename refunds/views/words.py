"""How refunds are told on the page: sentences, times in the shop's zone, the working of a credit memo."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from oms import shops
from oms.journal import Account
from oms.models import Event, JournalEntry, OrderLine
from oms.money import Money
from oms.templatetags.components import money as show_money
from oms.views import words
from refunds.amounts import Quote
from refunds.models import CreditMemo, Refund
from refunds.states import MEANING, UNREACHABLE, GoodwillReason, RefundStatus
from refunds.views.working import fee_name, working

S = RefundStatus

# Where it stands and what happens next, in two sentences.
SITUATIONS = {
    S.REQUESTED: (gettext_lazy("This refund was asked for."), gettext_lazy("It goes to the provider next.")),
    S.AWAITING_APPROVAL: (
        gettext_lazy("This refund waits for a second person."),
        gettext_lazy("Somebody in finance who did not ask for it approves or refuses it."),
    ),
    S.APPROVED: (gettext_lazy("This refund is approved."), gettext_lazy("It goes to the provider next.")),
    S.SUBMITTED: (
        gettext_lazy("This refund was sent to the provider."),
        gettext_lazy("We do not know the answer yet and keep asking; it is never sent twice."),
    ),
    S.PENDING: (
        gettext_lazy("The provider is working on this refund."),
        gettext_lazy("The customer is told when the money is back, not before."),
    ),
    S.SETTLED: (gettext_lazy("This refund is paid back."), gettext_lazy("Nothing is left to do.")),
    S.FAILED: (
        gettext_lazy("This refund failed. The customer has not got this money."),
        gettext_lazy("Somebody in finance sends it again or settles it another way."),
    ),
    S.CANCELED: (gettext_lazy("This refund was called off."), gettext_lazy("Nothing is left to do.")),
}

FOR_A_PERSON = (
    gettext_lazy("This refund waits for somebody to pay it by hand."),
    gettext_lazy("Somebody in finance pays it and says here how, with a proof."),
)
BY_HAND = {
    S.APPROVED: (gettext_lazy("This refund is approved."), gettext_lazy("It waits to be paid by hand next.")),
    S.SUBMITTED: FOR_A_PERSON,
    S.PENDING: FOR_A_PERSON,
}
IN_HOUSE = gettext_lazy("We give it ourselves next; no provider is asked.")
REPLACED = (
    gettext_lazy("Other refunds took the place of this one."),
    gettext_lazy("They are listed here as the other parts."),
)
UNPAID_BY_HAND = gettext_lazy("waiting to be paid by hand")
ANOTHER_WAY = gettext_lazy("Somebody in finance lets it go another way.")
DISPUTED = gettext_lazy("It is sent when the dispute is decided for us, and called off when it is lost.")


def status_label(refund: Refund) -> Any:
    """Its status in a few words; no provider has what a person pays."""
    waits = refund.is_by_hand and refund.status in (S.SUBMITTED, S.PENDING)
    return UNPAID_BY_HAND if waits else refund.get_status_display()


def is_unreachable(refund: Refund) -> bool:
    """Whether sending it again is no use."""
    return refund.status == S.FAILED and refund.provider_reason in UNREACHABLE


def situation(refund: Refund, *, is_disputed: bool) -> tuple[Any, Any]:
    """Where a refund stands and what happens next, which depends on its way and on disputes of its payment."""
    status = S(refund.status)
    where, then = (BY_HAND if refund.is_by_hand else SITUATIONS).get(status, SITUATIONS[status])
    if refund.replaced_at is not None:
        where, then = REPLACED
    elif status == S.APPROVED and is_disputed:
        then = DISPUTED
    elif status == S.APPROVED and not refund.is_sent:
        then = IN_HOUSE
    elif is_unreachable(refund):
        then = ANOTHER_WAY
    return where, then


HAPPENED = {
    "refund.requested": (gettext_lazy("Asked for"), "", "money"),
    "refund.approved": (gettext_lazy("Approved"), "good", "check"),
    "refund.refused": (gettext_lazy("Refused"), "bad", "cross"),
    "refund.submitted": (gettext_lazy("Sent to the provider"), "moving", "moving"),
    "refund.pending": (gettext_lazy("Pending at the provider"), "moving", "clock"),
    "refund.settled": (gettext_lazy("Paid back"), MEANING[S.SETTLED], "check"),
    "refund.failed": (gettext_lazy("Failed"), MEANING[S.FAILED], "cross"),
    "refund.redirected": (gettext_lazy("Goes another way"), "waiting", "undo"),
    "refund.turned": (gettext_lazy("Pays for no goods any more, goes back"), "waiting", "undo"),
    "refund.spread": (gettext_lazy("Spread over payments anew"), "", "undo"),
    "refund.held": (gettext_lazy("Waits: the payment is disputed"), "waiting", "clock"),
    "refund.resumed": (gettext_lazy("Goes on: the dispute was decided for us"), "moving", "check"),
    "refund.attached": (gettext_lazy("Made at the provider, attached here"), "good", "check"),
    "refund.retried": (gettext_lazy("To be sent again"), "moving", "undo"),
    "refund.canceled": (gettext_lazy("Called off"), "", "stop"),
    "refund.imported": (gettext_lazy("Taken over from earlier records"), "", "books"),
}


class Clock:
    """Writes instants as people of this shop read them."""

    def __init__(self) -> None:
        self.zone = ZoneInfo(shops.current().time_zone)

    def text(self, at: datetime | None) -> str:
        return date_format(timezone.localtime(at, self.zone), "j M Y, H:i") if at else ""


def story(events: Sequence[Event], clock: Clock) -> list[dict[str, Any]]:
    names = actor_names(event.actor for event in events)
    told = []
    for event in events:
        what, meaning, icon = HAPPENED.get(event.name, (event.name, "", ""))
        told.append(
            {
                "what": what,
                "at": clock.text(event.occurred_at),
                "more": event.facts.get("reason") or event.facts.get("provider_id") or "",
                "by": names.get(event.actor, event.actor),
                "meaning": meaning,
                "icon": icon,
            }
        )
    return told


def actor_names(actors: Iterable[str]) -> dict[str, str]:
    """Names of the staff among these actors ("user:17"); others are named by what they are."""
    providers = {"stripe": "Stripe", "paypal": "PayPal", "poll": _("Homeward, asking the provider")}
    return words.actor_names(actors) | providers


def booked(entries: Iterable[JournalEntry], clock: Clock) -> list[tuple[JournalEntry, str, list[tuple[Any, Decimal]]]]:
    """Journal entries as (entry, when, [(account in words, amount)]); debit is positive."""
    return [
        (
            entry,
            clock.text(entry.booked_at),
            [(Account(posting.account).label, posting.amount) for posting in entry.postings.all()],
        )
        for entry in entries
    ]


def memo_receipt(memo: CreditMemo) -> dict[str, Any]:
    """The working of a credit memo as lines of `components/receipt.html`."""
    quote, currency = memo.quote, memo.currency

    def money(text: str) -> Money:
        return Money.parse(text, currency)

    lines = [_line(row, currency) for row in quote.get("lines", ())]
    lines += [{"label": _("Shipping"), "money": money(row["gross"])} for row in quote.get("shipping", ())]
    lines += [
        {"label": row["label"] or fee_name(row["code"]), "money": -money(row["gross"])}
        for row in quote.get("fees", ())
        if money(row["gross"])
    ]
    if not lines:
        reason = quote.get("reason")
        why = GoodwillReason(reason).label if reason in GoodwillReason else ""
        lines = [{"label": _("Goodwill"), "money": Money(memo.total, currency), "note": why}]
    return {
        "lines": lines,
        "total": Money(memo.total, currency),
        "after": _("Includes %(tax)s tax.") % {"tax": show_money(memo.tax, currency)} if memo.tax else "",
        "working": [*(_difference(row) for row in quote.get("differences", ())), *_working(memo)],
    }


def _working(memo: CreditMemo) -> list[str]:
    """Where its cents come from; money without goods has no more to tell than its amount."""
    keys = [row["key"] for row in memo.quote.get("lines", ()) if str(row["key"]).isdigit()]
    if not keys:
        return []
    sold = OrderLine.objects.filter(pk__in=keys, order=memo.order_id).select_related("order")
    inputs = memo.rma.quote.get("inputs", {}) if memo.rma else {}
    return working(Quote.from_json(memo.quote), lines={str(line.pk): line for line in sold}, inputs=inputs)


def _line(row: dict[str, Any], currency: str) -> dict[str, Any]:
    note = ""
    if row["payout_percent"] != "100":
        note = _("%(percent)s %% of %(value)s, by its condition") % {
            "percent": row["payout_percent"],
            "value": show_money(Money.parse(row["value"], currency)),
        }
    label = ngettext("%(count)s × %(what)s", "%(count)s × %(what)s", row["quantity"]) % {
        "count": row["quantity"],
        "what": row["description"],
    }
    return {"label": label, "money": Money.parse(row["gross"], currency), "note": note}


def _difference(row: dict[str, Any]) -> str:
    return _(
        "%(quantity)s × %(what)s: declared %(declared)s, found %(found)s at inspection (outcome %(outcome)s): "
        "%(pays)s instead of %(promised)s."
    ) % {
        "quantity": row["quantity"],
        "what": row["description"],
        "declared": row["declared"] or "–",
        "found": row["found"],
        "outcome": row["outcome"],
        "pays": row["pays"],
        "promised": row["promised"],
    }
