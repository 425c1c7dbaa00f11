import os
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from oms import rendering


class Command(BaseCommand):
    help = (
        "Run the process that draws charts and sets PDFs, in the foreground. Nobody needs to: it starts on first use."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = "example:\n  manage.py render_server\n\nexit codes: 0 ended, 1 refused, 2 usage"
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        path = rendering.socket_path()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise CommandError(f"{path.parent} cannot be made: {problem.strerror}", returncode=1) from None
        program = rendering.command(path)
        self.stderr.write(f"drawing at {path}")
        # The same process goes on without Django: that keeps it small.
        os.execv(program[0], program)  # noqa: S606
