"""What one job or one import has loaded, stream by stream, and how it is recorded for loads and post-load hooks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stitchnb.sandbox.connectors.csv_records import CsvRecords
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.jobs.hooks import enqueue_deliveries
from stitchnb.sandbox.pipeline import LoadBatch, LoadResult, SelectedStream, WarehouseError
from stitchnb.sandbox.store import jobs

_BODY_VERSION = "1.0"


@dataclass(slots=True)
class StreamLoadSummary:
    """What has been loaded of one stream.

    Attributes
    ----------
    batched_at
        When the first of its batches was loaded.
    replaces
        A new version of the table replaced the rows that were there.
    subtable_rows
        Rows of each subtable, by the path of its arrays in the record.
    bookmark_values
        Least and greatest value of the replication key; None when no record has one.
    """

    stream: SelectedStream
    table: str
    table_version: int
    replaces: bool
    batched_at: datetime
    time_extracted: datetime
    rows_loaded: int = 0
    rows_rejected: int = 0
    subtable_rows: dict[tuple[str, ...], int] = field(default_factory=dict)
    subtable_names: dict[tuple[str, ...], str] = field(default_factory=dict)
    bookmark_values: tuple[Any, Any] | None = None

    def body(self, source_name: str) -> dict[str, Any]:
        """Return the body of a post-load hook."""
        top = {
            "source_table_name": self.stream.stream_name,
            "destination_table_name": self.table,
            "num_rows": self.rows_loaded,
            "num_rows_rejected": self.rows_rejected,
            "primary_keys": list(self.stream.key_properties),
            "bookmark_metadata": self._bookmark_metadata(),
            "max_time_extracted": _moment(self.time_extracted),
        }
        subtables = [
            {
                "source_table_name": "__".join(path),
                "destination_table_name": self.subtable_names[path],
                "num_rows": rows,
                "num_rows_rejected": 0,
                "primary_keys": [],
                "bookmark_metadata": [],
                "max_time_extracted": _moment(self.time_extracted),
            }
            for path, rows in self.subtable_rows.items()
        ]
        return {
            "version": _BODY_VERSION,
            "minimum_sdc_batched_at": _moment(self.batched_at),
            "integration_name": source_name,
            "new_version": self.replaces,
            "source_root_table_name": self.stream.stream_name,
            "destination_root_table_name": self.table,
            "table_version": self.table_version,
            "tables": [top, *subtables],
        }

    def _bookmark_metadata(self) -> list[dict[str, Any]] | None:
        if not self.rows_loaded:
            return None
        if self.bookmark_values is None:
            return []
        least, greatest = self.bookmark_values
        return [{"key": self.stream.replication_key, "min_value": str(least), "max_value": str(greatest)}]


LoadErrors = dict[str, dict[str, Any] | None]
"""The streams that were loaded, each with its error state, or None when all went well."""


class LoadSummary:
    """Counts what is loaded, batch by batch.

    Attributes
    ----------
    errors
        How the load of each stream ended; `add` sets None for a stream without an error.
    """

    def __init__(self) -> None:
        self.errors: LoadErrors = {}
        self._by_stream: dict[str, StreamLoadSummary] = {}

    def loaded(self) -> list[StreamLoadSummary]:
        """Return the streams with at least one record and no error, in the order of their first batch."""
        return [
            stream
            for name, stream in self._by_stream.items()
            if (stream.rows_loaded or stream.rows_rejected) and not self.errors.get(name)
        ]

    def add(self, load: LoadBatch, result: LoadResult, *, replaces: bool = False) -> None:
        """Count one batch that has been loaded."""
        batch = load.batch
        name = batch.stream.stream_name
        self.errors.setdefault(name, None)
        found = self._by_stream.get(name)
        if found is None:
            found = self._by_stream[name] = StreamLoadSummary(
                batch.stream, result.table, load.table_version, replaces, load.batched_at, batch.time_extracted
            )
        found.rows_loaded += result.rows_loaded
        found.rows_rejected += result.rows_rejected
        found.time_extracted = max(found.time_extracted, batch.time_extracted)
        for subtable in result.subtables:
            found.subtable_names[subtable.path] = subtable.table
            found.subtable_rows[subtable.path] = found.subtable_rows.get(subtable.path, 0) + subtable.rows
        if batch.stream.replication_key is not None:
            # A file is ordered by the key, so its first and last record are enough.
            records = batch.records
            ends = (records.first, records.last) if isinstance(records, CsvRecords) else records
            values = _comparable(found.bookmark_values, ends, batch.stream.replication_key)
            found.bookmark_values = (min(values), max(values)) if values else None


def error_state(error: WarehouseError) -> dict[str, Any]:
    """Return the error state of a load that failed, as the API shows it."""
    data = {"error": "load_failed", "message": str(error), "warehouse_message": str(error)}
    return {"notification_data": data, "exception_chain": []}


def record_loads(ctx: SandboxContext, db: sqlite3.Connection, source_id: int, summary: LoadSummary) -> None:
    """Record the loads of one source, in the transaction that ends its job or import, and queue its hooks."""
    jobs.save_loads(db, source_id, summary.errors, ctx.now())
    # A hook is not called for a table whose load failed.
    enqueue_deliveries(ctx, db, source_id, summary.loaded())


def _comparable(before: tuple[Any, Any] | None, records: Iterable[Mapping[str, Any]], key: str) -> list[Any]:
    """Return the values of a field that can be ordered: texts, or numbers when there are none."""
    values = [*(before or ()), *(record.get(key) for record in records)]
    texts = [value for value in values if isinstance(value, str)]
    return texts or [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]


def _moment(moment: datetime) -> str:
    """Format a time to the millisecond, as hooks do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
