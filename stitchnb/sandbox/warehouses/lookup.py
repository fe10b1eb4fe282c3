"""What every warehouse's reader does alike: it finds tables and columns by name, and puts their rows into order."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stitchnb.sandbox.pipeline import WarehouseError
from stitchnb.sandbox.warehouses.naming import SEQUENCE, folded, is_level_id, is_source_key

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

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


Tables = Mapping[tuple[str, str], Sequence[str]]
"""Columns of every table by schema and table, sorted."""


def tables_frame(rows: Iterable[tuple[str, str, int, int]]) -> pd.DataFrame:
    """One row per table: ``schema`` and ``table`` (str), ``rows`` and ``columns`` (int64)."""
    import pandas as pd

    found = pd.DataFrame(rows, columns=["schema", "table", "rows", "columns"])
    return found.astype({"schema": "str", "table": "str", "rows": "int64", "columns": "int64"})


def find_table(name: str, tables: Tables) -> tuple[str, str, Sequence[str]]:
    """Find ``schema.table``, as it is written or else in another case; its columns with it.

    Raises
    ------
    WarehouseError
        There is none; the message names the near ones.
    """
    names = {f"{schema}.{table}": (schema, table) for schema, table in tables}
    found = names.get(name) or next((place for other, place in names.items() if folded(other) == folded(name)), None)
    if found is None:
        raise WarehouseError(f"There is no table {name}{_near(name, list(names), 'nothing has been loaded yet')}")
    return *found, tables[found]


def find_column(name: str, table: str, columns: Sequence[str]) -> str:
    """Find a column, as it is written or else in another case.

    Raises
    ------
    WarehouseError
        There is none; the message names the near ones.
    """
    if name in columns:
        return name
    for column in columns:
        if folded(column) == folded(name):
            return column
    raise WarehouseError(f"Table {table} has no column {name}{_near(name, columns, 'it has none')}")


def order_of(key: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Columns that a table's rows are ordered by: its key, or else a subtable's source key and position."""
    return list(key) or [
        *filter(is_source_key, columns),
        *(column for column in columns if column == SEQUENCE),
        *filter(is_level_id, columns),
    ]


def _near(name: str, names: Sequence[str], if_none: str) -> str:
    """End of a message about an unknown name: what may have been meant."""
    if not names:
        return f": {if_none}"
    near = difflib.get_close_matches(name, names) or [other for other in names if name in other]
    return f". Near it: {', '.join(near)}" if near else f". There are: {', '.join(names)}"
