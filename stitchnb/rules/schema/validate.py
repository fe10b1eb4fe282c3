"""Does a value fit a JSON Schema, and if not, where does it break it?

Nearly every schema of a report card says type, pattern, format, or lists, objects and alternatives of them. Those are
judged here; the rest is left to jsonschema, which takes a second to load where Jupyter's own extras are installed, and
is therefore loaded when the first such schema comes. A schema that is broken, or refers to what is not there, is not
ours to judge: everything fits it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from stitchnb.rules.schema.formats import CHECKS, conforms
from stitchnb.rules.schema.patterns import matches

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_SAID_BESIDE = frozenset({"title", "description", "default", "examples", "$comment"})
_EXPECTED = "expected "
_TYPE_WORDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "an object",
    "string": "text",
}

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Misfit:
    """Where a value breaks its schema, and how, as far as words are known for it.

    Attributes
    ----------
    path
        The way to the innermost list, object or value that breaks it.
    words
        What is wrong there, None where no words are known.
    about
        The part of an object that is missing, or not known there.
    """

    path: Path = ()
    words: str | None = None
    about: str | None = None

    @property
    def place(self) -> Path:
        """The way to the very part that is to be mended."""
        return self.path if self.about is None else (*self.path, self.about)

    def at(self, step: str | int) -> Misfit:
        """Say the same, seen from the list or object around it."""
        return Misfit((step, *self.path), self.words, self.about)


_Check = Callable[[Any], Misfit | None]


def schema_key(schema: Mapping[str, Any] | None) -> str:
    """Give a text that is the same for equal schemas: what caches go by."""
    return json.dumps(dict(schema), default=str) if schema is not None else ""


def fits(schema: Mapping[str, Any] | None, value: Any) -> bool:
    """Say whether a JSON value fits a schema; everything fits None."""
    return misfit(schema, value) is None


def misfit(schema: Mapping[str, Any] | None, value: Any) -> Misfit | None:
    """Find where a JSON value breaks a schema; None where it fits."""
    if schema is None:
        return None
    key = schema_key(schema)
    plain = _plain(key)
    return plain(value) if plain else _by_jsonschema(key, value)


def reason(schema: Mapping[str, Any] | None, value: Any) -> str | None:
    """Say in words where a list or an object breaks its schema.

    Returns
    -------
    str or None
        Such as ``In item 2: "id" is missing.``; None where it fits, or where there is no more to say than that it
        does not.
    """
    found = misfit(schema, value)
    if found is None or found.words is None or not isinstance(value, list | dict):
        return None
    if not found.path:
        if found == _DOES_NOT_FIT or found.words.startswith(_EXPECTED):
            return None
        return f"{found.words[0].upper()}{found.words[1:]}."
    where = ", ".join(f"item {step + 1}" if isinstance(step, int) else f'"{step}"' for step in found.path)
    return f"In {where}: {found.words}."


@lru_cache(maxsize=512)
def _plain(key: str) -> _Check | None:
    return _plain_check(json.loads(key))


def _plain_check(schema: Any) -> _Check | None:
    """Build the check of a schema that only says simple things; None for any other."""
    if not isinstance(schema, dict):
        return None
    checks: list[_Check] = []
    for keyword, rule in schema.items():
        if keyword in _SAID_BESIDE:
            continue
        make = _PLAIN.get(keyword)
        check = make(rule, schema) if make else None
        if check is None:
            return None
        checks.append(check)
    return lambda value: next((found for check in checks if (found := check(value)) is not None), None)


def _plain_type(rule: Any, _: Any) -> _Check | None:
    names = [rule] if isinstance(rule, str) else rule
    if not isinstance(names, list) or not names or not all(isinstance(n, str) and n in _IS for n in names):
        return None
    tests = [_IS[name] for name in names]
    wrong = Misfit(words=_expected_type(names))
    return lambda value: None if any(test(value) for test in tests) else wrong


def _plain_text(conforms_to: Callable[[str, str], bool], rule: Any) -> _Check | None:
    if not isinstance(rule, str):
        return None
    return lambda value: None if not isinstance(value, str) or conforms_to(rule, value) else _DOES_NOT_FIT


def _plain_enum(rule: Any, _: Any) -> _Check | None:
    if not isinstance(rule, list) or not rule or not all(isinstance(v, str | bool | int) for v in rule):
        return None
    # For JSON, true is not 1.
    return lambda value: (
        None if any(v == value and isinstance(v, bool) == isinstance(value, bool) for v in rule) else _DOES_NOT_FIT
    )


def _plain_any_of(rule: Any, _: Any) -> _Check | None:
    checks = [_plain_check(each) for each in rule] if isinstance(rule, list) else []
    known = [check for check in checks if check is not None]
    if not known or len(known) < len(checks):
        return None
    return lambda value: None if any(check(value) is None for check in known) else _DOES_NOT_FIT


def _plain_items(rule: Any, _: Any) -> _Check | None:
    check = _plain_check(rule)
    if check is None:
        return None

    def items(value: Any) -> Misfit | None:
        found = ((i, check(item)) for i, item in enumerate(value)) if isinstance(value, list) else iter(())
        return next((wrong.at(i) for i, wrong in found if wrong), None)

    return items


def _plain_properties(rule: Any, _: Any) -> _Check | None:
    checks = {name: _plain_check(each) for name, each in rule.items()} if isinstance(rule, dict) else {}
    known = {name: check for name, check in checks.items() if check is not None}
    if not isinstance(rule, dict) or len(known) < len(checks):
        return None

    def properties(value: Any) -> Misfit | None:
        present = [name for name in known if name in value] if isinstance(value, dict) else []
        return next((wrong.at(name) for name in present if (wrong := known[name](value[name]))), None)

    return properties


def _plain_required(rule: Any, _: Any) -> _Check | None:
    if not isinstance(rule, list) or not all(isinstance(name, str) for name in rule):
        return None

    def required(value: Any) -> Misfit | None:
        absent = [name for name in rule if name not in value] if isinstance(value, dict) else []
        return _missing(absent[0]) if absent else None

    return required


def _plain_additional(rule: Any, schema: Any) -> _Check | None:
    known = schema.get("properties", {})
    if not isinstance(rule, bool) or not isinstance(known, dict):
        return None

    def additional(value: Any) -> Misfit | None:
        unknown = [name for name in value if name not in known] if isinstance(value, dict) and not rule else []
        return _unknown(unknown[0]) if unknown else None

    return additional


_PLAIN: Mapping[str, Callable[[Any, Any], _Check | None]] = {
    "type": _plain_type,
    "pattern": lambda rule, _: _plain_text(matches, rule),
    "format": lambda rule, _: _plain_text(conforms, rule),
    "enum": _plain_enum,
    "anyOf": _plain_any_of,
    "items": _plain_items,
    "properties": _plain_properties,
    "required": _plain_required,
    "additionalProperties": _plain_additional,
}

_IS: Mapping[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "string": lambda value: isinstance(value, str),
}


def _expected_type(names: list[str]) -> str:
    return f"{_EXPECTED}{' or '.join(_TYPE_WORDS.get(name, name) for name in names)}"


def _missing(name: str) -> Misfit:
    return Misfit(words=f'"{name}" is missing', about=name)


def _unknown(name: str) -> Misfit:
    return Misfit(words=f'"{name}" is not known here', about=name)


_DOES_NOT_FIT = Misfit(words="this value does not fit")


def _by_jsonschema(key: str, value: Any) -> Misfit | None:
    validator = _validator(key)
    if validator is None:
        return None
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    try:
        error = best_match(validator.iter_errors(value))
    except (Unresolvable, RecursionError, re.error):
        return None
    return replace(_in_words(error), path=tuple(error.absolute_path)) if error is not None else None


def _in_words(error: Any) -> Misfit:
    rule, instance = error.validator_value, error.instance
    match error.validator:
        case "required" if isinstance(rule, list):
            return _missing(next(name for name in rule if name not in instance))
        case "additionalProperties":
            known = error.schema.get("properties", {})
            unknown = [name for name in instance if name not in known]
            return _unknown(unknown[0]) if unknown else Misfit()
        case "type":
            return Misfit(words=_expected_type([rule] if isinstance(rule, str) else rule))
        case "minItems":
            return Misfit(words=f"at least {rule} are needed")
        case "maxItems":
            return Misfit(words=f"at most {rule} are allowed")
        case "uniqueItems":
            return Misfit(words="the same item stands there twice")
        case _:
            return _DOES_NOT_FIT


@lru_cache(maxsize=512)
def _validator(key: str) -> Validator | None:
    from jsonschema import FormatChecker
    from jsonschema.exceptions import SchemaError
    from referencing import Registry

    schema = json.loads(key)
    for draft in _drafts():
        try:
            draft.check_schema(schema, format_checker=FormatChecker(formats=()))
        except (SchemaError, RecursionError):
            continue
        # An empty registry fetches nothing: a report card must not send us anywhere.
        validator: Validator = draft(schema, registry=Registry(), format_checker=_format_checker())
        return validator
    return None


@cache
def _drafts() -> tuple[Any, ...]:
    """Give the drafts that a schema may be written in, newest first, with patterns read as everywhere here."""
    from jsonschema import Draft7Validator, Draft202012Validator, ValidationError, validators

    extend: Any = validators.extend

    def pattern(validator: Any, rule: Any, instance: Any, schema: Any) -> Any:
        if isinstance(instance, str) and not matches(rule, instance):
            yield ValidationError("does not match")

    return tuple(extend(d, validators={"pattern": pattern}) for d in (Draft202012Validator, Draft7Validator))


@cache
def _format_checker() -> Any:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    for name in CHECKS:
        checker.checks(name)(lambda value, name=name: not isinstance(value, str) or conforms(name, value))
    return checker
