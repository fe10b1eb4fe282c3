"""What a report card accepts, in which words it says so, and what it asks for."""

import json
import os
import subprocess
import sys
from datetime import date
from typing import Any

import jsonschema
import pytest
from form_cards import DIGITS, HOST, MIDNIGHT, MINUTES, ROWS, TEXT, as_property, card, everything, prop, recurly
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchnb.models import Property, ReportCard, Secret
from stitchnb.rules.report_cards import properties
from stitchnb.rules.report_cards.properties import describe, value_error
from stitchnb.rules.schema import validate as schemas
from stitchnb.rules.schema.inputs import InputKind, accepts, accepts_text, to_wire_text

K = InputKind

KINDS: list[tuple[Any, InputKind, str]] = [
    (None, K.TEXT, "any text"),
    ({}, K.TEXT, "any text"),
    (TEXT, K.TEXT, "any text"),
    ({"type": ["string", "null"]}, K.TEXT, "any text"),
    ({"type": "string", "maxLength": 9}, K.TEXT, "text of at most 9 characters"),
    ({"type": "string", "minLength": 3, "maxLength": 9}, K.TEXT, "text of 3 to 9 characters"),
    ({"type": "string", "pattern": "^ab"}, K.TEXT, "text that fits the pattern ^ab"),
    (MINUTES, K.CHOICE, "one of 1, 30, 60, 360, 720, 1440"),
    ({"type": "string", "pattern": "^(true|false)"}, K.CHOICE, "one of true, false"),
    ({"enum": ["a", "b"]}, K.CHOICE, "one of a, b"),
    ({"enum": [1, 2]}, K.CHOICE, "one of 1, 2"),
    ({"const": "x"}, K.CHOICE, "exactly x"),
    ({"type": "boolean"}, K.CHOICE, "one of true, false"),
    ({"anyOf": [{"const": "a"}, {"enum": ["b"]}]}, K.CHOICE, "one of a, b"),
    (MIDNIGHT, K.DATE, "a date at midnight UTC, such as 2024-01-31T00:00:00Z"),
    ({"type": "string", "format": "date"}, K.DATE, "a date, such as 2024-01-31"),
    (
        {"type": "string", "format": "date-time"},
        K.DATETIME,
        "a date and time with its zone, such as 2024-01-31T13:00:00Z",
    ),
    ({"type": "string", "format": "email"}, K.EMAIL, "an e-mail address, such as ann@example.com"),
    ({"allOf": [TEXT, {"format": "email"}]}, K.EMAIL, "an e-mail address, such as ann@example.com"),
    ({"type": "string", "format": "uri"}, K.URI, "a web address, such as https://example.com/path"),
    (HOST, K.HOST, "a host name or an IP address, such as db.example.com or 192.0.2.10"),
    ({"type": "string", "format": "ipv4"}, K.HOST, "an IPv4 address, such as 192.0.2.10"),
    (DIGITS, K.INTEGER, "a whole number, such as 30"),
    ({"type": "string", "pattern": r"^\d+$"}, K.INTEGER, "a whole number, such as 30"),
    (
        {"type": "string", "pattern": r"^(\d|[1-9]\d|100)$"},
        K.INTEGER,
        "a whole number from 0 to 100, such as 30",
    ),
    (
        {"type": "string", "pattern": "^([1-9]|[12][0-9]|30|60|90)$"},
        K.INTEGER,
        "a whole number from 1 to 30, or 60 or 90, such as 30",
    ),
    ({"type": "integer", "minimum": 40}, K.INTEGER, "a whole number of at least 40, such as 40"),
    ({"type": "integer", "minimum": 1, "maximum": 5}, K.INTEGER, "a whole number from 1 to 5, such as 1"),
    ({"type": "number"}, K.NUMBER, "a number, such as 30"),
    ({"type": "array", "items": TEXT}, K.LIST, 'a list of texts, such as ["a", "b"]'),
    ({"type": "array", "items": {"enum": ["a", "b"]}}, K.LIST, 'a list of values, each one of a, b, such as ["a"]'),
    ({"type": "array", "items": {"type": "integer"}}, K.LIST, "a list of values, each a whole number, such as [30]"),
    ({"type": "array", "items": {"type": "array"}}, K.JSON, 'a list in JSON, such as [["…"]]'),
    ({"type": "array"}, K.JSON, 'a list in JSON, such as ["…"]'),
    (ROWS, K.ROWS, 'a list of objects, such as [{"name": "…", "id": "…"}]'),
    ({"type": "object", "properties": {"n": {"type": "integer"}}}, K.OBJECT, 'an object, such as {"n": 30}'),
    ({"type": "object"}, K.JSON, "an object in JSON, such as {}"),
    ({"type": "object", "properties": {"n": {"$ref": "#/x"}}}, K.JSON, 'an object in JSON, such as {"n": "…"}'),
    ({"type": "object", "properties": {"n": TEXT}, "required": ["z"]}, K.JSON, "an object in JSON"),
    ({"type": "null"}, K.NOTHING, "no value at all"),
    ({"enum": [None, ""]}, K.NOTHING, "no value at all"),
    ({"enum": ["1", 1]}, K.CHOICE, "exactly 1"),
    ({"oneOf": [{"const": "a", "title": "First"}, {"const": "b"}]}, K.CHOICE, "one of a, b"),
    ({"anyOf": [{"type": "boolean"}, {"type": "integer"}]}, K.TEXT, "one of true, false or a whole number, such as 30"),
    ({"anyOf": [TEXT, {"type": "array", "items": TEXT}]}, K.TEXT, "any text"),
    ({"$ref": "#/definitions/b", "definitions": {"b": {"type": "boolean"}}}, K.CHOICE, "one of true, false"),
    ({"$ref": "https://example.com/elsewhere"}, K.TEXT, "any text"),
    ({"$ref": "#"}, K.TEXT, "any text"),
    ({"not": TEXT}, K.JSON, "JSON"),
    ({"type": "nonsense"}, K.JSON, "JSON"),
    ({"type": 5}, K.TEXT, "any text"),
    ({"enum": [[1], {"a": 1}]}, K.CHOICE, 'one of [1], {"a": 1}'),
]


@pytest.mark.parametrize(("schema", "kind", "expected"), KINDS)
def test_every_schema_has_an_input_and_words(schema: Any, kind: InputKind, expected: str) -> None:
    wanted = describe(as_property(schema))
    assert (wanted.kind, wanted.expected) == (kind, expected)


@pytest.mark.parametrize("schema", [schema for schema, _, _ in KINDS])
def test_an_example_and_every_choice_are_accepted(schema: Any) -> None:
    asked = as_property(schema)
    wanted = describe(asked)
    for text in (wanted.example, *wanted.choices):
        if text:
            # A list or an object is what its text says.
            readings = [text, json.loads(text)] if text[0] in "[{" else [text]
            assert any(value_error(asked, reading) is None for reading in readings)


def test_a_credential_is_a_secret_that_still_says_what_it_expects() -> None:
    assert describe(as_property(TEXT, is_credential=True)).expected == "a credential"
    uri = describe(as_property({"type": "string", "format": "uri"}, is_credential=True))
    assert (uri.kind, uri.is_secret) == (K.SECRET, True)
    assert uri.expected.startswith("a web address")
    rows = describe(as_property(ROWS, is_credential=True))
    assert (rows.kind, rows.is_secret) == (K.JSON, True)


def test_a_choice_keeps_the_name_that_its_schema_gives_it() -> None:
    titled = {"oneOf": [{"const": "a", "title": "First"}, {"const": "b"}]}
    assert describe(as_property(titled)).titles == ("First", "b")
    assert describe(as_property({"enum": ["a"]})).titles == ()


def test_an_object_consists_of_parts_that_know_what_they_ask_for() -> None:
    server = {
        "type": "object",
        "properties": {"port": {"type": "integer"}, "hosts": {"type": "array", "items": HOST}},
        "required": ["port"],
    }
    parts = describe(as_property({"type": "array", "items": server})).parts
    assert [(part.name, part.required, part.input.kind) for part in parts] == [
        ("port", True, K.INTEGER),
        ("hosts", False, K.LIST),
    ]


def test_what_is_nested_too_deep_or_too_wide_is_edited_as_json() -> None:
    deep: dict[str, Any] = TEXT
    for _ in range(4):
        deep = {"type": "object", "properties": {"a": deep}}
    wide = {"type": "object", "properties": {f"a{i}": TEXT for i in range(50)}}
    assert [describe(as_property(schema)).kind for schema in (deep, wide)] == [K.JSON, K.JSON]


def test_a_property_that_takes_no_value_is_never_missing() -> None:
    nothing = card(prop("a", {"type": "null"}, required=True), prop("b", TEXT, required=True))
    assert list(properties.properties_errors(nothing, {})) == ["b"]
    assert [group.name for group in properties.form_groups(nothing)] == ["required", "optional"]


@pytest.mark.parametrize(
    ("name", "several"),
    [("private_key", True), ("ssl_ca", True), ("service_account_json", True), ("api_key", False), ("cat", False)],
)
def test_certificates_and_key_files_have_several_lines(name: str, several: bool) -> None:
    assert describe(Property(prop(name, TEXT))).is_multiline is several


ACCEPTED: list[tuple[Any, Any]] = [
    (None, "anything"),
    (TEXT, " with spaces "),
    (MINUTES, "1440"),
    (MIDNIGHT, "2024-02-29T00:00:00Z"),
    (DIGITS, "5432"),
    (DIGITS, "30x"),  # the pattern is open at its end
    ({"type": "integer"}, "5432"),  # travels as a string, says a number
    ({"type": "boolean"}, "true"),
    ({"type": "boolean"}, True),  # a destination's
    ({"type": "number"}, "1.5"),
    ({"type": "string", "pattern": "^(true|false)"}, "trueish"),  # as loose as the API
    (HOST, "db.example.com"),
    (HOST, "localhost"),
    (HOST, "192.0.2.10"),
    ({"type": "string", "format": "email"}, "ann@example.com"),
    ({"type": "string", "format": "uri"}, "https://example.com/a?b=c#d"),
    ({"type": "string", "format": "date-time"}, "2024-01-31T13:00:00+01:00"),
    ({"type": "string", "format": "unheard-of"}, "x"),
    ({"type": "string", "format": "ipv6"}, "2001:db8::10"),
    ({"type": "string", "format": "uuid"}, "123e4567-e89b-42d3-a456-426614174000"),
    (ROWS, [{"id": "1", "name": "a"}]),
    (ROWS, []),
    ({"type": "nonsense"}, "x"),  # a broken schema is not ours to judge
    ({"$ref": "https://example.com/elsewhere"}, "x"),
    ({"patternProperties": {"(": {}}}, {"a": 1}),
    ({"minProperties": 1}, {"a": 1}),
    ({"enum": ["a", 1]}, 1),  # there is no string for it
]

REFUSED: list[tuple[Any, Any]] = [
    (None, ""),
    (TEXT, ""),  # a blank is refused by the API
    (None, None),
    (TEXT, 5),
    (MINUTES, "61"),
    (MINUTES, "60\n"),
    (MIDNIGHT, "2024-13-01T00:00:00Z"),  # the pattern takes month 13
    (MIDNIGHT, "2023-02-29T00:00:00Z"),
    (MIDNIGHT, "2024-01-31T00:00:00Z\n"),
    (MIDNIGHT, "2024-01-31"),
    (DIGITS, "thirty"),
    (DIGITS, 5432),  # the API takes a map of strings, and "5432"
    (DIGITS, True),
    (None, ["a"]),
    ({"type": "string", "pattern": r"^\d+$"}, "5\n"),
    ({"type": "integer"}, "5.5"),
    ({"type": "integer"}, "5 "),
    ({"type": "integer"}, "9" * 5000),  # longer than any number that is meant
    ({"type": "boolean"}, "yes"),
    (HOST, "999.1.1.1"),  # would pass as a name
    (HOST, "a b"),
    (HOST, "-a.example.com"),
    (HOST, "db.example.com\n"),
    ({"type": "string", "format": "email"}, "@"),
    ({"type": "string", "format": "email"}, "ann@"),
    ({"type": "string", "format": "email"}, "a@b@example.com"),
    ({"type": "string", "format": "uri"}, "example.com"),
    ({"type": "string", "format": "uri"}, "http://"),
    ({"type": "string", "format": "uri"}, "http://example.com:99999"),
    ({"type": "string", "format": "uri"}, "http://999.1.1.1/"),
    ({"type": "string", "format": "date-time"}, "2024-01-31T13:00:00"),  # which zone?
    ({"type": "string", "format": "date-time"}, "2024-02-30T13:00:00Z"),
    ({"type": "string", "format": "date"}, "20240131"),
    ({"type": "string", "format": "ipv4"}, "01.2.3.4"),
    ({"type": "string", "format": "ipv6"}, "fe80::1%eth0"),
    ({"type": "string", "format": "time"}, "25:00:00Z"),
    ({"type": "string", "format": "uri-reference"}, "a b"),
    ({"type": "string", "format": "uuid"}, "123"),
    (ROWS, [{"id": "1"}]),
    (ROWS, "[]"),
    ({"enum": [1]}, True),  # for JSON, true is not 1
    ({"minProperties": 1}, {}),
    ({"items": [TEXT]}, [1]),  # an older draft
]


@pytest.mark.parametrize(("schema", "value"), ACCEPTED)
def test_a_value_that_the_api_takes_is_accepted(schema: Any, value: Any) -> None:
    assert value_error(as_property(schema), value) is None


@pytest.mark.parametrize(("schema", "value"), REFUSED)
def test_a_value_that_cannot_be_right_is_refused_in_words(schema: Any, value: Any) -> None:
    message = value_error(as_property(schema), value)
    assert message is not None
    assert "Expected " in message
    assert message.endswith(".")


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        (DIGITS, "thirty", "Expected a whole number, such as 30."),
        (TEXT, "", "Must not be blank. Expected any text."),
        (MINUTES, 60, 'Expected one of 1, 30, 60, 360, 720, 1440. It is sent as a string: "60", not 60.'),
        (ROWS, [{"id": "1"}], 'In item 1: "name" is missing.'),
        (ROWS, [{"id": "1", "name": "a"}, {"id": 1, "name": "a"}], 'In item 2, "id": expected text.'),
        (ROWS, [{"id": "1", "name": "a", "z": 0}], 'In item 1: "z" is not allowed here.'),
        (ROWS, {}, 'such as [{"name": "…", "id": "…"}].'),
        ({"type": "array", "items": TEXT, "minItems": 2}, ["a"], "At least 2 items are required."),
        ({"type": "array", "items": TEXT, "maxItems": 1}, ["a", "b"], "At most 1 item is allowed."),
        ({"type": "array", "uniqueItems": True}, ["a", "a"], "The same item is listed twice."),
        (
            {"type": "object", "properties": {"a": {"type": ["integer", "null"]}}, "minProperties": 0},
            {"a": "x"},
            'In "a": expected a whole number or nothing.',
        ),
    ],
)
def test_the_words_say_what_where_and_what_instead(schema: Any, value: Any, message: str) -> None:
    assert (value_error(as_property(schema), value) or "").endswith(message)


def test_a_refused_credential_is_never_repeated() -> None:
    for schema in ({"type": "string", "format": "uri"}, ROWS, {"type": "integer"}):
        for value in ("hunter2", Secret("hunter2"), ["hunter2"], 4711):
            message = value_error(as_property(schema, is_credential=True), value) or ""
            assert "hunter2" not in message
            assert "4711" not in message


def test_a_secret_is_judged_by_what_it_holds() -> None:
    asked = as_property({"type": "string", "format": "uri"}, is_credential=True)
    assert value_error(asked, Secret("https://example.com")) is None
    assert value_error(asked, Secret("nowhere")) is not None


VALID_AFTER_NORMALIZATION: list[tuple[Any, Any, Any]] = [
    ({"properties": {"a": {"type": "string", "required": True}}}, {"a": "x"}, {}),  # draft 3
    ({"type": "integer", "minimum": 5, "exclusiveMinimum": True}, 6, 5),  # draft 4
    ({"type": "integer", "maximum": 5, "exclusiveMaximum": True}, 4, 5),
    ({"minimum": 5, "exclusiveMinimum": False}, 5, 4),
    ({"items": [TEXT], "additionalItems": False}, ["a"], ["a", "b"]),  # draft 7
    ({"dependencies": {"a": ["b"]}}, {"a": 1, "b": 2}, {"a": 1}),
    ({"dependencies": {"a": {"required": ["b"]}}}, {"b": 2}, {"a": 1}),
    ({"definitions": {"a": {"items": [TEXT]}}, "$ref": "#/definitions/a"}, ["a"], [1]),
    ({"type": "string", "pattern": r"\A[0-9]+\Z"}, "12", "12\n"),  # anchors of other languages
    ({"type": "string", "pattern": "(?P<a>x)y"}, "xy", "x"),
    ({"patternProperties": {r"^a\Z": TEXT}}, {"a": "x"}, {"a": 1}),
    ({"type": "string", "format": "date-time"}, "2020-01-13T21:25:03+0000", "2020-01-13T21:25:03+00"),
    ({"title": 5, "description": [], "$schema": 3, "type": "string"}, "x", 1),  # annotations are never wrong
]


@pytest.mark.parametrize(("schema", "valid", "invalid"), VALID_AFTER_NORMALIZATION)
def test_a_schema_of_an_older_draft_is_checked_in_full(schema: Any, valid: Any, invalid: Any) -> None:
    validator = schemas.SchemaValidator(schema)
    assert (validator.is_valid(valid), validator.is_valid(invalid), validator.unchecked) == (True, False, ())


PARTLY_UNCHECKED: list[tuple[Any, tuple[str, ...], Any, Any]] = [
    ({"type": "string", "pattern": "("}, ("pattern",), "x", 5),
    ({"type": "string", "maxLength": 3, "$ref": "https://example.com/elsewhere"}, ("$ref",), "abc", "abcd"),
    ({"minLength": "two", "maxLength": 3}, ("minLength",), "a", "abcd"),
    ({"properties": {"a": 5, "b": TEXT}, "additionalProperties": False}, ("properties",), {"a": 1}, {"b": 1}),
    (
        {"patternProperties": {"(": {}}, "additionalProperties": False, "minProperties": 1},
        ("patternProperties",),
        {"z": 1},
        {},
    ),
    ({"properties": 5, "additionalProperties": False, "required": ["a"]}, ("properties",), {"a": 1}, {}),
    ({"anyOf": [TEXT, 5], "not": {"const": "x"}}, ("anyOf",), 7, "x"),
    ({"not": {"pattern": "("}, "type": "string"}, ("not",), "x", 5),  # a part of "not" would refuse more
    ({"oneOf": [{"pattern": "("}, {"minLength": 9}], "type": "string"}, ("oneOf",), "x", 5),
    ({"pattern": "(", "$ref": "#/nowhere", "type": "string"}, ("$ref", "pattern"), "x", 5),
    ({"type": "nonsense", "enum": ["a"]}, ("type",), "a", "b"),
]


@pytest.mark.parametrize(("schema", "unchecked", "valid", "invalid"), PARTLY_UNCHECKED)
def test_what_cannot_be_compiled_is_left_out_and_the_rest_is_checked(
    schema: Any, unchecked: tuple[str, ...], valid: Any, invalid: Any
) -> None:
    validator = schemas.SchemaValidator(schema)
    assert validator.unchecked == unchecked
    assert (validator.is_valid(valid), validator.is_valid(invalid)) == (True, False)


def test_a_field_says_which_part_of_its_schema_only_stitch_can_check() -> None:
    asked = as_property({"type": "string", "pattern": "("})
    assert describe(asked).unchecked == ("pattern",)
    assert properties.help_text(asked).endswith('Only Stitch can check its "pattern".')
    assert describe(as_property(TEXT)).unchecked == ()


@pytest.mark.parametrize("value", ["\ud800", {"a": "\ud800"}, [object()], {1: 2}, float("nan"), b"x"])
def test_what_cannot_be_written_as_json_is_not_valid(value: Any) -> None:
    validator = schemas.SchemaValidator({"type": ["string", "object", "array", "number"]})
    assert not validator.is_valid(value)
    assert validator.first_violation(value) is not None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-100, 100) | st.text("ab1é\n", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
plain_schemas = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["string", "integer", "number", "boolean", "array", "object", "null"])
            | st.just(["string", "null"]),
            "pattern": st.sampled_from(["^a", "b", r"^[0-9]+$"]),
            "enum": st.lists(st.sampled_from(["a", 1, True, "b"]), min_size=1, max_size=3, unique_by=repr),
            "title": st.just("A title"),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "anyOf": st.lists(inner, min_size=1, max_size=3),
            "items": inner,
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
            "additionalProperties": st.booleans(),
        },
    ),
    max_leaves=5,
)


@given(plain_schemas, json_values)
@settings(max_examples=300)
def test_validation_agrees_with_another_implementation(schema: dict[str, Any], value: Any) -> None:
    if "\n" in repr(value).replace("\\n", "\n"):
        return  # There Python's $ differs from ECMAScript's.
    assert schemas.is_valid(schema, value) is jsonschema.Draft202012Validator(schema).is_valid(value)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
keywords = st.sampled_from(
    (
        *("type", "pattern", "format", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "items", "properties"),
        *("required", "additionalProperties", "patternProperties", "not", "if", "then", "minimum", "minLength"),
        *("multipleOf", "$schema", "description"),
    )
)
wild_schemas = st.dictionaries(
    keywords, any_json | st.sampled_from(["string", "array", "#", "#/x", ["string"], [{"type": "object"}]]), max_size=4
)


@given(wild_schemas, any_json)
@settings(max_examples=300, deadline=None)
def test_no_schema_and_no_value_is_ever_an_exception(schema: dict[str, Any], value: Any) -> None:
    for credential in (False, True):
        asked = as_property(schema, is_credential=credential)
        wanted = describe(asked)
        assert wanted.expected
        assert value_error(asked, "") is not None
        message = value_error(asked, value)
        assert message is None or message.startswith(("Expected", "Must not"))
        assert properties.help_text(asked) is not None
    assert accepts_text(schema) in (True, False)


@given(st.text(max_size=20))
def test_a_plain_text_property_takes_every_text_but_the_blank(text: str) -> None:
    assert (value_error(as_property(TEXT), text) is None) is (text != "")


@given(st.integers(-(10**12), 10**12))
def test_a_whole_number_travels_as_its_digits(number: int) -> None:
    assert accepts({"type": "integer"}, str(number))
    assert accepts({"type": "integer"}, number)
    assert to_wire_text(number) == str(number)


def test_the_errors_of_a_card_come_in_its_order_then_unknown_names() -> None:
    values = {
        "subdomian": "acme",
        "quota_limit": "thirty",
        "image_version": "2",
        "frequency_in_minutes": "60",
        "start_date": "2024-13-01T00:00:00Z",
        "display_name": "Recurly",
    }
    errors = properties.properties_errors(recurly(), values)
    assert list(errors) == [
        "image_version",
        "start_date",
        "api_key",
        "subdomain",
        "quota_limit",
        "subdomian",
        "display_name",
    ]
    assert errors["api_key"] == "Required: a credential."
    assert errors["image_version"] == "Stitch sets this itself: leave it out."
    assert errors["subdomian"] == ("There is no property 'subdomian' of platform.recurly. Did you mean 'subdomain'?")
    assert errors["display_name"].endswith("Give it beside the properties, not among them.")


def test_an_update_misses_nothing() -> None:
    assert properties.properties_errors(recurly(), {"quota_limit": "30"}, partial=True) == {}
    assert properties.bad_properties(recurly(), {"quota_limit": "", "api_key": "x"}) == ["quota_limit"]


def test_what_stitch_gives_may_be_brought_and_is_then_judged() -> None:
    own = card(prop("port", DIGITS, required=True, property_type="system_provided_by_default"))
    assert properties.properties_errors(own, {}) == {}
    assert list(properties.properties_errors(own, {"port": "x"})) == ["port"]


def test_a_card_without_steps_takes_anything() -> None:
    old = ReportCard({"details": {"protocol": "deskdotcom"}})
    assert properties.properties_errors(old, {"whatever": ""}) == {}
    assert properties.form_groups(old) == ()
    assert properties.default_values(old, date(2024, 1, 1)) == {}


def test_a_property_without_a_name_or_with_one_twice_is_taken_once() -> None:
    double = card(prop("a", TEXT, required=True), prop("a", DIGITS), prop("", TEXT, required=True))
    assert list(properties.by_name(double)) == ["a"]
    assert properties.properties_errors(double, {"a": "text"}) == {}


@pytest.mark.parametrize(
    ("ago", "today", "start"),
    [
        ("-1 year", date(2025, 11, 23), "2024-11-23T00:00:00Z"),
        ("-1 year", date(2024, 2, 29), "2023-02-28T00:00:00Z"),  # no such day a year back
        ("-30 days", date(2024, 3, 1), "2024-01-31T00:00:00Z"),
        ("-4 weeks", date(2024, 3, 1), "2024-02-02T00:00:00Z"),
        ("-1 month", date(2024, 3, 31), "2024-02-29T00:00:00Z"),
        ("-0 days", date(2024, 3, 31), "2024-03-31T00:00:00Z"),
        ("-9000 years", date(2024, 3, 1), None),
        ("-999999 days", date(2024, 3, 1), None),
        ("last year", date(2024, 3, 1), None),
        (None, date(2024, 3, 1), None),
        (5, date(2024, 3, 1), None),
    ],
)
def test_the_default_start_date_is_counted_back_from_today(ago: Any, today: date, start: str | None) -> None:
    asked = card(prop("start_date", MIDNIGHT, required=True), default_start_date=ago)
    assert properties.default_values(asked, today).get("start_date") == start


@pytest.mark.parametrize(
    ("minutes", "expected"), [(60, {"frequency_in_minutes": "60"}), (61, {}), (None, {}), (True, {}), ("60", {})]
)
def test_the_default_interval_is_taken_where_it_is_a_choice(minutes: Any, expected: dict[str, str]) -> None:
    asked = card(prop("frequency_in_minutes", MINUTES), default_scheduling_interval=minutes)
    assert properties.default_values(asked, date(2024, 1, 1)) == expected


def test_defaults_are_only_given_for_properties_that_are_there_and_open() -> None:
    asked = card(
        prop("start_date", MIDNIGHT, property_type="read_only"),
        default_start_date="-1 year",
        default_scheduling_interval=60,
    )
    assert properties.default_values(asked, date(2024, 1, 1)) == {}


@given(st.dates(), st.integers(0, 10**6), st.sampled_from(["day", "week", "month", "year"]))
def test_a_default_start_date_is_always_a_real_day_no_later_than_today(today: date, count: int, unit: str) -> None:
    asked = card(prop("start_date", MIDNIGHT), default_start_date=f"-{count} {unit}s")
    found = properties.default_values(asked, today)
    for value in found.values():
        assert value_error(as_property(MIDNIGHT), value) is None
        assert date.fromisoformat(value[:10]) <= today


def test_properties_are_grouped_in_the_order_of_the_card() -> None:
    found = {g.name: [p.name for p in g.properties] for g in properties.form_groups(everything())}
    assert found == {
        "required": ["host", "port", "password"],
        "schedule": ["frequency_in_minutes"],
        "optional": [
            *("private_key", "ssl", "groups", "report_definitions", "contact", "endpoint", "since"),
            *("start_date", "ratio", "sandbox"),
        ],
        "advanced": ["itersize"],
        "stitch": ["image_version", "oauth_secret"],
    }
    assert [g.name for g in properties.form_groups(everything()) if g.is_folded] == ["advanced"]


def test_what_the_user_supplies_counts_as_the_users_own() -> None:
    found = {
        g.name: [p.name for p in g.properties]
        for g in properties.form_groups(everything(), user_supplied=["oauth_secret"])
    }
    assert found["stitch"] == ["image_version"]
    assert "oauth_secret" in found["optional"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("api_key", "API key"),
        ("start_date", "Start date"),
        ("ssl", "SSL"),
        ("ssh_host", "SSH host"),
        ("customer_ids", "Customer IDs"),
        ("oauth_client_id", "OAuth client ID"),
        ("loginCustomerId", "Login customer ID"),
        ("display_name", "Display name"),
        ("base-url", "Base URL"),
        ("", ""),
        ("___", "___"),
    ],
)
def test_a_name_is_written_as_a_label(name: str, expected: str) -> None:
    assert properties.property_label(name) == expected


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (prop("api_key", TEXT, is_credential=True), "A credential: sent once, never shown again."),
        (prop("user_name_2", {"type": "string", "description": "Who  asks"}), "Who asks."),
        (prop("whatever", DIGITS), "A whole number, such as 30."),
        (prop("whatever", TEXT), ""),
        (prop("sandbox", TEXT, property_type="user_provided_immutable"), "Cannot be changed later."),
        (prop("host", HOST, is_credential=True), "A credential: sent once, never shown again."),
    ],
)
def test_every_property_has_help_that_is_true_of_it(asked: dict[str, Any], words: str) -> None:
    assert properties.help_text(Property(asked)) == words


def test_a_usual_card_is_judged_without_loading_what_takes_long_to_load() -> None:
    program = """
import sys
from datetime import date
from form_cards import everything
from stitchnb.rules.report_cards import properties
card = everything()
properties.properties_errors(card, {"report_definitions": [{"id": 1}], "host": "x", "endpoint": "https://example.com"})
properties.default_values(card, date(2024, 1, 1))
[properties.describe(p) for p in card.properties]
assert not {"jsonschema", "pandas", "ipywidgets"} & set(sys.modules)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
