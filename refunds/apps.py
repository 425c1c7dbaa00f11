from django.apps import AppConfig


class RefundsConfig(AppConfig):
    name = "refunds"

    def ready(self) -> None:
        from oms.outbox import declare
        from refunds.events import EVENTS

        declare(EVENTS)
        from refunds import receivers  # noqa: F401  (subscribing is its import)
