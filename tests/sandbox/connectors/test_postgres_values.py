"""Values that lose something on most ways from PostgreSQL into a warehouse arrive as they are, or are rejected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from nasty_values import CASES, OUTSIDE, TYPES, make
from postgres_runs import Landing, contents, extracted, stream_of
from postgres_server import Database

from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse


@pytest.fixture(scope="module")
def landed(postgres_server: Any) -> Iterator[DuckDBWarehouse]:
    """The table, landed by the column in one schema and record by record in another."""
    with postgres_server.database() as database, DuckDBWarehouse(None) as warehouse:
        make(database)
        stream = stream_of(database, "nasty")
        (fast,) = Landing(warehouse, "fast")(extracted(database, stream))
        (slow,) = Landing(warehouse, "slow")(extracted(database, stream), by_record=True)
        assert (fast.by_column, slow.by_column) == (True, False)
        assert (fast.rows_loaded, fast.rows_rejected) == (slow.rows_loaded, slow.rows_rejected)
        yield warehouse


@pytest.mark.parametrize(
    ("number", "name", "arrives"),
    [
        pytest.param(number, name, arrives, id=f"{name} {given[:20]}")
        for number, (name, given, arrives) in enumerate(CASES)
    ],
)
def test_a_value_arrives_exactly(landed: DuckDBWarehouse, number: int, name: str, arrives: str | None) -> None:
    (found,) = landed.sql(f'SELECT "{name}"::VARCHAR AS found FROM fast.nasty WHERE id = {number}')["found"]

    assert (None if found != found else found) == arrives


@pytest.mark.parametrize(("name", "expected"), [(name, expected) for name, _, expected, _ in TYPES])
def test_a_column_has_the_type_that_the_documentation_implies(
    landed: DuckDBWarehouse, name: str, expected: str
) -> None:
    described = landed.sql("DESCRIBE fast.nasty").set_index("column_name")

    assert described.loc[name, "column_type"] == expected


def test_what_no_column_can_hold_is_rejected_with_the_reason_and_the_record(landed: DuckDBWarehouse) -> None:
    rejected = landed.table("fast._sdc_rejected")

    assert rejected["reason"].tolist() == [reason for _, _, reason in OUTSIDE]
    assert set(rejected["table_name"]) == {"nasty"}
    first = json.loads(rejected["record"][0])
    assert {name: value for name, value in first.items() if value is not None} == {
        "id": len(CASES),
        "moment": "infinity",
    }


def test_both_ways_give_identical_tables(landed: DuckDBWarehouse) -> None:
    fast, slow = contents(landed, "fast"), contents(landed, "slow")

    assert list(fast) == ["_sdc_rejected", "nasty"]
    assert fast["nasty"][0] == slow["nasty"][0]
    assert fast == slow


def test_arrays_become_subtables_record_by_record_and_keep_their_values(
    database: Database,
) -> None:
    database.run(
        "CREATE TABLE lists (id int PRIMARY KEY, numbers numeric[], texts text[], moments timestamptz[], deep int[])"
    )
    database.run(
        """INSERT INTO lists VALUES
           (1, '{1.50,NULL}', '{"a,b",NULL,"NULL",""}', '{2024-01-01 02:00+02}', '{{1,2},{3,4}}'),
           (2, NULL, '{}', NULL, NULL)"""
    )
    with DuckDBWarehouse(None) as warehouse:
        (result,) = Landing(warehouse, "shop")(extracted(database, stream_of(database, "lists")))

        assert result.by_record == "field numbers holds arrays"
        assert (result.rows_loaded, result.rows_rejected) == (2, 0)
        columns = "_sdc_source_key_id AS id, _sdc_level_0_id AS place, value"
        of = {
            name: warehouse.sql(f"SELECT {columns} FROM shop.lists__{name} ORDER BY ALL").astype(object)
            for name in ("numbers", "texts", "moments")
        }
        assert of["numbers"].to_numpy().tolist()[0] == [1, 0, Decimal("1.5000000000")]
        assert of["texts"]["value"].where(of["texts"]["value"].notna(), None).tolist() == ["a,b", None, "NULL", ""]
        assert str(of["moments"]["value"][0]) == "2024-01-01 00:00:00"
        deep = warehouse.sql("SELECT value FROM shop.lists__deep__value ORDER BY _sdc_level_0_id, _sdc_level_1_id")
        assert deep["value"].tolist() == [1, 2, 3, 4]
