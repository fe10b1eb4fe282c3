"""What is wrong with a selection before it is sent: the rules of the Connect API, and what it lets pass but should not.

An error is what the API or the next extraction refuses for certain: nothing is sent while there is one. A warning is
what the API takes and what then does not do what one would think.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from stitchnb.models import Breadcrumb, StreamMetadata
from stitchnb.models.stream import dotted_name
from stitchnb.rules.selection.columns import AUTOMATIC, UNSUPPORTED, WRITABLE_KEYS, YES, FieldColumns

METHODS = ("FULL_TABLE", "INCREMENTAL", "LOG_BASED")
_KEY_TYPES = ("integer", "date-time", "timestamp")
# How databases name their integers and moments where the JSON schema does not tell them from other fields.
_KEY_SQL_TYPES = ("timestamp", "datetime", "int", "bigint", "smallint", "integer")
# So many names of a list stand in a message; the rest is counted.
_MOST_NAMES = 5


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with what is selected of a stream.

    Attributes
    ----------
    severity
        ``error``: it is not sent. ``warning``: it is sent, but mind what it does.
    tap_stream_id, stream_name
        The stream.
    breadcrumb
        The field; ``()`` for the stream itself.
    message
        What is wrong and what to do, in words.
    """

    severity: Literal["error", "warning"]
    tap_stream_id: str
    stream_name: str
    breadcrumb: Breadcrumb
    message: str

    @property
    def field(self) -> str | None:
        """The field's dotted name; None for the stream itself."""
        return dotted_name(self.breadcrumb) if self.breadcrumb else None

    def __str__(self) -> str:
        return f"{self.stream_name}.{self.field}: {self.message}" if self.breadcrumb else self.message


@dataclass(frozen=True)
class SelectionView:
    """A stream as it is to be, for the rules to judge.

    Attributes
    ----------
    metadata
        The stream's own metadata as it is to be.
    written
        The keys of it that differ from what Stitch has, with their values as they are to be.
    fields
        None where they were not asked for yet: then the stream alone is judged.
    replicated
        Which of the fields land, by position.
    changed
        The fields whose selection differs from what Stitch has: 1 for selected, 0 for not.
    """

    tap_stream_id: str
    stream_name: str
    metadata: StreamMetadata
    written: Mapping[str, Any]
    fields: FieldColumns | None = None
    replicated: Sequence[bool] = ()
    changed: Mapping[int, int] | None = None


def problems_of(stream: SelectionView) -> Iterator[Problem]:
    """Judge one stream."""

    def problem(severity: Literal["error", "warning"], message: str, breadcrumb: Breadcrumb = ()) -> Problem:
        return Problem(severity, stream.tap_stream_id, stream.stream_name, breadcrumb, message)

    for key, value in stream.written.items():
        if (complaint := key_error(stream.metadata, stream.fields, key, value)) is not None:
            yield problem("error", f"{stream.stream_name}: {complaint}")
    if stream.metadata.selected is True:
        for complaint in _unfinished(stream):
            yield problem("error", complaint)
    if stream.fields is None:
        return
    fields, changed = stream.fields, stream.changed or {}
    for position, value in changed.items():
        if value == YES and (refusal := selecting_error(fields, position)) is not None:
            yield problem("error", refusal, fields.breadcrumbs[position])
    if stream.metadata.selected is not True:
        for position in (p for p, value in changed.items() if value == YES):
            yield problem(
                "error",
                f"its stream is not selected: select {stream.stream_name} too, or no field of it",
                fields.breadcrumbs[position],
            )
        return
    for position, value in changed.items():
        if value != YES and fields.selected_by_default[position] == YES and stream.replicated[position]:
            yield problem(
                "warning",
                "deselecting it does nothing: it is selected by default, and Stitch replicates such a field whatever "
                "is said of it",
                fields.breadcrumbs[position],
            )
    for one, other in conflicts_of(fields, stream.replicated):
        yield problem(
            "warning",
            f"{fields.names[one]} cannot be extracted together with {fields.names[other]}: Stitch takes the selection, "
            "and the extraction then fails. Deselect one of the two",
            fields.breadcrumbs[one],
        )
    if len(fields) and not any(stream.replicated):
        yield problem("warning", f"{stream.stream_name} is selected, and none of its fields replicates")


def key_error(metadata: StreamMetadata, fields: FieldColumns | None, key: str, value: Any) -> str | None:
    """Say why a stream's key cannot have a value; None when it can. No value at all takes it back."""
    writable = fields.writable_keys if fields is not None else WRITABLE_KEYS
    if key not in writable:
        return f"{key} cannot be written; what can be is {', '.join(writable)}"
    if value is None:
        return None
    if key == "replication-method":
        return method_error(metadata, value)
    if key == "replication-key":
        return replication_key_error(metadata, fields, value)
    if key == "view-key-properties":
        return view_keys_error(metadata, fields, value)
    return None


def method_error(metadata: StreamMetadata, method: str) -> str | None:
    """Say why a stream cannot have a replication method; None when it can."""
    forced = metadata.forced_replication_method
    if forced is not None and method != forced:
        return f"its replication method is {forced}, and the source lets nobody change it (not to {method!r})"
    if method not in METHODS:
        return f"{method!r} is no replication method: there are {', '.join(METHODS)}"
    return None


def replication_key_error(metadata: StreamMetadata, fields: FieldColumns | None, key: str) -> str | None:
    """Say why a field cannot be a stream's replication key; None when it can, as far as is known."""
    valid = metadata.valid_replication_keys
    if valid is not None:
        if key in valid:
            return None
        return f"{key!r} cannot be its replication key: it takes {_either(valid)}"
    if fields is None:
        return None
    if key not in replication_key_candidates(fields):
        types = next((t for t in (fields.types[p] for p in _top(fields, key)) if t), None)
        why = f"it is {types}" if types else "there is no such field that can be replicated"
        return (
            f"{key!r} cannot be its replication key, which must be an integer, date-time or timestamp ({why}); "
            f"that is {_either(replication_key_candidates(fields))}"
        )
    return None


def replication_key_candidates(fields: FieldColumns) -> list[str]:
    """List the fields whose type lets them be a replication key, in the schema's order."""
    return [
        fields.names[position]
        for position, breadcrumb in enumerate(fields.breadcrumbs)
        if len(breadcrumb) == 2
        and fields.inclusion[position] != UNSUPPORTED
        and _orders_rows(fields.types[position], fields.sql_types[position])
    ]


def view_keys_error(metadata: StreamMetadata, fields: FieldColumns | None, keys: Iterable[str]) -> str | None:
    """Say why fields cannot be a view's keys; None when they can, as far as is known."""
    keys = list(keys)
    if metadata.is_view is not True:
        return "it is no view: only a view takes keys, everything else has its own"
    if not keys:
        return "a view needs at least one key"
    for key in keys if fields is not None else ():
        positions = _top(fields, key) if fields is not None else []
        if not positions:
            return f"there is no field {key!r} for its key"
        if fields is not None and fields.inclusion[positions[0]] == UNSUPPORTED:
            return f"{key!r} cannot be its key, as the source cannot deliver it"
    return None


def selecting_error(fields: FieldColumns, position: int) -> str | None:
    """Say why a field cannot be selected; None when it can, or comes by itself."""
    if fields.inclusion[position] == UNSUPPORTED:
        return f"it cannot be selected: {fields.descriptions.get(position, 'the source cannot deliver it')}"
    if not fields.is_described[position] and fields.around[position] >= 0:
        return f"it cannot be selected by itself: it comes with {fields.names[fields.around[position]]}"
    return None


def deselecting_error(fields: FieldColumns, position: int, roles: Sequence[str] = ()) -> str | None:
    """Say why a field cannot be deselected; None when it can, or is never selected."""
    if fields.inclusion[position] != AUTOMATIC and fields.is_described[position]:
        return None
    return f"it cannot be deselected: {locked_words(fields, position, roles) or 'the source tells nothing of it'}"


def locked_words(fields: FieldColumns, position: int, roles: Sequence[str] = ()) -> str | None:
    """Say why nobody can choose whether a field lands, `roles` being those of a key; None when one can."""
    if fields.inclusion[position] == AUTOMATIC:
        return f"automatic: {', '.join(roles)}" if roles else "automatic"
    return selecting_error(fields, position)


def conflicts_of(fields: FieldColumns, replicated: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Go through the pairs of fields that both replicate and exclude each other, each pair once."""
    if not fields.exclusions:
        return
    positions = {breadcrumb: position for position, breadcrumb in enumerate(fields.breadcrumbs)}
    told: set[tuple[int, int]] = set()
    for one, excluded in fields.exclusions.items():
        for other in (positions.get(breadcrumb) for breadcrumb in excluded if replicated[one]):
            if other is None or other == one or not replicated[other]:
                continue
            pair = (min(one, other), max(one, other))
            if pair not in told:
                told.add(pair)
                yield pair


def _unfinished(stream: SelectionView) -> Iterator[str]:
    """Say what a selected stream still needs."""
    metadata, name = stream.metadata, stream.stream_name
    if metadata.is_view is True and not metadata.view_key_properties:
        yield f"{name} is a view and needs keys: give view_keys, the fields that tell its rows apart"
    method, key = metadata.replication_method, metadata.replication_key
    if metadata.forced_replication_method is None and method == "INCREMENTAL" and key is None:
        valid = metadata.valid_replication_keys
        if valid is None and stream.fields is not None:
            valid = tuple(replication_key_candidates(stream.fields))
        choice = f": {_either(valid)}" if valid else ", an integer, date-time or timestamp field"
        yield f"{name} is replicated incrementally and needs a replication_key{choice}"
        return
    # The key that the stream had before was of no matter until now.
    is_new = "replication-method" in stream.written or "selected" in stream.written
    if method == "INCREMENTAL" and key is not None and is_new and "replication-key" not in stream.written:
        complaint = replication_key_error(metadata, stream.fields, key)
        yield from [f"{name}: {complaint}"] if complaint else []


def _orders_rows(types: str, sql_type: str | None) -> bool:
    words = types.split(" or ") if types else []
    if any(word in _KEY_TYPES for word in words):
        return True
    return sql_type is not None and sql_type.lower().startswith(_KEY_SQL_TYPES) and not sql_type.startswith("interval")


def _top(fields: FieldColumns, name: str) -> list[int]:
    return [position for position in fields.positions_of(name) if len(fields.breadcrumbs[position]) == 2]


def _either(names: Sequence[str]) -> str:
    if not names:
        return "no field"
    told = " or ".join(repr(name) for name in names[:_MOST_NAMES])
    return told if len(names) <= _MOST_NAMES else f"{told} or {len(names) - _MOST_NAMES} more"
