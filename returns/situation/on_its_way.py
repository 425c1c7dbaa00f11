"""The sentence of a return whose goods are not here yet: one function for each status."""

from django.utils.translation import gettext, ngettext

from returns import calendars
from returns.situation.words import UNUSED, Situation, Story, Turn
from returns.states import ParcelStatus, RMASource, Settlement


def needs_review(story: Story) -> Situation:
    return story.say(
        gettext("We have your request. A person looks at it now."),
        gettext("You get an answer by e-mail at the latest %(by)s. Please keep the goods until then.")
        % {"by": story.by(story.rma.requested_at)},
        Turn.SHOP,
        "waiting",
        gettext("Being looked at"),
    )


def needs_info(story: Story) -> Situation:
    return story.say(
        gettext("We need to know a little more from you."),
        gettext("Answer our question on this page; then we decide within %(days)s.") % {"days": story.takes},
        Turn.CUSTOMER,
        "careful",
        gettext("Waiting for your answer"),
    )


def approved(story: Story) -> Situation:
    until = story.on(story.rma.expires_at) if story.rma.expires_at else ""
    label = gettext("Approved")
    if not story.rma.comes_back:
        return kept(story)
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
        return collected(story)
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
        return in_trouble(story)
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


def collected(story: Story) -> Situation:
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


def kept(story: Story) -> Situation:
    if story.rma.settlement == Settlement.FAILED:
        return held_up(story)
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


def held_up(story: Story) -> Situation:
    return story.say(
        gettext("Your money could not be sent yet."),
        gettext("Nothing is lost and you need not do anything: a person takes care of it."),
        Turn.SHOP,
        "careful",
        gettext("Refund held up"),
    )


def in_trouble(story: Story) -> Situation:
    return story.say(
        gettext("The carrier reports a problem with your parcel."),
        gettext("We are looking into it with the carrier and write to you. You need not do anything."),
        Turn.SHOP,
        "careful",
        gettext("Trouble on the way"),
    )


def brought_back(story: Story) -> Situation:
    return story.say(
        gettext("Our parcel was not delivered, and the carrier brings it back to us."),
        gettext("As soon as it is here we pay the goods back, the way you paid. You need not do anything."),
        Turn.CARRIER,
        "moving",
        gettext("Coming back undelivered"),
    )


def in_transit(story: Story) -> Situation:
    label = gettext("On its way")
    if story.parcel is not None and story.parcel.status == ParcelStatus.PROBLEM:
        return in_trouble(story)
    if story.rma.source == RMASource.CARRIER and story.parcel is not None and story.parcel.delivered_at is None:
        return brought_back(story)
    if len(story.parcels) > 1 and story.parcel.status in UNUSED:
        return some_posted(story)
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


def some_posted(story: Story) -> Situation:
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
