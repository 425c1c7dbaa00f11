from django.apps import AppConfig


class ReturnsConfig(AppConfig):
    name = "returns"

    def ready(self) -> None:
        from oms.outbox import declare
        from returns.events import EVENTS

        declare(EVENTS)
        from returns import receivers  # noqa: F401  (subscribing is its import)
