"""Cuts records down to a schema: many taps say every field, whatever was selected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stitchnb.models.stream import alternatives
from stitchnb.sandbox.engine.base import JSONSchema

Cut = Callable[[Any], Any]


def projection(schema: JSONSchema) -> Cut:
    """Give the function that leaves of a record what its stream's schema has."""
    return _of_object(_fields(schema))


def _of_value(schema: object) -> Cut | None:
    """Give the function that cuts a value inside a record; None where there is nothing to cut."""
    if not isinstance(schema, Mapping):
        return None
    fields = None if _is_open(schema) else _fields(schema)
    of_object = None if not fields else _of_object(fields)
    of_item = next(filter(None, (_of_value(part.get("items")) for part in _parts(schema))), None)
    if of_item is None:
        return of_object

    def cut(value: Any) -> Any:
        if isinstance(value, list):
            return [of_item(item) for item in value]
        return value if of_object is None else of_object(value)

    return cut


def _of_object(fields: Mapping[str, Cut | None]) -> Cut:
    def cut(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {
            name: inner if (cut_inner := fields[name]) is None else cut_inner(inner)
            for name, inner in value.items()
            if name in fields
        }

    return cut


def _fields(schema: JSONSchema) -> dict[str, Cut | None]:
    fields: dict[str, Cut | None] = {}
    for part in _parts(schema):
        properties = part.get("properties")
        if isinstance(properties, Mapping):
            fields |= {name: _of_value(inner) for name, inner in properties.items()}
    return fields


def _is_open(schema: JSONSchema) -> bool:
    """Tell whether an object inside a record may hold names that its schema does not tell."""
    return any(part.get("additionalProperties") for part in _parts(schema))


def _parts(schema: JSONSchema) -> list[JSONSchema]:
    return [schema, *(inner for part in alternatives(schema) for inner in _parts(part))]
