"""Pictures of returned goods, for staff who may see them."""

from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from oms.access import may
from returns import photos
from returns.models import ReturnPhoto


@require_safe
@may("see photos")
def photo(request: HttpRequest, ref: UUID) -> HttpResponse:
    """One photo of a return, decrypted for this answer alone."""
    shown = ReturnPhoto.objects.filter(Q(rma__isnull=False) | Q(found__isnull=False))
    found = shown.select_related("rma__order__customer", "found").filter(ref=ref).first()
    content = found.content if found else b""
    if not content:
        raise Http404
    response = HttpResponse(bytes(content), content_type=photos.CONTENT_TYPE)
    response["Content-Disposition"] = f'inline; filename="{found.rma or found.found}-{found.pk}.jpg"'
    return response
