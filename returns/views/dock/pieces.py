"""What the inspection page says of each piece: what each condition leads to, what was found, what happens next."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import time_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory import ledger, places
from inventory.models import Bin, Condition
from inventory.states import Disposition, Grade
from oms import shops
from oms.money import Money, round_half_up
from oms.templatetags.components import money
from refunds.lifecycle.owing import owed_to
from refunds.models import CreditMemo
from returns import checklists, recovered, recovery
from returns.forms.dock import QUICK, InspectionForm
from returns.lifecycle.inspecting import asks_before_less, may_be_accepted, suggestion
from returns.models import RMA, Checklist, Outcome, Receipt, ReturnPhoto, Verdict
from returns.states import Acceptance, ReceiptResult, Resolution
from returns.views.dock import recovery_words as words


def override_rate() -> str:
    """How often the suggestion is not followed, as a sentence; "" while nothing was inspected."""
    otherwise, of = recovered.override_rate(timezone.now())
    if not of:
        return ""
    return _("Of %(all)s pieces or batches of the last 90 days, %(share)s %% were decided otherwise.") % {
        "all": of,
        "share": round_half_up(Decimal(otherwise * 100) / of, "JPY"),
    }


def piece(
    rma: RMA,
    receipt: Receipt,
    conditions: Mapping[str, Condition],
    pictures: list[ReturnPhoto],
    form: InspectionForm | None,
    condition: str = "",
) -> dict[str, Any]:
    """One receipt to look at: each condition with what it leads to; `condition` is chosen already."""
    line = receipt.line
    initial = {"receipt": receipt.pk, "quantity": receipt.undecided, "condition": condition}
    form = form or InspectionForm(
        receipt=receipt, conditions=conditions, checklist=checklist_of(receipt), initial=initial
    )
    here = [one for one in pictures if one.line_id == line.pk and one.outcome_id is None and one.verdict_id is None]
    chosen, quick = form["condition"].value(), form["quick"].value() or ""
    return {
        "receipt": receipt,
        "line": line,
        "title": line.order_line.description or line.order_line.sku,
        "left": receipt.undecided,
        "wrong": receipt.result in ReceiptResult.another(),
        "form": form,
        "choices": [
            _choice(rma, receipt, one, key, checked=one.code == chosen)
            for key, one in enumerate(conditions.values(), start=1)
        ],
        "photos": [one for one in here if one.phone_id is None],
        "by_phone": [one for one in here if one.phone_id is not None and one.phone.receipt_id == receipt.pk],
        "quick": [
            {"key": key, "label": capfirst(what.label), "why": why, "checked": key == quick} for key, what, why in QUICK
        ],
        "more_open": any(form[name].value() for name in ("grade", "disposition", "acceptance", "override_reason")),
    }


def _choice(rma: RMA, receipt: Receipt, condition: Condition, key: int, *, checked: bool) -> dict[str, Any]:
    now = timezone.now()
    disposition, acceptance, _why = suggestion(receipt.line, condition, now)
    terms = rma.quote.get("inputs", {}).get("lines", {}).get(str(receipt.line.order_line_id), {})
    pays = Decimal(str(terms.get("pays", {}).get(condition.code, condition.payout_percent)))
    accepted = acceptance == Acceptance.ACCEPTED and receipt.result not in ReceiptResult.another()
    if receipt.result in ReceiptResult.another():
        leads, why = _("Hold for the customer"), _("Another item than the one sold")
    elif accepted:
        grade = Grade(condition.grade).label
        why = _("Acceptable: grade %(grade)s") if condition.is_acceptable else _("Not acceptable, but our fault")
        why %= {"grade": grade}
        leads = _("%(disposition)s · pays %(percent)s %%") % {
            "disposition": disposition.label.capitalize(),
            "percent": f"{pays.normalize():f}",
        }
    else:
        leads = _("Hold for the customer")
        why = _("Not acceptable; %(disposition)s if the customer agrees")
        if may_be_accepted(receipt.line, condition) and asks_before_less(receipt.line, condition, now):
            why = _("Pays %(percent)s %%, less than was promised; %(disposition)s if the customer agrees")
        why %= {"disposition": disposition.label, "percent": f"{pays.normalize():f}"}
    return {
        "code": condition.code,
        "label": condition.label,
        "leads": leads,
        "why": why,
        "net": _net(receipt, disposition, condition.grade, rma.currency) if accepted else None,
        "meaning": "good" if accepted and condition.is_acceptable else "careful",
        "key": key if key <= 9 else "",
        "checked": checked,
    }


def _net(receipt: Receipt, disposition: str, grade: str, currency: str) -> dict[str, Any]:
    """What one piece is expected to bring this way, with its working."""
    now = timezone.now()
    terms = recovered.terms_on(now)
    piece = recovered.piece(receipt.line.order_line, 1, grade, at=now)
    return words.told(recovery.of_disposition(piece, disposition, terms, currency), currency, terms)


def seen(outcome: Outcome, pictures: list[ReturnPhoto]) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "title": outcome.receipt.line.order_line.description or outcome.receipt.line.order_line.sku,
        "accepted": outcome.acceptance == Acceptance.ACCEPTED,
        "overridden": outcome.disposition != outcome.suggested_disposition,
        "photos": [one for one in pictures if one.outcome_id == outcome.pk],
        "asked": checklists.asked_of(outcome.checklist_answers) if hasattr(outcome, "checklist_answers") else (),
    }


def told(rma: RMA, outcome: Outcome, *, left: int) -> dict[str, str]:
    """What happens next because of what was just written down."""
    if outcome.acceptance == Acceptance.REFUSED:
        words = _("Put it into the hold bin")
        following = _("Nothing is paid for it. The customer sees the photos and has until %(day)s to answer.") % {
            "day": f"{outcome.hold.respond_by:%-d %B}"
        }
        meaning = "careful"
    else:
        place = _bin(rma, outcome)
        words, meaning = _("To %(bin)s") % {"bin": place.code}, "good"
        following = f"{place.get_kind_display().capitalize()}. {_money(rma)}"
    return {"words": words, "next": following + _more(left), "meaning": meaning}


def decided(rma: RMA, verdict: Verdict, *, left: int) -> dict[str, Any]:
    """What happens next because of a verdict, and until when it can be taken back."""
    if not verdict.is_waiting:
        words = _("Taken back") if verdict.taken_back_at else _("It could not be booked")
        return {"words": words, "next": _("It waits to be looked at again."), "meaning": "careful", "icon": "undo"}
    booked = _("Booked at %(time)s; until then you can take it back.") % {
        "time": time_format(timezone.localtime(verdict.book_at, ZoneInfo(shops.current().time_zone)), "H:i:s")
    }
    if verdict.acceptance == Acceptance.REFUSED:
        words, meaning, what = _("Put it into the hold bin"), "careful", _("Nothing is paid for it.")
    else:
        place = _bin(rma, verdict)
        words, meaning = _("To %(bin)s") % {"bin": place.code}, "good"
        what = f"{place.get_kind_display().capitalize()}."
    return {"words": words, "next": f"{what} {booked}{_more(left)}", "meaning": meaning, "undo": verdict.form_token}


def _more(left: int) -> str:
    if not left:
        return ""
    more = ngettext("%(count)s more to look at here.", "%(count)s more to look at here.", left)
    return " " + more % {"count": left}


def _bin(rma: RMA, outcome: Outcome | Verdict) -> Bin:
    """Where the goods were booked to, which is where they belong."""
    return places.bins_of(rma.warehouse)[ledger.LANDS_IN[Disposition(outcome.disposition)]]


def _money(rma: RMA) -> str:
    if rma.resolution not in (Resolution.REFUND, Resolution.KEEP_ITEM):
        return _("The customer chose: %(resolution)s.") % {"resolution": rma.get_resolution_display()}
    owed = owed_to(rma)
    total = sum((one.total for one in CreditMemo.objects.filter(rma=rma)), Decimal(0))
    total += owed.quote.total if owed else Decimal(0)
    if not total:
        return _("Nothing is paid for it in this condition.")
    return _("%(amount)s goes back to the customer by itself.") % {"amount": money(Money(total, rma.currency))}


def checklist_of(receipt: Receipt) -> Checklist | None:
    """The questions asked of this piece now."""
    product = receipt.line.order_line.product
    return checklists.of(product.category if product else checklists.EVERY_OTHER)
