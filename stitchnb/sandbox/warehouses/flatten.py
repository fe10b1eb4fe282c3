"""Flattens nested records into tables: objects become columns, and arrays become subtables."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from stitchnb.sandbox.warehouses.naming import is_too_long, valid_name
from stitchnb.sandbox.warehouses.table_plan import Column, Path, TablePlan, TypedColumn
from stitchnb.sandbox.warehouses.types import DECIMAL, Declared, Limits, RecordRejectedError, declared, to_cell

_ELEMENT = "value"
_SCALARS = (str, int, float, Decimal)


@dataclass(frozen=True, slots=True)
class Rejection:
    """One row of ``_sdc_rejected``.

    Attributes
    ----------
    record
        JSON of what was not loaded.
    """

    table: str
    reason: str
    record: str


@dataclass(slots=True, eq=False)
class _Field:
    """One field of the records, and where its values go.

    Attributes
    ----------
    column
        Column for scalar values. None omits them.
    can_nest
        Whether the names of fields below this one can be short enough.
    subtable
        For arrays: the subtable, and the field that stands for one element.
    error
        Why the arrays have no subtable.
    """

    path: Path
    declared: Declared
    column: Column | None
    can_nest: bool
    fields: dict[str, _Field] = field(default_factory=dict)
    subtable: tuple[TablePlan, _Field] | None = None
    error: str = ""


class Flattener:
    """Turns the nested records of one batch into rows, with one plan for each table that they need.

    Parameters
    ----------
    top
        Plan of the stream's own table.
    schema
        JSON schema of a record.
    key_properties
        The stream's primary key.
    open_subtable
        Returns the plan for the arrays at a path of the record and a depth of nesting. Raises `RecordRejectedError`
        if there can be no such table.
    limits
        What the destination can hold.
    """

    def __init__(
        self,
        top: TablePlan,
        schema: Mapping[str, Any],
        key_properties: Sequence[str],
        open_subtable: Callable[[Path, int], TablePlan],
        limits: Limits,
    ) -> None:
        self.plans = [top]
        self.rejections: list[Rejection] = []
        self.records_rejected = 0
        self.omitted_columns: set[Path] = set()
        self._top = top
        self._key_properties = tuple(key_properties)
        self._open_subtable = open_subtable
        self._limits = limits
        self._record = _Field((), declared(schema), None, True)
        self._cells: list[tuple[TypedColumn, int, str]] = []
        self._rejected_arrays: list[Rejection] = []
        for name in self._key_properties:
            if (column := top.column((name,))) is not None:
                column.is_key = True

    def add(self, number: int, record: Mapping[str, Any]) -> None:
        """Add the rows of one record, or save the reason if it is rejected.

        Parameters
        ----------
        number
            Position of the record in the batch.
        """
        counts = [len(plan.rows) for plan in self.plans]
        try:
            self._check_key(record)
            self._top.rows.append((number,))
            self._object(self._top, self._record, record, len(self._top.rows) - 1, (number,))
        except RecordRejectedError as reason:
            counts += [0] * (len(self.plans) - len(counts))
            for plan, count in zip(self.plans, counts, strict=True):
                plan.rollback(count)
            self.rejections.append(Rejection(self._top.name, str(reason), json_text(record)))
            self.records_rejected += 1
        else:
            for typed, row, text in self._cells:
                typed.rows.append(row)
                typed.texts.append(text)
            for plan in self.plans:
                plan.commit()
            self.rejections += self._rejected_arrays
        self._cells.clear()
        self._rejected_arrays.clear()

    def _check_key(self, record: Mapping[str, Any]) -> None:
        for name in self._key_properties:
            value = record.get(name)
            if value is None or isinstance(value, Mapping | list | tuple):
                raise RecordRejectedError(f"Record is missing key property {name}")
            if (name,) not in self._top.columns:
                raise RecordRejectedError(f"Key property {name} has no valid column name")

    def _object(
        self, plan: TablePlan, node: _Field, values: Mapping[str, Any], row: int, positions: tuple[int, ...]
    ) -> None:
        fields = node.fields
        for name, value in values.items():
            if value is None:
                continue
            here = fields.get(name) or self._field(plan, node, name)
            if isinstance(value, _SCALARS):
                if here.column is None:
                    self.omitted_columns.add((plan.name, *here.path))
                    continue
                kind, text = to_cell(value, here.declared, self._limits)
                typed = here.column.typed_columns.get(kind)
                if typed is None:
                    typed = plan.add_type(here.column, kind, here.declared.scale or 0)
                if kind == DECIMAL:
                    plan.fit_decimal(here.column, typed, text)
                self._cells.append((typed, row, text))
            elif isinstance(value, Mapping):
                if here.can_nest:
                    self._object(plan, here, value, row, positions)
                else:
                    self.omitted_columns.add((plan.name, *here.path))
            elif isinstance(value, list | tuple):
                self._array(plan, here, value, positions)
            else:
                raise RecordRejectedError(f"A value of type {type(value).__name__} is not a JSON value")

    def _array(self, plan: TablePlan, here: _Field, values: Sequence[Any], positions: tuple[int, ...]) -> None:
        if values and here.subtable is None and not here.error:
            self._open(plan, here)
        if here.subtable is None:
            if values:
                table = valid_name((plan.name, *here.path))
                self._rejected_arrays.append(Rejection(table, here.error, json_text(values)))
            return
        subtable, element = here.subtable
        for position, value in enumerate(values):
            row = len(subtable.rows)
            inner = (*positions, position)
            subtable.rows.append(inner)
            self._object(subtable, element, value if isinstance(value, Mapping) else {_ELEMENT: value}, row, inner)

    def _field(self, plan: TablePlan, node: _Field, name: str) -> _Field:
        path = (*node.path, name)
        column = plan.column(path)
        can_nest = not is_too_long(valid_name(path))
        child = node.fields[name] = _Field(path, declared(node.declared.properties.get(name)), column, can_nest)
        return child

    def _open(self, plan: TablePlan, here: _Field) -> None:
        try:
            subtable = self._open_subtable((*plan.path, *here.path), plan.depth + 1)
        except RecordRejectedError as reason:
            here.error = str(reason)
            return
        self.plans.append(subtable)
        # Elements that are scalars or arrays are treated as objects with a single field.
        items = here.declared.items
        properties = {_ELEMENT: items, **declared(items).properties}
        here.subtable = subtable, _Field((), declared({"properties": properties}), None, True)


def json_text(value: object) -> str:
    """Return a record as JSON text, or an abbreviation of it if it is nested too deeply for JSON."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return reprlib.repr(value)
