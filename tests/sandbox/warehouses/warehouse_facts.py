"""What a warehouse's database itself says of its tables, whichever it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from stitchnb.sandbox.pipeline import Warehouse

_SPELT = {
    "bigint": "BIGINT",
    "double precision": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp without time zone": "TIMESTAMP",
    "text": "VARCHAR",
    "numeric": "DECIMAL",
    "integer": "INTEGER",
}


@dataclass(frozen=True)
class Facts(ABC):
    """Asks in the database's own way."""

    warehouse: Warehouse

    failing = ""
    """A statement that fails with "the disk is full"."""

    @abstractmethod
    def columns(self, name: str) -> dict[str, str]:
        """Names and types of a table's columns, the types spelt as DuckDB does."""

    @abstractmethod
    def key(self, name: str) -> list[str]:
        """Columns of a table's primary key."""

    @abstractmethod
    def drop_key(self, name: str) -> None:
        """Take a table its primary key."""

    @abstractmethod
    def tables(self) -> list[list[Any]]:
        """Name and make of every table, the loader's own included."""

    def everything(self) -> dict[str, Any]:
        """All that the database holds."""
        tables = self.tables()
        rows = {name: self._rows(name) for name, *_ in tables}
        return {"tables": tables, "rows": rows}

    def _rows(self, name: str) -> list[str]:
        return sorted(map(repr, self.warehouse.sql(f"SELECT * FROM {name}").to_dict("records")))


class DuckDBFacts(Facts):
    failing = "SELECT error('the disk is full')"

    def columns(self, name: str) -> dict[str, str]:
        described = self.warehouse.sql(f"DESCRIBE {name}")
        return dict(zip(described["column_name"], described["column_type"], strict=True))

    def key(self, name: str) -> list[str]:
        schema, table = name.split(".")
        found = self.warehouse.sql(
            "SELECT unnest(constraint_column_names) AS name FROM duckdb_constraints() "
            f"WHERE schema_name = '{schema}' AND table_name = '{table}' AND constraint_type = 'PRIMARY KEY'"
        )
        return list(found["name"])

    def drop_key(self, name: str) -> None:
        self.warehouse.sql(f"CREATE OR REPLACE TABLE {name} AS FROM {name}")

    def tables(self) -> list[list[Any]]:
        found = self.warehouse.sql(
            "SELECT schema_name || '.' || table_name AS name, sql FROM duckdb_tables() "
            "WHERE database_name = current_database() ORDER BY name"
        )
        return found.to_numpy().tolist()


class PostgresFacts(Facts):
    failing = "DO $$ BEGIN RAISE EXCEPTION 'the disk is full' USING ERRCODE = 'disk_full'; END $$"

    def columns(self, name: str) -> dict[str, str]:
        found = self.warehouse.sql(
            f"SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute "
            f"WHERE attrelid = '{name}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        )
        return {column: _SPELT[type_] for column, type_ in zip(found["attname"], found["type"], strict=True)}

    def key(self, name: str) -> list[str]:
        found = self.warehouse.sql(
            "SELECT attname FROM pg_constraint CROSS JOIN unnest(conkey) WITH ORDINALITY AS part (number, place) "
            "JOIN pg_attribute ON attrelid = conrelid AND attnum = number "
            f"WHERE conrelid = '{name}'::regclass AND contype = 'p' ORDER BY place"
        )
        return list(found["attname"])

    def drop_key(self, name: str) -> None:
        self.warehouse.sql(f"ALTER TABLE {name} DROP CONSTRAINT {name.partition('.')[2]}_pkey")

    def tables(self) -> list[list[Any]]:
        found = self.warehouse.sql(
            "SELECT oid::regclass::text AS name, relkind::text, (SELECT string_agg(format('%s %s %s', attname, "
            "format_type(atttypid, atttypmod), attnotnull), ', ' ORDER BY attnum) FROM pg_attribute "
            "WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped) AS columns FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace::regnamespace::text !~ '^pg_|^information_' ORDER BY name"
        )
        return found.to_numpy().tolist()
