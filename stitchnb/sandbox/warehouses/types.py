"""Column types, the type that a JSON schema declares, and a value's type and text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

BIGINT: Final = "BIGINT"
DOUBLE: Final = "DOUBLE"
DECIMAL: Final = "DECIMAL"
BOOLEAN: Final = "BOOLEAN"
TIMESTAMP: Final = "TIMESTAMP"
TEXT: Final = "VARCHAR"

DECIMAL_DIGITS: Final = 38
"""Total digits of a DECIMAL of fixed width, before and after the point."""

FIRST_SCALE: Final = 10
"""Most digits after the point that a new DECIMAL column reserves because of its schema. Some databases declare
38 for every number, which would leave none before the point. The column grows if the data need more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a database for the types that all databases have.

    Attributes
    ----------
    fixed_decimals
        All values of a decimal column share one width and scale. If False, each value has its own.
    whole_digits, fraction_digits
        Maximum digits of a decimal before and after the point.
    special_decimals
        A decimal can be NaN or infinite.
    zero_characters
        Text can contain the character U+0000.
    """

    fixed_decimals: bool = True
    whole_digits: int = DECIMAL_DIGITS
    fraction_digits: int = DECIMAL_DIGITS
    special_decimals: bool = False
    zero_characters: bool = True


def suffix(kind: str) -> str:
    """Return the suffix for the name of a column that is split by type."""
    return "__st" if kind == TEXT else f"__{kind[:2].lower()}"


def kind_of(sql_type: str) -> str:
    """Return a type without its parameters: ``DECIMAL`` for ``DECIMAL(38,8)``."""
    return DECIMAL if sql_type.startswith("DECIMAL(") else sql_type


def decimal_type(width: int, scale: int) -> str:
    """Return the SQL type of a decimal column."""
    return f"DECIMAL({width},{scale})"


def digits_of(sql_type: str) -> tuple[int | None, int]:
    """Return width and scale of a ``DECIMAL(width,scale)``. A ``DECIMAL`` that holds any number has no width."""
    if sql_type == DECIMAL:
        return None, 0
    width, scale = sql_type.removeprefix("DECIMAL(").removesuffix(")").split(",")
    return int(width), int(scale)


@dataclass(frozen=True, slots=True)
class Declared:
    """What a JSON schema declares about the type of one field's column.

    A value of another type is loaded too, as its own type.

    Attributes
    ----------
    timestamp
        Text is a date-time. Declared as ``format`` or, by some taps, as ``type``.
    integer, number
        The two JSON number types.
    scale
        Digits after the point that ``multipleOf`` requires. None for a floating-point number.
    properties, items
        Schemas of the fields of an object, and of the elements of an array.
    """

    timestamp: bool
    integer: bool
    number: bool
    scale: int | None
    properties: Mapping[str, Any]
    items: Mapping[str, Any]


def declared(schema: object) -> Declared:
    """Read what a field's JSON schema declares, including ``anyOf``, ``oneOf`` and ``allOf``.

    A value that is not a schema declares nothing.
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


_COMMON = Limits()
_BIGINT_MIN, _BIGINT_MAX = -(2**63), 2**63 - 1

_TIMESTAMP_SHAPE = re.compile(
    r"(?P<day>[+-]?\d{4,}-\d\d-\d\d)"
    r"(?:[T ](?P<time>\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?) ?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_SHOWN_CHARACTERS = 60

Cell = tuple[str, str]
"""Type of the column that a value fits, and the value as text."""


class RecordRejectedError(Exception):
    """A record cannot be loaded. The message is the reason in ``_sdc_rejected``."""


def to_cell(value: str | int | float | Decimal, declared: Declared, limits: Limits = _COMMON) -> Cell:
    """Return the type and text of one scalar value.

    The type is the declared one if the value fits it without loss, or else the value's own.

    Raises
    ------
    RecordRejectedError
        The value is out of range for its type, or is text that is not valid Unicode.
    """
    if isinstance(value, str):
        if declared.timestamp and (text := _timestamp(value)) is not None:
            return TIMESTAMP, text
        return TEXT, _storable(value, limits)
    if isinstance(value, bool):
        return BOOLEAN, "true" if value else "false"
    if isinstance(value, int):
        return _integer(value, declared, limits)
    if isinstance(value, float):
        return (DOUBLE, repr(value)) if declared.scale is None else (DECIMAL, _plain(Decimal(repr(value)), limits))
    return _decimal(value, declared, limits)


def timestamp_text(moment: datetime) -> str:
    """Return a time in UTC without its zone, to the microsecond. A time without a zone is taken as UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(" ")


def decimal_digits(text: str) -> tuple[int, int]:
    """Return the number of digits that a decimal without exponent needs before and after the point."""
    whole, _, fraction = text.lstrip("-").partition(".")
    return len(whole.lstrip("0")), len(fraction.rstrip("0"))


def _integer(value: int, declared: Declared, limits: Limits) -> Cell:
    if declared.scale is not None:
        return DECIMAL, _plain(Decimal(value), limits)
    if declared.number and not declared.integer and abs(value) <= 2**53:
        return DOUBLE, str(value)
    if _BIGINT_MIN <= value <= _BIGINT_MAX:
        return BIGINT, str(value)
    raise _out_of_range(value, BIGINT)


def _decimal(value: Decimal, declared: Declared, limits: Limits) -> Cell:
    if declared.scale is None and declared.number and value.is_finite():
        nearest = repr(float(value))
        if Decimal(nearest) == value:
            return DOUBLE, nearest
    return DECIMAL, _plain(value, limits)


def _plain(value: Decimal, limits: Limits) -> str:
    """Return a decimal as text without an exponent."""
    if not value.is_finite():
        if limits.special_decimals:
            return "NaN" if value.is_nan() else str(value)
        raise _out_of_range(value, DECIMAL)
    if value and not -limits.fraction_digits <= value.adjusted() < limits.whole_digits:
        raise _out_of_range(value, DECIMAL)
    text = format(value, "f") if value else "0"
    # For a column of fixed scale, the table plan checks this.
    if not limits.fixed_decimals and len(text.partition(".")[2]) > limits.fraction_digits:
        raise _out_of_range(value, DECIMAL)
    return text


def _storable(value: str, limits: Limits) -> str:
    if "\0" in value and not limits.zero_characters:
        raise RecordRejectedError(f"The text {_excerpt(value)} contains U+0000, which the destination cannot store")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise RecordRejectedError(f"The text {_excerpt(value)} is not valid Unicode") from error
    return value


def _timestamp(value: str) -> str | None:
    """Return a date-time in UTC as text, or None if the value is not a date-time."""
    # The hyphens exclude compact forms, which are more likely numbers than dates.
    if value[4:5] == value[7:8] == "-":
        try:
            return timestamp_text(datetime.fromisoformat(value))
        except (ValueError, OverflowError):
            return _rare_timestamp(value)
    return _rare_timestamp(value)


def _rare_timestamp(value: str) -> str | None:
    """Parse less common forms: lower case, a space before the zone, leap seconds. Reject dates that do not exist."""
    if value in ("infinity", "-infinity"):
        raise _out_of_range(value, TIMESTAMP)
    match = _TIMESTAMP_SHAPE.fullmatch(value)
    if match is None:
        return None
    day, time, zone = match["day"], match["time"] or "00:00", match["zone"] or ""
    # Databases read a leap second as the first second of the next minute.
    is_leap = time[5:8] == ":60"
    if is_leap:
        time = f"{time[:5]}:59{time[8:]}"
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{zone.upper()}") + timedelta(seconds=is_leap)
        return timestamp_text(moment)
    except (ValueError, OverflowError) as error:
        raise _out_of_range(value, TIMESTAMP) from error


def _out_of_range(value: object, kind: str) -> RecordRejectedError:
    return RecordRejectedError(f"{_excerpt(value)} is out of range for {kind}")


def _excerpt(value: object) -> str:
    # Decimal can print integers of any length, int only up to 4,300 digits.
    text = ascii(value) if isinstance(value, str) else str(Decimal(value) if isinstance(value, int) else value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
