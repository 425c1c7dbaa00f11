"""The way of a return in five steps, with dates, as `components/timeline.html` wants them."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext

from returns import calendars
from returns.models import RMA
from returns.states import Resolution, RMAStatus


def steps(rma: RMA, now: datetime) -> list[dict[str, str]]:
    """Each step as {label, state, at, note}; dates are those of the warehouse."""
    calendar = calendars.of(rma.warehouse)
    rejected = rma.status == RMAStatus.REJECTED
    reached = [
        (gettext("Asked for"), rma.requested_at, ""),
        (gettext("Not accepted") if rejected else gettext("Approved"), rma.approved_at, ""),
        (gettext("On its way"), rma.shipped_at, ""),
        (gettext("Arrived"), rma.received_at, _looked_at(rma, calendar)),
        _last(rma),
    ]
    if not rma.comes_back:  # nothing travels
        reached = [*reached[:2], reached[-1]]
    # A parcel may be scanned at our door without the carrier having said a word.
    done = max((number for number, (_label, at, _note) in enumerate(reached) if at is not None), default=0)
    stopped = rma.status in (RMAStatus.REJECTED, RMAStatus.CANCELED, RMAStatus.EXPIRED)
    finished = rma.status == RMAStatus.CLOSED
    return [
        {
            "label": label,
            "state": _state(number, done, stopped=stopped, finished=finished, rejected=rma.status),
            "at": date_format(calendar.local(at), "j F") if at else "",
            "note": note,
        }
        for number, (label, at, note) in enumerate(reached)
    ]


def _last(rma: RMA) -> tuple[str, datetime | None, str]:
    if rma.resolution in (Resolution.REPLACEMENT, Resolution.REPAIR):
        return gettext("Looked at"), rma.inspected_at, ""
    if rma.resolution == Resolution.EXCHANGE:
        return gettext("Settled"), rma.settled_at, ""
    return gettext("Paid back"), rma.settled_at, ""


def _state(number: int, done: int, *, stopped: bool, finished: bool, rejected: str) -> str:
    if number <= done:
        return "done"
    if stopped:
        return "failed" if number == done + 1 and rejected == RMAStatus.REJECTED else "skipped"
    if finished:
        return "skipped"
    return "current" if number == done + 1 else "todo"


def _looked_at(rma: RMA, calendar: calendars.Calendar) -> str:
    if rma.inspected_at is None:
        return ""
    return gettext("Looked at %(date)s") % {"date": date_format(calendar.local(rma.inspected_at), "j F")}
