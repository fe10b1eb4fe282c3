"""What is PostgreSQL's own when rows land in it: its types, its limits, its names and its settings."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pipeline_messages as messages
import pytest

from stitchnb.sandbox.pipeline import WarehouseError

pytestmark = pytest.mark.parametrize("kind", ["postgres"], indirect=True)

PRICE = {"price": {"type": "number", "multipleOf": 0.01}}


def test_columns_have_the_documented_types(load: Any, warehouse: Any) -> None:
    record = {"id": 1, "f": 1.5, "t": "x", "o": True, "d": Decimal("1.5"), "at": "2026-01-01T00:00:00+01:00"}
    load([record], {"at": {"format": "date-time"}})
    found = warehouse.sql(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'recurly' AND table_name = 'people' ORDER BY ordinal_position"
    )
    assert found.to_numpy().tolist() == [
        ["id", "bigint"],
        ["f", "double precision"],
        ["t", "text"],
        ["o", "boolean"],
        ["d", "numeric"],
        ["at", "timestamp without time zone"],
        ["_sdc_extracted_at", "timestamp without time zone"],
        ["_sdc_received_at", "timestamp without time zone"],
        ["_sdc_batched_at", "timestamp without time zone"],
        ["_sdc_sequence", "bigint"],
        ["_sdc_table_version", "bigint"],
    ]


def test_the_constraint_is_named_after_its_table(load: Any, warehouse: Any) -> None:
    load([{"id": 1}])
    long = "t" * 60
    load([{"id": 1}], table=long)
    load([{"id": 1}], table=long)
    found = warehouse.sql("SELECT conname FROM pg_constraint WHERE connamespace = 'recurly'::regnamespace")
    assert "people_pkey" in found["conname"].tolist()
    assert warehouse.table(f"recurly.{long}")["id"].tolist() == [1], "a name that gets too long is left to the server"


class TestDecimals:
    def test_any_digits_fit_beside_each_other(self, load: Any, warehouse: Any, data_columns: Any) -> None:
        numbers = [Decimal("9" * 60), Decimal("0." + "0" * 60 + "1"), Decimal("-12.50"), Decimal(0)]
        for start in (0, 2):
            records = [{"id": n, "price": numbers[n]} for n in (start, start + 1)]
            assert load(records, PRICE).rows_rejected == 0
        assert warehouse.table("recurly.people")["price"].tolist() == numbers
        assert data_columns("recurly.people")["price"] == "DECIMAL"

    def test_nan_and_infinity_are_decimals(self, load: Any, warehouse: Any) -> None:
        numbers = [Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity"), float("nan")]
        assert load([{"id": n, "price": number} for n, number in enumerate(numbers)], PRICE).rows_rejected == 0
        assert list(map(str, warehouse.table("recurly.people")["price"])) == ["NaN", "Infinity", "-Infinity", "NaN"]

    @pytest.mark.parametrize(
        ("number", "fits"),
        [
            (Decimal("1E+131071"), True),
            (Decimal("1E+131072"), False),
            (Decimal("1E-16383"), True),
            (Decimal("1E-16384"), False),
            (Decimal("1." + "0" * 16384), False),
        ],
        ids=["whole", "one more", "fraction", "one less", "zeros count as well"],
    )
    def test_a_number_beyond_the_type_is_rejected(self, load: Any, warehouse: Any, number: Decimal, fits: bool) -> None:
        assert load([{"id": 1, "price": number}, {"id": 2, "price": 1}]).rows_rejected == (0 if fits else 1)
        assert warehouse.table("recurly.people")["id"].tolist() == ([1, 2] if fits else [2])

    def test_a_column_that_the_owner_narrowed_is_widened_once_it_must_be(
        self, load: Any, warehouse: Any, data_columns: Any
    ) -> None:
        load([{"id": 1, "price": 1}], PRICE)
        warehouse.sql("ALTER TABLE recurly.people ALTER COLUMN price TYPE numeric(5, 2)")
        load([{"id": 2, "price": 123.45}], PRICE)
        stored = "SELECT atttypmod > 0 AS narrow FROM pg_attribute WHERE attname = 'price'"
        assert warehouse.sql(stored)["narrow"].tolist() == [True]
        load([{"id": 3, "price": Decimal("0.125")}], PRICE)
        assert warehouse.sql(stored)["narrow"].tolist() == [False]
        assert warehouse.table("recurly.people")["price"].tolist() == [1, Decimal("123.45"), Decimal("0.125")]

    def test_a_key_may_get_more_digits(self, load: Any, warehouse: Any) -> None:
        id_ = {"id": PRICE["price"]}
        load([{"id": 1.5}], id_)
        assert load([{"id": 1.0625}, {"id": 1.50}], id_).rows_rejected == 0
        assert warehouse.table("recurly.people")["id"].tolist() == [Decimal("1.0625"), Decimal("1.5")]


class TestText:
    def test_the_character_zero_rejects_its_record(self, load: Any, warehouse: Any) -> None:
        assert load([{"id": 1, "v": "a\0b"}, {"id": 2, "v": "ab"}, {"id": "\0"}]).rows_rejected == 2
        assert warehouse.table("recurly.people")["v"].tolist() == ["ab"]
        rejected = warehouse.table("recurly._sdc_rejected", ["reason", "record"])
        assert rejected.to_numpy().tolist()[0] == [
            r"The text 'a\x00b' contains U+0000, which the destination cannot store",
            r'{"id": 1, "v": "a\u0000b"}',
        ]

    @pytest.mark.parametrize("text", ["\\.", "a\n\\.\nb", "\\N", "\\", "\\\\", "\\t", "\t", "a\tb", "\r\n", "\x01\x7f"])
    def test_what_means_something_to_copy_is_text_all_the_same(self, load: Any, warehouse: Any, text: str) -> None:
        load([{"id": 1, "v": text, "tags": [text]}, {"id": 2, "v": None}])
        assert warehouse.table("recurly.people")["v"].tolist()[0] == text
        assert warehouse.table("recurly.people__tags")["value"].tolist() == [text]


class TestNames:
    def test_a_table_that_differs_in_case_alone_is_somebody_else_s(self, load: Any, warehouse: Any) -> None:
        warehouse.sql('CREATE SCHEMA recurly; CREATE TABLE recurly."People" (id int)')
        with pytest.raises(WarehouseError, match=messages.NOT_MADE_BY_A_LOAD.format("recurly.people")):
            load([{"id": 1}])

    def test_such_a_table_that_came_later_is_left_alone(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1}])
        warehouse.sql('CREATE TABLE recurly."People" (id int)')
        load([{"id": 2}])
        assert warehouse.table("recurly.people")["id"].tolist() == [1, 2]
        assert warehouse.table("recurly.People").empty

    def test_so_is_such_a_column(self, load: Any, warehouse: Any, values: Any) -> None:
        load([{"id": 1, "name": "Ada"}])
        warehouse.sql("ALTER TABLE recurly.people ADD COLUMN \"Name\" text DEFAULT 'mine'")
        load([{"id": 2, "name": "Bo"}])
        frame = warehouse.table("recurly.people", ["name", "Name"])
        assert values(frame) == [("Ada", "mine"), ("Bo", "mine")]

    def test_a_table_named_like_an_index_is_refused_in_words(self, load: Any) -> None:
        load([{"id": 1}])
        with pytest.raises(WarehouseError, match=messages.NOT_MADE_BY_A_LOAD.format("recurly.people_pkey")):
            load([{"id": 1}], table="people_pkey")

    def test_a_schema_s_name_is_never_cut(self, load: Any, warehouse: Any) -> None:
        with pytest.raises(WarehouseError, match=f"Schema name {'s' * 64} is longer than 63 bytes"):
            load([{"id": 1}], source="s" * 64)
        assert warehouse.tables().empty

    def test_tables_of_other_schemas_are_not_listed(self, load: Any, warehouse: Any) -> None:
        warehouse.sql("CREATE SCHEMA theirs; CREATE TABLE theirs.huge (id int)")
        load([{"id": 1}])
        load([{"id": None}], source="shop")
        assert warehouse.tables()[["schema", "table"]].to_numpy().tolist() == [
            ["recurly", "people"],
            ["shop", "_sdc_rejected"],
        ]


def test_a_schema_that_was_made_for_the_user_is_enough(load: Any, warehouse: Any) -> None:
    load([{"id": 1}])
    database = warehouse.database.name
    warehouse.sql(f"REVOKE CREATE ON DATABASE {database} FROM PUBLIC")
    load([{"id": 2}])
    assert warehouse.table("recurly.people")["id"].tolist() == [1, 2]


SETTINGS = {
    "DateStyle": "'SQL, DMY'",
    "TimeZone": "'Asia/Kolkata'",
    "standard_conforming_strings": "off",
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "'serializable'",
    "search_path": "'nowhere'",
    "lock_timeout": "1",
    "extra_float_digits": "-3",
}


@pytest.fixture
def odd_settings(warehouse: Any) -> Iterator[None]:
    database = warehouse.database.name
    for name, value in SETTINGS.items():
        warehouse.sql(f"BEGIN READ WRITE; ALTER DATABASE {database} SET {name} = {value}; COMMIT")
    yield
    warehouse.sql(f"BEGIN READ WRITE; ALTER DATABASE {database} RESET ALL; COMMIT")


@pytest.mark.usefixtures("odd_settings")
def test_the_database_s_own_settings_change_nothing(load: Any, warehouse: Any) -> None:
    at = {"at": {"type": ["null", "date-time"]}}
    record = {"id": 1, "at": "2026-02-01T00:00:00Z", "f": 1 / 3, "t": "it\\'s", "tags": ["x"]}
    for _ in range(2):
        load([record], at)
    found = warehouse.table("recurly.people", ["at", "f", "t", "_sdc_extracted_at"]).iloc[0]
    assert [str(found["at"]), found["f"], found["t"]] == ["2026-02-01 00:00:00", 1 / 3, "it\\'s"]
    assert str(found["_sdc_extracted_at"]) == "2026-03-01 12:00:00"
    assert str(warehouse.sql("SELECT TIMESTAMPTZ '2026-01-01 00:00:00+02' AS v")["v"][0]) == "2025-12-31 22:00:00+00:00"
