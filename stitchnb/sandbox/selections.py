"""What is selected of a source, read from the state."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stitchnb.models import Breadcrumb, FieldMetadata, StreamMetadata
from stitchnb.rules import selection
from stitchnb.sandbox.engine.base import SelectedStream

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
    def replicated_fields(self) -> list[str]:
        """The top-level fields that replicate when the stream is selected, in the schema's order."""
        return [
            name
            for name in self.schema.get("properties", {})
            if selection.is_replicated(FieldMetadata(self.metadata(("properties", name))))
        ]

    def as_selected(self) -> SelectedStream:
        """Cut the stream down to what a job replicates."""
        metadata = StreamMetadata(self.metadata(()))
        fields = set(self.replicated_fields)
        properties = {n: s for n, s in self.schema.get("properties", {}).items() if n in fields}
        valid_keys = metadata.valid_replication_keys or ()
        method = metadata.forced_replication_method or metadata.replication_method
        method = method or ("INCREMENTAL" if valid_keys else "FULL_TABLE")
        key = metadata.replication_key or next(iter(valid_keys), None)
        return SelectedStream(
            tap_stream_id=self.tap_stream_id,
            stream_name=self.stream_name,
            schema={**self.schema, "properties": properties},
            key_properties=metadata.table_key_properties or metadata.view_key_properties,
            replication_method=method,
            replication_key=key if method == "INCREMENTAL" else None,
        )


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
