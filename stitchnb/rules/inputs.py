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
from stitchnb.rules import patterns
from stitchnb.rules.schemas import fits, schema_key

_MOST_CHOICES_NAMED = 12
_MOST_BRANCHES = 32
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
    JSON = "json"


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
    date_suffix
        For `InputKind.DATE`: what follows the day in the value, ``T00:00:00Z`` or nothing.
    is_secret
        A credential: not to be shown, whatever its kind.
    is_multiline
        Its values have several lines, like a certificate.
    """

    kind: InputKind
    expected: str
    example: str = ""
    choices: tuple[str, ...] = ()
    date_suffix: str = ""
    is_secret: bool = False
    is_multiline: bool = False


def describe(prop: Property) -> PropertyInput:
    """Say which input a property asks for.

    Never fails: a schema that is broken or that nobody has seen yet gets a text or a JSON input.
    """
    found = _described(schema_key(prop.json_schema))
    if prop.is_credential:
        kind = found.kind if found.kind in (InputKind.JSON, InputKind.LIST) else InputKind.SECRET
        expected = "a credential" if found == _ANY_TEXT else found.expected
        found = replace(found, kind=kind, expected=expected, is_secret=True)
    if found.kind in (InputKind.TEXT, InputKind.SECRET) and _has_lines(prop.name):
        found = replace(found, is_multiline=True)
    return found


def shown(value: Any) -> str:
    """Write a value as text, the way that it travels: ``true``, ``30``, and JSON for lists and objects."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def accepts_text(schema: Mapping[str, Any] | None) -> bool:
    """Say whether a schema takes strings, as far as its alternatives tell and a few samples show."""
    if schema is None:
        return True
    types = [_type_of(branch) for branch in _branches(schema)]
    return "string" in types or (None in types and any(fits(schema, sample) for sample in _TEXT_SAMPLES))


def accepts(schema: Mapping[str, Any] | None, value: Any) -> bool:
    """Say whether a value fits, as the API sees it.

    Properties travel as strings: where a schema takes no string at all, a string is judged by what it says, so that
    ``"5432"`` is a whole number.
    """
    if fits(schema, value):
        return True
    if not isinstance(value, str) or accepts_text(schema):
        return False
    if value in ("true", "false"):
        return fits(schema, value == "true")
    number = _NUMBER.fullmatch(value)
    return number is not None and fits(schema, float(value) if number["decimals"] else int(value))


@lru_cache(maxsize=512)
def _described(key: str) -> PropertyInput:
    if not key:
        return _ANY_TEXT
    schema = json.loads(key)
    inputs = [_from_branch(branch) for branch in _branches(schema) if _type_of(branch) != "null"]
    found = _together([each for each in dict.fromkeys(inputs) if each is not None])
    if found is None:
        found = _ANY_TEXT if accepts_text(schema) else PropertyInput(InputKind.JSON, "JSON")
    structured = found.kind in (InputKind.LIST, InputKind.JSON)
    if found.example and not accepts(schema, json.loads(found.example) if structured else found.example):
        expected = found.expected.partition(", such as ")[0]
        found = replace(found, example="", expected=expected)
    return found


def _has_lines(name: str) -> bool:
    parts = set(name.lower().split("_"))
    if parts & {"json", "pem", "certificate", "cert", "ca", "map"}:
        return True
    return "key" in parts and bool(parts & {"private", "ssl", "rsa", "ssh"})


def _branches(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Spell out a schema's alternatives, each a plain object with at most one type; [] where there are too many."""
    found = _spelt_out(dict(schema), schema, depth=0)
    return found if len(found) <= _MOST_BRANCHES else []


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
            options = [b for each in node[keyword][:_MOST_BRANCHES] for b in _spelt_out(each, root, depth + 1)]
            found = _crossed(found, options)
    if isinstance(node.get("allOf"), list):
        for each in node["allOf"][:_MOST_BRANCHES]:
            found = _crossed(found, _spelt_out(each, root, depth + 1))
    return [{**branch, "type": name} for branch in found for name in _types(branch)][: _MOST_BRANCHES + 1]


def _crossed(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # A part that says nothing of the type leaves the other's type standing.
    merged = ({**a, **{k: v for k, v in b.items() if k != "type" or v is not None}} for a in left for b in right)
    return [each for _, each in zip(range(_MOST_BRANCHES + 1), merged, strict=False)]


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


def _type_of(branch: Mapping[str, Any]) -> str | None:
    """Give a branch's type, told by the other keywords where it does not say so; None where nothing tells it."""
    said = branch.get("type")
    if isinstance(said, str):
        return said
    values = branch["enum"] if isinstance(branch.get("enum"), list) else [branch["const"]] if "const" in branch else []
    if values:
        return "string" if all(isinstance(v, str) for v in values) else None
    return next((type_ for keyword, type_ in _TELLING.items() if keyword in branch), None)


def _from_branch(branch: Mapping[str, Any]) -> PropertyInput | None:
    values = [branch["const"]] if "const" in branch else branch.get("enum")
    if isinstance(values, list):
        given = [v for v in values if v is not None and v != ""]
        if given and all(isinstance(v, str | bool | int | float) for v in given):
            return _choice(shown(v) for v in given)
        return PropertyInput(InputKind.JSON, f"JSON: {_listed([shown(v) for v in given])}") if given else None
    match _type_of(branch):
        case "string":
            return _from_string(branch)
        case "boolean":
            return _choice(("true", "false"))
        case "integer":
            return _from_number(branch, InputKind.INTEGER, "a whole number")
        case "number":
            return _from_number(branch, InputKind.NUMBER, "a number")
        case "array":
            return _from_array(branch)
        case "object":
            example = json.dumps(_sample(branch), ensure_ascii=False)
            return PropertyInput(InputKind.JSON, f"an object in JSON, such as {example}", example)
        case _:
            return None


def _from_string(branch: Mapping[str, Any]) -> PropertyInput:
    pattern = branch.get("pattern")
    if isinstance(pattern, str):
        return _from_pattern(pattern)
    known = _FORMATS.get(str(branch.get("format")))
    if known is not None:
        return known
    low, high = branch.get("minLength"), branch.get("maxLength")
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


def _from_number(branch: Mapping[str, Any], kind: InputKind, words: str) -> PropertyInput:
    low, high = branch.get("minimum"), branch.get("maximum")
    has_low, has_high = isinstance(low, int), isinstance(high, int)
    if has_low and has_high:
        words += f" from {low} to {high}"
    elif has_low or has_high:
        words += f" of at least {low}" if has_low else f" of at most {high}"
    bounds = [bound for bound in (low, high) if isinstance(bound, int)]
    candidates = [n for n in (30, 1, 0, *bounds) if fits(branch, n)]
    if not candidates:
        return PropertyInput(kind, words)
    return PropertyInput(kind, f"{words}, such as {candidates[0]}", str(candidates[0]))


def _from_array(branch: Mapping[str, Any]) -> PropertyInput:
    items = branch.get("items")
    if isinstance(items, Mapping) and items.get("type") == "string" and set(items) <= {"type", "minLength"}:
        return PropertyInput(InputKind.LIST, 'a list of texts, such as ["a", "b"]', '["a", "b"]')
    example = json.dumps(_sample(branch), ensure_ascii=False)
    of = " of objects" if isinstance(items, Mapping) and items.get("type") == "object" else ""
    return PropertyInput(InputKind.JSON, f"a list{of} in JSON, such as {example}", example)


def _sample(node: Any, depth: int = 0) -> Any:
    """Make up a small value of a schema's shape."""
    schema = node if isinstance(node, Mapping) else {}
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    match _type_of(schema):
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
        case "string":
            return _from_string(schema).example or "…"
        case _:
            return "…"


def _together(inputs: list[PropertyInput]) -> PropertyInput | None:
    """Find one input for several alternatives."""
    if len(inputs) < 2:
        return inputs[0] if inputs else None
    kinds = {each.kind for each in inputs}
    if kinds == {InputKind.CHOICE}:
        return _choice(dict.fromkeys(c for each in inputs for c in each.choices))
    if kinds == {InputKind.HOST}:
        return _HOST
    if kinds in ({InputKind.INTEGER}, {InputKind.NUMBER}):
        return inputs[0]
    # Plain text takes whatever the others would: a list of names is also written with commas.
    if _ANY_TEXT in inputs:
        return _ANY_TEXT
    words = " or ".join(dict.fromkeys(each.expected for each in inputs))
    kind = InputKind.JSON if kinds & {InputKind.LIST, InputKind.JSON} else InputKind.TEXT
    return PropertyInput(kind, words, inputs[0].example if kind is InputKind.TEXT else "")


def _choice(values: Iterable[str]) -> PropertyInput:
    found = tuple(values)
    return PropertyInput(InputKind.CHOICE, _listed(found), found[0], found)


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
