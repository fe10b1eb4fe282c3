"""Records in CSV files of bounded size. The next file is written while the last one is loaded."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

from stitchnb.sandbox.pipeline import WarehouseError

Kind = Literal["integer", "decimal", "double", "boolean", "timestamp", "text", "array"]

Record = Mapping[str, Any]

# One value and what ends it. An empty value without quotes is null. Possessive, so that a value which is not complete
# yet matches neither as a part of itself nor slowly.
_VALUE = re.compile(r'(?:"([^"]*+(?:""[^"]*+)*+)"|((?!")[^,\n]*+))([,\n])')
_BLOCK_CHARACTERS = 1024 * 1024
_TIME = re.compile(r"(\d+)(-\d\d-\d\d)(?: ([\d:.]+)(?:\+00)?)?( BC)?")


@dataclass(frozen=True, slots=True)
class CsvColumn:
    """One column of the file.

    Attributes
    ----------
    name
        Name of the record's field.
    kind
        Type of the values. The file has ``boolean`` as ``t`` and ``f``, ``decimal`` without an exponent, ``timestamp``
        as ``2026-03-01 12:00:00.5`` in UTC, with or without ``+00``, as a date alone for midnight, with `` BC`` if it
        applies, or as ``infinity``, and ``array`` as JSON with such texts.
    precision, scale
        Most digits of a ``decimal``, in total and after the point. None if there is no limit.
    items
        Type of the elements of an ``array``, at any depth.
    """

    name: str
    kind: Kind
    precision: int | None = None
    scale: int | None = None
    items: Kind = "text"


@dataclass(frozen=True, slots=True)
class CsvRecords(Sequence[Record]):
    r"""A CSV file as PostgreSQL writes it. It can be read as records any number of times.

    Lines end with ``\n``, there is no header, quotes are doubled, and an empty value without quotes is null.

    Attributes
    ----------
    size
        Number of records.
    first, last
        The first and the last record.
    longest
        Size of the longest record in bytes.
    """

    path: Path
    columns: tuple[CsvColumn, ...]
    size: int
    first: Record
    last: Record
    longest: int

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Record]:
        count = 0
        # Bytes that are not UTF-8 are kept, for the loader to reject.
        with self.path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            for record in parse_records(iter(partial(file.read, _BLOCK_CHARACTERS), ""), self.columns):
                count += 1
                yield record
        if count != self.size:
            raise WarehouseError(f"{self.path.name} was written with {self.size} records, but {count} were read.")

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...

    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, slice):
            return list(self)[index]
        number = range(self.size)[index]
        return next(itertools.islice(self, number, None))


def parse_records(blocks: Iterable[str], columns: Sequence[CsvColumn]) -> Iterator[Record]:
    """Parse CSV into records with every column, None for null.

    Parameters
    ----------
    blocks
        The text in parts, which may end anywhere. No more than one part and one record are in memory.
    """
    names = [column.name for column in columns]
    readers = [_reader(column) for column in columns]
    values: list[Any] = []
    text, incomplete = "", 0
    for block in itertools.chain(blocks, [""]):
        text += block
        # A long value is tried again only once the text has doubled, so that the time is proportional to its length.
        if block and len(text) < 2 * incomplete:
            continue
        position = 0
        while match := _VALUE.match(text, position):
            quoted, plain, end = match.groups()
            value = plain or None if quoted is None else quoted.replace('""', '"')
            values.append(None if value is None else readers[len(values)](value))
            position = match.end()
            if end == "\n":
                yield dict(zip(names, values, strict=True))
                values = []
        text = text[position:]
        incomplete = len(text)


def parse_row(texts: Sequence[str | None], columns: Sequence[CsvColumn]) -> Record:
    """Make a record from the text of its values in the file, None for null."""
    pairs = zip(columns, texts, strict=True)
    return {column.name: None if text is None else _reader(column)(text) for column, text in pairs}


def iso_time(text: str) -> str:
    """Convert a time of the file to ISO 8601: ``2026-03-01T12:00:00.5Z``. Years BC count down from 0."""
    match = _TIME.fullmatch(text)
    if match is None:
        return text
    year, day, time, before_christ = match.groups()
    if before_christ:
        year = f"{1 - int(year):05d}" if int(year) > 1 else "0000"
    return f"{year}{day}T{time or '00:00:00'}Z"


def _reader(column: CsvColumn) -> Callable[[str], Any]:
    return partial(_array, _READERS[column.items]) if column.kind == "array" else _READERS[column.kind]


def _array(reader: Callable[[str], Any], text: str) -> list[Any]:
    def read(value: Any) -> Any:
        if isinstance(value, list):
            return [read(inner) for inner in value]
        return None if value is None else reader(value)

    parsed: list[Any] = read(json.loads(text))
    return parsed


def _boolean(text: str) -> bool:
    # In arrays the words are complete, and bits are numbers.
    return text in ("t", "true", "1")


_READERS: Mapping[Kind, Callable[[str], Any]] = {
    "integer": int,
    "decimal": Decimal,
    "double": float,
    "boolean": _boolean,
    "timestamp": iso_time,
    "text": str,
    "array": str,
}


PART_BYTES = 32 * 1024 * 1024
"""Approximate size of a file, which the warehouse loads in one transaction. With rows of the usual size, it has two of
the groups that DuckDB writes at a time, so that two threads write."""

# Rows are written in groups of about this size, by the longest row so far.
_GROUP_BYTES = 64 * 1024
_SHORTEST_ROW = 256

_T = TypeVar("_T")
_Bytes = bytes | bytearray | memoryview


def write_parts(
    rows: Iterable[_Bytes], columns: Sequence[CsvColumn], folder: Path, *, max_rows: int | None = None
) -> Iterator[CsvRecords]:
    """Write rows of CSV, each with its line feed, to one file after another.

    Parameters
    ----------
    folder
        Where the files are written. The caller deletes each file after use.
    max_rows
        Most rows in a file. None is limited by `PART_BYTES` only.
    """
    remaining = iter(rows)
    for number in itertools.count():
        path = folder / f"{number}.csv"
        written = size = longest = 0
        first: _Bytes = b""
        last: _Bytes = b""
        with path.open("wb", buffering=1024 * 1024) as file:
            # In groups, because a step of Python for each row would cost more than the row itself.
            while written < PART_BYTES:
                group_size = max(1, _GROUP_BYTES // max(longest, _SHORTEST_ROW))
                if max_rows is not None:
                    group_size = min(group_size, max_rows - size)
                group = list(itertools.islice(remaining, group_size))
                if not group:
                    break
                file.writelines(group)
                lengths = list(map(len, group))
                written += sum(lengths)
                longest = max(longest, max(lengths))
                size += len(group)
                first, last = first or group[0], group[-1]
        if not size:
            path.unlink()
            return
        yield CsvRecords(path, tuple(columns), size, _record(first, columns), _record(last, columns), longest)


def _record(row: _Bytes, columns: Sequence[CsvColumn]) -> Record:
    return next(parse_records([bytes(row).decode("utf-8", "surrogateescape")], columns))


def prefetch(items: Generator[_T, None, None], interrupt: Callable[[], None]) -> Iterator[_T]:
    """Produce the next item in another thread while the last one is used.

    Parameters
    ----------
    items
        Closed at the end.
    interrupt
        Called if the caller stops while the next item is being produced, to end that soon.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="stitchnb-extract") as thread:
        upcoming = thread.submit(next, items, None)
        try:
            while (item := upcoming.result()) is not None:
                upcoming = thread.submit(next, items, None)
                yield item
        finally:
            if not upcoming.done():
                interrupt()
                # An error after the interruption has no meaning.
                with suppress(Exception):
                    upcoming.result()
            items.close()
