"""One batch into one stream's tables: what it becomes there, and in which order it is written."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from stitchnb.sandbox.pipeline import LoadBatch, LoadResult, SubtableResult, WarehouseError
from stitchnb.sandbox.warehouses.cells import Rejected
from stitchnb.sandbox.warehouses.flatten import Flattener, Rejection, json_text
from stitchnb.sandbox.warehouses.naming import (
    EXTRACTED_AT,
    MAX_NAME_BYTES,
    REJECTED_TABLE,
    folded,
    is_too_long,
    level_id,
    source_key,
    valid_name,
)
from stitchnb.sandbox.warehouses.registry import ColumnNote, Registry, StoredTable, TableNote
from stitchnb.sandbox.warehouses.table_plan import Column, Path, Sheet, Slot
from stitchnb.sandbox.warehouses.types import BIGINT, DECIMAL, digits_of, kind_of
from stitchnb.sandbox.warehouses.writer import STAMPS, Writer

_log = logging.getLogger(__name__)


class Loader:
    """Loads one batch record by record, inside the transaction that the caller has begun.

    Parameters
    ----------
    registry
        Of the source's schema, as it stands.
    """

    def __init__(self, registry: Registry, writer: Writer, load: LoadBatch) -> None:
        self._registry = registry
        self._writer = writer
        self._limits = writer.limits
        self._load = load
        self._stream = load.batch.stream
        self._table = valid_name([load.table_name])
        self._opened: dict[str, Sheet] = {}

    def run(self) -> LoadResult:
        """Load it, and tell what came of it.

        Raises
        ------
        WarehouseError
            A table is not as the loader needs it. The caller rolls back, as it does when the database refuses.
        """
        records = self._load.batch.records
        try:
            top = self._open_top()
        except Rejected as reason:
            name = self._table or self._load.table_name
            self._writer.reject([Rejection(name, str(reason), json_text(record)) for record in records])
            return LoadResult(table=name, rows_loaded=0, rows_rejected=len(records))
        flattener = self._flattener(top)
        for number, record in enumerate(records):
            flattener.add(number, record)
        self._write(top, [sheet for sheet in flattener.sheets if sheet.exists or sheet.has_values])
        self._writer.reject(flattener.rejections)
        for table, *path in sorted(flattener.columns_left_out):
            _log.warning(
                "Field %s of %s.%s is left out: its column name would be empty or longer than %d bytes",
                ".".join(path),
                self._load.schema_name,
                table,
                MAX_NAME_BYTES,
            )
        rejected = flattener.records_rejected
        subtables = [SubtableResult(s.name, s.path, len(s.rows)) for s in flattener.sheets if s is not top and s.rows]
        return LoadResult(top.name, len(records) - rejected, rejected, tuple(subtables))

    def _open_top(self) -> Sheet:
        self._check_name(self._table, ())
        return self._open(self._table, (), 0, tuple(STAMPS))

    def _flattener(self, top: Sheet) -> Flattener:
        return Flattener(top, self._stream.schema, self._stream.key_properties, self._open_subtable, self._limits)

    def _check_name(self, name: str, path: Path) -> None:
        """Refuse a table name that cannot be, or that is another's."""
        if not name:
            raise Rejected(f"No valid table name is left of {self._load.table_name}")
        if is_too_long(name):
            raise Rejected(f"Table name {name} is longer than {MAX_NAME_BYTES} bytes")
        note = self._registry.notes.get(folded(name))
        sheet = self._opened.get(folded(name))
        if (
            folded(name) == REJECTED_TABLE
            or (note is not None and (note.stream, note.path) != (self._load.table_name, path))
            or (sheet is not None and sheet.path != path)
        ):
            raise Rejected(f"Table collision on {name}")
        if note is None and folded(name) in self._registry.stored:
            raise WarehouseError(
                f"{self._load.schema_name}.{name} exists already and was not made by a load: "
                "rename or drop it, then start the job again"
            )

    def _open_subtable(self, path: Path, depth: int) -> Sheet:
        name = valid_name((self._table, *path))
        self._check_name(name, path)
        key = [source_key(column.name) for column in self._key_columns()]
        if (too_long := next(filter(is_too_long, key), None)) is not None:
            raise Rejected(f"Column name {too_long} is longer than {MAX_NAME_BYTES} bytes")
        stamps = [stamp for stamp in STAMPS if stamp != EXTRACTED_AT]
        return self._open(name, path, depth, [*key, *map(level_id, range(depth)), *stamps])

    def _open(self, name: str, path: Path, depth: int, reserved: Sequence[str]) -> Sheet:
        stored = self._registry.stored.get(folded(name))
        sheet = self._opened[folded(name)] = Sheet(
            name if stored is None else stored.name,
            path,
            depth,
            reserved,
            exists=stored is not None,
            digits_held=partial(self._writer.digits_held, name),
            limits=self._limits,
        )
        if stored is not None:
            self._take_over(sheet, stored, self._registry.notes[folded(name)])
        return sheet

    def _take_over(self, sheet: Sheet, stored: StoredTable, note: TableNote) -> None:
        """Give a sheet the columns that its table has."""
        foreign = dict(stored.columns)
        columns: dict[Path, Column] = {}
        for noted in note.columns:
            if (found := foreign.pop(folded(noted.name), None)) is None:
                if noted.path is None or noted.is_split:
                    raise WarehouseError(
                        f"Column {noted.name} of {self._load.schema_name}.{note.name} was removed, and loads cannot "
                        "go on without it: restore the column, or drop the table and load it anew"
                    )
            elif noted.path is not None:
                name, sql_type = found
                slot = Slot(name, kind_of(sql_type), name, sql_type)
                if slot.kind == DECIMAL:
                    slot.width, slot.scale = digits_of(sql_type)
                column = columns.setdefault(noted.path, Column(noted.path, valid_name(noted.path)))
                column.is_split = noted.is_split
                column.slots.setdefault(slot.kind, slot)
        for column in columns.values():
            sheet.add_stored(column)
        for name, sql_type in foreign.values():
            sheet.add_foreign(name, kind_of(sql_type), sql_type)

    def _key_columns(self) -> list[Column]:
        """Columns of the stream's key; a column that was split while it was no key yet identifies nothing."""
        top = self._opened[folded(self._table)]
        paths = [(name,) for name in self._stream.key_properties]
        return [top.columns[path] for path in paths if path in top.columns and not top.columns[path].is_split]

    def _write(self, top: Sheet, sheets: Sequence[Sheet]) -> None:
        """Bring the tables into shape, make room, and insert."""
        family = self._registry.family(self._load.table_name)
        is_new_version = any(note.version != self._load.table_version for note in family)
        slots = [slot for column in self._key_columns() for slot in column.slots.values()]
        key = slots if len(slots) == len(self._stream.key_properties) else []
        source_keys = {source_key(slot.name): slot for slot in slots}
        for sheet in sheets:
            self._shape(sheet, source_keys, key if sheet is top else [])
        if is_new_version:
            for note in family:
                self._writer.empty(note.name)
        is_upsert = self._settle_key(top, key, is_new_version)
        if top.has_rows:
            self._writer.stage(top, key if is_upsert else [])
            if is_upsert and not is_new_version:
                self._make_room(top, family, key, source_keys)
            for sheet in sheets:
                if sheet is top:
                    self._writer.insert_top(top)
                elif sheet.rows:
                    self._writer.insert_subtable(sheet, source_keys)
            self._writer.drop_stage()
        self._take_notes(family, sheets)

    def _shape(self, sheet: Sheet, source_keys: Mapping[str, Slot], key: Sequence[Slot]) -> None:
        own_types = {level_id(level): BIGINT for level in range(sheet.depth)} | STAMPS
        own_types |= {name: slot.sql_type for name, slot in source_keys.items()}
        wanted = {name: own_types[name] for name in sheet.reserved if name in own_types}
        if not sheet.exists:
            self._writer.create(sheet, wanted, [slot.name for slot in key])
            return
        have = self._registry.stored[folded(sheet.name)].columns
        self._writer.alter(sheet, {name: wanted[name] for name in wanted if folded(name) not in have})

    def _settle_key(self, top: Sheet, key: Sequence[Slot], is_new_version: bool) -> bool:
        """Whether rows are upserted; where the table's key is not the stream's they are appended.

        A new version starts with the stream's key, and a key that appended rows could violate goes.
        """
        if not top.exists:
            return bool(key)
        have = self._registry.stored[folded(top.name)].key
        if {folded(slot.name) for slot in key} == set(map(folded, have)):
            return bool(key)
        if is_new_version:
            self._writer.rebuild(top.name, [slot.name for slot in key])
            return bool(key)
        if have and top.has_rows:
            self._writer.rebuild(top.name, [])
        return False

    def _make_room(
        self, top: Sheet, family: Sequence[TableNote], key: Sequence[Slot], source_keys: Mapping[str, Slot]
    ) -> None:
        """Delete what the staged rows replace: older rows, and the array elements that belonged to them."""
        if not any(note.path for note in family) and not self._writer.meets_any(top, key):
            return
        self._writer.skip_outdated(top, key)
        for note in family:
            keys = source_keys if note.path else {slot.name: slot for slot in key}
            have = self._registry.stored[folded(note.name)].columns
            if all(folded(name) in have for name in keys):
                self._writer.delete_staged(note.name, keys)

    def _take_notes(self, family: Sequence[TableNote], sheets: Sequence[Sheet]) -> None:
        version = self._load.table_version
        before = {folded(note.name): note for note in family}
        for sheet in sheets:
            note = before.pop(folded(sheet.name), None)
            own = [column.name for column in note.columns if column.path is None] if note else []
            columns = [ColumnNote(name, None) for name in dict.fromkeys([*own, *sheet.reserved])]
            for column in sheet.columns.values():
                columns += [ColumnNote(slot.name, column.path, column.is_split) for slot in column.slots.values()]
            self._registry.write(TableNote(sheet.name, self._load.table_name, sheet.path, version, columns))
        for note in before.values():
            self._registry.write(replace(note, version=version))
