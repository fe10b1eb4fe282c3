"""Streams: list, describe and select them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from stitchnb.models import FieldMetadata
from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.resources.sources import StoredSource
from stitchnb.sandbox.store import sources, streams
from stitchnb.sandbox.store.streams import MODIFIABLE_KEYS, StoredStream

_TYPES = {"selected": bool, "replication-method": str, "replication-key": str, "view-key-properties": list}


class StreamEndpoints:
    """The streams of the account's sources."""

    def __init__(self, ctx: SandboxContext) -> None:
        self._ctx = ctx

    def endpoints(self) -> Iterable[Endpoint]:
        """Return the endpoints of streams."""
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
        """Return the streams that were discovered in a source."""
        with self._ctx.state.read() as db:
            stored = [*streams.list_of_source(db, self._source(db, source_id)["id"])]
        return [self._body(stream) for stream in stored]

    def get(self, source_id: str, stream_id: str) -> dict[str, Any]:
        """Return a stream's schema and the metadata of its fields."""
        number = errors.parsed_id(stream_id)
        with self._ctx.state.read() as db:
            source = self._source(db, source_id, stream_id=stream_id)
            for stream in streams.list_of_source(db, source["id"]):
                if stream.stream_id == number:
                    return schema_body(stream)
        raise errors.invalid_stream_id(stream_id)

    def select(self, source_id: str, body: Any) -> dict[str, Any]:
        """Set metadata of streams and fields: everything in the body, or nothing."""
        selections = _parsed(body)
        with self._ctx.state.transaction() as db:
            source = self._source(db, source_id)
            if source["deleted_at"]:
                # A deleted source can be read, and not changed.
                raise errors.invalid_stream_id(source_id)
            by_tap_id = {stream.tap_stream_id: stream for stream in streams.list_of_source(db, source["id"])}
            unknown = [tap_id for tap_id, _ in selections if not isinstance(tap_id, str) or tap_id not in by_tap_id]
            if unknown:
                raise errors.invalid_tap_stream_ids(unknown)
            for tap_id, entries in selections:
                for breadcrumb, metadata in entries:
                    self._set_metadata(db, by_tap_id[tap_id], breadcrumb, metadata)
            StoredSource(self._ctx, db, source).reschedule()
        return {"status": 200}

    @staticmethod
    def _set_metadata(
        db: sqlite3.Connection, stream: StoredStream, breadcrumb: tuple[str, ...], metadata: dict[str, Any]
    ) -> None:
        read_only = [key for key in metadata if key not in MODIFIABLE_KEYS]
        if read_only:
            raise errors.read_only_metadata(read_only)
        if any(value is not None and not isinstance(value, _TYPES[key]) for key, value in metadata.items()):
            raise errors.invalid_selection_body()
        discovered = stream.discovered.get(breadcrumb)
        if discovered is None:
            # The API accepts metadata for a field that does not exist and ignores it.
            return
        if metadata.get("selected") is True and FieldMetadata(discovered).inclusion == "unsupported":
            raise errors.unsupported_field()
        streams.save_selection(db, stream.stream_id, breadcrumb, metadata)

    @staticmethod
    def _source(db: sqlite3.Connection, source_id: str, *, stream_id: str | None = None) -> sqlite3.Row:
        row: sqlite3.Row | None = sources.get(db, errors.parsed_id(source_id))
        if row is None:
            raise errors.invalid_stream_id(stream_id or source_id)
        return row

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
    """Describe a stream as the API does: its own metadata first, then that of every discovered field."""
    breadcrumbs = [(), *(b for b in stream.discovered if b)]
    breadcrumbs += [b for b in stream.chosen if b not in breadcrumbs]
    return {
        "schema": json.dumps(stream.schema, separators=(",", ":")),
        "metadata": [{"breadcrumb": list(b), "metadata": stream.metadata(b)} for b in breadcrumbs],
        "non-discoverable-metadata-keys": list(MODIFIABLE_KEYS),
    }


def _parsed(body: Any) -> list[tuple[Any, list[tuple[tuple[str, ...], dict[str, Any]]]]]:
    """Parse a selection: tap stream ids, not checked yet, each with metadata by breadcrumb."""
    selected = body.get("streams") if isinstance(body, dict) else None
    if not isinstance(selected, list) or not selected:
        raise errors.invalid_selection_body()
    parsed: list[tuple[Any, list[tuple[tuple[str, ...], dict[str, Any]]]]] = []
    for stream in selected:
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
