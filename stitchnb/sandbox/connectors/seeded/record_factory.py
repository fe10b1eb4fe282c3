"""Makes records of the selected fields of a stream, by its JSON schema."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from stitchnb.sandbox.catalog.streams import StreamPlan
from stitchnb.sandbox.catalog.tables import CatalogError, read_table
from stitchnb.sandbox.connectors.seeded.dataset import Dataset, Row
from stitchnb.sandbox.connectors.seeded.value_spec import (
    CREATED,
    UPDATED,
    FieldRef,
    Maker,
    Recipe,
    is_null,
    parse_recipe,
)
from stitchnb.sandbox.pipeline import JSONSchema

Types = frozenset[str]

# JSON schema types for each kind of value, the best first.
_FITTING: Mapping[str, tuple[str, ...]] = {
    "string": ("string",),
    "time": ("date-time", "string"),
    "integer": ("integer", "number"),
    "number": ("number",),
    "boolean": ("boolean",),
    "null": ("null",),
}
_DEFAULT_LENGTH = "number 0|1*2|2"
_STRUCTURAL = re.compile(r"(maybe \S+ )?(row|rows|object|list|all)\b")


class RecordFactory:
    """Makes records for the streams of one dataset.

    The recipe of a field is that of its stream, its name, the ending of its name, or its type: the first one whose
    values the schema allows. So each record conforms to its schema.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._same: dict[tuple[str, str], Recipe | None] = {}

    def maker(self, stream: str, schema: JSONSchema) -> Maker:
        """Return the function that makes a record from a row, with the properties of ``schema`` in its order."""
        return self._object(stream, (), schema)

    def same(self, stream: str, field: str) -> Recipe:
        """Return the recipe of a top-level field, in the schema or hidden."""
        key = stream, field
        if key not in self._same:
            plan = self._plan(stream)
            if not (field in plan.schema["properties"] or field in plan.values or field in _rules()["fields"]):
                raise CatalogError(f"Neither {stream} nor values.toml has a field {field!r}.")
            self._same[key] = None
            schema = plan.schema["properties"].get(field, {})
            self._same[key] = _memoized(field, self._leaf(stream, (field,), _types(schema)))
        recipe = self._same[key]
        if recipe is None:
            raise CatalogError(f"The recipe of {stream}.{field} depends on itself.")
        return recipe

    def of_parent(self, stream: str, parent: str, field: str) -> Recipe:
        """Return the recipe of a field of a parent row."""
        return self.same(self._dataset.stream_of_parent(stream, parent), field)

    def words(self, name: str) -> Sequence[str]:
        """Return one of the word lists of ``values.toml``."""
        words: list[str] = _rules()["words"][name]
        return words

    def _plan(self, stream: str) -> StreamPlan:
        return self._dataset.plans[stream]

    def _value(self, stream: str, path: tuple[str, ...], schema: JSONSchema) -> Maker:
        is_list, is_object = "items" in schema, "properties" in schema
        if not is_list and not is_object:
            return self._leaf(stream, path, _types(schema)).make
        recipe = self._plan(stream).values.get(".".join(path), "")
        word, _, rest = recipe.partition(" ")
        if word == "none":
            return lambda row: None
        if word == "maybe":
            share, _, recipe = rest.partition(" ")
            nulls = is_null(share, FieldRef(stream, path))
            inner = self._structure(stream, path, schema, recipe)
            return lambda row: None if nulls(row) else inner(row)
        return self._structure(stream, path, schema, recipe)

    def _structure(self, stream: str, path: tuple[str, ...], schema: JSONSchema, recipe: str) -> Maker:
        word, _, rest = recipe.partition(" ")
        if word in {"row", "rows"}:
            return self._embedded(stream, rest, schema, as_list=word == "rows")
        if "items" not in schema:
            return self._object(stream, path, schema)
        if word == "all":
            return self._list_of_one(parse_recipe(rest, FieldRef(stream, path), self).make)
        return self._list(stream, path, schema["items"], rest or _DEFAULT_LENGTH)

    def _object(self, stream: str, path: tuple[str, ...], schema: JSONSchema) -> Maker:
        makers = [
            (name, self._value(stream, (*path, name), child)) for name, child in schema.get("properties", {}).items()
        ]
        return lambda row: {name: make(row) for name, make in makers}

    def _embedded(self, stream: str, parent: str, schema: JSONSchema, *, as_list: bool) -> Maker:
        target = self._dataset.stream_of_parent(stream, parent)
        make = self.maker(target, schema["items"] if as_list else schema)

        def embed(row: Row) -> Any:
            of = row.parent(parent)
            if as_list:
                return [] if of is None else [make(of)]
            return None if of is None else make(of)

        return embed

    def _list(self, stream: str, path: tuple[str, ...], items: JSONSchema, length: str) -> Maker:
        count = parse_recipe(length, FieldRef(stream, path, part="#"), self).make
        make = (
            self._object(stream, path, items)
            if "properties" in items
            else self._leaf(stream, (*path, "item"), _types(items)).make
        )
        return lambda row: [make(row.element(position)) for position in range(count(row) or 0)]

    @staticmethod
    def _list_of_one(make: Maker) -> Maker:
        def make_list(row: Row) -> list[Any]:
            value = make(row)
            return [] if value is None else [value]

        return make_list

    def _leaf(self, stream: str, path: tuple[str, ...], types: Types) -> Recipe:
        ref = FieldRef(stream, path)
        for text in self._candidates(stream, path, types):
            recipe = parse_recipe(text, ref, self)
            fitting = next((name for name in _FITTING[recipe.kind] if name in types), None)
            if not types or fitting is not None:
                return _as_float(recipe) if recipe.kind == "integer" and fitting == "number" else recipe
        return Recipe("null", lambda row: None)

    def _candidates(self, stream: str, path: tuple[str, ...], types: Types) -> list[str]:
        rules, name = _rules(), path[-1]
        found: list[str] = []
        own = self._plan(stream).values.get(".".join(path))
        # A field that is a list in its own stream can be text in an embedded row.
        found += [own] if own and not _STRUCTURAL.match(own) else []
        found += _as_list(rules["fields"].get(name, []))
        for ending, recipes in rules["endings"].items():
            if name.endswith(ending):
                found += _as_list(recipes)
        found += [rules["types"][kind] for kind in sorted(types) if kind in rules["types"]]
        return found or [rules["types"]["string"]]


def _memoized(field: str, recipe: Recipe) -> Recipe:
    if recipe is CREATED or recipe is UPDATED:
        return recipe

    def make(row: Row) -> Any:
        made = row.made
        if field not in made:
            made[field] = recipe.make(row)
        return made[field]

    return Recipe(recipe.kind, make)


def _as_float(recipe: Recipe) -> Recipe:
    # No integers in a column of numbers, which a loader would split by type.
    def make(row: Row) -> float | None:
        value = recipe.make(row)
        return None if value is None else float(value)

    return Recipe("number", make)


def _types(schema: JSONSchema) -> Types:
    types = schema.get("type", ())
    return frozenset((types,) if isinstance(types, str) else types)


def _as_list(recipes: str | list[str]) -> list[str]:
    return [recipes] if isinstance(recipes, str) else recipes


@cache
def _rules() -> Mapping[str, Any]:
    return read_table("values.toml")
