"""What the short commands have in common: an example in their help, days, and exit code 3 when the database is away."""

import json
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, ProgrammingError
from psycopg.errors import UndefinedTable

from oms.embedded import EmbeddedError
from reporting.period import FIRST_DAY, LAST_DAY


def day(text: str) -> date:
    """The type of an option that is a day on the calendar."""
    try:
        found = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day on the calendar, not an instant
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day like 2026-10-31") from None
    if not FIRST_DAY <= found <= LAST_DAY:
        raise ArgumentTypeError(f"{text} is outside {FIRST_DAY} to {LAST_DAY}")
    return found


class ExplainedCommand(BaseCommand):
    """A command with an `example` under its help. Exit codes: 0 ok, 1 refused, 2 usage, 3 something outside is down."""

    requires_system_checks = ()
    requires_migrations_checks = False
    example = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = self.example
        return parser

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except (OperationalError, InterfaceError, EmbeddedError) as problem:
            raise CommandError(f"The database cannot be reached: {problem}", returncode=3) from None
        except ProgrammingError as problem:
            if not isinstance(problem.__cause__, UndefinedTable):
                raise
            words = "The database has no tables of this version yet; run manage.py migrate first."
            raise CommandError(words, returncode=3) from None

    def write_json(self, answer: Any) -> None:
        self.stdout.write(json.dumps(answer, ensure_ascii=False))
