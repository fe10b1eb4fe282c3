"""What is different of a stream between two discoveries: fields that came, that went, that are of another type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from stitchnb.models import Breadcrumb, Selection, StreamMetadata
from stitchnb.models.stream import dotted_name
from stitchnb.rules.selection.columns import YES, FieldColumns

# Stitch names no bound for one request, but servers commonly take 1 MB by default. An entry is 100 to 200 bytes long:
# this many stay at half of that, and few selections need more than one request.
MOST_ENTRIES = 2_500


@dataclass(frozen=True, slots=True)
class Change:
    """One metadata value of a stream or field that is to be another.

    Attributes
    ----------
    tap_stream_id, stream_name
        The stream.
    breadcrumb
        The field; ``()`` is the stream itself.
    key
        Its name on the wire, such as ``selected`` or ``replication-key``.
    before, after
        Its values on the wire; None where there is none.
    """

    tap_stream_id: str
    stream_name: str
    breadcrumb: Breadcrumb
    key: str
    before: Any
    after: Any

    @property
    def field(self) -> str | None:
        """The field's dotted name; None for the stream itself."""
        return dotted_name(self.breadcrumb) if self.breadcrumb else None

    def is_kept(self, value: Any) -> bool:
        """Is a value that was read back the one that was written? ``null`` and false both mean not selected."""
        return bool((value is True) == (self.after is True) if self.key == "selected" else value == self.after)

    def __str__(self) -> str:
        where = f"{self.stream_name}.{self.field}" if self.breadcrumb else self.stream_name
        return f"{where}: {self.key} {self.before!r} → {self.after!r}"


def parts_of(changes: Iterable[Change], *, most: int = MOST_ENTRIES) -> list[list[Change]]:
    """Cut changes into as few requests as there can be of at most that many entries.

    Changes of one stream or field are one entry and stay together. Their order is kept, so a stream is selected before
    its fields are.
    """
    entries: dict[tuple[str, Breadcrumb], list[Change]] = {}
    for change in changes:
        entries.setdefault((change.tap_stream_id, change.breadcrumb), []).append(change)
    together = list(entries.values())
    return [
        [change for entry in together[start : start + most] for change in entry]
        for start in range(0, len(together), most)
    ]


def selections_of(changes: Sequence[Change]) -> list[Selection]:
    """Write changes as the API takes them: one selection for each stream."""
    streams: dict[str, dict[Breadcrumb, dict[str, Any]]] = {}
    for change in changes:
        stream = streams.setdefault(change.tap_stream_id, {})
        stream.setdefault(change.breadcrumb, {})[change.key] = change.after
    return [Selection.of(tap_stream_id, entries) for tap_stream_id, entries in streams.items()]


Kind = Literal["added", "removed", "retyped", "changed"]
Words = Sequence[str | None]

# What is compared of a stream and of a field; what is chosen is not among it.
STREAM_KEYS = ("table_keys", "valid_keys", "forced_method", "is_view")
FIELD_KEYS = ("type", "sql_type", "inclusion", "selected_by_default", "exclusions")
_TYPES = ("type", "sql_type")
_COMPARED = (
    *("breadcrumbs", "types", "sql_types", "inclusion", "other_inclusions", "selected_by_default"),
    "exclusions",
)


@dataclass(frozen=True)
class Difference:
    """One thing that is different of a stream.

    Attributes
    ----------
    tap_stream_id, stream_name
        The stream.
    breadcrumb
        The field; ``()`` is the stream itself.
    kind
        ``retyped`` where its type is another one, ``changed`` where something else is.
    key
        What of it; None where the stream itself came or went.
    before, after
        In words; None for nothing.
    replicated
        Does it land? Of what is gone: did it?
    """

    tap_stream_id: str
    stream_name: str
    breadcrumb: Breadcrumb
    kind: Kind
    key: str | None
    before: str | None
    after: str | None
    replicated: bool

    @property
    def field(self) -> str | None:
        """The field's dotted name; None for the stream itself."""
        return dotted_name(self.breadcrumb) if self.breadcrumb else None


def stream_differences(
    earlier: StreamMetadata, later: StreamMetadata
) -> Iterator[tuple[Kind, str, str | None, str | None]]:
    """Compare what the source says of a stream itself: kind, key, and the words before and after."""
    yield from _differing(STREAM_KEYS, _stream_words(earlier), _stream_words(later))


def field_differences(
    earlier: FieldColumns, later: FieldColumns
) -> Iterator[tuple[Breadcrumb, Kind, str, str | None, str | None]]:
    """Compare the fields of a stream: those that are there in their order, then those that are gone.

    Columns are compared as wholes first, so that a stream of which nothing is different is passed by quickly.
    """
    if all(getattr(earlier, column) == getattr(later, column) for column in _COMPARED):
        return
    gone = dict(zip(earlier.breadcrumbs, _field_words(earlier), strict=True))
    for breadcrumb, after in zip(later.breadcrumbs, _field_words(later), strict=True):
        before = gone.pop(breadcrumb, None)
        if before is None:
            yield breadcrumb, "added", "type", None, after[0]
        elif before != after:
            yield from ((breadcrumb, *found) for found in _differing(FIELD_KEYS, before, after))
    for breadcrumb, before in gone.items():
        yield breadcrumb, "removed", "type", before[0], None


def _differing(keys: Sequence[str], before: Words, after: Words) -> Iterator[tuple[Kind, str, str | None, str | None]]:
    for key, one, other in zip(keys, before, after, strict=True):
        if one != other:
            yield "retyped" if key in _TYPES else "changed", key, one, other


def _stream_words(metadata: StreamMetadata) -> Words:
    return (
        ", ".join(metadata.table_key_properties or ()) or None,
        ", ".join(metadata.valid_replication_keys or ()) or None,
        metadata.forced_replication_method,
        "yes" if metadata.is_view is True else None,
    )


def _field_words(columns: FieldColumns) -> Iterator[Words]:
    positions = range(len(columns))
    exclusions = {p: ", ".join(map(dotted_name, fields)) for p, fields in columns.exclusions.items()}
    return zip(
        [types or None for types in columns.types],
        columns.sql_types,
        map(columns.inclusion_of, positions),
        ["yes" if default == YES else None for default in columns.selected_by_default],
        map(exclusions.get, positions),
        strict=True,
    )
