"""What commands that answer JSON with JSON have in common: FILE or -, --lines, exit codes."""

import json
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
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
        with _opened(source) as stream:
            for raw in _lines(stream):
                try:
                    answer = make(_text(raw))
                except Unreadable as problem:
                    answer = error("unreadable", str(problem))
                self.write(answer)

    def write(self, answer: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(answer))


class _opened:
    """The file named, or stdin for "-"; anything that cannot be read is exit code 2."""

    def __init__(self, source: str) -> None:
        self.source = source

    def __enter__(self) -> BinaryIO:
        if self.source == "-":
            return sys.stdin.buffer
        try:
            self.file = Path(self.source).open("rb")
        except (OSError, ValueError) as problem:
            raise CommandError(f"{self.source} cannot be read: {problem}", returncode=2) from None
        return self.file

    def __exit__(self, *exception: object) -> None:
        if self.source != "-":
            self.file.close()


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    for raw in stream:
        yield raw.rstrip(b"\r\n")


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("This is not UTF-8 text.") from None
