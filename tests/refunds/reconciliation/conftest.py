from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox import STRIPE_KEY, STRIPE_SECRET, Sandbox


@pytest.fixture
def sandbox(tmp_path: Path, settings: Any) -> Iterator[Sandbox]:
    """A provider with a book of its own for each test: what others left there would be differences."""
    with Sandbox(tmp_path / "sandbox") as started:
        settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = STRIPE_KEY, started.stripe_base
        settings.STRIPE_WEBHOOK_SECRET = STRIPE_SECRET
        yield started
