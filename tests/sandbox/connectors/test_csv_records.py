"""CSV files of records: parsed in blocks, with the same result wherever a block ends."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from stitchnb.sandbox.connectors.csv_records import CsvColumn, CsvRecords, parse_records, write_parts
from stitchnb.sandbox.pipeline import WarehouseError

COLUMNS = (CsvColumn("id", "integer"), CsvColumn("text", "text"))
TEXT = '1,plain\n2,\n3,""\n4,"a ""quoted"", text"\n5,"two\nlines,\n"\n6,""""\n7,"ends with """\n8,ünïcode\n'
RECORDS = [
    {"id": 1, "text": "plain"},
    {"id": 2, "text": None},
    {"id": 3, "text": ""},
    {"id": 4, "text": 'a "quoted", text'},
    {"id": 5, "text": "two\nlines,\n"},
    {"id": 6, "text": '"'},
    {"id": 7, "text": 'ends with "'},
    {"id": 8, "text": "ünïcode"},
]


def parts(rows: list[bytes], folder: Path) -> CsvRecords:
    (records,) = write_parts(rows, COLUMNS, folder)
    return records


@pytest.mark.parametrize("size", range(1, len(TEXT) + 1))
def test_records_are_the_same_for_every_size_of_block(size: int) -> None:
    blocks = [TEXT[start : start + size] for start in range(0, len(TEXT), size)]

    assert list(parse_records(blocks, COLUMNS)) == RECORDS


def test_a_file_is_read_in_blocks(tmp_path: Path) -> None:
    records = parts([b"%d,%s\n" % (number, b"x" * 1_000) for number in range(20_000)], tmp_path)

    tracemalloc.start()
    try:
        count = sum(1 for _ in records)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (count, records.path.stat().st_size > 20_000_000) == (20_000, True)
    assert peak < 10_000_000


def test_a_long_value_is_read_whole(tmp_path: Path) -> None:
    text = 'a "long", value\n' * 300_000
    records = parts([b'1,"%s"\n' % text.replace('"', '""').encode(), b"2,short\n"], tmp_path)

    assert [record["text"] for record in records] == [text, "short"]


def test_bytes_that_are_not_utf_8_are_kept(tmp_path: Path) -> None:
    records = parts([b"1,\xff\n"], tmp_path)

    assert list(records) == [{"id": 1, "text": "\udcff"}]


def test_a_file_that_lost_records_raises_an_error(tmp_path: Path) -> None:
    records = parts([b"1,a\n", b"2,b\n"], tmp_path)
    records.path.write_bytes(b"1,a\n")

    with pytest.raises(WarehouseError):
        list(records)
