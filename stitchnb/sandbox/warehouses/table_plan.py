"""One destination table while a batch is laid out for it: its columns, their names and types, and the batch's cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from stitchnb.sandbox.warehouses.cells import Rejected, decimal_digits
from stitchnb.sandbox.warehouses.naming import folded, is_too_long, valid_name
from stitchnb.sandbox.warehouses.types import DECIMAL, DECIMAL_DIGITS, FIRST_SCALE, Limits, decimal_type, suffix

MAX_COLUMNS = 1600

Path = tuple[str, ...]
"""Names from the record, or from an array's element, down to a field."""


@dataclass(slots=True, eq=False)
class Slot:
    """One typed column of the destination, and what the batch puts into it.

    Attributes
    ----------
    name, stored_name
        The column's name after the load and before it; the latter is None for a new column.
    stored_type
        SQL type before the load; None for a new column.
    width, scale
        Digits of a decimal column, and how many of them stand after the point; without a width every decimal fits.
    whole_digits
        Most digits before the point among the batch's decimals.
    rows, texts
        The batch's cells: row numbers in the sheet, and values as text.
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
        """The type as DDL writes it."""
        if self.kind != DECIMAL or self.width is None:
            return self.kind
        return decimal_type(self.width, self.scale)

    @property
    def has_grown(self) -> bool:
        """Whether a stored column needs a wider type."""
        return self.kind == DECIMAL and self.stored_type not in (None, self.sql_type)


@dataclass(slots=True, eq=False)
class Column:
    """One field of the source in one table: one slot, or one for each type once it is split.

    Attributes
    ----------
    name
        The column's name as long as it is not split.
    is_key
        Part of the stream's key: never split.
    """

    path: Path
    name: str
    slots: dict[str, Slot] = field(default_factory=dict)
    is_split: bool = False
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class _Foreign:
    """A column that somebody else made in the destination."""

    name: str
    kind: str
    sql_type: str


class Sheet:
    """Columns and cells of one table for one batch.

    Every change to the columns can be taken back, so that a rejected record leaves no trace.

    Parameters
    ----------
    name
        The table's name.
    path
        Where its arrays stand in the record; empty for the top table.
    depth
        How many arrays its rows are nested in.
    reserved
        Columns that the loader fills itself.
    exists
        Whether the table is in the destination already.
    digits_held
        Asks the destination how many digits before the point a stored column needs.
    limits
        What the destination can hold.

    Attributes
    ----------
    rows
        One tuple a row: number of the record in the batch, then the positions in the arrays.
    staged_rows
        Rows of the batch that are in the database already, with no cells here.
    added
        New columns, in order of arrival.
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
        self.added: list[Slot] = []
        self.rows: list[tuple[int, ...]] = []
        self.staged_rows = 0
        self._width = len(self.reserved)
        self._digits_held = digits_held
        self._limits = limits
        self._owners: dict[str, Column | _Foreign | None] = dict.fromkeys(map(folded, self.reserved))
        self._undo: list[Callable[[], object]] = []

    def add_stored(self, column: Column) -> None:
        """Take over a source field with its columns as the destination has them."""
        self.columns[column.path] = column
        for name in (column.name, *(slot.name for slot in column.slots.values())):
            self._owners[folded(name)] = column
        self._width += len(column.slots)

    def add_foreign(self, name: str, kind: str, sql_type: str) -> None:
        """Note a column that somebody else made in the destination."""
        self._owners[folded(name)] = _Foreign(name, kind, sql_type)
        self._width += 1

    def column(self, path: Path) -> Column | None:
        """Column of a source field; None where no valid name is left of it, or one that is too long."""
        if (column := self.columns.get(path)) is not None:
            return column
        name = valid_name(path)
        if not name or is_too_long(name):
            return None
        column = self.columns[path] = Column(path, name)
        return column

    def claim(self, column: Column, kind: str, scale: int) -> Slot:
        """Give a field a column for values of one more type, splitting it where it has another type already.

        Parameters
        ----------
        scale
            Digits after the point that the schema asks for; counts for decimals only.

        Raises
        ------
        Rejected
            The name is taken or gets too long, the table is full, or the field is part of the key.
        """
        if column.slots and column.is_key:
            have = " or ".join(column.slots)
            raise Rejected(f"Key property {column.name} is {have} in the table and {kind} in the record")
        slot = self._second(column, kind) if column.slots else self._first(column, kind)
        if slot.stored_name is None:
            self._add(slot, scale)
        column.slots[kind] = slot
        self._undo.append(partial(column.slots.pop, kind))
        return slot

    def admit_decimal(self, column: Column, slot: Slot, text: str) -> None:
        """Make room for one decimal, giving the column more digits where they do not cost others theirs.

        Raises
        ------
        Rejected
            The number needs more digits than the column can have.
        """
        if slot.width is None:
            return
        whole, scale = decimal_digits(text)
        whole, scale = max(whole, slot.whole_digits), max(scale, slot.scale)
        if whole == slot.whole_digits and scale == slot.scale:
            return
        fits = scale == slot.scale and whole + scale <= slot.width
        if not fits and not self._limits.fixed_decimals:
            self._set(slot, "width", None)
        elif not fits and self._can_grow(column, slot, whole, scale):
            self._set(slot, "width", DECIMAL_DIGITS)
            self._set(slot, "scale", scale)
        elif not fits:
            raise Rejected(f"{text} is out of range for column {slot.name}, which is {slot.sql_type}")
        self._set(slot, "whole_digits", whole)

    def forget_changes(self, row_count: int) -> None:
        """Take back what the current record changed, and its rows."""
        while self._undo:
            self._undo.pop()()
        del self.rows[row_count:]

    def keep_changes(self) -> None:
        """Let the current record's changes stand."""
        self._undo.clear()

    @property
    def has_rows(self) -> bool:
        """Whether the batch has any row for the table."""
        return bool(self.rows or self.staged_rows)

    @property
    def has_values(self) -> bool:
        """Whether some record has a value for the table."""
        return any(column.slots for column in self.columns.values())

    def slots(self) -> list[Slot]:
        """Every typed column of a source field."""
        return [slot for column in self.columns.values() for slot in column.slots.values()]

    def _first(self, column: Column, kind: str) -> Slot:
        owner = self._owners.get(folded(column.name), column)
        slot = Slot(column.name, kind)
        if isinstance(owner, _Foreign) and owner.kind == kind and kind != DECIMAL:
            slot = Slot(owner.name, kind, stored_name=owner.name, stored_type=owner.sql_type)
        elif owner is not column:
            raise Rejected(f"Field collision on {column.name}")
        self._own(column.name, column)
        return slot

    def _second(self, column: Column, kind: str) -> Slot:
        if not column.is_split:
            (only,) = column.slots.values()
            self._set(only, "name", self._split_name(column, only.kind))
            self._set(column, "is_split", True)
        return Slot(self._split_name(column, kind), kind)

    def _split_name(self, column: Column, kind: str) -> str:
        name = column.name + suffix(kind)
        if folded(name) in self._owners:
            raise Rejected(f"Field collision on {name}")
        if is_too_long(name):
            raise Rejected(f"Column {column.name} cannot be split by type: the name {name} is too long")
        self._own(name, column)
        return name

    def _add(self, slot: Slot, scale: int) -> None:
        if self._width >= MAX_COLUMNS:
            raise Rejected(f"Table {self.name} cannot have more than {MAX_COLUMNS} columns")
        if slot.kind == DECIMAL and self._limits.fixed_decimals:
            slot.scale = min(scale, FIRST_SCALE)
        elif slot.kind == DECIMAL:
            slot.width = None
        self._set(self, "_width", self._width + 1)
        self.added.append(slot)
        self._undo.append(self.added.pop)

    def _can_grow(self, column: Column, slot: Slot, whole: int, scale: int) -> bool:
        if slot.stored_name is None:
            return whole + scale <= DECIMAL_DIGITS
        # A key's column has an index, and a column with an index keeps its type.
        if column.is_key:
            return False
        return max(whole, self._digits_held(slot.stored_name)) + scale <= DECIMAL_DIGITS

    def _own(self, name: str, column: Column) -> None:
        key = folded(name)
        if key in self._owners:
            self._undo.append(partial(self._owners.__setitem__, key, self._owners[key]))
        else:
            self._undo.append(partial(self._owners.pop, key))
        self._owners[key] = column

    def _set(self, target: object, attribute: str, value: object) -> None:
        self._undo.append(partial(setattr, target, attribute, getattr(target, attribute)))
        setattr(target, attribute, value)
