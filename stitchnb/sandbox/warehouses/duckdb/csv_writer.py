"""The statements that bring a file of CSV into a table at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stitchnb.sandbox.connectors.csv_records import CsvRecords
from stitchnb.sandbox.pipeline import LoadBatch
from stitchnb.sandbox.warehouses.duckdb.writer import DuckDBWriter
from stitchnb.sandbox.warehouses.naming import SEQUENCE, literal
from stitchnb.sandbox.warehouses.table_plan import Sheet, Slot
from stitchnb.sandbox.warehouses.types import DECIMAL, TEXT, TIMESTAMP, decimal_type

if TYPE_CHECKING:
    import duckdb

# Longer lines than this, DuckDB's default, have to be announced.
_LINE_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class StagedColumn:
    """One column of the file as it is staged.

    Attributes
    ----------
    number
        Its place in the file.
    kind
        Type of its values.
    scale
        Of a decimal: the digits after the point that its column has; None where that depends on the values, which
        then stay text for the time being.
    """

    number: int
    kind: str
    scale: int | None = None

    @property
    def text(self) -> str:
        """Its values as they stand in the file."""
        return f"t{self.number}"

    @property
    def cast(self) -> str:
        """Its values with their type, null for those that have no place in it."""
        match self.kind:
            case "VARCHAR":
                return self.text
            case "TIMESTAMP":
                # DuckDB reads years before the first as if they were after it, and knows more of them than dates have.
                is_usual = f"{self.text}[5] = '-' AND NOT suffix({self.text}, 'BC')"
                return f"CASE WHEN {is_usual} THEN TRY_CAST({self.text} AS {TIMESTAMP}) END"
            case "DECIMAL" if self.scale is None:
                return f"nullif(nullif(nullif({self.text}, 'NaN'), 'Infinity'), '-Infinity')"
            case "DECIMAL":
                return f"TRY_CAST({self.text} AS {decimal_type(38, self.scale or 0)})"
        return f"TRY_CAST({self.text} AS {self.kind})"

    @property
    def staged(self) -> str:
        """Its staged values."""
        return f"staged.c{self.number}"


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found in a file.

    Attributes
    ----------
    misfits
        Rows in which a value does not fit its type, or the key is incomplete.
    first_rows
        The first row, other than a misfit, that has a value, by column; columns without any are left out.
    """

    rows: int
    misfits: int
    first_rows: dict[StagedColumn, int]


class ColumnWriter(DuckDBWriter):
    """Writes one file of CSV, inside the caller's transaction.

    The values' types are settled before they are read, and what cannot be cast is set aside.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, load: LoadBatch, records: CsvRecords) -> None:
        super().__init__(connection, load)
        self._sequence = f"({int(load.first_sequence)} + staged.number)"
        self._stamps[SEQUENCE] = self._sequence
        self._records = records

    def take_in(
        self, columns: Sequence[StagedColumn], key: Sequence[StagedColumn], new: Sequence[StagedColumn]
    ) -> Survey:
        """Stage the file's rows, in its order.

        Parameters
        ----------
        new
            Columns of which the first row is wanted.
        """
        misfits = [f"({c.text} IS NOT NULL AND c{c.number} IS NULL)" for c in columns if c.kind != TEXT]
        misfits += [f"{column.text} IS NULL" for column in key]
        casts = ", ".join(f"{column.cast} AS c{column.number}" for column in columns)
        kept = ", ".join(f"c{column.number}" for column in columns)
        self._run(
            f"CREATE TEMP TABLE {self.staged} AS SELECT {kept}, number, {' OR '.join(misfits) or 'false'} AS is_misfit "
            f"FROM (SELECT *, {casts} FROM {self._file()})"
        )
        firsts = [f"min(number) FILTER (NOT is_misfit AND c{column.number} IS NOT NULL)" for column in new]
        found = ["count(*)", "count(*) FILTER (is_misfit)", *firsts]
        rows, misfit_rows, *first_rows = self._run(f"SELECT {', '.join(found)} FROM {self.staged}").fetchall()[0]
        return Survey(rows, misfit_rows, {c: row for c, row in zip(new, first_rows, strict=True) if row is not None})

    def take_out_misfits(self) -> Iterator[tuple[int, Sequence[str | None]]]:
        """Take the misfits out of the staged rows; gives their rows and what stands in the file."""
        texts = ", ".join(f"t{number}" for number in range(len(self._records.columns)))
        found: list[tuple[Any, ...]] = self._run(
            f"SELECT number, {texts} FROM {self._file()} "
            f"WHERE number IN (SELECT number FROM {self.staged} WHERE is_misfit) ORDER BY number"
        ).fetchall()
        self._run(f"DELETE FROM {self.staged} WHERE is_misfit")
        return ((row, values) for row, *values in found)

    def most_digits(self, column: StagedColumn) -> tuple[int, int]:
        """Most digits before and after the point among a decimal column's values."""
        whole = f"length(ltrim(split_part(c{column.number}, '.', 1), '-0'))"
        fraction = f"length(rtrim(split_part(c{column.number}, '.', 2), '0'))"
        before, after = self._run(
            f"SELECT max({whole}), max({fraction}) FROM {self.staged} WHERE NOT is_misfit"
        ).fetchall()[0]
        return before or 0, after or 0

    def fill(self, columns: Mapping[StagedColumn, Slot]) -> None:
        """Say which of the table's columns the staged ones go into."""
        self._staged = {slot: _typed(column, slot) for column, slot in columns.items()}

    def stage(self, top: Sheet, key: Sequence[Slot]) -> None:
        """Leave of several rows with one key the last."""
        if not key:
            return
        same = ", ".join(self._staged[slot] for slot in key)
        (repeated,) = self._run(f"SELECT count(*) - count(DISTINCT ({same})) FROM {self.staged} AS staged").fetchall()[
            0
        ]
        if repeated:
            self._run(
                f"DELETE FROM {self.staged} WHERE number NOT IN "
                f"(SELECT max(staged.number) FROM {self.staged} AS staged GROUP BY {same})"
            )

    def insert_top(self, top: Sheet) -> None:
        """Insert the staged rows, which are in order, into the stream's own table."""
        self._insert(top, {slot.name: column for slot, column in self._staged.items()}, f"{self.staged} AS staged", [])

    def _file(self) -> str:
        """The file as a table, its rows numbered from 0."""
        columns = ", ".join(f"t{number}: 'VARCHAR'" for number in range(len(self._records.columns)))
        # In one thread: several would have to guess at where a line begins that follows one with line feeds inside.
        return (
            "(SELECT *, row_number() OVER () - 1 AS number "
            f"FROM read_csv({literal(str(self._records.path))}, auto_detect = false, header = false, delim = ',', "
            "quote = '\"', escape = '\"', new_line = '\\n', nullstr = '', allow_quoted_nulls = false, "
            f"parallel = false, max_line_size = {max(_LINE_BYTES, self._records.longest + 2)}, "
            f"columns = {{{columns}}}))"
        )


def _typed(column: StagedColumn, slot: Slot) -> str:
    is_text = column.kind == DECIMAL and column.scale is None
    return f"CAST({column.staged} AS {slot.sql_type})" if is_text else column.staged
