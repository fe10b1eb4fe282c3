"""The statements that bring rows into a DuckDB database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from stitchnb.sandbox.pipeline import LoadBatch
from stitchnb.sandbox.warehouses.flatten import Rejection
from stitchnb.sandbox.warehouses.naming import DATABASE, quoted
from stitchnb.sandbox.warehouses.table_plan import Sheet, Slot
from stitchnb.sandbox.warehouses.types import Limits
from stitchnb.sandbox.warehouses.writer import LEVEL, NUMBER, Writer, encodable

if TYPE_CHECKING:
    import duckdb

_VIEW = "stitchnb_rows"
_ROWS = quoted("temp", "main", _VIEW)
_KEPT = quoted("temp", "main", "stitchnb_kept")
_SEQUENCE = "sequence"


def forget_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Let go of the last batch's cells, once its transaction is over."""
    connection.unregister(_VIEW)


class DuckDBWriter(Writer):
    """Writes the sheets of one batch; DuckDB reads the cells where they lie in memory."""

    limits = Limits()
    staged = quoted("temp", "main", "stitchnb_staged")

    def __init__(self, connection: duckdb.DuckDBPyConnection, load: LoadBatch) -> None:
        super().__init__(connection, load)
        self._sequences = None if load.sequences is None else np.array(load.sequences, dtype=np.int64)

    def rebuild(self, table: str, key: Sequence[str]) -> None:
        """Give a table another primary key, or none: DuckDB cannot alter the constraint."""
        name = self._table(table)
        columns = {column: sql_type for column, sql_type, *_ in self._run(f"DESCRIBE {name}").fetchall()}
        self._run(f"CREATE TEMP TABLE {_KEPT} AS FROM {name}")
        self._run(f"DROP TABLE {name}")
        self._create(table, columns, key)
        self._run(f"INSERT INTO {name} FROM {_KEPT}")
        self._run(f"DROP TABLE {_KEPT}")

    def stage(self, top: Sheet, key: Sequence[Slot]) -> None:
        """Cast the stream's own rows into a temporary table; of several with one key the last."""
        rows, casts = self._show(top)
        self._staged = {slot: f"staged.c{number}" for number, slot in enumerate(casts)}
        columns = [f"{cast} AS c{number}" for number, cast in enumerate(casts.values())]
        columns += [NUMBER, _SEQUENCE]
        newest = ""
        if key:
            same = ", ".join(casts[slot] for slot in key)
            newest = f"QUALIFY row_number() OVER (PARTITION BY {same} ORDER BY {NUMBER} DESC) = 1"
        self._run(f"CREATE TEMP TABLE {self.staged} AS SELECT {', '.join(columns)} FROM {rows} {newest}")

    def _show(self, sheet: Sheet) -> tuple[str, dict[Slot, str]]:
        numbers = np.array(sheet.rows, dtype=np.int64)
        number = np.ascontiguousarray(numbers[:, 0])
        sequence = self._first_sequence + number if self._sequences is None else self._sequences[number]
        frame: dict[str, Any] = {NUMBER: number, _SEQUENCE: sequence}
        for level in range(numbers.shape[1] - 1):
            frame[f"{LEVEL}{level}"] = np.ascontiguousarray(numbers[:, level + 1])
        casts: dict[Slot, str] = {}
        for slot in sheet.slots():
            if slot.rows:
                name = f"t{len(casts)}"
                casts[slot] = f"CAST({name} AS {slot.sql_type})"
                frame[name] = np.full(len(sheet.rows), None, dtype=object)
                frame[name][slot.rows] = slot.texts
        self._connection.register(_VIEW, frame)
        return _ROWS, casts

    def _show_rejections(self, rejections: Sequence[Rejection]) -> str:
        columns = {
            "table_name": [rejection.table for rejection in rejections],
            "reason": [rejection.reason for rejection in rejections],
            "record": [rejection.record for rejection in rejections],
        }
        frame = {name: np.array([encodable(text) for text in texts], dtype=object) for name, texts in columns.items()}
        self._connection.register(_VIEW, frame)
        return _ROWS

    def _table(self, name: str) -> str:
        return quoted(DATABASE, self._schema, name)

    def _type(self, sql_type: str) -> str:
        return sql_type
