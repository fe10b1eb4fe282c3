"""A DataFrame as records of the Import API: values that JSON can hold, and the schema that they conform to.

A column has one type, as in a warehouse: Stitch would split one that has several. Whatever cannot be sent without a
guess is named, with the call that settles it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from stitchnb.errors import InvalidInputError, InvalidValuesError, near_names

if TYPE_CHECKING:
    import pandas as pd

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


class UnsupportedValue(Exception):
    """A value or a column cannot be sent; the message says why and what to do."""


@dataclass
class ObservedType:
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
    elements: ObservedType | None = None
    fields: dict[str, ObservedType] = field(default_factory=dict)
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


def json_value(value: Any, seen: ObservedType, row: int) -> Any:
    """Make one value into what JSON holds, and remember its kind.

    Raises
    ------
    UnsupportedValue
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
            raise UnsupportedValue(f"an object with the key {odd!r}, and keys are texts")
        return {
            key: json_value(inner, seen.fields.setdefault(key, ObservedType()), row) for key, inner in value.items()
        }
    if isinstance(value, list | tuple) or _is_array(value):
        seen.kinds.setdefault("array", row)
        seen.elements = seen.elements or ObservedType()
        return [json_value(inner, seen.elements, row) for inner in value]
    if _is_array_scalar(value):
        return json_value(_without_numpy(value), seen, row)
    kind = type(value).__name__.lower()
    if kind in _REFUSED:
        raise UnsupportedValue(_REFUSED[kind])
    raise UnsupportedValue(
        f"a {type(value).__name__}, which JSON cannot hold: send text, {{column}} = {{column}}.astype(str)"
    )


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
        raise UnsupportedValue(
            "a whole number beyond those of a warehouse, which end at 2^63-1: "
            "send text, {column} = {column}.astype(str)"
        )
    return int(value)


def _finite(value: float) -> float:
    if value in (float("inf"), float("-inf")):
        raise UnsupportedValue(
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
        raise UnsupportedValue(
            "a decimal with more digits than a number of JSON keeps: send text, {column} = {column}.astype(str), "
            "or the nearest number with astype(float)"
        )
    return nearest


def _time(value: date) -> str:
    if not isinstance(value, datetime):
        return f"{value.isoformat()}T00:00:00Z"
    if not 1 <= value.year <= 9999:
        raise UnsupportedValue("a time outside the years 1 to 9999")
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


def refused(kind: str, name: str) -> UnsupportedValue:
    """Say of a column that nothing of its kind can be sent."""
    return UnsupportedValue(f"It holds {with_column(_REFUSED[kind], name)}.")


def with_column(told: str, name: str) -> str:
    """Write the column's name into what is said of one of its values."""
    return told.replace("{column}", f"frame[{name!r}]")


MOST_DATA_POINTS = 10_000
"""Most values that Stitch takes in one record."""

_RESERVED = "_sdc"


@dataclass(frozen=True)
class FrameColumn:
    """One column, ready to be sent.

    Attributes
    ----------
    values
        What JSON can hold, row by row; None where a value is missing.
    sent_as
        The type in Stitch's words: ``integer``, ``number``, ``boolean``, ``string``, ``date-time``, ``array``,
        ``object``; ``decimal`` for numbers that keep their digits; empty where nothing but missing values is in it.
    """

    name: str
    values: list[Any]
    sent_as: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class FrameRecords:
    """A frame's rows as records, of which none is made before it is asked for; `labels` are those of its index."""

    columns: tuple[FrameColumn, ...]
    labels: pd.Index[Any]

    def __len__(self) -> int:
        return len(self.labels)

    def records(self, start: int, stop: int) -> Iterator[dict[str, Any]]:
        """Give the records of the rows from `start` to before `stop`, by position."""
        names = [column.name for column in self.columns]
        parts = [column.values[start:stop] for column in self.columns]
        return (dict(zip(names, row, strict=True)) for row in zip(*parts, strict=True))

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of a record."""
        return {"type": "object", "properties": {column.name: dict(column.schema) for column in self.columns}}


def frame_records(
    frame: pd.DataFrame, *, what: str, key_names: Sequence[str] = (), one_type: bool = True
) -> FrameRecords:
    """Make a frame into records.

    Parameters
    ----------
    what
        What is to be sent, as the beginning of a sentence.
    key_names
        Its primary key: these columns hold a value in every row.
    one_type
        Refuse a column whose values have several types.

    Raises
    ------
    InvalidInputError
        When it is no frame, has no rows, or its columns have no proper names.
    InvalidValuesError
        When columns cannot be sent: each is named with what to do.
    """
    _refuse_odd_frames(frame, what)
    errors = {name: _no_key(frame, name) for name in key_names if name not in frame.columns}
    labels = frame.index
    columns = []
    for name in frame.columns:
        try:
            columns.append(_column(frame[name], name, labels, is_key=name in key_names, one_type=one_type))
        except UnsupportedValue as odd:
            errors[name] = str(odd)
    if errors:
        raise InvalidValuesError(errors, what=what)
    found = FrameRecords(tuple(columns), labels)
    _refuse_wide_records(found, what)
    return found


def _refuse_odd_frames(frame: Any, what: str) -> None:
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise InvalidInputError(
            f"{what} was not sent: it is no pandas DataFrame but a {type(frame).__name__}. "
            "Make it one (pd.DataFrame(records), or .to_pandas() of another library's), or send records with batch."
        )
    if isinstance(frame.columns, pd.MultiIndex):
        raise InvalidInputError(
            f"{what} was not sent: its columns have several levels. Give each one name: "
            "frame.columns = ['_'.join(map(str, names)) for names in frame.columns]."
        )
    unnamed = [name for name in frame.columns if not isinstance(name, str) or not name.strip()]
    if unnamed:
        raise InvalidInputError(
            f"{what} was not sent: the column {unnamed[0]!r} has no name that is a text. "
            "Give it one: frame.rename(columns={…})."
        )
    twice = list(dict.fromkeys(frame.columns[frame.columns.duplicated()]))
    if twice:
        raise InvalidInputError(
            f"{what} was not sent: it has {twice[0]!r} as the name of several columns. Rename all but one."
        )
    if frame.empty:
        raise InvalidInputError(f"{what} was not sent: there is nothing to push, the frame has no rows or no columns.")


def _no_key(frame: pd.DataFrame, name: str) -> str:
    if name in frame.index.names:
        return "It is the index, which is not sent: make it a column with frame.reset_index()."
    near = near_names(str(name), frame.columns)
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    return f"key_names has it, and there is no such column.{hint}"


def _refuse_wide_records(found: FrameRecords, what: str) -> None:
    flat = sum(column.sent_as not in ("array", "object") for column in found.columns)
    nested = [column.values for column in found.columns if column.sent_as in ("array", "object", "")]
    for number, values in enumerate(zip(*nested, strict=True) if nested else [()]):
        count = flat + sum(map(_data_points, values))
        if count > MOST_DATA_POINTS:
            raise InvalidInputError(
                f"{what} was not sent: row {found.labels[number]} has {count:,} values, and Stitch takes "
                f"{MOST_DATA_POINTS:,} in one record. Split the frame by columns, or its lists into rows of their own."
            )


def _data_points(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_data_points, value.values()))
    return sum(map(_data_points, value)) if isinstance(value, list) else 1


def _column(series: pd.Series[Any], name: str, labels: Any, *, is_key: bool, one_type: bool) -> FrameColumn:
    if name.lower().startswith(_RESERVED):
        raise UnsupportedValue(
            f"Names that begin with {_RESERVED} are Stitch's own: drop it, frame.drop(columns=[{name!r}])."
        )
    values, seen = _values(series, name, labels)
    kinds = seen.joined
    if one_type and len(kinds) > 1:
        met = sorted((row, kind) for kind, row in kinds.items())
        told = " and ".join(f"{kind} (row {labels[row]})" for row, kind in met)
        raise UnsupportedValue(
            f"It holds {told}, and Stitch would split it by type: make it one, such as "
            f"frame[{name!r}] = frame[{name!r}].astype('string')."
        )
    if is_key and "null" in seen.kinds:
        raise UnsupportedValue(
            f"It is a key, and row {labels[seen.kinds['null']]} has no value in it: fill it or leave it out."
        )
    if is_key and {"array", "object"}.intersection(kinds):
        raise UnsupportedValue("It is a key, and a list or an object cannot be one.")
    return FrameColumn(name, values, next(iter(kinds), ""), seen.schema(nullable=not is_key))


def _values(series: pd.Series[Any], name: str, labels: Any) -> tuple[list[Any], ObservedType]:
    """Make a column's values into JSON, by its dtype where that says it all, else one by one."""
    import numpy as np
    import pandas as pd
    from pandas.api import types

    dtype = series.dtype
    if isinstance(dtype, pd.SparseDtype):
        dense: pd.Series[Any] = pd.Series(series.array.to_dense(), index=series.index)
        return _values(dense, name, labels)
    if isinstance(dtype, pd.CategoricalDtype):
        return _values(series.astype(object), name, labels)
    for kind, is_it in (
        ("timedelta", types.is_timedelta64_dtype(dtype)),
        ("period", isinstance(dtype, pd.PeriodDtype)),
        ("interval", isinstance(dtype, pd.IntervalDtype)),
        ("complex", types.is_complex_dtype(dtype)),
    ):
        if is_it:
            raise refused(kind, name)
    if isinstance(dtype, pd.DatetimeTZDtype) or types.is_datetime64_dtype(dtype):
        return _times(series, labels)
    if types.is_float_dtype(dtype):
        # Not every dtype that has a missing value of its own takes NaN for one, and here both are.
        floats = series.to_numpy("float64", na_value=np.nan)
        if not np.isinf(floats).any():
            return _with_nulls(floats.tolist(), "number", np.isnan(floats))
    plain: list[Any] = series.tolist()
    missing = series.isna().to_numpy()
    if isinstance(dtype, pd.StringDtype) or types.is_bool_dtype(dtype):
        return _with_nulls(plain, "string" if isinstance(dtype, pd.StringDtype) else "boolean", missing)
    if types.is_integer_dtype(dtype) and (series.dropna().between(LOWEST, HIGHEST)).all():
        return _with_nulls(plain, "integer", missing)
    return _one_by_one(plain, name, labels)


def _with_nulls(values: list[Any], kind: str, missing: Any) -> tuple[list[Any], ObservedType]:
    seen = ObservedType()
    if not missing.all():
        seen.kinds[kind] = int((~missing).argmax())
    if missing.any():
        seen.kinds["null"] = int(missing.argmax())
        values = [None if gone else value for value, gone in zip(values, missing.tolist(), strict=True)]
    return values, seen


def _times(series: pd.Series[Any], labels: Any) -> tuple[list[Any], ObservedType]:
    """Write moments in UTC, as finely as any of them needs; those without a zone are in UTC already."""
    import numpy as np

    if getattr(series.dt, "tz", None) is not None:
        series = series.dt.tz_convert("UTC").dt.tz_localize(None)
    outside = (series.notna() & ~series.dt.year.between(1, 9999)).to_numpy()
    if outside.any():
        raise UnsupportedValue(f"Row {labels[int(outside.argmax())]} holds a time outside the years 1 to 9999.")
    moments = series.to_numpy()
    # NaT is not equal to itself.
    known = moments[~np.isnat(moments)]
    unit: Any = np.datetime_data(moments.dtype)[0]
    for coarser in ("s", "us"):
        if (known.astype(f"datetime64[{coarser}]").astype(moments.dtype) == known).all():
            unit = coarser
            break
    texts: Any = np.datetime_as_string(moments, unit=unit)
    return _with_nulls([f"{text}Z" for text in texts], TIME, series.isna().to_numpy())


def _one_by_one(values: list[Any], name: str, labels: Any) -> tuple[list[Any], ObservedType]:
    seen = ObservedType()
    found = []
    for row, value in enumerate(values):
        try:
            found.append(json_value(value, seen, row))
        except RecursionError:
            raise UnsupportedValue(f"Row {labels[row]} holds a list or an object that is nested too deeply.") from None
        except UnsupportedValue as odd:
            raise UnsupportedValue(f"Row {labels[row]} holds {with_column(str(odd), name)}.") from odd
    return found, seen
