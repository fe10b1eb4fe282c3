"""The statements that bring rows into a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from stitchnb.sandbox.pipeline import LoadBatch
from stitchnb.sandbox.warehouses.flatten import Rejection
from stitchnb.sandbox.warehouses.naming import quoted
from stitchnb.sandbox.warehouses.table_plan import Sheet, Slot
from stitchnb.sandbox.warehouses.types import BIGINT, DOUBLE, TEXT, Limits
from stitchnb.sandbox.warehouses.writer import LEVEL, NUMBER, Writer, encodable, primary_key

if TYPE_CHECKING:
    import psycopg

_SPELT = {DOUBLE: "double precision", TEXT: "text"}
_ROWS = quoted("pg_temp", "stitchnb_rows")
_NULL = r"\N"
# Rows that are written at once: they are one text in memory.
_CHUNK = 5_000

Cells = Sequence[str]
"""One column as ``COPY`` reads it."""


class PostgresWriter(Writer):
    """Writes the sheets of one batch; rows travel by ``COPY`` into temporary tables that have their types."""

    # Numbers as documented for the type `numeric`.
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
        """Give a table another primary key, or none."""
        name = self._table(table)
        found = self._connection.execute(
            "SELECT conname, array_agg(attname::text) FROM pg_constraint JOIN pg_attribute "
            "ON attrelid = conrelid AND attnum = ANY (conkey) WHERE conrelid = %s::regclass AND contype = 'p' "
            "GROUP BY conname",
            [name],
        ).fetchall()
        for constraint, columns in found:
            # What refers to the key is the owner's, who is told of it.
            self._run(f"ALTER TABLE {name} DROP CONSTRAINT {quoted(constraint)}")
            for column in columns:
                self._run(f"ALTER TABLE {name} ALTER COLUMN {quoted(column)} DROP NOT NULL")
        if key:
            self._run(f"ALTER TABLE {name} ADD {primary_key(table, key)}")

    def stage(self, top: Sheet, key: Sequence[Slot]) -> None:
        """Copy the stream's own rows into a temporary table; of several with one key the last stays."""
        columns = self._copy(self.staged, top)
        self._staged = {slot: f"staged.{column}" for slot, column in columns.items()}
        if key:
            same = ", ".join(columns[slot] for slot in key)
            self._run(
                f"DELETE FROM {self.staged} WHERE {NUMBER} IN (SELECT {NUMBER} FROM (SELECT {NUMBER}, row_number() "
                f"OVER (PARTITION BY {same} ORDER BY {NUMBER} DESC) AS place FROM {self.staged}) AS ranked "
                "WHERE place > 1)"
            )
            # Nothing is known of a temporary table until it is looked at, and the ways to join depend on its size.
            self._run(f"ANALYZE {self.staged} ({same})")

    def meets_any(self, top: Sheet, key: Sequence[Slot]) -> bool:
        """Whether the table has a row with the key of a staged one."""
        match = self._match({slot.name: slot for slot in key})
        # Counted: a way to the first match alone, which the planner would take, is a long one where there is none.
        ((found,),) = self._run(
            f"SELECT count(*) FROM {self.staged} AS staged JOIN {self._table(top.name)} AS target ON {match}"
        ).fetchall()
        return bool(found)

    def _show(self, sheet: Sheet) -> tuple[str, dict[Slot, str]]:
        self._run(f"DROP TABLE IF EXISTS {_ROWS}")
        columns = self._copy(_ROWS, sheet)
        self._run(f"ANALYZE {_ROWS} ({NUMBER})")
        return _ROWS, {slot: f"element.{column}" for slot, column in columns.items()}

    def _show_rejections(self, rejections: Sequence[Rejection]) -> str:
        columns = {
            "table_name": [rejection.table for rejection in rejections],
            "reason": [rejection.reason for rejection in rejections],
            "record": [rejection.record for rejection in rejections],
        }
        self._run(f"DROP TABLE IF EXISTS {_ROWS}")
        self._fill(
            _ROWS,
            dict.fromkeys(columns, TEXT),
            [_escaped([encodable(text).replace("\0", r"\u0000") for text in texts]) for texts in columns.values()],
        )
        return _ROWS

    def _copy(self, table: str, sheet: Sheet) -> dict[Slot, str]:
        """Make a temporary table of a sheet's rows; gives the column of each slot that has any values."""
        numbers = [row[0] for row in sheet.rows]
        sequences = self._sequences or range(self._first_sequence, self._first_sequence + numbers[-1] + 1)
        types = {NUMBER: BIGINT, "sequence": BIGINT}
        cells: list[Cells] = [list(map(str, numbers)), [str(sequences[number]) for number in numbers]]
        for level in range(sheet.depth):
            types[f"{LEVEL}{level}"] = BIGINT
            cells.append([str(row[level + 1]) for row in sheet.rows])
        columns: dict[Slot, str] = {}
        for slot in sheet.slots():
            if slot.rows:
                columns[slot] = f"c{len(columns)}"
                types[columns[slot]] = slot.sql_type
                cells.append(_cells(slot, len(sheet.rows)))
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


def _cells(slot: Slot, size: int) -> Cells:
    """One column's values, row by row."""
    texts = _escaped(slot.texts) if slot.kind == TEXT else slot.texts
    if len(texts) == size:
        return texts
    cells = [_NULL] * size
    for row, text in zip(slot.rows, texts, strict=True):
        cells[row] = text
    return cells


def _escaped(texts: Sequence[str]) -> Cells:
    """Escape what parts values and lines; all texts at once, none of which holds U+0000."""
    joined = "\0".join(texts).replace("\\", r"\\").replace("\t", r"\t").replace("\n", r"\n").replace("\r", r"\r")
    return joined.split("\0")


def _blocks(cells: Sequence[Cells]) -> Iterator[str]:
    """Lines of text, a few thousand at once."""
    lines = map("\t".join, zip(*cells, strict=True))
    while block := "\n".join(islice(lines, _CHUNK)):
        yield block + "\n"
