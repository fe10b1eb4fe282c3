"""The tables of a DuckDB database: what is in them, and the statements that change them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stitchnb.sandbox.pipeline import LoadBatch
from stitchnb.sandbox.warehouses.flatten import Rejection
from stitchnb.sandbox.warehouses.naming import DATABASE, INTERNAL_SCHEMA, folded, quoted
from stitchnb.sandbox.warehouses.table_plan import TablePlan, TypedColumn
from stitchnb.sandbox.warehouses.tables import (
    LEVEL,
    NUMBER,
    ColumnMetadata,
    Registry,
    StoredTable,
    TableMetadata,
    Writer,
    escape_surrogates,
)
from stitchnb.sandbox.warehouses.types import Limits

if TYPE_CHECKING:
    import duckdb

_TABLES = quoted(DATABASE, INTERNAL_SCHEMA, "tables")
_COLUMNS = quoted(DATABASE, INTERNAL_SCHEMA, "columns")


class DuckDBRegistry(Registry):
    """The tables of one schema of a DuckDB database."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str) -> None:
        super().__init__(schema)
        self._connection = connection

    def read(self) -> None:
        """Create the schema and the metadata tables if they are missing, then read both."""
        for statement in (
            f"CREATE SCHEMA IF NOT EXISTS {quoted(DATABASE, self._schema)}",
            f"CREATE SCHEMA IF NOT EXISTS {quoted(DATABASE, INTERNAL_SCHEMA)}",
            f"CREATE TABLE IF NOT EXISTS {_TABLES} (schema_name VARCHAR, table_name VARCHAR, "
            "stream_name VARCHAR, path VARCHAR, version BIGINT)",
            f"CREATE TABLE IF NOT EXISTS {_COLUMNS} (schema_name VARCHAR, table_name VARCHAR, "
            "column_name VARCHAR, path VARCHAR, is_split BOOLEAN)",
        ):
            self._connection.execute(statement)
        self._read_stored()
        self._read_metadata()

    def _insert_metadata(self, metadata: TableMetadata) -> None:
        self._connection.execute(
            f"INSERT INTO {_TABLES} VALUES (?, ?, ?, ?, ?)",
            [self._schema, metadata.name, metadata.stream, json.dumps(metadata.path), metadata.version],
        )
        self._connection.execute(
            f"INSERT INTO {_COLUMNS} SELECT ?, ?, unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::BOOLEAN[])",
            [
                self._schema,
                metadata.name,
                [column.name for column in metadata.columns],
                [None if column.path is None else json.dumps(column.path) for column in metadata.columns],
                [column.is_split for column in metadata.columns],
            ],
        )

    def _read_stored(self) -> None:
        place = [DATABASE, self._schema]
        self.stored = {}
        for table, column, sql_type in self._connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE database_name = ? AND schema_name = ? ORDER BY table_name, column_index",
            place,
        ).fetchall():
            found = self.stored.setdefault(folded(table), StoredTable(table))
            found.columns[folded(column)] = column, sql_type
        for table, key in self._connection.execute(
            "SELECT table_name, constraint_column_names FROM duckdb_constraints() "
            "WHERE database_name = ? AND schema_name = ? AND constraint_type = 'PRIMARY KEY'",
            place,
        ).fetchall():
            self.stored[folded(table)].key = tuple(key)

    def _read_metadata(self) -> None:
        self.metadata = {}
        for table, stream, path, version in self._fetch(_TABLES, "stream_name, path, version"):
            if folded(table) in self.stored:
                self.metadata[folded(table)] = TableMetadata(table, stream, tuple(json.loads(path)), version)
            else:
                self._delete_metadata(table)
        for table, column, path, is_split in self._fetch(_COLUMNS, "column_name, path, is_split"):
            source = None if path is None else tuple(json.loads(path))
            self.metadata[folded(table)].columns.append(ColumnMetadata(column, source, is_split))

    def _fetch(self, metadata: str, columns: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(
            f"SELECT table_name, {columns} FROM {metadata} WHERE schema_name = ? ORDER BY rowid", [self._schema]
        ).fetchall()

    def _delete_metadata(self, table: str) -> None:
        for metadata in (_TABLES, _COLUMNS):
            self._connection.execute(
                f"DELETE FROM {metadata} WHERE schema_name = ? AND table_name = ?", [self._schema, table]
            )


_VIEW = "stitchnb_rows"
_ROWS = quoted("temp", "main", _VIEW)
_KEPT = quoted("temp", "main", "stitchnb_kept")
_SEQUENCE = "sequence"


def unregister_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Release the values of the last batch, once its transaction has ended."""
    connection.unregister(_VIEW)


class DuckDBWriter(Writer):
    """Writes one batch. DuckDB reads the values directly from memory."""

    limits = Limits()
    staged = quoted("temp", "main", "stitchnb_staged")

    def __init__(self, connection: duckdb.DuckDBPyConnection, load: LoadBatch) -> None:
        super().__init__(connection, load)
        self._sequences = None if load.sequences is None else np.array(load.sequences, dtype=np.int64)

    def rebuild(self, table: str, key: Sequence[str]) -> None:
        """Change or remove the primary key by copying the table, since DuckDB cannot alter the constraint."""
        name = self._table(table)
        columns = {column: sql_type for column, sql_type, *_ in self._run(f"DESCRIBE {name}").fetchall()}
        self._run(f"CREATE TEMP TABLE {_KEPT} AS FROM {name}")
        self._run(f"DROP TABLE {name}")
        self._create(table, columns, key)
        self._run(f"INSERT INTO {name} FROM {_KEPT}")
        self._run(f"DROP TABLE {_KEPT}")

    def stage(self, top: TablePlan, key: Sequence[TypedColumn]) -> None:
        """Cast the rows of the stream's own table into a temporary table. For each key, keep the last row."""
        rows, casts = self._register_rows(top)
        self._staged = {typed: f"staged.c{number}" for number, typed in enumerate(casts)}
        columns = [f"{cast} AS c{number}" for number, cast in enumerate(casts.values())]
        columns += [NUMBER, _SEQUENCE]
        newest = ""
        if key:
            same = ", ".join(casts[typed] for typed in key)
            newest = f"QUALIFY row_number() OVER (PARTITION BY {same} ORDER BY {NUMBER} DESC) = 1"
        self._run(f"CREATE TEMP TABLE {self.staged} AS SELECT {', '.join(columns)} FROM {rows} {newest}")

    def _register_rows(self, plan: TablePlan) -> tuple[str, dict[TypedColumn, str]]:
        numbers = np.array(plan.rows, dtype=np.int64)
        number = np.ascontiguousarray(numbers[:, 0])
        sequence = self._first_sequence + number if self._sequences is None else self._sequences[number]
        frame: dict[str, Any] = {NUMBER: number, _SEQUENCE: sequence}
        for level in range(numbers.shape[1] - 1):
            frame[f"{LEVEL}{level}"] = np.ascontiguousarray(numbers[:, level + 1])
        casts: dict[TypedColumn, str] = {}
        for typed in plan.all_typed_columns():
            if typed.rows:
                name = f"t{len(casts)}"
                casts[typed] = f"CAST({name} AS {typed.sql_type})"
                frame[name] = np.full(len(plan.rows), None, dtype=object)
                frame[name][typed.rows] = typed.texts
        self._connection.register(_VIEW, frame)
        return _ROWS, casts

    def _register_rejections(self, rejections: Sequence[Rejection]) -> str:
        columns = {
            "table_name": [rejection.table for rejection in rejections],
            "reason": [rejection.reason for rejection in rejections],
            "record": [rejection.record for rejection in rejections],
        }
        frame = {
            name: np.array([escape_surrogates(text) for text in texts], dtype=object) for name, texts in columns.items()
        }
        self._connection.register(_VIEW, frame)
        return _ROWS

    def _table(self, name: str) -> str:
        return quoted(DATABASE, self._schema, name)

    def _type(self, sql_type: str) -> str:
        return sql_type
