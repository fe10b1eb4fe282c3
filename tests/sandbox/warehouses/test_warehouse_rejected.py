"""Records that cannot be loaded: where they go, and that they hold up no others."""

from __future__ import annotations

import json
import logging
from decimal import Decimal
from typing import Any

import pytest

from stitchnb.sandbox.pipeline import LoadResult


@pytest.fixture
def rejected(warehouse: Any) -> Any:
    def read() -> list[list[str]]:
        columns = ["table_name", "reason", "record"]
        return warehouse.table("recurly._sdc_rejected", columns).to_numpy().tolist()

    return read


def test_a_rejected_record_is_counted_and_kept_with_its_reason(load: Any, warehouse: Any, rejected: Any) -> None:
    result = load([{"id": 1}, {"id": 2, "n": 2**63}, {"id": 3}])
    assert result == LoadResult("people", rows_loaded=2, rows_rejected=1)
    assert warehouse.table("recurly.people")["id"].tolist() == [1, 3]
    assert rejected() == [
        ["people", "9223372036854775808 is out of range for BIGINT", '{"id": 2, "n": 9223372036854775808}']
    ]
    frame = warehouse.table("recurly._sdc_rejected")
    assert frame.dtypes.astype(str).tolist() == ["datetime64[us]", "str", "str", "str"]
    assert str(frame["_sdc_rejected_at"][0]) == "2026-03-01 12:02:00.000005"


def test_there_is_no_table_of_rejected_records_before_the_first(load: Any, warehouse: Any) -> None:
    load([{"id": 1}])
    assert "_sdc_rejected" not in warehouse.tables()["table"].tolist()


def test_every_schema_has_its_own(load: Any, warehouse: Any) -> None:
    load([{"id": None}])
    load([{"id": None}], source="shop")
    assert warehouse.tables()[["schema", "table"]].to_numpy().tolist() == [
        ["recurly", "_sdc_rejected"],
        ["shop", "_sdc_rejected"],
    ]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"id": 1, "n": -(2**63) - 1}, "-9223372036854775809 is out of range for BIGINT"),
        ({"id": 1, "a": {"b": [{"c": 2**64}]}}, "18446744073709551616 is out of range for BIGINT"),
        ({"id": 1, "at": "2026-13-01T00:00:00Z"}, "'2026-13-01T00:00:00Z' is out of range for TIMESTAMP"),
        ({"id": 1, "t": "\ud800"}, r"The text '\ud800' is not valid Unicode"),
        ({"id": 1, "t": {1, 2}}, "A value of type set is not a JSON value"),
        ({"id": 1, "CustomerId": 1, "customerid": 2}, "Field collision on customerid"),
        ({"id": 1, "!c": 1, "c": 2}, "Field collision on c"),
        ({"id": 1, "a": {"b": 1}, "a__b": 2}, "Field collision on a__b"),
        ({"id": 1, "_sdc_sequence": 5}, "Field collision on _sdc_sequence"),
        ({"id": 1, "_SDC_Table_Version": 5}, "Field collision on _SDC_Table_Version"),
        ({"id": 1, "l": [{"_sdc_level_0_id": 5}]}, "Field collision on _sdc_level_0_id"),
        ({"id": 1, "l": [{"_sdc_source_key_id": 5}]}, "Field collision on _sdc_source_key_id"),
        ({"id": 1, **{f"c{n}": n for n in range(1595)}}, "Table people cannot have more than 1600 columns"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_record_is_rejected_and_leaves_no_trace(
    load: Any, warehouse: Any, data_columns: Any, rejected: Any, record: dict[str, Any], reason: str
) -> None:
    properties = {"at": {"format": "date-time"}, "price": {"type": "number", "multipleOf": 0.01}}
    result = load([record, {"id": 2, "name": "Bo"}], properties)
    assert (result.rows_loaded, result.rows_rejected) == (1, 1)
    assert [(table, why) for table, why, _ in rejected()] == [("people", reason)]
    assert list(data_columns("recurly.people")) == ["id", "name"]
    assert warehouse.tables()["table"].tolist() == ["_sdc_rejected", "people"]


def test_what_a_rejected_record_claimed_is_free_for_the_next(
    load: Any, warehouse: Any, data_columns: Any, decimal: Any
) -> None:
    records = [
        {"id": 1, "Name": "x", "n": 1, "price": Decimal("0.12345"), "tags": [{"V": 1}], "bad": 2**64},
        {"id": 2, "name": "y", "n": 1.5, "price": Decimal("0.5"), "tags": [{"v": "z"}]},
    ]
    assert load(records, {"price": {"type": "number", "multipleOf": 0.1}}).rows_rejected == 1
    assert data_columns("recurly.people") == {
        "id": "BIGINT",
        "name": "VARCHAR",
        "n": "DOUBLE",
        "price": decimal(1),
    }
    assert warehouse.table("recurly.people__tags")["v"].tolist() == ["z"]


def test_1600_columns_are_allowed(load: Any, warehouse: Any) -> None:
    # In several rows: a database may hold 1600 columns and yet no row in which all of them are filled.
    for start in range(0, 1594, 200):
        assert load([{"id": 1, **{f"c{n}": n for n in range(start, min(start + 200, 1594))}}]).rows_loaded == 1
    assert warehouse.tables()["columns"].tolist() == [1600]
    assert load([{"id": 2, "one_more": 1}, {"id": 3, "c0": 1}]).rows_rejected == 1


@pytest.mark.parametrize("name", ["n" * 64, "é" * 32, "123", "!!!"])
def test_a_column_that_can_have_no_name_is_left_out_and_the_others_load(
    load: Any, warehouse: Any, data_columns: Any, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    with caplog.at_level(logging.WARNING):
        assert load([{"id": 1, name: "x", "fine": 1}]).rows_rejected == 0
    assert list(data_columns("recurly.people")) == ["id", "fine"]
    assert [record.getMessage() for record in caplog.records] == [
        f"Field {name} of recurly.people is not loaded: its column name would be empty or longer than 63 bytes"
    ]


def test_a_name_of_63_bytes_is_short_enough(load: Any, data_columns: Any) -> None:
    load([{"id": 1, "n" * 63: "x"}])
    assert list(data_columns("recurly.people")) == ["id", "n" * 63]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("t" * 64, f"Table name {'t' * 64} is longer than 63 bytes"),
        ("123", "No valid table name is left of 123"),
        ("_sdc_rejected", "Table collision on _sdc_rejected"),
        ("People", "Table collision on People"),
        ("orders__items", "Table collision on orders__items"),
    ],
    ids=["too long", "empty", "reserved", "another stream's", "a subtable's"],
)
def test_a_table_that_can_have_no_name_rejects_its_data(load: Any, rejected: Any, table: str, reason: str) -> None:
    load([{"id": 1}])
    load([{"id": 1, "items": [1]}], table="orders")
    assert load([{"id": 1}, {"id": 2}], table=table) == LoadResult(table, rows_loaded=0, rows_rejected=2)
    assert rejected() == [[table, reason, '{"id": 1}'], [table, reason, '{"id": 2}']]


def test_the_raw_record_is_kept_readable(load: Any, rejected: Any) -> None:
    record = {"id": None, "text": 'a "b"\n\U0001f600\x00', "half": "\ud83d", "n": 10**30, "nested": {"a": [1, None]}}
    load([record])
    ((_, _, kept),) = rejected()
    assert json.loads(kept) == record


def test_a_collision_with_a_column_of_an_earlier_batch(load: Any, rejected: Any) -> None:
    load([{"id": 1, "CustomerId": 1}])
    assert load([{"id": 2, "customerid": 2}, {"id": 3, "CustomerId": 3}]).rows_rejected == 1
    assert [why for _, why, _ in rejected()] == ["Field collision on customerid"]


def test_null_never_collides(load: Any) -> None:
    assert load([{"id": 1, "CustomerId": 1, "customerid": None}]).rows_rejected == 0
