"""What happened to one unit, from the sale to the day it leaves again, oldest first."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import Min, Q
from django.utils.html import format_html
from django.utils.translation import gettext as _

from inventory.ledger import LANDS_IN
from inventory.models import Condition, StockMovement, Unit
from inventory.states import BinKind, Disposition
from oms.views.words import Clock, actor_names
from returns.models import Outcome, Placement, Putaway, Receipt
from returns.states import Acceptance, Resolution


class Life:
    """Reads a unit's receipts, inspections, placements and movements; a serial may have come back several times."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit

    @cached_property
    def receipts(self) -> list[Receipt]:
        named = Q(unit=self.unit)
        named |= Q(pk=_row(self.unit.received_as))
        found = (
            Receipt.objects.filter(named)
            .select_related("line__rma", "line__reason", "line__order_line__order")
            .order_by("pk")
        )
        return list(found)

    @cached_property
    def outcomes(self) -> list[Outcome]:
        named = Q(receipt__unit=self.unit)
        named |= Q(pk=_row(self.unit.found_as))
        return list(
            Outcome.objects.filter(named).select_related("condition", "hold", "receipt__line__rma").order_by("pk")
        )

    @cached_property
    def placements(self) -> list[Placement]:
        """What was decided later about this very unit; the first only repeats the inspection."""
        found = Placement.objects.filter(outcome__in=self.outcomes, source__isnull=False)
        known = {one.pk: one for one in found.select_related("condition", "outcome").order_by("pk")}
        own, at = set(), known.get(_row(self.unit.placed_as))
        while at is not None:
            own.add(at.pk)
            at = known.get(at.source_id or 0)
        # Of goods that were inspected as one, whatever was decided was decided about this one.
        return [one for one in known.values() if one.pk in own or one.outcome.quantity == self.unit.quantity]

    @cached_property
    def putaways(self) -> list[Putaway]:
        found = Putaway.objects.filter(unit=self.unit).select_related("target__warehouse")
        return list(found.order_by("pk"))

    @property
    def newest(self) -> Outcome | None:
        return self.outcomes[-1] if self.outcomes and self.unit.found_as else None

    @property
    def condition(self) -> Condition | None:
        """What it is now: as inspected, unless that changed too when something else was decided."""
        told = self.placements[-1:] or ([self.newest] if self.newest else [])
        return told[0].condition if told else None

    @property
    def grade(self) -> str:
        told = self.placements[-1:] or ([self.newest] if self.newest else [])
        return str(told[0].get_grade_display()) if told else ""

    def numbers(self) -> list[str]:
        """The returns it came with."""
        return list(dict.fromkeys(one.line.rma.number for one in self.receipts))

    def events(self, clock: Clock) -> list[dict[str, Any]]:
        found = [*self._sold(), *self._received(), *self._inspected(), *self._placed(), *self._moved(), *self._left()]
        # What happened in one moment is told in the order it is done in.
        found.sort(key=lambda event: (event["when"], event["step"]))
        people = actor_names(event["by"] for event in found if event["by"])
        return [
            {**event, "at": clock.text(event["when"]), "by": people.get(event["by"], event["by"])} for event in found
        ]

    def _sold(self) -> list[dict[str, Any]]:
        """Every sale: those it came back from, and the one it is out with now."""
        lines = {one.line.order_line_id: one.line.order_line for one in self.receipts}
        if self.unit.sold_on is not None:
            lines[self.unit.sold_on_id] = self.unit.sold_on
        return [
            _event(
                format_html(_("Sold in order {}"), _in_one(line.order.number)),
                line.order.placed_at,
                step=(0, line.pk),
                more=f"{line.sku} × {line.quantity}",
                icon="bag",
            )
            for line in lines.values()
        ]

    def _received(self) -> list[dict[str, Any]]:
        found = []
        for one in self.receipts:
            reason = str(one.line.reason.label) if one.line.reason else ""
            what = format_html(_("Came back with {}"), _in_one(one.line.rma.number))
            more = " · ".join(word for word in (one.get_result_display(), reason) if word)
            step = (1, one.pk)
            found.append(
                _event(what, one.received_at, step=step, more=more, by=one.by, meaning="moving", icon="return")
            )
        return found

    def _inspected(self) -> list[dict[str, Any]]:
        return [
            _event(
                _("Inspected: %(condition)s, grade %(grade)s") % {"condition": one.condition.label, "grade": one.grade},
                one.inspected_at,
                step=(3, one.pk),
                more=f"{one.get_acceptance_display()} · {one.get_disposition_display()}",
                by=one.by,
                meaning="good" if one.condition.is_acceptable else "careful",
                icon="inspect",
            )
            for one in self.outcomes
        ]

    def _placed(self) -> list[dict[str, Any]]:
        found = []
        for one in self.placements:
            what = _("Decided anew: %(disposition)s") % {"disposition": one.get_disposition_display()}
            found.append(_event(what, one.placed_at, step=(5, 2 * one.pk), more=one.reason, by=one.by, icon="return"))
        return found

    def _moved(self) -> list[dict[str, Any]]:
        """Movements that put it somewhere: of what was counted or inspected with it, those into the bin it went to."""
        came = self._whole_forms(Receipt, self.receipts, "receipt")
        went = self._whole_forms(Outcome, self.outcomes, "outcome")
        causes = Q(cause__in=[*came.values(), *went.values(), *(f"placement/{one.pk}" for one in self.placements)])
        for outcome in self.outcomes:
            if hold := getattr(outcome, "hold", None):
                causes |= Q(cause__startswith=f"hold/{hold.pk}/")
        into = {cause: {str(BinKind.DOCK)} for cause in came.values()}
        for outcome in self.outcomes:
            into[went[outcome.pk]] = into.get(went[outcome.pk], set()) | {_stands_in(outcome)}
        found = StockMovement.objects.filter(causes, product=self.unit.product_id, quantity__gt=0)
        moved = [
            (one.bin, one.moved_at, one.by, _step(one.cause))
            for one in found.select_related("bin__warehouse").order_by("pk")
            if one.cause not in into or one.bin.kind in into[one.cause]
        ]
        moved += [(one.target, one.put_at, one.by, (6, one.pk)) for one in self.putaways]
        return [
            _event(
                _("Put into %(bin)s") % {"bin": f"{place.warehouse.code} {place.code}"},
                at,
                step=step,
                more=place.get_kind_display(),
                by=by,
                icon="boxes",
            )
            for place, at, by, step in moved
        ]

    @staticmethod
    def _whole_forms(model: Any, rows: Sequence[Any], kind: str) -> dict[int, str]:
        """The document that movements cite for each row: the first of what one form said together."""
        tokens = {one.form_token for one in rows if one.form_token}
        together = model.objects.filter(form_token__in=tokens).values_list("form_token").annotate(first=Min("pk"))
        first = dict(together.order_by())
        return {one.pk: f"{kind}/{first.get(one.form_token, one.pk)}" for one in rows}

    def _left(self) -> list[dict[str, Any]]:
        if self.unit.left_at is None:
            return []
        return [
            _event(
                _("Left us"), self.unit.left_at, step=(7, 0), more=_why(self.unit.left_as), meaning="good", icon="truck"
            )
        ]


def _in_one(number: str) -> str:
    """A number is read, and copied, in one piece: no line breaks in it."""
    return format_html('<span class="nowrap">{}</span>', number)


def _row(document: str) -> int:
    """The row that "receipt/17" names; 0 names none."""
    row = document.partition("/")[2]
    return int(row) if row.isdecimal() else 0


def _stands_in(outcome: Outcome) -> str:
    """The kind of bin an inspection sends goods to: what is not ours, or not yet, waits."""
    if outcome.acceptance != Acceptance.ACCEPTED or outcome.receipt.line.rma.resolution == Resolution.REPAIR:
        return BinKind.HOLD
    return LANDS_IN[Disposition(outcome.disposition)]


def _step(document: str) -> tuple[int, int]:
    """Goods stand at the dock once they are received, and elsewhere once that was decided."""
    place = {"receipt": 2, "outcome": 4, "hold": 4}.get(document.partition("/")[0])
    return (place, 0) if place else (5, 2 * _row(document) + 1)


def _why(document: str) -> str:
    """What "vendor_return/V-…/3", "placement/7/sold" or "dispatch/9" says to a person."""
    kind, _slash, rest = document.partition("/")
    number = rest.partition("/")[0]
    if kind == "vendor_return":
        return _("to its vendor, with %(number)s") % {"number": number}
    return {"placement": _("sold as it is"), "dispatch": _("to a customer, in a parcel of ours")}.get(kind, document)


def _event(
    what: str, when: Any, *, step: tuple[int, int], more: str = "", by: str = "", meaning: str = "", icon: str = ""
) -> dict[str, Any]:
    return {"what": what, "when": when, "step": step, "more": more, "by": by, "meaning": meaning, "icon": icon}
