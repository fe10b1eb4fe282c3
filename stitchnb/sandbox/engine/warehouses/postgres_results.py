"""Answers of a PostgreSQL database as DataFrames that keep every value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from stitchnb.sandbox.engine.warehouses.results import unique

if TYPE_CHECKING:
    import psycopg

_DTYPES = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), "Int64"),
    **dict.fromkeys(("float4", "float8"), "float64"),
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "char", "unknown"), "str"),
    **dict.fromkeys(("date", "timestamp"), "datetime64[us]"),
    "timestamptz": "datetime64[us, UTC]",
    "bool": "boolean",
}


def frame(cursor: psycopg.Cursor[Any]) -> pd.DataFrame:
    """Fetch the answer of the last statement that was run.

    Returns
    -------
    DataFrame
        One row per row of the answer, in its order, dtypes as in `results.frame`; a change gives one row with the
        number of rows as ``Count``, and what gives none an empty frame.
    """
    while cursor.nextset():
        pass
    if cursor.description is None:
        return pd.DataFrame({"Count": pd.array([cursor.rowcount], "Int64")}) if cursor.rowcount >= 0 else pd.DataFrame()
    rows = cursor.fetchall()
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(cursor.description)
    types = cursor.adapters.types
    series = []
    for column, values in zip(cursor.description, columns, strict=True):
        info = types.get(column.type_code)
        # An array's type is found under its elements' name as well.
        dtype: Any = _DTYPES.get(info.name) if info is not None and info.oid == column.type_code else None
        if dtype is None:
            series.append(pd.Series(list(values), dtype="object"))
        else:
            series.append(pd.Series(pd.array(list(values), dtype=dtype)))
    if not series:
        return pd.DataFrame(index=range(len(rows)))
    return pd.concat(series, axis="columns", keys=unique(column.name for column in cursor.description))
