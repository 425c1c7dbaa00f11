from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox import STRIPE_KEY, STRIPE_SECRET, Sandbox


@pytest.fixture(scope="session")
def stripe_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    data: Path = tmp_path_factory.mktemp("sandbox")
    with Sandbox(data) as started:
        yield started


@pytest.fixture
def sandbox(stripe_process: Sandbox, settings: Any) -> Iterator[Sandbox]:
    """Stripe, as far as this test can tell: the real SDK talks to it over HTTP."""
    settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = STRIPE_KEY, stripe_process.stripe_base
    settings.STRIPE_WEBHOOK_SECRET = STRIPE_SECRET
    stripe_process.faults(stripe={"pending": 0.0})
    yield stripe_process
    stripe_process.faults(calm=True)
