"""Whether stock is what moved: one number that must read zero, and behind it everything that is not a sum."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from inventory.models import StockCheck
from oms import outbox
from oms.access import may
from oms.roles import allowed
from oms.views.words import Clock, actor_names

NAMES = {
    "level": gettext_lazy("Pieces in a bin, and what moved there"),
    "reserved": gettext_lazy("Pieces set aside, and for whom"),
    "value": gettext_lazy("What we own, and what was bought and sold"),
    "layers": gettext_lazy("What we own, and what it cost"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@may("see stock")
def check(request: HttpRequest) -> HttpResponse:
    """The last looks; posted, a worker looks now."""
    may_check = allowed(request.user, "move stock")
    if request.method == "POST":
        if not may_check:
            return render(request, "403.html", status=403)
        with transaction.atomic():
            outbox.record_on("stock", "stock_check.asked", by=request.user.actor, at=timezone.now())
        messages.success(request, _("A worker looks now. Open this page again in a moment."))
        return redirect("inventory:check")
    clock = Clock()
    looks = list(StockCheck.objects.order_by("-ran_at", "-id")[:10])
    names = actor_names(one.asked_by for one in looks)
    seen = looks[0] if looks else None
    context = {
        "title": _("Is stock what moved?"),
        "seen": seen,
        "ran_at": clock.text(seen.ran_at) if seen else "",
        "rows": [{**one, "words": NAMES.get(one["what"], one["what"])} for one in seen.findings] if seen else [],
        "looks": [
            {"at": clock.text(one.ran_at), "by": names.get(one.asked_by, one.asked_by), "wrong": one.wrong}
            for one in looks
        ],
        "may_check": may_check,
    }
    return render(request, "inventory/check.html", context)
