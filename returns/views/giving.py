"""Gift links of an order, as the buyer and the service desk see, make and withdraw them: one page for each, alike."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from oms import outbox
from oms.models import Order, OrderLine
from oms.refusals import Refused
from oms.views.words import Clock
from returns import eligibility, gifts
from returns.forms.gifts import GiftForm
from returns.models import GiftLink


class Giving:
    """The form of one order and what came of it: `link` is what was made, `problem` why nothing could be."""

    def __init__(self, request: HttpRequest, order: Order, *, by: str) -> None:
        self.order, self.by, self.now = order, by, timezone.now()
        self.possible = [view for view in eligibility.returnable(order, at=self.now) if view.quantity]
        self.form = GiftForm(
            request.POST if request.method == "POST" else None, possible=self.possible, use_required_attribute=False
        )
        self.problem = ""

    def make(self) -> GiftLink | None:
        """The link for what was ticked; None when that is refused."""
        if not self.form.is_bound or not self.form.is_valid():
            return None
        try:
            return gifts.make_link(self.order.number, self.form.cleaned_data["line"], by=self.by, at=self.now)
        except Refused as refused:
            outbox.record_refusal(refused, verb="make_link", subject=self.order.stream, by=self.by, at=self.now)
            self.problem = str(refused)
            return None

    @property
    def status(self) -> int:
        return 409 if self.problem else 422 if self.form.errors else 200

    def context(self) -> dict[str, Any]:
        return {
            "order": self.order,
            "form": self.form,
            "possible": self.possible,
            "problem": self.problem,
            "links": _told(self.order, self.now),
        }


def _told(order: Order, now: datetime) -> list[dict[str, Any]]:
    clock, links = Clock(), gifts.standing(order, at=now)
    titles = dict(OrderLine.objects.filter(order=order).values_list("pk", "description")) if links else {}
    return [
        {
            "link": link,
            "url": link.get_portal_url(),
            "goods": [titles[line] for line in link.lines if line in titles],
            "until": clock.text(link.expires_at),
            "is_buyers": link.made_by.startswith("customer:"),
        }
        for link in links
    ]
