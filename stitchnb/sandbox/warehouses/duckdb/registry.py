"""What the embedded warehouse knows of one schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stitchnb.sandbox.warehouses.naming import DATABASE, INTERNAL_SCHEMA, folded, quoted
from stitchnb.sandbox.warehouses.registry import ColumnNote, Registry, StoredTable, TableNote

if TYPE_CHECKING:
    import duckdb

_TABLES = quoted(DATABASE, INTERNAL_SCHEMA, "tables")
_COLUMNS = quoted(DATABASE, INTERNAL_SCHEMA, "columns")


class DuckDBRegistry(Registry):
    """Tables of one schema of a DuckDB database."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: str) -> None:
        super().__init__(schema)
        self._connection = connection

    def read(self) -> None:
        """Make what is missing of the schema and the notes, then read both."""
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
        self._read_notes()

    def _keep(self, note: TableNote) -> None:
        self._connection.execute(
            f"INSERT INTO {_TABLES} VALUES (?, ?, ?, ?, ?)",
            [self._schema, note.name, note.stream, json.dumps(note.path), note.version],
        )
        self._connection.execute(
            f"INSERT INTO {_COLUMNS} SELECT ?, ?, unnest(?::VARCHAR[]), unnest(?::VARCHAR[]), unnest(?::BOOLEAN[])",
            [
                self._schema,
                note.name,
                [column.name for column in note.columns],
                [None if column.path is None else json.dumps(column.path) for column in note.columns],
                [column.is_split for column in note.columns],
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

    def _read_notes(self) -> None:
        self.notes = {}
        for table, stream, path, version in self._fetch(_TABLES, "stream_name, path, version"):
            if folded(table) in self.stored:
                self.notes[folded(table)] = TableNote(table, stream, tuple(json.loads(path)), version)
            else:
                self._forget(table)
        for table, column, path, is_split in self._fetch(_COLUMNS, "column_name, path, is_split"):
            source = None if path is None else tuple(json.loads(path))
            self.notes[folded(table)].columns.append(ColumnNote(column, source, is_split))

    def _fetch(self, notes: str, columns: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(
            f"SELECT table_name, {columns} FROM {notes} WHERE schema_name = ? ORDER BY rowid", [self._schema]
        ).fetchall()

    def _forget(self, table: str) -> None:
        for notes in (_TABLES, _COLUMNS):
            self._connection.execute(
                f"DELETE FROM {notes} WHERE schema_name = ? AND table_name = ?", [self._schema, table]
            )
