"""Objects become columns, arrays become subtables."""

from __future__ import annotations

from typing import Any

import pytest

ORDERS = [
    {"order_id": 7, "line_items": [
        {"sku": "a", "tax_lines": [{"rate": 0.1}, {"rate": 0.2}]},
        {"sku": "b", "tax_lines": []},
        {"sku": "c", "tax_lines": [{"rate": 0.3}]},
    ]},
    {"order_id": 8, "line_items": [{"sku": "d"}]},
]  # fmt: skip


def test_an_object_is_flattened(load: Any, warehouse: Any, values: Any) -> None:
    load([{"id": 1, "attributes": {"color": "red", "size": {"eu": 42, "us": None}}}])
    frame = warehouse.table("recurly.people", ["id", "attributes__color", "attributes__size__eu"])
    assert values(frame) == [(1, "red", 42)]
    assert "attributes" not in warehouse.table("recurly.people")


def test_a_schema_counts_inside_objects_and_arrays(load: Any, data_columns: Any) -> None:
    at = {"type": ["null", "date-time"]}
    properties = {
        "a": {"type": "object", "properties": {"at": at}},
        "b": {"type": "array", "items": {"type": "object", "properties": {"at": at}}},
        "c": {"type": "array", "items": {"type": "string", "format": "date-time"}},
        "d": {"type": "array", "items": {"type": "array", "items": at}},
    }
    moment = "2026-01-01T00:00:00Z"
    load([{"id": 1, "a": {"at": moment}, "b": [{"at": moment}], "c": [moment], "d": [[moment]]}], properties)
    assert data_columns("recurly.people")["a__at"] == "TIMESTAMP"
    assert data_columns("recurly.people__b") == {"at": "TIMESTAMP"}
    assert data_columns("recurly.people__c") == {"value": "TIMESTAMP"}
    assert data_columns("recurly.people__d__value") == {"value": "TIMESTAMP"}


def test_arrays_become_subtables_at_every_level(load: Any, warehouse: Any, values: Any) -> None:
    load(ORDERS, table="orders", key=("order_id",))
    assert warehouse.tables()["table"].tolist() == ["orders", "orders__line_items", "orders__line_items__tax_lines"]
    items = warehouse.table("recurly.orders__line_items")
    assert list(items) == [
        "_sdc_source_key_order_id",
        "_sdc_level_0_id",
        "sku",
        "_sdc_received_at",
        "_sdc_batched_at",
        "_sdc_sequence",
        "_sdc_table_version",
    ]
    assert values(items[["_sdc_source_key_order_id", "_sdc_level_0_id", "sku"]]) == [
        (7, 0, "a"),
        (7, 1, "b"),
        (7, 2, "c"),
        (8, 0, "d"),
    ]
    columns = ["_sdc_source_key_order_id", "_sdc_level_0_id", "_sdc_level_1_id", "rate"]
    taxes = warehouse.table("recurly.orders__line_items__tax_lines", columns)
    assert values(taxes) == [(7, 0, 0, 0.1), (7, 0, 1, 0.2), (7, 2, 0, 0.3)]


def test_scalars_in_an_array_have_one_column(load: Any, warehouse: Any, values: Any) -> None:
    load([{"id": 1, "tags": ["x", None, ""]}])
    frame = warehouse.table("recurly.people__tags", ["_sdc_level_0_id", "value"])
    assert values(frame) == [(0, "x"), (1, None), (2, "")]


def test_arrays_in_arrays_go_one_level_deeper(load: Any, warehouse: Any, values: Any) -> None:
    load([{"id": 1, "grid": [[1, 2], [3]]}])
    frame = warehouse.table("recurly.people__grid__value", ["_sdc_level_0_id", "_sdc_level_1_id", "value"])
    assert values(frame) == [(0, 0, 1), (0, 1, 2), (1, 0, 3)]
    assert "people__grid" not in warehouse.tables()["table"].tolist()


def test_an_array_inside_an_object_is_named_after_both(load: Any, warehouse: Any) -> None:
    load([{"id": 1, "shipping": {"lines": [{"price": 1}]}}])
    assert warehouse.table("recurly.people__shipping__lines")["price"].tolist() == [1]


@pytest.mark.parametrize("empty", [[], [None], [{}], [{"a": None}], [[]], {}, {"a": {}}])
def test_what_holds_no_value_makes_neither_column_nor_table(load: Any, warehouse: Any, empty: Any) -> None:
    load([{"id": 1, "nested": empty}])
    assert warehouse.tables()["table"].tolist() == ["people"]
    assert warehouse.tables()["columns"].tolist() == [6]


def test_a_field_may_be_a_scalar_an_object_and_an_array_in_turn(load: Any, warehouse: Any, values: Any) -> None:
    load([{"id": 1, "x": 5}, {"id": 2, "x": {"y": 6}}, {"id": 3, "x": [7]}])
    assert values(warehouse.table("recurly.people", ["id", "x", "x__y"])) == [
        (1, 5, None),
        (2, None, 6),
        (3, None, None),
    ]
    assert values(warehouse.table("recurly.people__x", ["_sdc_source_key_id", "value"])) == [(3, 7)]


def test_every_key_column_is_in_the_subtable_with_its_type(load: Any, warehouse: Any, facts: Any) -> None:
    record = {"a": "x", "b": 1.5, "c": "2026-01-01T00:00:00+01:00", "tags": ["t"]}
    load([record], {"c": {"format": "date-time"}}, key=("a", "b", "c"))
    assert facts.columns("recurly.people__tags") == {
        "_sdc_source_key_a": "VARCHAR",
        "_sdc_source_key_b": "DOUBLE",
        "_sdc_source_key_c": "TIMESTAMP",
        "_sdc_level_0_id": "BIGINT",
        "value": "VARCHAR",
        "_sdc_received_at": "TIMESTAMP",
        "_sdc_batched_at": "TIMESTAMP",
        "_sdc_sequence": "BIGINT",
        "_sdc_table_version": "BIGINT",
    }
    joined = warehouse.sql(
        "SELECT value FROM recurly.people JOIN recurly.people__tags "
        "ON a = _sdc_source_key_a AND b = _sdc_source_key_b AND c = _sdc_source_key_c"
    )
    assert joined["value"].tolist() == ["t"]


class TestWhenAParentIsUpserted:
    def test_its_children_are_replaced_at_every_level(self, load: Any, warehouse: Any, values: Any) -> None:
        load(ORDERS, table="orders", key=("order_id",))
        load(
            [{"order_id": 7, "line_items": [{"sku": "z", "tax_lines": [{"rate": 0.5}]}]}],
            table="orders",
            key=("order_id",),
        )
        items = warehouse.table("recurly.orders__line_items", ["_sdc_source_key_order_id", "sku"])
        assert values(items) == [(7, "z"), (8, "d")]
        assert warehouse.table("recurly.orders__line_items__tax_lines")["rate"].tolist() == [0.5]

    @pytest.mark.parametrize("without", [{}, {"tags": None}, {"tags": []}], ids=["absent", "null", "empty"])
    def test_children_that_are_no_more_go(self, load: Any, warehouse: Any, without: dict[str, Any]) -> None:
        load([{"id": 1, "tags": ["a"]}, {"id": 2, "tags": ["b"]}])
        load([{"id": 1, **without}])
        assert warehouse.table("recurly.people__tags")["value"].tolist() == ["b"]

    def test_only_the_winner_s_children_land(self, load: Any, warehouse: Any) -> None:
        load([{"id": 1, "tags": ["old"]}, {"id": 1, "tags": ["new", "newer"]}], first=100)
        load([{"id": 1, "tags": ["outdated"]}], first=50)
        assert warehouse.table("recurly.people__tags")["value"].tolist() == ["new", "newer"]

    def test_children_carry_the_parent_s_newest_sequence(self, load: Any, warehouse: Any) -> None:
        for n in range(3):
            load([{"id": 1, "tags": [str(n)] * (3 - n)}, {"id": 2, "tags": ["x"]}])
        joined = warehouse.sql(
            "SELECT value FROM recurly.people p JOIN recurly.people__tags t "
            "ON t._sdc_source_key_id = p.id AND t._sdc_sequence = p._sdc_sequence WHERE p.id = 1"
        )
        assert joined["value"].tolist() == ["2"]


def test_without_a_key_children_are_joined_by_sequence(load: Any, warehouse: Any) -> None:
    load([{"n": 1, "tags": ["a"]}, {"n": 2, "tags": ["b", "c"]}], key=())
    load([{"n": 1, "tags": ["d"]}], key=())
    assert not [column for column in warehouse.table("recurly.people__tags") if column.startswith("_sdc_source_key")]
    joined = warehouse.sql(
        "SELECT n, value FROM recurly.people JOIN recurly.people__tags USING (_sdc_sequence) ORDER BY value"
    )
    assert joined.to_numpy().tolist() == [[1, "a"], [2, "b"], [2, "c"], [1, "d"]]


def test_records_of_arrays_alone_have_no_table_of_their_own(load: Any, warehouse: Any) -> None:
    load([{"tags": ["a"]}], key=())
    load([{"tags": ["b"]}], key=(), version=2)
    assert warehouse.tables()["table"].tolist() == ["people__tags"]
    assert warehouse.table("recurly.people__tags")["value"].tolist() == ["b"]


@pytest.mark.parametrize(
    ("stream", "field", "reason"),
    [
        ("people", "x" * 56, "Table name people__{field} is longer than 63 bytes"),
        ("people", "notes", "Table collision on people__notes"),
    ],
    ids=["too long", "another stream's"],
)
def test_a_subtable_that_cannot_be_leaves_its_parent_alone(
    load: Any, warehouse: Any, stream: str, field: str, reason: str
) -> None:
    load([{"id": 1}], table="people__notes")
    assert load([{"id": 1, field: ["a", "b"]}, {"id": 2, field: []}], table=stream).rows_rejected == 0
    assert warehouse.table("recurly.people")["id"].tolist() == [1, 2]
    rejected = warehouse.table("recurly._sdc_rejected")
    assert rejected[["table_name", "reason", "record"]].to_numpy().tolist() == [
        [f"people__{field}", reason.format(field=field), '["a", "b"]']
    ]


def test_a_key_whose_name_is_too_long_for_a_source_key_leaves_its_parent_alone(load: Any, warehouse: Any) -> None:
    key = "k" * 50
    assert load([{key: 1, "tags": ["a"]}], key=(key,)).rows_loaded == 1
    (reason,) = warehouse.table("recurly._sdc_rejected")["reason"]
    assert reason == f"Column name _sdc_source_key_{key} is longer than 63 bytes"


def test_two_arrays_of_one_name_share_no_table(load: Any, warehouse: Any) -> None:
    load([{"id": 1, "Tags": ["a"], "tags": ["b"]}])
    assert warehouse.table("recurly.people__Tags")["value"].tolist() == ["a"]
    assert warehouse.table("recurly._sdc_rejected")["reason"].tolist() == ["Table collision on people__tags"]


def test_nesting_ends_where_names_end(load: Any, warehouse: Any) -> None:
    deep: Any = 1
    deep_arrays: Any = 1
    for _ in range(3000):
        deep = {"n": deep}
        deep_arrays = [deep_arrays]
    assert load([{"id": 1, "deep": deep, "deep_arrays": deep_arrays}]).rows_loaded == 1
    assert warehouse.table("recurly.people").filter(like="deep").empty
