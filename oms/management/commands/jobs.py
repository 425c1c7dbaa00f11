from typing import Any

from django.core.management.base import CommandParser

from oms.management.explained import ExplainedCommand
from oms.outbox import Subscription, all_subscriptions

EXAMPLE = """examples:
  manage.py jobs           a Markdown table
  manage.py jobs --json    the same as a JSON array

exit codes: 0 printed, 2 usage"""


class Command(ExplainedCommand):
    help = "Print which job follows which event, on which queue, as each app's receivers.py says."
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a JSON array")

    def handle(self, *args: Any, **options: Any) -> None:
        found = sorted(all_subscriptions(), key=lambda one: (one.event, one.name))
        if options["json"]:
            self.write_json([row(one) for one in found])
            return
        self.stdout.write("| event | job | queue |\n| --- | --- | --- |")
        for event in dict.fromkeys(one.event for one in found):
            jobs = [one for one in found if one.event == event]
            names = ", ".join(f"`{one.name}`{_terms(one)}" for one in jobs)
            queues = ", ".join(dict.fromkeys(one.queue for one in jobs))
            self.stdout.write(f"| `{event}` | {names} | {queues} |")


def row(one: Subscription) -> dict[str, Any]:
    return {
        "event": one.event,
        "job": one.name,
        "queue": one.queue,
        "delay_seconds": int(one.delay.total_seconds()),
        "calls_vendor": one.calls_vendor,
        "when": dict(one.when),
    }


def _terms(one: Subscription) -> str:
    """When the job follows only sometimes, or later, or talks to somebody outside."""
    terms = [f"{key} is {_plain(value)}" for key, value in one.when]
    terms += [f"after {one.delay}"] if one.delay else []
    terms += ["calls a vendor"] if one.calls_vendor else []
    return f" ({'; '.join(terms)})" if terms else ""


def _plain(value: str | bool) -> str:
    return value if isinstance(value, str) else str(value).lower()
