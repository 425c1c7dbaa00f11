"""An entry a person makes: what no other page books."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from oms import outbox, periods
from oms.access import may
from oms.journal import Account
from oms.refusals import Refused
from oms.views.books.forms import EntryForm

FIELD = {"period_closed": "on", "day_to_come": "on", "entry_not_balanced": "amount"}


@require_http_methods(["GET", "POST"])
@may("close periods")
def by_hand(request: HttpRequest) -> HttpResponse:
    form = EntryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        words, by, at = form.cleaned_data, request.user.actor, timezone.now()
        try:
            with transaction.atomic():
                entry = periods.book_by_hand(
                    Account(words["debit"]), Account(words["credit"]), words["amount"],
                    currency=words["currency"], on=words["on"], note=words["note"], by=by, at=at,
                )  # fmt: skip
        except Refused as refused:
            outbox.record_refusal(refused, verb="book_by_hand", subject=periods.BOOKS, by=by, at=at)
            form.add_error(FIELD.get(refused.code), str(refused))
        else:
            messages.success(request, _("Booked."))
            return redirect("books:entry", entry.pk)
    context = {"title": _("New entry"), "form": form}
    return render(request, "books/by_hand.html", context, status=422 if form.is_bound else 200)
