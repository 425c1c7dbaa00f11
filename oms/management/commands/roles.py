from typing import Any

from django.core.management.base import CommandParser

from oms.management.explained import ExplainedCommand
from oms.roles import PERMISSIONS, Role

EXAMPLE = """examples:
  manage.py roles --markdown    the table as it stands in the README
  manage.py roles --json        phrase → roles

exit codes: 0 printed, 2 usage"""
STAFF = [role for role in Role if role is not Role.CUSTOMER]


class Command(ExplainedCommand):
    help = "Print what each role may see and do, from the one table that views, admin and tests read."
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        output = parser.add_mutually_exclusive_group()
        output.add_argument("--json", action="store_true", help="print one JSON object: phrase → roles")
        output.add_argument("--markdown", action="store_true", help="print a Markdown table")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["json"]:
            self.write_json(
                {phrase: [str(role) for role in STAFF if role in may] for phrase, may in PERMISSIONS.items()}
            )
        elif options["markdown"]:
            self.stdout.write(markdown())
        else:
            for phrase, may in PERMISSIONS.items():
                self.stdout.write(f"{phrase:20}  {', '.join(role for role in STAFF if role in may)}")


def markdown() -> str:
    head = ["may", *(str(role) for role in STAFF)]
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    for phrase, may in PERMISSIONS.items():
        marks = ["✓" if role in may else " " for role in STAFF]
        lines.append(f"| {' | '.join([phrase, *marks])} |")
    return "\n".join(lines)
