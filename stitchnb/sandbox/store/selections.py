"""What is selected of a source, read from the state."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from stitchnb.models import Breadcrumb, FieldMetadata, StreamMetadata
from stitchnb.rules.selection import rules as selection
from stitchnb.rules.selection.columns import fields_of
from stitchnb.sandbox.pipeline import SelectedStream

# The keys that a user may write; everything else is discovery's.
MODIFIABLE_KEYS = ("selected", "replication-method", "replication-key", "view-key-properties")


@dataclass(frozen=True)
class StoredStream:
    """One stream with what was discovered of it and what was chosen."""

    stream_id: int
    tap_stream_id: str
    stream_name: str
    schema: Mapping[str, Any]
    discovered: Mapping[Breadcrumb, Mapping[str, Any]]
    chosen: Mapping[Breadcrumb, Mapping[str, Any]]

    @property
    def is_selected(self) -> bool:
        """The stream itself is selected."""
        return self.chosen.get((), {}).get("selected") is True

    def metadata(self, breadcrumb: Breadcrumb) -> dict[str, Any]:
        """Give what was discovered and chosen at one breadcrumb, keys as on the wire, sorted."""
        merged = {**self.discovered.get(breadcrumb, {}), **self.chosen.get(breadcrumb, {})}
        return dict(sorted(merged.items()))

    @property
    def replicated_fields(self) -> set[Breadcrumb]:
        """The fields that replicate when the stream is selected, those inside of others too."""
        fields = {
            breadcrumb: FieldMetadata(self.metadata(breadcrumb)) if breadcrumb in self.discovered else None
            for breadcrumb in fields_of(self.schema, self.discovered)
        }
        return {breadcrumb for breadcrumb, lands in selection.replicated_fields(fields).items() if lands}

    def as_selected(self) -> SelectedStream:
        """Cut the stream down to what a job replicates."""
        metadata = StreamMetadata(self.metadata(()))
        valid_keys = metadata.valid_replication_keys or ()
        method = metadata.forced_replication_method or metadata.replication_method
        method = method or ("INCREMENTAL" if valid_keys else "FULL_TABLE")
        key = metadata.replication_key or next(iter(valid_keys), None)
        return SelectedStream(
            tap_stream_id=self.tap_stream_id,
            stream_name=self.stream_name,
            schema=self._cut(self.schema, (), self.replicated_fields),
            key_properties=metadata.table_key_properties or metadata.view_key_properties,
            replication_method=method,
            replication_key=key if method == "INCREMENTAL" else None,
        )

    def _cut(self, schema: Mapping[str, Any], at: Breadcrumb, replicated: Set[Breadcrumb]) -> Mapping[str, Any]:
        """Cut a schema down to the fields that replicate."""
        cut = dict(schema)
        if isinstance(properties := schema.get("properties"), Mapping):
            cut["properties"] = {
                name: self._cut(of, within, replicated)
                for name, of in properties.items()
                if (within := (*at, "properties", name)) in replicated
            }
        if isinstance(items := schema.get("items"), Mapping):
            within = (*at, "items")
            if within in self.discovered and within not in replicated:
                del cut["items"]
            else:
                cut["items"] = self._cut(items, within, replicated)
        for word in {"anyOf", "oneOf", "allOf"} & {*schema}:
            cut[word] = [self._cut(one, at, replicated) for one in schema[word]]
        return cut


def streams_of(db: sqlite3.Connection, source_id: int) -> Iterator[StoredStream]:
    """Read a source's streams, in the order in which they were discovered."""
    chosen: dict[int, dict[Breadcrumb, dict[str, Any]]] = {}
    for row in db.execute(
        "SELECT stream_id, breadcrumb, selections.metadata FROM selections JOIN streams USING (stream_id) "
        "WHERE source_id = ?",
        (source_id,),
    ):
        chosen.setdefault(row["stream_id"], {})[tuple(json.loads(row["breadcrumb"]))] = json.loads(row["metadata"])
    for row in db.execute("SELECT * FROM streams WHERE source_id = ? ORDER BY position", (source_id,)).fetchall():
        yield StoredStream(
            stream_id=row["stream_id"],
            tap_stream_id=row["tap_stream_id"],
            stream_name=row["stream_name"],
            schema=json.loads(row["schema"]),
            discovered={tuple(b): m for b, m in json.loads(row["metadata"])},
            chosen=chosen.get(row["stream_id"], {}),
        )


def is_complete(db: sqlite3.Connection, source_id: int) -> bool:
    """Is at least one stream selected, and one field of it replicated?"""
    return any(stream.is_selected and stream.replicated_fields for stream in streams_of(db, source_id))
