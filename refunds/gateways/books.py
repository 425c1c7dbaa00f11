"""Which providers' own books can be read: a provider joins with one line."""

from collections.abc import Callable

from oms.models import Payment
from oms.states import PaymentMethod
from refunds.gateways.base import KeepsBooks
from refunds.gateways.paypal import PayPalGateway
from refunds.gateways.paypal_book import PayPalBook
from refunds.gateways.registry import paypal, stripe
from refunds.gateways.stripe import StripeGateway
from refunds.gateways.stripe_book import StripeBook

BOOKS: dict[str, tuple[PaymentMethod, Callable[[], KeepsBooks]]] = {
    StripeGateway.name: (PaymentMethod.CARD, lambda: StripeBook(stripe())),
    PayPalGateway.name: (PaymentMethod.PAYPAL, lambda: PayPalBook(paypal())),
}
"""Provider's name → how its payments are marked here, and who reads its book."""


def in_use() -> list[str]:
    """Providers that ever took a payment of ours."""
    return [
        name
        for name, (method, _book) in BOOKS.items()
        if Payment.objects.filter(method=method).exclude(provider_id="").exists()
    ]
