from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.contrib.staticfiles import apps as files_apps
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


class StaticFilesConfig(files_apps.StaticFilesConfig):
    default = False
    ignore_patterns = [
        *files_apps.StaticFilesConfig.ignore_patterns,
        # Packages bring what no page of ours asks for; most of the time of `collectstatic` went into compressing it.
        "admin/js/vendor/jquery/jquery.js",
        "admin/js/vendor/select2/select2.full.js",
        "admin/js/vendor/xregexp/xregexp.js",
        "django_htmx/ext/*",
        "django_htmx/ht[am]*-4*.js",
        "django_htmx/htmx-2.js",
    ]
