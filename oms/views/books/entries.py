"""Entries of the journal: a list that stays quick with a million of them, and one with all it is about."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from oms.access import may
from oms.journal import Account
from oms.models import JournalEntry, Order, Posting
from oms.views.books import causes
from oms.views.books.forms import EntryFilters
from oms.views.words import Clock, actor_names
from returns.models import RMA

PER_PAGE = 50


@may("see books")
def entry_list(request: HttpRequest) -> HttpResponse:
    """Newest first; the way back is by the last entry shown, so that a page costs the same wherever it is."""
    form, clock = EntryFilters(request.GET), Clock()
    found: list[JournalEntry] = []
    if form.is_valid():
        entries = _filtered(form.cleaned_data, clock).order_by("-booked_at", "-id").select_related("order")
        found = list(entries.prefetch_related("postings")[: PER_PAGE + 1])
    older = found[PER_PAGE - 1].pk if len(found) > PER_PAGE else None
    context = {
        "shop": clock.shop,
        "title": _("Entries"),
        "form": form,
        "rows": [_row(one, clock) for one in found[:PER_PAGE]],
        "older": older,
        "is_filtered": any(form.cleaned_data.values()) if form.is_valid() else True,
    }
    return render(request, "books/entries.html", context, status=200 if form.is_valid() else 400)


@may("see books")
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(JournalEntry.objects.select_related("order"), pk=pk)
    clock = Clock()
    context = {
        "shop": clock.shop,
        "title": causes.words(found.cause),
        "entry": found,
        "row": _row(found, clock),
        "occurred": clock.text(found.occurred_at),
        "moved": found.booked_at != found.occurred_at,
        "documents": causes.documents(found),
        "movements": causes.movements(found),
        "by": actor_names([found.by]).get(found.by, found.by) if found.by else "",
    }
    return render(request, "books/entry.html", context)


def _filtered(wanted: dict[str, Any], clock: Clock) -> QuerySet[JournalEntry]:
    entries = JournalEntry.objects.all()
    if words := wanted["q"].replace("\0", "").strip():
        # The orders first: each part of the condition then finds its rows by an index.
        orders = [*Order.objects.filter(number=words).values_list("pk", flat=True)]
        orders += RMA.objects.filter(number=words).values_list("order_id", flat=True)
        entries = entries.filter(Q(order__in=orders) | Q(cause=words) | Q(cause__startswith=f"refund/{words}/"))
    if wanted["kind"]:
        entries = entries.filter(causes.about(wanted["kind"]))
    on_account = {name: wanted[name] for name in ("account", "currency") if wanted[name]}
    if on_account:
        entries = entries.filter(Exists(Posting.objects.filter(entry=OuterRef("pk"), **on_account)))
    if wanted["since"]:
        entries = entries.filter(booked_at__gte=clock.start_of(wanted["since"]))
    if wanted["until"]:
        entries = entries.filter(booked_at__lt=clock.start_of(wanted["until"] + timedelta(days=1)))
    last = JournalEntry.objects.filter(pk=wanted["before"]).first() if wanted["before"] else None
    if last is not None:
        # The first bound is for the index, the second for entries of the same instant.
        entries = entries.filter(booked_at__lte=last.booked_at)
        entries = entries.filter(Q(booked_at__lt=last.booked_at) | Q(pk__lt=last.pk))
    return entries


def _row(entry: JournalEntry, clock: Clock) -> dict[str, Any]:
    postings = sorted(entry.postings.all(), key=lambda one: (one.amount < 0, one.pk))
    return {
        "entry": entry,
        "what": causes.words(entry.cause),
        "booked": clock.text(entry.booked_at),
        "postings": [
            {
                "name": Account(one.account).label,
                "number": Account(one.account).number,
                "account": one.account,
                "debit": one.amount if one.amount > 0 else None,
                "credit": -one.amount if one.amount < 0 else None,
                "currency": one.currency,
                "rate": f"{one.tax_rate.normalize():f} %" if one.tax_rate is not None else "",
            }
            for one in postings
        ],
    }
