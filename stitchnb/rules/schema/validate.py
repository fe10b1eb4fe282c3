"""Does a value satisfy a JSON Schema, and if not, where does it break it?

`jsonschema_rs` validates. It reads patterns as ECMAScript does, and it is loaded when the first schema is compiled.
Report cards are written in several drafts, so a schema is normalized to the newest one first. What cannot be compiled
even then, such as a broken pattern or a reference to another document, is left out and listed as unchecked: Stitch
checks it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from stitchnb.rules.schema.formats import stricter_formats
from stitchnb.rules.schema.patterns import normalize_pattern

if TYPE_CHECKING:
    import jsonschema_rs

Path = tuple[str | int, ...]

_ANNOTATIONS = frozenset(
    {
        *("$schema", "$comment", "title", "description", "default", "examples"),
        *("deprecated", "readOnly", "writeOnly"),
    }
)
# Keywords that hold schemas: by name, in a list, or one.
_SCHEMA_MAPS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_SCHEMA_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SCHEMAS = frozenset(
    {
        *("additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not"),
        *("propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
    }
)
# Leaving out part of these would refuse more values, not fewer.
_ALL_OR_NOTHING = frozenset({"not", "oneOf", "if"})
# Without its neighbor each of these would refuse more values.
_DEPENDENT_KEYWORDS = {
    "properties": ("additionalProperties", "unevaluatedProperties"),
    "patternProperties": ("additionalProperties", "unevaluatedProperties"),
    "prefixItems": ("items", "unevaluatedItems"),
    "minContains": ("contains",),
}
_MOST_PROBLEMS = 50
_DEEPEST = 50

_EXPECTED = "expected "
# In the order in which alternatives are named.
_TYPE_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "nothing",
}


@dataclass(frozen=True)
class Violation:
    """Where a value breaks its schema, and how.

    Attributes
    ----------
    path
        The path to the innermost list, object or value that breaks it.
    message
        What is wrong there.
    key
        The key of an object that is missing, or that the schema does not allow.
    """

    path: Path = ()
    message: str = "this value is not allowed"
    key: str | None = None

    @property
    def field_path(self) -> Path:
        """The path to the part that has to be fixed."""
        return self.path if self.key is None else (*self.path, self.key)


@dataclass(frozen=True)
class SchemaProblem:
    """Why a keyword of a schema cannot be compiled.

    Attributes
    ----------
    path
        The path to the value that is wrong, within the normalized schema.
    keyword
        The keyword that is left out.
    value
        What is wrong.
    message
        Why.
    """

    path: Path
    keyword: str
    value: Any
    message: str


class SchemaValidator:
    """A compiled JSON Schema.

    Parameters
    ----------
    schema
        JSON Schema of any draft from 3 to 2020-12; None accepts everything.

    Attributes
    ----------
    unchecked
        The keywords that could not be compiled and are not checked.
    """

    def __init__(self, schema: Any) -> None:
        self._validator: jsonschema_rs.Validator | None = None
        self.unchecked: tuple[str, ...] = ()
        if schema is not None:
            self._validator, problems = build_validator(normalize(schema))
            self.unchecked = tuple(dict.fromkeys(problem.keyword for problem in problems))

    def is_valid(self, value: Any) -> bool:
        """Say whether a JSON value satisfies the schema."""
        if self._validator is None:
            return True
        if type(value) is str and value.isascii():
            return self._validator.is_valid(value)
        try:
            return self._validator.is_valid(_to_json_value(value))
        except ValueError:
            return False

    def first_violation(self, value: Any) -> Violation | None:
        """Find the first place where a JSON value breaks the schema."""
        if self._validator is None:
            return None
        try:
            error = next(iter(self._validator.iter_errors(_to_json_value(value))), None)
        except ValueError:
            return Violation(message="this value cannot be written as JSON")
        return _violation_of(error) if error else None


def schema_key(schema: Mapping[str, Any] | None) -> str:
    """Give a text that is the same for equal schemas, for caches."""
    return json.dumps(dict(schema), default=str) if schema is not None else ""


@lru_cache(maxsize=1024)
def validator_for_key(key: str) -> SchemaValidator:
    """Compile the schema that `schema_key` wrote, once."""
    return SchemaValidator(json.loads(key) if key else None)


def is_valid(schema: Mapping[str, Any] | None, value: Any) -> bool:
    """Say whether a JSON value satisfies a schema; None accepts everything."""
    return validator_for_key(schema_key(schema)).is_valid(value)


def first_violation(schema: Mapping[str, Any] | None, value: Any) -> Violation | None:
    """Find the first place where a JSON value breaks a schema; None where it satisfies it."""
    return validator_for_key(schema_key(schema)).first_violation(value)


def describe_violation(violation: Violation) -> str | None:
    """Say where a list or an object breaks its schema.

    Returns
    -------
    str or None
        Such as ``In item 2: "id" is missing.``; None where the message would only repeat that the value is not allowed.
    """
    if not violation.path:
        if violation.message == Violation.message or violation.message.startswith(_EXPECTED):
            return None
        return f"{violation.message[0].upper()}{violation.message[1:]}."
    return f"In {describe_path(violation.path)}: {violation.message}."


def describe_path(path: Path) -> str:
    """Write a path for people: ``item 2, "id"``."""
    return ", ".join(f"item {step + 1}" if isinstance(step, int) else f'"{step}"' for step in path)


def normalize(schema: Any) -> Any:
    """Rewrite a schema of any draft as draft 2020-12, without its annotations."""
    return map_schemas(json.loads(json.dumps(_unwrap(schema), default=str)), _normalize_node)


def map_schemas(node: Any, rewrite: Callable[[dict[str, Any]], dict[str, Any]], depth: int = 0) -> Any:
    """Rewrite every schema within a schema, the outermost first."""
    if not isinstance(node, dict) or depth > _DEEPEST:
        return node
    result = rewrite(node)
    for keyword, value in result.items():
        if keyword in _SCHEMA_MAPS and isinstance(value, dict):
            result[keyword] = {name: map_schemas(each, rewrite, depth + 1) for name, each in value.items()}
        elif keyword in _SCHEMA_LISTS and isinstance(value, list):
            result[keyword] = [map_schemas(each, rewrite, depth + 1) for each in value]
        elif keyword in _SCHEMAS:
            result[keyword] = map_schemas(value, rewrite, depth + 1)
    return result


def build_validator(
    schema: Any, *, keywords: dict[str, Any] | None = None
) -> tuple[jsonschema_rs.Validator | None, list[SchemaProblem]]:
    """Compile a normalized schema without the keywords that cannot be compiled, and list those.

    Returns
    -------
    tuple
        The validator, None where nothing of the schema can be compiled; and what was left out.
    """
    import jsonschema_rs

    schema = deepcopy(schema)
    problems: list[SchemaProblem] = []
    while len(problems) < _MOST_PROBLEMS:
        try:
            validator = jsonschema_rs.Draft202012Validator(
                schema,
                validate_formats=True,
                formats=dict(stricter_formats()),
                keywords=keywords,
                # A report card never makes us fetch anything.
                offline=True,
            )
        except jsonschema_rs.ValidationError as error:
            is_reference = isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Referencing)
            broken = _unresolved_references(schema) if is_reference else []
            if not broken:
                broken = [(tuple(error.instance_path), error.instance, error.message)]
            for path, value, message in broken:
                keyword = _leave_out(schema, path)
                problems.append(SchemaProblem(path, keyword or "", value, message))
                if keyword is None:
                    return None, problems
        except ValueError as error:
            return None, [*problems, SchemaProblem((), "", schema, str(error))]
        else:
            return validator, problems
    return None, problems


def _unwrap(schema: Any) -> Any:
    return dict(schema) if isinstance(schema, Mapping) else schema


def _normalize_node(node: dict[str, Any]) -> dict[str, Any]:
    result = {keyword: value for keyword, value in node.items() if keyword not in _ANNOTATIONS}
    # In draft 3 a property itself says that it is required.
    if isinstance(result.get("required"), bool):
        del result["required"]
    properties = result.get("properties")
    if isinstance(properties, dict) and "required" not in result:
        required = [
            name for name, each in properties.items() if isinstance(each, dict) and each.get("required") is True
        ]
        result |= {"required": required} if required else {}
    # Draft 4 says with a flag that the bound itself is excluded.
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(result.get(flag), bool):
            is_exclusive = result.pop(flag)
            if is_exclusive and bound in result:
                result[flag] = result.pop(bound)
    # Before 2020-12 `items` was also the list of schemas.
    if isinstance(result.get("items"), list):
        result["prefixItems"] = result.pop("items")
        if "additionalItems" in result:
            result["items"] = result.pop("additionalItems")
    if isinstance(result.get("dependencies"), dict):
        dependencies = result.pop("dependencies")
        for name, value in dependencies.items():
            keyword = "dependentRequired" if isinstance(value, list) else "dependentSchemas"
            result[keyword] = {**result.get(keyword, {}), name: value}
    if isinstance(result.get("pattern"), str):
        result["pattern"] = normalize_pattern(result["pattern"])
    if isinstance(result.get("patternProperties"), dict):
        result["patternProperties"] = {normalize_pattern(p): s for p, s in result["patternProperties"].items()}
    return result


def _unresolved_references(schema: Any) -> list[tuple[Path, Any, str]]:
    """List the references that lead nowhere: the compiler does not say where they are."""
    return [
        (path, reference, f"{reference} cannot be resolved")
        for path, reference in _references(schema, ())
        if resolve_pointer(reference, schema) is None
    ]


def resolve_pointer(reference: str, schema: Any) -> Any:
    """Look up a reference within the same document, such as ``#/$defs/a``; None where it leads elsewhere or nowhere."""
    if reference != "#" and not reference.startswith("#/"):
        return None
    node = schema
    for step in reference[2:].split("/") if reference != "#" else ():
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(node, list) and name.isdecimal() and int(name) < len(node):
            node = node[int(name)]
        elif isinstance(node, Mapping) and name in node:
            node = node[name]
        else:
            return None
    return node


def _references(node: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if len(path) > 2 * _DEEPEST:
        return
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("$ref", "$dynamicRef", "$recursiveRef") and isinstance(value, str):
                yield (*path, key), value
            elif key not in ("enum", "const"):
                yield from _references(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _references(value, (*path, index))


def _leave_out(schema: Any, path: Path) -> str | None:
    """Remove the keyword that a path leads to or into; None where the schema itself is wrong."""
    if path[-2:-1] == ("patternProperties",):
        path = path[:-1]
    steps = next((path[: i + 1] for i, step in enumerate(path) if step in _ALL_OR_NOTHING), path)
    nodes = [schema]
    for step in steps:
        try:
            nodes.append(nodes[-1][step])
        except (LookupError, TypeError):
            break
    for index in reversed(range(min(len(nodes), len(steps)))):
        node, step = nodes[index], steps[index]
        if not isinstance(node, dict):
            continue
        if index and steps[index - 1] in _SCHEMA_MAPS:
            node[step] = True
            return str(steps[index - 1])
        for keyword in (step, *_DEPENDENT_KEYWORDS.get(str(step), ())):
            node.pop(keyword, None)
        return str(step)
    return None


def _to_json_value(value: Any) -> Any:
    """Make plain JSON types of a value, as the validator knows no others.

    Raises
    ------
    ValueError
        When it cannot be written as JSON.
    """
    if isinstance(value, str):
        # A secret shows a mask, and only this gives its text.
        text = str.__str__(value)
        text.encode()
        return text
    if isinstance(value, Mapping):
        return {_to_json_value(_key_of(key)): _to_json_value(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_to_json_value(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    raise ValueError(f"a {type(value).__name__} is not a JSON value")


def _key_of(key: Any) -> str:
    if isinstance(key, str):
        return key
    raise ValueError("a key of an object is not text")


def _violation_of(error: jsonschema_rs.ValidationError) -> Violation:
    kind, path = error.kind, tuple(error.instance_path)
    match kind.name:
        case "required":
            name = kind.value
            return Violation(path, f'"{name}" is missing', name)
        case "additionalProperties" | "unevaluatedProperties" if isinstance(kind.value, list):
            name = kind.value[0]
            return Violation(path, f'"{name}" is not allowed here', name)
        case "type":
            return Violation(path, f"{_EXPECTED}{' or '.join(w for t, w in _TYPE_WORDS.items() if t in kind.value)}")
        case "minItems":
            return Violation(path, f"at least {_count_items(kind.value)} required")
        case "maxItems":
            return Violation(path, f"at most {_count_items(kind.value)} allowed")
        case "uniqueItems":
            return Violation(path, "the same item is listed twice")
        case _:
            return Violation(path)


def _count_items(count: int) -> str:
    return "1 item is" if count == 1 else f"{count} items are"
