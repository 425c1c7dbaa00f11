"""From bytes to checked rows: encodings, separators, sizes, and the few kinds of values a statement holds."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from oms.importing.values import Remembered, shown
from oms.money import EXPONENTS

LARGEST_BYTES = 50 * 1024 * 1024
LARGEST_ROWS = 500_000
NAMED_PROBLEMS = 20  # named one by one; beyond that there is no point in reading on
LONGEST = 80
NOT_CSV = ((b"PK\x03\x04", "an Excel workbook or a zip archive"), (b"%PDF", "a PDF"), (b"\x1f\x8b", "a gzip archive"))
NOT_TEXT = "The text cannot be read: save the file as CSV in UTF-8."
BYTE_ORDER = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NUMBER = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,6}))?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Problem:
    """What is wrong where: `line` counts from 1, `column` may be empty."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        where = f"Line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{where}: {self.reason}"


class Unreadable(Exception):
    """The file is refused whole; `problems` say why, each a sentence with its place."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(str(one) for one in problems))
        self.problems = problems


class Bad(Exception):
    """A value that cannot be read."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


class Rows:
    """The rows of a file as texts by column. Problems are collected; `finish` refuses the file if there were any."""

    def __init__(self, source: BinaryIO) -> None:
        """Read the first line. Raises Unreadable."""
        start = source.read(4)
        source.seek(0)
        for mark, what in NOT_CSV:
            if start.startswith(mark):
                raise Unreadable(Problem(1, "", f"This is {what}, not a CSV file: export it as CSV."))
        encoding = next((name for mark, name in BYTE_ORDER if start.startswith(mark)), "utf-8")
        # Bytes of other encodings become surrogates: they matter only in a column that is looked at.
        text = io.TextIOWrapper(source, encoding=encoding, errors="surrogateescape", newline="")
        self._text, self.problems, self.line, self.count = text, list[Problem](), 1, 0
        try:
            first = text.readline(100_000)
            text.seek(0)
        except (UnicodeError, OSError) as problem:
            raise Unreadable(Problem(1, "", NOT_TEXT)) from problem
        self._reader = csv.reader(text, delimiter=_separator(first), strict=True)
        self.header = [name.strip() for name in self._next() or []]
        if not any(self.header):
            raise Unreadable(Problem(1, "", "The file is empty."))

    def choose(self, columns: Sequence[str]) -> None:
        """Which columns are looked at, in this order; those that are not there read as empty."""
        for name in columns:
            if self.header.count(name) > 1:
                raise Unreadable(Problem(1, name, "This column is there twice."))
        self._places = [self.header.index(name) if name in self.header else -1 for name in columns]
        self._columns = tuple(columns)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        """Yield (line, chosen values). Raises Unreadable for what makes reading on pointless."""
        width, places = len(self.header), self._places
        while (row := self._next()) is not None:
            if not row or not any(row):
                continue
            self.count += 1
            if self.count > LARGEST_ROWS:
                raise Unreadable(Problem(self.line, "", f"More than {LARGEST_ROWS:,} rows: choose a shorter period."))
            if len(row) != width:
                self.note(Bad("", f"{width} columns expected, {len(row)} found."))
                continue
            values = [row[place] if place >= 0 else "" for place in places]
            if bad := self._unprintable(values):
                self.note(bad)
                continue
            yield self.line, values

    def note(self, bad: Bad, line: int = 0) -> None:
        """Keep a problem; after `NAMED_PROBLEMS` of them the file is refused at once."""
        self.problems.append(Problem(line or self.line, bad.column, bad.reason))
        if len(self.problems) >= NAMED_PROBLEMS:
            raise Unreadable(*self.problems)

    def finish(self) -> None:
        if self.problems:
            raise Unreadable(*self.problems)
        if not self.count:
            raise Unreadable(Problem(2, "", "There is no row below the first line."))

    def close(self) -> None:
        """Leave the file to its owner."""
        self._text.detach()

    def _next(self) -> list[str] | None:
        before = self._reader.line_num
        try:
            row = next(self._reader, None)
        except csv.Error as problem:
            raise Unreadable(*self.problems, Problem(before + 1, "", f"Not a row of CSV: {problem}.")) from None
        except (UnicodeError, OSError) as problem:
            raise Unreadable(*self.problems, Problem(before + 1, "", NOT_TEXT)) from problem
        self.line = before + 1
        return row

    def _unprintable(self, values: list[str]) -> Bad | None:
        whole = "".join(values)
        if whole.isascii() and whole.isprintable():
            return None
        for name, value in zip(self._columns, values, strict=True):
            if found := _CONTROL.search(value):
                odd = "text that is not UTF-8" if found[0] >= "\ud800" else "a control character"
                return Bad(name, f"This holds {odd}.")
        return None


def _separator(first: str) -> str:
    """Comma, unless the first line clearly uses what spreadsheets of other countries write."""
    return max(",;\t", key=first.count)


# ── Values ──


def code(column: str, text: str, *, longest: int = LONGEST) -> str:
    """A number or name: not empty, not longer than it can be. Raises Bad."""
    text = text.strip()
    if not text:
        raise Bad(column, "This is empty.")
    return note(column, text, longest=longest)


def note(column: str, text: str, *, longest: int = LONGEST) -> str:
    text = text.strip()
    if len(text) > longest:
        raise Bad(column, f"{shown(text)} is longer than {longest} characters.")
    return text


def currency(column: str, text: str) -> str:
    """A code of ISO 4217 in any case. Raises Bad."""
    found = text.strip().upper()
    if found not in EXPONENTS:
        raise Bad(column, f"{shown(text)} is no currency code of ISO 4217.")
    return found


def minor(column: str, text: str, code_: str, *, places: int | None = None) -> int:
    """A plain amount, in the currency's smallest unit: "12.50" GBP → 1250. Raises Bad.

    `places` more than the currency has are for prices that are multiplied before they are rounded.
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise Bad(column, f"{shown(text)} is not a plain amount such as -12.50.")
    sign, whole, rest = found[1], found[2], found[3] or ""
    exponent = EXPONENTS[code_] if places is None else places
    if len(rest.rstrip("0")) > exponent:
        raise Bad(column, f"{shown(text)} has too many decimals: {code_} has {EXPONENTS[code_]}.")
    value = int(whole + rest[:exponent].ljust(exponent, "0"))
    return -value if sign else value


def moment(column: str) -> Remembered[datetime]:
    """`2026-03-27 14:05:00`, in UTC."""
    return _time(column, "%Y-%m-%d %H:%M:%S", "2026-03-27 14:05:00")


def day(column: str, form: str, example: str) -> Remembered[datetime]:
    """A day as its first moment; the day counts, not the hour."""
    return _time(column, form, example)


def _time(column: str, form: str, example: str) -> Remembered[datetime]:
    def read(text: str) -> datetime:
        try:
            at = datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            raise Bad(column, f"{shown(text)} is not written like {example}.") from None
        if not 1990 <= at.year <= 2100:
            raise Bad(column, f"{shown(text)} is outside the years 1990 to 2100.")
        return at

    return Remembered(read)
