"""Times in the shop's zone, and who did something, as staff pages say them."""

from collections.abc import Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.utils.dates import MONTHS_3
from django.utils.translation import gettext as _

from oms import shops
from oms.models import User


class Clock:
    """Writes instants as people of this shop read them, and reads their days."""

    def __init__(self) -> None:
        self.shop = shops.current()
        self.zone = ZoneInfo(self.shop.time_zone)

    def text(self, at: datetime | None) -> str:
        """As 4 Dec 2026, 09:05. Put together here: `date_format` takes several times as long, and lists have many."""
        if at is None:
            return ""
        at = at.astimezone(self.zone)
        return f"{at.day} {MONTHS_3[at.month].title()} {at.year}, {at:%H:%M}"

    def start_of(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.zone)


def actor_names(actors: Iterable[str]) -> dict[str, str]:
    """Names of the staff among these actors ("user:17"); others are named by what they are."""
    wanted = set(actors)
    numbers = [int(actor[5:]) for actor in wanted if actor.startswith("user:") and actor[5:].isdigit()]
    names = {user.actor: str(user) for user in User.objects.filter(pk__in=numbers)} if numbers else {}
    names |= {actor: _("the customer") for actor in wanted if actor.startswith("customer:")}
    return names | {"system": _("Homeward"), "carrier": _("the carrier")}
