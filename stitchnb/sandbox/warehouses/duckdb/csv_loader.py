"""One file of records into one stream's table, by the column: what the loader does, without a look at each record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from stitchnb.sandbox.connectors.csv_records import CsvColumn, CsvRecords, record_of
from stitchnb.sandbox.pipeline import LoadBatch, LoadResult, WarehouseError
from stitchnb.sandbox.warehouses.cells import Rejected
from stitchnb.sandbox.warehouses.duckdb.csv_writer import ColumnWriter, StagedColumn
from stitchnb.sandbox.warehouses.duckdb.registry import DuckDBRegistry
from stitchnb.sandbox.warehouses.loader import Loader
from stitchnb.sandbox.warehouses.registry import Registry
from stitchnb.sandbox.warehouses.table_plan import Column, Sheet
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
    declared,
)

_KINDS = {
    "integer": BIGINT,
    "decimal": DECIMAL,
    "double": DOUBLE,
    "boolean": BOOLEAN,
    "timestamp": TIMESTAMP,
    "text": TEXT,
}


class NotByColumn(Exception):
    """These records have to be loaded one by one; the message says why."""


def load_columns(connection: duckdb.DuckDBPyConnection, load: LoadBatch, records: CsvRecords) -> LoadResult:
    """Load one batch inside the transaction that the caller has begun, as `Loader` would.

    Raises
    ------
    NotByColumn
        Something about the records or the table needs a look at each record: the caller rolls back, and leaves the
        batch to the loader.
    WarehouseError, duckdb.Error
        As of the loader.
    """
    registry = DuckDBRegistry(connection, load.schema_name)
    registry.read()
    writer = ColumnWriter(connection, load, records)
    try:
        return _ColumnLoader(registry, writer, load, records).run()
    except Rejected as reason:
        raise NotByColumn(str(reason)) from reason
    except duckdb.InvalidInputException as error:
        raise NotByColumn("not everything in the file is UTF-8") from error


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of the records: its column in the file, in the sheet and among the staged ones."""

    source: CsvColumn
    column: Column
    declared: Declared
    staged: StagedColumn

    @property
    def is_new(self) -> bool:
        """Its column comes into being with the first value."""
        return self.staged.kind not in self.column.slots


class _ColumnLoader(Loader):
    def __init__(self, registry: Registry, writer: ColumnWriter, load: LoadBatch, records: CsvRecords) -> None:
        super().__init__(registry, writer, load)
        self._columns = writer
        self._records = records

    def run(self) -> LoadResult:
        """Load it, and tell what came of it; what does not cast is rejected for the reason that the loader has."""
        top = self._open_top()
        flattener = self._flattener(top)
        fields = [self._field(top, number, column) for number, column in enumerate(self._records.columns)]
        names = [field.source.name for field in fields]
        if not set(self._stream.key_properties) <= set(names):
            raise NotByColumn("the key is not among the fields")
        staged = [field.staged for field in fields]
        key = [field.staged for field in fields if field.column.is_key]
        found = self._columns.take_in(staged, key, [field.staged for field in fields if field.is_new])
        if found.rows != len(self._records):
            raise WarehouseError(f"{found.rows} rows were read of {len(self._records)} that were extracted")
        if found.rows == found.misfits:
            raise NotByColumn("no record fits")
        self._claim(top, fields, found.first_rows)
        top.staged_rows = found.rows - found.misfits
        for row, texts in self._columns.take_out_misfits() if found.misfits else ():
            flattener.add(row, record_of(texts, self._records.columns))
        if top.rows:
            raise NotByColumn("values fit their column's type, but not in the way that the database reads them")
        self._columns.fill(
            {field.staged: field.column.slots[field.staged.kind] for field in fields if not field.is_new}
        )
        self._write(top, [top])
        self._writer.reject(flattener.rejections)
        return LoadResult(top.name, top.staged_rows, flattener.records_rejected, by_column=True)

    def _field(self, top: Sheet, number: int, source: CsvColumn) -> _Field:
        if source.kind == "array":
            raise NotByColumn(f"field {source.name} holds arrays")
        column = top.column((source.name,))
        if column is None:
            raise NotByColumn(f"field {source.name} has no valid column name")
        properties = self._stream.schema.get("properties", {})
        says = declared(properties.get(source.name))
        kind = _KINDS[source.kind]
        if kind != _only_kind(says, kind) or (column.slots and kind not in column.slots):
            raise NotByColumn(f"field {source.name} has values of several types")
        return _Field(source, column, says, StagedColumn(number, kind, _scale(source, column, says)))

    def _claim(self, top: Sheet, fields: Sequence[_Field], first_rows: dict[StagedColumn, int]) -> None:
        """Give the fields that have values their columns, in the order in which the records would."""
        new = [field for field in fields if field.staged in first_rows]
        for field in sorted(new, key=lambda field: (first_rows[field.staged], field.staged.number)):
            top.claim(field.column, field.staged.kind, field.declared.scale or 0)
        for field in fields:
            if field.staged.kind == DECIMAL and field.staged.scale is None and not field.is_new:
                whole, scale = self._columns.most_digits(field.staged)
                if whole or scale:
                    # The widest there could be, which fits exactly where each of them does.
                    widest = f"{'9' * whole}.{'9' * scale}"
                    top.admit_decimal(field.column, field.column.slots[DECIMAL], widest)
        top.keep_changes()


def _only_kind(says: Declared, kind: str) -> str | None:
    """What values of one kind become whatever they are; None where it depends on the value."""
    if kind == BIGINT:
        if says.scale is not None:
            return DECIMAL
        return None if says.number and not says.integer else BIGINT
    if kind == DECIMAL:
        return None if says.scale is None and says.number else DECIMAL
    if kind == DOUBLE:
        return DOUBLE if says.scale is None else DECIMAL
    if kind in (TEXT, TIMESTAMP):
        return None if says.timestamp != (kind == TIMESTAMP) else kind
    return kind


def _scale(source: CsvColumn, column: Column, says: Declared) -> int | None:
    """Digits after the point of a decimal column that holds whatever the source can send; None to look at them."""
    if source.kind != "decimal" or source.precision is None or source.scale is None:
        return None
    slot = column.slots.get(DECIMAL)
    if slot is None:
        scale, width = min(says.scale or 0, FIRST_SCALE), DECIMAL_DIGITS
    else:
        scale, width = slot.scale, slot.width or DECIMAL_DIGITS
    whole = source.precision - source.scale
    return scale if 0 <= source.scale <= scale and whole <= width - scale else None
