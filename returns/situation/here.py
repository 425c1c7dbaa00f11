"""The sentence of a return whose goods have arrived, or of one that has ended: one function for each status."""

from django.utils.translation import gettext, pgettext

from returns.situation.on_its_way import held_up
from returns.situation.words import Situation, Story, Turn
from returns.states import DispatchStatus, HoldStatus, Resolution, RMAStatus, Settlement

GOODS = (Resolution.EXCHANGE, Resolution.REPLACEMENT)
ASKS_THE_CUSTOMER = (DispatchStatus.HELD, DispatchStatus.SHORT)


def receiving(story: Story) -> Situation:
    if story.open_hold:
        return held(story)
    return story.say(
        gettext("Part of it arrived %(when)s.") % {"when": story.on(story.rma.received_at)},
        gettext("We look at what is here at the latest %(by)s and wait for the rest.")
        % {"by": story.by(story.rma.received_at)},
        Turn.CARRIER,
        "moving",
        gettext("Partly arrived"),
    )


def held(story: Story) -> Situation:
    if story.open_hold == HoldStatus.DISPUTED:
        return story.say(
            gettext("You see it differently. We are looking at it again."),
            gettext("You get an e-mail with what we decide. Until then it stays with us."),
            Turn.SHOP,
            "moving",
            gettext("Being looked at again"),
        )
    return story.say(
        gettext("We could not accept everything as it came back."),
        gettext("Look at what we found and tell us what you want to do."),
        Turn.CUSTOMER,
        "careful",
        gettext("Waiting for your answer"),
    )


def received(story: Story) -> Situation:
    if story.open_hold:
        return held(story)
    return story.say(
        gettext("It arrived %(when)s.") % {"when": story.on(story.rma.received_at)},
        gettext("We look at it at the latest %(by)s.") % {"by": story.by(story.rma.received_at)},
        Turn.SHOP,
        "moving",
        gettext("Arrived"),
    )


def inspected(story: Story) -> Situation:
    if story.open_hold:
        return held(story)
    if story.rma.settlement == Settlement.FAILED:
        return held_up(story)
    if story.rma.resolution in GOODS:
        return goods(story)
    if story.rma.resolution == Resolution.REPAIR:
        return repaired(story)
    if story.rma.settlement == Settlement.SETTLED:
        return paid(story)
    if story.rma.settlement == Settlement.NOTHING:
        return story.say(
            gettext("We looked at it %(when)s. There is nothing to pay back.")
            % {"when": story.on(story.rma.inspected_at)},
            gettext("What we found is below. If you see it differently, please write to us or call."),
            Turn.SHOP,
            "moving",
            gettext("Inspected"),
        )
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


def credited(story: Story) -> Situation:
    return story.say(
        gettext("Your store credit was added %(when)s.") % {"when": story.on(story.rma.settled_at)},
        gettext("You can spend it at once; how much it is and how to use it stands below."),
        Turn.NOBODY,
        "good",
        gettext("Store credit added"),
    )


def goods(story: Story) -> Situation:
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


def repaired(story: Story) -> Situation:
    return story.say(
        gettext("We looked at it %(when)s. It is repaired and comes back to you.")
        % {"when": story.on(story.rma.inspected_at)},
        gettext("You get an e-mail as soon as it is on its way to you."),
        Turn.SHOP,
        "good" if story.rma.status == RMAStatus.CLOSED else "moving",
        gettext("Being repaired"),
    )


def paid(story: Story) -> Situation:
    if story.rma.resolution == Resolution.STORE_CREDIT:
        return credited(story)
    return story.say(
        gettext("Your money was sent back %(when)s.") % {"when": story.on(story.rma.settled_at)},
        gettext("Banks usually need 3–5 business days to show it on your statement."),
        Turn.NOBODY,
        "good",
        gettext("Paid back"),
    )


def closed(story: Story) -> Situation:
    if story.rma.resolution in GOODS and story.rma.inspected_at is not None:
        return goods(story)
    if story.rma.resolution == Resolution.REPAIR and story.rma.inspected_at is not None:
        return repaired(story)
    if story.rma.settlement == Settlement.SETTLED and story.rma.settled_at is not None:
        return paid(story)
    return story.say(
        gettext("This return is finished."),
        gettext("If something is not right, please write to us or call: the ways are below."),
        Turn.NOBODY,
        "good",
        pgettext("return", "Finished"),
    )


def rejected(story: Story) -> Situation:
    return story.say(
        gettext("We cannot take this back."),
        gettext("The reason is below. If you see it differently, please write to us or call."),
        Turn.NOBODY,
        "bad",
        gettext("Not accepted"),
    )


def canceled(story: Story) -> Situation:
    return story.say(
        gettext("This return was canceled %(when)s.") % {"when": story.on(story.rma.closed_at)},
        gettext("Nothing is owed and nothing is expected. You can start a new return while the return window is open."),
        Turn.NOBODY,
        "",
        gettext("Canceled"),
    )


def expired(story: Story) -> Situation:
    return story.say(
        gettext("This return ran out %(when)s, because no parcel was posted.")
        % {"when": story.on(story.rma.expires_at or story.rma.closed_at)},
        gettext("If the parcel is on its way, write to us. You can start a new return while the window is open."),
        Turn.NOBODY,
        "",
        gettext("Ran out"),
    )
