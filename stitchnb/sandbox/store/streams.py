"""Streams in the state: what a discovery found of each, and what is selected."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from stitchnb.models import Breadcrumb, FieldMetadata, StreamMetadata
from stitchnb.rules.selection import rules as selection
from stitchnb.rules.selection.columns import fields_of
from stitchnb.sandbox.pipeline import DiscoveredStream, SelectedStream

# The keys that a user may write. All others come from the discovery.
MODIFIABLE_KEYS = ("selected", "replication-method", "replication-key", "view-key-properties")


@dataclass(frozen=True)
class StoredStream:
    """One stream with its discovered metadata and the metadata that the user set."""

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
        """Return the metadata at one breadcrumb, set over discovered, keys as on the wire, sorted."""
        merged = {**self.discovered.get(breadcrumb, {}), **self.chosen.get(breadcrumb, {})}
        return dict(sorted(merged.items()))

    @property
    def replicated_fields(self) -> set[Breadcrumb]:
        """The fields that are replicated when the stream is selected, nested ones included."""
        fields = {
            breadcrumb: FieldMetadata(self.metadata(breadcrumb)) if breadcrumb in self.discovered else None
            for breadcrumb in fields_of(self.schema, self.discovered)
        }
        return {breadcrumb for breadcrumb, lands in selection.replicated_fields(fields).items() if lands}

    def as_selected(self) -> SelectedStream:
        """Reduce the stream to what a job replicates."""
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
        """Reduce a schema to the fields that are replicated."""
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


def list_of_source(db: sqlite3.Connection, source_id: int, *, selected: bool = False) -> Iterator[StoredStream]:
    """Read a source's streams, in the order in which they were discovered.

    Parameters
    ----------
    selected
        Only those that are selected.
    """
    rows = db.execute(
        "SELECT * FROM streams WHERE source_id = ?1 AND (NOT ?2 OR stream_id IN (SELECT stream_id FROM selections "
        "WHERE breadcrumb = '[]' AND json_type(metadata, '$.selected') = 'true')) ORDER BY position",
        (source_id, selected),
    ).fetchall()
    if not rows:
        return
    chosen: dict[int, dict[Breadcrumb, dict[str, Any]]] = {}
    for row in db.execute(
        "SELECT stream_id, breadcrumb, selections.metadata FROM selections JOIN streams USING (stream_id) "
        "WHERE source_id = ?",
        (source_id,),
    ):
        chosen.setdefault(row["stream_id"], {})[tuple(json.loads(row["breadcrumb"]))] = json.loads(row["metadata"])
    for row in rows:
        yield StoredStream(
            stream_id=row["stream_id"],
            tap_stream_id=row["tap_stream_id"],
            stream_name=row["stream_name"],
            schema=json.loads(row["schema"]),
            discovered={tuple(b): m for b, m in json.loads(row["metadata"])},
            chosen=chosen.get(row["stream_id"], {}),
        )


def is_selection_complete(db: sqlite3.Connection, source_id: int) -> bool:
    """Whether at least one stream is selected, with at least one field that is replicated."""
    return any(stream.replicated_fields for stream in list_of_source(db, source_id, selected=True))


def save_selection(db: sqlite3.Connection, stream_id: int, breadcrumb: Breadcrumb, metadata: Mapping[str, Any]) -> None:
    """Merge metadata that the user sets into what is set at a breadcrumb; null removes a key."""
    db.execute(
        "INSERT INTO selections (stream_id, breadcrumb, metadata) VALUES (?, ?, ?) "
        "ON CONFLICT (stream_id, breadcrumb) DO UPDATE SET "
        "metadata = json_patch(metadata, excluded.metadata)",
        (stream_id, json.dumps(breadcrumb), json.dumps(metadata)),
    )


def save_discovery(
    db: sqlite3.Connection, source_id: int, streams: Sequence[DiscoveredStream], now: str, new_id: Callable[[], int]
) -> None:
    """Store the streams that a discovery found; one that is known keeps its id and its selection.

    Parameters
    ----------
    new_id
        Returns the id for a stream that is new.
    """
    for position, stream in enumerate(streams):
        metadata = [[list(b), dict(m)] for b, m in stream.metadata.items()]
        values = (stream.stream_name, position, json.dumps(stream.schema), json.dumps(metadata))
        updated = db.execute(
            "UPDATE streams SET stream_name = ?, position = ?, schema = ?, metadata = ? "
            "WHERE source_id = ? AND tap_stream_id = ?",
            (*values, source_id, stream.tap_stream_id),
        )
        if not updated.rowcount:
            db.execute(
                "INSERT INTO streams (stream_name, position, schema, metadata, source_id, tap_stream_id, stream_id)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*values, source_id, stream.tap_stream_id, new_id()),
            )
    db.execute(
        "DELETE FROM streams WHERE source_id = ? AND tap_stream_id NOT IN (SELECT value FROM json_each(?))",
        (source_id, json.dumps([stream.tap_stream_id for stream in streams])),
    )
    db.execute(
        "UPDATE sources SET discovered_at = coalesce(discovered_at, ?), updated_at = ? WHERE id = ?",
        (now, now, source_id),
    )
