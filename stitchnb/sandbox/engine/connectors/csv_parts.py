"""A long stream of CSV cut into files of bounded size, the next being written while the last is loaded."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from stitchnb.sandbox.engine.csv_records import CsvColumn, CsvRecords, Record, records_of

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
