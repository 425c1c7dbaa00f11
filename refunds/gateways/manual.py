"""Money that a person pays out by hand: bank transfer, cash, a terminal without an interface."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from refunds.states import RefundStatus

from .base import GatewayError, RefundAnswer


class ManualGateway:
    """Answers that a person has to act; finance settles or fails such a refund itself."""

    name = "manual"
    remembers = timedelta.max

    def refund(
        self, payment_provider_id: str, amount_minor: int, currency: str, key: str, metadata: Mapping[str, str]
    ) -> RefundAnswer:
        return RefundAnswer(
            RefundStatus.PENDING, f"manual_{key}", "paid_by_hand", amount_minor, currency, dict(metadata)
        )

    def find_refund(self, payment_provider_id: str, number: str, *, attempt: str = "") -> RefundAnswer | None:
        return None

    def retrieve(self, provider_id: str) -> RefundAnswer:
        raise GatewayError("Nobody but the person who pays knows where this refund stands.", code="paid_by_hand")

    def list_refunds(self, payment_provider_id: str) -> Iterator[RefundAnswer]:
        return iter(())
