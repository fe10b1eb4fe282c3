"""Which input a property asks for, and in which words.

A report card says what it accepts in JSON Schema. Here that becomes what a form needs: the kind of input, the choices
there are, and a sentence with an example. Whatever JSON Schema can say gets an input; what has none of its own is
edited as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from stitchnb.models.report_card import Property
from stitchnb.rules.schema import patterns
from stitchnb.rules.schema.examples import example_for
from stitchnb.rules.schema.validate import SchemaValidator, schema_key, validator_for_key
from stitchnb.rules.schema.variants import type_of, variants

_MOST_CHOICES_NAMED = 12
_MOST_PARTS = 24
_DEEPEST = 3
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(?P<decimals>\.[0-9]{1,300})?")
_TEXT_SAMPLES = ("a", "example", "30", "2024-01-31T00:00:00Z", "true")


class InputKind(StrEnum):
    """Kinds of input; more may come, and one that a form does not know is a text."""

    TEXT = "text"
    SECRET = "secret"  # noqa: S105 - the name of a kind
    CHOICE = "choice"
    DATE = "date"
    DATETIME = "datetime"
    INTEGER = "integer"
    NUMBER = "number"
    URI = "uri"
    EMAIL = "email"
    HOST = "host"
    LIST = "list"
    ROWS = "rows"
    OBJECT = "object"
    JSON = "json"
    NOTHING = "nothing"


STRUCTURED = frozenset({InputKind.LIST, InputKind.ROWS, InputKind.OBJECT, InputKind.JSON})
"""The kinds whose values are no single text."""


@dataclass(frozen=True)
class InputPart:
    """One named part of an object.

    Attributes
    ----------
    name
        Its key.
    required
        Must it be there?
    input
        What it asks for.
    key
        Its schema, as `schema_key` writes it.
    """

    name: str
    required: bool
    input: PropertyInput
    key: str


@dataclass(frozen=True)
class PropertyInput:
    """What a form needs to know of one property.

    Attributes
    ----------
    kind
        The kind of input.
    expected
        What is accepted, in words with an example, ready to follow "Expected": ``a whole number, such as 30``.
    example
        One value that is accepted, as text; empty where none can be told.
    choices
        The values to choose from, as text; empty for every kind but `InputKind.CHOICE`.
    titles
        What the schema calls the choices, in the same order; empty where it has no names for them.
    date_suffix
        For `InputKind.DATE`: what follows the day in the value, ``T00:00:00Z`` or nothing.
    is_secret
        A credential: not to be shown, whatever its kind.
    is_multiline
        Its values have several lines, like a certificate.
    parts
        For `InputKind.OBJECT` and each of `InputKind.ROWS`: what an object consists of.
    item
        For `InputKind.LIST`: what each item asks for, its schema among it.
    unchecked
        The keywords of the schema that only Stitch can check, such as a pattern that is not valid.
    """

    kind: InputKind
    expected: str
    example: str = ""
    choices: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    date_suffix: str = ""
    is_secret: bool = False
    is_multiline: bool = False
    parts: tuple[InputPart, ...] = ()
    item: InputPart | None = None
    unchecked: tuple[str, ...] = ()


def describe(prop: Property, type_name: str = "") -> PropertyInput:
    """Say which input a property asks for.

    Never fails: a schema that is broken or that nobody has seen yet gets a text or a JSON input.

    Parameters
    ----------
    prop
        The property.
    type_name
        The type that it is of, where that is known: a port's example is then the type's own.
    """
    # A property is read-only: like its attributes, what it asks for is told once and kept.
    kept: dict[str, PropertyInput] = prop.__dict__.setdefault("_inputs", {})
    if type_name not in kept:
        kept[type_name] = _input_of(prop, type_name)
    return kept[type_name]


def _input_of(prop: Property, type_name: str) -> PropertyInput:
    found = _with_example(_input_for(schema_key(prop.json_schema)), prop, example_for(prop.name, type_name))
    if prop.is_credential:
        kind = found.kind if found.kind in _NON_TEXT_KINDS else InputKind.SECRET
        if found.kind in (InputKind.ROWS, InputKind.OBJECT):
            # What is masked is masked as a whole.
            kind = InputKind.JSON
        expected = "a credential" if found == _ANY_TEXT else found.expected
        found = replace(found, kind=kind, expected=expected, is_secret=True)
    if found.kind in (InputKind.TEXT, InputKind.SECRET) and _has_lines(prop.name):
        found = replace(found, is_multiline=True)
    unchecked = rules_of(prop).validator.unchecked
    return replace(found, unchecked=unchecked) if unchecked else found


def _with_example(found: PropertyInput, prop: Property, example: str) -> PropertyInput:
    """Put the example that a name suggests in the place of the schema's own, where the schema takes it."""
    if not example or not found.example or found.kind in STRUCTURED or not rules_of(prop).accepts(example):
        return found
    words = found.expected.replace(f"such as {found.example}", f"such as {example}")
    return replace(found, example=example, expected=words)


def to_wire_text(value: Any) -> str:
    """Write a value as the text that is sent: ``true``, ``30``, and JSON for lists and objects."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


class ValueRules:
    """What a schema says of values as the API sends and receives them.

    Attributes
    ----------
    validator
        The compiled schema.
    accepts_text
        Does the schema accept strings, as far as its variants and a few samples show?
    """

    def __init__(self, key: str) -> None:
        self.validator: SchemaValidator = validator_for_key(key)
        self._has_schema = bool(key) and key != "{}"
        types = [type_of(variant) for variant in variants(json.loads(key))] if key else []
        is_text = "string" in types or (None in types and any(map(self.validator.is_valid, _TEXT_SAMPLES)))
        self.accepts_text = is_text or not key

    def accepts(self, value: Any) -> bool:
        """Say whether a value is valid as the API sees it.

        Properties are sent as strings. Where a schema accepts no string at all, a string counts as what it says, so
        ``"5432"`` is a whole number.
        """
        if self.validator.is_valid(value):
            return True
        if not isinstance(value, str) or self.accepts_text:
            return False
        if value in ("true", "false"):
            return self.validator.is_valid(value == "true")
        number = _NUMBER.fullmatch(value)
        return number is not None and self.validator.is_valid(float(value) if number["decimals"] else int(value))

    def is_wire_value(self, value: Any) -> bool:
        """Say whether a value may be sent as it is: a string, or what the schema accepts and has no string for."""
        return isinstance(value, str) or self._is_valid_as_itself(value)

    def accepts_on_wire(self, value: Any) -> bool:
        """Say whether a value is valid and may be sent as it is, in one validation."""
        return self.accepts(value) if isinstance(value, str) else self._is_valid_as_itself(value)

    def _is_valid_as_itself(self, value: Any) -> bool:
        if not self._has_schema or not self.validator.is_valid(value):
            return False
        return isinstance(value, list | dict) or not self.accepts(to_wire_text(value))


def rules_of(prop: Property) -> ValueRules:
    """Give the compiled rules of a property's schema, compiled once."""
    rules: ValueRules | None = prop.__dict__.get("_rules")
    if rules is None:
        rules = prop.__dict__["_rules"] = rules_for_key(schema_key(prop.json_schema))
    return rules


def accepts_text(schema: Mapping[str, Any] | None) -> bool:
    """Say whether a schema accepts strings; see `ValueRules.accepts_text`."""
    return rules_for_key(schema_key(schema)).accepts_text


def accepts(schema: Mapping[str, Any] | None, value: Any) -> bool:
    """Say whether a schema accepts a value as the API sees it; see `ValueRules.accepts`."""
    return rules_for_key(schema_key(schema)).accepts(value)


def is_wire_value(schema: Mapping[str, Any] | None, value: Any) -> bool:
    """Say whether a value may be sent as it is; see `ValueRules.is_wire_value`."""
    return rules_for_key(schema_key(schema)).is_wire_value(value)


@lru_cache(maxsize=1024)
def rules_for_key(key: str) -> ValueRules:
    """Give the rules of the schema that `schema_key` wrote, compiled once; of everything for an empty key."""
    return ValueRules(key)


@lru_cache(maxsize=512)
def _input_for(key: str) -> PropertyInput:
    if not key:
        return _ANY_TEXT
    schema = json.loads(key)
    alternatives = variants(schema)
    inputs = [_from_variant(variant) for variant in alternatives if type_of(variant) != "null"]
    found = _merge_alternatives([each for each in dict.fromkeys(inputs) if each is not None])
    if found is None and alternatives and all(_takes_nothing(variant) for variant in alternatives):
        found = PropertyInput(InputKind.NOTHING, "no value at all")
    if found is None:
        found = _ANY_TEXT if accepts_text(schema) else PropertyInput(InputKind.JSON, "JSON")
    if found.example and not accepts(schema, json.loads(found.example) if found.kind in STRUCTURED else found.example):
        expected = found.expected.partition(", such as ")[0]
        found = replace(found, example="", expected=expected)
    return found


def _has_lines(name: str) -> bool:
    parts = set(name.lower().split("_"))
    if parts & {"json", "pem", "certificate", "cert", "ca", "map"}:
        return True
    return "key" in parts and bool(parts & {"private", "ssl", "rsa", "ssh"})


def _fixed_values(variant: Mapping[str, Any]) -> list[Any] | None:
    """List the only values that a variant takes, without the null and the blank, which are never given."""
    values = [variant["const"]] if "const" in variant else variant.get("enum")
    return [v for v in values if v is not None and v != ""] if isinstance(values, list) else None


def _takes_nothing(variant: Mapping[str, Any]) -> bool:
    return type_of(variant) == "null" or _fixed_values(variant) == []


def _from_variant(variant: Mapping[str, Any]) -> PropertyInput | None:
    values = _fixed_values(variant)
    if values is not None:
        title = variant.get("title") if len(values) == 1 else None
        return _choice([to_wire_text(v) for v in values], [title] if isinstance(title, str) else []) if values else None
    match type_of(variant):
        case "string":
            return _from_string(variant)
        case "boolean":
            return _choice(("true", "false"))
        case "integer":
            return _from_number(variant, InputKind.INTEGER, "a whole number")
        case "number":
            return _from_number(variant, InputKind.NUMBER, "a number")
        case "array":
            return _from_array(variant)
        case "object":
            return _from_object(variant)
        case _:
            return None


def _from_string(variant: Mapping[str, Any]) -> PropertyInput:
    pattern = variant.get("pattern")
    if isinstance(pattern, str):
        return _from_pattern(pattern)
    known = _FORMATS.get(str(variant.get("format")))
    if known is not None:
        return known
    low, high = variant.get("minLength"), variant.get("maxLength")
    if isinstance(low, int) and low > 1:
        span = f"{low} to {high}" if isinstance(high, int) else f"at least {low}"
    elif isinstance(high, int):
        span = f"at most {high}"
    else:
        return _ANY_TEXT
    return PropertyInput(InputKind.TEXT, f"text of {span} characters")


def _from_pattern(pattern: str) -> PropertyInput:
    offered = patterns.choices(pattern)
    if offered:
        return _choice(offered)
    numbers = patterns.whole_numbers(pattern)
    if numbers:
        example = "30" if 30 in numbers else str(numbers[len(numbers) // 2])
        words = f"a whole number {_spans(numbers)}, such as {example}"
        return PropertyInput(InputKind.INTEGER, words, example)
    if patterns.is_midnight(pattern):
        return _MIDNIGHT
    number = patterns.number_like(pattern)
    if number is not None:
        return PropertyInput(InputKind.INTEGER, f"a whole number, such as {number}", number)
    return PropertyInput(InputKind.TEXT, f"text that fits the pattern {pattern}")


def _from_number(variant: Mapping[str, Any], kind: InputKind, words: str) -> PropertyInput:
    low, high = variant.get("minimum"), variant.get("maximum")
    has_low, has_high = isinstance(low, int), isinstance(high, int)
    if has_low and has_high:
        words += f" from {low} to {high}"
    elif has_low or has_high:
        words += f" of at least {low}" if has_low else f" of at most {high}"
    bounds = [bound for bound in (low, high) if isinstance(bound, int)]
    candidates = [n for n in (30, 1, 0, *bounds) if accepts(variant, n)]
    if not candidates:
        return PropertyInput(kind, words)
    return PropertyInput(kind, f"{words}, such as {candidates[0]}", str(candidates[0]))


def _from_array(variant: Mapping[str, Any]) -> PropertyInput:
    items = variant.get("items")
    example = json.dumps(_sample(variant), ensure_ascii=False)
    if isinstance(items, Mapping) and items and not _refers(items):
        item = _input_for(schema_key(items))
        if item == _ANY_TEXT:
            of, example = "texts", '["a", "b"]'
        else:
            of = f"{'' if item.kind in STRUCTURED else 'values, each '}{item.expected.partition(', such as ')[0]}"
        if item.kind is InputKind.OBJECT:
            return PropertyInput(InputKind.ROWS, f"a list of objects, such as {example}", example, parts=item.parts)
        if item.kind not in _NON_TEXT_KINDS:
            part = InputPart("", True, item, schema_key(items))
            return PropertyInput(InputKind.LIST, f"a list of {of}, such as {example}", example, item=part)
    of = " of objects" if isinstance(items, Mapping) and items.get("type") == "object" else ""
    return PropertyInput(InputKind.JSON, f"a list{of} in JSON, such as {example}", example)


def _from_object(variant: Mapping[str, Any]) -> PropertyInput:
    example = json.dumps(_sample(variant), ensure_ascii=False)
    parts = _parts(variant)
    if parts:
        return PropertyInput(InputKind.OBJECT, f"an object, such as {example}", example, parts=parts)
    return PropertyInput(InputKind.JSON, f"an object in JSON, such as {example}", example)


def _parts(variant: Mapping[str, Any]) -> tuple[InputPart, ...]:
    """List what an object consists of; empty where that cannot be told, or is too much for a form."""
    said, required = variant.get("properties"), variant.get("required", [])
    if not isinstance(said, Mapping) or not 0 < len(said) <= _MOST_PARTS or not isinstance(required, list):
        return ()
    if not all(isinstance(each, Mapping) and not _refers(each) for each in said.values()):
        return ()
    if not all(isinstance(name, str) and name in said for name in required):
        return ()
    found = tuple(
        InputPart(str(name), name in required, _input_for(schema_key(each)), schema_key(each))
        for name, each in said.items()
    )
    return found if _depth(found) <= _DEEPEST else ()


def _depth(parts: tuple[InputPart, ...]) -> int:
    return 1 + max((_depth(part.input.parts) for part in parts if part.input.parts), default=0)


def _refers(schema: Mapping[str, Any]) -> bool:
    # What a reference means can only be told where it stands.
    return '"$ref"' in schema_key(schema)


def _sample(node: Any, depth: int = 0) -> Any:
    """Make up a small value of a schema's shape."""
    schema = node if isinstance(node, Mapping) else {}
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    match type_of(schema):
        case "array":
            return [_sample(schema.get("items"), depth + 1)] if depth < 4 else []
        case "object":
            parts = schema.get("properties")
            parts = parts if isinstance(parts, Mapping) and depth < 4 else {}
            return {str(name): _sample(part, depth + 1) for name, part in list(parts.items())[:6]}
        case "integer" | "number":
            return 30
        case "boolean":
            return True
        case _:
            return _input_for(schema_key(schema)).example or "…" if depth < 4 and not _refers(schema) else "…"


def _merge_alternatives(inputs: list[PropertyInput]) -> PropertyInput | None:
    """Find one input for several alternatives."""
    if len(inputs) < 2:
        return inputs[0] if inputs else None
    kinds = {each.kind for each in inputs}
    if kinds == {InputKind.CHOICE}:
        named = [pair for each in inputs for pair in zip(each.choices, each.titles or each.choices, strict=True)]
        return _choice([choice for choice, _ in named], [title for _, title in named])
    if kinds == {InputKind.HOST}:
        return _HOST
    if kinds in ({InputKind.INTEGER}, {InputKind.NUMBER}):
        return inputs[0]
    # Plain text takes whatever the others would: a list of names is also written with commas.
    if _ANY_TEXT in inputs:
        return _ANY_TEXT
    words = " or ".join(dict.fromkeys(each.expected for each in inputs))
    kind = InputKind.JSON if kinds & STRUCTURED else InputKind.TEXT
    return PropertyInput(kind, words, inputs[0].example if kind is InputKind.TEXT else "")


def _choice(values: Iterable[str], titles: Iterable[str] = ()) -> PropertyInput:
    # One text may stand for two values, such as "1" and 1: the string comes first, as the API takes strings.
    named: dict[str, str] = {}
    found = list(values)
    for value, title in zip(found, list(titles) or found, strict=True):
        named.setdefault(value, title)
    choices, names = tuple(named), tuple(named.values())
    return PropertyInput(
        InputKind.CHOICE, _listed(choices), choices[0], choices, titles=names if names != choices else ()
    )


def _listed(values: Iterable[str]) -> str:
    found = list(values)
    if len(found) == 1:
        return f"exactly {found[0]}"
    if len(found) > _MOST_CHOICES_NAMED:
        return f"one of {', '.join(found[: _MOST_CHOICES_NAMED - 1])}, … ({len(found)} in all)"
    return f"one of {', '.join(found)}"


def _spans(numbers: tuple[int, ...]) -> str:
    """Say a set of numbers in words: ``from 1 to 30, or 60 or 90``."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    words = [f"from {run[0]} to {run[-1]}" if len(run) > 2 else " or ".join(map(str, run)) for run in runs]
    return ", or ".join([words[0], " or ".join(words[1:])]) if len(words) > 1 else words[0]


_NON_TEXT_KINDS = STRUCTURED | {InputKind.NOTHING}
_ANY_TEXT = PropertyInput(InputKind.TEXT, "any text")
_MIDNIGHT = PropertyInput(
    InputKind.DATE,
    "a date at midnight UTC, such as 2024-01-31T00:00:00Z",
    "2024-01-31T00:00:00Z",
    date_suffix="T00:00:00Z",
)
_HOST = PropertyInput(
    InputKind.HOST, "a host name or an IP address, such as db.example.com or 192.0.2.10", "db.example.com"
)
_URI = PropertyInput(InputKind.URI, "a web address, such as https://example.com/path", "https://example.com/path")

_FORMATS: Mapping[str, PropertyInput] = {
    "date": PropertyInput(InputKind.DATE, "a date, such as 2024-01-31", "2024-01-31"),
    "date-time": PropertyInput(
        InputKind.DATETIME, "a date and time with its zone, such as 2024-01-31T13:00:00Z", "2024-01-31T13:00:00Z"
    ),
    "email": PropertyInput(InputKind.EMAIL, "an e-mail address, such as ann@example.com", "ann@example.com"),
    "hostname": _HOST,
    "ipv4": PropertyInput(InputKind.HOST, "an IPv4 address, such as 192.0.2.10", "192.0.2.10"),
    "ipv6": PropertyInput(InputKind.HOST, "an IPv6 address, such as 2001:db8::10", "2001:db8::10"),
    "time": PropertyInput(InputKind.TEXT, "a time with its zone, such as 13:00:00Z", "13:00:00Z"),
    "uri": _URI,
    "uuid": PropertyInput(
        InputKind.TEXT,
        "a UUID, such as 123e4567-e89b-42d3-a456-426614174000",
        "123e4567-e89b-42d3-a456-426614174000",
    ),
}
