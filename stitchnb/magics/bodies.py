"""Checks a body against the schema of its endpoint, and finds what may be written at a place in one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stitchnb.api import endpoints as api
from stitchnb.api.schemas import Schema
from stitchnb.errors import near_names
from stitchnb.magics.json_cursor import IN_LIST
from stitchnb.rules.schema.formats import conforms
from stitchnb.rules.schema.patterns import matches

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "object": Mapping,
    "array": (list, tuple),
    "null": type(None),
}


@dataclass(frozen=True)
class Body:
    """The documented properties of a JSON object."""

    schema: Schema

    @property
    def required(self) -> Sequence[str]:
        """The names of the properties that must be there."""
        names: Sequence[str] = self.schema["required"]
        return names

    @property
    def properties(self) -> Mapping[str, Schema]:
        """The schema of each property, the required ones first."""
        schemas: Mapping[str, Schema] = self.schema["properties"]
        return schemas

    def choices(self, name: str) -> tuple[str, ...]:
        """List the possible values of a property, as JSON; empty where there are many."""
        return tuple(json.dumps(value) for value in _choices(self.properties.get(name, {})))


def body_at(method: str, path: str, steps: Sequence[str]) -> Body | None:
    """Find the object at a place in a body; None where its documentation does not describe one.

    Parameters
    ----------
    path
        The endpoint's, with its parameters in braces.
    steps
        The names that lead to the place, `IN_LIST` for a step into a list.
    """
    endpoint = api.at(method, path)
    schema = endpoint.schema.body if endpoint is not None else None
    if schema is not None and "anyOf" in schema:
        schema = _alternative(schema, is_list=steps[:1] == (IN_LIST,))
    for step in steps:
        if schema is not None:
            schema = schema.get("items") if step == IN_LIST else schema.get("properties", {}).get(step)
    return Body(schema) if schema is not None and "properties" in schema else None


def body_errors(method: str, path: str, body: Any) -> dict[str, str]:
    """Check a body against the schema of its endpoint.

    Parameters
    ----------
    path
        The endpoint's, with its parameters in braces.

    Returns
    -------
    dict
        What is wrong, by the name of the property; ``body`` for the body itself. Empty where nothing is.
    """
    endpoint = api.at(method, path)
    schema = endpoint.schema.body if endpoint is not None else None
    if schema is None:
        return {}
    if "anyOf" in schema:
        schema = _alternative(schema, is_list=isinstance(body, list))
    if schema["type"] == "object":
        return _object_errors(schema, body)
    message = _error(schema, body)
    return {} if message is None else {"body": message}


def _alternative(schema: Schema, *, is_list: bool) -> Schema:
    found: Schema = next(one for one in schema["anyOf"] if (one["type"] == "array") == is_list)
    return found


def _object_errors(schema: Schema, value: Any) -> dict[str, str]:
    known: Mapping[str, Schema] = schema["properties"]
    if not isinstance(value, Mapping):
        return {"body": f"Expected a JSON object, {{…}}, with {', '.join(known)}."}
    errors = {name: "Required." for name in schema["required"] if name not in value}
    for name, part in value.items():
        message = _error(known[name], part) if name in known else _unknown(str(name), known)
        if message is not None:
            errors[str(name)] = message
    if len(value) < schema.get("minProperties", 0):
        errors["body"] = f"There is nothing to change. Pass {' or '.join(known)}."
    return errors


def _unknown(name: str, known: Iterable[str]) -> str:
    near = near_names(name, known)
    return f"Unknown property. {f'Did you mean {near[0]}?' if near else 'Known properties: ' + ', '.join(known) + '.'}"


def _error(schema: Schema, value: Any) -> str | None:
    """Check the value of a property, or one in a list."""
    if not _is_of_type(schema, value) or (_choices(schema) and value not in _choices(schema)):
        if schema.get("type") == "integer" and isinstance(value, str) and value.isdecimal():
            return "Expected a number without quotes."
        return f"Expected {_expected(schema)}."
    if "properties" in schema:
        return next((_message(name, text) for name, text in _object_errors(schema, value).items()), None)
    if "items" in schema and value is not None:
        if len(value) < schema.get("minItems", 0):
            return "Expected a list with at least one item."
        for position, item in enumerate(value):
            message = _error(schema["items"], item)
            if message is not None:
                return f"Expected {_expected(schema)}." if "description" in schema else f"[{position}]{message}"
    return None if _is_in_range(schema, value) else f"Expected {_expected(schema)}."


def _message(name: str, text: str) -> str:
    return f".{name}: {text}" if name != "body" else f": {text}"


def _is_of_type(schema: Schema, value: Any) -> bool:
    names = schema.get("type", list(_TYPES))
    names = [names] if isinstance(names, str) else names
    is_bool = isinstance(value, bool)
    return any(isinstance(value, _TYPES[name]) and is_bool == (name == "boolean") for name in names)


def _is_in_range(schema: Schema, value: Any) -> bool:
    if isinstance(value, str):
        return matches(schema.get("pattern", ""), value) and conforms(schema.get("format", ""), value)
    if isinstance(value, int) and not isinstance(value, bool):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    return True


def _choices(schema: Schema) -> Sequence[Any]:
    if schema.get("type") == "boolean":
        return (True, False)
    values: Sequence[Any] = schema.get("enum", [schema["const"]] if "const" in schema else ())
    return values


def _expected(schema: Schema) -> str:
    if "description" in schema:
        return str(schema["description"])
    if _choices(schema):
        return " or ".join(json.dumps(value) for value in _choices(schema))
    return "a list, [{…}]" if schema.get("type") == "array" else "an object, {…}"
