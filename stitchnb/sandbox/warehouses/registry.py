"""What a warehouse knows of one schema: the loader's own notes, beside what is really there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from stitchnb.sandbox.warehouses.naming import folded
from stitchnb.sandbox.warehouses.table_plan import Path


@dataclass(frozen=True, slots=True)
class ColumnNote:
    """One column that the loader made.

    Attributes
    ----------
    path
        The source field; None for a column that the loader fills itself.
    is_split
        The field has a column for each of several types.
    """

    name: str
    path: Path | None
    is_split: bool = False


@dataclass(slots=True)
class TableNote:
    """One table that the loader made.

    Attributes
    ----------
    stream
        The stream's name in the source.
    path
        Where the table's arrays stand in the record; empty for the stream's own table.
    version
        ``_sdc_table_version`` of the rows.
    """

    name: str
    stream: str
    path: Path
    version: int
    columns: list[ColumnNote] = field(default_factory=list)


@dataclass(slots=True)
class StoredTable:
    """One table or view as it stands in the database.

    Attributes
    ----------
    columns
        Names and SQL types by folded name, in order. The types are spelt as in `types`.
    key
        Columns of the primary key.
    """

    name: str
    columns: dict[str, tuple[str, str]] = field(default_factory=dict)
    key: tuple[str, ...] = ()


class Registry(ABC):
    """Tables of one schema. The notes live in the database itself, in the same transactions as the tables.

    Attributes
    ----------
    notes, stored
        By folded table name, as last read; only tables that exist have a note.
    """

    def __init__(self, schema: str) -> None:
        self.notes: dict[str, TableNote] = {}
        self.stored: dict[str, StoredTable] = {}
        self._schema = schema

    @abstractmethod
    def read(self) -> None:
        """Make what is missing of the schema and the notes, then read both."""

    def family(self, stream: str) -> list[TableNote]:
        """The tables of one stream: its own and its subtables."""
        return [note for note in self.notes.values() if note.stream == stream]

    def write(self, note: TableNote) -> None:
        """Note a table as it is now."""
        before = self.notes.get(folded(note.name), note)
        if before == note and before is not note:
            return
        self._forget(before.name)
        self._keep(note)
        self.notes[folded(note.name)] = note

    @abstractmethod
    def _keep(self, note: TableNote) -> None:
        """Write a note that is not there."""

    @abstractmethod
    def _forget(self, table: str) -> None:
        """Delete the note of a table, if there is one."""
