"""The ways a return may be settled, as cards: what each gives, when, at what cost, and why or why not (R91–R93)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from oms.money import Money
from oms.templatetags.components import money as money_text
from returns.eligibility import OrderFile, Preview, Wanted, judge
from returns.models import ReturnDraft
from returns.policy import Choice, Decision
from returns.pricing import Price
from returns.states import RefundAt, Resolution

TITLES: Mapping[str, Any] = {
    Resolution.REFUND: gettext_lazy("Money back"),
    Resolution.STORE_CREDIT: gettext_lazy("Store credit"),
    Resolution.EXCHANGE: gettext_lazy("Something else instead"),
    Resolution.REPLACEMENT: gettext_lazy("The same again"),
    Resolution.REPAIR: gettext_lazy("Repaired and sent back"),
    Resolution.KEEP_ITEM: gettext_lazy("Money back, and you keep it"),
}
# What goes out instead is no amount of money.
GOODS = (Resolution.EXCHANGE, Resolution.REPLACEMENT, Resolution.REPAIR)
# A way that has to know more first begins on a page of its own: the name of its address, which takes the draft.
STEP_OF: dict[str, str] = {}
# What a way says of its own beside the amount: (file, preview) → {"when": …, "title": …}, each optional.
WORDS_OF: dict[str, Callable[[OrderFile, Preview], Mapping[str, str]]] = {}
# A way that is only there while there are goods for it.
ONLY_IF: dict[str, Callable[[OrderFile, Sequence[Wanted]], bool]] = {}


@dataclass(frozen=True, slots=True)
class Card:
    """One way on the page. `url` is "" for the one that is shown, and for one that is closed."""

    resolution: str
    title: str
    url: str
    current: bool
    allowed: bool
    amount: Money | None
    when: str
    cost: str
    why: str


def cards(
    draft: ReturnDraft,
    file: OrderFile,
    wanted: Sequence[Wanted],
    shown: Preview,
    *,
    days: int,
    price: Price,
    at: datetime,
) -> list[Card]:
    """A card per way the policy knows for this request; none while there is nothing to choose."""
    choices = [one for one in shown.decision.choices if _is_there(one, file, wanted)]
    if len(choices) < 2:
        return []
    return [_card(draft, file, wanted, shown, choice, days=days, price=price, at=at) for choice in choices]


def _is_there(choice: Choice, file: OrderFile, wanted: Sequence[Wanted]) -> bool:
    only_if = ONLY_IF.get(choice.resolution)
    return only_if is None or only_if(file, wanted)


def _card(
    draft: ReturnDraft,
    file: OrderFile,
    wanted: Sequence[Wanted],
    shown: Preview,
    choice: Choice,
    *,
    days: int,
    price: Price,
    at: datetime,
) -> Card:
    title, current = str(TITLES[choice.resolution]), choice.resolution == shown.decision.resolution
    if not choice.allowed:
        return Card(choice.resolution, title, "", current, False, None, "", "", choice.sentence)
    found = shown if current else judge(file, wanted, resolution=choice.resolution, price=price, at=at)
    own = WORDS_OF.get(choice.resolution)
    words = own(file, found) if own is not None else {}
    return Card(
        resolution=choice.resolution,
        title=words.get("title", title),
        url="" if current else _url(draft, choice.resolution),
        current=current,
        allowed=True,
        amount=None if choice.resolution in GOODS else value_of(found, file.order.currency),
        when=words.get("when") or when_paid(found.decision, days),
        cost="" if choice.resolution in GOODS else cost(found, file.order.currency),
        why="" if choice.code == "choice_open" else choice.sentence,
    )


def value_of(found: Preview, currency: str) -> Money:
    """What the customer gets this way: taken as store credit, with the bonus on top."""
    return Money(found.worth, currency)


def bonus_of(resolution: str, quote: Mapping[str, Any]) -> Money:
    """The promised bonus of a quote; nothing unless it is settled as store credit."""
    bonus = quote.get("bonus") if resolution == Resolution.STORE_CREDIT else None
    return Money.parse(bonus["amount"], quote["currency"]) if bonus else Money.zero(quote["currency"])


def _url(draft: ReturnDraft, resolution: str) -> str:
    if step := STEP_OF.get(resolution):
        return reverse(step, args=[draft.ref])
    return reverse("portal:resolution", args=[draft.ref]) + "?" + urlencode({"resolution": resolution})


def cost(found: Preview, currency: str) -> str:
    """What is kept of the money for it, or comes on top, in one line."""
    if (bonus := bonus_of(found.decision.resolution, found.quote)).amount:
        return _("%(bonus)s of it is a bonus.") % {"bonus": money_text(bonus)}
    fees = Money.total((Money.parse(fee["gross"], currency) for fee in found.quote["fees"]), currency)
    if not fees.amount:
        return _("Without costs.")
    return _("Less %(fees)s.") % {"fees": money_text(fees)}


def when_paid(decision: Decision, days: int) -> str:
    """When the money leaves and when it shows, by what the policy says of this request."""
    within = ngettext("%(days)s business day", "%(days)s business days", days) % {"days": days}
    leaves = {
        RefundAt.APPROVAL: _("Sent at once; your bank usually shows it 3–5 days later."),
        RefundAt.SCAN: _("Sent when the carrier takes your parcel; your bank usually shows it 3–5 days later."),
        RefundAt.DELIVERY: _("Sent when the carrier delivers your parcel; your bank usually shows it 3–5 days later."),
        RefundAt.RECEIPT: _("Sent when we book your parcel in; your bank usually shows it 3–5 days later."),
        RefundAt.INSPECTION: _(
            "Sent within %(within)s after your parcel arrives; your bank usually shows it 3–5 days later."
        ),
    }
    if decision.resolution == Resolution.STORE_CREDIT:
        leaves = {
            RefundAt.APPROVAL: _("Yours to spend at once."),
            RefundAt.SCAN: _("Yours to spend as soon as the carrier has your parcel."),
            RefundAt.DELIVERY: _("Yours to spend as soon as the carrier has delivered your parcel."),
            RefundAt.RECEIPT: _("Yours to spend as soon as we have booked your parcel in."),
            RefundAt.INSPECTION: _("Yours to spend within %(within)s after your parcel arrives."),
        }
    return leaves[RefundAt(decision.refund_at)] % {"within": within}
