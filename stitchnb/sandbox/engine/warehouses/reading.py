"""What every warehouse's reader does alike: it finds tables and columns by name, and puts their rows into order."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from stitchnb.sandbox.engine.base import WarehouseError
from stitchnb.sandbox.engine.warehouses.naming import SEQUENCE, folded, is_level_id, is_source_key

if TYPE_CHECKING:
    import pandas as pd

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
