"""A long stream of CSV cut into files of bounded size, the next being written while the last is loaded."""

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

# One value and what ends it. A quoted value is never null, an empty one without quotes is.
_VALUE = re.compile(r'(?:"((?:[^"]|"")*)"|([^,\n]*))([,\n])')
_TIME = re.compile(r"(\d+)(-\d\d-\d\d)(?: ([\d:.]+)(?:\+00)?)?( BC)?")


@dataclass(frozen=True, slots=True)
class CsvColumn:
    """One column of the file.

    Attributes
    ----------
    name
        The field of the record.
    kind
        What the values are. As text they are written as follows: ``boolean`` as ``t`` and ``f``; ``decimal`` without
        an exponent; ``timestamp`` as ``2026-03-01 12:00:00.5`` in UTC, with or without ``+00``, a day alone for its
        midnight, with `` BC`` where it is, or ``infinity``; ``array`` as JSON that holds such texts.
    precision, scale
        Most digits that a ``decimal`` has, and most of them after the point; None where nothing limits them.
    items
        What an ``array`` holds, at whatever depth.
    """

    name: str
    kind: Kind
    precision: int | None = None
    scale: int | None = None
    items: Kind = "text"


@dataclass(frozen=True, slots=True)
class CsvRecords(Sequence[Record]):
    r"""A file of CSV as PostgreSQL writes it, to be read as records as often as needed.

    Lines end with ``\n``, there is no header, quotes are doubled, and null is an empty value without quotes.

    Attributes
    ----------
    size
        How many records there are.
    first, last
        The records at both ends, for a file that is ordered by a key.
    longest
        Bytes of the longest record.
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
        # Bytes that are no UTF-8 stay what they are, for the loader to reject.
        with self.path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            text = file.read()
        read = 0
        for record in records_of(text, self.columns):
            read += 1
            yield record
        if read != self.size:
            raise WarehouseError(f"{read} records were read from {self.path.name}, which was written with {self.size}")

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...

    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        if isinstance(index, slice):
            return list(self)[index]
        number = range(self.size)[index]
        return next(itertools.islice(self, number, None))


def records_of(text: str, columns: Sequence[CsvColumn]) -> Iterator[Record]:
    """Read CSV into records that hold every column, None for null."""
    names = [column.name for column in columns]
    readers = [_reader(column) for column in columns]
    values: list[Any] = []
    for match in _VALUE.finditer(text):
        quoted, plain, end = match.groups()
        value = plain or None if quoted is None else quoted.replace('""', '"')
        values.append(None if value is None else readers[len(values)](value))
        if end == "\n":
            yield dict(zip(names, values, strict=True))
            values = []


def record_of(texts: Sequence[str | None], columns: Sequence[CsvColumn]) -> Record:
    """Make a record of values as they stand in the file, None for null."""
    pairs = zip(columns, texts, strict=True)
    return {column.name: None if text is None else _reader(column)(text) for column, text in pairs}


def iso_time(text: str) -> str:
    """Write a time of the file as ISO 8601 does: ``2026-03-01T12:00:00.5Z``, years before the first from 0 down."""
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
    # Of arrays the values are written out, and of bits as numbers.
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
"""About how large a file gets: what one transaction of the warehouse takes in. Of rows of the usual size it holds two
of the groups that DuckDB writes at a time, so that two threads write."""

# Rows that are written at once: as many as these bytes hold of the longest row so far.
_HANDFUL_BYTES = 64 * 1024
_SHORTEST_ROW = 256

_T = TypeVar("_T")
_Bytes = bytes | bytearray | memoryview


def parts_of(
    rows: Iterable[_Bytes], columns: Sequence[CsvColumn], folder: Path, *, most_rows: int | None = None
) -> Iterator[CsvRecords]:
    """Write rows of CSV, each ending with its line feed, into one file after the other.

    Parameters
    ----------
    folder
        Where the files go; whoever takes a part deletes its file.
    most_rows
        Rows of one file; None for as many as `PART_BYTES` holds.
    """
    coming = iter(rows)
    for number in itertools.count():
        path = folder / f"{number}.csv"
        written = size = longest = 0
        first: _Bytes = b""
        last: _Bytes = b""
        with path.open("wb", buffering=1024 * 1024) as file:
            # By the handful: a step of Python for each row would cost more than the row.
            while written < PART_BYTES:
                handful = max(1, _HANDFUL_BYTES // max(longest, _SHORTEST_ROW))
                taken = list(itertools.islice(coming, handful if most_rows is None else min(handful, most_rows - size)))
                if not taken:
                    break
                file.writelines(taken)
                lengths = list(map(len, taken))
                written += sum(lengths)
                longest = max(longest, max(lengths))
                size += len(taken)
                first, last = first or taken[0], taken[-1]
        if not size:
            path.unlink()
            return
        yield CsvRecords(path, tuple(columns), size, _record(first, columns), _record(last, columns), longest)


def _record(row: _Bytes, columns: Sequence[CsvColumn]) -> Record:
    return next(records_of(bytes(row).decode("utf-8", "surrogateescape"), columns))


def read_ahead(items: Generator[_T, None, None], break_off: Callable[[], None]) -> Iterator[_T]:
    """Let another thread make the next item while the last one is in use.

    Parameters
    ----------
    items
        Closed at the end.
    break_off
        Called when no more items are wanted while one may be in the making: has it end soon.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="stitchnb-extract") as thread:
        coming = thread.submit(next, items, None)
        try:
            while (item := coming.result()) is not None:
                coming = thread.submit(next, items, None)
                yield item
        finally:
            if not coming.done():
                break_off()
                # What it says of being broken off interests nobody.
                with suppress(Exception):
                    coming.result()
            items.close()
