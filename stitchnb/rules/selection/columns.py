"""The fields of a stream as columns: compact enough for a million of them, quick enough to reckon with at once."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from stitchnb.models import Breadcrumb, StreamMetadata, StreamSchema
from stitchnb.models.stream import alternatives, dotted_name, type_words
from stitchnb.rules.selection.rules import field_around

# What inclusions and yes-or-no values are as numbers. A word that the API adds tomorrow is kept beside its number.
NOT_SAID, AUTOMATIC, AVAILABLE, UNSUPPORTED = range(4)
INCLUSIONS = (None, "automatic", "available", "unsupported")
_INCLUSION_CODES = {word: code for code, word in enumerate(INCLUSIONS)}
UNKNOWN, NO, YES = -1, 0, 1

# The words of a JSON schema under which others are.
_HOLDING = frozenset(("properties", "items", "anyOf", "oneOf", "allOf"))

# Written by the user; everything else is what the source says. A stream whose schema was not asked for yet has these.
WRITABLE_KEYS = ("selected", "replication-method", "replication-key", "view-key-properties")


class FieldColumns:
    """All fields of one stream, each attribute a column; fields around others come before those inside.

    Attributes
    ----------
    breadcrumbs, names
        Where each field is, and its dotted name.
    types, sql_types
        Its types in words, such as ``string or integer``, and its SQL type, None where there is none.
    inclusion
        A number, see `INCLUSIONS`; `other_inclusions` has the words that are not among them.
    selected, selected_by_default
        `YES`, `NO` or `UNKNOWN`.
    is_described
        1 where the source has metadata of the field, which can then be selected by itself; else 0.
    around, depth
        The position of the field that it is inside of (-1 at the top), and inside how many it is.
    descriptions, exclusions
        Why fields are unsupported, and the fields that cannot be extracted together with a field, by position.
    stream_metadata
        The stream's own metadata, which came with the fields.
    writable_keys
        The metadata keys that may be written.
    """

    __slots__ = (
        *("breadcrumbs", "names", "types", "sql_types", "inclusion", "other_inclusions", "selected"),
        *("selected_by_default", "is_described", "around", "depth", "descriptions", "exclusions"),
        *("stream_metadata", "writable_keys"),
    )

    def __init__(self, schema: StreamSchema | None = None, *, pool: dict[Any, Any] | None = None) -> None:
        self.breadcrumbs: list[Breadcrumb] = []
        self.names: list[str] = []
        self.types: list[str] = []
        self.sql_types: list[str | None] = []
        self.inclusion = array("b")
        self.other_inclusions: dict[int, str] = {}
        self.selected = array("b")
        self.selected_by_default = array("b")
        self.is_described = array("b")
        self.around = array("i")
        self.depth = array("h")
        self.descriptions: dict[int, str] = {}
        self.exclusions: dict[int, tuple[Breadcrumb, ...]] = {}
        self.stream_metadata = StreamMetadata({})
        self.writable_keys: tuple[str, ...] = WRITABLE_KEYS
        if schema is not None:
            self._read(schema, {} if pool is None else pool)

    def __len__(self) -> int:
        return len(self.breadcrumbs)

    def positions_of(self, name: str) -> list[int]:
        """Find the fields with a dotted name: mostly one, and none where there is no such field."""
        return [position for position, known in enumerate(self.names) if known == name]

    def inclusion_of(self, position: int) -> str | None:
        """Give the inclusion of a field as the API says it."""
        return self.other_inclusions.get(position) or INCLUSIONS[self.inclusion[position]]

    def _read(self, schema: StreamSchema, pool: dict[Any, Any]) -> None:
        """Fill the columns; what many fields and streams share, such as types and names, is kept once in ``pool``."""
        share = pool.setdefault
        described: dict[Breadcrumb, Mapping[str, Any]] = {}
        for entry in schema._wire.get("metadata") or ():
            if isinstance(entry, Mapping) and isinstance(entry.get("breadcrumb"), list):
                metadata = entry.get("metadata")
                described[tuple(map(str, entry["breadcrumb"]))] = metadata if isinstance(metadata, Mapping) else {}
        self.stream_metadata = StreamMetadata(described.pop((), {}))
        self.writable_keys = schema.non_discoverable_metadata_keys or WRITABLE_KEYS
        found = fields_of(schema.schema, described)
        self.breadcrumbs = [share(breadcrumb, breadcrumb) for breadcrumb in found]
        # The usual field is at the top: its name is the breadcrumb's own text.
        names = (b[1] if _is_at_top(b) else dotted_name(b) for b in self.breadcrumbs)
        self.names = [share(name, name) for name in names]
        self.types = [_types_in_words(of, pool) for of in found.values()]
        self._place()
        told = [described.get(breadcrumb) for breadcrumb in self.breadcrumbs]
        self.is_described = array("b", [metadata is not None for metadata in told])
        self._read_metadata([metadata or {} for metadata in told], share)

    def _place(self) -> None:
        """Find what each field is inside of: of most streams no field is inside of any."""
        self.around = array("i", [-1]) * len(self)
        self.depth = array("h", [0]) * len(self)
        if all(map(_is_at_top, self.breadcrumbs)):
            return
        positions: dict[Breadcrumb, int] = {}
        for position, breadcrumb in enumerate(self.breadcrumbs):
            around = field_around(breadcrumb, positions)
            if around is not None:
                self.around[position] = positions[around]
                self.depth[position] = self.depth[positions[around]] + 1
            positions[breadcrumb] = position

    def _read_metadata(self, told: Sequence[Mapping[str, Any]], share: Callable[[Any, Any], Any]) -> None:
        self.selected = array("b", [_yes_or_no(metadata.get("selected")) for metadata in told])
        self.selected_by_default = array("b", [_yes_or_no(metadata.get("selected-by-default")) for metadata in told])
        sql_types = [metadata.get("sql-datatype") for metadata in told]
        self.sql_types = [share(type_, type_) if isinstance(type_, str) else None for type_ in sql_types]
        inclusions = [metadata.get("inclusion") for metadata in told]
        words = [word if isinstance(word, str) else None for word in inclusions]
        self.inclusion = array("b", [_INCLUSION_CODES.get(word, NOT_SAID) for word in words])
        for position, (word, metadata) in enumerate(zip(words, told, strict=True)):
            if word is not None and word not in _INCLUSION_CODES:
                self.other_inclusions[position] = word
            if isinstance(why := metadata.get("unsupported-description"), str) and why:
                self.descriptions[position] = share(why, why)
            if isinstance(excluded := metadata.get("fieldExclusions"), list) and excluded:
                self.exclusions[position] = tuple(tuple(map(str, one)) for one in excluded if isinstance(one, list))


def _is_at_top(breadcrumb: Breadcrumb) -> bool:
    return len(breadcrumb) == 2 and breadcrumb[0] == "properties"


def _types_in_words(schema: Mapping[str, Any], pool: dict[Any, Any]) -> str:
    """Tell a JSON schema's types; nearly all fields are of a few kinds, each of which is told once."""
    if not _HOLDING.isdisjoint(schema):
        return " or ".join(type_words(schema))
    kind = ("types", repr(schema.get("type")), repr(schema.get("format")))
    words: str | None = pool.get(kind)
    if words is None:
        words = pool[kind] = " or ".join(type_words(schema))
    return words


def _yes_or_no(value: Any) -> int:
    return YES if value is True else NO if value is False else UNKNOWN


def fields_of(schema: Mapping[str, Any], described: Iterable[Breadcrumb] = ()) -> dict[Breadcrumb, Mapping[str, Any]]:
    """List every field of a stream's JSON schema, those inside of objects and of the elements of lists too.

    Parameters
    ----------
    described
        Breadcrumbs that there is metadata for; one that the schema does not have comes last.

    Returns
    -------
    dict
        The JSON schema of each field by breadcrumb, a field before those inside of it.
    """
    found: dict[Breadcrumb, Mapping[str, Any]] = {}
    told = {b: None for b in described if b}
    # A stack, not a call within a call: no depth of a schema is too deep.
    waiting = [_inner((), schema)]
    while waiting:
        for breadcrumb, of, is_field in waiting[-1]:
            # The elements of a list are only a field of their own where the source says something of them.
            if is_field or breadcrumb in told:
                found.setdefault(breadcrumb, of)
            # Most fields have nothing inside, and are gone by quickly.
            if not _HOLDING.isdisjoint(of):
                waiting.append(_inner(breadcrumb, of))
                break
        else:
            waiting.pop()
    # By length, so that what is around comes before what is inside.
    for breadcrumb in sorted((b for b in told if b not in found), key=len):
        found[breadcrumb] = {}
    return found


def _inner(breadcrumb: Breadcrumb, schema: Mapping[str, Any]) -> Iterator[tuple[Breadcrumb, Mapping[str, Any], bool]]:
    """Go through what is right inside of a schema: fields, and (not fields) the elements of a list."""
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        for name, of in properties.items():
            yield (*breadcrumb, "properties", name), of if isinstance(of, Mapping) else {}, True
    items = schema.get("items")
    for one in items if isinstance(items, list | tuple) else (items,):
        if isinstance(one, Mapping):
            yield (*breadcrumb, "items"), one, False
    for alternative in alternatives(schema):
        yield from _inner(breadcrumb, alternative)
