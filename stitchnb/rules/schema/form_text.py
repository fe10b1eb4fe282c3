"""From what is typed to what travels, and back.

A form knows texts only: what stands in an input, one item on each line of a list, or, for objects and rows of them, a
*draft*: JSON of the same shape whose leaves are the texts that stand in their inputs. Here they become the API's
values, and values become what is shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NoReturn

from stitchnb.rules.schema.formats import conforms, is_date
from stitchnb.rules.schema.inputs import STRUCTURED, InputKind, InputPart, PropertyInput, accepts, shown, travels
from stitchnb.rules.schema.validate import Path, fits

_LOCAL_TIME_LENGTH = len("2024-01-31T13:00")

Schema = Mapping[str, Any] | None


@dataclass(frozen=True, repr=False)
class Reading:
    """What a text means. It may hold a credential, so it has no repr.

    Attributes
    ----------
    value
        As it travels; None where nothing was given.
    error
        What makes it unreadable, in words; None where it can be read, which does not mean that it is right.
    place
        The way to the part of an object or a list that the error is about.
    """

    value: Any
    error: str | None = None
    place: Path = ()


def read(wanted: PropertyInput, schema: Schema, text: str, *, as_json: bool = False) -> Reading:
    """Read what stands in the input of a property.

    Parameters
    ----------
    wanted, schema
        What the property asks for, and its schema.
    text
        What was typed; for rows and objects their draft.
    as_json
        A list, rows or an object are edited as JSON instead.
    """
    if not text.strip():
        return Reading(None)
    kind = wanted.kind
    if kind is InputKind.JSON or (as_json and kind in STRUCTURED):
        return _read_json(wanted, schema, text.strip())
    if kind is InputKind.LIST:
        return _read_lines(wanted, text)
    if kind in (InputKind.ROWS, InputKind.OBJECT):
        return _read_draft(wanted, text)
    return Reading(_read_leaf(wanted, schema, text))


def write(wanted: PropertyInput, schema: Schema, value: Any) -> tuple[str, bool]:
    """Write a value as it is shown in the property's input.

    Returns
    -------
    tuple of str and bool
        The text, and whether it is JSON because the input of its kind could not show it without loss.
    """
    if wanted.kind not in STRUCTURED:
        return _write_leaf(wanted, value), False
    if wanted.kind is not InputKind.JSON and not isinstance(value, str):
        text = _write_structured(wanted, value)
        if text is not None and read(wanted, schema, text).value == value:
            return text, False
    return _write_json(wanted, schema, value), True


def _read_leaf(wanted: PropertyInput, schema: Schema, text: str) -> Any:
    stripped = text.strip()
    match wanted.kind:
        case InputKind.SECRET:
            # Spaces may be part of a password.
            return text
        case InputKind.DATE:
            return stripped if "T" in stripped else stripped + wanted.date_suffix
        case InputKind.DATETIME:
            return _utc(stripped)
        case InputKind.CHOICE if text in wanted.choices and not accepts(schema, text):
            # Where a schema mixes types, a choice is what it says.
            return json.loads(text)
        case _:
            return text if wanted.is_multiline else stripped


def _read_json(wanted: PropertyInput, schema: Schema, text: str) -> Reading:
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        if accepts(schema, text):
            return Reading(text)
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        return Reading(text, f"This is no JSON{where}. Expected {wanted.expected}.")
    if value is None or value == "":
        if accepts(schema, text):
            return Reading(text)
        return Reading(text, f"{text} stands for nothing: leave the field blank instead.")
    if isinstance(value, list | dict):
        return Reading(text) if not fits(schema, value) and fits(schema, text) else Reading(value)
    # A number or a truth travels as its text, and only where the schema has no text for it as itself.
    return Reading(value) if travels(schema, value) else Reading(text)


def _read_lines(wanted: PropertyInput, text: str) -> Reading:
    item = wanted.item
    if item is None:
        raise TypeError("a list has items")
    values, wrong = [], None
    for number, line in enumerate(line.strip() for line in text.splitlines() if line.strip()):
        value, error = _read_part(item, line)
        values.append(value)
        if error and wrong is None:
            wrong = Reading(None, f"In item {number + 1}: {error}", (number,))
    return Reading(values, wrong.error, wrong.place) if wrong else Reading(values)


def _read_draft(wanted: PropertyInput, text: str) -> Reading:
    try:
        draft = json.loads(text)
    except (ValueError, RecursionError):
        draft = None
    if not isinstance(draft, list if wanted.kind is InputKind.ROWS else dict):
        return Reading(text, f"Expected {wanted.expected}.")
    faults: list[tuple[Path, str]] = []
    value = _value_of(wanted, draft, (), faults)
    # An object that was not begun, and a list without rows, were not given.
    if not value and not faults:
        return Reading(None)
    if not faults:
        return Reading(value)
    place, words = faults[0]
    where = ", ".join(f"item {step + 1}" if isinstance(step, int) else f'"{step}"' for step in place)
    return Reading(value, f"In {where}: {words}" if where else words, place)


def _value_of(wanted: PropertyInput, draft: Any, path: Path, faults: list[tuple[Path, str]]) -> Any:
    """Make the value of a draft, and collect what cannot be read in it."""
    if wanted.kind is InputKind.ROWS:
        rows = draft if isinstance(draft, list) else []
        values = [_object_of(wanted, row, (*path, number), faults) for number, row in enumerate(rows)]
        blank = next((number for number, value in enumerate(values) if not value), None)
        if blank is not None:
            faults.append(((*path, blank), "nothing is filled in. Fill it in, or remove it."))
        return values
    return _object_of(wanted, draft, path, faults)


def _object_of(wanted: PropertyInput, draft: Any, path: Path, faults: list[tuple[Path, str]]) -> dict[str, Any]:
    given = draft if isinstance(draft, Mapping) else {}
    found: dict[str, Any] = {}
    for part in wanted.parts:
        here = (*path, part.name)
        if part.input.kind in (InputKind.ROWS, InputKind.OBJECT):
            value = _value_of(part.input, given.get(part.name), here, faults)
            if value or part.required:
                found[part.name] = value
            continue
        text = given.get(part.name)
        if not isinstance(text, str) or not text.strip():
            # Where something has to be there and may be nothing, it is null.
            if part.required and fits(_schema(part.key), None):
                found[part.name] = None
            continue
        found[part.name], error = _read_part(part, text)
        if error:
            faults.append((here, error))
    return found


def _read_part(part: InputPart, text: str) -> tuple[Any, str | None]:
    """Read a leaf within a list or an object, where numbers and booleans travel as themselves."""
    schema = _schema(part.key)
    reading = read(part.input, schema, text)
    value = reading.value
    if reading.error:
        return value, reading.error
    if fits(schema, value):
        is_day = not part.input.date_suffix or is_date(str(value).removesuffix(part.input.date_suffix))
        return value, None if is_day else f"expected {part.input.expected}."
    if isinstance(value, str) and accepts(schema, value):
        return json.loads(value), None
    return value, f"expected {part.input.expected}."


@lru_cache(maxsize=512)
def _schema(key: str) -> Schema:
    return json.loads(key) if key else None


def _write_leaf(wanted: PropertyInput, value: Any) -> str:
    if isinstance(value, str):
        if wanted.kind is InputKind.DATE:
            return value.removesuffix(wanted.date_suffix)
        if wanted.kind is InputKind.DATETIME:
            return _without_zone(value)
    return shown(value)


def _write_structured(wanted: PropertyInput, value: Any) -> str | None:
    """Write a list in lines, or rows or an object as their draft; None where they cannot be."""
    if wanted.kind is InputKind.LIST:
        item = wanted.item
        return "\n".join(_write_leaf(item.input, each) for each in value) if isinstance(value, list) and item else None
    draft = _draft_of(wanted, value)
    return None if draft is None else json.dumps(draft, ensure_ascii=False)


def _draft_of(wanted: PropertyInput, value: Any) -> Any:
    if wanted.kind is InputKind.ROWS:
        return [_draft_of_object(wanted, row) for row in value] if isinstance(value, list) else None
    return _draft_of_object(wanted, value)


def _draft_of_object(wanted: PropertyInput, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return None
    found: dict[str, Any] = {}
    for part in wanted.parts:
        inner = value.get(part.name)
        if inner is None:
            continue
        if part.input.kind in (InputKind.ROWS, InputKind.OBJECT):
            found[part.name] = _draft_of(part.input, inner)
        else:
            found[part.name] = write(part.input, _schema(part.key), inner)[0]
    return found


def _write_json(wanted: PropertyInput, schema: Schema, value: Any) -> str:
    if isinstance(value, str) and _read_json(wanted, schema, value).value == value:
        return value
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _without_zone(text: str) -> str:
    """Write a time of the API as a browser's date and time input takes it, which shows UTC here."""
    if not conforms("date-time", text):
        return text
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None).isoformat()
    except OverflowError:
        return text


def _utc(text: str) -> str:
    """Complete what a browser's date and time input gives, which is UTC here, to a time of the API."""
    if len(text) < _LOCAL_TIME_LENGTH or not text[-1].isdigit() or "+" in text or "-" in text[11:]:
        return text
    return f"{text}:00Z" if len(text) == _LOCAL_TIME_LENGTH else f"{text}Z"
