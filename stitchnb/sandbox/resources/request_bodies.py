"""Parses request bodies."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from typing import Any

from stitchnb.models import ReportCard
from stitchnb.rules.schema.inputs import is_wire_value
from stitchnb.sandbox import errors
from stitchnb.sandbox.errors import APIErrorResponse
from stitchnb.sandbox.store import destinations


def checked_body(body: Any, allowed: Collection[str], error: Callable[[], APIErrorResponse]) -> dict[str, Any]:
    """Return a body that is an object with no other keys than the allowed ones; raise `error` for any other."""
    if not isinstance(body, dict) or set(body) - set(allowed):
        raise error()
    return body


def checked_properties(card: ReportCard, properties: Any, error: Callable[[], APIErrorResponse]) -> dict[str, Any]:
    """Return properties that the API accepts: strings, except where a property's schema has no string."""
    if not isinstance(properties, Mapping):
        raise error()
    schemas = {p.name: p.json_schema for p in card.properties}
    for name, value in properties.items():
        schema = schemas.get(name)
        if not (_is_structured(schema) or is_wire_value(schema, value)):
            raise error()
    return dict(properties)


def live_destination_id(db: sqlite3.Connection, destination_id: Any) -> int | None:
    """Return the id of a live destination from a body; None removes the mapping."""
    if destination_id is None:
        return None
    number = errors.parsed_id(str(destination_id))
    if number is None or destinations.get_live(db, number) is None:
        raise errors.destination_not_found(destination_id)
    return number


def _is_structured(schema: Mapping[str, Any] | None) -> bool:
    if not schema:
        return False
    types = schema.get("type")
    names = {types} if isinstance(types, str) else set(types or ())
    return bool(names & {"array", "object"}) or any(_is_structured(s) for s in schema.get("anyOf", ()))
