"""Jobs of reports: each loads and calls one function."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from reporting import stock_digest


@shared_task
def tell_of_stock(**_kwargs: Any) -> int:
    """Tell every manager what newly runs low or piles up. Returns how many had something to be told."""
    return len(stock_digest.tell(now=timezone.now()))
