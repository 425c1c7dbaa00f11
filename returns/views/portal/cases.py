"""The page behind the question why a parcel was not taken: no log-in, a link that cannot be guessed (R147)."""

import hmac

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from oms import outbox, shops
from oms.access import public
from oms.refusals import Refused
from returns import lifecycle
from returns.case_states import CaseDecision, CaseKind, CaseStatus
from returns.forms.cases import WhyForm
from returns.models import ParcelCase


@require_http_methods(["GET", "HEAD", "POST"])
@public
@never_cache
def case(request: HttpRequest, number: str, signature: str) -> HttpResponse:
    """Where the parcel is, what happens to the money, and one question. Opening the page records nothing."""
    known = ParcelCase.objects.select_related("order__customer", "shipment", "parcel", "rma__recipient")
    found = None if "\0" in number else known.filter(number=number).first()
    expected = (found or ParcelCase()).signature
    # A wrong signature and a number that is not there are the same 404 (S3).
    if not hmac.compare_digest(expected.encode(), signature.encode()) or found is None:
        raise Http404
    if request.method != "POST" or not _asks(found):
        return _page(request, found, WhyForm(use_required_attribute=False))
    form = WhyForm(request.POST, use_required_attribute=False)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    now, actor = timezone.now(), found.person.actor
    try:
        lifecycle.answer_why(
            found.number, cause=form.cleaned_data["cause"], note=form.cleaned_data["note"], by=actor, at=now
        )
    except Refused as refused:
        outbox.record_refusal(refused, verb="answer_why", subject=found.stream, by=actor, at=now)
    return redirect(found.get_portal_path())


def _asks(case: ParcelCase) -> bool:
    return case.comes_back and not case.cause and case.status in (CaseStatus.OPEN, CaseStatus.ASKED)


def _page(request: HttpRequest, case: ParcelCase, form: WhyForm, *, status: int = 200) -> HttpResponse:
    sentence, following, meaning = _told(case)
    context = {
        "shop": shops.current(),
        "case": case,
        "form": form if _asks(case) else None,
        "thanks": bool(case.cause),
        "sentence": sentence,
        "following": following,
        "meaning": meaning,
        "status_path": case.rma.get_portal_path() if case.rma else "",
    }
    return render(request, "portal/case.html", context, status=status)


def _told(case: ParcelCase) -> tuple[str, str, str]:
    """Where the parcel is and what happens next, in two sentences."""
    if case.kind in CaseKind.coming_back() and case.shipment is not None:
        if case.decision == CaseDecision.AGAIN:
            return (_("Your parcel came back to us."), _("It goes out to you once more."), "moving")
        if case.status == CaseStatus.CLOSED and not case.is_paid_back:
            return (_("Your parcel came back to us."), _("If something is missing, please write to us."), "good")
        if case.status == CaseStatus.CLOSED:
            return (_("Your parcel came back to us."), _("The goods are paid back, the way you paid."), "good")
        first = {
            CaseKind.REFUSED: _("The carrier says that the parcel was not taken, and brings it back to us."),
            CaseKind.UNDELIVERABLE: _("The carrier could not deliver the parcel, and brings it back to us."),
        }[CaseKind(case.kind)]
        if not case.is_paid_back:
            return (first, _("A person writes to you and asks: shall it be sent once more, or what else?"), "moving")
        return (first, _("As soon as it is here we pay the goods back, the way you paid."), "moving")
    if case.kind == CaseKind.DELAYED:
        if case.status == CaseStatus.CLOSED:
            return (_("Your parcel moves again."), _("You need not do anything."), "good")
        return (
            _("Your parcel takes longer."),
            _("Most late parcels still arrive. You need not do anything."),
            "careful",
        )
    if case.status in CaseStatus.undecided():
        following = _("You lose nothing by it. A person looks into it with the carrier and writes to you.")
        return (_("The carrier reports a problem with your parcel."), following, "careful")
    if case.parcel is not None and case.decision == CaseDecision.REFUND:
        return (_("The loss is ours."), _("You get what was promised for it, and an e-mail when it is there."), "good")
    if case.rma is not None and case.decision:
        return (_("We pay back what did not reach you."), _("You get an e-mail when it is paid."), "good")
    return (_("We looked into what the carrier reported."), _("If something is missing, please write to us."), "good")
