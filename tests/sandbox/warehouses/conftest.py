"""Empty warehouses of either kind, and short ways to load into them and to read plain values back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pandas as pd
import pytest
from postgres_server import PASSWORD, USER, PostgresServer
from warehouse_facts import DuckDBFacts, Facts, PostgresFacts
from warehouse_loads import Loads

from stitchnb.sandbox.pipeline import Warehouse
from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse
from stitchnb.sandbox.warehouses.postgres.warehouse import Postgres, PostgresWarehouse

Fresh = Callable[[], AbstractContextManager[Warehouse]]


@pytest.fixture(scope="session", params=["duckdb", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which warehouse; a test that is about one of them says so by ``parametrize("kind", [...], indirect=True)``."""
    found: str = request.param
    return found


@pytest.fixture(scope="session")
def database_properties(postgres_server: PostgresServer) -> Iterator[dict[str, str]]:
    """The form of a destination whose database is there for one test after the other."""
    with postgres_server.database() as database:
        yield {
            "host": "127.0.0.1",
            "port": str(postgres_server.port),
            "database": database.name,
            "username": USER,
            "password": PASSWORD,
            "encryption_type": "none",
            "ssl": "false",
        }


@pytest.fixture(scope="session")
def fresh(kind: str, request: pytest.FixtureRequest) -> Fresh:
    """Makes an empty warehouse; of a server it is always the same database."""
    if kind == "duckdb":
        return lambda: DuckDBWarehouse(None)
    properties = request.getfixturevalue("database_properties")

    @contextmanager
    def emptied() -> Iterator[PostgresWarehouse]:
        warehouse = Postgres(lock_timeout_s=0.2).open(properties)
        made = warehouse.sql(
            "SELECT quote_ident(nspname) AS name FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$'"
        )
        for name in made["name"]:
            warehouse.sql(f"DROP SCHEMA {name} CASCADE")
        warehouse.sql("CREATE SCHEMA public")
        yield warehouse

    return emptied


@pytest.fixture
def warehouse(fresh: Fresh) -> Iterator[Warehouse]:
    with fresh() as warehouse:
        yield warehouse


@pytest.fixture
def load(warehouse: Warehouse) -> Loads:
    return Loads(warehouse)


@pytest.fixture
def facts(kind: str, warehouse: Warehouse) -> Facts:
    """What the database itself knows of its tables."""
    return DuckDBFacts(warehouse) if kind == "duckdb" else PostgresFacts(warehouse)


@pytest.fixture
def values() -> Any:
    """Rows of a frame as tuples of plain values, None for null."""

    def plain(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
        columns = [[None if value is pd.NA or value is pd.NaT or value != value else value for value in frame[name]]
                   for name in frame.columns]  # fmt: skip
        return list(zip(*columns, strict=True))

    return plain


@pytest.fixture
def data_columns(facts: Facts) -> Any:
    """Names and SQL types of a table's columns, the loader's own left out."""

    def of(name: str) -> dict[str, str]:
        return {column: kind for column, kind in facts.columns(name).items() if not column.startswith("_sdc_")}

    return of


@pytest.fixture(scope="session")
def decimal(kind: str) -> Callable[[int], str]:
    """Spells the type of a decimal column with so many digits after the point, which PostgreSQL does not limit."""
    return lambda scale: f"DECIMAL(38,{scale})" if kind == "duckdb" else "DECIMAL"
