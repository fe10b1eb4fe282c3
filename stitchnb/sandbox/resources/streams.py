"""Streams: listed, described and selected."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from stitchnb.models import FieldMetadata
from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.resources.sources import SourceEndpoints
from stitchnb.sandbox.store import selections
from stitchnb.sandbox.store.selections import MODIFIABLE_KEYS, StoredStream

_TYPES = {"selected": bool, "replication-method": str, "replication-key": str, "view-key-properties": list}


class StreamEndpoints:
    """The streams of the account's sources."""

    def __init__(self, ctx: SandboxContext, sources: SourceEndpoints) -> None:
        self._ctx = ctx
        self._sources = sources

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of streams."""
        all_ = "/v4/sources/{source_id}/streams"
        return [
            Endpoint("GET", all_, lambda request: self.list(request.path["source_id"])),
            # Before the one that takes any word in its place.
            Endpoint("PUT", f"{all_}/metadata", lambda request: self.select(request.path["source_id"], request.body)),
            Endpoint(
                "GET",
                f"{all_}/{{stream_id}}",
                lambda request: self.get(request.path["source_id"], request.path["stream_id"]),
            ),
        ]

    def list(self, source_id: str) -> list[dict[str, Any]]:
        """Answer with the streams that were discovered in a source."""
        with self._ctx.state.read() as db:
            streams = list(selections.streams_of(db, self._source_id(db, source_id)))
        return [self._body(stream) for stream in streams]

    def get(self, source_id: str, stream_id: str) -> dict[str, Any]:
        """Answer with a stream's schema and the metadata of its fields."""
        with self._ctx.state.read() as db:
            number = self._source_id(db, source_id, or_stream=stream_id)
            wanted = errors.parsed_id(stream_id)
            found = [s for s in selections.streams_of(db, number) if s.stream_id == wanted]
        if not found:
            raise errors.invalid_stream_id(stream_id)
        return schema_body(found[0])

    def select(self, source_id: str, body: Any) -> dict[str, Any]:
        """Write metadata of streams and fields: all that was asked for, or nothing."""
        requests = _parsed(body)
        with self._ctx.state.transaction() as db:
            number = self._source_id(db, source_id)
            if db.execute("SELECT deleted_at FROM sources WHERE id = ?", (number,)).fetchone()["deleted_at"]:
                # It can still be looked at, and is no more there to be changed.
                raise errors.invalid_stream_id(source_id)
            by_tap_id = {s.tap_stream_id: s for s in selections.streams_of(db, number)}
            unknown = [t for t, _ in requests if not isinstance(t, str) or t not in by_tap_id]
            if unknown:
                raise errors.invalid_tap_stream_ids(unknown)
            for tap_stream_id, entries in requests:
                stream = by_tap_id[tap_stream_id]
                for breadcrumb, metadata in entries:
                    self._write(db, stream, breadcrumb, metadata)
            self._sources.refresh(db, number)
        return {"status": 200}

    def _write(
        self, db: sqlite3.Connection, stream: StoredStream, breadcrumb: tuple[str, ...], metadata: dict[str, Any]
    ) -> None:
        read_only = [key for key in metadata if key not in MODIFIABLE_KEYS]
        if read_only:
            raise errors.read_only_metadata(read_only)
        if any(value is not None and not isinstance(value, _TYPES[key]) for key, value in metadata.items()):
            raise errors.invalid_selection_body()
        discovered = stream.discovered.get(breadcrumb)
        if discovered is None:
            # The API takes metadata for a field that does not exist, and nothing comes of it.
            return
        if metadata.get("selected") is True and FieldMetadata(discovered).inclusion == "unsupported":
            raise errors.unsupported_field()
        db.execute(
            "INSERT INTO selections (stream_id, breadcrumb, metadata) VALUES (?, ?, ?) "
            "ON CONFLICT (stream_id, breadcrumb) DO UPDATE SET "
            "metadata = json_patch(metadata, excluded.metadata)",
            (stream.stream_id, json.dumps(breadcrumb), json.dumps(metadata)),
        )

    @staticmethod
    def _source_id(db: sqlite3.Connection, source_id: str, *, or_stream: str | None = None) -> int:
        number = errors.parsed_id(source_id)
        if number is None or not db.execute("SELECT 1 FROM sources WHERE id = ?", (number,)).fetchone():
            raise errors.invalid_stream_id(or_stream or source_id)
        return number

    @staticmethod
    def _body(stream: StoredStream) -> dict[str, Any]:
        metadata = {"selected": None, **stream.metadata(())}
        return {
            "selected": metadata["selected"],
            "stream_id": stream.stream_id,
            "tap_stream_id": stream.tap_stream_id,
            "stream_name": stream.stream_name,
            "metadata": dict(sorted(metadata.items())),
        }


def schema_body(stream: StoredStream) -> dict[str, Any]:
    """Describe a stream as the API does: its own metadata first, then every field that discovery told of."""
    breadcrumbs = [(), *(b for b in stream.discovered if b)]
    breadcrumbs += [b for b in stream.chosen if b not in breadcrumbs]
    return {
        "schema": json.dumps(stream.schema, separators=(",", ":")),
        "metadata": [{"breadcrumb": list(b), "metadata": stream.metadata(b)} for b in breadcrumbs],
        "non-discoverable-metadata-keys": list(MODIFIABLE_KEYS),
    }


def _parsed(body: Any) -> list[tuple[Any, list[tuple[tuple[str, ...], dict[str, Any]]]]]:
    """Read a selection: tap stream ids, which may be anything yet, each with metadata by breadcrumb."""
    streams = body.get("streams") if isinstance(body, dict) else None
    if not isinstance(streams, list) or not streams:
        raise errors.invalid_selection_body()
    parsed: list[tuple[Any, list[tuple[tuple[str, ...], dict[str, Any]]]]] = []
    for stream in streams:
        entries = stream.get("metadata") if isinstance(stream, dict) else None
        if not isinstance(entries, list) or not entries:
            raise errors.invalid_selection_body()
        parsed.append((stream.get("tap_stream_id"), [_entry(entry) for entry in entries]))
    return parsed


def _entry(entry: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    breadcrumb = entry.get("breadcrumb") if isinstance(entry, dict) else None
    metadata = entry.get("metadata") if isinstance(entry, dict) else None
    if not isinstance(breadcrumb, list) or not isinstance(metadata, dict) or not metadata:
        raise errors.invalid_selection_body()
    return tuple(str(part) for part in breadcrumb), metadata
