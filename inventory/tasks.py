"""What stock does after an event."""

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from inventory import checking, revaluing, terms
from inventory.models import ProductValue
from inventory.states import CostingMethod
from inventory.valuation import ValuationRefused
from oms.models import Event

logger = logging.getLogger(__name__)


def revalue_category(event: Event) -> None:
    """Everything that stands under another method than its category's goes on under that one, a product at a time."""
    for held in ProductValue.objects.select_related("product").order_by("pk").iterator(chunk_size=200):
        method = CostingMethod(terms.of(held.product).costing)
        if method == held.costing:
            continue
        try:
            revaluing.revalue(held.product, method, at=timezone.now())
        except ValuationRefused as refused:  # its history is impossible under that method: it keeps its own
            logger.warning("product %s stays under %s: %s", held.pk, held.costing, refused.code)


@shared_task
def check_stock(**_kwargs: Any) -> int:
    """Look whether levels and values are the sums of their movements, and keep what was seen. Returns what is not."""
    return checking.check(by="system", at=timezone.now()).wrong


def check_after(event: Event) -> None:
    """Somebody asked for a look. Asked twice, it is two looks."""
    checking.check(by=event.actor, at=timezone.now())
