"""Nested records laid out as flat tables: objects become columns, arrays become subtables."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from stitchnb.sandbox.warehouses.cells import Rejected, cell
from stitchnb.sandbox.warehouses.naming import is_too_long, valid_name
from stitchnb.sandbox.warehouses.table_plan import Column, Path, Sheet, Slot
from stitchnb.sandbox.warehouses.types import DECIMAL, Declared, Limits, declared

_ELEMENT = "value"
_SCALARS = (str, int, float, Decimal)


@dataclass(frozen=True, slots=True)
class Rejection:
    """One row of ``_sdc_rejected``.

    Attributes
    ----------
    record
        JSON of what did not land.
    """

    table: str
    reason: str
    record: str


@dataclass(slots=True, eq=False)
class _Field:
    """One field at one place of the records, and where its values go.

    Attributes
    ----------
    column
        Where scalars go; None leaves them out.
    deeper
        Whether names below this field can still be short enough.
    inside
        For arrays: the subtable, and the node of one element.
    refusal
        Why there can be no subtable.
    """

    path: Path
    declared: Declared
    column: Column | None
    deeper: bool
    fields: dict[str, _Field] = field(default_factory=dict)
    inside: tuple[Sheet, _Field] | None = None
    refusal: str = ""


class Flattener:
    """Lays the records of one batch out, one sheet for each table that they touch.

    Parameters
    ----------
    top
        Sheet of the stream's own table.
    schema
        JSON schema of a record.
    key_properties
        The stream's primary key.
    open_subtable
        Gives the sheet for the arrays at a path of the record and a depth of nesting, or raises `Rejected` where
        there can be no such table.
    limits
        What the destination can hold.
    """

    def __init__(
        self,
        top: Sheet,
        schema: Mapping[str, Any],
        key_properties: Sequence[str],
        open_subtable: Callable[[Path, int], Sheet],
        limits: Limits,
    ) -> None:
        self.sheets = [top]
        self.rejections: list[Rejection] = []
        self.records_rejected = 0
        self.columns_left_out: set[Path] = set()
        self._top = top
        self._key_properties = tuple(key_properties)
        self._open_subtable = open_subtable
        self._limits = limits
        self._record = _Field((), declared(schema), None, True)
        self._cells: list[tuple[Slot, int, str]] = []
        self._refused: list[Rejection] = []
        for name in self._key_properties:
            if (column := top.column((name,))) is not None:
                column.is_key = True

    def add(self, number: int, record: Mapping[str, Any]) -> None:
        """Lay out one record, or note why it is rejected.

        Parameters
        ----------
        number
            Position of the record in the batch.
        """
        counts = [len(sheet.rows) for sheet in self.sheets]
        try:
            self._check_key(record)
            self._top.rows.append((number,))
            self._object(self._top, self._record, record, len(self._top.rows) - 1, (number,))
        except Rejected as reason:
            counts += [0] * (len(self.sheets) - len(counts))
            for sheet, count in zip(self.sheets, counts, strict=True):
                sheet.forget_changes(count)
            self.rejections.append(Rejection(self._top.name, str(reason), json_text(record)))
            self.records_rejected += 1
        else:
            for slot, row, text in self._cells:
                slot.rows.append(row)
                slot.texts.append(text)
            for sheet in self.sheets:
                sheet.keep_changes()
            self.rejections += self._refused
        self._cells.clear()
        self._refused.clear()

    def _check_key(self, record: Mapping[str, Any]) -> None:
        for name in self._key_properties:
            value = record.get(name)
            if value is None or isinstance(value, Mapping | list | tuple):
                raise Rejected(f"Record is missing key property {name}")
            if (name,) not in self._top.columns:
                raise Rejected(f"Key property {name} has no valid column name")

    def _object(self, sheet: Sheet, node: _Field, values: Mapping[str, Any], row: int, place: tuple[int, ...]) -> None:
        fields = node.fields
        for name, value in values.items():
            if value is None:
                continue
            here = fields.get(name) or self._field(sheet, node, name)
            if isinstance(value, _SCALARS):
                if here.column is None:
                    self.columns_left_out.add((sheet.name, *here.path))
                    continue
                kind, text = cell(value, here.declared, self._limits)
                slot = here.column.slots.get(kind)
                if slot is None:
                    slot = sheet.claim(here.column, kind, here.declared.scale or 0)
                if kind == DECIMAL:
                    sheet.admit_decimal(here.column, slot, text)
                self._cells.append((slot, row, text))
            elif isinstance(value, Mapping):
                if here.deeper:
                    self._object(sheet, here, value, row, place)
                else:
                    self.columns_left_out.add((sheet.name, *here.path))
            elif isinstance(value, list | tuple):
                self._array(sheet, here, value, place)
            else:
                raise Rejected(f"A value of type {type(value).__name__} is not a JSON value")

    def _array(self, sheet: Sheet, here: _Field, values: Sequence[Any], place: tuple[int, ...]) -> None:
        if values and here.inside is None and not here.refusal:
            self._open(sheet, here)
        if here.inside is None:
            if values:
                table = valid_name((sheet.name, *here.path))
                self._refused.append(Rejection(table, here.refusal, json_text(values)))
            return
        subtable, element = here.inside
        for position, value in enumerate(values):
            row = len(subtable.rows)
            inner = (*place, position)
            subtable.rows.append(inner)
            self._object(subtable, element, value if isinstance(value, Mapping) else {_ELEMENT: value}, row, inner)

    def _field(self, sheet: Sheet, node: _Field, name: str) -> _Field:
        path = (*node.path, name)
        column = sheet.column(path)
        deeper = not is_too_long(valid_name(path))
        found = node.fields[name] = _Field(path, declared(node.declared.properties.get(name)), column, deeper)
        return found

    def _open(self, sheet: Sheet, here: _Field) -> None:
        try:
            subtable = self._open_subtable((*sheet.path, *here.path), sheet.depth + 1)
        except Rejected as reason:
            here.refusal = str(reason)
            return
        self.sheets.append(subtable)
        # Scalars and arrays among the elements stand in a field of their own, as if they were objects.
        items = here.declared.items
        properties = {_ELEMENT: items, **declared(items).properties}
        here.inside = subtable, _Field((), declared({"properties": properties}), None, True)


def json_text(value: object) -> str:
    """JSON of a record, whatever it holds; its beginning where it is nested deeper than JSON can be written."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        return reprlib.repr(value)
