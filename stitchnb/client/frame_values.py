"""One value of a frame as what JSON holds, and what kinds of values were met in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

LOWEST, HIGHEST = -(2**63), 2**63 - 1
"""The whole numbers of a warehouse."""

TIME = "date-time"
"""The kind of a moment; the others are named as JSON's types, and ``decimal``."""

_DECIMAL = "decimal"
# The digits that an exact column of a warehouse has, before and after the point together.
_MOST_DIGITS = 38
_INTEGER_DIGITS = len(str(HIGHEST))
_JSON_TYPES = {TIME: "string", _DECIMAL: "number"}
# {column} is how the column is written in code.
_REFUSED = {
    "timedelta": (
        "lengths of time, which Stitch has no type for: send seconds, {column} = {column}.dt.total_seconds()"
    ),
    "period": "periods, which Stitch has no type for: send their beginnings, {column} = {column}.dt.to_timestamp()",
    "interval": "intervals, which Stitch has no type for: send text, {column} = {column}.astype(str)",
    "complex": "complex numbers, which Stitch has no type for: send two columns, real and imaginary",
    "bytes": "bytes, which JSON cannot hold: send text, {column} = {column}.str.decode('utf-8')",
}


class Odd(Exception):
    """A value or a column cannot be sent; the message says why and what to do."""


@dataclass
class Seen:
    """What kinds of values were met in one place: in a column, a list's elements, an object's field.

    Attributes
    ----------
    kinds
        Each kind with the first row that it was met in; ``null`` where a value is missing.
    elements, fields
        What was met inside of lists, and by name inside of objects.
    digits
        Most digits before and after the point among the exact numbers.
    """

    kinds: dict[str, int] = field(default_factory=dict)
    elements: Seen | None = None
    fields: dict[str, Seen] = field(default_factory=dict)
    digits: tuple[int, int] = (0, 0)

    @property
    def joined(self) -> dict[str, int]:
        """The kinds with numbers as one: exact where all of them are, and where a column has digits enough for that."""
        whole, fraction = self.digits
        if "integer" in self.kinds:
            whole = max(whole, _INTEGER_DIGITS)
        is_exact = "number" not in self.kinds and whole + fraction <= _MOST_DIGITS
        numbers = {"integer", "number", _DECIMAL}.intersection(self.kinds)
        name = "integer" if numbers == {"integer"} else _DECIMAL if is_exact else "number"
        found: dict[str, int] = {}
        for kind, row in self.kinds.items():
            if kind != "null":
                kind = name if kind in numbers else kind
                found.setdefault(kind, self.kinds.get(kind, row))
        return found

    def count_digits(self, value: Decimal) -> None:
        """Remember how many digits a number has before and after its point."""
        if not value.is_finite():
            return
        fraction = max(0, -int(value.as_tuple().exponent))
        whole, least = self.digits
        self.digits = max(whole, value.adjusted() + 1), max(least, fraction)

    def schema(self, *, nullable: bool = True) -> dict[str, Any]:
        """Write the JSON schema of what was met; of nothing but missing values it asks for nothing."""
        kinds = list(self.joined)
        if not kinds:
            return {}
        types = list(dict.fromkeys(_JSON_TYPES.get(kind, kind) for kind in kinds))
        found: dict[str, Any] = {"type": ["null", *types] if nullable else types if len(types) > 1 else types[0]}
        if kinds == [TIME]:
            found["format"] = TIME
        if _DECIMAL in kinds:
            # It is what makes a warehouse keep the digits, rather than the nearest number in floating point.
            found["multipleOf"] = float(f"1e-{self.digits[1]}")
        if self.elements is not None and (items := self.elements.schema()):
            found["items"] = items
        if self.fields:
            found["properties"] = {name: seen.schema() for name, seen in self.fields.items()}
        return found


def json_value(value: Any, seen: Seen, row: int) -> Any:
    """Make one value into what JSON holds, and remember its kind.

    Raises
    ------
    Odd
        When JSON cannot hold it, ``{column}`` in the place of the column.
    """
    if _is_missing(value):
        seen.kinds.setdefault("null", row)
        return None
    for types, kind, convert in _SCALARS:
        if isinstance(value, types):
            seen.kinds.setdefault(kind, row)
            return convert(value)
    if isinstance(value, Decimal):
        seen.kinds.setdefault(_DECIMAL, row)
        seen.count_digits(value)
        return _number(value)
    if isinstance(value, Mapping):
        seen.kinds.setdefault("object", row)
        if odd := next((key for key in value if not isinstance(key, str)), None):
            raise Odd(f"an object with the key {odd!r}, and keys are texts")
        return {key: json_value(inner, seen.fields.setdefault(key, Seen()), row) for key, inner in value.items()}
    if isinstance(value, list | tuple) or _is_array(value):
        seen.kinds.setdefault("array", row)
        seen.elements = seen.elements or Seen()
        return [json_value(inner, seen.elements, row) for inner in value]
    if _is_array_scalar(value):
        return json_value(_without_numpy(value), seen, row)
    kind = type(value).__name__.lower()
    if kind in _REFUSED:
        raise Odd(_REFUSED[kind])
    raise Odd(f"a {type(value).__name__}, which JSON cannot hold: send text, {{column}} = {{column}}.astype(str)")


def _is_missing(value: Any) -> bool:
    import pandas as pd

    if isinstance(value, Decimal):
        return value.is_nan()
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def _is_array(value: Any) -> bool:
    import numpy as np

    return isinstance(value, np.ndarray) and value.ndim > 0


def _is_array_scalar(value: Any) -> bool:
    import numpy as np

    return isinstance(value, np.generic)


def _without_numpy(value: Any) -> Any:
    import numpy as np
    import pandas as pd

    # item() makes nanoseconds into a bare number, and leaves a number that no type of Python's is as wide as as it is.
    if isinstance(value, np.datetime64):
        return pd.Timestamp(value)
    if isinstance(value, np.longdouble):
        return float(value)
    if isinstance(value, np.clongdouble):
        return complex(value)
    return pd.Timedelta(value) if isinstance(value, np.timedelta64) else value.item()


def _integer(value: int) -> int:
    if not LOWEST <= value <= HIGHEST:
        raise Odd(
            "a whole number beyond those of a warehouse, which end at 2^63-1: "
            "send text, {column} = {column}.astype(str)"
        )
    return int(value)


def _finite(value: float) -> float:
    if value in (float("inf"), float("-inf")):
        raise Odd(
            "an infinite number, which JSON cannot hold: make it missing, "
            "{column} = {column}.replace([float('inf'), float('-inf')], float('nan'))"
        )
    return float(value)


def _number(value: Decimal) -> int | float:
    """Make an exact decimal into a number of JSON that is exactly it."""
    if value.is_infinite():
        return _finite(float(value))
    if value == value.to_integral_value() and value.as_tuple().exponent >= 0:  # type: ignore[operator]  # finite
        return _integer(int(value))
    nearest = float(value)
    if Decimal(repr(nearest)) != value:
        raise Odd(
            "a decimal with more digits than a number of JSON keeps: send text, {column} = {column}.astype(str), "
            "or the nearest number with astype(float)"
        )
    return nearest


def _time(value: date) -> str:
    if not isinstance(value, datetime):
        return f"{value.isoformat()}T00:00:00Z"
    if not 1 <= value.year <= 9999:
        raise Odd("a time outside the years 1 to 9999")
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return moment.isoformat().replace("+00:00", "Z")


# Of each type the first that fits: a bool is an int, and a Timestamp a date.
_SCALARS: tuple[tuple[type | tuple[type, ...], str, Callable[[Any], Any]], ...] = (
    (bool, "boolean", bool),
    (int, "integer", _integer),
    (str, "string", lambda value: value),
    (float, "number", _finite),
    (date, TIME, _time),
    (UUID, "string", str),
)


def refused(kind: str, name: str) -> Odd:
    """Say of a column that nothing of its kind can be sent."""
    return Odd(f"It holds {with_column(_REFUSED[kind], name)}.")


def with_column(told: str, name: str) -> str:
    """Write the column's name into what is said of one of its values."""
    return told.replace("{column}", f"frame[{name!r}]")
