"""Reading a PostgreSQL warehouse: SQL of its dialect, one dtype for every type, and what its errors say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from stitchnb.sandbox.pipeline import WarehouseError
from stitchnb.sandbox.warehouses.postgres import warehouse as module

pytestmark = pytest.mark.parametrize("kind", ["postgres"], indirect=True)


@pytest.mark.parametrize(
    ("expression", "dtype", "value"),
    [
        ("1::smallint", "Int64", 1),
        ("9223372036854775807", "Int64", 2**63 - 1),
        ("18446744073709551615", "object", Decimal(2**64 - 1)),
        ("1.5::real", "float64", 1.5),
        ("1.50::numeric(5, 2)", "object", Decimal("1.50")),
        ("true", "boolean", True),
        ("'x'", "str", "x"),
        ("'x'::varchar(3)", "str", "x"),
        ("'x'::name", "str", "x"),
        ("ARRAY[1, 2]", "object", [1, 2]),
        ("'{\"a\": 1}'::jsonb", "object", {"a": 1}),
    ],
)
@pytest.mark.parametrize("with_null", [False, True])
def test_every_type_has_one_dtype(warehouse: Any, expression: str, dtype: str, value: Any, with_null: bool) -> None:
    query = f"SELECT {expression} AS v" + (" UNION ALL SELECT NULL" if with_null else "")
    column = warehouse.sql(query)["v"]
    assert (str(column.dtype), column[0]) == (dtype, value)
    assert column.isna().tolist() == [False, True][: len(column)]
    empty = warehouse.sql(f"SELECT * FROM ({query}) AS found LIMIT 0")["v"]
    assert str(empty.dtype) == dtype


def test_times_come_in_utc(warehouse: Any) -> None:
    found = warehouse.sql("SELECT TIMESTAMPTZ '2026-01-01 00:00:00+02' AS v, DATE '2026-01-01' AS d")
    assert found.dtypes.astype(str).tolist() == ["datetime64[us, UTC]", "datetime64[us]"]
    assert [str(found["v"][0]), str(found["d"][0])] == ["2025-12-31 22:00:00+00:00", "2026-01-01 00:00:00"]


def test_repeated_column_names_get_numbers(warehouse: Any) -> None:
    assert list(warehouse.sql("SELECT 1 AS a, 2 AS a, 3 AS a_1")) == ["a", "a_1", "a_1_1"]


@pytest.mark.parametrize("query", ["", "-- nothing", "CREATE TABLE public.t (a int)"])
def test_no_answer_is_an_empty_frame(warehouse: Any, query: str) -> None:
    assert warehouse.sql(query).empty


def test_the_last_of_several_statements_answers_and_a_change_with_its_rows(load: Any, warehouse: Any) -> None:
    load([{"id": 1}, {"id": 2}])
    assert warehouse.sql("SELECT 1 AS a; UPDATE recurly.people SET id = id + 10")["Count"].tolist() == [2]
    assert warehouse.sql("SELECT 1; SELECT sum(id) % 100 AS total FROM recurly.people")["total"].tolist() == [23]


def test_a_query_that_fails_says_what_the_server_says(warehouse: Any) -> None:
    with pytest.raises(WarehouseError, match=r'^The query failed: ERROR:  relation "recurly.nothing" does not exist'):
        warehouse.sql("SELECT * FROM recurly.nothing")


def test_a_transaction_left_open_is_rolled_back(load: Any, warehouse: Any) -> None:
    load([{"id": 1}])
    warehouse.sql("BEGIN; DELETE FROM recurly.people")
    assert warehouse.table("recurly.people")["id"].tolist() == [1]


def test_tables_are_counted_as_of_one_moment(load: Any, warehouse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    load([{"id": 1, "tags": ["a"]}])
    count = module._count

    def then_load(*place: Any) -> int:
        found = count(*place)
        load([{"id": found + 1, "tags": ["a"]}])
        return found

    monkeypatch.setattr(module, "_count", then_load)
    assert warehouse.tables()["rows"].tolist() == [1, 1]
    monkeypatch.undo()
    assert warehouse.tables()["rows"].tolist() == [2, 2]


def test_text_is_ordered_by_its_characters_whatever_the_language(load: Any, warehouse: Any) -> None:
    load([{"id": text} for text in ("ä", "b", "B", "a", " c")])
    warehouse.sql('ALTER TABLE recurly.people ALTER COLUMN id TYPE text COLLATE "en-x-icu"')
    assert warehouse.table("recurly.people")["id"].tolist() == [" c", "B", "a", "b", "ä"]


def test_closing_lets_go_of_nothing_and_its_password_is_never_shown(load: Any, warehouse: Any) -> None:
    load([{"id": 1}])
    warehouse.close()
    assert warehouse.table("recurly.people")["id"].tolist() == [1]
    assert repr(warehouse) == (
        f"<PostgresWarehouse: database {warehouse.database.name} at 127.0.0.1:{warehouse.database.port}>"
    )
    assert warehouse.database.password not in repr(warehouse) + repr(warehouse.database)
