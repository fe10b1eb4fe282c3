"""What is typed becomes what travels, and what travels can be shown and read back."""

import json
from typing import Any

import pytest
from form_cards import MIDNIGHT, ROWS, TEXT, as_property
from hypothesis import given
from hypothesis import strategies as st

from stitchnb.rules.report_cards.properties import value_error
from stitchnb.rules.schema import form_text
from stitchnb.rules.schema.form_text import ParsedText
from stitchnb.rules.schema.inputs import InputKind, describe, rules_for_key
from stitchnb.rules.schema.validate import schema_key

SERVERS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "host": {"type": "string", "format": "hostname"},
            "port": {"type": "integer"},
            "tls": {"type": "boolean"},
            "since": MIDNIGHT,
            "note": {"type": ["string", "null"]},
            "tags": {"type": "array", "items": TEXT},
            "login": {"type": "object", "properties": {"user": TEXT, "tries": {"type": "integer"}}},
            "hops": {"type": "array", "items": {"type": "object", "properties": {"via": TEXT}}},
        },
        "required": ["host", "note"],
    },
}
PLACE = {"type": "object", "properties": {"city": TEXT, "zip": {"type": "string", "pattern": r"^\d+$"}}}


def reading(schema: Any, draft: Any, *, as_json: bool = False) -> ParsedText:
    text = draft if isinstance(draft, str) else json.dumps(draft)
    return form_text.parse(describe(as_property(schema)), rules_for_key(schema_key(schema)), text, as_json=as_json)


@pytest.mark.parametrize(
    ("schema", "draft", "value"),
    [
        ({"type": "array", "items": TEXT}, " a \n\n b\n", ["a", "b"]),
        ({"type": "array", "items": {"type": "integer"}}, "1\n2", [1, 2]),  # within a list numbers are numbers
        ({"type": "array", "items": {"type": ["integer", "string"]}}, "1\nx", ["1", "x"]),  # a text fits as it is
        ({"type": "array", "items": {"enum": ["a", 1]}}, "a\n1", ["a", 1]),
        ({"type": "array", "items": {"type": "boolean"}}, "true", [True]),
        ({"type": "array", "items": MIDNIGHT}, "2024-01-31", ["2024-01-31T00:00:00Z"]),
        (ROWS, [{"name": " n ", "id": "1"}], [{"name": "n", "id": "1"}]),
        (ROWS, [], None),
        (PLACE, {"city": "", "zip": " "}, None),
        (PLACE, {"city": "Ulm", "zip": ""}, {"city": "Ulm"}),  # a blank that is optional is left out
        (
            SERVERS,
            [{"host": "db", "port": "5432", "tls": "false", "since": "2024-01-31", "tags": "a\nb"}],
            [
                {
                    "host": "db",
                    "port": 5432,
                    "tls": False,
                    "since": "2024-01-31T00:00:00Z",
                    "note": None,  # it must be there, and may be nothing
                    "tags": ["a", "b"],
                }
            ],
        ),
        (
            SERVERS,
            [{"host": "db", "note": "n", "login": {"user": "u", "tries": "3"}, "hops": [{"via": "x"}]}],
            [{"host": "db", "note": "n", "login": {"user": "u", "tries": 3}, "hops": [{"via": "x"}]}],
        ),
        (SERVERS, [{"host": "db", "note": "n", "login": {"user": ""}, "hops": []}], [{"host": "db", "note": "n"}]),
    ],
)
def test_a_draft_becomes_the_apis_own_value(schema: Any, draft: Any, value: Any) -> None:
    found = reading(schema, draft)
    assert (found.value, found.error) == (value, None)
    if value is not None:
        assert value_error(as_property(schema), value) is None


@pytest.mark.parametrize(
    ("schema", "draft", "error", "place"),
    [
        (
            {"type": "array", "items": {"type": "integer"}},
            "1\nx\ny",
            "In item 2: expected a whole number, such as 30.",
            (1,),
        ),
        (ROWS, [{"name": "n", "id": "1"}, {}], "In item 2: nothing is filled in. Fill it in, or remove it.", (1,)),
        (
            SERVERS,
            [{"host": "db", "port": "x"}],
            'In item 1, "port": expected a whole number, such as 30.',
            (0, "port"),
        ),
        (
            SERVERS,
            [{"host": "db", "since": "2024-02-31"}],
            'In item 1, "since": expected a date at midnight UTC, such as 2024-01-31T00:00:00Z.',
            (0, "since"),
        ),
        (
            SERVERS,
            [{"host": "db", "login": {"tries": "x"}}],
            'In item 1, "login", "tries": expected a whole number, such as 30.',
            (0, "login", "tries"),
        ),
        (PLACE, {"zip": "x"}, 'In "zip": expected a whole number, such as 30.', ("zip",)),
    ],
)
def test_what_cannot_be_read_is_said_at_its_place(schema: Any, draft: Any, error: str, place: tuple[Any, ...]) -> None:
    found = reading(schema, draft)
    assert (found.error, found.path) == (error, place)


@pytest.mark.parametrize("draft", ["[", "5", '"x"', "{}", "[5]", '[{"name": 5}]', "[" * 100_000])
def test_a_draft_that_is_none_is_no_exception(draft: str) -> None:
    reading(ROWS, draft)
    reading(PLACE, draft)


MIXED = {"anyOf": [{"type": "object"}, {"type": "string", "pattern": "^[0-9]+$"}]}


@pytest.mark.parametrize(
    ("schema", "text", "value", "error"),
    [
        (MIXED, '{"a": 1}', {"a": 1}, None),
        (MIXED, "30", "30", None),  # a number would not fit, its text does
        (MIXED, "null", "null", "null means no value. Leave the field blank instead."),
        (MIXED, "{", "{", "This is not JSON at line 1, column 2. "),
        (ROWS, '[{"name": "n", "id": "1"}]', [{"name": "n", "id": "1"}], None),
        ({"type": "array", "items": TEXT}, '["a\\nb"]', ["a\nb"], None),
    ],
)
def test_json_is_read_as_json_and_else_as_the_text_that_it_is(schema: Any, text: str, value: Any, error: Any) -> None:
    found = reading(schema, text, as_json=True)
    assert found.value == value
    assert (found.error or "").startswith(error or "")
    assert bool(found.error) is bool(error)


@pytest.mark.parametrize(
    ("schema", "value", "is_json"),
    [
        ({"type": "array", "items": TEXT}, ["a", "b"], False),
        ({"type": "array", "items": TEXT}, ["a\nb"], True),  # lines could not show it
        ({"type": "array", "items": TEXT}, [" a"], True),
        ({"type": "array", "items": TEXT}, [], True),  # a blank input would be nothing at all
        ({"type": "array", "items": {"type": "integer"}}, [1, 2], False),
        (ROWS, [{"name": "n", "id": "1"}], False),
        (ROWS, [{"name": "n", "id": "1", "more": 1}], True),  # rows have no place for it
        (ROWS, "[]", True),
        (ROWS, {"name": "n"}, True),
        (PLACE, {"city": "Ulm"}, False),
        (PLACE, {"city": ""}, True),
        (SERVERS, [{"host": "db", "note": None, "login": {"tries": 3}, "hops": [{"via": "x"}]}], False),
        ({"type": "object"}, {"a": [1]}, True),
    ],
)
def test_a_value_is_shown_in_its_own_input_where_nothing_is_lost(schema: Any, value: Any, is_json: bool) -> None:
    wanted = describe(as_property(schema))
    text, as_json = form_text.format(wanted, rules_for_key(schema_key(schema)), value)
    assert as_json is is_json
    assert form_text.parse(wanted, rules_for_key(schema_key(schema)), text, as_json=as_json).value == value


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["host", "port", "login", "tags", "city", "zip", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from([ROWS, SERVERS, PLACE, MIXED, {"type": "array", "items": TEXT}]), values)
def test_no_value_is_lost_or_changed_by_being_shown(schema: dict[str, Any], value: Any) -> None:
    wanted = describe(as_property(schema))
    text, as_json = form_text.format(wanted, rules_for_key(schema_key(schema)), value)
    found = form_text.parse(wanted, rules_for_key(schema_key(schema)), text, as_json=as_json)
    assert found.value == value or found.error or value_error(as_property(schema), value)


def test_a_part_that_takes_json_is_read_as_json() -> None:
    holder = {"type": "object", "properties": {"any": {"type": "object"}}}
    assert describe(as_property(holder)).parts[0].input.kind is InputKind.JSON
    assert reading(holder, {"any": '{"a": [1]}'}).value == {"any": {"a": [1]}}
    assert reading(holder, {"any": "{"}).path == ("any",)
