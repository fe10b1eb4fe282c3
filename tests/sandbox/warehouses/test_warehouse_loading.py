"""Where rows land, the columns that a load adds, and what the next load does to the rows that are there."""

from __future__ import annotations

from typing import Any

import pipeline_messages as messages
import pytest

from stitchnb.sandbox.pipeline import LoadResult, WarehouseError

STAMPS = ["_sdc_extracted_at", "_sdc_received_at", "_sdc_batched_at", "_sdc_sequence", "_sdc_table_version"]


def test_a_stream_lands_in_a_table_of_its_source_s_schema(load: Any, warehouse: Any) -> None:
    assert load([{"id": 1}], table="accounts") == LoadResult("accounts", rows_loaded=1, rows_rejected=0)
    load([{"id": 1}], table="accounts", source="shop$2")
    assert warehouse.tables()[["schema", "table"]].values.tolist() == [["recurly", "accounts"], ["shop$2", "accounts"]]


def test_a_stream_s_name_is_made_valid(load: Any, warehouse: Any) -> None:
    assert load([{"id": 1}], table="1st orders!").table == "st orders"
    assert warehouse.table("recurly.st orders")["id"].tolist() == [1]


def test_a_column_appears_once_a_record_has_a_value_and_at_the_end(load: Any, data_columns: Any) -> None:
    load([{"id": 1, "email": None, "name": "Ada"}])
    assert list(data_columns("recurly.people")) == ["id", "name"]
    load([{"id": 2, "email": "bo@example.com", "name": "Bo"}])
    assert list(data_columns("recurly.people")) == ["id", "name", "email"]


def test_columns_stand_in_order_of_arrival_and_the_loader_s_own_after_the_first_batch(
    load: Any, warehouse: Any
) -> None:
    load([{"b": 1, "id": 1}, {"a": 1, "id": 2}])
    load([{"id": 3, "c": 1}])
    assert list(warehouse.table("recurly.people")) == ["b", "id", "a", *STAMPS, "c"]


def test_a_table_whose_every_column_is_null_is_not_created(load: Any, warehouse: Any) -> None:
    assert load([{"a": None}, {}], key=()) == LoadResult("people", rows_loaded=2, rows_rejected=0)
    assert load([], key=()) == LoadResult("people", rows_loaded=0, rows_rejected=0)
    assert warehouse.tables().empty


def test_an_empty_record_is_a_row_once_the_table_is_there(load: Any, warehouse: Any, values: Any) -> None:
    load([{"a": None}, {"a": 1}, {}], key=())
    load([{}], key=())
    assert values(warehouse.table("recurly.people", ["a"])) == [(None,), (1,), (None,), (None,)]


def test_a_column_dropped_at_the_source_stays_and_gets_nulls(load: Any, warehouse: Any, values: Any) -> None:
    load([{"id": 1, "name": "Ada"}])
    load([{"id": 2}])
    assert values(warehouse.table("recurly.people", ["id", "name"])) == [(1, "Ada"), (2, None)]


def test_the_loader_stamps_every_row(load: Any, warehouse: Any, values: Any) -> None:
    load([{"id": 1}, {"id": 2}], version=7)
    frame = warehouse.table("recurly.people", STAMPS)
    assert frame.dtypes.astype(str).tolist() == ["datetime64[us]"] * 3 + ["Int64"] * 2
    assert [[str(value) for value in row] for row in values(frame)] == [
        ["2026-03-01 12:00:00", "2026-03-01 12:00:01", "2026-03-01 12:02:00.000005", str(1772366400000000000 + n), "7"]
        for n in range(2)
    ]


def test_stamps_of_another_zone_are_converted_to_utc(warehouse: Any) -> None:
    from datetime import datetime, timedelta, timezone

    from stitchnb.sandbox.pipeline import Batch, LoadBatch, SelectedStream

    moment = datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    batch = Batch(SelectedStream("t", "t", {}), [{"a": 1}], moment)
    warehouse.load(LoadBatch("s", "t", batch, 1, moment, moment, 1))
    assert warehouse.sql("SELECT DISTINCT _sdc_extracted_at::VARCHAR AS at FROM s.t")["at"].tolist() == [
        "2026-03-01 12:00:00"
    ]


def test_columns_that_a_source_fills_itself_are_ordinary_ones(load: Any, data_columns: Any, warehouse: Any) -> None:
    record = {"__sdc_primary_key": "0c5d", "_sdc_deleted_at": "2026-01-01T01:00:00+01:00"}
    load([record, record], {"_sdc_deleted_at": {"type": ["null", "date-time"]}}, key=("__sdc_primary_key",))
    frame = warehouse.table("recurly.people")
    assert list(frame)[:2] == ["__sdc_primary_key", "_sdc_deleted_at"]
    assert frame["_sdc_deleted_at"].astype("str").tolist() == ["2026-01-01"]
    assert list(data_columns("recurly.people")) == ["__sdc_primary_key"]


class TestWithAPrimaryKey:
    def test_the_table_has_the_constraint_and_the_key_is_not_null(self, load: Any, warehouse: Any, facts: Any) -> None:
        load([{"region": "eu", "id": 1}], key=("id", "region"))
        assert sorted(facts.key("recurly.people")) == ["id", "region"]
        with pytest.raises(WarehouseError, match=r"(?i)not[ -]null"):
            warehouse.sql("INSERT INTO recurly.people (id) VALUES (2)")

    def test_a_row_with_a_known_key_replaces_the_old_one_whole(self, load: Any, warehouse: Any, values: Any) -> None:
        load([{"id": 1, "name": "Ada", "city": "Ulm"}, {"id": 2, "name": "Bo"}])
        load([{"id": 1, "name": "Ada L."}])
        frame = warehouse.table("recurly.people", ["id", "name", "city"])
        assert values(frame) == [(1, "Ada L.", None), (2, "Bo", None)]

    def test_every_column_of_the_key_counts(self, load: Any, warehouse: Any, values: Any) -> None:
        load([{"r": "eu", "id": 1, "n": 1}, {"r": "us", "id": 1, "n": 2}], key=("r", "id"))
        load([{"r": "us", "id": 1, "n": 3}], key=("r", "id"))
        assert values(warehouse.table("recurly.people", ["r", "id", "n"])) == [("eu", 1, 1), ("us", 1, 3)]

    def test_the_last_of_several_within_one_batch_wins(self, load: Any, warehouse: Any, values: Any) -> None:
        result = load([{"id": 1, "n": 1}, {"id": 2, "n": 2}, {"id": 1, "n": 3}])
        assert result == LoadResult("people", rows_loaded=3, rows_rejected=0)
        assert values(warehouse.table("recurly.people", ["id", "n"])) == [(1, 3), (2, 2)]

    def test_the_highest_sequence_wins_whenever_it_comes(self, load: Any, warehouse: Any, values: Any) -> None:
        load([{"id": 1, "n": "new"}], first=200)
        assert load([{"id": 1, "n": "old"}, {"id": 2, "n": "new"}], first=100).rows_loaded == 2
        assert values(warehouse.table("recurly.people", ["id", "n"])) == [(1, "new"), (2, "new")]

    def test_the_same_batch_again_changes_nothing(self, load: Any, warehouse: Any) -> None:
        records = [{"id": 1, "tags": ["a", "b"]}, {"id": 2, "tags": ["c"]}]
        load(records, first=100)
        before = [warehouse.table(name).to_dict() for name in ("recurly.people", "recurly.people__tags")]
        load(records, first=100)
        assert [warehouse.table(name).to_dict() for name in ("recurly.people", "recurly.people__tags")] == before

    @pytest.mark.parametrize(
        ("keys", "schema", "reason"),
        [
            (["a", "A", "ä", " a", ""], {}, "text is compared as it is"),
            (["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"], {"format": "date-time"}, "moments"),
            ([0.1, 0.2, 1e300], {}, "floating-point numbers"),
            ([1.1, 1.11, 100], {"type": "number", "multipleOf": 0.01}, "decimals"),
            ([True, False], {}, "booleans"),
        ],
    )
    def test_any_scalar_may_be_a_key(
        self, load: Any, warehouse: Any, keys: list[Any], schema: dict[str, Any], reason: str
    ) -> None:
        for n in range(2):
            load([{"id": key, "n": n} for key in keys], {"id": schema})
        assert warehouse.table("recurly.people")["n"].tolist() == [1] * len(keys), reason

    @pytest.mark.parametrize("value", [None, [1], {"a": 1}, []])
    def test_a_record_without_a_usable_key_is_rejected(self, load: Any, warehouse: Any, value: Any) -> None:
        assert load([{"id": 1}, {"id": value}, {"name": "x"}]).rows_rejected == 2
        assert warehouse.table("recurly._sdc_rejected")["reason"].tolist() == ["Record is missing key property id"] * 2

    def test_a_key_of_another_type_is_rejected_rather_than_split(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1}])
        assert load([{"id": "x"}, {"id": 2}]).rows_rejected == 1
        assert warehouse.table("recurly.people")["id"].tolist() == [1, 2]
        assert warehouse.table("recurly._sdc_rejected")["reason"].tolist() == [
            "Key property id is BIGINT in the table and VARCHAR in the record"
        ]

    def test_a_key_whose_name_cannot_be_a_column_rejects_its_records(self, load: Any, warehouse: Any) -> None:
        assert load([{"123": 1}], key=("123",)).rows_rejected == 1
        assert warehouse.table("recurly._sdc_rejected")["reason"].tolist() == [
            "Key property 123 has no valid column name"
        ]


class TestWithoutAPrimaryKey:
    def test_rows_are_appended_and_there_is_no_constraint(self, load: Any, warehouse: Any, facts: Any) -> None:
        for _ in range(2):
            load([{"id": 1}, {"id": 1}], key=())
        assert warehouse.table("recurly.people")["id"].tolist() == [1] * 4
        assert facts.key("recurly.people") == []


class TestWhereTheKeyIsNotTheTable_s:
    def test_a_key_removed_in_the_destination_means_append(self, load: Any, warehouse: Any, facts: Any) -> None:
        load([{"id": 1}])
        facts.drop_key("recurly.people")
        load([{"id": 1}, {"id": 1}])
        assert warehouse.table("recurly.people")["id"].tolist() == [1, 1, 1]

    def test_another_key_in_the_destination_means_append(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1, "code": "a"}])
        warehouse.sql("CREATE TABLE kept AS SELECT * FROM recurly.people")
        warehouse.sql("DROP TABLE recurly.people")
        warehouse.sql("CREATE TABLE recurly.people AS SELECT * FROM kept")
        warehouse.sql("ALTER TABLE recurly.people ADD PRIMARY KEY (code)")
        load([{"id": 1, "code": "a"}])
        assert warehouse.table("recurly.people")["code"].tolist() == ["a", "a"]

    @pytest.mark.parametrize("key", [(), ("code",), ("id", "code")])
    def test_another_key_in_the_source_means_append_until_the_table_is_replaced(
        self, load: Any, warehouse: Any, key: tuple[str, ...]
    ) -> None:
        load([{"id": 1, "code": "a"}])
        load([{"id": 1, "code": "a"}], key=key)
        load([{"id": 1, "code": "a"}], key=key)
        assert len(warehouse.table("recurly.people")) == 3
        load([{"id": 1, "code": "a"}], key=key, version=2)
        load([{"id": 1, "code": "a"}], key=key, version=2)
        assert len(warehouse.table("recurly.people")) == (1 if key else 2)

    def test_what_is_no_key_any_more_may_be_null(self, load: Any, warehouse: Any, values: Any) -> None:
        load([{"id": 1, "code": "a"}])
        load([{"id": None, "code": "b"}], key=())
        assert values(warehouse.table("recurly.people", ["id", "code"])) == [(1, "a"), (None, "b")]

    def test_an_append_only_table_gets_its_key_when_it_is_replaced(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1}, {"id": 1}], key=())
        load([{"id": 1}])
        assert len(warehouse.table("recurly.people")) == 3
        load([{"id": 1}, {"id": 1}], version=2)
        load([{"id": 1}, {"id": 2}], version=2)
        assert warehouse.table("recurly.people")["id"].tolist() == [1, 2]


class TestTableVersion:
    @pytest.mark.parametrize("version", [2, 0], ids=["higher", "lower"])
    @pytest.mark.parametrize("key", [("id",), ()], ids=["key", "no key"])
    def test_another_version_replaces_the_rows(
        self, load: Any, warehouse: Any, key: tuple[str, ...], version: int
    ) -> None:
        load([{"id": 1, "tags": ["a"]}, {"id": 2}], key=key)
        load([{"id": 3, "tags": ["b", "c"]}], key=key, version=version)
        load([{"id": 4}], key=key, version=version)
        assert warehouse.table("recurly.people")["id"].tolist() == [3, 4]
        assert warehouse.table("recurly.people__tags")["value"].tolist() == ["b", "c"]
        assert set(warehouse.table("recurly.people")["_sdc_table_version"]) == {version}

    def test_a_new_version_keeps_the_columns(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1, "name": "Ada"}])
        load([{"id": 1}], version=2)
        assert warehouse.table("recurly.people")["name"].isna().tolist() == [True]

    def test_a_new_version_without_rows_empties_the_table(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1, "tags": ["a"]}])
        load([], version=2)
        assert warehouse.tables()["rows"].tolist() == [0, 0]

    def test_a_new_version_holds_for_subtables_that_got_no_rows(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1, "tags": ["a"]}])
        load([{"id": 2}], version=2)
        load([{"id": 3}], version=2)
        assert warehouse.table("recurly.people")["id"].tolist() == [2, 3]

    def test_another_stream_s_version_is_its_own(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1}])
        load([{"id": 1}], table="orders", version=2)
        assert warehouse.tables()["rows"].tolist() == [1, 1]


class TestWhenTheOwnerChangesTheDestination:
    def test_a_removed_column_comes_back_with_its_data(self, load: Any, warehouse: Any, values: Any) -> None:
        load([{"id": 1, "name": "Ada"}])
        warehouse.sql("ALTER TABLE recurly.people DROP COLUMN name")
        load([{"id": 2}])
        assert "name" not in warehouse.table("recurly.people")
        load([{"id": 3, "name": 5}])
        assert values(warehouse.table("recurly.people", ["id", "name"])) == [(1, None), (2, None), (3, 5)]

    @pytest.mark.parametrize("column", ["_sdc_sequence", "age__bi", "age__do"])
    def test_a_removed_loader_s_or_split_column_stops_the_loads(self, load: Any, warehouse: Any, column: str) -> None:
        load([{"id": 1, "age": 15}, {"id": 2, "age": 16.0}])
        warehouse.sql(f"ALTER TABLE recurly.people DROP COLUMN {column}")
        with pytest.raises(WarehouseError, match=f"Column {column} of recurly.people was removed"):
            load([{"id": 3}])
        assert warehouse.table("recurly.people")["id"].tolist() == [1, 2]

    def test_a_dropped_table_is_made_anew(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1, "age": 1, "tags": ["a"]}, {"id": 2, "age": "x", "tags": ["b"]}])
        warehouse.sql("DROP TABLE recurly.people")
        load([{"id": 2, "age": 3, "tags": ["c"]}])
        assert warehouse.table("recurly.people")["age"].tolist() == [3]
        assert warehouse.table("recurly.people__tags")["value"].tolist() == ["a", "c"]

    def test_a_column_of_the_owner_s_own_is_left_alone(self, load: Any, warehouse: Any, values: Any) -> None:
        load([{"id": 1}])
        warehouse.sql("ALTER TABLE recurly.people ADD COLUMN note VARCHAR DEFAULT 'mine'")
        load([{"id": 2}])
        assert values(warehouse.table("recurly.people", ["id", "note"])) == [(1, "mine"), (2, "mine")]

    def test_a_field_takes_over_the_owner_s_column_of_its_name_and_type(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1}])
        warehouse.sql('ALTER TABLE recurly.people ADD COLUMN "Note" VARCHAR')
        warehouse.sql("ALTER TABLE recurly.people ADD COLUMN age VARCHAR")
        assert load([{"id": 2, "note": "x"}, {"id": 3, "age": 5}]).rows_rejected == 1
        assert warehouse.table("recurly.people")["Note"].tolist()[1] == "x"
        assert warehouse.table("recurly._sdc_rejected")["reason"].tolist() == ["Field collision on age"]

    def test_a_column_of_an_altered_type_is_split_when_values_do_not_fit(
        self, load: Any, warehouse: Any, data_columns: Any
    ) -> None:
        load([{"id": 1, "age": 5}])
        warehouse.sql("ALTER TABLE recurly.people ALTER COLUMN age TYPE INTEGER")
        load([{"id": 2, "age": 6}])
        assert data_columns("recurly.people") == {"id": "BIGINT", "age__in": "INTEGER", "age__bi": "BIGINT"}

    @pytest.mark.parametrize("sort", ["TABLE", "VIEW"])
    def test_somebody_else_s_table_is_never_loaded_into(self, load: Any, warehouse: Any, sort: str) -> None:
        warehouse.sql("CREATE SCHEMA recurly")
        warehouse.sql(f"CREATE {sort} recurly.people AS SELECT 1 AS id")
        with pytest.raises(WarehouseError, match=messages.NOT_MADE_BY_A_LOAD.format("recurly.people")):
            load([{"id": 2}])

    def test_a_constraint_that_a_load_cannot_meet_fails_the_load(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1, "name": "Ada"}])
        warehouse.sql("ALTER TABLE recurly.people ALTER COLUMN name SET NOT NULL")
        with pytest.raises(
            WarehouseError, match=messages.NOTHING_LOADED.format("recurly.people.*: .*(?i:not[ -]null)")
        ):
            load([{"id": 2}])
