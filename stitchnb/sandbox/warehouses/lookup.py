"""Reads a warehouse: finds tables and columns by name, and returns results as DataFrames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stitchnb.errors import near_names
from stitchnb.sandbox.pipeline import WarehouseError
from stitchnb.sandbox.warehouses.naming import SEQUENCE, folded, is_level_id, is_source_key

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

# NumPy has no type for these, so DuckDB returns them as floats unless Python objects are requested.
_FLOATS_IN_NUMPY = _WIDE_INTEGERS | {"decimal"}


def frame(result: duckdb.DuckDBPyConnection | None) -> pd.DataFrame:
    """Fetch the result of a query as a DataFrame. `result` is None if there was no statement.

    Returns
    -------
    DataFrame
        One row per row of the result, in its order. Integers are ``Int64`` (``object`` of int where 64 bits do not
        hold them), floats ``float64``, decimals ``object`` of `~decimal.Decimal` and None, booleans ``boolean``,
        text ``str``, timestamps and dates ``datetime64[us]`` (UTC where the type has a zone), everything else
        ``object``. An empty result keeps columns and dtypes. Repeated column names get a number.
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
    names = make_unique(str(column[0]) for column in description)
    series = [_series(column, kind) for column, kind in zip(values, kinds, strict=True)]
    return pd.concat(series, axis="columns", keys=names)


def _series(values: Any, kind: str) -> pd.Series[Any]:
    """Make one column from an array, a masked array, or a sequence with None for null."""
    if kind in _WIDE_INTEGERS:
        fits = all(value is None or -(2**63) <= value < 2**63 for value in values)
        return pd.Series(list(values), dtype="Int64" if fits else "object")
    dtype: Any = _DTYPES.get(kind)
    if dtype is None:
        return pd.Series(values.tolist() if isinstance(values, np.ndarray) else list(values), dtype="object")
    return pd.Series(pd.array(values if isinstance(values, np.ndarray) else list(values), dtype=dtype))


def make_unique(names: Iterable[str]) -> list[str]:
    """Append a number to each repeated name."""
    taken: set[str] = set()
    result = []
    for name in names:
        candidate, number = name, 0
        while candidate in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken.add(candidate)
        result.append(candidate)
    return result


Tables = Mapping[tuple[str, str], Sequence[str]]
"""Columns of each table by schema and table, sorted."""


def tables_frame(rows: Iterable[tuple[str, str, int, int]]) -> pd.DataFrame:
    """Make a DataFrame with one row per table: ``schema`` and ``table`` (str), ``rows`` and ``columns`` (int64)."""
    found = pd.DataFrame(rows, columns=["schema", "table", "rows", "columns"])
    return found.astype({"schema": "str", "table": "str", "rows": "int64", "columns": "int64"})


def find_table(name: str, tables: Tables) -> tuple[str, str, Sequence[str]]:
    """Find ``schema.table`` and its columns. An exact match wins over one that differs in case.

    Raises
    ------
    WarehouseError
        It does not exist. The message lists similar names.
    """
    names = {f"{schema}.{table}": (schema, table) for schema, table in tables}
    found = names.get(name) or next((place for other, place in names.items() if folded(other) == folded(name)), None)
    if found is None:
        raise WarehouseError(f"There is no table {name}.{_suggestion(name, list(names), 'Nothing is loaded yet.')}")
    return *found, tables[found]


def find_column(name: str, table: str, columns: Sequence[str]) -> str:
    """Find a column. An exact match wins over one that differs in case.

    Raises
    ------
    WarehouseError
        It does not exist. The message lists similar names.
    """
    if name in columns:
        return name
    for column in columns:
        if folded(column) == folded(name):
            return column
    raise WarehouseError(f"Table {table} has no column {name}.{_suggestion(name, columns, 'It has no columns.')}")


def order_of(key: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Return the columns that order a table's rows: its key, or else a subtable's source key and position."""
    return list(key) or [
        *filter(is_source_key, columns),
        *(column for column in columns if column == SEQUENCE),
        *filter(is_level_id, columns),
    ]


def _suggestion(name: str, names: Sequence[str], if_none: str) -> str:
    """Return the end of a message about an unknown name: similar names, or all names."""
    if not names:
        return f" {if_none}"
    near = near_names(name, names)
    return f" Did you mean {' or '.join(near)}?" if near else f" It can be one of: {', '.join(names)}."
