"""The alternatives that a JSON Schema spells out, each a plain object with at most one type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MOST = 32


def branches(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Spell out a schema's alternatives, each a plain object with at most one type; [] where there are too many."""
    found = _spelt_out(dict(schema), schema, depth=0)
    return found if len(found) <= _MOST else []


def _spelt_out(node: Any, root: Mapping[str, Any], depth: int) -> list[dict[str, Any]]:
    if node is True or depth > 8:
        return [{}]
    if not isinstance(node, Mapping):
        return []
    own = {k: v for k, v in node.items() if k not in ("anyOf", "oneOf", "allOf", "$ref")}
    found = [own]
    reference = node.get("$ref")
    if isinstance(reference, str):
        found = _crossed(found, _spelt_out(_referred(reference, root), root, depth + 1))
    for keyword in ("anyOf", "oneOf"):
        if isinstance(node.get(keyword), list):
            options = [b for each in node[keyword][:_MOST] for b in _spelt_out(each, root, depth + 1)]
            found = _crossed(found, options)
    if isinstance(node.get("allOf"), list):
        for each in node["allOf"][:_MOST]:
            found = _crossed(found, _spelt_out(each, root, depth + 1))
    return [{**branch, "type": name} for branch in found for name in _types(branch)][: _MOST + 1]


def _crossed(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # A part that says nothing of the type leaves the other's type standing.
    merged = ({**a, **{k: v for k, v in b.items() if k != "type" or v is not None}} for a in left for b in right)
    return [each for _, each in zip(range(_MOST + 1), merged, strict=False)]


def _referred(reference: str, root: Mapping[str, Any]) -> Any:
    """Look up a reference within the same schema; what is elsewhere says nothing."""
    node: Any = root
    if not reference.startswith("#/"):
        return True
    for step in reference[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, Mapping) or name not in node:
            return True
        node = node[name]
    return node


def _types(branch: Mapping[str, Any]) -> list[str | None]:
    said = branch.get("type")
    if isinstance(said, str):
        return [said]
    if isinstance(said, list):
        return [name for name in said if isinstance(name, str)]
    return [None]


_TELLING = {
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


def type_of(branch: Mapping[str, Any]) -> str | None:
    """Give a branch's type, told by the other keywords where it does not say so; None where nothing tells it."""
    said = branch.get("type")
    if isinstance(said, str):
        return said
    values = branch["enum"] if isinstance(branch.get("enum"), list) else [branch["const"]] if "const" in branch else []
    if values:
        return "string" if all(isinstance(v, str) for v in values) else None
    return next((type_ for keyword, type_ in _TELLING.items() if keyword in branch), None)
