"""Streams and their fields: the tables and columns of a source, and what is selected of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stitchnb.models.base import Model, attr, many, one

Breadcrumb = tuple[str, ...]


def _names(value: Any) -> tuple[str, ...]:
    return tuple(str(v) for v in value) if isinstance(value, list | tuple) else ()


def _breadcrumbs(value: Any) -> tuple[Breadcrumb, ...]:
    return tuple(_names(v) for v in value) if isinstance(value, list | tuple) else ()


def dotted_name(breadcrumb: Sequence[str]) -> str:
    """Write a breadcrumb as a name: ``address.city``; ``tags[]`` are the elements of a list themselves.

    A field that is itself called ``properties`` or ``items`` keeps its name.
    """
    parts: list[str] = []
    position, last = 0, len(breadcrumb) - 1
    while position <= last:
        word = breadcrumb[position]
        if word == "properties" and position < last:
            position += 1
            parts.append(breadcrumb[position])
        elif word != "items":
            parts.append(word)
        elif position == last and parts:
            parts[-1] += "[]"
        position += 1
    return ".".join(parts)


def type_words(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Tell a JSON schema's types without ``null``; a format such as ``date-time`` takes the place of ``string``."""
    given = schema.get("type", ())
    types = (given,) if isinstance(given, str) else _names(given)
    format_ = schema.get("format")
    if isinstance(format_, str):
        types = tuple(format_ if t == "string" else t for t in types)
    for alternative in alternatives(schema):
        types += type_words(alternative)
    return tuple(dict.fromkeys(t for t in types if t != "null"))


def alternatives(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Go through the schemas that stand beside each other in ``anyOf``, ``oneOf`` and ``allOf``."""
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema and isinstance(found := schema[word], list | tuple):
            yield from (one for one in found if isinstance(one, Mapping))


class StreamMetadata(Model):
    """A stream's keys and method, what Stitch found and what was chosen."""

    selected = attr[bool | None]("selected")
    table_key_properties = attr[tuple[str, ...]]("table-key-properties", default=(), read=_names)
    forced_replication_method = attr[str | None]("forced-replication-method")
    valid_replication_keys = attr[tuple[str, ...] | None](
        "valid-replication-keys", read=_names, doc="None: any integer, date-time or timestamp field."
    )
    replication_method = attr[str | None]("replication-method", doc="``FULL_TABLE``, ``INCREMENTAL``, ``LOG_BASED``.")
    replication_key = attr[str | None]("replication-key")
    view_key_properties = attr[tuple[str, ...]]("view-key-properties", default=(), read=_names)
    is_view = attr[bool | None]("is-view")
    row_count = attr[int | None]("row-count")
    database_name = attr[str | None]("database-name")
    schema_name = attr[str | None]("schema-name")

    _summary = ("selected", "replication_method", "replication_key")

    @property
    def key_roles(self) -> dict[str, tuple[str, ...]]:
        """What its keys' fields are to it, by their names: ``primary key``, ``replication key``, or both."""
        keys = (self.replication_key,) if self.replication_key else self.valid_replication_keys or ()
        roles: dict[str, tuple[str, ...]] = {}
        for role, names in (
            ("primary key", self.table_key_properties or self.view_key_properties),
            ("replication key", keys),
        ):
            for name in dict.fromkeys(names):
                roles[name] = (*roles.get(name, ()), role)
        return roles


class FieldMetadata(Model):
    """Whether a field can be and is selected."""

    inclusion = attr[str | None]("inclusion", doc="``automatic``, ``available`` or ``unsupported``.")
    selected = attr[bool | None]("selected")
    selected_by_default = attr[bool | None]("selected-by-default")
    sql_datatype = attr[str | None]("sql-datatype")
    field_exclusions = attr[tuple[Breadcrumb, ...]](
        "fieldExclusions", default=(), read=_breadcrumbs, doc="Fields that cannot be extracted together with this one."
    )
    unsupported_description = attr[str | None]("unsupported-description")

    _summary = ("inclusion", "selected")


class Stream(Model):
    """One stream of a source: a table."""

    stream_id = attr[int]("stream_id", default=0)
    tap_stream_id = attr[str]("tap_stream_id", default="")
    stream_name = attr[str]("stream_name", default="")
    selected = attr[bool | None]("selected")
    metadata = attr[StreamMetadata]("metadata", default={}, read=one(StreamMetadata))

    _summary = ("stream_id", "stream_name", "selected")


class MetadataEntry(Model):
    """Metadata of the stream (breadcrumb ``()``) or of one field."""

    breadcrumb = attr[Breadcrumb]("breadcrumb", default=(), read=_names)
    metadata = attr[FieldMetadata]("metadata", default={}, read=one(FieldMetadata))

    _summary = ("breadcrumb", "metadata")


def _parsed(value: Any) -> Mapping[str, Any]:
    """Read a JSON schema that travels as a string; what cannot be read is an empty schema."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            value = None
    return value if isinstance(value, Mapping) else {}


class Field(Model):
    """One field of a stream, put together from its schema, its metadata and its stream's."""

    breadcrumb = attr[Breadcrumb]("breadcrumb", default=(), read=_names)
    schema = attr[Mapping[str, Any]]("schema", default={})
    metadata = attr[FieldMetadata]("metadata", default={}, read=one(FieldMetadata))
    roles = attr[tuple[str, ...]]("roles", default=(), read=_names, doc="``primary key``, ``replication key``.")
    stream_selected = attr[bool]("stream_selected", default=False, doc="Is its stream selected?")

    _summary = ("name", "types", "metadata")

    @property
    def name(self) -> str:
        """Its dotted name, such as ``address.city``."""
        return dotted_name(self.breadcrumb)

    @property
    def types(self) -> tuple[str, ...]:
        """Its JSON schema types without ``null``; a format such as ``date-time`` takes the place of ``string``."""
        return type_words(self.schema)


class StreamSchema(Model):
    """A stream's JSON schema with the metadata of the stream and its fields."""

    schema = attr[Mapping[str, Any]]("schema", default={}, read=_parsed)
    metadata = attr[tuple[MetadataEntry, ...]]("metadata", default=(), read=many(MetadataEntry))
    non_discoverable_metadata_keys = attr[tuple[str, ...]](
        "non-discoverable-metadata-keys", default=(), read=_names, doc="The keys that may be sent."
    )

    @property
    def stream_metadata(self) -> StreamMetadata:
        """The stream's own metadata."""
        entry = next((m for m in self.metadata if not m.breadcrumb), None)
        return StreamMetadata(entry.metadata._wire if entry else {})

    @property
    def fields(self) -> tuple[Field, ...]:
        """The top-level fields in the schema's order; a field with metadata only comes last."""
        by_breadcrumb = {m.breadcrumb: m.metadata for m in self.metadata if m.breadcrumb}
        properties = self.schema.get("properties")
        names = list(properties) if isinstance(properties, Mapping) else []
        names += [b[1] for b in by_breadcrumb if len(b) == 2 and b[1] not in names]
        return tuple(self._field(name, by_breadcrumb) for name in names)

    def _field(self, name: str, by_breadcrumb: Mapping[Breadcrumb, FieldMetadata]) -> Field:
        breadcrumb = ("properties", name)
        stream = self.stream_metadata
        properties = self.schema.get("properties")
        schema = properties.get(name) if isinstance(properties, Mapping) else None
        metadata = by_breadcrumb.get(breadcrumb)
        return Field(
            {
                "breadcrumb": list(breadcrumb),
                "schema": schema if isinstance(schema, Mapping) else {},
                "metadata": metadata._wire if metadata else {},
                "roles": list(stream.key_roles.get(name, ())),
                "stream_selected": stream.selected is True,
            }
        )

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)


class Selection(Model):
    """Metadata to send for one stream: the body's part of a selection."""

    tap_stream_id = attr[str]("tap_stream_id", default="")
    metadata = attr[tuple[MetadataEntry, ...]]("metadata", default=(), read=many(MetadataEntry))

    _summary = ("tap_stream_id",)

    @classmethod
    def of(cls, tap_stream_id: str, entries: Mapping[Breadcrumb, Mapping[str, Any]]) -> Selection:
        """Make one from metadata by breadcrumb, ``()`` being the stream itself, keys as on the wire."""
        return cls(
            {
                "tap_stream_id": tap_stream_id,
                "metadata": [{"breadcrumb": list(b), "metadata": dict(m)} for b, m in entries.items()],
            }
        )
