"""The plan for loading a batch into one destination table: its columns, their names and types, and the values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from stitchnb.sandbox.warehouses.naming import folded, is_too_long, valid_name
from stitchnb.sandbox.warehouses.types import (
    DECIMAL,
    DECIMAL_DIGITS,
    FIRST_SCALE,
    Limits,
    RecordRejectedError,
    decimal_digits,
    decimal_type,
    suffix,
)

MAX_COLUMNS = 1600

Path = tuple[str, ...]
"""Names from the record, or from the element of an array, down to a field."""


@dataclass(slots=True, eq=False)
class TypedColumn:
    """One column of the destination table, and the batch's values for it.

    Attributes
    ----------
    name, stored_name
        The column's name after the load and before it. `stored_name` is None for a new column.
    stored_type
        SQL type before the load. None for a new column.
    width, scale
        Digits of a decimal column, and how many of them are after the point. Without a width, any decimal fits.
    whole_digits
        Most digits before the point in the batch.
    rows, texts
        The batch's values: row numbers in the plan, and the values as text.
    """

    name: str
    kind: str
    stored_name: str | None = None
    stored_type: str | None = None
    width: int | None = DECIMAL_DIGITS
    scale: int = 0
    whole_digits: int = 0
    rows: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def sql_type(self) -> str:
        """The type as SQL writes it."""
        if self.kind != DECIMAL or self.width is None:
            return self.kind
        return decimal_type(self.width, self.scale)

    @property
    def is_widened(self) -> bool:
        """Whether an existing column needs a wider type."""
        return self.kind == DECIMAL and self.stored_type not in (None, self.sql_type)


@dataclass(slots=True, eq=False)
class Column:
    """One field of the source in one table, with one typed column, or with several if it is split by type.

    Attributes
    ----------
    name
        The column's name while it is not split.
    is_key
        Part of the stream's key, so it is never split.
    """

    path: Path
    name: str
    typed_columns: dict[str, TypedColumn] = field(default_factory=dict)
    is_split: bool = False
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class _ForeignColumn:
    """A column that was not made by a load."""

    name: str
    kind: str
    sql_type: str


class TablePlan:
    """The columns of one table, and the values of one batch for them.

    Every change of the columns can be rolled back, so that a rejected record leaves no trace.

    Parameters
    ----------
    name
        The table's name.
    path
        Path of its arrays in the record. Empty for the stream's own table.
    depth
        Number of arrays that its rows are nested in.
    reserved
        Columns that the loader fills.
    exists
        Whether the table exists in the destination.
    digits_held
        Returns how many digits before the point the values of an existing column have.
    limits
        What the destination can hold.

    Attributes
    ----------
    rows
        One tuple for each row: number of the record in the batch, then the positions in the arrays.
    staged_rows
        Number of rows that are staged in the database, with no values here.
    added
        New columns, in the order in which their values occur.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        depth: int,
        reserved: Iterable[str],
        *,
        exists: bool,
        digits_held: Callable[[str], int],
        limits: Limits,
    ) -> None:
        self.name = name
        self.path = path
        self.depth = depth
        self.reserved = tuple(reserved)
        self.exists = exists
        self.columns: dict[Path, Column] = {}
        self.added: list[TypedColumn] = []
        self.rows: list[tuple[int, ...]] = []
        self.staged_rows = 0
        self._width = len(self.reserved)
        self._digits_held = digits_held
        self._limits = limits
        self._owners: dict[str, Column | _ForeignColumn | None] = dict.fromkeys(map(folded, self.reserved))
        self._undo: list[Callable[[], object]] = []

    def add_stored(self, column: Column) -> None:
        """Add a source field with its existing columns."""
        self.columns[column.path] = column
        for name in (column.name, *(typed.name for typed in column.typed_columns.values())):
            self._owners[folded(name)] = column
        self._width += len(column.typed_columns)

    def add_foreign(self, name: str, kind: str, sql_type: str) -> None:
        """Add an existing column that was not made by a load."""
        self._owners[folded(name)] = _ForeignColumn(name, kind, sql_type)
        self._width += 1

    def column(self, path: Path) -> Column | None:
        """Return the column of a source field. None if its name would be empty or too long."""
        if (column := self.columns.get(path)) is not None:
            return column
        name = valid_name(path)
        if not name or is_too_long(name):
            return None
        column = self.columns[path] = Column(path, name)
        return column

    def add_type(self, column: Column, kind: str, scale: int) -> TypedColumn:
        """Add a typed column to a field for values of one more type. A second type splits the field.

        Parameters
        ----------
        scale
            Digits after the point that the schema requires. Only for decimals.

        Raises
        ------
        RecordRejectedError
            The name is taken or too long, the table has too many columns, or the field is part of the key.
        """
        if column.typed_columns and column.is_key:
            have = " or ".join(column.typed_columns)
            raise RecordRejectedError(f"Key property {column.name} is {have} in the table and {kind} in the record")
        typed = self._further_type(column, kind) if column.typed_columns else self._first_type(column, kind)
        if typed.stored_name is None:
            self._add(typed, scale)
        column.typed_columns[kind] = typed
        self._undo.append(partial(column.typed_columns.pop, kind))
        return typed

    def fit_decimal(self, column: Column, typed: TypedColumn, text: str) -> None:
        """Make sure that a decimal fits, and widen the column if the other values still fit.

        Raises
        ------
        RecordRejectedError
            The decimal needs more digits than the column can have.
        """
        if typed.width is None:
            return
        whole, scale = decimal_digits(text)
        whole, scale = max(whole, typed.whole_digits), max(scale, typed.scale)
        if whole == typed.whole_digits and scale == typed.scale:
            return
        fits = scale == typed.scale and whole + scale <= typed.width
        if not fits and not self._limits.fixed_decimals:
            self._set(typed, "width", None)
        elif not fits and self._can_grow(column, typed, whole, scale):
            self._set(typed, "width", DECIMAL_DIGITS)
            self._set(typed, "scale", scale)
        elif not fits:
            raise RecordRejectedError(f"{text} is out of range for column {typed.name}, which is {typed.sql_type}")
        self._set(typed, "whole_digits", whole)

    def rollback(self, row_count: int) -> None:
        """Undo the changes of the current record, and remove its rows."""
        while self._undo:
            self._undo.pop()()
        del self.rows[row_count:]

    def commit(self) -> None:
        """Keep the changes of the current record."""
        self._undo.clear()

    @property
    def has_rows(self) -> bool:
        """Whether the batch has rows for the table."""
        return bool(self.rows or self.staged_rows)

    @property
    def has_values(self) -> bool:
        """Whether any record has a value for the table."""
        return any(column.typed_columns for column in self.columns.values())

    def all_typed_columns(self) -> list[TypedColumn]:
        """Return the typed columns of all fields."""
        return [typed for column in self.columns.values() for typed in column.typed_columns.values()]

    def _first_type(self, column: Column, kind: str) -> TypedColumn:
        owner = self._owners.get(folded(column.name), column)
        typed = TypedColumn(column.name, kind)
        if isinstance(owner, _ForeignColumn) and owner.kind == kind and kind != DECIMAL:
            typed = TypedColumn(owner.name, kind, stored_name=owner.name, stored_type=owner.sql_type)
        elif owner is not column:
            raise RecordRejectedError(f"Field collision on {column.name}")
        self._reserve_name(column.name, column)
        return typed

    def _further_type(self, column: Column, kind: str) -> TypedColumn:
        if not column.is_split:
            (only,) = column.typed_columns.values()
            self._set(only, "name", self._split_name(column, only.kind))
            self._set(column, "is_split", True)
        return TypedColumn(self._split_name(column, kind), kind)

    def _split_name(self, column: Column, kind: str) -> str:
        name = column.name + suffix(kind)
        if folded(name) in self._owners:
            raise RecordRejectedError(f"Field collision on {name}")
        if is_too_long(name):
            raise RecordRejectedError(f"Column {column.name} cannot be split by type: the name {name} is too long")
        self._reserve_name(name, column)
        return name

    def _add(self, typed: TypedColumn, scale: int) -> None:
        if self._width >= MAX_COLUMNS:
            raise RecordRejectedError(f"Table {self.name} cannot have more than {MAX_COLUMNS} columns")
        if typed.kind == DECIMAL and self._limits.fixed_decimals:
            typed.scale = min(scale, FIRST_SCALE)
        elif typed.kind == DECIMAL:
            typed.width = None
        self._set(self, "_width", self._width + 1)
        self.added.append(typed)
        self._undo.append(self.added.pop)

    def _can_grow(self, column: Column, typed: TypedColumn, whole: int, scale: int) -> bool:
        if typed.stored_name is None:
            return whole + scale <= DECIMAL_DIGITS
        # A key column has an index, and the type of an indexed column cannot change.
        if column.is_key:
            return False
        return max(whole, self._digits_held(typed.stored_name)) + scale <= DECIMAL_DIGITS

    def _reserve_name(self, name: str, column: Column) -> None:
        key = folded(name)
        if key in self._owners:
            self._undo.append(partial(self._owners.__setitem__, key, self._owners[key]))
        else:
            self._undo.append(partial(self._owners.pop, key))
        self._owners[key] = column

    def _set(self, target: object, attribute: str, value: object) -> None:
        self._undo.append(partial(setattr, target, attribute, getattr(target, attribute)))
        setattr(target, attribute, value)
