"""Photos of a return being put together: each is kept as soon as it is chosen, so that nothing is sent twice (U18)."""

from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from oms.refusals import Refused
from returns import drafts, photos
from returns.models import ReturnDraft, ReturnPhoto
from returns.refusals import ForeignLine
from returns.views.portal.draft_pages import draft_file, draft_page
from returns.views.portal.items import look


@require_GET
@draft_file
def photo(request: HttpRequest, draft: ReturnDraft, photo: UUID) -> HttpResponse:
    """A photo added a moment ago."""
    found = ReturnPhoto.objects.select_related("draft__order__customer").filter(draft=draft, ref=photo).first()
    if found is None:
        raise Http404
    return HttpResponse(found.content, content_type=photos.CONTENT_TYPE)


@require_POST
@draft_page
def add(request: HttpRequest, draft: ReturnDraft) -> HttpResponse:
    """Keep one photo of one line and answer with its entry for the page; a refusal is one sentence, with 422."""
    try:
        kept, number = _keep(request, draft)
    except Refused as refused:
        return HttpResponse(str(refused), content_type="text/plain; charset=utf-8", status=422)
    return render(request, "portal/_draft_photo.html", {"draft": draft, "photo": kept, "number": number})


def _keep(request: HttpRequest, draft: ReturnDraft) -> tuple[ReturnPhoto, int]:
    """Raises ForeignLine, TooManyPhotos and what `photos.clean` raises."""
    line = next((one.order_line.pk for one in look(draft)[2] if str(one.order_line.pk) == request.POST.get("line")), 0)
    if not line:
        raise ForeignLine
    uploads = request.FILES.getlist("photo")[:1]
    if not uploads:
        raise photos.PhotoEmpty
    picture = photos.clean(uploads[0])
    with transaction.atomic():
        # Several photos of one line arrive at once: each must see the others to be counted.
        ReturnDraft.objects.select_for_update().get(pk=draft.pk)
        draft.has_photos = True
        before = drafts.photos_by_line(draft).get(line, [])
        if len(before) >= photos.MAX_PER_LINE and picture.sha256 not in {one.sha256 for one in before}:
            raise photos.TooManyPhotos(most=photos.MAX_PER_LINE)
        kept = photos.keep(
            picture,
            taken_by=draft.sender.actor,
            at=timezone.now(),
            draft=draft,
            order_line_id=line,
            rma=None,
        )
    return kept, len(before) + 1
