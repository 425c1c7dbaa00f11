from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.core import checks


class OmsConfig(AppConfig):
    name = "oms"

    def ready(self) -> None:
        from oms.events import EVENTS
        from oms.outbox import declare

        declare(EVENTS)
        from oms import receivers  # noqa: F401  (hangs up the bell, and subscribes: events come first)
        from oms.checks import check_event_bridge, check_secrets, check_vendors
        from oms.statemachine import check_machines

        checks.register(check_machines)
        checks.register(check_event_bridge)
        checks.register(check_secrets, deploy=True)
        checks.register(check_vendors, deploy=True)


class StaffAdminConfig(admin_apps.AdminConfig):
    default = False  # of this module: `oms` itself is
    default_site = "oms.admin_site.StaffAdminSite"
