"""Reading a warehouse: its tables, one table, SQL, and what is left once it is closed."""

from __future__ import annotations

import gc
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pipeline_messages as messages
import pytest
from warehouse_loads import Loads

from stitchnb.sandbox.pipeline import Warehouse, WarehouseError
from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse


class TestTables:
    def test_none_keeps_the_columns(self, warehouse: Any) -> None:
        assert warehouse.tables().dtypes.astype(str).to_dict() == {
            "schema": "str",
            "table": "str",
            "rows": "int64",
            "columns": "int64",
        }
        assert warehouse.tables().empty

    def test_one_row_per_table_sorted_with_counts(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1}], source="shop", table="orders")
        load([{"id": 1, "tags": ["a", "b"]}, {"id": None}], table="people")
        load([{"id": 1}], table="accounts")
        assert warehouse.tables().to_numpy().tolist() == [
            ["recurly", "_sdc_rejected", 1, 4],
            ["recurly", "accounts", 1, 6],
            ["recurly", "people", 1, 6],
            ["recurly", "people__tags", 2, 7],
            ["shop", "orders", 1, 6],
        ]
        assert warehouse.tables().dtypes.astype(str).tolist() == ["str", "str", "int64", "int64"]


class TestTable:
    def test_rows_are_ordered_by_the_primary_key(self, load: Any, warehouse: Any) -> None:
        load([{"a": 2, "b": "x"}, {"a": 1, "b": "z"}, {"a": 1, "b": "y"}], key=("a", "b"))
        load([{"a": 1, "b": "a"}], key=("a", "b"))
        assert warehouse.table("recurly.people", ["b"])["b"].tolist() == ["a", "y", "z", "x"]

    def test_without_a_key_by_sequence(self, load: Any, warehouse: Any) -> None:
        load([{"n": 3}, {"n": 1}], key=(), first=200)
        load([{"n": 2}], key=(), first=100)
        assert warehouse.table("recurly.people")["n"].tolist() == [2, 3, 1]

    def test_a_subtable_by_source_key_and_position(self, load: Any, warehouse: Any) -> None:
        load([{"id": 2, "g": [[1], [2, 3]]}, {"id": 1, "g": [[4]]}])
        assert warehouse.table("recurly.people__g__value")["value"].tolist() == [4, 1, 2, 3]

    def test_columns_come_in_the_order_asked_for(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1, "a": 1, "b": 2}])
        assert list(warehouse.table("recurly.people", ["b", "id"])) == ["b", "id"]
        assert list(warehouse.table("RECURLY.People", ["B"])) == ["b"]

    def test_an_emptied_table_keeps_columns_and_dtypes(self, load: Any, warehouse: Any) -> None:
        record = {"id": 1, "f": 1.5, "t": "x", "o": True, "d": Decimal("1.5"), "at": "2026-01-01T00:00:00Z"}
        load([record], {"at": {"format": "date-time"}})
        full = warehouse.table("recurly.people")
        load([], version=2)
        empty = warehouse.table("recurly.people")
        assert empty.empty
        assert empty.dtypes.to_dict() == full.dtypes.to_dict()
        assert empty.dtypes.astype(str).tolist()[:6] == [
            "Int64",
            "float64",
            "str",
            "boolean",
            "object",
            "datetime64[us]",
        ]

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("recurly.peopel", r"There is no table recurly\.peopel\. Did you mean recurly\.people\?"),
            ("people", r"There is no table people\. Did you mean recurly\.people\?"),
            ("xyz", r"There is no table xyz\. It can be one of: recurly\.orders, recurly\.people"),
            ("_stitchnb.columns", r"There is no table _stitchnb\.columns\."),
        ],
    )
    def test_an_unknown_table_is_named_with_the_near_ones(
        self, load: Any, warehouse: Any, name: str, message: str
    ) -> None:
        with pytest.raises(WarehouseError, match=r"There is no table recurly\.people\. Nothing is loaded yet"):
            warehouse.table("recurly.people")
        load([{"id": 1}])
        load([{"id": 1}], table="orders")
        with pytest.raises(WarehouseError, match=message):
            warehouse.table(name)

    def test_an_unknown_column_is_named_with_the_near_ones(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1, "email": "x"}])
        with pytest.raises(WarehouseError, match=r"Table recurly\.people has no column emial\. Did you mean email"):
            warehouse.table("recurly.people", ["emial"])


@pytest.mark.parametrize("kind", ["duckdb"], indirect=True)
class TestSQL:
    def test_a_query_may_name_tables_by_schema(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1, "n": 2}, {"id": 2, "n": 3}])
        frame = warehouse.sql("SELECT sum(n) AS total, count(*) AS n FROM recurly.people;  -- all")
        assert frame.to_dict("list") == {"total": [5], "n": [2]}
        assert frame.dtypes.astype(str).tolist() == ["Int64", "Int64"]

    @pytest.mark.parametrize(
        ("expression", "dtype", "value"),
        [
            ("1::TINYINT", "Int64", 1),
            ("18446744073709551615::UBIGINT", "UInt64", 2**64 - 1),
            ("1::HUGEINT", "Int64", 1),
            ("170141183460469231731687303715884105727::HUGEINT", "object", 2**127 - 1),
            ("1.5::FLOAT", "float64", 1.5),
            ("1.50::DECIMAL(5,2)", "object", Decimal("1.50")),
            ("'x'", "str", "x"),
            ("'a'::ENUM('a')", "str", "a"),
            ("[1, 2]", "object", [1, 2]),
            ("{'a': 1}", "object", {"a": 1}),
        ],
    )
    @pytest.mark.parametrize("with_null", [False, True])
    def test_every_type_has_one_dtype(
        self, warehouse: Any, expression: str, dtype: str, value: Any, with_null: bool
    ) -> None:
        query = f"SELECT {expression} AS v" + (" UNION ALL SELECT NULL" if with_null else "")
        column = warehouse.sql(f"SELECT v FROM ({query}) ORDER BY v NULLS LAST")["v"]
        first = list(column[0]) if isinstance(value, list) else column[0]
        assert (str(column.dtype), first) == (dtype, value)
        assert column.isna().tolist() == [False, True][: len(column)]

    def test_timestamps_with_a_zone_come_in_utc(self, warehouse: Any) -> None:
        column = warehouse.sql("SELECT TIMESTAMPTZ '2026-01-01 00:00:00+02' AS v, DATE '2026-01-01' AS d")
        assert column.dtypes.astype(str).tolist() == ["datetime64[us, UTC]", "datetime64[us]"]
        assert str(column["v"][0]) == "2025-12-31 22:00:00+00:00"

    def test_repeated_column_names_get_numbers(self, warehouse: Any) -> None:
        assert list(warehouse.sql("SELECT 1 AS a, 2 AS a, 3 AS a_1, 1.5 AS a")) == ["a", "a_1", "a_1_1", "a_2"]

    @pytest.mark.parametrize("query", ["", "-- nothing"])
    def test_no_statement_is_an_empty_answer(self, warehouse: Any, query: str) -> None:
        assert warehouse.sql(query).empty

    @pytest.mark.parametrize("query", ["SELECT FROM", "FROM recurly.nothing", "SELECT 'x'::INTEGER"])
    def test_a_query_that_fails_says_what_duckdb_says(self, warehouse: Any, query: str) -> None:
        with pytest.raises(WarehouseError, match=r"The query failed: .*Error"):
            warehouse.sql(query)

    def test_a_transaction_left_open_is_rolled_back(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1}])
        warehouse.sql("BEGIN; DELETE FROM recurly.people")
        assert load([{"id": 2}]).rows_loaded == 1
        assert warehouse.table("recurly.people")["id"].tolist() == [1, 2]

    def test_what_a_query_sets_ends_with_it(self, load: Any, warehouse: Any) -> None:
        warehouse.sql("CREATE SCHEMA other; USE other; CREATE TEMP TABLE stitchnb_staged AS SELECT 1 AS a")
        assert load([{"id": 1, "tags": ["a"]}]).rows_loaded == 1
        assert warehouse.sql("FROM recurly.people").shape == (1, 6)


class TestFiles:
    def test_a_file_keeps_everything(self, tmp_path: Path) -> None:
        path = tmp_path / "it's here.duckdb"
        with DuckDBWarehouse(path) as warehouse:
            Loads(warehouse)([{"id": 1, "age": 15, "tags": ["a"]}, {"id": 2, "age": 16.0}, {"id": None}], first=100)
        with DuckDBWarehouse(path) as warehouse:
            load = Loads(warehouse)
            assert load([{"id": 1, "age": 17.0}, {"id": 3, "Age": 1}], first=200).rows_rejected == 1
            load([{"id": 2, "age": 1}], first=50)
            assert warehouse.table("recurly.people", ["id", "age__bi", "age__do"]).fillna(0).to_numpy().tolist() == [
                [1, 0, 17.0],
                [2, 0, 16.0],
            ]
            assert warehouse.table("recurly.people__tags").empty
            load([{"id": 9}], version=2)
            assert warehouse.table("recurly.people")["id"].tolist() == [9]
        assert [file.name for file in tmp_path.iterdir()] == ["it's here.duckdb"]

    def test_a_warehouse_in_memory_leaves_no_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with DuckDBWarehouse(None) as warehouse:
            Loads(warehouse)([{"id": n, "t": "x" * 100} for n in range(1000)])
            assert warehouse.sql("SELECT current_setting('temp_directory') AS d")["d"].tolist() == [""]
        assert list(tmp_path.iterdir()) == []

    def test_a_file_named_like_a_source_is_no_trouble(self, tmp_path: Path) -> None:
        with DuckDBWarehouse(tmp_path / "recurly.duckdb") as warehouse:
            Loads(warehouse)([{"id": 1}])
            assert warehouse.sql("FROM recurly.people")["id"].tolist() == [1]

    def test_a_file_in_use_by_another_process_is_said_to_be(self, tmp_path: Path) -> None:
        path = tmp_path / "warehouse.duckdb"
        program = (
            "import sys; from pathlib import Path\n"
            "from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse\n"
            "warehouse = DuckDBWarehouse(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == "open\n"
            with pytest.raises(WarehouseError, match=rf"warehouse\.duckdb {messages.FILE_IN_USE}. Close the other"):
                DuckDBWarehouse(path)
            other.communicate()
        DuckDBWarehouse(path).close()

    def test_a_file_open_twice_in_one_process_is_said_to_be(self, tmp_path: Path) -> None:
        path = tmp_path / "warehouse.duckdb"
        with DuckDBWarehouse(path), pytest.raises(WarehouseError, match="already open in this process"):
            DuckDBWarehouse(path)

    @pytest.mark.parametrize("name", ["text.duckdb", "missing/folder.duckdb", "."])
    def test_what_is_no_database_cannot_be_opened(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "text.duckdb").write_text("not a database" * 1000)
        with pytest.raises(WarehouseError, match="could not be opened"):
            DuckDBWarehouse(tmp_path / name)


class TestClosing:
    @pytest.mark.parametrize("kind", ["duckdb"], indirect=True)
    def test_closing_twice_does_no_harm_and_reading_afterwards_says_why(self, load: Any, warehouse: Any) -> None:
        warehouse.close()
        warehouse.close()
        for use in (
            warehouse.tables,
            lambda: warehouse.sql("SELECT 1"),
            lambda: warehouse.table("a.b"),
            lambda: load([]),
        ):
            with pytest.raises(WarehouseError, match="The warehouse is closed"):
                use()

    def test_the_repr_tells_the_state(self, tmp_path: Path) -> None:
        warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
        assert repr(warehouse) == "<DuckDBWarehouse: w.duckdb>"
        warehouse.close()
        assert repr(warehouse) == "<DuckDBWarehouse: closed>"
        with DuckDBWarehouse(None) as warehouse:
            assert repr(warehouse) == "<DuckDBWarehouse: in memory>"


def test_the_warehouse_keeps_the_engine_s_promise(warehouse: Any) -> None:
    promised: Warehouse = warehouse
    assert promised is warehouse


def test_a_load_keeps_no_hold_on_its_records(load: Any) -> None:
    class Text(str):
        __slots__ = ("__weakref__",)

    import weakref

    text = Text("x")
    seen = weakref.ref(text)
    load([{"id": 1, "v": text}])
    del text
    gc.collect()
    assert seen() is None
