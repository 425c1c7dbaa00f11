from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "inventory"

    def ready(self) -> None:
        from inventory.events import EVENTS
        from oms.outbox import declare

        declare(EVENTS)
        from inventory import receivers  # noqa: F401  (subscribing is its import)
