"""Reading request bodies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from stitchnb.models import ReportCard
from stitchnb.rules.schema.inputs import travels
from stitchnb.sandbox.errors import APIErrorResponse


def checked_body(body: Any, allowed: Collection[str], refusal: Callable[[], APIErrorResponse]) -> dict[str, Any]:
    """Take a body that is an object with no other keys than the allowed ones."""
    if not isinstance(body, dict) or set(body) - set(allowed):
        raise refusal()
    return body


def as_given(card: ReportCard, properties: Any, refusal: Callable[[], APIErrorResponse]) -> dict[str, Any]:
    """Take properties as the API does: a map of strings, but for those whose schema has no string for them."""
    if not isinstance(properties, Mapping):
        raise refusal()
    schemas = {p.name: p.json_schema for p in card.properties}
    for name, value in properties.items():
        schema = schemas.get(name)
        if not (_is_structured(schema) or travels(schema, value)):
            raise refusal()
    return dict(properties)


def _is_structured(schema: Mapping[str, Any] | None) -> bool:
    if not schema:
        return False
    types = schema.get("type")
    named = {types} if isinstance(types, str) else set(types or ())
    return bool(named & {"array", "object"}) or any(_is_structured(s) for s in schema.get("anyOf", ()))
