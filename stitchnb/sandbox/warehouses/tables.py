"""What every kind of database must do for the loader: `Registry` knows its tables, `Writer` changes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from stitchnb.sandbox.pipeline import LoadBatch
from stitchnb.sandbox.warehouses.flatten import Rejection
from stitchnb.sandbox.warehouses.naming import (
    BATCHED_AT,
    EXTRACTED_AT,
    RECEIVED_AT,
    REJECTED_TABLE,
    SEQUENCE,
    TABLE_VERSION,
    folded,
    is_too_long,
    level_id,
    literal,
    quoted,
)
from stitchnb.sandbox.warehouses.table_plan import Path, TablePlan, TypedColumn
from stitchnb.sandbox.warehouses.types import BIGINT, TEXT, TIMESTAMP, Limits, decimal_digits, timestamp_text


@dataclass(frozen=True, slots=True)
class ColumnMetadata:
    """What the loader knows of a column that it made.

    Attributes
    ----------
    path
        The source field. None for a column that the loader fills.
    is_split
        The field is split into a column for each type.
    """

    name: str
    path: Path | None
    is_split: bool = False


@dataclass(slots=True)
class TableMetadata:
    """What the loader knows of a table that it made.

    Attributes
    ----------
    stream
        Name of the stream in the source.
    path
        Path of the table's arrays in the record. Empty for the stream's own table.
    version
        ``_sdc_table_version`` of the rows.
    """

    name: str
    stream: str
    path: Path
    version: int
    columns: list[ColumnMetadata] = field(default_factory=list)


@dataclass(slots=True)
class StoredTable:
    """One table or view as it is in the database.

    Attributes
    ----------
    columns
        Names and SQL types by folded name, in order. The types are written as in `types`.
    key
        Columns of the primary key.
    """

    name: str
    columns: dict[str, tuple[str, str]] = field(default_factory=dict)
    key: tuple[str, ...] = ()


class Registry(ABC):
    """The tables of one schema. The loader's metadata are in the same database and change in the same transactions.

    Attributes
    ----------
    metadata, stored
        By folded table name, as last read. Only tables that exist have metadata.
    """

    def __init__(self, schema: str) -> None:
        self.metadata: dict[str, TableMetadata] = {}
        self.stored: dict[str, StoredTable] = {}
        self._schema = schema

    @abstractmethod
    def read(self) -> None:
        """Create the schema and the metadata tables if they are missing, then read both."""

    def family(self, stream: str) -> list[TableMetadata]:
        """Return the tables of one stream: its own table and its subtables."""
        return [metadata for metadata in self.metadata.values() if metadata.stream == stream]

    def write(self, metadata: TableMetadata) -> None:
        """Save the metadata of a table."""
        before = self.metadata.get(folded(metadata.name), metadata)
        if before == metadata and before is not metadata:
            return
        self._delete_metadata(before.name)
        self._insert_metadata(metadata)
        self.metadata[folded(metadata.name)] = metadata

    @abstractmethod
    def _insert_metadata(self, metadata: TableMetadata) -> None:
        """Insert the metadata of a table that has none."""

    @abstractmethod
    def _delete_metadata(self, table: str) -> None:
        """Delete the metadata of a table, if it has any."""


LOAD_COLUMNS = {
    EXTRACTED_AT: TIMESTAMP,
    RECEIVED_AT: TIMESTAMP,
    BATCHED_AT: TIMESTAMP,
    SEQUENCE: BIGINT,
    TABLE_VERSION: BIGINT,
}
"""Columns for the time and order of each row, with their types."""

LEVEL = "level"
NUMBER = "number"
"""Columns of staged rows: positions in arrays, and the number of the record in the batch."""


class Writer(ABC):
    """Writes one batch by its plans, inside the caller's transaction.

    Values are sent as text, and the database casts them. The plans have chosen types for which a cast neither fails
    nor rounds.

    Parameters
    ----------
    connection
        Its ``execute`` runs a statement and returns an object that fetches the result.
    load
        Has the schema, the times and the sequence numbers.
    """

    limits: ClassVar[Limits]
    """What the database can hold."""

    staged: ClassVar[str]
    """Temporary table with the batch's rows for the stream's own table, with the types of that table."""

    def __init__(self, connection: Any, load: LoadBatch) -> None:
        self._connection = connection
        self._schema = load.schema_name
        self._first_sequence = int(load.first_sequence)
        self._staged: dict[TypedColumn, str] = {}
        self._sequence = "staged.sequence"
        self._load_values = {
            EXTRACTED_AT: _moment(load.batch.time_extracted),
            RECEIVED_AT: _moment(load.received_at),
            BATCHED_AT: _moment(load.batched_at),
            SEQUENCE: self._sequence,
            TABLE_VERSION: str(int(load.table_version)),
        }

    def create(self, plan: TablePlan, own_types: Mapping[str, str], key: Sequence[str]) -> None:
        """Create a table. The columns that identify a row come first, times and sequence last."""
        columns = {name: sql_type for name, sql_type in own_types.items() if name not in LOAD_COLUMNS}
        columns |= {typed.name: typed.sql_type for typed in plan.added}
        columns |= {name: sql_type for name, sql_type in own_types.items() if name in LOAD_COLUMNS}
        self._create(plan.name, columns, key)

    def alter(self, plan: TablePlan, own_types: Mapping[str, str]) -> None:
        """Rename, widen and add columns.

        Parameters
        ----------
        own_types
            The loader's own columns that the table lacks.
        """
        table = self._table(plan.name)
        for typed in plan.all_typed_columns():
            if typed.stored_name is None:
                continue
            if typed.stored_name != typed.name:
                self._run(f"ALTER TABLE {table} RENAME COLUMN {quoted(typed.stored_name)} TO {quoted(typed.name)}")
            if typed.is_widened:
                self._run(f"ALTER TABLE {table} ALTER COLUMN {quoted(typed.name)} TYPE {self._type(typed.sql_type)}")
        added = {typed.name: typed.sql_type for typed in plan.added} | dict(own_types)
        for name, sql_type in added.items():
            self._run(f"ALTER TABLE {table} ADD COLUMN {quoted(name)} {self._type(sql_type)}")

    @abstractmethod
    def rebuild(self, table: str, key: Sequence[str]) -> None:
        """Change or remove the primary key of a table."""

    def empty(self, table: str) -> None:
        """Delete every row."""
        self._run(f"DELETE FROM {self._table(table)}")

    @abstractmethod
    def stage(self, top: TablePlan, key: Sequence[TypedColumn]) -> None:
        """Copy the rows of the stream's own table into a temporary table.

        Parameters
        ----------
        key
            Of rows with equal values in these columns, only the last is kept. Empty keeps all rows.
        """

    def drop_stage(self) -> None:
        """Drop the staged rows."""
        self._run(f"DROP TABLE {self.staged}")

    def has_matching_rows(self, top: TablePlan, key: Sequence[TypedColumn]) -> bool:
        """Return whether the table has a row with the key of a staged row."""
        match = self._match({typed.name: typed for typed in key})
        (found,) = self._run(
            f"SELECT EXISTS (SELECT 1 FROM {self._table(top.name)} AS target "
            f"WHERE EXISTS (SELECT 1 FROM {self.staged} AS staged WHERE {match}))"
        ).fetchall()[0]
        return bool(found)

    def skip_outdated(self, top: TablePlan, key: Sequence[TypedColumn]) -> None:
        """Delete staged rows for which the table has a row with a higher sequence."""
        match = self._match({typed.name: typed for typed in key})
        self._run(
            f"DELETE FROM {self.staged} AS staged USING {self._table(top.name)} AS target "
            f"WHERE {match} AND target.{quoted(SEQUENCE)} > {self._sequence}"
        )

    def delete_staged(self, table: str, key: Mapping[str, TypedColumn]) -> None:
        """Delete the rows of a table that the staged rows replace.

        Parameters
        ----------
        key
            Columns of the table, and the key columns with their values.
        """
        self._run(f"DELETE FROM {self._table(table)} AS target USING {self.staged} AS staged WHERE {self._match(key)}")

    def insert_top(self, top: TablePlan) -> None:
        """Insert the staged rows into the stream's own table."""
        values = {typed.name: column for typed, column in self._staged.items()}
        self._insert(top, values, f"{self.staged} AS staged", ["staged.sequence", f"staged.{NUMBER}"])

    def insert_subtable(self, plan: TablePlan, key: Mapping[str, TypedColumn]) -> None:
        """Insert the array elements that belong to staged rows.

        Parameters
        ----------
        key
            Columns for the source key, and the key columns with their values.
        """
        elements, cells = self._register_rows(plan)
        levels = [f"element.{LEVEL}{level}" for level in range(len(plan.rows[0]) - 1)]
        values = {name: self._staged[typed] for name, typed in key.items()}
        values |= {level_id(level): column for level, column in enumerate(levels)}
        values |= {typed.name: value for typed, value in cells.items()}
        belongs = f"{elements} AS element JOIN {self.staged} AS staged ON staged.{NUMBER} = element.{NUMBER}"
        self._insert(plan, values, belongs, ["staged.sequence", f"staged.{NUMBER}", *levels])

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """Add rows to the schema's table of rejected records."""
        if not rejections:
            return
        table = self._table(REJECTED_TABLE)
        types = {"_sdc_rejected_at": TIMESTAMP, "table_name": TEXT, "reason": TEXT, "record": TEXT}
        columns = ", ".join(f"{name} {self._type(sql_type)}" for name, sql_type in types.items())
        self._run(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
        rejected = self._register_rejections(rejections)
        self._run(
            f"INSERT INTO {table} ({', '.join(types)}) "
            f"SELECT {self._load_values[BATCHED_AT]}, table_name, reason, record FROM {rejected}"
        )

    def digits_held(self, table: str, column: str) -> int:
        """Return the most digits before the point among the values of a decimal column."""
        (largest,) = self._run(f"SELECT max(abs({quoted(column)})) FROM {self._table(table)}").fetchall()[0]
        return 0 if largest is None else decimal_digits(format(largest, "f"))[0]

    @abstractmethod
    def _table(self, name: str) -> str:
        """Return the name of a table for use in statements."""

    @abstractmethod
    def _type(self, sql_type: str) -> str:
        """Return the database's name for a type of `types`."""

    @abstractmethod
    def _register_rows(self, plan: TablePlan) -> tuple[str, dict[TypedColumn, str]]:
        """Make the rows of a plan available to the database.

        Returns
        -------
        tuple
            The table that has them, with ``number``, ``sequence``, ``level0`` and so on, and an SQL expression for
            each column that has values.
        """

    @abstractmethod
    def _register_rejections(self, rejections: Sequence[Rejection]) -> str:
        """Make rejected records available to the database, as a table of ``table_name``, ``reason`` and ``record``."""

    def _insert(self, plan: TablePlan, values: Mapping[str, str], source: str, order: Sequence[str]) -> None:
        values = {**values, **{name: self._load_values[name] for name in plan.reserved if name in LOAD_COLUMNS}}
        self._run(
            f"INSERT INTO {self._table(plan.name)} ({', '.join(map(quoted, values))}) "
            f"SELECT {', '.join(values.values())} FROM {source}" + (f" ORDER BY {', '.join(order)}" if order else "")
        )

    def _create(self, table: str, columns: Mapping[str, str], key: Sequence[str]) -> None:
        lines = [f"{quoted(name)} {self._type(sql_type)}" for name, sql_type in columns.items()]
        if key:
            lines.append(primary_key(table, key))
        self._run(f"CREATE TABLE {self._table(table)} ({', '.join(lines)})")

    def _match(self, key: Mapping[str, TypedColumn]) -> str:
        return " AND ".join(f"target.{quoted(name)} = {self._staged[typed]}" for name, typed in key.items())

    def _run(self, statement: str) -> Any:
        return self._connection.execute(statement)


def primary_key(table: str, key: Sequence[str]) -> str:
    """Return the primary key constraint of a table, without a name if that would be too long."""
    name = f"{table}_pkey"
    columns = f"PRIMARY KEY ({', '.join(map(quoted, key))})"
    return columns if is_too_long(name) else f"CONSTRAINT {quoted(name)} {columns}"


def escape_surrogates(text: str) -> str:
    """Escape half surrogate pairs, which JSON allows, as JSON does."""
    return text.encode("utf-8", "backslashreplace").decode()


def _moment(moment: datetime) -> str:
    return f"TIMESTAMP {literal(timestamp_text(moment))}"
