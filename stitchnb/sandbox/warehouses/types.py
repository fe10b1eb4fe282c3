"""Column types, and what a JSON schema lets a field hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

BIGINT: Final = "BIGINT"
DOUBLE: Final = "DOUBLE"
DECIMAL: Final = "DECIMAL"
BOOLEAN: Final = "BOOLEAN"
TIMESTAMP: Final = "TIMESTAMP"
TEXT: Final = "VARCHAR"

DECIMAL_DIGITS: Final = 38
"""Digits that a DECIMAL of a fixed width holds, before and after the point together."""

FIRST_SCALE: Final = 10
"""Most digits after the point that a new DECIMAL column sets aside because a schema says so: some databases
declare 38 for every number, which would leave none before the point. Data that need more get more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one kind of destination can hold of the types that all of them have.

    Attributes
    ----------
    fixed_decimals
        A decimal column has one width and one scale, which all its values share; otherwise each value has its own.
    whole_digits, fraction_digits
        Most digits of a decimal before and after the point.
    special_decimals
        A decimal may be NaN or infinite.
    zero_characters
        Text may hold the character U+0000.
    """

    fixed_decimals: bool = True
    whole_digits: int = DECIMAL_DIGITS
    fraction_digits: int = DECIMAL_DIGITS
    special_decimals: bool = False
    zero_characters: bool = True


def suffix(kind: str) -> str:
    """What a split column's name gets appended for the type of its values."""
    return "__st" if kind == TEXT else f"__{kind[:2].lower()}"


def kind_of(sql_type: str) -> str:
    """Type without its parameters: ``DECIMAL`` for ``DECIMAL(38,8)``."""
    return DECIMAL if sql_type.startswith("DECIMAL(") else sql_type


def decimal_type(width: int, scale: int) -> str:
    """SQL type of a decimal column."""
    return f"DECIMAL({width},{scale})"


def digits_of(sql_type: str) -> tuple[int | None, int]:
    """Width and scale of a ``DECIMAL(width,scale)``; no width for a ``DECIMAL`` that every number fits."""
    if sql_type == DECIMAL:
        return None, 0
    width, scale = sql_type.removeprefix("DECIMAL(").removesuffix(")").split(",")
    return int(width), int(scale)


@dataclass(frozen=True, slots=True)
class Declared:
    """What a JSON schema says of one field, as far as its column's type goes.

    A value of another type than declared is loaded all the same, by its own type.

    Attributes
    ----------
    timestamp
        Text is a date-time, written as ``format`` or, as some taps do, as ``type``.
    integer, number
        The two JSON number types.
    scale
        Digits after the point that ``multipleOf`` asks for; None for a floating-point number.
    properties, items
        Schemas of an object's fields and of an array's elements.
    """

    timestamp: bool
    integer: bool
    number: bool
    scale: int | None
    properties: Mapping[str, Any]
    items: Mapping[str, Any]


def declared(schema: object) -> Declared:
    """Read the facts out of a field's JSON schema, through ``anyOf``, ``oneOf`` and ``allOf``.

    Anything that is no schema declares nothing.
    """
    timestamp = integer = number = False
    scale: int | None = None
    properties: dict[str, Any] = {}
    items: Mapping[str, Any] = {}
    for part in _alternatives(schema):
        types = part.get("type")
        names = {types} if isinstance(types, str) else set(types) if isinstance(types, list) else set()
        timestamp |= bool(names & {"date-time", "timestamp"}) or part.get("format") == "date-time"
        integer |= "integer" in names
        number |= "number" in names
        if "number" in names or not names:
            found = _scale_of(part.get("multipleOf"))
            scale = found if scale is None else max(scale, found or 0)
        if isinstance(inner := part.get("properties"), Mapping):
            properties.update(inner)
        if isinstance(inner := part.get("items"), Mapping):
            items = inner
    return Declared(timestamp, integer, number, scale, properties, items)


def _alternatives(schema: object) -> Iterator[Mapping[str, Any]]:
    if not isinstance(schema, Mapping):
        return
    yield schema
    for keyword in ("anyOf", "oneOf", "allOf"):
        parts = schema.get(keyword)
        for part in parts if isinstance(parts, list) else ():
            yield from _alternatives(part)


def _scale_of(multiple_of: object) -> int | None:
    if isinstance(multiple_of, bool) or not isinstance(multiple_of, int | float | Decimal):
        return None
    try:
        step = Decimal(str(multiple_of))
    except InvalidOperation:
        return None
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) and step > 0 else None
