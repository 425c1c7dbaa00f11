"""A return being put together: which items come back, and why (R4, R17, p55)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from oms import shops
from oms.prepared import prepared
from returns import drafts, photos
from returns.drafts import LineAnswer
from returns.eligibility import LineView, OrderFile, lines_of, open_file
from returns.forms.portal import CHOOSE_ITEMS, ItemsForm, LineForm, Terms
from returns.models import RMA, ReturnDraft, ReturnPhoto
from returns.refusals import ForeignLine
from returns.situation import situation, with_facts
from returns.states import RMAStatus
from returns.views.portal.draft_pages import draft_page

# Orders up to this many lines are asked about on one screen; longer ones are chosen from first.
ON_ONE_SCREEN = 6
LINES_PER_PAGE = 20


# ── Which items, and why ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Row:
    """One order line on the page; `form` is there where it can be answered."""

    view: LineView
    checked: bool
    form: LineForm | None = None
    photos: Sequence[ReturnPhoto] = ()

    @property
    def line(self) -> Any:
        return self.view.order_line

    def speaks_of(self, words: str) -> bool:
        text = f"{self.line.description} {self.line.sku}".casefold()
        return all(word in text for word in words.casefold().split())

    @property
    def most(self) -> int:
        return self.view.quantity or self.line.shipped - self.line.returned


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def items(request: HttpRequest, draft: ReturnDraft) -> HttpResponse:
    """Choose what comes back. Short orders are answered in full here, long ones on the next screen."""
    file, views, choosable = look(draft)
    short = len(choosable) <= ON_ONE_SCREEN
    if request.method != "POST":
        return items_page(request, draft, file, views, short=short)
    if short:
        return _answer(request, draft, file, views, choosable, again=items_page)
    return _choose(request, draft, file, views, choosable)


def look(draft: ReturnDraft) -> tuple[OrderFile, list[LineView], list[LineView]]:
    """The order's file, all its lines, and those that can come back or be asked for."""
    now = timezone.now()
    file = open_file(draft.order, at=now)
    views = views_of(draft, file)
    return file, views, choosable_of(views)


def views_of(draft: ReturnDraft, file: OrderFile) -> list[LineView]:
    """The order's lines; of a gift only those it is of."""
    views = lines_of(file, at=timezone.now())
    return views if draft.gift_link is None else [view for view in views if view.order_line.pk in draft.gift_link.lines]


def choosable_of(views: Iterable[LineView]) -> list[LineView]:
    return [view for view in views if view.quantity or view.can_ask]


@require_http_methods(["GET", "HEAD", "POST"])
@draft_page
def details(request: HttpRequest, draft: ReturnDraft) -> HttpResponse:
    """Why, how many and in what condition, for the items chosen from a long order."""
    file, views, _choosable = look(draft)
    chosen = [view for view in views if view.order_line.pk in drafts.answers(draft)]
    if not chosen:
        return redirect("portal:items", draft.ref)
    if request.method != "POST":
        return _details_page(request, draft, file, chosen)
    return _answer(request, draft, file, chosen, chosen, again=_details_page)


def _chosen(request: HttpRequest, choosable: Iterable[LineView]) -> tuple[set[int], str]:
    """The ticked lines, and what is wrong with them."""
    allowed = {view.order_line.pk for view in choosable}
    ticked = request.POST.getlist("line")
    numbers = set(_row_ids(ticked))
    if len(numbers) < len(set(ticked)) or not numbers <= allowed:
        return numbers & allowed, str(ForeignLine())
    return numbers, "" if numbers else str(CHOOSE_ITEMS)


def _row_ids(texts: Iterable[str]) -> Iterable[int]:
    """Those of the texts that could be ids of rows."""
    return (int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19)


def _answer(
    request: HttpRequest,
    draft: ReturnDraft,
    file: OrderFile,
    views: Sequence[LineView],
    choosable: Sequence[LineView],
    *,
    again: Callable[..., HttpResponse],
) -> HttpResponse:
    """Take the answers about the ticked lines; keep the photos that are good even when something else is missing."""
    now, terms = timezone.now(), Terms.of(file)
    chosen, problem = _chosen(request, choosable)
    drafts.drop_photos(draft, _uuids(request.POST.getlist("remove")))
    kept = drafts.photos_by_line(draft)
    forms = {
        view.order_line.pk: _line_form(view, terms, len(kept.get(view.order_line.pk, ())), request.POST, request.FILES)
        for view in choosable
        if view.order_line.pk in chosen
    }
    whole = ItemsForm(request.POST, problem)
    valid = all([whole.is_valid(), *(form.is_valid() for form in forms.values())])
    _keep_photos(draft, forms, now)
    if not valid:
        return again(request, draft, file, views, short=True, bound=forms, whole=whole, status=422)
    drafts.save(
        draft,
        {
            line: LineAnswer(
                form.cleaned_data["quantity"],
                form.cleaned_data["reason"],
                form.cleaned_data["condition"],
                form.cleaned_data["note"],
            )
            for line, form in forms.items()
        },
        at=now,
    )
    return redirect("portal:resolution", draft.ref)


def _line_form(view: LineView, terms: Terms, kept: int, *data: Any, initial: Any = None) -> LineForm:
    line = view.order_line
    return LineForm(
        *data,
        prefix=f"l{line.pk}",
        initial=initial,
        terms=terms,
        most=view.quantity or line.shipped - line.returned,
        needs_note=not view.quantity,
        kept=kept,
        use_required_attribute=False,
    )


def _keep_photos(draft: ReturnDraft, forms: Mapping[int, LineForm], now: Any) -> None:
    added = [(line, one) for line, form in forms.items() for one in form.cleaned_data.get("photos") or ()]
    if not added:
        return
    with transaction.atomic():
        for line, picture in added:
            photos.keep(picture, taken_by=draft.sender.actor, at=now, draft=draft, order_line_id=line, rma=None)
    draft.has_photos = True


def _uuids(texts: Iterable[str]) -> Iterable[UUID]:
    for text in texts:
        try:
            yield UUID(text)
        except ValueError:
            continue


def _choose(
    request: HttpRequest,
    draft: ReturnDraft,
    file: OrderFile,
    views: Sequence[LineView],
    choosable: Sequence[LineView],
) -> HttpResponse:
    """A page of a long order was sent: its ticks replace what was ticked on it before, other pages keep theirs."""
    chosen, problem = _chosen(request, choosable)
    shown = set(_row_ids(request.POST.getlist("shown")))
    before = drafts.answers(draft)
    given = {line: answer for line, answer in before.items() if line not in shown or line in chosen}
    given |= {line: LineAnswer() for line in chosen if line not in given}
    if problem and (given or "page" in request.POST) and problem == str(CHOOSE_ITEMS):
        problem = ""
    if problem:
        whole = ItemsForm(request.POST, problem)
        whole.is_valid()
        return items_page(request, draft, file, views, short=False, whole=whole, status=422)
    drafts.save(draft, given, at=timezone.now())
    page = request.POST.get("page", "")
    if page.isascii() and page.isdigit() and len(page) < 9:
        response = redirect("portal:items", draft.ref)
        words = request.GET.get("q", "")[:60]
        response["Location"] += "?" + urlencode({"page": page} | ({"q": words} if words else {}))
        return response
    return redirect("portal:details", draft.ref)


def items_page(
    request: HttpRequest,
    draft: ReturnDraft,
    file: OrderFile,
    views: Sequence[LineView],
    *,
    short: bool,
    bound: Mapping[int, LineForm] | None = None,
    whole: ItemsForm | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = _rows(draft, file, views, short=short, bound=bound)
    possible = [row for row in rows if row.view.quantity]
    askable = [row for row in rows if row.view.can_ask]
    if len(possible) == 1 and not askable and bound is None:
        possible[0].checked = True
    words = "" if short else request.GET.get("q", "").strip()[:60]
    found = [row for row in possible + askable if row.speaks_of(words)]
    page = None if short else Paginator(found, LINES_PER_PAGE).get_page(request.GET.get("page"))
    if page is not None:
        possible = [row for row in page if row.view.quantity]
        askable = [row for row in page if row.view.can_ask]
    context = {
        "draft": draft,
        "order": draft.order,
        "possible": possible,
        "askable": askable,
        "impossible": [row for row in rows if not row.view.quantity and not row.view.can_ask],
        "short": short,
        "page": page,
        "words": words,
        "chosen_elsewhere": len(drafts.answers(draft)) if page is not None else 0,
        "problems": [whole, *(bound or {}).values()] if whole is not None else [],
        "returns": _existing(draft),
        "may_give": draft.recipient_id is None and bool(possible) and shops.current().buyers_make_gift_links,
    }
    return render(request, "portal/items.html", context, status=status)


def _details_page(
    request: HttpRequest,
    draft: ReturnDraft,
    file: OrderFile,
    views: Sequence[LineView],
    *,
    short: bool = True,
    bound: Mapping[int, LineForm] | None = None,
    whole: ItemsForm | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = _rows(draft, file, views, short=True, bound=bound)
    problems = [whole, *(bound or {}).values()] if whole is not None else []
    context = {"draft": draft, "order": draft.order, "rows": rows, "problems": problems}
    return render(request, "portal/details.html", context, status=status)


def _rows(
    draft: ReturnDraft,
    file: OrderFile,
    views: Sequence[LineView],
    *,
    short: bool,
    bound: Mapping[int, LineForm] | None,
) -> list[Row]:
    given = drafts.answers(draft)
    kept = drafts.photos_by_line(draft) if short else {}
    terms = Terms.of(file) if short else None
    rows = []
    for view in views:
        line = view.order_line.pk
        answer = given.get(line)
        row = Row(view, checked=line in bound if bound is not None else answer is not None, photos=kept.get(line, ()))
        if terms is not None and (view.quantity or view.can_ask):
            initial = (
                {"quantity": 1}
                if answer is None
                else {
                    "quantity": answer.quantity,
                    "reason": answer.reason,
                    "condition": answer.condition,
                    "note": answer.note,
                }
            )
            row.form = (bound or {}).get(line) or _line_form(view, terms, len(row.photos), initial=initial)
        rows.append(row)
    return rows


def _existing(draft: ReturnDraft) -> list[dict[str, Any]]:
    """Returns of this order that are still open: who has the right data need not start again to find them."""
    if draft.recipient_id is not None:
        return []  # whose they are is nobody else's business
    now, found = timezone.now(), _newest_open(draft.order_id)
    return [{"rma": rma, "situation": situation(rma, now), "url": rma.get_portal_path()} for rma in found]


@prepared
def _newest_open(order: int) -> QuerySet[RMA]:
    found = RMA.objects.filter(order=order, recipient=None, status__in=RMAStatus.open())
    return with_facts(found.order_by("-requested_at"))[:5]
