"""Where a return stands, in one sentence: the same on every list, page and mail (R2, R103–R105).

`situation` names what happened, what is next and by when, and whose turn it is. Lists call it on rows of
`with_facts(queryset)`, which reads what it needs at once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, TextChoices
from django.db.models.functions import JSONObject
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from oms import shops
from oms.models import Shop
from returns import calendars
from returns.models import RMA, Dispatch, Hold, LabelFile, Parcel
from returns.parcels import PLAN
from returns.states import DispatchStatus, HoldStatus, ParcelStatus, Resolution, RMASource, RMAStatus, Settlement

GOODS = (Resolution.EXCHANGE, Resolution.REPLACEMENT)
ASKS_THE_CUSTOMER = (DispatchStatus.HELD, DispatchStatus.SHORT)

# A label is large and told nowhere. Told are its other forms {kind, ready, refused} and, where several parcels share a
# return, what lies in each {line, quantity}.
_FORMS = LabelFile.objects.filter(parcel=OuterRef("pk")).order_by("pk")
_FORM = JSONObject(kind="kind", ready=Q(fetched_at__isnull=False), refused=Q(refused_at__isnull=False))
PARCELS = Prefetch(
    "parcels",
    Parcel.objects.defer("label").annotate(
        forms=ArraySubquery(_FORMS.values(told=_FORM)),
        plan=PLAN,
    ),
)


class Turn(TextChoices):
    """Who acts next, as the customer reads it; staff pages say `staff_label`."""

    CUSTOMER = "customer", _("Your turn")
    SHOP = "shop", _("Our turn")
    CARRIER = "carrier", _("With the carrier")
    NOBODY = "nobody", _("Nothing left to do")

    @property
    def staff_label(self) -> str:
        return _STAFF_LABELS[self]


_STAFF_LABELS: dict[str, Any] = {
    Turn.CUSTOMER: _("customer"),
    Turn.SHOP: _("us"),
    Turn.CARRIER: _("carrier"),
    Turn.NOBODY: _("nobody"),
}


@dataclass(frozen=True, slots=True)
class Situation:
    """`meaning` is one of the five of the visual language, `label` the status in a word or two."""

    sentence: str
    next_step: str
    who_acts: Turn
    meaning: str
    label: str


def with_facts(returns: "QuerySet[RMA]") -> "QuerySet[RMA]":
    """Read with each return what its situation is told from."""
    waiting = Hold.objects.filter(outcome__receipt__line__rma=OuterRef("pk"), status=HoldStatus.WAITING)
    going_out = Dispatch.objects.filter(rma=OuterRef("pk"), status__in=ASKS_THE_CUSTOMER).values("status")[:1]
    told = returns.select_related("warehouse").prefetch_related(PARCELS)
    return told.annotate(has_waiting_hold=Exists(waiting), goods_ask=Subquery(going_out))


def situation(rma: RMA, now: datetime, *, shop: Shop | None = None) -> Situation:
    """Tell where this return stands at `now`. `shop` spares a list reading the settings for each row."""
    return _BY_STATUS[RMAStatus(rma.status)](_Story(rma, now, shop or shops.current()))


class _Story:
    """A return with the words for its dates."""

    def __init__(self, rma: RMA, now: datetime, shop: Shop) -> None:
        self.rma = rma
        self.now = now
        self.days = shop.processing_days
        self.calendar = calendars.of(rma.warehouse)
        # The parcel that counts: of several the one that is furthest behind, or in trouble.
        self.parcels = [parcel for parcel in rma.parcels.all() if parcel.status != ParcelStatus.VOIDED]
        behind = sorted(self.parcels, key=lambda parcel: (_BEHIND[ParcelStatus(parcel.status)], -parcel.pk))
        self.parcel: Parcel | None = behind[0] if behind else None

    def say(self, sentence: str, next_step: str, who: Turn, meaning: str, label: str) -> Situation:
        return Situation(str(sentence), str(next_step), who, meaning, str(label))

    def on(self, at: datetime | None) -> str:
        return calendars.day_words(self.calendar.local(at or self.now), self.calendar.local(self.now))

    def by(self, start: datetime | None) -> str:
        """The last business day on which we should have dealt with what came to us at `start`."""
        due = self.calendar.after(start or self.now, self.days)
        today = self.calendar.local(self.now)
        # A promise that was missed is not repeated: the next business day is.
        due = due if due >= today else self.calendar.after(self.now, 1)
        return calendars.day_words(due, today)

    @property
    def takes(self) -> str:
        return ngettext("%(count)s business day", "%(count)s business days", self.days) % {"count": self.days}

    @property
    def own_label(self) -> bool:
        return bool(self.rma.decision.get("label") == "own")

    @property
    def has_waiting_hold(self) -> bool:
        known = getattr(self.rma, "has_waiting_hold", None)
        if known is None:
            known = Hold.objects.filter(outcome__receipt__line__rma=self.rma, status=HoldStatus.WAITING).exists()
        return bool(known)


_BEHIND = {
    status: place
    for place, status in enumerate(
        (
            ParcelStatus.PROBLEM,
            ParcelStatus.WANTED,
            ParcelStatus.LABELED,
            ParcelStatus.IN_TRANSIT,
            ParcelStatus.OUT_FOR_DELIVERY,
            ParcelStatus.DELIVERED,
            ParcelStatus.ARRIVED,
        )
    )
}
UNUSED = (ParcelStatus.WANTED, ParcelStatus.LABELED)


# ── One function for each status ──────────────────────────────────────────────────────────────────────────────────


def _needs_review(story: _Story) -> Situation:
    return story.say(
        gettext("We have your request. A person looks at it now."),
        gettext("You get an answer by e-mail at the latest %(by)s. Please keep the goods until then.")
        % {"by": story.by(story.rma.requested_at)},
        Turn.SHOP,
        "waiting",
        gettext("Being looked at"),
    )


def _needs_info(story: _Story) -> Situation:
    return story.say(
        gettext("We need to know a little more from you."),
        gettext("Answer our question on this page; then we decide within %(days)s.") % {"days": story.takes},
        Turn.CUSTOMER,
        "careful",
        gettext("Waiting for your answer"),
    )


def _approved(story: _Story) -> Situation:
    until = story.on(story.rma.expires_at) if story.rma.expires_at else ""
    label = gettext("Approved")
    if not story.rma.comes_back:
        return _kept(story)
    if story.parcel is not None and story.parcel.is_own and story.parcel.status == ParcelStatus.LABELED:
        return story.say(
            gettext("Thank you. We follow your parcel."),
            gettext("This page tells where it is, as soon as the carrier says so. Your money moves when it is here."),
            Turn.CARRIER,
            "good",
            label,
        )
    if story.own_label:
        return story.say(
            gettext("Approved. Please send the parcel with a carrier of your choice."),
            gettext("Write the return number on the parcel and post it at the latest %(until)s.") % {"until": until},
            Turn.CUSTOMER,
            "good",
            label,
        )
    if story.rma.is_collected:
        return _collected(story)
    if story.parcel is not None and story.parcel.held_for:
        return story.say(
            gettext("Approved. A person prepares the papers your parcel needs at the border."),
            gettext("You get your label by e-mail at the latest %(by)s. Please keep the goods until then.")
            % {"by": story.by(story.rma.approved_at)},
            Turn.SHOP,
            "waiting",
            label,
        )
    if story.parcel is None or story.parcel.status == ParcelStatus.WANTED:
        return story.say(
            gettext("Approved. Your label is being made."),
            gettext("It appears on this page by itself, usually within seconds, and comes by e-mail too."),
            Turn.CARRIER,
            "good",
            label,
        )
    if story.parcel.status == ParcelStatus.PROBLEM:
        return _in_trouble(story)
    if len(story.parcels) > 1:
        return story.say(
            gettext("Approved. Your %(count)s labels are ready.") % {"count": len(story.parcels)},
            gettext("Pack each parcel as listed, put its own label on, and post them at the latest %(until)s.")
            % {"until": until},
            Turn.CUSTOMER,
            "good",
            label,
        )
    return story.say(
        gettext("Approved. Your label is ready."),
        gettext("Pack the goods, put the label on, and post the parcel at the latest %(until)s.") % {"until": until},
        Turn.CUSTOMER,
        "good",
        label,
    )


def _collected(story: _Story) -> Situation:
    day = story.parcel.pickup_on if story.parcel is not None else None
    if day is None:
        return story.say(
            gettext("Approved. We arrange the collection with you."),
            gettext("You get the day by e-mail at the latest %(by)s. Please do not post it: it may not travel by post.")
            % {"by": story.by(story.rma.approved_at)},
            Turn.SHOP,
            "waiting",
            gettext("Approved"),
        )
    return story.say(
        gettext("Approved. We collect it from you %(day)s.")
        % {"day": calendars.day_words(day, story.calendar.local(story.now))},
        gettext("Please have it packed by then. It needs no label, and the collection costs you nothing."),
        Turn.CARRIER,
        "good",
        gettext("Being collected"),
    )


def _kept(story: _Story) -> Situation:
    if story.rma.settlement == Settlement.FAILED:
        return _held_up(story)
    if story.rma.source == RMASource.CARRIER:
        return story.say(
            gettext("The parcel did not reach you whole, and your money is on its way."),
            gettext("You need not send anything. You get an e-mail when it is paid."),
            Turn.SHOP,
            "moving",
            gettext("Being paid back"),
        )
    return story.say(
        gettext("Approved. You keep what you have, and your money is on its way."),
        gettext("You need not send anything. You get an e-mail when it is paid."),
        Turn.SHOP,
        "moving",
        gettext("Being paid back"),
    )


def _held_up(story: _Story) -> Situation:
    return story.say(
        gettext("Your money could not be sent yet."),
        gettext("Nothing is lost and you need not do anything: a person takes care of it."),
        Turn.SHOP,
        "careful",
        gettext("Refund held up"),
    )


def _in_trouble(story: _Story) -> Situation:
    return story.say(
        gettext("The carrier reports a problem with your parcel."),
        gettext("We are looking into it with the carrier and write to you. You need not do anything."),
        Turn.SHOP,
        "careful",
        gettext("Trouble on the way"),
    )


def _brought_back(story: _Story) -> Situation:
    return story.say(
        gettext("Our parcel was not delivered, and the carrier brings it back to us."),
        gettext("As soon as it is here we pay the goods back, the way you paid. You need not do anything."),
        Turn.CARRIER,
        "moving",
        gettext("Coming back undelivered"),
    )


def _in_transit(story: _Story) -> Situation:
    label = gettext("On its way")
    if story.parcel is not None and story.parcel.status == ParcelStatus.PROBLEM:
        return _in_trouble(story)
    if story.rma.source == RMASource.CARRIER and story.parcel is not None and story.parcel.delivered_at is None:
        return _brought_back(story)
    if len(story.parcels) > 1 and story.parcel.status in UNUSED:
        return _some_posted(story)
    if story.parcel is not None and story.parcel.delivered_at is not None:
        return story.say(
            gettext("The carrier delivered it to us %(when)s.") % {"when": story.on(story.parcel.delivered_at)},
            gettext("We unpack it and look at it at the latest %(by)s.") % {"by": story.by(story.parcel.delivered_at)},
            Turn.SHOP,
            "moving",
            gettext("Delivered to us"),
        )
    if story.parcel is not None and story.parcel.expected_on and story.parcel.expected_on >= story.now.date():
        expected = calendars.day_words(story.parcel.expected_on, story.calendar.local(story.now))
        following = gettext("The carrier expects to deliver it %(when)s. Then we look at it within %(days)s.")
        following = following % {"when": expected, "days": story.takes}
    else:
        following = gettext("Once it is here we look at it within %(days)s.") % {"days": story.takes}
    return story.say(gettext("Your parcel is on its way to us."), following, Turn.CARRIER, "moving", label)


def _some_posted(story: _Story) -> Situation:
    posted = [parcel for parcel in story.parcels if parcel.status not in UNUSED]
    return story.say(
        ngettext(
            "%(posted)s of %(all)s parcels is on its way to us.",
            "%(posted)s of %(all)s parcels are on their way to us.",
            len(posted),
        )
        % {"posted": len(posted), "all": len(story.parcels)},
        gettext("Please post the rest too: what goes into it stands below."),
        Turn.CUSTOMER,
        "moving",
        gettext("Partly on its way"),
    )


def _receiving(story: _Story) -> Situation:
    if story.has_waiting_hold:
        return _held(story)
    return story.say(
        gettext("Part of it arrived %(when)s.") % {"when": story.on(story.rma.received_at)},
        gettext("We look at what is here at the latest %(by)s and wait for the rest.")
        % {"by": story.by(story.rma.received_at)},
        Turn.CARRIER,
        "moving",
        gettext("Partly arrived"),
    )


def _held(story: _Story) -> Situation:
    return story.say(
        gettext("We could not accept everything as it came back."),
        gettext("Look at what we found and tell us what you want to do."),
        Turn.CUSTOMER,
        "careful",
        gettext("Waiting for your answer"),
    )


def _received(story: _Story) -> Situation:
    if story.has_waiting_hold:
        return _held(story)
    return story.say(
        gettext("It arrived %(when)s.") % {"when": story.on(story.rma.received_at)},
        gettext("We look at it at the latest %(by)s.") % {"by": story.by(story.rma.received_at)},
        Turn.SHOP,
        "moving",
        gettext("Arrived"),
    )


def _inspected(story: _Story) -> Situation:
    if story.has_waiting_hold:
        return _held(story)
    if story.rma.settlement == Settlement.FAILED:
        return _held_up(story)
    if story.rma.resolution in GOODS:
        return _goods(story)
    if story.rma.resolution == Resolution.REPAIR:
        return _repaired(story)
    if story.rma.settlement == Settlement.SETTLED:
        return _paid(story)
    if story.rma.resolution == Resolution.STORE_CREDIT:
        return story.say(
            gettext("We looked at it %(when)s. Your store credit is being added.")
            % {"when": story.on(story.rma.inspected_at)},
            gettext("You get an e-mail as soon as you can spend it."),
            Turn.SHOP,
            "moving",
            gettext("Inspected"),
        )
    return story.say(
        gettext("We looked at it %(when)s. Your money is on its way.") % {"when": story.on(story.rma.inspected_at)},
        gettext("You get an e-mail when it is paid. Banks usually need 3–5 business days to show it."),
        Turn.SHOP,
        "moving",
        gettext("Inspected"),
    )


def _credited(story: _Story) -> Situation:
    return story.say(
        gettext("Your store credit was added %(when)s.") % {"when": story.on(story.rma.settled_at)},
        gettext("You can spend it at once; how much it is and how to use it stands below."),
        Turn.NOBODY,
        "good",
        gettext("Store credit added"),
    )


def _goods(story: _Story) -> Situation:
    asks = getattr(story.rma, "goods_ask", None)
    if asks == DispatchStatus.HELD:
        return story.say(
            gettext("Something is left to pay. Then your exchange leaves."),
            gettext("It is set aside for you until then; how much it is stands below."),
            Turn.CUSTOMER,
            "careful",
            gettext("Waiting for payment"),
        )
    if asks == DispatchStatus.SHORT:
        return story.say(
            gettext("What you chose is sold out. We are sorry."),
            gettext("Wait for it, choose something else, or take your money: below."),
            Turn.CUSTOMER,
            "careful",
            gettext("Waiting for your answer"),
        )
    return story.say(
        gettext("We looked at it %(when)s. What you get instead is below.")
        % {"when": story.on(story.rma.inspected_at)},
        gettext("You get an e-mail as soon as it is on its way to you."),
        Turn.SHOP,
        "good" if story.rma.status == RMAStatus.CLOSED else "moving",
        gettext("Inspected"),
    )


def _repaired(story: _Story) -> Situation:
    return story.say(
        gettext("We looked at it %(when)s. It is repaired and comes back to you.")
        % {"when": story.on(story.rma.inspected_at)},
        gettext("You get an e-mail as soon as it is on its way to you."),
        Turn.SHOP,
        "good" if story.rma.status == RMAStatus.CLOSED else "moving",
        gettext("Being repaired"),
    )


def _paid(story: _Story) -> Situation:
    if story.rma.resolution == Resolution.STORE_CREDIT:
        return _credited(story)
    return story.say(
        gettext("Your money was sent back %(when)s.") % {"when": story.on(story.rma.settled_at)},
        gettext("Banks usually need 3–5 business days to show it on your statement."),
        Turn.NOBODY,
        "good",
        gettext("Paid back"),
    )


def _closed(story: _Story) -> Situation:
    if story.rma.resolution in GOODS and story.rma.inspected_at is not None:
        return _goods(story)
    if story.rma.resolution == Resolution.REPAIR and story.rma.inspected_at is not None:
        return _repaired(story)
    if story.rma.settlement == Settlement.SETTLED and story.rma.settled_at is not None:
        return _paid(story)
    return story.say(
        gettext("This return is finished."),
        gettext("If something is not right, please write to us or call: the ways are below."),
        Turn.NOBODY,
        "good",
        pgettext("return", "Finished"),
    )


def _rejected(story: _Story) -> Situation:
    return story.say(
        gettext("We cannot take this back."),
        gettext("The reason is below. If you see it differently, please write to us or call."),
        Turn.NOBODY,
        "bad",
        gettext("Not accepted"),
    )


def _canceled(story: _Story) -> Situation:
    return story.say(
        gettext("This return was canceled %(when)s.") % {"when": story.on(story.rma.closed_at)},
        gettext("Nothing is owed and nothing is expected. You can start a new return while the return window is open."),
        Turn.NOBODY,
        "",
        gettext("Canceled"),
    )


def _expired(story: _Story) -> Situation:
    return story.say(
        gettext("This return ran out %(when)s, because no parcel was posted.")
        % {"when": story.on(story.rma.expires_at or story.rma.closed_at)},
        gettext("If the parcel is on its way, write to us. You can start a new return while the window is open."),
        Turn.NOBODY,
        "",
        gettext("Ran out"),
    )


_BY_STATUS = {
    RMAStatus.NEEDS_REVIEW: _needs_review,
    RMAStatus.NEEDS_INFO: _needs_info,
    RMAStatus.APPROVED: _approved,
    RMAStatus.IN_TRANSIT: _in_transit,
    RMAStatus.RECEIVING: _receiving,
    RMAStatus.RECEIVED: _received,
    RMAStatus.INSPECTED: _inspected,
    RMAStatus.CLOSED: _closed,
    RMAStatus.REJECTED: _rejected,
    RMAStatus.CANCELED: _canceled,
    RMAStatus.EXPIRED: _expired,
}
