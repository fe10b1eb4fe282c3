"""A tap's catalog: the discovered streams, and the selection written into it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stitchnb.errors import near_names
from stitchnb.models.stream import alternatives
from stitchnb.sandbox.pipeline import Breadcrumb, ConnectorError, DiscoveredStream, JSONSchema, SelectedStream
from stitchnb.sandbox.store.streams import MODIFIABLE_KEYS

Projection = Callable[[Any], Any]


def make_projection(schema: JSONSchema) -> Projection:
    """Return the function that keeps only the fields of a schema in a record."""
    return _object_projection(_fields(schema))


def _value_projection(schema: object) -> Projection | None:
    """Return the function that keeps only the fields of a schema in a nested value. None if it keeps everything."""
    if not isinstance(schema, Mapping):
        return None
    fields = None if _is_open(schema) else _fields(schema)
    of_object = None if not fields else _object_projection(fields)
    of_item = next(filter(None, (_value_projection(part.get("items")) for part in _parts(schema))), None)
    if of_item is None:
        return of_object

    def project(value: Any) -> Any:
        if isinstance(value, list):
            return [of_item(item) for item in value]
        return value if of_object is None else of_object(value)

    return project


def _object_projection(fields: Mapping[str, Projection | None]) -> Projection:
    def project(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {
            name: inner if (project_inner := fields[name]) is None else project_inner(inner)
            for name, inner in value.items()
            if name in fields
        }

    return project


def _fields(schema: JSONSchema) -> dict[str, Projection | None]:
    fields: dict[str, Projection | None] = {}
    for part in _parts(schema):
        properties = part.get("properties")
        if isinstance(properties, Mapping):
            fields |= {name: _value_projection(inner) for name, inner in properties.items()}
    return fields


def _is_open(schema: JSONSchema) -> bool:
    """Return whether a nested object can have fields that are not in its schema."""
    return any(part.get("additionalProperties") for part in _parts(schema))


def _parts(schema: JSONSchema) -> list[JSONSchema]:
    return [schema, *(inner for part in alternatives(schema) for inner in _parts(part))]


# Attributes of older taps outside of the metadata, and their keys in the metadata.
_ATTRIBUTES = {
    "key_properties": "table-key-properties",
    "replication_method": "replication-method",
    "replication_key": "replication-key",
    "is_view": "is-view",
    "database_name": "database-name",
    "row_count": "row-count",
}


@dataclass(frozen=True, slots=True)
class TapCatalog:
    """The catalog of a tap, with its entries as the tap wrote them."""

    entries: tuple[Mapping[str, Any], ...]

    @classmethod
    def read(cls, text: bytes) -> TapCatalog:
        """Parse the output of ``--discover``.

        Raises
        ------
        ConnectorError
            It is not a valid catalog. The message says why.
        """
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ConnectorError("its discovery did not print JSON") from error
        entries = found.get("streams") if isinstance(found, dict) else None
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ConnectorError("its discovery printed JSON without a list of 'streams'")
        catalog = cls(tuple(entries))
        seen: set[str] = set()
        for entry in entries:
            name = _id(entry)
            if name in seen:
                raise ConnectorError(f"its catalog has the stream {name!r} more than once")
            if not isinstance(entry.get("schema"), dict):
                raise ConnectorError(f"its catalog has no schema of the stream {name!r}")
            seen.add(name)
            # Checked here, so that the error is reported at discovery rather than during a job.
            dict(_metadata(entry))
        return catalog

    def names(self) -> dict[str, str]:
        """Return the ``tap_stream_id`` for each name that a message can use for a stream.

        Names that two streams share, such as tables in two schemas, are omitted.
        """
        spoken: dict[str, set[str]] = {}
        for entry in self.entries:
            for name in _message_names(entry):
                spoken.setdefault(name, set()).add(_id(entry))
        alone = {name: next(iter(ids)) for name, ids in spoken.items() if len(ids) == 1}
        return alone | {_id(entry): _id(entry) for entry in self.entries}

    def streams(self) -> list[DiscoveredStream]:
        """Return the discovered streams.

        A selection in the tap's catalog is only a default: its fields are ``selected-by-default``, and no stream is
        selected. If the catalog has no metadata about fields, all of them are selected by default.
        """
        return [
            DiscoveredStream(_id(entry), _name(entry), _plain(entry["schema"]), _discovered_metadata(entry))
            for entry in self.entries
        ]

    def with_selection(self, streams: Sequence[SelectedStream]) -> dict[str, Any]:
        """Return the catalog with only these streams and their fields selected.

        Raises
        ------
        ConnectorError
            A stream is not in the catalog. The message lists similar names.
        """
        known = dict.fromkeys(_id(entry) for entry in self.entries)
        chosen = {stream.tap_stream_id: stream for stream in streams}
        for name in chosen:
            if name not in known:
                near = near_names(name, known) or list(known)[:10]
                raise ConnectorError(
                    f"the stream {name!r} is no longer in its catalog, which has {', '.join(near) or 'no streams'}"
                )
        return {"streams": [_entry_with_selection(entry, chosen.get(_id(entry))) for entry in self.entries]}


def _id(entry: Mapping[str, Any]) -> str:
    found = entry.get("tap_stream_id") or entry.get("stream")
    if not isinstance(found, str):
        raise ConnectorError("its catalog has a stream without a 'tap_stream_id'")
    return found


def _name(entry: Mapping[str, Any]) -> str:
    found = entry.get("stream") or entry.get("table_name")
    return found if isinstance(found, str) else _id(entry)


def _message_names(entry: Mapping[str, Any]) -> set[str]:
    alias = entry.get("stream_alias")
    return {_name(entry), *([alias] if isinstance(alias, str) and alias else [])}


def _metadata(entry: Mapping[str, Any]) -> Iterator[tuple[Breadcrumb, dict[str, Any]]]:
    """Iterate over the metadata as the tap wrote them."""
    said = entry.get("metadata") or []
    for item in said if isinstance(said, list) else [None]:
        breadcrumb = item.get("breadcrumb") if isinstance(item, dict) else None
        metadata = item.get("metadata") if isinstance(item, dict) else None
        if not isinstance(breadcrumb, list) or not isinstance(metadata, dict):
            raise ConnectorError(f"its catalog has metadata of {_id(entry)!r} without a breadcrumb")
        yield tuple(map(str, breadcrumb)), metadata


def _discovered_metadata(entry: Mapping[str, Any]) -> dict[Breadcrumb, dict[str, Any]]:
    said = {breadcrumb: dict(metadata) for breadcrumb, metadata in _metadata(entry)}
    of_stream = said.pop((), {})
    of_stream.pop("selected", None)
    for attribute, key in _ATTRIBUTES.items():
        if entry.get(attribute) not in (None, "", []):
            of_stream.setdefault(key, entry[attribute])
    if isinstance(replication_key := of_stream.get("replication-key"), str):
        of_stream.setdefault("valid-replication-keys", [replication_key])
    for key in of_stream.keys() & {"table-key-properties", "valid-replication-keys"}:
        of_stream[key] = _names(of_stream[key])
    automatic = {*of_stream.get("table-key-properties", ()), *of_stream.get("valid-replication-keys", ())}
    properties = _properties(entry["schema"])
    says_fields = bool(said) or any("inclusion" in _mapping(schema) for schema in properties.values())
    for name, schema in properties.items():
        metadata = said.setdefault(("properties", name), {})
        by_role = "automatic" if name in automatic else "available"
        metadata.setdefault("inclusion", _mapping(schema).get("inclusion", by_role))
        if not says_fields:
            metadata["selected-by-default"] = True
    for metadata in said.values():
        if metadata.pop("selected", None) is True:
            metadata["selected-by-default"] = True
    return {(): of_stream, **said}


def _entry_with_selection(entry: Mapping[str, Any], stream: SelectedStream | None) -> dict[str, Any]:
    written = copy.deepcopy(dict(entry))
    metadata = {breadcrumb: dict(inner) for breadcrumb, inner in _metadata(entry)}
    for name in _properties(entry["schema"]):
        metadata.setdefault(("properties", name), {})
    of_stream = {key: value for key, value in metadata.pop((), {}).items() if key not in MODIFIABLE_KEYS}
    of_stream["selected"] = written["selected"] = stream is not None
    if stream is not None:
        of_stream |= _method(stream, is_view=bool(of_stream.get("is-view", entry.get("is_view"))))
        written["replication_method"] = stream.replication_method
        written["replication_key"] = stream.replication_key
    for breadcrumb, inner in metadata.items():
        inner["selected"] = stream is not None and _has(stream.schema, breadcrumb)
        # Older taps read it from the schema of the field.
        if (field := _at(written["schema"], breadcrumb)) is not None:
            field["selected"] = inner["selected"]
    written["schema"]["selected"] = stream is not None
    written["metadata"] = [
        {"breadcrumb": list(breadcrumb), "metadata": inner} for breadcrumb, inner in {(): of_stream, **metadata}.items()
    ]
    return written


def _method(stream: SelectedStream, *, is_view: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"replication-method": stream.replication_method}
    if stream.replication_key is not None:
        found["replication-key"] = stream.replication_key
    if is_view:
        found["view-key-properties"] = list(stream.key_properties)
    return found


def _has(schema: Mapping[str, Any], breadcrumb: Breadcrumb) -> bool:
    return _at(schema, breadcrumb) is not None


def _at(schema: Any, breadcrumb: Breadcrumb) -> dict[str, Any] | None:
    """Find the schema of a field, also within alternatives."""
    if not isinstance(schema, dict):
        return None
    if not breadcrumb:
        return schema
    found: dict[str, Any] | None = _at(schema.get(breadcrumb[0]), breadcrumb[1:])
    for word in ("anyOf", "oneOf", "allOf"):
        for part in schema[word] if isinstance(schema.get(word), list) else ():
            found = _at(part, breadcrumb) if found is None else found
    return found


def _plain(schema: Any) -> dict[str, Any]:
    """Copy a schema, and replace parts that are not objects by a schema that allows anything."""
    plain = dict(_mapping(schema))
    if "properties" in plain:
        plain["properties"] = {name: _plain(inner) for name, inner in _properties(schema).items()}
    if "items" in plain:
        plain["items"] = _plain(plain["items"])
    for word in {"anyOf", "oneOf", "allOf"} & plain.keys():
        parts = plain[word]
        plain[word] = [_plain(part) for part in parts] if isinstance(parts, list) else []
    return plain


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapping(schema.get("properties"))


def _names(value: Any) -> list[str]:
    names = value if isinstance(value, list) else [value]
    return [name for name in names if isinstance(name, str)]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
