"""Files of CSV are taken in by the column, and give what their records give one by one; where not, they are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from warehouse_loads import BATCHED, EXTRACTED, FIRST_SEQUENCE, RECEIVED

from stitchnb.sandbox.connectors.csv_records import CsvColumn, CsvRecords
from stitchnb.sandbox.pipeline import Batch, LoadBatch, LoadResult, SelectedStream
from stitchnb.sandbox.warehouses.duckdb import warehouse as module
from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse

INTEGER = {"type": ["null", "integer"]}
TEXT = {"type": ["null", "string"]}
MONEY = {"type": ["null", "number"], "multipleOf": 0.01}
FREE = {"type": ["null", "number"], "multipleOf": 1e-38}
TIME = {"type": ["null", "string"], "format": "date-time"}

ID, NAME = CsvColumn("id", "integer"), CsvColumn("name", "text")
PROPERTIES = {"id": INTEGER, "name": TEXT}


@dataclass
class Pair:
    """Two warehouses that get the same: one in files, one record by record."""

    folder: Path
    fast: DuckDBWarehouse
    slow: DuckDBWarehouse
    sequence: int = FIRST_SEQUENCE
    files: int = 0
    last: LoadResult | None = field(default=None)

    def load(
        self,
        text: str,
        columns: Sequence[CsvColumn] = (ID, NAME),
        properties: dict[str, Any] | None = None,
        *,
        key: Sequence[str] = ("id",),
        version: int = 1,
        first: int | None = None,
    ) -> LoadResult:
        """Load lines into both, see that they are the same, and give the result of the file."""
        self.files += 1
        path = self.folder / f"{self.files}.csv"
        path.write_text(text, "utf-8", newline="")
        unread = CsvRecords(path, tuple(columns), 0, {}, {}, len(text))
        size = sum(1 for _ in Lines(unread))
        records = replace(unread, size=size)
        stream = SelectedStream("people", "people", {"properties": properties or PROPERTIES}, tuple(key))
        sequence = self.sequence if first is None else first
        given = [Batch(stream, records, EXTRACTED), Batch(stream, list(records), EXTRACTED)]
        loads = [LoadBatch("crm", "people", batch, sequence, RECEIVED, BATCHED, version) for batch in given]
        fast, slow = self.fast.load(loads[0]), self.slow.load(loads[1])
        self.sequence += size
        assert (fast.table, fast.rows_loaded, fast.rows_rejected) == (slow.table, slow.rows_loaded, slow.rows_rejected)
        assert everything(self.fast) == everything(self.slow)
        return fast


class Lines:
    """Counts records without knowing beforehand how many there are."""

    def __init__(self, records: CsvRecords) -> None:
        self._records = records

    def __iter__(self) -> Iterator[Any]:
        from stitchnb.sandbox.connectors.csv_records import parse_records

        return parse_records([self._records.path.read_text("utf-8")], self._records.columns)


def everything(warehouse: DuckDBWarehouse) -> dict[str, Any]:
    """Columns, types and keys of every table, and its rows in the order of their sequence."""
    found: dict[str, Any] = {}
    for table in warehouse.tables()["table"]:
        order = "ALL" if table == "_sdc_rejected" else "_sdc_sequence"
        rows = warehouse.sql(f"SELECT COLUMNS(*)::VARCHAR FROM crm.{table} ORDER BY {order}")
        described = warehouse.sql(f"DESCRIBE crm.{table}").astype(str).to_numpy().tolist()
        found[table] = described, rows.astype(object).where(rows.notna(), None).to_numpy().tolist()
    return found


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with DuckDBWarehouse(None) as fast, DuckDBWarehouse(None) as slow:
        yield Pair(tmp_path, fast, slow)


def names(pair: Pair) -> list[Any]:
    return pair.fast.table("crm.people")["name"].tolist()


def test_null_and_empty_text_are_two_things(pair: Pair) -> None:
    result = pair.load('1,\n2,""\n')

    assert result.by_column
    assert pair.fast.sql("SELECT name IS NULL AS empty FROM crm.people ORDER BY id")["empty"].tolist() == [True, False]


def test_columns_come_in_the_order_in_which_records_bring_values(pair: Pair) -> None:
    columns = [ID, CsvColumn("late", "text"), CsvColumn("never", "text"), CsvColumn("early", "text")]
    properties = {column.name: TEXT for column in columns} | {"id": INTEGER}

    assert pair.load("1,,,a\n2,b,,c\n", columns, properties).by_column

    found = [name for name in pair.fast.table("crm.people").columns if not name.startswith("_sdc_")]
    assert found == ["id", "early", "late"]


def test_rows_are_upserted_by_key(pair: Pair) -> None:
    pair.load("1,one\n2,two\n")

    assert pair.load("2,zwei\n3,drei\n").by_column

    assert names(pair) == ["one", "zwei", "drei"]


def test_of_two_rows_with_one_key_the_later_wins(pair: Pair) -> None:
    result = pair.load("1,first\n2,other\n1,second\n")

    assert (result.by_column, result.rows_loaded) == (True, 3)
    assert names(pair) == ["second", "other"]


def test_a_row_that_the_table_has_with_a_higher_sequence_stays(pair: Pair) -> None:
    pair.load("1,new\n", first=FIRST_SEQUENCE + 100)

    pair.load("1,old\n", first=FIRST_SEQUENCE)

    assert names(pair) == ["new"]


def test_without_a_key_rows_are_appended(pair: Pair) -> None:
    pair.load("1,one\n", key=())

    assert pair.load("1,one\n", key=()).by_column

    assert names(pair) == ["one", "one"]


def test_a_new_version_replaces_the_rows(pair: Pair) -> None:
    pair.load("1,one\n2,two\n")

    assert pair.load("3,three\n", version=2).by_column

    assert names(pair) == ["three"]


def test_a_row_without_a_key_is_rejected(pair: Pair) -> None:
    result = pair.load("1,one\n,two\n")

    assert (result.by_column, result.rows_loaded, result.rows_rejected) == (True, 1, 1)
    assert pair.fast.table("crm._sdc_rejected")["reason"].tolist() == ["Record is missing key property id"]


def test_new_columns_are_added_and_missing_ones_get_nulls(pair: Pair) -> None:
    pair.load("1,one\n")
    more = [ID, CsvColumn("age", "integer")]

    assert pair.load("2,7\n", more, {"id": INTEGER, "age": INTEGER}).by_column

    assert pair.fast.table("crm.people")["age"].fillna(-1).tolist() == [-1, 7]


@pytest.mark.parametrize(
    ("schema", "column", "texts", "expected"),
    [
        pytest.param(MONEY, CsvColumn("n", "decimal", 9, 2), ["1.50", "2.25"], "DECIMAL(38,2)", id="as declared"),
        pytest.param(FREE, CsvColumn("n", "decimal"), ["1.5", "0.1234"], "DECIMAL(38,10)", id="unlimited, few digits"),
        pytest.param(FREE, CsvColumn("n", "decimal"), ["1", "0.123456789012"], "DECIMAL(38,12)", id="unlimited, many"),
        pytest.param(FREE, CsvColumn("n", "decimal"), ["-" + "9" * 28, "0.5"], "DECIMAL(38,10)", id="wide"),
        pytest.param(MONEY, CsvColumn("n", "decimal", 9, 4), ["1.50", "2.2512"], "DECIMAL(38,4)", id="finer than said"),
    ],
)
def test_a_decimal_column_gets_the_digits_that_its_values_need(
    pair: Pair, schema: Any, column: CsvColumn, texts: list[str], expected: str
) -> None:
    for number, text in enumerate(texts):
        assert pair.load(f"{number},{text}\n", [ID, column], {"id": INTEGER, "n": schema}).by_column

    described = pair.fast.sql("DESCRIBE crm.people").set_index("column_name")
    assert described.loc["n", "column_type"] == expected


@pytest.mark.parametrize(
    ("text", "columns", "properties", "why"),
    [
        ("1,[1]\n", (ID, CsvColumn("x", "array", items="integer")), {"x": {"type": "array"}}, "field x holds arrays"),
        ("1,5\n", (ID, CsvColumn("x", "integer")), {"x": MONEY | {"type": "number"}}, "field x has values of several"),
        ("1,a\n", (ID, CsvColumn("x", "text")), {"x": TIME}, "field x has values of several types"),
        ("1,2.5\n", (ID, CsvColumn("x", "decimal")), {"x": {"type": "number"}}, "field x has values of several types"),
        ("1,a\n", (ID, CsvColumn("123", "text")), {"123": TEXT}, "field 123 has no valid column name"),
        ("1,a,b\n", (ID, CsvColumn("x", "text"), CsvColumn("X", "text")), {"x": TEXT, "X": TEXT}, "Field collision"),
        (f"1,{'9' * 30}.5\n2,0.{'1' * 20}\n", (ID, CsvColumn("x", "decimal")), {"x": FREE}, "is out of range"),
        (",a\n", (ID, CsvColumn("x", "text")), {"x": TEXT}, "no record can be cast"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_what_needs_a_look_at_each_record_gets_it_and_says_why(
    pair: Pair, text: str, columns: Sequence[CsvColumn], properties: dict[str, Any], why: str
) -> None:
    result = pair.load(text, columns, {"id": INTEGER, **properties})

    assert not result.by_column
    assert why in str(result.by_record)


def test_a_column_whose_values_turn_to_another_type_is_split_record_by_record(pair: Pair) -> None:
    numbers = CsvColumn("name", "integer")
    pair.load("1,5\n", [ID, numbers], {"id": INTEGER, "name": INTEGER})

    result = pair.load("2,five\n")
    again = pair.load("3,six\n")

    assert result.by_record == "field name has values of several types"
    assert again.by_column, "the column for this type is there by now"
    assert pair.fast.table("crm.people")["name__st"].fillna("").tolist() == ["", "five", "six"]


def test_a_file_that_does_not_hold_what_was_written_is_loaded_not_at_all(pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / "cut.csv"
    path.write_text("1,one\n")
    records = CsvRecords(path, (ID, NAME), 2, {}, {}, 6)
    batch = Batch(SelectedStream("people", "people", {"properties": PROPERTIES}, ("id",)), records, EXTRACTED)

    with pytest.raises(module.WarehouseError, match="Only 1 of 2 extracted rows were read"):
        pair.fast.load(LoadBatch("crm", "people", batch, 1, RECEIVED, BATCHED, 1))

    assert len(pair.fast.tables()) == 0


def test_bytes_that_are_no_text_reject_their_record_alone(pair: Pair, tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(b"1,one\n2,\xe9\n")
    records = CsvRecords(path, (ID, NAME), 2, {}, {}, 6)
    batch = Batch(SelectedStream("people", "people", {"properties": PROPERTIES}, ("id",)), records, EXTRACTED)

    result = pair.fast.load(LoadBatch("crm", "people", batch, 1, RECEIVED, BATCHED, 1))

    assert (result.rows_loaded, result.rows_rejected, result.by_column) == (1, 1, False)
    assert names(pair) == ["one"]


def test_records_can_be_had_one_by_one_or_in_slices(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text("1,a\n2,b\n3,c\n")
    records = CsvRecords(path, (ID, NAME), 3, {}, {}, 4)

    assert (len(records), records[0], records[-1]) == (3, {"id": 1, "name": "a"}, {"id": 3, "name": "c"})
    assert records[1:] == [{"id": 2, "name": "b"}, {"id": 3, "name": "c"}]
    with pytest.raises(IndexError):
        records[3]


def test_a_file_warehouse_takes_more_memory_for_loads_only_when_it_must(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOAD_MIB", 1)
    lines = "".join(f"{number},name {number}\n" for number in range(50_000))
    path = tmp_path / "many.csv"
    path.write_text(lines)
    records = CsvRecords(path, (ID, NAME), 50_000, {}, {}, 20)
    batch = Batch(SelectedStream("people", "people", {"properties": PROPERTIES}, ("id",)), records, EXTRACTED)
    limit: Callable[[], str] = lambda: str(warehouse.sql("SELECT current_setting('memory_limit') AS it")["it"][0])  # noqa: E731

    with DuckDBWarehouse(tmp_path / "warehouse.duckdb") as warehouse:
        before = limit()
        result = warehouse.load(LoadBatch("crm", "people", batch, 1, RECEIVED, BATCHED, 1))

        assert (result.rows_loaded, limit()) == (50_000, before)
        assert len(warehouse.table("crm.people")) == 50_000
