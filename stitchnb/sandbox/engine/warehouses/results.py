"""Query results as DataFrames that keep every value: no integer turns into a float because its column has nulls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import duckdb

_DTYPES = {
    "tinyint": "Int64",
    "smallint": "Int64",
    "integer": "Int64",
    "bigint": "Int64",
    "utinyint": "Int64",
    "usmallint": "Int64",
    "uinteger": "Int64",
    "ubigint": "UInt64",
    "float": "float64",
    "double": "float64",
    "boolean": "boolean",
    "varchar": "str",
    "enum": "str",
    "date": "datetime64[us]",
    "timestamp": "datetime64[us]",
    "timestamp_s": "datetime64[us]",
    "timestamp_ms": "datetime64[us]",
    "timestamp_ns": "datetime64[ns]",
    "timestamp with time zone": "datetime64[us, UTC]",
}
_WIDE_INTEGERS = frozenset(["hugeint", "uhugeint"])

# NumPy has no type for these, and DuckDB hands them out as floats unless it is asked for Python objects.
_FLOATS_IN_NUMPY = _WIDE_INTEGERS | {"decimal"}


def frame(result: duckdb.DuckDBPyConnection | None) -> pd.DataFrame:
    """Fetch the result of the query that a connection has just run; None where there was no statement.

    Returns
    -------
    DataFrame
        One row per row of the result, in its order. Integers are ``Int64`` (``object`` of int where 64 bits do not
        hold them), floats ``float64``, decimals ``object`` of `~decimal.Decimal` and None, booleans ``boolean``,
        text ``str``, timestamps and dates ``datetime64[us]`` (UTC where the type has a zone), everything else
        ``object``. An empty result keeps columns and dtypes; a column name that repeats gets a number.
    """
    if result is None or not result.description:
        return pd.DataFrame()
    description = result.description
    kinds = [column[1].id for column in description]
    values: Sequence[Any]
    if _FLOATS_IN_NUMPY.isdisjoint(kinds):
        values = list(result.fetchnumpy().values())
    else:
        rows = result.fetchall()
        values = list(zip(*rows, strict=True)) if rows else [()] * len(kinds)
    names = unique(str(column[0]) for column in description)
    series = [_series(column, kind) for column, kind in zip(values, kinds, strict=True)]
    return pd.concat(series, axis="columns", keys=names)


def _series(values: Any, kind: str) -> pd.Series[Any]:
    """One column, from an array, a masked array, or a sequence with None for null."""
    if kind in _WIDE_INTEGERS:
        fits = all(value is None or -(2**63) <= value < 2**63 for value in values)
        return pd.Series(list(values), dtype="Int64" if fits else "object")
    dtype: Any = _DTYPES.get(kind)
    if dtype is None:
        return pd.Series(values.tolist() if isinstance(values, np.ndarray) else list(values), dtype="object")
    return pd.Series(pd.array(values if isinstance(values, np.ndarray) else list(values), dtype=dtype))


def unique(names: Iterable[str]) -> list[str]:
    """Give a name that repeats a number."""
    taken: set[str] = set()
    unique = []
    for name in names:
        candidate, number = name, 0
        while candidate in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken.add(candidate)
        unique.append(candidate)
    return unique
