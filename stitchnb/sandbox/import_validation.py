"""Validates values against a JSON schema, and describes violations in the Import API's words."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stitchnb.rules.schema.validate import SchemaProblem, build_validator, map_schemas, normalize, resolve_pointer

if TYPE_CHECKING:
    import jsonschema_rs

_TYPE_NAMES = {
    "array": "JSONArray",
    "boolean": "Boolean",
    "integer": "Integer",
    "null": "Null",
    "number": "Number",
    "object": "JSONObject",
    "string": "String",
}

# A keyword of our own, beside `type`.
_STRICT_INTEGER = "strictInteger"
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_PATTERNS = ("pattern", "patternProperties")


class SchemaError(Exception):
    """The schema itself is invalid; the message says why."""


class ImportSchemaValidator:
    """Validates values against one schema.

    Parameters
    ----------
    schema
        JSON Schema of draft 4 to 7. References to other documents are not fetched.
    expected
        The word that descriptions of a wrong type start with.

    Raises
    ------
    SchemaError
        The schema is invalid, or a reference in it cannot be resolved.
    """

    def __init__(self, schema: Mapping[str, Any], *, expected: str = "expected") -> None:
        try:
            normalized = map_schemas(normalize(schema), _require_strict_integers)
            self._validator, problems = build_validator(normalized, keywords={_STRICT_INTEGER: _StrictInteger})
        except RecursionError as error:
            raise SchemaError("it is nested too deeply") from error
        for problem in problems:
            # A pattern that cannot be compiled accepts everything.
            if problem.keyword not in _PATTERNS:
                raise SchemaError(_describe_problem(problem))
        if _has_circular_reference(normalized, normalized):
            raise SchemaError("it is nested too deeply")
        self._expected = expected

    def describe_violations(self, value: Any) -> str | None:
        """Describe how a value violates the schema, such as ``#/age: expected: Integer, found: String``.

        Several violations are counted and then described one after the other. None when there is none.
        """
        if self._validator is None:
            return None
        errors = self._validator.iter_errors(value)
        messages = [text for error in errors for text in self._describe(error, _value_at(value, error.instance_path))]
        if len(messages) > 1:
            messages = [f"#: {len(messages)} schema violations found", *messages]
        return " ".join(messages) or None

    def _describe(self, error: jsonschema_rs.ValidationError, value: Any) -> list[str]:
        kind, limit = error.kind.name, error.kind.value
        # A number that is too large for a float is still a number.
        if kind == "type" and "number" in limit and isinstance(value, float) and not math.isfinite(value):
            return []
        where = _pointer(error.instance_path)
        if kind == "additionalProperties":
            return [f"{where}: extraneous key [{name}] is not permitted" for name in limit]
        if kind == "type" and len(limit) == 1:
            return [f"{where}: {self._expected}: {_TYPE_NAMES[limit[0]]}, found: {type_name(value)}"]
        if kind == _STRICT_INTEGER:
            return [f"{where}: {self._expected}: Integer, found: {type_name(value)}"]
        return [f"{where}: {_message(kind, limit, value) or error.message}"]


def type_name(value: Any) -> str:
    """Return the Import API's name for the type of a JSON value, such as ``Integer`` or ``JSONObject``."""
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return "Boolean"
    names = {int: "Integer", float: "Double", str: "String", list: "JSONArray", dict: "JSONObject"}
    return names[type(value)]


class _StrictInteger:
    """The keyword that refuses 16.0 as an integer: it is loaded into another column than 16."""

    def __init__(self, parent_schema: Any, value: Any, schema_path: Any) -> None:
        pass

    def validate(self, instance: Any) -> None:
        if isinstance(instance, float) and instance.is_integer():
            raise ValueError("not an integer")


def _require_strict_integers(schema: dict[str, Any]) -> dict[str, Any]:
    types = schema.get("type")
    names = types if isinstance(types, list) else [types]
    return {**schema, _STRICT_INTEGER: True} if "integer" in names and "number" not in names else dict(schema)


def _message(kind: str, limit: Any, value: Any) -> str | None:
    match kind:
        case "type" | "anyOf":
            return f"no subschema matched out of the total {len(limit)} subschemas"
        case "required":
            return f"required key [{limit}] not found"
        case "enum":
            return f"{value if isinstance(value, str) else json.dumps(value)} is not a valid enum value"
        case "pattern":
            return f"string [{value}] does not match pattern {limit}"
        case "format":
            return f"[{value}] is not a valid {limit}"
        case "minimum":
            return f"{value} is not greater or equal to {limit}"
        case "exclusiveMinimum":
            return f"{value} is not greater than {limit}"
        case "maximum":
            return f"{value} is not less or equal to {limit}"
        case "exclusiveMaximum":
            return f"{value} is not less than {limit}"
        case "multipleOf":
            return f"{value} is not a multiple of {limit}"
        case "minLength" | "maxLength":
            return f"expected {kind}: {limit}, actual: {len(value)}"
        case _:
            return None


def _describe_problem(problem: SchemaProblem) -> str:
    if problem.keyword in _REFERENCES:
        return problem.message
    if "type" in problem.path[-2:]:
        names = problem.value if isinstance(problem.value, list) else [problem.value]
        for name in names:
            if isinstance(name, str) and name not in _TYPE_NAMES:
                return f"unknown type: [{name}]"
    return f"{_pointer(problem.path)}: {problem.message}"


def _has_circular_reference(node: Any, schema: Any) -> bool:
    """Does a reference lead back to itself, through references alone?"""
    if isinstance(node, list):
        return any(_has_circular_reference(each, schema) for each in node)
    if not isinstance(node, dict):
        return False
    seen, target = [], node
    while isinstance(target, dict) and isinstance(target.get("$ref"), str):
        if target["$ref"] in seen:
            return True
        seen.append(target["$ref"])
        target = resolve_pointer(target["$ref"], schema)
    return any(_has_circular_reference(each, schema) for key, each in node.items() if key not in ("enum", "const"))


def _value_at(value: Any, path: Any) -> Any:
    for step in path:
        value = value[step]
    return value


def _pointer(path: Any) -> str:
    return "/".join(["#", *(str(step).replace("~", "~0").replace("/", "~1") for step in path)])
