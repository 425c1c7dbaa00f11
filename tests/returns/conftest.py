from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from oms.models import Order
from tests.builders import an_order


@pytest.fixture
def recent() -> Callable[..., Order]:
    """Build an order delivered two days before the clock of the web server, which no test can set."""

    def build(**how: Any) -> Order:
        now = timezone.now()
        times = {
            "placed_at": now - timedelta(days=5),
            "shipped_at": now - timedelta(days=4),
            "delivered_at": now - timedelta(days=2),
        }
        return an_order(**(times | how))

    return build
