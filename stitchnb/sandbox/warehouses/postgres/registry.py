"""What a PostgreSQL warehouse knows of one schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stitchnb.sandbox.pipeline import WarehouseError
from stitchnb.sandbox.warehouses.naming import INTERNAL_SCHEMA, MAX_NAME_BYTES, folded, is_too_long, quoted
from stitchnb.sandbox.warehouses.registry import ColumnNote, Registry, StoredTable, TableNote
from stitchnb.sandbox.warehouses.types import BOOLEAN, DECIMAL, DOUBLE, TEXT, TIMESTAMP

if TYPE_CHECKING:
    import psycopg

NOTES = quoted(INTERNAL_SCHEMA, "tables")
"""The loader's notes: one row for each table that it made."""

# Apart from the locks of others in the database: its own number, and that of a schema's name.
_LOCK = "SELECT pg_advisory_xact_lock(7827436, hashtext(%s))"

_KINDS = {
    "character varying": TEXT,
    "text": TEXT,
    "double precision": DOUBLE,
    "timestamp without time zone": TIMESTAMP,
    "boolean": BOOLEAN,
    "numeric": DECIMAL,
}

# Indexes, sequences and types have no columns here, but their names are taken as well.
_STORED = """
    SELECT relname, attname, format_type(atttypid, atttypmod)
    FROM pg_class
    LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped AND relkind IN (
        'r', 'p', 'v', 'm', 'f')
    WHERE relnamespace = %s::regnamespace
    ORDER BY relname, attnum
"""
_KEYS = """
    SELECT relname, array_agg(attname::text ORDER BY place)
    FROM pg_constraint
    JOIN pg_class ON pg_class.oid = conrelid
    CROSS JOIN unnest(conkey) WITH ORDINALITY AS part (number, place)
    JOIN pg_attribute ON attrelid = conrelid AND attnum = number
    WHERE contype = 'p' AND relnamespace = %s::regnamespace
    GROUP BY relname
"""


def sql_type_of(spelt: str) -> str:
    """Spell a type of PostgreSQL's as `types` does."""
    if spelt.startswith("numeric("):
        return DECIMAL + spelt.removeprefix("numeric")
    return _KINDS.get(spelt, spelt.upper())


class PostgresRegistry(Registry):
    """Tables of one schema of a PostgreSQL database.

    Loads into one schema wait for each other: whoever has read the registry is alone until the transaction ends.
    """

    def __init__(self, connection: psycopg.Connection[Any], schema: str) -> None:
        super().__init__(schema)
        self._connection = connection

    def read(self) -> None:
        """Make what is missing of the schema and the notes, then read both.

        Raises
        ------
        WarehouseError
            The schema's name is too long: PostgreSQL would cut it, and may have another of the name that is left.
        """
        if is_too_long(self._schema):
            raise WarehouseError(f"Schema name {self._schema} is longer than {MAX_NAME_BYTES} bytes")
        self._run(_LOCK, self._schema)
        if not self._exists("to_regclass", NOTES):
            # Another schema's first load may be making them at this moment.
            self._run(_LOCK, INTERNAL_SCHEMA)
            self._make_schema(INTERNAL_SCHEMA)
            self._run(
                f"CREATE TABLE IF NOT EXISTS {NOTES} "
                "(schema_name text, table_name text, note text, PRIMARY KEY (schema_name, table_name))"
            )
        self._make_schema(self._schema)
        self._read()

    def _make_schema(self, name: str) -> None:
        # IF NOT EXISTS would ask for the right to make one even where it is there.
        if not self._exists("to_regnamespace", quoted(name)):
            self._run(f"CREATE SCHEMA {quoted(name)}")

    def _exists(self, function: str, name: str) -> bool:
        return self._fetch(f"SELECT {function}(%s) IS NOT NULL", name)[0][0] is True

    def _read(self) -> None:
        kept = self._fetch(f"SELECT table_name, note FROM {NOTES} WHERE schema_name = %s", self._schema)
        noted = [_note(table, text) for table, text in kept]
        tables: dict[str, StoredTable] = {}
        for table, column, sql_type in self._fetch(_STORED, quoted(self._schema)):
            found = tables.setdefault(table, StoredTable(table))
            if column is not None:
                # Of two columns that differ in case alone the later one is somebody else's, and left alone.
                found.columns.setdefault(folded(column), (column, sql_type_of(sql_type)))
        for table, key in self._fetch(_KEYS, quoted(self._schema)):
            tables[table].key = tuple(key)
        self.notes = {folded(note.name): note for note in noted if note.name in tables}
        for note in noted:
            if note.name not in tables:
                self._forget(note.name)
        self.stored = {folded(name): table for name, table in tables.items()}
        self.stored |= {name: tables[note.name] for name, note in self.notes.items()}

    def _keep(self, note: TableNote) -> None:
        columns = [[column.name, column.path, column.is_split] for column in note.columns]
        # JSON has an escape for whatever text cannot hold.
        text = json.dumps({"stream": note.stream, "path": note.path, "version": note.version, "columns": columns})
        self._run(f"INSERT INTO {NOTES} VALUES (%s, %s, %s)", self._schema, note.name, text)

    def _forget(self, table: str) -> None:
        self._run(f"DELETE FROM {NOTES} WHERE schema_name = %s AND table_name = %s", self._schema, table)

    def _fetch(self, query: str, *parameters: str) -> list[tuple[Any, ...]]:
        return self._run(query, *parameters).fetchall()

    def _run(self, statement: str, *parameters: str) -> psycopg.Cursor[Any]:
        # Without parameters a per cent sign is one.
        return self._connection.execute(statement.encode(), parameters or None)


def _note(table: str, text: str) -> TableNote:
    found = json.loads(text)
    columns = [
        ColumnNote(name, None if path is None else tuple(path), is_split) for name, path, is_split in found["columns"]
    ]
    return TableNote(table, found["stream"], tuple(found["path"]), found["version"], columns)
