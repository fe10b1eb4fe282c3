"""The statements that bring one stream's tables into shape and rows into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from stitchnb.sandbox.engine.base import LoadBatch
from stitchnb.sandbox.engine.warehouses.cells import decimal_digits, timestamp_text
from stitchnb.sandbox.engine.warehouses.flatten import Rejection
from stitchnb.sandbox.engine.warehouses.naming import (
    BATCHED_AT,
    DATABASE,
    EXTRACTED_AT,
    RECEIVED_AT,
    REJECTED_TABLE,
    SEQUENCE,
    TABLE_VERSION,
    level_id,
    literal,
    quoted,
)
from stitchnb.sandbox.engine.warehouses.sheet import Sheet, Slot
from stitchnb.sandbox.engine.warehouses.types import BIGINT, TIMESTAMP

if TYPE_CHECKING:
    import duckdb

STAMPS = {
    EXTRACTED_AT: TIMESTAMP,
    RECEIVED_AT: TIMESTAMP,
    BATCHED_AT: TIMESTAMP,
    SEQUENCE: BIGINT,
    TABLE_VERSION: BIGINT,
}
"""Columns that say when and in which order a row came, with their types."""

_VIEW = "stitchnb_rows"
_ROWS = quoted("temp", "main", _VIEW)
_STAGED = quoted("temp", "main", "stitchnb_staged")
_KEPT = quoted("temp", "main", "stitchnb_kept")
_LEVEL = "level"
_NUMBER = "number"
_SEQUENCE = "sequence"


def forget_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Let go of the last batch's cells, once its transaction is over."""
    connection.unregister(_VIEW)


class Writer:
    """Writes the sheets of one batch, inside the caller's transaction.

    Values travel as text and DuckDB casts them: the types were settled when the sheets were laid out, so that a
    cast can neither fail nor round.

    Parameters
    ----------
    load
        Gives the schema, the stamps and the sequence numbers.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, load: LoadBatch) -> None:
        self._connection = connection
        self._schema = load.schema_name
        self._first_sequence = int(load.first_sequence)
        self._sequences = None if load.sequences is None else np.array(load.sequences, dtype=np.int64)
        self._staged: dict[Slot, str] = {}
        self._stamps = {
            EXTRACTED_AT: _moment(load.batch.time_extracted),
            RECEIVED_AT: _moment(load.received_at),
            BATCHED_AT: _moment(load.batched_at),
            SEQUENCE: "staged.sequence",
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
                self._run(f"ALTER TABLE {table} ALTER COLUMN {quoted(slot.name)} TYPE {slot.sql_type}")
        added = {slot.name: slot.sql_type for slot in sheet.added} | dict(own_types)
        for name, sql_type in added.items():
            self._run(f"ALTER TABLE {table} ADD COLUMN {quoted(name)} {sql_type}")

    def rebuild(self, table: str, key: Sequence[str]) -> None:
        """Give a table another primary key, or none: DuckDB cannot alter the constraint."""
        name = self._table(table)
        columns = {column: sql_type for column, sql_type, *_ in self._run(f"DESCRIBE {name}").fetchall()}
        self._run(f"CREATE TEMP TABLE {_KEPT} AS FROM {name}")
        self._run(f"DROP TABLE {name}")
        self._create(table, columns, key)
        self._run(f"INSERT INTO {name} FROM {_KEPT}")
        self._run(f"DROP TABLE {_KEPT}")

    def empty(self, table: str) -> None:
        """Delete every row."""
        self._run(f"DELETE FROM {self._table(table)}")

    def stage(self, top: Sheet, key: Sequence[Slot]) -> None:
        """Cast the stream's own rows into a temporary table, from which its tables are then filled.

        Parameters
        ----------
        key
            Columns whose every combination stays once, the last; empty to keep all rows.
        """
        casts = self._register(top)
        self._staged = {slot: f"staged.c{number}" for number, slot in enumerate(casts)}
        columns = [f"{cast} AS c{number}" for number, cast in enumerate(casts.values())]
        columns += [_NUMBER, _SEQUENCE]
        newest = ""
        if key:
            same = ", ".join(casts[slot] for slot in key)
            newest = f"QUALIFY row_number() OVER (PARTITION BY {same} ORDER BY {_NUMBER} DESC) = 1"
        self._run(f"CREATE TEMP TABLE {_STAGED} AS SELECT {', '.join(columns)} FROM {_ROWS} {newest}")

    def drop_stage(self) -> None:
        """Let go of the staged rows."""
        self._run(f"DROP TABLE {_STAGED}")

    def skip_outdated(self, top: Sheet, key: Sequence[Slot]) -> None:
        """Leave out staged rows that the table has with a higher sequence already."""
        match = self._match({slot.name: slot for slot in key})
        self._run(
            f"DELETE FROM {_STAGED} AS staged USING {self._table(top.name)} AS target "
            f"WHERE {match} AND target.{quoted(SEQUENCE)} > staged.sequence"
        )

    def delete_staged(self, table: str, key: Mapping[str, Slot]) -> None:
        """Delete the rows of a table that the staged rows replace.

        Parameters
        ----------
        key
            Columns of the table, and the key columns whose values they hold.
        """
        self._run(f"DELETE FROM {self._table(table)} AS target USING {_STAGED} AS staged WHERE {self._match(key)}")

    def insert_top(self, top: Sheet) -> None:
        """Insert the staged rows into the stream's own table."""
        values = {slot.name: column for slot, column in self._staged.items()}
        self._insert(top, values, f"{_STAGED} AS staged", ["staged.sequence", f"staged.{_NUMBER}"])

    def insert_subtable(self, sheet: Sheet, key: Mapping[str, Slot]) -> None:
        """Insert the elements that belong to staged rows.

        Parameters
        ----------
        key
            Columns for the source key, and the key columns whose values they get.
        """
        casts = self._register(sheet)
        levels = [f"{_LEVEL}{level}" for level in range(len(sheet.rows[0]) - 1)]
        values = {name: self._staged[slot] for name, slot in key.items()}
        values |= {level_id(level): column for level, column in enumerate(levels)}
        values |= {slot.name: cast for slot, cast in casts.items()}
        belongs = f"{_ROWS} AS element JOIN {_STAGED} AS staged ON staged.{_NUMBER} = element.{_NUMBER}"
        self._insert(sheet, values, belongs, ["staged.sequence", f"staged.{_NUMBER}", *levels])

    def reject(self, rejections: Sequence[Rejection]) -> None:
        """Add to the schema's table of rejected records."""
        if not rejections:
            return
        table = self._table(REJECTED_TABLE)
        self._run(
            f"CREATE TABLE IF NOT EXISTS {table} "
            "(_sdc_rejected_at TIMESTAMP, table_name VARCHAR, reason VARCHAR, record VARCHAR)"
        )
        columns = {
            "table_name": [rejection.table for rejection in rejections],
            "reason": [rejection.reason for rejection in rejections],
            "record": [rejection.record for rejection in rejections],
        }
        self._connection.register(_VIEW, {name: _texts(values) for name, values in columns.items()})
        self._run(
            f"INSERT INTO {table} (_sdc_rejected_at, table_name, reason, record) "
            f"SELECT {self._stamps[BATCHED_AT]}, table_name, reason, record FROM {_ROWS}"
        )

    def digits_held(self, table: str, column: str) -> int:
        """Most digits before the point among a decimal column's values."""
        (largest,) = self._run(f"SELECT max(abs({quoted(column)})) FROM {self._table(table)}").fetchall()[0]
        return 0 if largest is None else decimal_digits(format(largest, "f"))[0]

    def _register(self, sheet: Sheet) -> dict[Slot, str]:
        """Show DuckDB the cells of a sheet; gives the expression for each column that has any."""
        numbers = np.array(sheet.rows, dtype=np.int64)
        number = np.ascontiguousarray(numbers[:, 0])
        sequence = self._first_sequence + number if self._sequences is None else self._sequences[number]
        frame: dict[str, Any] = {_NUMBER: number, _SEQUENCE: sequence}
        for level in range(numbers.shape[1] - 1):
            frame[f"{_LEVEL}{level}"] = np.ascontiguousarray(numbers[:, level + 1])
        casts: dict[Slot, str] = {}
        for slot in sheet.slots():
            if slot.rows:
                name = f"t{len(casts)}"
                casts[slot] = f"CAST({name} AS {slot.sql_type})"
                frame[name] = np.full(len(sheet.rows), None, dtype=object)
                frame[name][slot.rows] = slot.texts
        self._connection.register(_VIEW, frame)
        return casts

    def _insert(self, sheet: Sheet, values: Mapping[str, str], source: str, order: Sequence[str]) -> None:
        values = {**values, **{name: self._stamps[name] for name in sheet.reserved if name in STAMPS}}
        self._run(
            f"INSERT INTO {self._table(sheet.name)} ({', '.join(map(quoted, values))}) "
            f"SELECT {', '.join(values.values())} FROM {source} ORDER BY {', '.join(order)}"
        )

    def _create(self, table: str, columns: Mapping[str, str], key: Sequence[str]) -> None:
        lines = [f"{quoted(name)} {sql_type}" for name, sql_type in columns.items()]
        if key:
            lines.append(f"CONSTRAINT {quoted(f'{table}_pkey')} PRIMARY KEY ({', '.join(map(quoted, key))})")
        self._run(f"CREATE TABLE {self._table(table)} ({', '.join(lines)})")

    def _match(self, key: Mapping[str, Slot]) -> str:
        return " AND ".join(f"target.{quoted(name)} = {self._staged[slot]}" for name, slot in key.items())

    def _table(self, name: str) -> str:
        return quoted(DATABASE, self._schema, name)

    def _run(self, statement: str) -> duckdb.DuckDBPyConnection:
        return self._connection.execute(statement)


def _moment(moment: datetime) -> str:
    return f"TIMESTAMP {literal(timestamp_text(moment))}"


def _texts(values: Sequence[str]) -> np.ndarray[Any, np.dtype[np.object_]]:
    # Half a surrogate pair, which JSON allows, is written as the escape that JSON has for it.
    return np.array([value.encode("utf-8", "backslashreplace").decode() for value in values], dtype=object)
