"""The list of store credit, one account with its ledger, and what we owe by age."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from oms.access import may
from oms.models import Order
from oms.money import Money
from oms.roles import allowed
from refunds.liability import by_age, totals
from refunds.models import StoreCredit, StoreCreditRequest
from refunds.states import CREDIT_REQUEST_MACHINE, CreditRequestStatus
from refunds.store_credit import Category
from refunds.views.store_credit.forms import (
    CorrectionForm,
    FilterForm,
    GrantForm,
    PaymentForm,
    WithdrawalForm,
    grants_to_choose,
)
from refunds.views.store_credit.words import balance, entry_rows, grant_rows, grant_words, newest_first
from refunds.views.words import Clock, actor_names

PER_PAGE = 50


@may("see store credit")
def credit_list(request: HttpRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    words = form.cleaned_data["q"].strip() if form.is_valid() else ""
    found = StoreCredit.objects.visible_to(request.user)
    if words:
        buyers = Order.objects.filter(number__iexact=words).values("customer")
        found = found.filter(Q(number__iexact=words) | Q(customer__external_id=words) | Q(customer__in=buyers))
    left = F("grants__amount") - F("grants__used") - F("grants__authorized")
    listed = (
        found.select_related("customer")
        .annotate(left=Sum(left), held=Sum("grants__authorized"))
        .order_by("-opened_at", "-pk")
    )
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    clock, names = Clock(), allowed(request.user, "see personal data")
    rows = [
        {
            "account": account,
            "customer": (account.customer.name if names else "") or account.customer.external_id or _("customer"),
            "left": account.left or 0,
            "held": account.held or 0,
            "since": clock.text(account.opened_at),
        }
        for account in page
    ]
    context = {
        "title": _("Store credit"),
        "form": form,
        "page": page,
        "rows": rows,
        "requests": request_rows(request, clock),
        "totals": [(one, Money(one.owed, one.currency)) for one in totals(timezone.now())],
        "may_change_terms": allowed(request.user, "change settings"),
    }
    return render(request, "refunds/store_credit/list.html", context, status=200 if form.is_valid() else 400)


def request_rows(request: HttpRequest, clock: Clock, account: StoreCredit | None = None) -> list[dict[str, Any]]:
    """What waits for a second person; the buttons are the status table's, less one's own request."""
    waiting = StoreCreditRequest.objects.filter(status=CreditRequestStatus.WAITING).select_related("grant")
    if account is not None:
        waiting = waiting.filter(customer=account.customer_id, currency=account.currency)
    asked = list(waiting.order_by("pk"))
    accounts = {
        (one.customer_id, one.currency): one
        for one in StoreCredit.objects.filter(customer__in=[one.customer_id for one in asked])
    }
    verbs = set(CREDIT_REQUEST_MACHINE.verbs_for(CreditRequestStatus.WAITING, request.user.role))
    names = actor_names(one.asked_by for one in asked)
    return [
        {
            "request": one,
            "account": accounts.get((one.customer_id, one.currency)),
            "money": Money(one.amount, one.currency),
            "by": names.get(one.asked_by, one.asked_by),
            "at": clock.text(one.asked_at),
            "verbs": verbs if one.asked_by != request.user.actor else set(),
            "is_own": one.asked_by == request.user.actor,
        }
        for one in asked
    ]


@may("see store credit")
def detail(request: HttpRequest, number: str) -> HttpResponse:
    return render_detail(request, number)


def render_detail(
    request: HttpRequest, number: str, *, bound: Any = None, problem: str = "", status: int = 200
) -> HttpResponse:
    """One account; after a refusal with what was wrong, at its form. `bound` is that form."""
    found = StoreCredit.objects.visible_to(request.user).select_related("customer")
    account = get_object_or_404(found, number=number)
    now, clock = timezone.now(), Clock()
    page = Paginator(newest_first(account), PER_PAGE).get_page(request.GET.get("page"))
    rows = grant_rows(account, now, clock)
    spendable, held = balance(account, now)
    context: dict[str, Any] = {
        "title": account.number,
        "account": account,
        "customer": account.customer.name if allowed(request.user, "see personal data") else "",
        "spendable": Money(spendable, account.currency),
        "held": Money(held, account.currency) if held else None,
        "grants": rows,
        "page": page,
        "entries": entry_rows(page, clock, actor_names(entry.actor for entry in page)),
        "requests": request_rows(request, clock, account),
        "orders": account.customer.orders.filter(currency=account.currency).order_by("-placed_at", "-pk")[:5],
        "problem": problem,
        "bound": bound,
    }
    if allowed(request.user, "grant store credit"):
        context["forms"] = _forms(account, [row["grant"] for row in rows], clock, bound)
    return render(request, "refunds/store_credit/detail.html", context, status=status)


def _forms(account: StoreCredit, grants: list[Any], clock: Clock, bound: Any) -> dict[str, Any]:
    choices = grants_to_choose(grants, lambda grant: grant_words(grant, account.currency, clock))
    forms: dict[str, Any] = {
        "grant": GrantForm(currency=account.currency, auto_id="grant_%s"),
        "payment": PaymentForm(currency=account.currency, auto_id="payment_%s"),
    }
    if choices:
        forms["correction"] = CorrectionForm(currency=account.currency, choices=choices, auto_id="correction_%s")
        forms["withdrawal"] = WithdrawalForm(choices=choices, auto_id="withdrawal_%s")
    for name, form in forms.items():
        if isinstance(bound, type(form)):
            forms[name] = bound
    return forms


def token_of(form: Any) -> UUID:
    """The token of a form that is valid."""
    token: UUID = form.cleaned_data["form_token"]
    return token


@may("see store credit")
def liability(request: HttpRequest) -> HttpResponse:
    """What we owe, by currency, category and age, beside what the journal says."""
    now = timezone.now()
    rows = [
        [
            one.currency,
            str(Category(one.category).label),
            one.age,
            str(one.grants),
            Money(one.owed, one.currency),
            Money(one.held, one.currency),
        ]
        for one in by_age(now)
    ]
    context = {
        "title": _("Store credit owed, by age"),
        "rows": rows,
        "totals": [
            {
                "currency": one.currency,
                "owed": Money(one.owed, one.currency),
                "booked": Money(one.booked, one.currency),
                "drift": Money(one.drift, one.currency),
                "agrees": not one.drift,
            }
            for one in totals(now)
        ],
        "at": Clock().text(now),
    }
    return render(request, "refunds/store_credit/liability.html", context)
