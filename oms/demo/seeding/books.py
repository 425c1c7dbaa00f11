"""Months long past are closed by two people, the next one waits for the second, and the monitors have looked."""

from datetime import datetime, timedelta

from inventory.checking import check
from oms import outbox, periods
from oms.models import User
from oms.roles import Role
from refunds.conservation.watching import watch

LEFT_OPEN = 2  # months before this one


def keep_books(*, now: datetime) -> None:
    """Close what would be closed by now."""
    people = {role: User.objects.filter(role=role).order_by("pk")[0] for role in (Role.FINANCE, Role.ADMINISTRATOR)}
    asks, closes = people[Role.FINANCE].actor, people[Role.ADMINISTRATOR].actor
    over = [month for month in periods.months(at=now)[::-1] if month.ends_at <= now][:-LEFT_OPEN]
    with outbox.as_history():
        for month in over:
            at = month.ends_at + timedelta(days=3, hours=9)
            periods.ask_to_close(month.first, by=asks, at=at)
            if month is not over[-1]:
                periods.close(month.first, by=closes, at=at + timedelta(hours=2))
    watch(by="system", at=now)
    check(by="system", at=now)
