"""Validates values against a JSON schema, and describes violations in the Import API's words."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from stitchnb.rules.schema.formats import conforms
from stitchnb.rules.schema.patterns import matches

_TYPE_NAMES = {
    "array": "JSONArray",
    "boolean": "Boolean",
    "integer": "Integer",
    "null": "Null",
    "number": "Number",
    "object": "JSONObject",
    "string": "String",
}


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
        The schema is invalid.
    """

    def __init__(self, schema: Mapping[str, Any], *, expected: str = "expected") -> None:
        from referencing import Registry

        self._validator: Any = _checked(schema)(schema, registry=Registry())
        self._expected = expected

    def describe_violations(self, value: Any) -> str | None:
        """Describe how a value violates the schema, such as ``#/age: expected: Integer, found: String``.

        Several violations are counted and then described one after the other. None when there is none.
        """
        from referencing.exceptions import Unresolvable

        try:
            errors = list(self._validator.iter_errors(value))
        except Unresolvable as error:
            raise SchemaError(f"{error.ref} cannot be resolved") from error
        except RecursionError as error:
            raise SchemaError("it is nested too deeply") from error
        descriptions = [f"{_pointer(error.absolute_path)}: {self._describe(error.message)}" for error in errors]
        if len(descriptions) > 1:
            descriptions = [f"#: {len(descriptions)} schema violations found", *descriptions]
        return " ".join(descriptions) or None

    def _describe(self, message: str) -> str:
        return message.replace("expected:", f"{self._expected}:", 1) if message.startswith("expected:") else message


def type_name(value: Any) -> str:
    """Return the Import API's name for the type of a JSON value, such as ``Integer`` or ``JSONObject``."""
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return "Boolean"
    names = {int: "Integer", float: "Double", str: "String", list: "JSONArray", dict: "JSONObject"}
    return names[type(value)]


def _pointer(path: Any) -> str:
    return "/".join(["#", *(str(step).replace("~", "~0").replace("/", "~1") for step in path)])


def _checked(schema: Mapping[str, Any]) -> Any:
    """Return the validator of the draft that a schema is written in."""
    from jsonschema import FormatChecker, exceptions

    # Without formats: a pattern that Python cannot compile is still valid.
    formats = FormatChecker(formats=())
    reasons = []
    for draft in _drafts():
        try:
            draft.check_schema(schema, format_checker=formats)
        except exceptions.SchemaError as error:
            reasons.append(_schema_problem(error))
        except RecursionError as error:
            raise SchemaError("it is nested too deeply") from error
        else:
            return draft
    raise SchemaError(reasons[0])


def _schema_problem(error: Any) -> str:
    path = list(error.absolute_path)
    if "type" in path[-2:]:
        names = error.instance if isinstance(error.instance, list) else [error.instance]
        for name in names:
            if isinstance(name, str) and name not in _TYPE_NAMES:
                return f"unknown type: [{name}]"
    return f"{_pointer(path)}: {error.message}"


@cache
def _drafts() -> tuple[Any, ...]:
    from jsonschema import Draft4Validator, Draft7Validator, validators

    extend: Any = validators.extend
    own = {
        "type": _type,
        "required": _required,
        "enum": _enum,
        "pattern": _pattern,
        "format": _format,
        "minimum": lambda v, rule, value, schema: _bound(v, rule, value, is_least=True, schema=schema),
        "maximum": lambda v, rule, value, schema: _bound(v, rule, value, is_least=False, schema=schema),
        "multipleOf": _multiple_of,
        "minLength": _min_length,
        "maxLength": _max_length,
        "anyOf": _any_of,
    }
    drafts = []
    for draft in (Draft7Validator, Draft4Validator):
        others = {"additionalProperties": _additional(draft.VALIDATORS["additionalProperties"])}
        # 16.0 is not an integer, as it is loaded into another column than 16.
        checker = draft.TYPE_CHECKER.redefine("integer", lambda _, v: isinstance(v, int) and not isinstance(v, bool))
        drafts.append(extend(draft, validators={**own, **others}, type_checker=checker))
    return tuple(drafts)


def _error(message: str) -> Any:
    from jsonschema import ValidationError

    return ValidationError(message)


def _type(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[Any]:
    names = [rule] if isinstance(rule, str) else list(rule)
    if any(validator.is_type(value, name) for name in names):
        return
    if len(names) > 1:
        yield _error(f"no subschema matched out of the total {len(names)} subschemas")
    else:
        yield _error(f"expected: {_TYPE_NAMES[names[0]]}, found: {type_name(value)}")


def _required(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[Any]:
    if isinstance(value, dict) and isinstance(rule, list):
        yield from (_error(f"required key [{name}] not found") for name in rule if name not in value)


def _additional(default: Any) -> Any:
    def additional(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[Any]:
        if rule is not False:
            yield from default(validator, rule, value, schema) or ()
        elif isinstance(value, dict):
            patterns = schema.get("patternProperties", {})
            for name in value:
                if name not in schema.get("properties", {}) and not any(matches(p, name) for p in patterns):
                    yield _error(f"extraneous key [{name}] is not permitted")

    return additional


def _enum(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[Any]:
    # In JSON, true is not equal to 1.
    if not any(known == value and isinstance(known, bool) == isinstance(value, bool) for known in rule):
        shown = value if isinstance(value, str) else json.dumps(value)
        yield _error(f"{shown} is not a valid enum value")


def _pattern(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[Any]:
    if isinstance(value, str) and not matches(rule, value):
        yield _error(f"string [{value}] does not match pattern {rule}")


def _format(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[Any]:
    if isinstance(value, str) and isinstance(rule, str) and not conforms(rule, value):
        yield _error(f"[{value}] is not a valid {rule}")


def _bound(validator: Any, rule: Any, value: Any, *, is_least: bool, schema: Any) -> Iterator[Any]:
    if not validator.is_type(value, "number"):
        return
    # In draft 4 a flag beside the bound excludes the bound itself.
    is_open = schema.get("exclusiveMinimum" if is_least else "exclusiveMaximum") is True
    if value == rule and not is_open:
        return
    if (value <= rule) if is_least else (value >= rule):
        side = f"{'greater' if is_least else 'less'} {'than' if is_open else 'or equal to'}"
        yield _error(f"{value} is not {side} {rule}")


def _multiple_of(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[Any]:
    # By decimal digits: in floating point 0.07 is not a multiple of 0.01.
    if validator.is_type(value, "number") and math.isfinite(value) and _exact(value) % _exact(rule):
        yield _error(f"{value} is not a multiple of {rule}")


def _exact(number: float) -> Fraction:
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


def _min_length(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[Any]:
    if isinstance(value, str) and len(value) < rule:
        yield _error(f"expected minLength: {rule}, actual: {len(value)}")


def _max_length(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[Any]:
    if isinstance(value, str) and len(value) > rule:
        yield _error(f"expected maxLength: {rule}, actual: {len(value)}")


def _any_of(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[Any]:
    if not any(validator.evolve(schema=each).is_valid(value) for each in rule):
        yield _error(f"no subschema matched out of the total {len(rule)} subschemas")
