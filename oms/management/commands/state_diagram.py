from typing import Any

from django.core.management.base import CommandError, CommandParser

from oms.management.explained import ExplainedCommand
from oms.statemachine import Machine

EXAMPLE = """examples:
  manage.py state_diagram           every status table, each under its name
  manage.py state_diagram refund    one of them
  manage.py state_diagram --json    the rows: verb, from, to, roles

exit codes: 0 printed, 2 there is no such table"""


class Command(ExplainedCommand):
    help = "Print the status tables as Mermaid diagrams: which verb leads from where to where."
    example = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", metavar="NAME", help="one status table (default: all)")
        parser.add_argument("--json", action="store_true", help="print the tables as one JSON object")

    def handle(self, *args: Any, name: str | None, **options: Any) -> None:
        machines = {machine.name: machine for machine in Machine.registry}
        if name is not None and name not in machines:
            raise CommandError(f"There is no status table {name!r}; known: {', '.join(machines)}.", returncode=2)
        chosen = machines if name is None else {name: machines[name]}
        if options["json"]:
            self.write_json({known: rows(machine) for known, machine in chosen.items()})
        elif name is not None:
            self.stdout.write(machines[name].mermaid())
        else:
            self.stdout.write("\n\n".join(pictured(machine) for machine in chosen.values()))


def pictured(machine: Machine) -> str:
    """Markdown: the table's name as a heading, its diagram in a Mermaid block."""
    return f"#### {machine.name}\n\n```mermaid\n{machine.mermaid()}\n```"


def rows(machine: Machine) -> list[dict[str, Any]]:
    return [
        {
            "verb": row.verb,
            "from": [str(source) for source in row.sources if source],
            "to": str(row.target),
            "roles": [str(role) for role in row.roles],
        }
        for row in machine.transitions
    ]
