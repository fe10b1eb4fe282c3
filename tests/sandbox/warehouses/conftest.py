"""A warehouse in memory, and a short way to load into it and to read plain values back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from warehouse_loads import Loads

from stitchnb.sandbox.engine.warehouses.duckdb import DuckDBWarehouse


@pytest.fixture
def warehouse() -> Iterator[DuckDBWarehouse]:
    with DuckDBWarehouse(None) as warehouse:
        yield warehouse


@pytest.fixture
def load(warehouse: DuckDBWarehouse) -> Loads:
    return Loads(warehouse)


@pytest.fixture
def values() -> Any:
    """Rows of a frame as tuples of plain values, None for null."""

    def plain(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
        columns = [[None if value is pd.NA or value is pd.NaT or value != value else value for value in frame[name]]
                   for name in frame.columns]  # fmt: skip
        return list(zip(*columns, strict=True))

    return plain


@pytest.fixture
def data_columns(warehouse: DuckDBWarehouse) -> Any:
    """Names and SQL types of a table's columns, the loader's own left out."""

    def of(name: str) -> dict[str, str]:
        described = warehouse.sql(f"DESCRIBE {name}")
        pairs = zip(described["column_name"], described["column_type"], strict=True)
        return {column: kind for column, kind in pairs if not column.startswith("_sdc_")}

    return of
