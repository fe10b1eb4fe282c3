"""One stream of a catalog: its saved state, and the changes to it that are not saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidInputError, InvalidSelectionError, UnknownStreamError
from stitchnb.models import Breadcrumb, Stream, StreamMetadata
from stitchnb.models.stream import dotted_name
from stitchnb.rules.selection import globs as patterns
from stitchnb.rules.selection.changes import Change
from stitchnb.rules.selection.columns import AUTOMATIC, NO, WRITABLE_KEYS, YES, FieldColumns
from stitchnb.rules.selection.effect import Effect, StreamPart, effect_of
from stitchnb.rules.selection.validate import (
    METHODS,
    Problem,
    SelectionView,
    conflicts_of,
    deselecting_error,
    key_error,
    locked_words,
    problems_of,
    replication_key_candidates,
    selecting_error,
)

if TYPE_CHECKING:
    import pandas as pd


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
                f"The fields of {self.stream_name!r} are not loaded. Call catalog.load({self.stream_name!r}), or "
                "catalog.load() for all streams."
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


__all__ = ["UNSET", "CatalogStream", "FieldState", "Unset"]


class Unset:
    """What an argument is that was not given: None takes a value back."""

    def __repr__(self) -> str:
        return "unset"


UNSET = Unset()


class CatalogStream(StreamState):
    """One stream: what Stitch has of it, and what is to be changed once the catalog is applied.

    Everything here happens in memory; only `Catalog.load` and `Catalog.apply` talk to Stitch.
    """

    def select(self, *fields: str | Breadcrumb) -> None:
        """Select it, and the given fields with whatever they are inside of; the existing selection stays.

        Parameters
        ----------
        fields
            Names, globs (``"*"``, ``"!*.ssn"``) or breadcrumbs. Globs leave out what cannot be selected.

        Raises
        ------
        UnknownStreamError
            When there is no such field; similar names are suggested. Nothing is changed.
        InvalidSelectionError
            When a field that was named cannot be selected. Nothing is changed.
        """
        self._choose(*self._found(fields), YES)
        self._write("selected", True)

    def deselect(self, *fields: str | Breadcrumb) -> None:
        """Deselect the given fields, or without any the stream itself.

        Raises
        ------
        UnknownStreamError
            When there is no such field; similar names are suggested. Nothing is changed.
        InvalidSelectionError
            When a field that was named is automatic. Nothing is changed.
        """
        if not fields:
            self._write("selected", False)
            return
        self._choose(*self._found(fields), NO)

    def configure(
        self,
        *,
        replication_method: str | Unset | None = UNSET,
        replication_key: str | Unset | None = UNSET,
        view_keys: Iterable[str] | Unset | None = UNSET,
    ) -> None:
        """Choose its replication method and key, and a view's keys; None takes a choice back.

        Raises
        ------
        UnknownStreamError
            When a key is no field of the stream; similar names are suggested. Nothing is changed.
        InvalidSelectionError
            When the stream cannot have it: its method is forced, the key is not valid or of the wrong type, it is no
            view. Nothing is changed.
        """
        if isinstance(view_keys, str):
            raise InvalidInputError(f"view_keys expects a list of names. Pass [{view_keys!r}].")
        wanted: dict[str, Any] = {}
        if not isinstance(replication_method, Unset):
            wanted["replication-method"] = replication_method
        if not isinstance(replication_key, Unset):
            wanted["replication-key"] = replication_key
        if not isinstance(view_keys, Unset):
            wanted["view-key-properties"] = None if view_keys is None else list(view_keys)
        for key, value in wanted.items():
            self._refuse_unknown_keys(value if isinstance(value, list) else [value] if key.endswith("-key") else [])
            complaint = key_error(self.metadata, self._fields, key, value)
            if complaint is not None:
                self._refuse(f"{self.stream_name}: {complaint}")
        for key, value in wanted.items():
            self._write(key, value)

    def discard(self) -> None:
        """Discard the changes."""
        self._keys.clear()
        self._changed.clear()
        self._touch()

    def to_frame(self) -> pd.DataFrame:
        """Show its fields as a DataFrame: one row per field, with the columns of `Catalog.to_frame`.

        Raises
        ------
        InvalidInputError
            When its fields were not asked for yet: `Catalog.load` does.
        """
        from stitchnb import frames

        return frames.catalog_fields([self.part()])

    def changes(self) -> list[Change]:
        """List what is to be changed: of the stream itself first, then of its fields in their order."""
        name, id_ = self.stream_name, self.tap_stream_id
        found = [Change(id_, name, (), key, self._own.get(key), value) for key, value in sorted(self._keys.items())]
        if self._changed:
            crumbs, saved = self.columns.breadcrumbs, self.columns.selected
            found += [
                Change(id_, name, crumbs[position], "selected", yes_or_no(saved[position]), value == YES)
                for position, value in sorted(self._changed.items())
            ]
        return found

    def problems(self) -> list[Problem]:
        """List what is wrong with it as it is to be: errors, which are not sent, and warnings."""
        return list(
            problems_of(
                SelectionView(
                    self.tap_stream_id,
                    self.stream_name,
                    self.metadata,
                    self._keys,
                    self._fields,
                    self.replicated() if self.is_loaded else (),
                    self._changed,
                )
            )
        )

    def find(self, fields: Iterable[str | Breadcrumb]) -> tuple[set[int], set[int], list[str | Breadcrumb]]:
        """Find fields by names, globs or breadcrumbs.

        Returns
        -------
        tuple
            Their positions, the positions of those that were named one by one, and what is no field at all.
        """
        columns, given = self.columns, list(fields)
        words = [one for one in given if isinstance(one, str)]
        positions, not_found = patterns.chosen(words, columns.names)
        # A glob that takes away is a precaution: it need not find anything.
        idle: list[str | Breadcrumb] = [p for p in not_found if not (p.startswith("!") and patterns.is_glob(p))]
        named = {p for word in words for p in columns.positions_of(word)} & positions
        for breadcrumb in (one for one in given if not isinstance(one, str)):
            if breadcrumb in columns.breadcrumbs:
                named.add(columns.breadcrumbs.index(breadcrumb))
            else:
                idle.append(breadcrumb)
        return positions | named, named, idle

    def _accept(self, changes: Iterable[Change]) -> None:
        """Take changes as written: they are what Stitch has from now on."""
        positions = {self.columns.breadcrumbs[position]: position for position in self._changed}
        for change in changes:
            if not change.breadcrumb:
                self._own[change.key] = change.after
                self._keys.pop(change.key, None)
            else:
                position = positions[change.breadcrumb]
                self.columns.selected[position] = YES if change.after else NO
                self._changed.pop(position, None)
        self._touch()

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Take back what was changed inside when it ends in an error."""
        keys, changed = dict(self._keys), dict(self._changed)
        try:
            yield
        except BaseException:
            self._keys, self._changed = keys, changed
            self._touch()
            raise

    def _write(self, key: str, value: Any) -> None:
        is_forced = key == "replication-method" and value is not None and value == self.forced_method
        if is_forced or is_same(key, value, self._own.get(key)):
            self._keys.pop(key, None)
        else:
            self._keys[key] = value
        self._touch()

    def _leave_out(self) -> None:
        """Deselect it, and forget which of its fields were to be selected: they cannot be without it."""
        self._changed = {position: value for position, value in self._changed.items() if value != YES}
        self._write("selected", False)

    def _choose(self, positions: set[int], named: set[int], value: int) -> None:
        """Select or deselect fields; of those that cannot be, the named ones are refused and the others left out."""
        if not positions:
            return
        columns = self.columns
        problems = []
        for position in sorted(named) if value == YES else ():
            if (refusal := selecting_error(columns, position)) is not None:
                problems.append(self._problem(refusal, columns.breadcrumbs[position]))
        roles = self._roles(columns) if value == NO else {}
        for position in sorted(named) if value == NO else ():
            if (refusal := deselecting_error(columns, position, roles.get(position, ()))) is not None:
                problems.append(self._problem(refusal, columns.breadcrumbs[position]))
        if problems:
            raise InvalidSelectionError(problems)
        for position in positions:
            if selecting_error(columns, position) is not None:
                continue
            while position >= 0:
                self._set(columns, position, value)
                # A field lands only with what it is inside of; deselected, it takes nothing else along.
                position = columns.around[position] if value == YES else -1
        self._touch()

    def _set(self, columns: FieldColumns, position: int, value: int) -> None:
        if columns.inclusion[position] == AUTOMATIC or selecting_error(columns, position) is not None:
            return
        saved = columns.selected[position]
        # Said to a field that is selected by default, "not selected" is another thing than nothing.
        is_default = columns.selected_by_default[position] == YES
        same = saved == value if is_default and value == NO else (saved == YES) == (value == YES)
        if same:
            self._changed.pop(position, None)
        else:
            self._changed[position] = value

    def _found(self, fields: Iterable[str | Breadcrumb]) -> tuple[set[int], set[int]]:
        """Find fields that must be there. See `find`."""
        if not (given := list(fields)):
            return set(), set()
        positions, named, idle = self.find(given)
        if idle:
            raise self._unknown(idle[0].removeprefix("!") if isinstance(idle[0], str) else dotted_name(idle[0]))
        return positions, named

    def _refuse_unknown_keys(self, names: Iterable[str | None]) -> None:
        if self._fields is None:
            return
        for name in names:
            if name is not None and name not in (*self._fields.names, *self.valid_keys):
                raise self._unknown(name)

    def _unknown(self, name: str) -> UnknownStreamError:
        return UnknownStreamError(
            name, self.columns.names, hint=f"catalog[{self.stream_name!r}].fields() lists all of its fields."
        )

    def _refuse(self, message: str) -> None:
        raise InvalidSelectionError([self._problem(message, ())])

    def _problem(self, message: str, breadcrumb: Breadcrumb) -> Problem:
        return Problem("error", self.tap_stream_id, self.stream_name, breadcrumb, message)
