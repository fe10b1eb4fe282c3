"""Two types in one column: the column is split, and each row fills the one that fits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

PRICE = {"price": {"type": "number", "multipleOf": 0.01}}


def test_integers_and_floating_point_numbers(load: Any, warehouse: Any, values: Any) -> None:
    load([{"id": 1, "age": 15}, {"id": 2, "age": 7}])
    load([{"id": 3, "age": 16.0}, {"id": 4}])
    frame = warehouse.table("recurly.people", ["id", "age__bi", "age__do"])
    assert values(frame) == [(1, 15, None), (2, 7, None), (3, None, 16.0), (4, None, None)]


def test_booleans_and_text_within_one_batch(load: Any, warehouse: Any, values: Any) -> None:
    load([{"id": 1, "has_magic": True}, {"id": 2, "has_magic": "yes"}])
    frame = warehouse.table("recurly.people", ["id", "has_magic__bo", "has_magic__st"])
    assert values(frame) == [(1, True, None), (2, None, "yes")]


@pytest.mark.parametrize("batches", [1, 7], ids=["one batch", "seven batches"])
def test_every_type_at_once(load: Any, warehouse: Any, data_columns: Any, decimal: Any, batches: int) -> None:
    mixed = [1, 1.5, True, "x", "2026-01-01T00:00:00Z", Decimal("1E-20"), "y"]
    records = [{"id": n, "v": value} for n, value in enumerate(mixed)]
    size = len(records) // batches
    for start in range(0, len(records), size):
        load(records[start : start + size], {"v": {"format": "date-time"}})
    assert data_columns("recurly.people") == {
        "id": "BIGINT",
        "v__bi": "BIGINT",
        "v__do": "DOUBLE",
        "v__bo": "BOOLEAN",
        "v__st": "VARCHAR",
        "v__ti": "TIMESTAMP",
        "v__de": decimal(20),
    }
    filled = warehouse.table("recurly.people").filter(like="v__").notna()
    assert [list(filled.columns[row]) for row in filled.to_numpy()] == [
        ["v__bi"], ["v__do"], ["v__bo"], ["v__st"], ["v__ti"], ["v__de"], ["v__st"],
    ]  # fmt: skip


def test_the_split_is_remembered(load: Any, data_columns: Any) -> None:
    load([{"id": 1, "age": 15}, {"id": 2, "age": 16.0}])
    load([{"id": 3, "age": 17}, {"id": 4, "age": 18.5}])
    assert list(data_columns("recurly.people")) == ["id", "age__bi", "age__do"]


def test_the_schema_keeps_integers_and_numbers_together_where_it_can(load: Any, data_columns: Any) -> None:
    load([{"id": 1, "rate": 15}, {"id": 2, "rate": 16.5}], {"rate": {"type": ["null", "number"]}})
    assert data_columns("recurly.people") == {"id": "BIGINT", "rate": "DOUBLE"}


def test_a_changed_schema_splits_too(load: Any, data_columns: Any) -> None:
    load([{"id": 1, "at": "2026-01-01T00:00:00Z"}], {"at": {"type": "string"}})
    load([{"id": 2, "at": "2026-01-01T00:00:00Z"}], {"at": {"type": "string", "format": "date-time"}})
    assert data_columns("recurly.people") == {"id": "BIGINT", "at__st": "VARCHAR", "at__ti": "TIMESTAMP"}


def test_columns_of_subtables_are_split(load: Any, warehouse: Any, values: Any) -> None:
    load([{"id": 1, "tags": [1, "x", None, 2.5]}])
    frame = warehouse.table("recurly.people__tags", ["_sdc_level_0_id", "value__bi", "value__st", "value__do"])
    assert values(frame) == [(0, 1, None, None), (1, None, "x", None), (2, None, None, None), (3, None, None, 2.5)]


@pytest.mark.parametrize(
    ("first", "second", "name", "reason"),
    [
        ({"age": 1, "age__bi": 2}, {"age": 1.5}, "age__bi", "the old column's new name is another field's"),
        ({"age": 1, "age__do": 2}, {"age": 1.5}, "age__do", "so is the new column's"),
        ({"age": 1, "Age": None}, {"Age": 1.5}, "Age", "another field of that name never shares the column"),
    ],
)
def test_a_split_that_collides_rejects_its_record(
    load: Any, warehouse: Any, data_columns: Any, first: dict[str, Any], second: dict[str, Any], name: str, reason: str
) -> None:
    load([{"id": 1, **first}])
    before = data_columns("recurly.people")
    assert load([{"id": 2, **second}]).rows_rejected == 1
    assert warehouse.table("recurly._sdc_rejected")["reason"].tolist() == [f"Field collision on {name}"], reason
    assert data_columns("recurly.people") == before


def test_a_field_named_like_a_split_column_collides_with_it(load: Any, warehouse: Any) -> None:
    load([{"id": 1, "age": 1}, {"id": 2, "age": 1.5}])
    assert load([{"id": 3, "age__bi": 1}, {"id": 4, "Age": 1}]).rows_rejected == 2
    assert warehouse.table("recurly._sdc_rejected")["reason"].tolist() == [
        "Field collision on age__bi",
        "Field collision on Age",
    ]


def test_a_name_too_long_for_the_suffix_rejects_its_record(load: Any, warehouse: Any, data_columns: Any) -> None:
    name = "n" * 60
    load([{"id": 1, name: 1}])
    assert load([{"id": 2, name: "x"}, {"id": 3, name: 3}]).rows_rejected == 1
    assert list(data_columns("recurly.people")) == ["id", name]
    (reason,) = warehouse.table("recurly._sdc_rejected")["reason"]
    assert reason == f"Column {name} cannot be split by type: the name {name}__bi is too long"


@pytest.mark.parametrize("kind", ["duckdb"], indirect=True)
class TestDecimalsOfAFixedWidth:
    def test_one_that_is_too_wide_is_rejected(self, load: Any, warehouse: Any) -> None:
        assert load([{"id": 1, "price": 10**37}], PRICE).rows_rejected == 1
        assert warehouse.table("recurly._sdc_rejected")["reason"].tolist() == [
            f"{10**37} is out of range for column price, which is DECIMAL(38,2)"
        ]

    def test_multiple_of_sets_the_digits_after_the_point(self, load: Any, data_columns: Any) -> None:
        load([{"id": 1, "price": 5}], PRICE)
        assert data_columns("recurly.people")["price"] == "DECIMAL(38,2)"

    def test_a_schema_that_asks_for_38_digits_leaves_room_before_the_point(self, load: Any, warehouse: Any) -> None:
        price = Decimal("12345678901234567890.123456789012345678")
        assert load([{"id": 1, "price": price}], {"price": {"type": "number", "multipleOf": 1e-38}}).rows_loaded == 1
        assert warehouse.table("recurly.people")["price"].tolist() == [price]

    @pytest.mark.parametrize("batches", [1, 2], ids=["one batch", "two batches"])
    def test_a_column_gets_more_digits_after_the_point(
        self, load: Any, warehouse: Any, data_columns: Any, batches: int
    ) -> None:
        prices = [Decimal("-12.5"), Decimal("0.123456789")]
        records = [{"id": n, "price": price} for n, price in enumerate(prices)]
        for batch in [records] if batches == 1 else [records[:1], records[1:]]:
            load(batch, PRICE)
        assert data_columns("recurly.people")["price"] == "DECIMAL(38,9)"
        assert warehouse.table("recurly.people")["price"].tolist() == prices

    @pytest.mark.parametrize("batches", [1, 2], ids=["one batch", "two batches"])
    def test_digits_after_the_point_never_cost_those_before_it(self, load: Any, warehouse: Any, batches: int) -> None:
        large, fine = Decimal("9" * 30), Decimal("0." + "0" * 10 + "1")
        records = [{"id": 1, "price": large}, {"id": 2, "price": fine}, {"id": 3, "price": Decimal("0.25")}]
        for batch in [records] if batches == 1 else [records[:1], records[1:]]:
            result = load(batch, PRICE)
        assert result.rows_rejected == 1
        assert warehouse.table("recurly.people")["price"].tolist() == [large, Decimal("0.25")]
        assert warehouse.table("recurly._sdc_rejected")["reason"].tolist() == [
            f"{fine:f} is out of range for column price, which is DECIMAL(38,2)"
        ]

    def test_an_altered_decimal_column_is_widened(self, load: Any, warehouse: Any, data_columns: Any) -> None:
        load([{"id": 1, "price": 1}], PRICE)
        warehouse.sql("ALTER TABLE recurly.people ALTER COLUMN price TYPE DECIMAL(5,2)")
        load([{"id": 2, "price": 123.45}], PRICE)
        assert data_columns("recurly.people")["price"] == "DECIMAL(5,2)"
        load([{"id": 3, "price": 1234}], PRICE)
        assert data_columns("recurly.people")["price"] == "DECIMAL(38,2)"

    def test_a_decimal_key_keeps_its_digits(self, load: Any, warehouse: Any) -> None:
        id_ = {"id": PRICE["price"]}
        assert load([{"id": 1.5}, {"id": 1.125}], id_).rows_rejected == 0
        assert load([{"id": 1.0625}, {"id": 2}], id_).rows_rejected == 1
        assert warehouse.table("recurly.people")["id"].tolist() == [Decimal("1.125"), Decimal("1.5"), Decimal(2)]
