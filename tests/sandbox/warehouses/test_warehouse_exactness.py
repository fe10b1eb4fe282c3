"""What lands is what was extracted, to the last character and digit."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouse_loads import Loads

TEXTS = [
    "",
    " ",
    "NULL",
    "null",
    "None",
    "nan",
    "0012",
    "1e5",
    "it's \"quoted\", 'twice' and ``more``",
    "a,b;c\td\\e",
    "line\nline\r\nline\r",
    "; DROP SCHEMA recurly CASCADE; --",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea é e\u0301 ß",
    "\ufeffbyte order mark\u2028separator",
    "x" * 100_000,
]
DECIMALS = {"v": {"type": "number", "multipleOf": 1e-18}}


def test_text_lands_as_it_is(load: Any, warehouse: Any) -> None:
    load([{"id": n, "v": text} for n, text in enumerate(TEXTS)])
    assert warehouse.table("recurly.people")["v"].tolist() == TEXTS


@pytest.mark.parametrize("kind", ["duckdb"], indirect=True)
def test_so_does_the_character_zero_where_the_destination_has_it(load: Any, warehouse: Any) -> None:
    load([{"id": 1, "v": "\0 in the \0 middle and at the end \0"}])
    assert warehouse.table("recurly.people")["v"].tolist() == ["\0 in the \0 middle and at the end \0"]


def test_empty_text_is_not_null(load: Any, warehouse: Any) -> None:
    load([{"id": 1, "v": ""}, {"id": 2, "v": None}, {"id": 3}])
    assert warehouse.table("recurly.people")["v"].isna().tolist() == [False, True, True]
    assert warehouse.sql("SELECT count(v) AS n FROM recurly.people")["n"].tolist() == [1]


def test_a_column_that_is_null_until_far_into_the_batch(load: Any, warehouse: Any) -> None:
    load([{"id": n, "v": "7" if n == 2500 else None} for n in range(5000)])
    frame = warehouse.table("recurly.people")
    assert frame["v"].dropna().to_dict() == {2500: "7"}


@pytest.mark.parametrize("with_null", [True, False])
def test_big_integers_keep_every_digit(load: Any, warehouse: Any, with_null: bool) -> None:
    numbers = [2**63 - 1, -(2**63), 2**53 + 1, 0]
    load([{"id": n, "v": v} for n, v in enumerate(numbers)] + ([{"id": 9}] if with_null else []))
    frame = warehouse.table("recurly.people")
    assert str(frame["v"].dtype) == "Int64"
    assert frame["v"].dropna().tolist() == numbers


@pytest.mark.parametrize("kind", ["duckdb"], indirect=True)
def test_sums_of_big_integers_keep_every_digit(load: Any, warehouse: Any) -> None:
    load([{"id": 1, "v": 2**63 - 1}, {"id": 2, "v": 2**63 - 1}])
    assert warehouse.sql("SELECT sum(v) AS s, sum(id) AS t FROM recurly.people").to_numpy().tolist() == [[2**64 - 2, 3]]


def test_decimals_keep_every_digit(load: Any, warehouse: Any) -> None:
    numbers = [
        Decimal("12345678901234567890.123456789012345678"),
        Decimal("-0.000000000000000001"),
        Decimal("0.1"),
        0.3,
    ]
    load([{"id": n, "v": v} for n, v in enumerate(numbers)] + [{"id": 9}], DECIMALS)
    assert warehouse.table("recurly.people")["v"].tolist() == [*numbers[:3], Decimal("0.3"), None]


def test_floating_point_numbers_keep_every_bit(load: Any, warehouse: Any) -> None:
    numbers = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, math.inf, 123456789.123456789]
    load([{"id": n, "v": v} for n, v in enumerate(numbers)])
    assert [repr(v) for v in warehouse.table("recurly.people")["v"]] == [repr(v) for v in numbers]


def test_timestamps_keep_their_microseconds(load: Any, warehouse: Any) -> None:
    load([{"id": 1, "v": "2026-01-01T00:00:00.000001Z"}, {"id": 2}], {"v": {"type": ["null", "date-time"]}})
    column = warehouse.table("recurly.people")["v"]
    assert (str(column.dtype), column[0].microsecond, column.isna().tolist()) == ("datetime64[us]", 1, [False, True])


def test_booleans_have_three_states(load: Any, warehouse: Any, values: Any) -> None:
    load([{"id": 1, "v": True}, {"id": 2, "v": False}, {"id": 3}])
    frame = warehouse.table("recurly.people", ["v"])
    assert (str(frame["v"].dtype), values(frame)) == ("boolean", [(True,), (False,), (None,)])


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-(2**63), max_value=2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
)


@settings(deadline=None, max_examples=30)
@given(st.lists(scalars, min_size=1, max_size=30))
def test_any_mixture_of_scalars_comes_back(fresh: Any, mixture: list[Any]) -> None:
    with fresh() as warehouse:
        Loads(warehouse)([{"id": n, "v": value} for n, value in enumerate(mixture)])
        frame = warehouse.table("recurly.people")
        columns = [column for column in frame if column == "v" or column.startswith("v__")]
        for row, value in enumerate(mixture):
            filled = [frame[column][row] for column in columns if frame[column].notna()[row]]
            assert filled == ([] if value is None else [value])


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**20), max_value=10**20), min_size=1
    )
)
def test_any_decimals_come_back(fresh: Any, numbers: list[Decimal]) -> None:
    with fresh() as warehouse:
        Loads(warehouse)([{"id": n, "v": value} for n, value in enumerate(numbers)], DECIMALS)
        assert warehouse.table("recurly.people")["v"].tolist() == numbers


names = st.text(min_size=1, max_size=15)


@settings(deadline=None, max_examples=30)
@given(st.dictionaries(names, st.integers(0, 9), max_size=6), st.text(max_size=15), names)
def test_no_name_reaches_sql_unquoted(fresh: Any, record: dict[str, int], table: str, key: str) -> None:
    with fresh() as warehouse:
        result = Loads(warehouse)([{**record, key: 1}, {**record, key: 2, "nested": [record]}], table=table, key=(key,))
        assert result.rows_loaded + result.rows_rejected == 2
        landed = warehouse.tables().set_index("table")["rows"]
        assert landed.get(result.table, 0) == result.rows_loaded or result.table not in landed


@pytest.mark.parametrize("source", ['a"b', "a;b--", "a.b", "main", "temp", "system", "memory", "a b", "größe"])
def test_any_schema_name_is_quoted(load: Any, warehouse: Any, source: str) -> None:
    load([{"id": 1, "tags": ["x"], "n": 1}, {"id": 2, "n": "x"}], source=source)
    load([{"id": 1, "n": None}], source=source)
    assert warehouse.tables().to_numpy().tolist() == [[source, "people", 2, 8], [source, "people__tags", 0, 7]]
    assert warehouse.table(f"{source}.people")["id"].tolist() == [1, 2]
