"""From the text in a form to the value that is sent, and back.

A form only has texts: the text of an input, one item on each line of a list, or, for objects and rows of them, a
*draft*: JSON of the same shape whose leaves are the texts of their inputs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from stitchnb.rules.schema.formats import conforms, is_date
from stitchnb.rules.schema.inputs import (
    STRUCTURED,
    InputKind,
    InputPart,
    PropertyInput,
    ValueRules,
    rules_for_key,
    to_wire_text,
)
from stitchnb.rules.schema.validate import Path, describe_path

_LOCAL_TIME_LENGTH = len("2024-01-31T13:00")


@dataclass(frozen=True, repr=False)
class ParsedText:
    """What a text means. It may hold a credential, so it has no repr.

    Attributes
    ----------
    value
        As it is sent; None where the text is blank.
    error
        Why the text cannot be parsed; None where it can, which does not mean that the value is valid.
    path
        The path to the part of an object or a list that the error is about.
    """

    value: Any
    error: str | None = None
    path: Path = ()


def parse(expected_input: PropertyInput, rules: ValueRules, text: str, *, as_json: bool = False) -> ParsedText:
    """Parse the text in the input of a property.

    Parameters
    ----------
    expected_input, rules
        What the property expects, and the rules of its schema.
    text
        What a user typed; for rows and objects their draft.
    as_json
        The list, rows or object are edited as JSON instead.
    """
    if not text.strip():
        return ParsedText(None)
    kind = expected_input.kind
    if kind is InputKind.JSON or (as_json and kind in STRUCTURED):
        return _parse_json(expected_input, rules, text.strip())
    if kind is InputKind.LIST:
        return _parse_lines(expected_input, text)
    if kind in (InputKind.ROWS, InputKind.OBJECT):
        return _parse_draft(expected_input, text)
    return ParsedText(_parse_leaf(expected_input, rules, text))


def format(expected_input: PropertyInput, rules: ValueRules, value: Any) -> tuple[str, bool]:
    """Write a value as the text of the property's input.

    Returns
    -------
    tuple of str and bool
        The text, and whether it is JSON because the input of its kind cannot show it without loss.
    """
    if expected_input.kind not in STRUCTURED:
        return _format_leaf(expected_input, value), False
    if expected_input.kind is not InputKind.JSON and not isinstance(value, str):
        text = _format_structured(expected_input, value)
        if text is not None and parse(expected_input, rules, text).value == value:
            return text, False
    return _format_json(expected_input, rules, value), True


def _parse_leaf(expected_input: PropertyInput, rules: ValueRules, text: str) -> Any:
    stripped = text.strip()
    match expected_input.kind:
        case InputKind.SECRET:
            # Spaces may be part of a password.
            return text
        case InputKind.DATE:
            return stripped if "T" in stripped else stripped + expected_input.date_suffix
        case InputKind.DATETIME:
            return _utc(stripped)
        case InputKind.CHOICE if text in expected_input.choices and not rules.accepts(text):
            # Where a schema mixes types, a choice may be a number or a boolean.
            return json.loads(text)
        case _:
            return text if expected_input.is_multiline else stripped


def _parse_json(expected_input: PropertyInput, rules: ValueRules, text: str) -> ParsedText:
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        if rules.accepts(text):
            return ParsedText(text)
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        return ParsedText(text, f"This is not JSON{where}. Expected {expected_input.expected}.")
    if value is None or value == "":
        if rules.accepts(text):
            return ParsedText(text)
        return ParsedText(text, f"{text} means no value. Leave the field blank instead.")
    if isinstance(value, list | dict):
        return (
            ParsedText(text)
            if not rules.validator.is_valid(value) and rules.validator.is_valid(text)
            else ParsedText(value)
        )
    # A number or a boolean is sent as its text, unless the schema accepts no text for it.
    return ParsedText(value) if rules.is_wire_value(value) else ParsedText(text)


def _parse_lines(expected_input: PropertyInput, text: str) -> ParsedText:
    item = expected_input.item
    if item is None:
        raise TypeError("a list has items")
    values, wrong = [], None
    for number, line in enumerate(line.strip() for line in text.splitlines() if line.strip()):
        value, error = _parse_part(item, line)
        values.append(value)
        if error and wrong is None:
            wrong = ParsedText(None, f"In item {number + 1}: {error}", (number,))
    return ParsedText(values, wrong.error, wrong.path) if wrong else ParsedText(values)


def _parse_draft(expected_input: PropertyInput, text: str) -> ParsedText:
    try:
        draft = json.loads(text)
    except (ValueError, RecursionError):
        draft = None
    if not isinstance(draft, list if expected_input.kind is InputKind.ROWS else dict):
        return ParsedText(text, f"Expected {expected_input.expected}.")
    problems: list[tuple[Path, str]] = []
    value = _parse_value(expected_input, draft, (), problems)
    # An object without values and a list without rows are no value.
    if not value and not problems:
        return ParsedText(None)
    if not problems:
        return ParsedText(value)
    path, message = problems[0]
    where = describe_path(path)
    return ParsedText(value, f"In {where}: {message}" if where else message, path)


def _parse_value(expected_input: PropertyInput, draft: Any, path: Path, problems: list[tuple[Path, str]]) -> Any:
    """Make the value of a draft, and collect what cannot be parsed."""
    if expected_input.kind is InputKind.ROWS:
        rows = draft if isinstance(draft, list) else []
        values = [_parse_object(expected_input, row, (*path, number), problems) for number, row in enumerate(rows)]
        blank = next((number for number, value in enumerate(values) if not value), None)
        if blank is not None:
            problems.append(((*path, blank), "nothing is filled in. Fill it in, or remove it."))
        return values
    return _parse_object(expected_input, draft, path, problems)


def _parse_object(
    expected_input: PropertyInput, draft: Any, path: Path, problems: list[tuple[Path, str]]
) -> dict[str, Any]:
    draft_parts = draft if isinstance(draft, Mapping) else {}
    result: dict[str, Any] = {}
    for part in expected_input.parts:
        here = (*path, part.name)
        if part.input.kind in (InputKind.ROWS, InputKind.OBJECT):
            value = _parse_value(part.input, draft_parts.get(part.name), here, problems)
            if value or part.required:
                result[part.name] = value
            continue
        text = draft_parts.get(part.name)
        if not isinstance(text, str) or not text.strip():
            # A required part that may be null is null.
            if part.required and rules_for_key(part.key).validator.is_valid(None):
                result[part.name] = None
            continue
        result[part.name], error = _parse_part(part, text)
        if error:
            problems.append((here, error))
    return result


def _parse_part(part: InputPart, text: str) -> tuple[Any, str | None]:
    """Parse a leaf within a list or an object, where numbers and booleans are sent as they are."""
    rules = rules_for_key(part.key)
    parsed = parse(part.input, rules, text)
    value = parsed.value
    if parsed.error:
        return value, parsed.error
    if rules.validator.is_valid(value):
        is_day = not part.input.date_suffix or is_date(str(value).removesuffix(part.input.date_suffix))
        return value, None if is_day else f"expected {part.input.expected}."
    if isinstance(value, str) and rules.accepts(value):
        return json.loads(value), None
    return value, f"expected {part.input.expected}."


def _format_leaf(expected_input: PropertyInput, value: Any) -> str:
    if isinstance(value, str):
        if expected_input.kind is InputKind.DATE:
            return value.removesuffix(expected_input.date_suffix)
        if expected_input.kind is InputKind.DATETIME:
            return _without_zone(value)
    return to_wire_text(value)


def _format_structured(expected_input: PropertyInput, value: Any) -> str | None:
    """Write a list in lines, or rows or an object as their draft; None where that is not possible."""
    if expected_input.kind is InputKind.LIST:
        item = expected_input.item
        return "\n".join(_format_leaf(item.input, each) for each in value) if isinstance(value, list) and item else None
    draft = _draft_of(expected_input, value)
    return None if draft is None else json.dumps(draft, ensure_ascii=False)


def _draft_of(expected_input: PropertyInput, value: Any) -> Any:
    if expected_input.kind is InputKind.ROWS:
        return [_draft_of_object(expected_input, row) for row in value] if isinstance(value, list) else None
    return _draft_of_object(expected_input, value)


def _draft_of_object(expected_input: PropertyInput, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return None
    result: dict[str, Any] = {}
    for part in expected_input.parts:
        inner = value.get(part.name)
        if inner is None:
            continue
        if part.input.kind in (InputKind.ROWS, InputKind.OBJECT):
            result[part.name] = _draft_of(part.input, inner)
        else:
            result[part.name] = format(part.input, rules_for_key(part.key), inner)[0]
    return result


def _format_json(expected_input: PropertyInput, rules: ValueRules, value: Any) -> str:
    if isinstance(value, str) and _parse_json(expected_input, rules, value).value == value:
        return value
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _without_zone(text: str) -> str:
    """Write a time of the API as a browser's date and time input takes it, which shows UTC here."""
    if not conforms("date-time", text):
        return text
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None).isoformat()
    except (OverflowError, ValueError):
        return text


def _utc(text: str) -> str:
    """Complete what a browser's date and time input gives, which is UTC here, to a time of the API."""
    if len(text) < _LOCAL_TIME_LENGTH or not text[-1].isdigit() or "+" in text or "-" in text[11:]:
        return text
    return f"{text}:00Z" if len(text) == _LOCAL_TIME_LENGTH else f"{text}Z"
