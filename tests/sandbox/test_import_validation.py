"""How a record breaks a schema, in the Import API's words."""

from typing import Any

import pytest

from stitchnb.sandbox.import_validation import ImportSchemaValidator, SchemaError, type_name

CASES = [
    ({"type": "integer"}, 7, None, "an integer"),
    ({"type": "integer"}, 7.0, "#: expected: Integer, found: Double", "a float is none, whatever its value"),
    ({"type": "integer"}, True, "#: expected: Integer, found: Boolean", "nor is true"),
    ({"type": "number"}, 7, None, "an integer is a number"),
    ({"type": "number"}, "7", "#: expected: Number, found: String", "text is not"),
    ({"type": "boolean"}, 1, "#: expected: Boolean, found: Integer", "1 is not true"),
    ({"type": "object"}, [], "#: expected: JSONObject, found: JSONArray", "a list for an object"),
    ({"type": "array"}, {}, "#: expected: JSONArray, found: JSONObject", "an object for a list"),
    ({"type": "null"}, 0, "#: expected: Null, found: Integer", "nought is not null"),
    ({"type": ["string"]}, None, "#: expected: String, found: Null", "one type in a list"),
    ({"type": ["null", "string"]}, None, None, "one of two types"),
    ({"type": ["null", "string"]}, 7, "#: no subschema matched out of the total 2 subschemas", "neither of two types"),
    (
        {"anyOf": [{"type": "null"}, {"type": "string"}]},
        7,
        "#: no subschema matched out of the total 2 subschemas",
        "neither of two schemas",
    ),
    ({"enum": ["a", 1]}, "b", "#: b is not a valid enum value", "none of a list"),
    ({"enum": ["a", 1]}, True, "#: true is not a valid enum value", "true is not 1"),
    ({"enum": ["a", 1]}, 1, None, "one of a list"),
    ({"pattern": "^a"}, "b", "#: string [b] does not match pattern ^a", "a pattern"),
    ({"pattern": "b"}, "abc", None, "a pattern searches"),
    ({"pattern": "["}, "abc", None, "a pattern that cannot be read takes everything"),
    ({"format": "date-time"}, "2020-13-01T00:00:00Z", "#: [2020-13-01T00:00:00Z] is not a valid date-time", "month 13"),
    ({"format": "date-time"}, "2020-12-01T00:00:00Z", None, "a time"),
    ({"format": "colour"}, "red", None, "an unknown format"),
    ({"minimum": 5}, 3, "#: 3 is not greater or equal to 5", "too small"),
    ({"minimum": 5}, 5, None, "the least"),
    ({"minimum": 5, "exclusiveMinimum": True}, 5, "#: 5 is not greater than 5", "the least is outside, as in draft 4"),
    ({"maximum": 5}, 7, "#: 7 is not less or equal to 5", "too large"),
    ({"maximum": 5}, "7", None, "a bound is for numbers"),
    ({"multipleOf": 0.01}, 0.07, None, "a multiple by its digits, which floating point only comes near"),
    ({"multipleOf": 1e-08}, 1234567.00000003, None, "eight digits after the point"),
    ({"multipleOf": 0.01}, 0.071, "#: 0.071 is not a multiple of 0.01", "one digit too many"),
    ({"multipleOf": 3}, 7, "#: 7 is not a multiple of 3", "no multiple of a whole number"),
    ({"multipleOf": 0.5}, 1e999, None, "a number without an end is no matter"),
    ({"multipleOf": 2}, "7", None, "multiples are of numbers"),
    ({"minLength": 2}, "a", "#: expected minLength: 2, actual: 1", "too short"),
    ({"maxLength": 2}, "abc", "#: expected maxLength: 2, actual: 3", "too long"),
    ({"required": ["x"]}, {}, "#: required key [x] not found", "a key that is missing"),
    (
        {"properties": {"a": {}}, "patternProperties": {"^x": {}}, "additionalProperties": False},
        {"a": 1, "x1": 2, "b": 3},
        "#: extraneous key [b] is not permitted",
        "a key too many",
    ),
    ({"additionalProperties": {"type": "string"}}, {"a": 1}, "#/a: expected: String, found: Integer", "further keys"),
    (
        {"properties": {"a": {"items": {"properties": {"b/c": {"type": "string"}}}}}},
        {"a": [{}, {"b/c": 1}]},
        "#/a/1/b~1c: expected: String, found: Integer",
        "deep inside, the slash of a name written as in a JSON pointer",
    ),
    ({}, {"a": 1}, None, "a schema that says nothing"),
]


@pytest.mark.parametrize(("schema", "value", "description", "why"), CASES, ids=[row[3] for row in CASES])
def test_violations_are_described_as_the_import_api_does(
    schema: dict[str, Any], value: Any, description: str | None, why: str
) -> None:
    assert ImportSchemaValidator(schema).describe_violations(value) == description, why


BAD_SCHEMAS = [
    ({"type": "record"}, "unknown type: [record]", "no type"),
    ({"type": ["null", "int"]}, "unknown type: [int]", "no type in a list"),
    ({"properties": {"type": {"type": "text"}}}, "unknown type: [text]", "no type, of a field that is named type"),
    ({"properties": 7}, '#/properties: 7 is not of type "object"', "no properties"),
    ({"required": "id"}, '#/required: "id" is not of type "array"', "no list"),
]


@pytest.mark.parametrize(("schema", "description", "why"), BAD_SCHEMAS, ids=[row[2] for row in BAD_SCHEMAS])
def test_an_invalid_schema_says_why(schema: dict[str, Any], description: str, why: str) -> None:
    with pytest.raises(SchemaError) as caught:
        ImportSchemaValidator(schema)

    assert str(caught.value) == description, why


def test_nothing_is_fetched() -> None:
    with pytest.raises(SchemaError, match=r"https://example.com/schema.json cannot be resolved"):
        ImportSchemaValidator({"$ref": "https://example.com/schema.json"})


def test_a_schema_that_refers_to_itself_without_end_is_refused() -> None:
    with pytest.raises(SchemaError):
        ImportSchemaValidator({"definitions": {"a": {"$ref": "#/definitions/a"}}, "$ref": "#/definitions/a"})


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "Null"),
        (False, "Boolean"),
        (1, "Integer"),
        (1.5, "Double"),
        ("", "String"),
        ([], "JSONArray"),
        ({}, "JSONObject"),
    ],
)
def test_types_are_named_as_the_api_names_them(value: Any, name: str) -> None:
    assert type_name(value) == name
