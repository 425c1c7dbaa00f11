"""What staff do with store credit: each view checks the form, calls one verb, and shows what it says."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from oms import outbox
from oms.access import may
from oms.models import Order
from oms.money import MoneyError
from oms.refusals import Refused
from refunds import lifecycle
from refunds.models import StoreCredit, StoreCreditEntry, StoreCreditRequest, StoreCreditTerms
from refunds.store_credit import Category
from refunds.views.store_credit.forms import (
    CorrectionForm,
    GrantForm,
    PaymentForm,
    TermsForm,
    WithdrawalForm,
    grants_to_choose,
)
from refunds.views.store_credit.looking import render_detail, token_of
from refunds.views.store_credit.words import grant_words
from refunds.views.words import Clock


@require_POST
@may("grant store credit")
def grants(request: HttpRequest, number: str) -> HttpResponse:
    """Goodwill or a gift for a customer who has credit already."""
    account = _visible(request, number)
    form = GrantForm(request.POST, currency=account.currency, auto_id="grant_%s")

    def give(by: str, at: Any) -> str:
        given = form.cleaned_data
        made = lifecycle.offer_credit(
            account.customer,
            given["amount"],
            account.currency,
            category=Category(given["category"]),
            reason=given["reason"],
            form_token=token_of(form),
            by=by,
            at=at,
        )
        return _given_words(made)

    return _do(request, account, "offer_credit", form, give)


@require_http_methods(["GET", "POST"])
@may("grant store credit")
def grants_for_order(request: HttpRequest, order_number: str) -> HttpResponse:
    """Goodwill or a gift for the customer of an order, in its currency."""
    order = get_object_or_404(Order.objects.select_related("customer"), number=order_number)
    form = GrantForm(request.POST or None, currency=order.currency)
    if request.method == "POST" and form.is_valid():
        by, at, given = request.user.actor, timezone.now(), form.cleaned_data
        try:
            with transaction.atomic():
                made = lifecycle.offer_credit(
                    order.customer,
                    given["amount"],
                    order.currency,
                    category=Category(given["category"]),
                    reason=given["reason"],
                    form_token=token_of(form),
                    order=order,
                    by=by,
                    at=at,
                )
        except Refused as refused:
            outbox.record_refusal(refused, verb="offer_credit", subject=order.stream, by=by, at=at)
            form.add_error(None, str(refused))
        else:
            messages.success(request, _given_words(made))
            account = lifecycle.credit_of(order.customer, order.currency)
            return redirect(account) if account is not None else redirect("refunds:store_credits")
    title = _("Store credit for order %(number)s") % {"number": order.number}
    context = {"title": title, "order": order, "form": form}
    return render(request, "refunds/store_credit/giving.html", context, status=422 if form.is_bound else 200)


@require_POST
@may("grant store credit")
def payments(request: HttpRequest, number: str) -> HttpResponse:
    """An order of this customer is paid with the credit."""
    account = _visible(request, number)
    form = PaymentForm(request.POST, currency=account.currency, auto_id="payment_%s")

    def pay(by: str, at: Any) -> str:
        try:
            payment = lifecycle.pay_order_with_credit(
                number, form.cleaned_data["order"], form.cleaned_data["amount"], form_token=token_of(form), by=by, at=at
            )
        except Order.DoesNotExist:
            form.add_error("order", _("There is no order of this number."))
            return ""
        return _("Order %(number)s is paid with it.") % {"number": payment.order.number}

    return _do(request, account, "pay_order_with_credit", form, pay)


@require_POST
@may("grant store credit")
def corrections(request: HttpRequest, number: str) -> HttpResponse:
    account = _visible(request, number)
    form = CorrectionForm(request.POST, currency=account.currency, choices=_choices(account), auto_id="correction_%s")

    def correct(by: str, at: Any) -> str:
        given = form.cleaned_data
        made = lifecycle.correct_credit(
            given["grant"], given["amount"], reason=given["reason"], form_token=token_of(form), by=by, at=at
        )
        return _("Corrected.") if isinstance(made, StoreCreditEntry) else _asked()

    return _do(request, account, "correct_credit", form, correct)


@require_POST
@may("grant store credit")
def withdrawals(request: HttpRequest, number: str) -> HttpResponse:
    """What is left of a grant is taken back."""
    account = _visible(request, number)
    form = WithdrawalForm(request.POST, choices=_choices(account), auto_id="withdrawal_%s")

    def withdraw(by: str, at: Any) -> str:
        lifecycle.invalidate_credit(form.cleaned_data["grant"], reason=form.cleaned_data["reason"], by=by, at=at)
        return _("Taken back.")

    return _do(request, account, "invalidate_credit", form, withdraw)


@require_POST
@may("approve refunds")
def agreement(request: HttpRequest, number: str) -> HttpResponse:
    return _decide(request, number, "agree_to_credit", lifecycle.agree_to_credit, _("Given."))


@require_POST
@may("approve refunds")
def refusal(request: HttpRequest, number: str) -> HttpResponse:
    return _decide(request, number, "decline_credit", lifecycle.decline_credit, _("Refused; nothing was given."))


@require_http_methods(["GET", "POST"])
@may("change settings")
def terms(request: HttpRequest) -> HttpResponse:
    """What the shop says about each category: order of spending, expiry, what one person may give alone."""
    rows = list(StoreCreditTerms.objects.order_by("position", "category"))
    data = request.POST if request.method == "POST" else None
    forms = [TermsForm(data, instance=row, prefix=row.category) for row in rows]
    if data is not None and all([form.is_valid() for form in forms]):  # noqa: C419 - every form tells what is wrong
        at = timezone.now()
        with transaction.atomic():
            for form in forms:
                lifecycle.change_terms(form.prefix, form.cleaned_data, by=request.user.actor, at=at)
        messages.success(request, _("Saved. What was given before keeps its day."))
        return redirect("refunds:store_credit_terms")
    context = {
        "title": _("Terms of store credit"),
        "groups": [(form, Category(form.instance.category).label) for form in forms],
        "refused_forms": [form for form in forms if form.errors],
    }
    return render(request, "refunds/store_credit/terms.html", context, status=422 if data is not None else 200)


# ── What they have in common ──────────────────────────────────────────────────────────────────────────────────────


def _visible(request: HttpRequest, number: str) -> StoreCredit:
    found = StoreCredit.objects.visible_to(request.user).select_related("customer")
    return get_object_or_404(found, number=number)


def _choices(account: StoreCredit) -> list[tuple[int, str]]:
    clock = Clock()
    return grants_to_choose(
        list(account.grants.order_by("pk")), lambda grant: grant_words(grant, account.currency, clock)
    )


def _given_words(made: StoreCreditEntry | StoreCreditRequest) -> str:
    return _("Given.") if isinstance(made, StoreCreditEntry) else _asked()


def _asked() -> str:
    return _("Asked for. It is more than one person may do alone, so another person has to agree.")


def _do(
    request: HttpRequest, account: StoreCredit, verb: str, form: Any, call: Callable[[str, Any], str]
) -> HttpResponse:
    if not form.is_valid():
        return render_detail(request, account.number, bound=form, status=422)
    by, at = request.user.actor, timezone.now()
    try:
        with transaction.atomic():
            done = call(by, at)
    except (Refused, MoneyError) as refused:
        if isinstance(refused, Refused):
            outbox.record_refusal(refused, verb=verb, subject=account.stream, by=by, at=at)
        form.add_error(None, str(refused))
    if form.errors:
        return render_detail(request, account.number, bound=form, status=409)
    messages.success(request, done)
    return redirect(account)


def _decide(request: HttpRequest, number: str, verb: str, call: Callable[..., Any], done: str) -> HttpResponse:
    asked = get_object_or_404(StoreCreditRequest, number=number)
    by, at = request.user.actor, timezone.now()
    try:
        with transaction.atomic():
            call(number, by=by, at=at)
    except Refused as refused:
        outbox.record_refusal(refused, verb=verb, subject=asked.stream, by=by, at=at)
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    account = StoreCredit.objects.filter(customer=asked.customer_id, currency=asked.currency).first()
    return redirect(account) if account is not None else redirect("refunds:store_credits")
