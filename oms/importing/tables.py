"""A CSV file, plain or gzip, as rows of the columns a layout asks for."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from oms.importing.report import ImportReport, Unreadable

GZIP = b"\x1f\x8b"
BROKEN = (OSError, EOFError, zlib.error)  # gzip's BadGzipFile is an OSError


class Table:
    """Rows one by one, whatever the file's size. Broken rows are named in the report and left out."""

    def __init__(self, path: str, columns: Sequence[str], optional: Sequence[str] = ()) -> None:
        self.path, self.columns, self.optional = path, tuple(columns), tuple(optional)

    def __enter__(self) -> "Table":
        try:
            self._raw = Path(self.path).open("rb")
        except (OSError, ValueError) as problem:
            raise Unreadable(f"{self.path} cannot be read: {getattr(problem, 'strerror', problem)}.") from None
        try:
            self._read_header()
        except BaseException:
            self._raw.close()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._raw.close()

    def _read_header(self) -> None:
        start = self._raw.read(2)
        self._raw.seek(0)
        stream: BinaryIO = gzip.GzipFile(fileobj=self._raw) if start == GZIP else self._raw  # type: ignore[assignment]
        # Bytes that are not UTF-8 become surrogates: the row they stand in is refused, not the file.
        lines = io.TextIOWrapper(
            io.BufferedReader(stream, 1 << 18),  # type: ignore[arg-type]
            encoding="utf-8-sig",
            errors="surrogateescape",
            newline="",
        )
        self._reader = csv.reader(lines)
        try:
            header = next(self._reader, [])
        except (*BROKEN, csv.Error) as problem:
            raise Unreadable(f"{self.path} cannot be read: {problem}.") from None
        missing = [name for name in self.columns if name not in header]
        if missing and any("\0" in name or _is_not_utf8(name) for name in header):
            raise Unreadable(f"{self.path} is no CSV file in UTF-8.")
        if missing:
            raise Unreadable(f"{self.path} has no column {', '.join(missing)} in its first line.")
        wanted = self.columns + tuple(name for name in self.optional if name in header)
        if twice := [name for name in wanted if header.count(name) > 1]:
            raise Unreadable(f"{self.path} has the column {twice[0]} twice.")
        self.found = wanted
        self._header = header

    def rows(self, report: ImportReport) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield (line number, values of `found`) and count the rows; raise Unreadable when the file breaks off."""
        reader, width = self._reader, len(self._header)
        pick = itemgetter(*(self._header.index(name) for name in self.found))
        before = reader.line_num
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as problem:
                report.rows += 1
                report.reject(before + 1, "", f"Not a row of CSV: {problem}.")
                before = reader.line_num
                continue
            except BROKEN as problem:
                raise Unreadable(f"{self.path} breaks off after line {before}: {problem}.") from None
            line, before = before + 1, reader.line_num
            if not row:
                continue
            report.rows += 1
            if len(row) != width:
                until = f" (up to line {before}: is a quotation mark not closed?)" if before > line else ""
                report.reject(line, "", f"{width} columns expected, {len(row)} found{until}.")
                continue
            whole = "".join(row)
            if not whole.isascii() and (bad := _first(row, self._header, _is_not_utf8)):
                report.reject(line, bad, "This is not UTF-8 text.")
                continue
            if "\0" in whole:
                report.reject(line, _first(row, self._header, lambda value: "\0" in value), "Holds a NUL character.")
                continue
            yield line, pick(row)


def _is_not_utf8(value: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in value)


def _first(row: list[str], header: list[str], is_bad: object) -> str:
    return next((name for name, value in zip(header, row, strict=True) if is_bad(value)), "")  # type: ignore[operator]
