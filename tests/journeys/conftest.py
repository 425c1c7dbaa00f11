from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox import EASYPOST_KEY, EASYPOST_SECRET, STRIPE_KEY, STRIPE_SECRET, Sandbox


@pytest.fixture(scope="session")
def vendors_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    data: Path = tmp_path_factory.mktemp("vendors")
    with Sandbox(data) as started:
        yield started


@pytest.fixture
def vendors(vendors_process: Sandbox, settings: Any) -> Iterator[Sandbox]:
    """Stripe and EasyPost, as far as a journey can tell: the real SDKs talk to them over HTTP."""
    settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = STRIPE_KEY, vendors_process.stripe_base
    settings.EASYPOST_API_KEY, settings.EASYPOST_API_BASE = EASYPOST_KEY, vendors_process.easypost_base
    settings.STRIPE_WEBHOOK_SECRET, settings.EASYPOST_WEBHOOK_SECRET = STRIPE_SECRET, EASYPOST_SECRET
    vendors_process.faults(stripe={"pending": 0.0})
    yield vendors_process
    vendors_process.faults(calm=True)
