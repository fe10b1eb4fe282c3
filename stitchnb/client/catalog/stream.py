"""One stream of a catalog: what is to be changed of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stitchnb.client.catalog.state import FieldState, StreamState, is_same, yes_or_no
from stitchnb.errors import InvalidInputError, InvalidSelectionError, UnknownStreamError
from stitchnb.models import Breadcrumb
from stitchnb.models.stream import dotted_name
from stitchnb.rules.selection import globs as patterns
from stitchnb.rules.selection.changes import Change
from stitchnb.rules.selection.columns import AUTOMATIC, NO, YES, FieldColumns
from stitchnb.rules.selection.validate import (
    Chosen,
    Problem,
    deselecting_error,
    key_error,
    problems_of,
    selecting_error,
)

if TYPE_CHECKING:
    import pandas as pd

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
        """Select it, and the given fields with whatever they are inside of; what is selected already stays.

        Parameters
        ----------
        fields
            Names, globs (``"*"``, ``"!*.ssn"``) or breadcrumbs. Globs leave out what cannot be selected.

        Raises
        ------
        UnknownStreamError
            When there is no such field; near ones are offered. Nothing is changed.
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
            When there is no such field; near ones are offered. Nothing is changed.
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
            When a key is no field of the stream; near ones are offered. Nothing is changed.
        InvalidSelectionError
            When the stream cannot have it: its method is forced, the key is not valid or of the wrong type, it is no
            view. Nothing is changed.
        """
        if isinstance(view_keys, str):
            raise InvalidInputError(f"view_keys takes a list of names: give [{view_keys!r}].")
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
        """Forget what was to be changed."""
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
                Chosen(
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
