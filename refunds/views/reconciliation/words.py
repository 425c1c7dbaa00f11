"""How a discrepancy is told: both sides fact by fact, its age, what to do about it, its story."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from oms.models import Event
from oms.money import EXPONENTS, from_minor
from oms.templatetags.components import money
from oms.views.words import Clock, actor_names
from refunds.models import Discrepancy, ReconciliationRun
from refunds.reconciliation.causes import Book, Cause
from refunds.reconciliation.records import Standing
from refunds.reconciliation.working import step_of

# What a person does about each cause.
NEXT = {
    Cause.IN_TRANSIT: gettext_lazy("Nothing to do yet: the next run looks again."),
    Cause.STATUS: gettext_lazy("Look it up there and settle the refund here by what you see."),
    Cause.FAILED_LATER: gettext_lazy("Open the refund: it has to be sent again or settled another way."),
    Cause.DASHBOARD: gettext_lazy("Find out what it was for, and attach it to the order it belongs to."),
    Cause.FEE: gettext_lazy("Book the fee as a cost, below."),
    Cause.CURRENCY: gettext_lazy("Find out which currency the customer got, and correct the other book."),
    Cause.AMOUNT: gettext_lazy("Find out what the customer got, and correct the other book."),
    Cause.DUPLICATE: gettext_lazy("Find out whether the money left twice; if so, ask for it back."),
    Cause.WRONG_ORDER: gettext_lazy("Move it to the right order in the book that is wrong."),
    Cause.COMBINED: gettext_lazy("Nothing is missing: say which refunds it stands for."),
    Cause.SPLIT: gettext_lazy("Nothing is missing: say which entries belong together."),
    Cause.MISSING_HERE: gettext_lazy("Find out where it comes from before anybody pays it again."),
    Cause.MISSING_THERE: gettext_lazy("Look for it there; if it never arrived, the customer has not got it."),
    Cause.PAYOUT_GAP: gettext_lazy("Compare the payout with the bank statement, then ask the provider."),
    Cause.DATE: gettext_lazy("Check that it counts in the right month."),
}
STANDINGS = {
    Standing.WAITING: gettext_lazy("not sent yet"),
    Standing.OPEN: gettext_lazy("pending"),
    Standing.PAID: gettext_lazy("paid back"),
    Standing.FAILED: gettext_lazy("failed"),
    Standing.CALLED_OFF: gettext_lazy("called off"),
}
HAPPENED = {
    "discrepancy.found": (gettext_lazy("Found"), "waiting", "search"),
    "discrepancy.changed": (gettext_lazy("Seen again, and changed"), "careful", "edit"),
    "discrepancy.assigned": (gettext_lazy("Given to somebody"), "moving", "user"),
    "discrepancy.noted": (gettext_lazy("Noted"), "", "note"),
    "discrepancy.resolved": (gettext_lazy("Resolved"), "good", "check"),
    "discrepancy.gone": (gettext_lazy("No longer seen"), "", "minus"),
    "discrepancy.reopened": (gettext_lazy("Open again"), "careful", "undo"),
}
WHY_AGAIN = {
    "seen_again": gettext_lazy("It was gone and is there again."),
    "not_corrected": gettext_lazy("It was said to be corrected and is still there."),
    "changed": gettext_lazy("It was accepted, and has changed since."),
    "by_hand": "",
}
STEPS = {
    "payouts": gettext_lazy("Reading payouts"),
    "payout_lines": gettext_lazy("Reading what the payouts are made of"),
    "transactions": gettext_lazy("Reading transactions"),
    "compare": gettext_lazy("Comparing"),
    "note": gettext_lazy("Writing down what differs"),
    "vanish": gettext_lazy("Looking for what is settled by now"),
}


def age(happened_at: datetime, now: datetime) -> str:
    days = max(timedelta(0), now - happened_at).days
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days} if days else _("today")


def there_name(one: Discrepancy) -> str:
    """What the other side is called at the head of its column."""
    if one.book == Book.ACCOUNTING:
        return _("In the accounting")
    return _("At %(provider)s") % {"provider": one.provider.capitalize() or _("the provider")}


def sides(one: Discrepancy, clock: Clock) -> list[dict[str, Any]]:
    """Rows of the comparison: label, here, there, and whether they differ. What neither side knows is left out."""
    here, there = _facts(one.here, clock), _facts(one.there, clock)
    rows = []
    for name, label in LABELS.items():
        ours, theirs = here.get(name, ""), there.get(name, "")
        if ours or theirs:
            differs = bool(ours and theirs and ours != theirs) and name in COMPARED
            rows.append({"label": label, "here": ours, "there": theirs, "differs": differs, "code": name in CODES})
    return rows


LABELS = {
    "ids": gettext_lazy("Number"),
    "amount": gettext_lazy("Amount"),
    "fee": gettext_lazy("Fee"),
    "at": gettext_lazy("When"),
    "standing": gettext_lazy("Status"),
    "order": gettext_lazy("Order"),
    "payment": gettext_lazy("Payment"),
    "reference": gettext_lazy("Belongs to"),
    "payout": gettext_lazy("Payout"),
    "line": gettext_lazy("Line of the file"),
}
COMPARED = {"amount", "standing", "order", "payment"}
CODES = {"ids", "order", "payment", "reference", "payout"}


def _facts(side: dict[str, Any], clock: Clock) -> dict[str, str]:
    currency = side.get("currency", "")
    told = {name: str(side.get(name, "")) for name in ("order", "payment", "reference", "payout")}
    told["ids"] = ", ".join(side.get("ids", []))
    told["at"] = clock.text(datetime.fromisoformat(side["at"])) if side.get("at") else ""
    told["standing"] = str(STANDINGS.get(side.get("standing", ""), "")) if side.get("standing") else ""
    told["line"] = str(side.get("line") or "")
    for name in ("amount", "fee"):
        minor = side.get(name)
        if name == "fee" and not minor:
            continue
        told[name] = _money(minor, currency)
    return told


def _money(minor: int | None, currency: str) -> str:
    if minor is None:
        return ""
    return money(from_minor(minor, currency), currency) if currency in EXPONENTS else f"{minor} {currency}"


def story(events: Iterable[Event], clock: Clock) -> list[dict[str, Any]]:
    events = list(events)
    names = actor_names(
        [event.actor for event in events] + [event.facts["assignee"] for event in events if "assignee" in event.facts]
    )
    told = []
    for event in events:
        what, meaning, icon = HAPPENED[event.name]
        more = str(WHY_AGAIN.get(event.facts.get("why", ""), ""))
        if "assignee" in event.facts:
            more = names.get(event.facts["assignee"], "")
        told.append(
            {
                "what": what,
                "meaning": meaning,
                "icon": icon,
                "more": more,
                "at": clock.text(event.occurred_at),
                "by": names.get(event.actor, event.actor),
            }
        )
    return told


def step_words(run: ReconciliationRun) -> str:
    """What the run does now, as a sentence."""
    if run.trouble:
        return _("%(trouble)s It goes on by itself.") % {"trouble": run.trouble}
    step = step_of(run)
    if step is None:
        return _("It begins as soon as a worker is free.")
    read = run.counts.get("lines", 0)
    words = _("%(what)s, step %(number)s of %(total)s") % {
        "what": STEPS[step["do"]],
        "number": run.done + 1,
        "total": run.total,
    }
    return words + (ngettext("; %(n)s row so far", "; %(n)s rows so far", read) % {"n": f"{read:,}"} if read else "")
