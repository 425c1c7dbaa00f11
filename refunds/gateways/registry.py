"""Who carries a refund out: by where its value goes, and how it was paid."""

from collections.abc import Callable
from functools import lru_cache

from django.conf import settings

from oms.states import PaymentMethod
from refunds.gateways.base import Gateway, InHouse
from refunds.gateways.exchange import ExchangeHouse
from refunds.gateways.manual import ManualGateway
from refunds.gateways.paypal import PayPalGateway
from refunds.gateways.store_credit import StoreCreditHouse
from refunds.gateways.stripe import StripeGateway
from refunds.models import Refund
from refunds.states import RefundDestination

IN_HOUSE: dict[RefundDestination, InHouse] = {
    RefundDestination.STORE_CREDIT: StoreCreditHouse(),
    RefundDestination.EXCHANGE: ExchangeHouse(),
}
"""What settles in our own transaction: one entry per destination, in this file."""


def in_house_for(refund: Refund) -> InHouse | None:
    """Who gives this refund without a provider; None when a provider or a person does."""
    return IN_HOUSE.get(refund.way)


def gateway_for(refund: Refund) -> Gateway:
    """Cards go back through Stripe, PayPal through PayPal; what no provider pays, a person pays by hand."""
    if refund.is_by_hand:
        return ManualGateway()
    return PROVIDERS[PaymentMethod(refund.payment.method)]()


def stripe() -> StripeGateway:
    """Stripe with the keys of the settings; its connections are kept between calls."""
    return _stripe(settings.STRIPE_API_KEY, settings.STRIPE_API_BASE)


@lru_cache(maxsize=4)
def _stripe(api_key: str, api_base: str) -> StripeGateway:
    return StripeGateway(api_key, api_base)


def paypal() -> PayPalGateway:
    """PayPal with the credentials of the settings; its token and connections are kept between calls."""
    return _paypal(settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET, settings.PAYPAL_API_BASE)


@lru_cache(maxsize=4)
def _paypal(client_id: str, secret: str, api_base: str) -> PayPalGateway:
    return PayPalGateway(client_id, secret, api_base)


PROVIDERS: dict[PaymentMethod, Callable[[], Gateway]] = {PaymentMethod.CARD: stripe, PaymentMethod.PAYPAL: paypal}
PROVIDERS_BY_NAME: dict[str, Callable[[], Gateway]] = {"stripe": stripe, "paypal": paypal}
