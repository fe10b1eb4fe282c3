"""The statements that bring one stream's tables into shape and rows into them, as every database takes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from stitchnb.sandbox.pipeline import LoadBatch
from stitchnb.sandbox.warehouses.cells import decimal_digits, timestamp_text
from stitchnb.sandbox.warehouses.flatten import Rejection
from stitchnb.sandbox.warehouses.naming import (
    BATCHED_AT,
    EXTRACTED_AT,
    RECEIVED_AT,
    REJECTED_TABLE,
    SEQUENCE,
    TABLE_VERSION,
    is_too_long,
    level_id,
    literal,
    quoted,
)
from stitchnb.sandbox.warehouses.table_plan import Sheet, Slot
from stitchnb.sandbox.warehouses.types import BIGINT, TEXT, TIMESTAMP, Limits

STAMPS = {
    EXTRACTED_AT: TIMESTAMP,
    RECEIVED_AT: TIMESTAMP,
    BATCHED_AT: TIMESTAMP,
    SEQUENCE: BIGINT,
    TABLE_VERSION: BIGINT,
}
"""Columns that say when and in which order a row came, with their types."""

LEVEL = "level"
NUMBER = "number"
"""Columns of the batch's rows, before they are in their table: positions in arrays, and the record's in the batch."""


class Writer(ABC):
    """Writes the sheets of one batch, inside the caller's transaction.

    Values travel as text and the database casts them: the types were settled when the sheets were laid out, so that a
    cast can neither fail nor round.

    Parameters
    ----------
    connection
        Its ``execute`` runs a statement and gives what fetches the answer.
    load
        Gives the schema, the stamps and the sequence numbers.
    """

    limits: ClassVar[Limits]
    """What the database can hold."""

    staged: ClassVar[str]
    """Temporary table with the batch's rows for the stream's own table, with the types that they have there."""

    def __init__(self, connection: Any, load: LoadBatch) -> None:
        self._connection = connection
        self._schema = load.schema_name
        self._first_sequence = int(load.first_sequence)
        self._staged: dict[Slot, str] = {}
        self._sequence = "staged.sequence"
        self._stamps = {
            EXTRACTED_AT: _moment(load.batch.time_extracted),
            RECEIVED_AT: _moment(load.received_at),
            BATCHED_AT: _moment(load.batched_at),
            SEQUENCE: self._sequence,
            TABLE_VERSION: str(int(load.table_version)),
        }

    def create(self, sheet: Sheet, own_types: Mapping[str, str], key: Sequence[str]) -> None:
        """Create a table: what identifies a row first, the stamps last."""
        columns = {name: sql_type for name, sql_type in own_types.items() if name not in STAMPS}
        columns |= {slot.name: slot.sql_type for slot in sheet.added}
        columns |= {name: sql_type for name, sql_type in own_types.items() if name in STAMPS}
        self._create(sheet.name, columns, key)

    def alter(self, sheet: Sheet, own_types: Mapping[str, str]) -> None:
        """Rename, widen and add columns.

        Parameters
        ----------
        own_types
            Those of the loader's own columns that the table lacks.
        """
        table = self._table(sheet.name)
        for slot in sheet.slots():
            if slot.stored_name is None:
                continue
            if slot.stored_name != slot.name:
                self._run(f"ALTER TABLE {table} RENAME COLUMN {quoted(slot.stored_name)} TO {quoted(slot.name)}")
            if slot.has_grown:
                self._run(f"ALTER TABLE {table} ALTER COLUMN {quoted(slot.name)} TYPE {self._type(slot.sql_type)}")
        added = {slot.name: slot.sql_type for slot in sheet.added} | dict(own_types)
        for name, sql_type in added.items():
            self._run(f"ALTER TABLE {table} ADD COLUMN {quoted(name)} {self._type(sql_type)}")

    @abstractmethod
    def rebuild(self, table: str, key: Sequence[str]) -> None:
        """Give a table another primary key, or none."""

    def empty(self, table: str) -> None:
        """Delete every row."""
        self._run(f"DELETE FROM {self._table(table)}")

    @abstractmethod
    def stage(self, top: Sheet, key: Sequence[Slot]) -> None:
        """Put the stream's own rows into a temporary table, from which its tables are then filled.

        Parameters
        ----------
        key
            Columns whose every combination stays once, the last; empty to keep all rows.
        """

    def drop_stage(self) -> None:
        """Let go of the staged rows."""
        self._run(f"DROP TABLE {self.staged}")

    def meets_any(self, top: Sheet, key: Sequence[Slot]) -> bool:
        """Whether the table has a row with the key of a staged one."""
        match = self._match({slot.name: slot for slot in key})
        (found,) = self._run(
            f"SELECT EXISTS (SELECT 1 FROM {self._table(top.name)} AS target "
            f"WHERE EXISTS (SELECT 1 FROM {self.staged} AS staged WHERE {match}))"
        ).fetchall()[0]
        return bool(found)

    def skip_outdated(self, top: Sheet, key: Sequence[Slot]) -> None:
        """Leave out staged rows that the table has with a higher sequence already."""
        match = self._match({slot.name: slot for slot in key})
        self._run(
            f"DELETE FROM {self.staged} AS staged USING {self._table(top.name)} AS target "
            f"WHERE {match} AND target.{quoted(SEQUENCE)} > {self._sequence}"
        )

    def delete_staged(self, table: str, key: Mapping[str, Slot]) -> None:
        """Delete the rows of a table that the staged rows replace.

        Parameters
        ----------
        key
            Columns of the table, and the key columns whose values they hold.
        """
        self._run(f"DELETE FROM {self._table(table)} AS target USING {self.staged} AS staged WHERE {self._match(key)}")

    def insert_top(self, top: Sheet) -> None:
        """Insert the staged rows into the stream's own table."""
        values = {slot.name: column for slot, column in self._staged.items()}
        self._insert(top, values, f"{self.staged} AS staged", ["staged.sequence", f"staged.{NUMBER}"])

    def insert_subtable(self, sheet: Sheet, key: Mapping[str, Slot]) -> None:
        """Insert the elements that belong to staged rows.

        Parameters
        ----------
        key
            Columns for the source key, and the key columns whose values they get.
        """
        elements, cells = self._show(sheet)
        levels = [f"element.{LEVEL}{level}" for level in range(len(sheet.rows[0]) - 1)]
        values = {name: self._staged[slot] for name, slot in key.items()}
        values |= {level_id(level): column for level, column in enumerate(levels)}
        values |= {slot.name: value for slot, value in cells.items()}
        belongs = f"{elements} AS element JOIN {self.staged} AS staged ON staged.{NUMBER} = element.{NUMBER}"
        self._insert(sheet, values, belongs, ["staged.sequence", f"staged.{NUMBER}", *levels])

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """Add to the schema's table of rejected records."""
        if not rejections:
            return
        table = self._table(REJECTED_TABLE)
        types = {"_sdc_rejected_at": TIMESTAMP, "table_name": TEXT, "reason": TEXT, "record": TEXT}
        columns = ", ".join(f"{name} {self._type(sql_type)}" for name, sql_type in types.items())
        self._run(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
        rejected = self._show_rejections(rejections)
        self._run(
            f"INSERT INTO {table} ({', '.join(types)}) "
            f"SELECT {self._stamps[BATCHED_AT]}, table_name, reason, record FROM {rejected}"
        )

    def digits_held(self, table: str, column: str) -> int:
        """Most digits before the point among a decimal column's values."""
        (largest,) = self._run(f"SELECT max(abs({quoted(column)})) FROM {self._table(table)}").fetchall()[0]
        return 0 if largest is None else decimal_digits(format(largest, "f"))[0]

    @abstractmethod
    def _table(self, name: str) -> str:
        """A table of the schema, as statements call it."""

    @abstractmethod
    def _type(self, sql_type: str) -> str:
        """A type of `types`, as the database spells it."""

    @abstractmethod
    def _show(self, sheet: Sheet) -> tuple[str, dict[Slot, str]]:
        """Show the database the rows of a sheet.

        Returns
        -------
        tuple
            The table to find them in, with ``number``, ``sequence`` and ``level0`` …; and for each column that has
            any values the expression for them.
        """

    @abstractmethod
    def _show_rejections(self, rejections: Sequence[Rejection]) -> str:
        """Show the database what was rejected; gives the table with ``table_name``, ``reason`` and ``record``."""

    def _insert(self, sheet: Sheet, values: Mapping[str, str], source: str, order: Sequence[str]) -> None:
        values = {**values, **{name: self._stamps[name] for name in sheet.reserved if name in STAMPS}}
        self._run(
            f"INSERT INTO {self._table(sheet.name)} ({', '.join(map(quoted, values))}) "
            f"SELECT {', '.join(values.values())} FROM {source}" + (f" ORDER BY {', '.join(order)}" if order else "")
        )

    def _create(self, table: str, columns: Mapping[str, str], key: Sequence[str]) -> None:
        lines = [f"{quoted(name)} {self._type(sql_type)}" for name, sql_type in columns.items()]
        if key:
            lines.append(primary_key(table, key))
        self._run(f"CREATE TABLE {self._table(table)} ({', '.join(lines)})")

    def _match(self, key: Mapping[str, Slot]) -> str:
        return " AND ".join(f"target.{quoted(name)} = {self._staged[slot]}" for name, slot in key.items())

    def _run(self, statement: str) -> Any:
        return self._connection.execute(statement)


def primary_key(table: str, key: Sequence[str]) -> str:
    """The constraint of a table; without its name where that would be too long."""
    name = f"{table}_pkey"
    columns = f"PRIMARY KEY ({', '.join(map(quoted, key))})"
    return columns if is_too_long(name) else f"CONSTRAINT {quoted(name)} {columns}"


def encodable(text: str) -> str:
    """Write half a surrogate pair, which JSON allows, as the escape that JSON has for it."""
    return text.encode("utf-8", "backslashreplace").decode()


def _moment(moment: datetime) -> str:
    return f"TIMESTAMP {literal(timestamp_text(moment))}"
