"""Loads one batch into the tables of one stream, in any kind of database."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from stitchnb.sandbox.pipeline import LoadBatch, LoadResult, SubtableResult, WarehouseError
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
from stitchnb.sandbox.warehouses.table_plan import Column, Path, TablePlan, TypedColumn
from stitchnb.sandbox.warehouses.tables import (
    LOAD_COLUMNS,
    ColumnMetadata,
    Registry,
    StoredTable,
    TableMetadata,
    Writer,
)
from stitchnb.sandbox.warehouses.types import BIGINT, DECIMAL, RecordRejectedError, digits_of, kind_of

_log = logging.getLogger(__name__)


class Loader:
    """Loads one batch record by record, inside the caller's transaction.

    Parameters
    ----------
    registry
        Of the source's schema, already read.
    """

    def __init__(self, registry: Registry, writer: Writer, load: LoadBatch) -> None:
        self._registry = registry
        self._writer = writer
        self._limits = writer.limits
        self._load = load
        self._stream = load.batch.stream
        self._table = valid_name([load.table_name])
        self._opened: dict[str, TablePlan] = {}

    def run(self) -> LoadResult:
        """Load the batch.

        Raises
        ------
        WarehouseError
            A table was changed so that it cannot be loaded. The caller rolls back, as for errors of the database.
        """
        records = self._load.batch.records
        try:
            top = self._open_top()
        except RecordRejectedError as reason:
            name = self._table or self._load.table_name
            self._writer.reject([Rejection(name, str(reason), json_text(record)) for record in records])
            return LoadResult(table=name, rows_loaded=0, rows_rejected=len(records))
        flattener = self._flattener(top)
        for number, record in enumerate(records):
            flattener.add(number, record)
        self._write(top, [plan for plan in flattener.plans if plan.exists or plan.has_values])
        self._writer.reject(flattener.rejections)
        for table, *path in sorted(flattener.omitted_columns):
            _log.warning(
                "Field %s of %s.%s is not loaded: its column name would be empty or longer than %d bytes",
                ".".join(path),
                self._load.schema_name,
                table,
                MAX_NAME_BYTES,
            )
        rejected = flattener.records_rejected
        subtables = [SubtableResult(s.name, s.path, len(s.rows)) for s in flattener.plans if s is not top and s.rows]
        return LoadResult(top.name, len(records) - rejected, rejected, tuple(subtables))

    def _open_top(self) -> TablePlan:
        self._check_name(self._table, ())
        return self._open(self._table, (), 0, tuple(LOAD_COLUMNS))

    def _flattener(self, top: TablePlan) -> Flattener:
        return Flattener(top, self._stream.schema, self._stream.key_properties, self._open_subtable, self._limits)

    def _check_name(self, name: str, path: Path) -> None:
        """Reject a table name that is not valid, or that belongs to another table."""
        if not name:
            raise RecordRejectedError(f"No valid table name is left of {self._load.table_name}")
        if is_too_long(name):
            raise RecordRejectedError(f"Table name {name} is longer than {MAX_NAME_BYTES} bytes")
        metadata = self._registry.metadata.get(folded(name))
        plan = self._opened.get(folded(name))
        if (
            folded(name) == REJECTED_TABLE
            or (metadata is not None and (metadata.stream, metadata.path) != (self._load.table_name, path))
            or (plan is not None and plan.path != path)
        ):
            raise RecordRejectedError(f"Table collision on {name}")
        if metadata is None and folded(name) in self._registry.stored:
            raise WarehouseError(
                f"Table {self._load.schema_name}.{name} exists, but was not made by a load. "
                "Rename or drop it, then start the job again."
            )

    def _open_subtable(self, path: Path, depth: int) -> TablePlan:
        name = valid_name((self._table, *path))
        self._check_name(name, path)
        key = [source_key(column.name) for column in self._key_columns()]
        if (too_long := next(filter(is_too_long, key), None)) is not None:
            raise RecordRejectedError(f"Column name {too_long} is longer than {MAX_NAME_BYTES} bytes")
        load_columns = [name for name in LOAD_COLUMNS if name != EXTRACTED_AT]
        return self._open(name, path, depth, [*key, *map(level_id, range(depth)), *load_columns])

    def _open(self, name: str, path: Path, depth: int, reserved: Sequence[str]) -> TablePlan:
        stored = self._registry.stored.get(folded(name))
        plan = self._opened[folded(name)] = TablePlan(
            name if stored is None else stored.name,
            path,
            depth,
            reserved,
            exists=stored is not None,
            digits_held=partial(self._writer.digits_held, name),
            limits=self._limits,
        )
        if stored is not None:
            self._load_existing_columns(plan, stored, self._registry.metadata[folded(name)])
        return plan

    def _load_existing_columns(self, plan: TablePlan, stored: StoredTable, metadata: TableMetadata) -> None:
        """Add the existing columns of a table to its plan."""
        foreign = dict(stored.columns)
        columns: dict[Path, Column] = {}
        for stored_column in metadata.columns:
            if (found := foreign.pop(folded(stored_column.name), None)) is None:
                if stored_column.path is None or stored_column.is_split:
                    raise WarehouseError(
                        f"Column {stored_column.name} of {self._load.schema_name}.{metadata.name} was removed, but "
                        "loads need it. Restore the column, or drop the table and load it again."
                    )
            elif stored_column.path is not None:
                name, sql_type = found
                typed = TypedColumn(name, kind_of(sql_type), name, sql_type)
                if typed.kind == DECIMAL:
                    typed.width, typed.scale = digits_of(sql_type)
                column = columns.setdefault(
                    stored_column.path, Column(stored_column.path, valid_name(stored_column.path))
                )
                column.is_split = stored_column.is_split
                column.typed_columns.setdefault(typed.kind, typed)
        for column in columns.values():
            plan.add_stored(column)
        for name, sql_type in foreign.values():
            plan.add_foreign(name, kind_of(sql_type), sql_type)

    def _key_columns(self) -> list[Column]:
        """Return the key columns. A column that was split before it became a key identifies no row."""
        top = self._opened[folded(self._table)]
        paths = [(name,) for name in self._stream.key_properties]
        return [top.columns[path] for path in paths if path in top.columns and not top.columns[path].is_split]

    def _write(self, top: TablePlan, plans: Sequence[TablePlan]) -> None:
        """Create or alter the tables, delete superseded rows, and insert the new ones."""
        family = self._registry.family(self._load.table_name)
        is_new_version = any(metadata.version != self._load.table_version for metadata in family)
        typed_columns = [typed for column in self._key_columns() for typed in column.typed_columns.values()]
        key = typed_columns if len(typed_columns) == len(self._stream.key_properties) else []
        source_keys = {source_key(typed.name): typed for typed in typed_columns}
        for plan in plans:
            self._create_or_alter(plan, source_keys, key if plan is top else [])
        if is_new_version:
            for metadata in family:
                self._writer.empty(metadata.name)
        is_upsert = self._reconcile_key(top, key, is_new_version)
        if top.has_rows:
            self._writer.stage(top, key if is_upsert else [])
            if is_upsert and not is_new_version:
                self._delete_superseded(top, family, key, source_keys)
            for plan in plans:
                if plan is top:
                    self._writer.insert_top(top)
                elif plan.rows:
                    self._writer.insert_subtable(plan, source_keys)
            self._writer.drop_stage()
        self._save_metadata(family, plans)

    def _create_or_alter(
        self, plan: TablePlan, source_keys: Mapping[str, TypedColumn], key: Sequence[TypedColumn]
    ) -> None:
        own_types = {level_id(level): BIGINT for level in range(plan.depth)} | LOAD_COLUMNS
        own_types |= {name: typed.sql_type for name, typed in source_keys.items()}
        required = {name: own_types[name] for name in plan.reserved if name in own_types}
        if not plan.exists:
            self._writer.create(plan, required, [typed.name for typed in key])
            return
        existing = self._registry.stored[folded(plan.name)].columns
        self._writer.alter(plan, {name: required[name] for name in required if folded(name) not in existing})

    def _reconcile_key(self, top: TablePlan, key: Sequence[TypedColumn], is_new_version: bool) -> bool:
        """Return whether to upsert rows. Rows are appended if the table's key is not the stream's.

        A new version gets the stream's key. A key that appended rows could violate is removed.
        """
        if not top.exists:
            return bool(key)
        existing = self._registry.stored[folded(top.name)].key
        if {folded(typed.name) for typed in key} == set(map(folded, existing)):
            return bool(key)
        if is_new_version:
            self._writer.rebuild(top.name, [typed.name for typed in key])
            return bool(key)
        if existing and top.has_rows:
            self._writer.rebuild(top.name, [])
        return False

    def _delete_superseded(
        self,
        top: TablePlan,
        family: Sequence[TableMetadata],
        key: Sequence[TypedColumn],
        source_keys: Mapping[str, TypedColumn],
    ) -> None:
        """Delete the rows that staged rows replace, with their array elements."""
        if not any(metadata.path for metadata in family) and not self._writer.has_matching_rows(top, key):
            return
        self._writer.skip_outdated(top, key)
        for metadata in family:
            keys = source_keys if metadata.path else {typed.name: typed for typed in key}
            existing = self._registry.stored[folded(metadata.name)].columns
            if all(folded(name) in existing for name in keys):
                self._writer.delete_staged(metadata.name, keys)

    def _save_metadata(self, family: Sequence[TableMetadata], plans: Sequence[TablePlan]) -> None:
        version = self._load.table_version
        before = {folded(metadata.name): metadata for metadata in family}
        for plan in plans:
            metadata = before.pop(folded(plan.name), None)
            own = [column.name for column in metadata.columns if column.path is None] if metadata else []
            columns = [ColumnMetadata(name, None) for name in dict.fromkeys([*own, *plan.reserved])]
            for column in plan.columns.values():
                columns += [
                    ColumnMetadata(typed.name, column.path, column.is_split) for typed in column.typed_columns.values()
                ]
            self._registry.write(TableMetadata(plan.name, self._load.table_name, plan.path, version, columns))
        for metadata in before.values():
            self._registry.write(replace(metadata, version=version))
