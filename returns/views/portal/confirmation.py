"""The last screen before a return begins: the exact amount, why it was decided so, and the yes (R44, R45, p2, p51)."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from oms import outbox
from oms.refusals import Refused
from refunds.pricing import price_return
from returns import drafts, lifecycle
from returns.eligibility import Wanted, judge, open_file
from returns.forms.portal import ConfirmationForm, ItemsForm
from returns.models import ReturnDraft
from returns.refusals import QuoteChanged
from returns.states import Resolution
from returns.views.portal import offers
from returns.views.portal.choosing import cards
from returns.views.portal.draft_pages import draft_page
from returns.views.portal.items import ON_ONE_SCREEN, choosable_of, items_page, look, views_of


@require_GET
@draft_page
def resolution(request: HttpRequest, draft: ReturnDraft) -> HttpResponse:
    """What would you like: the ways there are; of the one chosen the exact amount, its working, what each condition
    would pay, and when. `?resolution=` names another way; a word that is no way is as good as none."""
    wanted = drafts.wanted(draft)
    if not wanted:
        return redirect("portal:items", draft.ref)
    way = request.GET.get("resolution", "")
    return _resolution_page(request, draft, wanted, way=way if way in Resolution.values else "")


@require_http_methods(["GET", "POST"])
@draft_page
def confirmation(request: HttpRequest, draft: ReturnDraft) -> HttpResponse:
    """Open the return. Sent twice, from two tabs or after going back, it is the same return."""
    if request.method != "POST":  # an answer to the form, opened again by its address
        return redirect("portal:resolution", draft.ref)
    is_gift = draft.recipient_id is not None
    form = ConfirmationForm(request.POST, currency=draft.order.currency, shows_amount=not is_gift)
    wanted = drafts.wanted(draft)
    if not wanted:
        return redirect("portal:items", draft.ref)
    if not form.is_valid():
        return _resolution_page(request, draft, wanted, form=form, status=422)
    way = form.cleaned_data["resolution"]
    if request.POST.get("chosen", "") not in ("", drafts.fingerprint(draft, "lines")):
        return _resolution_page(request, draft, wanted, way=way, rechosen=True, status=409)
    now, customer = timezone.now(), draft.sender
    try:
        rma = lifecycle.request(
            draft.order.number,
            wanted,
            resolution=way,
            price=price_return,
            form_token=draft.ref,
            by=customer.actor,
            at=now,
            confirmed_total=None if is_gift else form.cleaned_data["confirmed_total"],
            recipient=draft.recipient,
            gift_link=draft.gift_link,
        )
    except Refused as refused:
        outbox.record_refusal(refused, verb="request", subject=f"order/{draft.order.number}", by=customer.actor, at=now)
        if isinstance(refused, QuoteChanged):
            return _resolution_page(request, draft, wanted, way=way, changed=True, status=409)
        return _start_again(request, draft, refused)
    return redirect(rma.get_portal_path())


def _resolution_page(
    request: HttpRequest,
    draft: ReturnDraft,
    wanted: Sequence[Wanted],
    *,
    way: str = "",
    form: ConfirmationForm | None = None,
    changed: bool = False,
    rechosen: bool = False,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    file = open_file(draft.order, at=now)
    try:
        if draft.recipient_id is not None:
            credit = Resolution.STORE_CREDIT.value
            found = judge(file, wanted, resolution=credit, price=price_return, at=now, override=credit)
            offered, ways = offers.priceless(file, found), []
        else:
            found = judge(file, wanted, resolution=way, price=price_return, at=now)
            offered = offers.offer(file, found)
            ways = cards(draft, file, wanted, found, days=offered["shop"].processing_days, price=price_return, at=now)
    except Refused as refused:
        return _start_again(request, draft, refused)
    screens = 3 if len(choosable_of(views_of(draft, file))) <= ON_ONE_SCREEN else 4
    context = {
        "draft": draft,
        "chosen": drafts.fingerprint(draft, "lines"),
        "form": form,
        "changed": changed,
        "rechosen": rechosen,
        "screens": screens,
        "ways": ways,
        **offered,
    }
    return render(request, "portal/resolution.html", context, status=status)


def _start_again(request: HttpRequest, draft: ReturnDraft, refused: Refused) -> HttpResponse:
    """Something else took what was chosen meanwhile: back to the items, with the sentence that says so."""
    file, views, choosable = look(draft)
    whole = ItemsForm({}, _("%(refusal)s Please choose again.") % {"refusal": refused})
    whole.is_valid()
    return items_page(request, draft, file, views, short=len(choosable) <= ON_ONE_SCREEN, whole=whole, status=409)
