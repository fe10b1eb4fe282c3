"""Loads a CSV file into a stream's table column by column, without a Python object for each record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from stitchnb.sandbox.connectors.csv_records import CsvColumn, CsvRecords, parse_row
from stitchnb.sandbox.pipeline import LoadBatch, LoadResult, WarehouseError
from stitchnb.sandbox.warehouses.duckdb.tables import DuckDBRegistry, DuckDBWriter
from stitchnb.sandbox.warehouses.loader import Loader
from stitchnb.sandbox.warehouses.naming import SEQUENCE, literal
from stitchnb.sandbox.warehouses.table_plan import Column, TablePlan, TypedColumn
from stitchnb.sandbox.warehouses.tables import Registry
from stitchnb.sandbox.warehouses.types import (
    BIGINT,
    BOOLEAN,
    DECIMAL,
    DECIMAL_DIGITS,
    DOUBLE,
    FIRST_SCALE,
    TEXT,
    TIMESTAMP,
    Declared,
    RecordRejectedError,
    decimal_type,
    declared,
)

if TYPE_CHECKING:
    import duckdb

# DuckDB's default. Longer lines must be declared.
_LINE_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class StagedColumn:
    """One column of the file, and its values in the staging table.

    Attributes
    ----------
    number
        Its position in the file.
    kind
        Type of its values.
    scale
        For a decimal, the digits after the point in its column. None if that depends on the values, which are then
        staged as text.
    """

    number: int
    kind: str
    scale: int | None = None

    @property
    def text(self) -> str:
        """The values as text, as in the file."""
        return f"t{self.number}"

    @property
    def cast(self) -> str:
        """The values cast to their type, null for those that cannot be cast."""
        match self.kind:
            case "VARCHAR":
                return self.text
            case "TIMESTAMP":
                # DuckDB reads years BC as if they were AD, and accepts years that the type does not have.
                is_usual = f"{self.text}[5] = '-' AND NOT suffix({self.text}, 'BC')"
                return f"CASE WHEN {is_usual} THEN TRY_CAST({self.text} AS {TIMESTAMP}) END"
            case "DECIMAL" if self.scale is None:
                return f"nullif(nullif(nullif({self.text}, 'NaN'), 'Infinity'), '-Infinity')"
            case "DECIMAL":
                return f"TRY_CAST({self.text} AS {decimal_type(38, self.scale or 0)})"
        return f"TRY_CAST({self.text} AS {self.kind})"

    @property
    def staged(self) -> str:
        """The values in the staging table."""
        return f"staged.c{self.number}"


@dataclass(frozen=True, slots=True)
class StagedStats:
    """Counts of the rows of a staged file.

    Attributes
    ----------
    uncastable
        Rows with a value that cannot be cast to its type, or without a complete key.
    first_rows
        The first castable row with a value, for each column that has values.
    """

    rows: int
    uncastable: int
    first_rows: dict[StagedColumn, int]


class ColumnWriter(DuckDBWriter):
    """Writes one CSV file, inside the caller's transaction.

    Types are chosen before the values are read. Rows that cannot be cast are kept apart.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, load: LoadBatch, records: CsvRecords) -> None:
        super().__init__(connection, load)
        self._sequence = f"({int(load.first_sequence)} + staged.number)"
        self._load_values[SEQUENCE] = self._sequence
        self._records = records

    def stage_file(
        self, columns: Sequence[StagedColumn], key: Sequence[StagedColumn], new: Sequence[StagedColumn]
    ) -> StagedStats:
        """Copy the file into the staging table, in its order.

        Parameters
        ----------
        new
            Columns whose first row is reported.
        """
        uncastable = [f"({c.text} IS NOT NULL AND c{c.number} IS NULL)" for c in columns if c.kind != TEXT]
        uncastable += [f"{column.text} IS NULL" for column in key]
        casts = ", ".join(f"{column.cast} AS c{column.number}" for column in columns)
        kept = ", ".join(f"c{column.number}" for column in columns)
        self._run(
            f"CREATE TEMP TABLE {self.staged} AS SELECT {kept}, number, "
            f"{' OR '.join(uncastable) or 'false'} AS is_uncastable "
            f"FROM (SELECT *, {casts} FROM {self._file()})"
        )
        firsts = [f"min(number) FILTER (NOT is_uncastable AND c{column.number} IS NOT NULL)" for column in new]
        found = ["count(*)", "count(*) FILTER (is_uncastable)", *firsts]
        rows, uncastable_rows, *first_rows = self._run(f"SELECT {', '.join(found)} FROM {self.staged}").fetchall()[0]
        return StagedStats(
            rows, uncastable_rows, {c: row for c, row in zip(new, first_rows, strict=True) if row is not None}
        )

    def pop_uncastable(self) -> Iterator[tuple[int, Sequence[str | None]]]:
        """Remove the uncastable rows from the staging table. Return their row numbers and texts."""
        texts = ", ".join(f"t{number}" for number in range(len(self._records.columns)))
        found: list[tuple[Any, ...]] = self._run(
            f"SELECT number, {texts} FROM {self._file()} "
            f"WHERE number IN (SELECT number FROM {self.staged} WHERE is_uncastable) ORDER BY number"
        ).fetchall()
        self._run(f"DELETE FROM {self.staged} WHERE is_uncastable")
        return ((row, values) for row, *values in found)

    def most_digits(self, column: StagedColumn) -> tuple[int, int]:
        """Return the most digits before and after the point among the values of a decimal column."""
        whole = f"length(ltrim(split_part(c{column.number}, '.', 1), '-0'))"
        fraction = f"length(rtrim(split_part(c{column.number}, '.', 2), '0'))"
        before, after = self._run(
            f"SELECT max({whole}), max({fraction}) FROM {self.staged} WHERE NOT is_uncastable"
        ).fetchall()[0]
        return before or 0, after or 0

    def bind_columns(self, columns: Mapping[StagedColumn, TypedColumn]) -> None:
        """Set the columns of the table that the staged columns are inserted into."""
        self._staged = {typed: _typed(column, typed) for column, typed in columns.items()}

    def stage(self, top: TablePlan, key: Sequence[TypedColumn]) -> None:
        """Keep only the last of several rows with the same key."""
        if not key:
            return
        same = ", ".join(self._staged[typed] for typed in key)
        (repeated,) = self._run(f"SELECT count(*) - count(DISTINCT ({same})) FROM {self.staged} AS staged").fetchall()[
            0
        ]
        if repeated:
            self._run(
                f"DELETE FROM {self.staged} WHERE number NOT IN "
                f"(SELECT max(staged.number) FROM {self.staged} AS staged GROUP BY {same})"
            )

    def insert_top(self, top: TablePlan) -> None:
        """Insert the staged rows, which are in order, into the stream's own table."""
        self._insert(
            top, {typed.name: column for typed, column in self._staged.items()}, f"{self.staged} AS staged", []
        )

    def _file(self) -> str:
        """Return the file as a table, with rows numbered from 0."""
        columns = ", ".join(f"t{number}: 'VARCHAR'" for number in range(len(self._records.columns)))
        # In one thread: after a value with line feeds, several threads would have to guess where a line begins.
        return (
            "(SELECT *, row_number() OVER () - 1 AS number "
            f"FROM read_csv({literal(str(self._records.path))}, auto_detect = false, header = false, delim = ',', "
            "quote = '\"', escape = '\"', new_line = '\\n', nullstr = '', allow_quoted_nulls = false, "
            f"parallel = false, max_line_size = {max(_LINE_BYTES, self._records.longest + 2)}, "
            f"columns = {{{columns}}}))"
        )


def _typed(column: StagedColumn, typed: TypedColumn) -> str:
    is_text = column.kind == DECIMAL and column.scale is None
    return f"CAST({column.staged} AS {typed.sql_type})" if is_text else column.staged


_KINDS = {
    "integer": BIGINT,
    "decimal": DECIMAL,
    "double": DOUBLE,
    "boolean": BOOLEAN,
    "timestamp": TIMESTAMP,
    "text": TEXT,
}


class ColumnarLoadUnsupportedError(Exception):
    """These records must be loaded one by one. The message says why."""


def load_columns(connection: duckdb.DuckDBPyConnection, load: LoadBatch, records: CsvRecords) -> LoadResult:
    """Load one batch inside the caller's transaction, with the same result as `Loader`.

    Raises
    ------
    ColumnarLoadUnsupportedError
        The records or the table need `Loader`. The caller rolls back and uses that.
    WarehouseError, duckdb.Error
        As for `Loader`.
    """
    registry = DuckDBRegistry(connection, load.schema_name)
    registry.read()
    writer = ColumnWriter(connection, load, records)
    try:
        return _ColumnLoader(registry, writer, load, records).run()
    except RecordRejectedError as reason:
        raise ColumnarLoadUnsupportedError(str(reason)) from reason
    except duckdb.InvalidInputException as error:
        raise ColumnarLoadUnsupportedError("not everything in the file is UTF-8") from error


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of the records: its column in the file, in the plan and in the staging table."""

    source: CsvColumn
    column: Column
    declared: Declared
    staged: StagedColumn

    @property
    def is_new(self) -> bool:
        """Whether the table has no column of this type yet."""
        return self.staged.kind not in self.column.typed_columns


class _ColumnLoader(Loader):
    def __init__(self, registry: Registry, writer: ColumnWriter, load: LoadBatch, records: CsvRecords) -> None:
        super().__init__(registry, writer, load)
        self._columns = writer
        self._records = records

    def run(self) -> LoadResult:
        """Load the batch. Records that cannot be cast are rejected for the same reason as in `Loader`."""
        top = self._open_top()
        flattener = self._flattener(top)
        fields = [self._field(top, number, column) for number, column in enumerate(self._records.columns)]
        names = [field.source.name for field in fields]
        if not set(self._stream.key_properties) <= set(names):
            raise ColumnarLoadUnsupportedError("the key is not among the fields")
        staged = [field.staged for field in fields]
        key = [field.staged for field in fields if field.column.is_key]
        stats = self._columns.stage_file(staged, key, [field.staged for field in fields if field.is_new])
        if stats.rows != len(self._records):
            raise WarehouseError(f"Only {stats.rows} of {len(self._records)} extracted rows were read.")
        if stats.rows == stats.uncastable:
            raise ColumnarLoadUnsupportedError("no record can be cast")
        self._add_types(top, fields, stats.first_rows)
        top.staged_rows = stats.rows - stats.uncastable
        for row, texts in self._columns.pop_uncastable() if stats.uncastable else ():
            flattener.add(row, parse_row(texts, self._records.columns))
        if top.rows:
            raise ColumnarLoadUnsupportedError("values fit their column, but the database reads them differently")
        self._columns.bind_columns(
            {field.staged: field.column.typed_columns[field.staged.kind] for field in fields if not field.is_new}
        )
        self._write(top, [top])
        self._writer.reject(flattener.rejections)
        return LoadResult(top.name, top.staged_rows, flattener.records_rejected, by_column=True)

    def _field(self, top: TablePlan, number: int, source: CsvColumn) -> _Field:
        if source.kind == "array":
            raise ColumnarLoadUnsupportedError(f"field {source.name} holds arrays")
        column = top.column((source.name,))
        if column is None:
            raise ColumnarLoadUnsupportedError(f"field {source.name} has no valid column name")
        properties = self._stream.schema.get("properties", {})
        declaration = declared(properties.get(source.name))
        kind = _KINDS[source.kind]
        if kind != _only_kind(declaration, kind) or (column.typed_columns and kind not in column.typed_columns):
            raise ColumnarLoadUnsupportedError(f"field {source.name} has values of several types")
        return _Field(source, column, declaration, StagedColumn(number, kind, _scale(source, column, declaration)))

    def _add_types(self, top: TablePlan, fields: Sequence[_Field], first_rows: dict[StagedColumn, int]) -> None:
        """Add columns for the fields that have values, in the same order as `Loader`."""
        new = [field for field in fields if field.staged in first_rows]
        for field in sorted(new, key=lambda field: (first_rows[field.staged], field.staged.number)):
            top.add_type(field.column, field.staged.kind, field.declared.scale or 0)
        for field in fields:
            if field.staged.kind == DECIMAL and field.staged.scale is None and not field.is_new:
                whole, scale = self._columns.most_digits(field.staged)
                if whole or scale:
                    # The widest possible number fits if and only if all values fit.
                    widest = f"{'9' * whole}.{'9' * scale}"
                    top.fit_decimal(field.column, field.column.typed_columns[DECIMAL], widest)
        top.commit()


def _only_kind(declaration: Declared, kind: str) -> str | None:
    """Return the type that all values of one kind get. None if it depends on the value."""
    if kind == BIGINT:
        if declaration.scale is not None:
            return DECIMAL
        return None if declaration.number and not declaration.integer else BIGINT
    if kind == DECIMAL:
        return None if declaration.scale is None and declaration.number else DECIMAL
    if kind == DOUBLE:
        return DOUBLE if declaration.scale is None else DECIMAL
    if kind in (TEXT, TIMESTAMP):
        return None if declaration.timestamp != (kind == TIMESTAMP) else kind
    return kind


def _scale(source: CsvColumn, column: Column, declaration: Declared) -> int | None:
    """Return the digits after the point of a decimal column that fits every value. None if it depends on the values."""
    if source.kind != "decimal" or source.precision is None or source.scale is None:
        return None
    typed = column.typed_columns.get(DECIMAL)
    if typed is None:
        scale, width = min(declaration.scale or 0, FIRST_SCALE), DECIMAL_DIGITS
    else:
        scale, width = typed.scale, typed.width or DECIMAL_DIGITS
    whole = source.precision - source.scale
    return scale if 0 <= source.scale <= scale and whole <= width - scale else None
