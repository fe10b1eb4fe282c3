"""The compact notation of a stream's fields, and the JSON schema that it stands for.

Fields are words: ``name`` alone is a nullable string, ``name:type`` says more. Types are ``integer``, ``number``,
``boolean``, ``money`` (a number with eight decimals), ``timestamp`` (a string with that format), ``date-time`` (as
some taps name the type itself), ``{shape}`` for an object, ``[shape]`` for a list of objects, ``{}`` and ``[]`` where
nothing is said about what is inside, and ``[shape]|string`` for a list that may also be a string. ``...shape`` takes
in the fields of a shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stitchnb.sandbox.catalog.tables import CatalogError, copy_of

Schema = dict[str, Any]

_SCALARS: Mapping[str, Schema] = {
    "string": {"type": ["null", "string"]},
    "integer": {"type": ["null", "integer"]},
    "number": {"type": ["null", "number"]},
    "boolean": {"type": ["null", "boolean"]},
    "money": {"multipleOf": 1e-08, "type": ["null", "number"]},
    "timestamp": {"type": ["null", "string"], "format": "date-time"},
    "date-time": {"type": ["null", "date-time"]},
}


class Shapes:
    """Expands fields in the compact notation.

    Parameters
    ----------
    shapes
        Fields by the name of their shape.
    alphabetical
        Whether everything in a schema is in the order of its name rather than as written.
    """

    def __init__(self, shapes: Mapping[str, str], *, alphabetical: bool = False) -> None:
        self._shapes = shapes
        self._alphabetical = alphabetical

    def object(self, fields: str, types: str | list[str]) -> Schema:
        """JSON schema of an object; raises `CatalogError` for a field's type or shape that is not there."""
        properties = {name: self._schema(name, type_word) for name, type_word in self._words(fields)}
        if self._alphabetical:
            return {"properties": dict(sorted(properties.items())), "type": types}
        return {"type": types, "properties": properties}

    def _words(self, fields: str) -> Iterator[tuple[str, str]]:
        for word in fields.split():
            if word.startswith("..."):
                yield from self._words(self._fields(word, word[3:]))
            else:
                name, _, type_word = word.partition(":")
                yield name, type_word or "string"

    def _schema(self, name: str, type_word: str) -> Schema:
        if type_word in _SCALARS:
            scalar: Schema = copy_of(_SCALARS[type_word])
            return scalar
        bracketed, *others = type_word.split("|")
        brackets = bracketed[:1] + bracketed[-1:]
        if brackets not in {"{}", "[]"}:
            known = f"{', '.join(_SCALARS)}, {{shape}} and [shape]"
            raise CatalogError(f"{name}:{type_word}: no such type; there are {known}")
        fields = self._fields(name, bracketed[1:-1])
        if brackets == "{}":
            return self.object(fields, ["null", "object", *others])
        items = self.object(fields, ["null", "object"]) if fields else {}
        types = ["null", "array", *others]
        return {"items": items, "type": types} if self._alphabetical else {"type": types, "items": items}

    def _fields(self, name: str, shape: str) -> str:
        if not shape:
            return ""
        if shape not in self._shapes:
            raise CatalogError(f"{name}: no shape {shape!r}; there are {', '.join(sorted(self._shapes))}")
        return self._shapes[shape]
