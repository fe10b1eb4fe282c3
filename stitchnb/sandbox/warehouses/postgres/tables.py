"""The tables of a PostgreSQL database: what is in them, and the statements that change them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from stitchnb.sandbox.pipeline import LoadBatch, WarehouseError
from stitchnb.sandbox.warehouses.flatten import Rejection
from stitchnb.sandbox.warehouses.naming import INTERNAL_SCHEMA, MAX_NAME_BYTES, folded, is_too_long, quoted
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
    primary_key,
)
from stitchnb.sandbox.warehouses.types import BIGINT, BOOLEAN, DECIMAL, DOUBLE, TEXT, TIMESTAMP, Limits

if TYPE_CHECKING:
    import psycopg

METADATA = quoted(INTERNAL_SCHEMA, "tables")
"""The loader's metadata: one row for each table that it made."""

# A number of its own and that of the schema's name keep it apart from other locks in the database.
_LOCK = "SELECT pg_advisory_xact_lock(7827436, hashtext(%s))"

_KINDS = {
    "character varying": TEXT,
    "text": TEXT,
    "double precision": DOUBLE,
    "timestamp without time zone": TIMESTAMP,
    "boolean": BOOLEAN,
    "numeric": DECIMAL,
}

# Indexes, sequences and types have no columns here, but their names are taken too.
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
    """Convert a type name of PostgreSQL to one of `types`."""
    if spelt.startswith("numeric("):
        return DECIMAL + spelt.removeprefix("numeric")
    return _KINDS.get(spelt, spelt.upper())


class PostgresRegistry(Registry):
    """The tables of one schema of a PostgreSQL database.

    Loads into one schema wait for each other: `read` locks the schema until the transaction ends.
    """

    def __init__(self, connection: psycopg.Connection[Any], schema: str) -> None:
        super().__init__(schema)
        self._connection = connection

    def read(self) -> None:
        """Make what is missing of the schema and the metadata, then read both.

        Raises
        ------
        WarehouseError
            The schema's name is too long. PostgreSQL would shorten it, maybe to the name of another schema.
        """
        if is_too_long(self._schema):
            raise WarehouseError(
                f"Schema name {self._schema} is longer than {MAX_NAME_BYTES} bytes. Give the source a shorter name."
            )
        self._run(_LOCK, self._schema)
        if not self._exists("to_regclass", METADATA):
            # The first load of another schema may create them at the same time.
            self._run(_LOCK, INTERNAL_SCHEMA)
            self._make_schema(INTERNAL_SCHEMA)
            self._run(
                f"CREATE TABLE IF NOT EXISTS {METADATA} "
                "(schema_name text, table_name text, note text, PRIMARY KEY (schema_name, table_name))"
            )
        self._make_schema(self._schema)
        self._read()

    def _make_schema(self, name: str) -> None:
        # IF NOT EXISTS requires the privilege to create schemas even if the schema exists.
        if not self._exists("to_regnamespace", quoted(name)):
            self._run(f"CREATE SCHEMA {quoted(name)}")

    def _exists(self, function: str, name: str) -> bool:
        return self._fetch(f"SELECT {function}(%s) IS NOT NULL", name)[0][0] is True

    def _read(self) -> None:
        kept = self._fetch(f"SELECT table_name, note FROM {METADATA} WHERE schema_name = %s", self._schema)
        stored_metadata = [_parse_metadata(table, text) for table, text in kept]
        tables: dict[str, StoredTable] = {}
        for table, column, sql_type in self._fetch(_STORED, quoted(self._schema)):
            found = tables.setdefault(table, StoredTable(table))
            if column is not None:
                # Of two columns that differ only in case, a load made the first one.
                found.columns.setdefault(folded(column), (column, sql_type_of(sql_type)))
        for table, key in self._fetch(_KEYS, quoted(self._schema)):
            tables[table].key = tuple(key)
        self.metadata = {folded(metadata.name): metadata for metadata in stored_metadata if metadata.name in tables}
        for metadata in stored_metadata:
            if metadata.name not in tables:
                self._delete_metadata(metadata.name)
        self.stored = {folded(name): table for name, table in tables.items()}
        self.stored |= {name: tables[metadata.name] for name, metadata in self.metadata.items()}

    def _insert_metadata(self, metadata: TableMetadata) -> None:
        columns = [[column.name, column.path, column.is_split] for column in metadata.columns]
        # JSON escapes what text cannot contain.
        text = json.dumps(
            {"stream": metadata.stream, "path": metadata.path, "version": metadata.version, "columns": columns}
        )
        self._run(f"INSERT INTO {METADATA} VALUES (%s, %s, %s)", self._schema, metadata.name, text)

    def _delete_metadata(self, table: str) -> None:
        self._run(f"DELETE FROM {METADATA} WHERE schema_name = %s AND table_name = %s", self._schema, table)

    def _fetch(self, query: str, *parameters: str) -> list[tuple[Any, ...]]:
        return self._run(query, *parameters).fetchall()

    def _run(self, statement: str, *parameters: str) -> psycopg.Cursor[Any]:
        # Without parameters, a percent sign is not special.
        return self._connection.execute(statement.encode(), parameters or None)


def _parse_metadata(table: str, text: str) -> TableMetadata:
    found = json.loads(text)
    columns = [
        ColumnMetadata(name, None if path is None else tuple(path), is_split)
        for name, path, is_split in found["columns"]
    ]
    return TableMetadata(table, found["stream"], tuple(found["path"]), found["version"], columns)


_SPELT = {DOUBLE: "double precision", TEXT: "text"}
_ROWS = quoted("pg_temp", "stitchnb_rows")
_NULL = r"\N"
# Rows that are written at once, as one text in memory.
_CHUNK = 5_000

Cells = Sequence[str]
"""One column as ``COPY`` reads it."""


class PostgresWriter(Writer):
    """Writes one batch. ``COPY`` brings the rows into temporary tables that already have their types."""

    # The documented limits of the type `numeric`.
    limits = Limits(
        fixed_decimals=False,
        whole_digits=131_072,
        fraction_digits=16_383,
        special_decimals=True,
        zero_characters=False,
    )
    staged = quoted("pg_temp", "stitchnb_staged")

    def __init__(self, connection: psycopg.Connection[Any], load: LoadBatch) -> None:
        super().__init__(connection, load)
        self._sequences = load.sequences

    def rebuild(self, table: str, key: Sequence[str]) -> None:
        """Change or remove the primary key of a table."""
        name = self._table(table)
        found = self._connection.execute(
            "SELECT conname, array_agg(attname::text) FROM pg_constraint JOIN pg_attribute "
            "ON attrelid = conrelid AND attnum = ANY (conkey) WHERE conrelid = %s::regclass AND contype = 'p' "
            "GROUP BY conname",
            [name],
        ).fetchall()
        for constraint, columns in found:
            # This fails if a foreign key of the owner refers to it, and the error says so.
            self._run(f"ALTER TABLE {name} DROP CONSTRAINT {quoted(constraint)}")
            for column in columns:
                self._run(f"ALTER TABLE {name} ALTER COLUMN {quoted(column)} DROP NOT NULL")
        if key:
            self._run(f"ALTER TABLE {name} ADD {primary_key(table, key)}")

    def stage(self, top: TablePlan, key: Sequence[TypedColumn]) -> None:
        """Copy the rows of the stream's own table into a temporary table. For each key, keep the last row."""
        columns = self._copy(self.staged, top)
        self._staged = {typed: f"staged.{column}" for typed, column in columns.items()}
        if key:
            same = ", ".join(columns[typed] for typed in key)
            self._run(
                f"DELETE FROM {self.staged} WHERE {NUMBER} IN (SELECT {NUMBER} FROM (SELECT {NUMBER}, row_number() "
                f"OVER (PARTITION BY {same} ORDER BY {NUMBER} DESC) AS place FROM {self.staged}) AS ranked "
                "WHERE place > 1)"
            )
            # The planner knows nothing of a temporary table before it is analyzed, and chooses a join by size.
            self._run(f"ANALYZE {self.staged} ({same})")

    def has_matching_rows(self, top: TablePlan, key: Sequence[TypedColumn]) -> bool:
        """Return whether the table has a row with the key of a staged row."""
        match = self._match({typed.name: typed for typed in key})
        # Counted: for EXISTS, the planner chooses a plan that is slow if there is no match.
        ((found,),) = self._run(
            f"SELECT count(*) FROM {self.staged} AS staged JOIN {self._table(top.name)} AS target ON {match}"
        ).fetchall()
        return bool(found)

    def _register_rows(self, plan: TablePlan) -> tuple[str, dict[TypedColumn, str]]:
        self._run(f"DROP TABLE IF EXISTS {_ROWS}")
        columns = self._copy(_ROWS, plan)
        self._run(f"ANALYZE {_ROWS} ({NUMBER})")
        return _ROWS, {typed: f"element.{column}" for typed, column in columns.items()}

    def _register_rejections(self, rejections: Sequence[Rejection]) -> str:
        columns = {
            "table_name": [rejection.table for rejection in rejections],
            "reason": [rejection.reason for rejection in rejections],
            "record": [rejection.record for rejection in rejections],
        }
        self._run(f"DROP TABLE IF EXISTS {_ROWS}")
        self._fill(
            _ROWS,
            dict.fromkeys(columns, TEXT),
            [
                _escaped([escape_surrogates(text).replace("\0", r"\u0000") for text in texts])
                for texts in columns.values()
            ],
        )
        return _ROWS

    def _copy(self, table: str, plan: TablePlan) -> dict[TypedColumn, str]:
        """Make a temporary table of a plan's rows. Return its column for each typed column that has values."""
        numbers = [row[0] for row in plan.rows]
        sequences = self._sequences or range(self._first_sequence, self._first_sequence + numbers[-1] + 1)
        types = {NUMBER: BIGINT, "sequence": BIGINT}
        cells: list[Cells] = [list(map(str, numbers)), [str(sequences[number]) for number in numbers]]
        for level in range(plan.depth):
            types[f"{LEVEL}{level}"] = BIGINT
            cells.append([str(row[level + 1]) for row in plan.rows])
        columns: dict[TypedColumn, str] = {}
        for typed in plan.all_typed_columns():
            if typed.rows:
                columns[typed] = f"c{len(columns)}"
                types[columns[typed]] = typed.sql_type
                cells.append(_cells(typed, len(plan.rows)))
        self._fill(table, types, cells)
        return columns

    def _fill(self, table: str, types: Mapping[str, str], cells: Sequence[Cells]) -> None:
        columns = ", ".join(f"{name} {self._type(sql_type)}" for name, sql_type in types.items())
        self._run(f"CREATE TEMP TABLE {table} ({columns}) ON COMMIT DROP")
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({', '.join(types)}) FROM STDIN") as copy,
        ):
            for block in _blocks(cells):
                copy.write(block)

    def _table(self, name: str) -> str:
        return quoted(self._schema, name)

    def _type(self, sql_type: str) -> str:
        return _SPELT.get(sql_type, sql_type)


def _cells(typed: TypedColumn, size: int) -> Cells:
    """Return the values of one column, row by row."""
    texts = _escaped(typed.texts) if typed.kind == TEXT else typed.texts
    if len(texts) == size:
        return texts
    cells = [_NULL] * size
    for row, text in zip(typed.rows, texts, strict=True):
        cells[row] = text
    return cells


def _escaped(texts: Sequence[str]) -> Cells:
    """Escape the characters that separate values and lines, in all texts at once. None contains U+0000."""
    joined = "\0".join(texts).replace("\\", r"\\").replace("\t", r"\t").replace("\n", r"\n").replace("\r", r"\r")
    return joined.split("\0")


def _blocks(cells: Sequence[Cells]) -> Iterator[str]:
    """Yield lines of text, a few thousand at once."""
    lines = map("\t".join, zip(*cells, strict=True))
    while block := "\n".join(islice(lines, _CHUNK)):
        yield block + "\n"
