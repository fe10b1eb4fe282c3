"""The rules that a selection is held against before it is sent, and how changes are cut into requests."""

from typing import Any

import pytest

from stitchnb.models import StreamMetadata, StreamSchema
from stitchnb.rules.selection.changes import MOST_ENTRIES, Change, parts_of, selections_of
from stitchnb.rules.selection.columns import FieldColumns
from stitchnb.rules.selection.globs import chosen, matches, may_hold_fields_of
from stitchnb.rules.selection.validate import (
    SelectionView,
    conflicts_of,
    key_error,
    problems_of,
    replication_key_candidates,
)

FIELDS = FieldColumns(
    StreamSchema(
        {
            "schema": {
                "properties": {
                    "id": {"type": "integer"},
                    "at": {"type": ["null", "string"], "format": "date-time"},
                    "moment": {"type": ["null", "date-time"]},
                    "seen": {"type": "string"},
                    "number": {},
                    "span": {},
                    "name": {"type": "string"},
                    "gone": {"type": "integer"},
                    "inner": {"type": "object", "properties": {"id": {"type": "integer"}}},
                }
            },
            "metadata": [
                {"breadcrumb": ["properties", "seen"], "metadata": {"sql-datatype": "timestamp without time zone"}},
                {"breadcrumb": ["properties", "number"], "metadata": {"sql-datatype": "BIGINT"}},
                {"breadcrumb": ["properties", "span"], "metadata": {"sql-datatype": "interval"}},
                {"breadcrumb": ["properties", "gone"], "metadata": {"inclusion": "unsupported"}},
            ],
        }
    )
)
FREE, FORCED = StreamMetadata({}), StreamMetadata({"forced-replication-method": "FULL_TABLE"})
VALID, VIEW = StreamMetadata({"valid-replication-keys": ["at"]}), StreamMetadata({"is-view": True})
NO_KEYS = StreamMetadata({"valid-replication-keys": []})

KEYS = [
    (FREE, "replication-method", "LOG_BASED", None, "nothing is forced"),
    (FREE, "replication-method", None, None, "a choice may be taken back"),
    (FREE, "replication-method", "SOMETIMES", "no replication method", "a method that there is not"),
    (FORCED, "replication-method", "FULL_TABLE", None, "what is forced already"),
    (FORCED, "replication-method", "INCREMENTAL", "its replication method is FULL_TABLE", "another than the forced"),
    (VALID, "replication-key", "at", None, "one that the source names"),
    (VALID, "replication-key", "id", "it takes 'at'", "one that it does not name, of the right type"),
    (NO_KEYS, "replication-key", "id", "it takes no field", "where the source names none"),
    (FREE, "replication-key", "id", None, "an integer"),
    (FREE, "replication-key", "at", None, "a string that is a date-time"),
    (FREE, "replication-key", "moment", None, "date-time as a type"),
    (FREE, "replication-key", "seen", None, "a timestamp by its SQL type"),
    (FREE, "replication-key", "number", None, "an integer by its SQL type"),
    (FREE, "replication-key", "span", "must be an integer", "an interval is no integer"),
    (FREE, "replication-key", "name", "it is string", "a text"),
    (FREE, "replication-key", "gone", "cannot be", "a field that is not delivered"),
    (FREE, "replication-key", "inner.id", "cannot be", "a field inside another"),
    (VIEW, "view-key-properties", ["id", "name"], None, "any fields of a view"),
    (VIEW, "view-key-properties", [], "at least one", "no field"),
    (VIEW, "view-key-properties", ["nope"], "no field 'nope'", "a field that there is not"),
    (VIEW, "view-key-properties", ["gone"], "cannot deliver", "a field that is not delivered"),
    (FREE, "view-key-properties", ["id"], "no view", "what is no view"),
    (FREE, "table-key-properties", ["id"], "cannot be written", "a key that only the source writes"),
]


@pytest.mark.parametrize(("metadata", "key", "value", "told", "why"), KEYS, ids=[row[4] for row in KEYS])
def test_a_streams_keys_take_what_the_api_takes(
    metadata: StreamMetadata, key: str, value: Any, told: str | None, why: str
) -> None:
    complaint = key_error(metadata, FIELDS, key, value)

    assert complaint is None if told is None else complaint is not None and told in complaint, why


def test_without_its_fields_a_stream_is_judged_as_far_as_it_goes() -> None:
    assert key_error(FREE, None, "replication-key", "name") is None
    assert key_error(VIEW, None, "view-key-properties", ["nope"]) is None
    assert key_error(VALID, None, "replication-key", "name") is not None


def test_many_candidates_are_counted_rather_than_listed() -> None:
    assert replication_key_candidates(FIELDS) == ["id", "at", "moment", "seen", "number"]
    many = FieldColumns(StreamSchema({"schema": {"properties": {f"n{i}": {"type": "integer"} for i in range(9)}}}))

    assert str(key_error(FREE, many, "replication-key", "x")).endswith("or 'n4' or 4 more")


def test_a_key_of_before_is_judged_when_the_method_makes_it_count() -> None:
    metadata = StreamMetadata({"selected": True, "replication-method": "INCREMENTAL", "replication-key": "name"})

    def told(written: dict[str, Any]) -> list[str]:
        return [
            p.message for p in problems_of(SelectionView("s", "s", metadata, written, FIELDS, replicated=[True] * 10))
        ]

    assert "'name' cannot be its replication key" in told({"replication-method": "INCREMENTAL"})[0]
    assert told({}) == []


def test_each_pair_of_fields_that_exclude_each_other_is_told_once() -> None:
    excluding = {"a": ["b", "c", "a", "nope"], "b": ["a"]}
    entries = [
        {"breadcrumb": ["properties", one], "metadata": {"fieldExclusions": [["properties", o] for o in others]}}
        for one, others in excluding.items()
    ]
    fields = FieldColumns(StreamSchema({"schema": {"properties": {n: {} for n in "abc"}}, "metadata": entries}))

    assert list(conflicts_of(fields, [True, True, True])) == [(0, 1), (0, 2)]
    assert list(conflicts_of(fields, [False, True, True])) == []
    assert list(conflicts_of(fields, [True, False, True])) == [(0, 2)]


def changes(count: int, *, stream: str = "s") -> list[Change]:
    return [Change(stream, stream, ("properties", f"f{n}"), "selected", None, True) for n in range(count)]


@pytest.mark.parametrize(
    ("count", "parts"), [(0, []), (1, [1]), (MOST_ENTRIES, [MOST_ENTRIES]), (MOST_ENTRIES + 1, [MOST_ENTRIES, 1])]
)
def test_changes_are_cut_into_as_few_parts_as_there_can_be(count: int, parts: list[int]) -> None:
    assert [len(part) for part in parts_of(changes(count))] == parts


def test_changes_of_one_entry_stay_together() -> None:
    own = [Change("s", "s", (), key, None, "x") for key in ("replication-key", "replication-method")]

    parts = parts_of([*own, *changes(2)], most=2)

    assert [len(part) for part in parts] == [3, 1]
    assert selections_of(parts[0])[0].to_dict()["metadata"][0] == {
        "breadcrumb": [],
        "metadata": {"replication-key": "x", "replication-method": "x"},
    }


@pytest.mark.parametrize(
    ("after", "read", "kept"), [(True, True, True), (False, None, True), (True, None, False), (False, True, False)]
)
def test_not_selected_is_read_back_in_either_of_two_ways(after: bool, read: Any, kept: bool) -> None:
    assert Change("s", "s", (), "selected", None, after).is_kept(read) is kept


@pytest.mark.parametrize(
    ("pattern", "name", "held"),
    [
        ("a*", "a.b", True),
        ("*.ssn", "person.ssn", True),
        ("*.SSN", "person.ssn", False),
        ("tags[]", "tags[]", True),
        ("tag[s]", "tags", True),
        ("a?", "ab", True),
        ("a", "ab", False),
    ],
)
def test_a_pattern_holds_a_name(pattern: str, name: str, held: bool) -> None:
    assert matches(pattern, name) is held


@pytest.mark.parametrize(
    ("pattern", "stream", "may"),
    [
        ("accounts.email", "accounts", True),
        ("accounts.email", "plans", False),
        ("*_report.*", "a_report", True),
        ("acc*.email", "accounts", True),
        ("accounts.e*", "accounts", True),
        ("accounts.e*", "plans", False),
        ("a.b.c*", "a.b", True),
    ],
)
def test_only_streams_that_a_pattern_may_mean_are_looked_into(pattern: str, stream: str, may: bool) -> None:
    assert may_hold_fields_of(pattern, stream) is may


def test_patterns_work_in_their_order() -> None:
    names = ["a", "b", "ab"]

    assert chosen(["*", "!a*", "ab"], names) == ({1, 2}, [])
    assert chosen(["!a"], names) == ({1, 2}, [])
    assert chosen(["x", "!y*"], names) == (set(), ["x", "!y*"])
    assert chosen([], names) == (set(), [])
