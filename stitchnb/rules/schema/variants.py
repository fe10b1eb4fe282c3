"""The variants of values that a JSON Schema allows, each a plain object with at most one type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stitchnb.rules.schema.validate import resolve_pointer

_MOST = 32


def variants(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List a schema's variants, each a plain object with at most one type; [] where there are too many."""
    found = _expand(dict(schema), schema, depth=0)
    return found if len(found) <= _MOST else []


def _expand(node: Any, root: Mapping[str, Any], depth: int) -> list[dict[str, Any]]:
    if node is True or depth > 8:
        return [{}]
    if not isinstance(node, Mapping):
        return []
    own = {k: v for k, v in node.items() if k not in ("anyOf", "oneOf", "allOf", "$ref")}
    found = [own]
    reference = node.get("$ref")
    if isinstance(reference, str):
        found = _product(found, _expand(_referenced(reference, root), root, depth + 1))
    for keyword in ("anyOf", "oneOf"):
        if isinstance(node.get(keyword), list):
            options = [b for each in node[keyword][:_MOST] for b in _expand(each, root, depth + 1)]
            found = _product(found, options)
    if isinstance(node.get("allOf"), list):
        for each in node["allOf"][:_MOST]:
            found = _product(found, _expand(each, root, depth + 1))
    return [{**variant, "type": name} for variant in found for name in _types(variant)][: _MOST + 1]


def _product(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # A part without a type keeps the type of the other.
    merged = ({**a, **{k: v for k, v in b.items() if k != "type" or v is not None}} for a in left for b in right)
    return [each for _, each in zip(range(_MOST + 1), merged, strict=False)]


def _referenced(reference: str, root: Mapping[str, Any]) -> Any:
    # The root refers to itself, and another document is not at hand: both accept everything.
    target = None if reference == "#" else resolve_pointer(reference, root)
    return True if target is None else target


def _types(variant: Mapping[str, Any]) -> list[str | None]:
    said = variant.get("type")
    if isinstance(said, str):
        return [said]
    if isinstance(said, list):
        return [name for name in said if isinstance(name, str)]
    return [None]


_KEYWORD_TYPES = {
    "pattern": "string",
    "format": "string",
    "minLength": "string",
    "maxLength": "string",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "minimum": "number",
    "maximum": "number",
    "multipleOf": "number",
}


def type_of(variant: Mapping[str, Any]) -> str | None:
    """Give a variant's type, inferred from its other keywords where it has none; None where they do not say either."""
    said = variant.get("type")
    if isinstance(said, str):
        return said
    values = (
        variant["enum"] if isinstance(variant.get("enum"), list) else [variant["const"]] if "const" in variant else []
    )
    if values:
        return "string" if all(isinstance(v, str) for v in values) else None
    return next((type_ for keyword, type_ in _KEYWORD_TYPES.items() if keyword in variant), None)
