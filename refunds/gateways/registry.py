"""Which provider pays a payment back."""

from functools import lru_cache

from django.conf import settings

from oms.models import Payment
from oms.states import PaymentMethod
from refunds.gateways.base import Gateway
from refunds.gateways.manual import ManualGateway
from refunds.gateways.stripe import StripeGateway


def gateway_for(payment: Payment) -> Gateway:
    """Cards go through Stripe; what no provider knows, a person pays by hand."""
    if payment.method == PaymentMethod.CARD and payment.provider_id:
        return stripe()
    return ManualGateway()


def stripe() -> StripeGateway:
    """Stripe with the keys of the settings; its connections are kept between calls."""
    return _stripe(settings.STRIPE_API_KEY, settings.STRIPE_API_BASE)


@lru_cache(maxsize=4)
def _stripe(api_key: str, api_base: str) -> StripeGateway:
    return StripeGateway(api_key, api_base)
