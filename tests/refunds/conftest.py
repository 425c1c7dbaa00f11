from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.refunds.cases import people
from tests.sandbox import PAYPAL_CLIENT, PAYPAL_SECRET, PAYPAL_WEBHOOK, STRIPE_KEY, STRIPE_SECRET, Sandbox


@pytest.fixture(autouse=True)
def finance_person(request: pytest.FixtureRequest) -> None:
    """Who FINANCE of `cases.py` is: an approval names a person who may approve."""
    if "django_db_setup" in request.fixturenames and request.node.get_closest_marker("django_db"):
        request.getfixturevalue("db")
        people()


@pytest.fixture(scope="session")
def stripe_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    data: Path = tmp_path_factory.mktemp("sandbox")
    with Sandbox(data) as started:
        yield started


@pytest.fixture
def sandbox(stripe_process: Sandbox, settings: Any) -> Iterator[Sandbox]:
    """Stripe and PayPal, as far as this test can tell: our own gateways talk to it over HTTP."""
    settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = STRIPE_KEY, stripe_process.stripe_base
    settings.STRIPE_WEBHOOK_SECRET = STRIPE_SECRET
    settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET = PAYPAL_CLIENT, PAYPAL_SECRET
    settings.PAYPAL_API_BASE, settings.PAYPAL_WEBHOOK_ID = stripe_process.paypal_base, PAYPAL_WEBHOOK
    stripe_process.faults(stripe={"pending": 0.0})
    yield stripe_process
    stripe_process.faults(calm=True)
