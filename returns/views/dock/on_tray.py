"""What lies on a tray, and what is never put on it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from inventory.models import Bin, Unit
from oms.identifiers import row_id
from oms.refusals import Refused
from returns import verdicts
from returns.models import Verdict

MOST = 30


class TrayFull(Refused):
    code = "tray_full"
    sentence = gettext_lazy("30 lie on the tray. Scan the bin they go to.")


class OnTheTray(Refused):
    code = "on_the_tray"
    sentence = gettext_lazy("%(number)s lies on the tray already.")


class TrayOfOneKind(Refused):
    code = "tray_of_one_kind"
    sentence = gettext_lazy("%(number)s is %(state)s, what lies on the tray is not. Put those away first.")


class TrayEmpty(Refused):
    code = "tray_empty"
    sentence = gettext_lazy("Nothing lies on the tray. Scan the pieces first, then the bin.")


@dataclass
class Tray:
    units: list[Unit] = field(default_factory=list)
    decided: set[int] = field(default_factory=set)  # receipts whose verdicts wait to be booked
    into: Bin | None = None  # scanned first: each unit after it goes straight in

    @classmethod
    def load(cls, text: str, into: str = "") -> "Tray":
        wanted = [row for row in map(row_id, text[:800].split(",")) if row is not None]
        here = Unit.objects.filter(pk__in=wanted[:MOST], left_at=None, bin__isnull=False)
        known = {unit.pk: unit for unit in here.select_related("product", "bin")}
        on_it = cls.of(known[pk] for pk in dict.fromkeys(wanted) if pk in known)
        if not on_it.units and (place := row_id(into)) is not None:
            on_it.into = Bin.objects.select_related("warehouse").filter(pk=place).first()
        return on_it

    @classmethod
    def of(cls, units: Iterable[Unit]) -> "Tray":
        on_it = list(units)
        open_ones = {receipt_of(unit) for unit in on_it if not unit.found_as and unit.received_as}
        return cls(on_it, verdicts.fully_decided(open_ones) if open_ones and verdicts.wait() else set())

    @property
    def inspected(self) -> bool:
        return bool(self.units) and all(self.knows(unit) for unit in self.units)

    @property
    def waiting(self) -> QuerySet[Verdict]:
        """What was decided about its units and is not booked yet."""
        return verdicts.waiting_for(self.decided)

    def knows(self, unit: Unit) -> bool:
        """Whether somebody has looked at it."""
        return bool(unit.found_as) or receipt_of(unit) in self.decided

    def address(self, **more: object) -> str:
        query: dict[str, object] = {"tray": ",".join(str(unit.pk) for unit in self.units)} if self.units else {}
        query |= ({"into": self.into.pk} if self.into else {}) | more
        return reverse("admin:dock_tray") + (f"?{urlencode(query)}" if query else "")


def receipt_of(unit: Unit) -> int:
    return int(unit.received_as.partition("/")[2])
