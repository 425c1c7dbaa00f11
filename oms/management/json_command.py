"""What commands that answer JSON with JSON have in common: FILE or -, --lines, exit codes."""

import json
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from oms.strict_json import Unreadable, error


class JsonCommand(BaseCommand):
    """A pure calculation on the command line: no database, no checks, no services.

    Exit codes: 0 answered, 1 refused (`{"error": {"code", "message"}}` on stdout), 2 usage or unreadable input. With
    --lines every line is answered in its place, refusals included, and the exit code is 0.
    """

    requires_system_checks = ()
    requires_migrations_checks = False
    example = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = self.example
        return parser

    def answer_one(self, source: str, make: Callable[[str], dict[str, Any]]) -> None:
        """Answer the one JSON text of `source`."""
        with _opened(source) as stream:
            raw = stream.read()
        try:
            answer = make(_text(raw))
        except Unreadable as problem:
            raise CommandError(str(problem), returncode=2) from None
        self.write(answer)
        if "error" in answer:
            sys.exit(1)

    def answer_lines(self, source: str, make: Callable[[str], dict[str, Any]]) -> None:
        """Answer JSON Lines, each in its place."""
        for raw in _lines(source):
            try:
                answer = make(_text(raw))
            except Unreadable as problem:
                answer = error("unreadable", str(problem))
            self.write(answer)

    def write(self, answer: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(answer))


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    """The file named, or stdin for "-"; what cannot be read, from the first byte or half way, is exit code 2."""
    try:
        with nullcontext(sys.stdin.buffer) if source == "-" else Path(source).open("rb") as stream:
            yield stream
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise CommandError(f"{source} cannot be read: {reason}", returncode=2) from None


def _lines(source: str) -> Iterator[bytes]:
    with _opened(source) as stream:
        for raw in stream:
            yield raw.rstrip(b"\r\n")


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("This is not UTF-8 text.") from None
