"""What a stream of a catalog is: what Stitch has of it, with what is to be changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from stitchnb.errors import InvalidInputError
from stitchnb.models import Breadcrumb, Stream, StreamMetadata
from stitchnb.models.stream import dotted_name
from stitchnb.rules.selection.columns import NO, WRITABLE_KEYS, YES, FieldColumns
from stitchnb.rules.selection.effect import Effect, StreamPart, effect_of
from stitchnb.rules.selection.validate import METHODS, conflicts_of, locked_words, replication_key_candidates


@dataclass(frozen=True)
class FieldState:
    """One field of a stream as it is to be.

    Attributes
    ----------
    breadcrumb, name, types, sql_type, inclusion, roles
        What it is: `name` is dotted, `types` are words, `roles` such as ``primary key``.
    selected, saved_selected, selected_by_default
        What is chosen, and what Stitch has; None where nothing is said.
    replicated, reason
        Does it land, and why, in words.
    locked
        Why it can be neither selected nor deselected; None where it can.
    is_changed
        Is it to be changed?
    exclusions, conflicts
        Names of the fields that cannot be extracted together with it, and of those among them that are about to be.
    """

    breadcrumb: Breadcrumb
    name: str
    types: str
    sql_type: str | None
    inclusion: str | None
    roles: tuple[str, ...]
    selected: bool | None
    saved_selected: bool | None
    selected_by_default: bool | None
    replicated: bool
    reason: str
    locked: str | None
    is_changed: bool
    exclusions: tuple[str, ...]
    conflicts: tuple[str, ...]


class StreamState:
    """One stream as Stitch has it, and as it is to be."""

    def __init__(self, stream: Stream) -> None:
        self._own: dict[str, Any] = {}
        self._fields: FieldColumns | None = None
        self._keys: dict[str, Any] = {}
        self._changed: dict[int, int] = {}
        self._take_stream(stream)

    def _take(self, fields: FieldColumns) -> None:
        """Take in the fields as Stitch has them now; what is to be changed of fields that are still there stays."""
        if self._fields is not None and self._changed:
            where = {breadcrumb: position for position, breadcrumb in enumerate(fields.breadcrumbs)}
            old = self._fields.breadcrumbs
            kept = {where[old[p]]: v for p, v in self._changed.items() if old[p] in where}
            self._changed = {p: v for p, v in kept.items() if (fields.selected[p] == YES) != (v == YES)}
        self._fields = fields
        self._own |= fields.stream_metadata._wire
        self._touch()

    def _take_stream(self, stream: Stream) -> None:
        """Take in the stream as Stitch has it now."""
        self.saved = stream
        # The list of streams leaves out what nobody chose; what only the schema tells, it may leave out too.
        told = {key: value for key, value in self._own.items() if key not in WRITABLE_KEYS}
        self._own = {**told, "selected": stream.selected, **stream.metadata._wire}
        self._keys = {key: value for key, value in self._keys.items() if not is_same(key, value, self._own.get(key))}
        self._touch()

    def _touch(self) -> None:
        """Forget what was reckoned of it: something is different now."""
        self.__dict__.pop("metadata", None)
        self.__dict__.pop("_effective", None)

    @property
    def tap_stream_id(self) -> str:
        """What the source calls it: no two streams have the same."""
        return self.saved.tap_stream_id

    @property
    def stream_name(self) -> str:
        """The table that it becomes."""
        return self.saved.stream_name

    @property
    def stream_id(self) -> int:
        """Stitch's number for it."""
        return self.saved.stream_id

    @property
    def is_loaded(self) -> bool:
        """Have its fields been asked for?"""
        return self._fields is not None

    @property
    def columns(self) -> FieldColumns:
        """Its fields as columns.

        Raises
        ------
        InvalidInputError
            When they were not asked for yet.
        """
        if self._fields is None:
            raise InvalidInputError(
                f"The fields of {self.stream_name!r} were not asked for yet: catalog.load({self.stream_name!r}) does, "
                "catalog.load() does for all streams."
            )
        return self._fields

    @cached_property
    def metadata(self) -> StreamMetadata:
        """Its own metadata as it is to be."""
        return StreamMetadata({**self._own, **self._keys})

    @property
    def selected(self) -> bool:
        """Is it to be selected?"""
        return self.metadata.selected is True

    @property
    def saved_selected(self) -> bool:
        """Is it selected in Stitch?"""
        return self._own.get("selected") is True

    @property
    def forced_method(self) -> str | None:
        """The replication method that nobody can change; None where one is chosen."""
        return self.metadata.forced_replication_method

    @property
    def methods(self) -> tuple[str, ...]:
        """The replication methods that it can have."""
        return (self.forced_method,) if self.forced_method is not None else METHODS

    @property
    def replication_method(self) -> str | None:
        """The replication method as it is to be; None where none was chosen."""
        return self.forced_method or self.metadata.replication_method

    @property
    def replication_key(self) -> str | None:
        """The replication key as it is to be; None where none was chosen."""
        return self.metadata.replication_key

    @property
    def valid_keys(self) -> tuple[str, ...]:
        """The fields that can be its replication key; without its fields only those that the source names."""
        valid = self.metadata.valid_replication_keys
        if valid is not None or self._fields is None:
            return valid or ()
        return tuple(replication_key_candidates(self._fields))

    @property
    def is_view(self) -> bool:
        """Is it a database's view, which needs keys?"""
        return self.metadata.is_view is True

    @property
    def view_keys(self) -> tuple[str, ...]:
        """A view's keys as they are to be."""
        return self.metadata.view_key_properties or ()

    @property
    def table_keys(self) -> tuple[str, ...]:
        """Its primary key, as the source tells it."""
        return self.metadata.table_key_properties or ()

    @property
    def row_count(self) -> int | None:
        """How many rows a database says it has, at discovery."""
        return self.metadata.row_count

    @property
    def field_count(self) -> int | None:
        """How many fields it has, those inside of others too; None where they were not asked for yet."""
        return None if self._fields is None else len(self._fields)

    @property
    def replicated_count(self) -> int | None:
        """How many of its fields are to land; None where they were not asked for yet."""
        return None if self._fields is None else int(self._effective.replicated.sum())

    @property
    def is_changed(self) -> bool:
        """Is anything to be changed?"""
        return bool(self._keys or self._changed)

    @property
    def change_count(self) -> int:
        """How many values are to be changed."""
        return len(self._keys) + len(self._changed)

    def fields(self) -> list[FieldState]:
        """Give its fields as they are to be, in the schema's order, each before those inside of it.

        Raises
        ------
        InvalidInputError
            When they were not asked for yet.
        """
        columns, effect, roles = self.columns, self._effective, self._roles(self.columns)
        against: dict[int, list[int]] = {}
        for one, other in conflicts_of(columns, effect.replicated.tolist()):
            against.setdefault(one, []).append(other)
            against.setdefault(other, []).append(one)
        replicated, reasons, selected = (
            column.tolist() for column in (effect.replicated, effect.reasons, effect.selected)
        )
        return [
            FieldState(
                breadcrumb=breadcrumb,
                name=columns.names[position],
                types=columns.types[position],
                sql_type=columns.sql_types[position],
                inclusion=columns.inclusion_of(position),
                roles=roles.get(position, ()),
                selected=yes_or_no(selected[position]),
                saved_selected=yes_or_no(columns.selected[position]),
                selected_by_default=yes_or_no(columns.selected_by_default[position]),
                replicated=replicated[position],
                reason=effect.reason_texts[reasons[position]],
                locked=locked_words(columns, position, roles.get(position, ())),
                is_changed=position in self._changed,
                exclusions=tuple(dotted_name(b) for b in columns.exclusions.get(position, ())),
                conflicts=tuple(columns.names[other] for other in against.get(position, ())),
            )
            for position, breadcrumb in enumerate(columns.breadcrumbs)
        ]

    def replicated(self) -> list[bool]:
        """Tell of each field, by position, whether it is to land."""
        landing: list[bool] = self._effective.replicated.tolist()
        return landing

    def selected_positions(self) -> set[int]:
        """Find the fields that are to be selected by themselves, whether they land or not."""
        positions = {position for position, value in enumerate(self.columns.selected) if value == YES}
        for position, value in self._changed.items():
            (positions.add if value == YES else positions.discard)(position)
        return positions

    def saved_value(self, key: str) -> Any:
        """Give what Stitch has under a key of the stream's own metadata, as on the wire."""
        return self._own.get(key)

    def to_stream(self) -> Stream:
        """Give it as the stream that it is to be."""
        return Stream(
            {**self.saved._wire, "selected": self._keys.get("selected", self._own["selected"])}
            | {"metadata": self.metadata._wire}
        )

    def part(self) -> StreamPart:
        """Give its fields with what was chosen of them, for reckoning with many streams at once."""
        columns = self.columns
        return StreamPart(
            self.tap_stream_id, self.stream_name, self.selected, columns, self._changed, self._roles(columns)
        )

    def _roles(self, columns: FieldColumns) -> dict[int, tuple[str, ...]]:
        return {p: roles for name, roles in self.metadata.key_roles.items() for p in columns.positions_of(name)[:1]}

    @cached_property
    def _effective(self) -> Effect:
        return effect_of([self.part()])

    def __repr__(self) -> str:
        state = "selected" if self.selected else "not selected"
        fields = f", {self.replicated_count} of {self.field_count} fields replicate" if self.is_loaded else ""
        changes = f", {self.change_count} to change" if self.is_changed else ""
        return f"CatalogStream({self.stream_name!r}, {state}{fields}{changes})"


def is_same(key: str, value: Any, saved: Any) -> bool:
    """Is a value of a stream's key the one that is there? Nothing, ``null`` and false are the same."""
    if key == "selected":
        return (value is True) == (saved is True)
    return bool(value == saved) or (not value and not saved)


def yes_or_no(code: int) -> bool | None:
    """Read a number of `FieldColumns`."""
    return _ANSWERS.get(code)


_ANSWERS = {YES: True, NO: False}
