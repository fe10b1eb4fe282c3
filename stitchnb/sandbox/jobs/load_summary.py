"""What one job or one import has landed, stream by stream: what loads and post-load hooks tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stitchnb.sandbox.connectors.csv_records import CsvRecords
from stitchnb.sandbox.pipeline import LoadBatch, LoadResult, SelectedStream

_BODY_VERSION = "1.0"


@dataclass(slots=True)
class StreamLoadSummary:
    """What has landed of one stream.

    Attributes
    ----------
    batched_at
        When the first of its batches was loaded.
    replaces
        A new version of the table took the place of the rows that were there.
    subtable_rows
        Rows of each subtable, by the path of its arrays in the record.
    bookmark_values
        Least and greatest value of the replication key; None where no record had one.
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
        """Tell it as the body of a post-load hook does."""
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


class LoadSummary:
    """Counts what lands, batch by batch."""

    def __init__(self) -> None:
        self._by_stream: dict[str, StreamLoadSummary] = {}

    def __iter__(self) -> Iterator[StreamLoadSummary]:
        """Give those streams that at least one record came of, in the order in which they came."""
        return (found for found in self._by_stream.values() if found.rows_loaded or found.rows_rejected)

    def add(self, load: LoadBatch, result: LoadResult, *, replaces: bool = False) -> None:
        """Count one batch that has landed."""
        batch = load.batch
        name = batch.stream.stream_name
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
            # A file is ordered by the key: what lies between its ends need not be read for this.
            records = batch.records
            ends = (records.first, records.last) if isinstance(records, CsvRecords) else records
            values = _comparable(found.bookmark_values, ends, batch.stream.replication_key)
            found.bookmark_values = (min(values), max(values)) if values else None

    def without(self, stream_names: Iterable[str]) -> list[StreamLoadSummary]:
        """List them without those streams whose load failed in the end."""
        failed = set(stream_names)
        return [found for found in self if found.stream.stream_name not in failed]


def _comparable(before: tuple[Any, Any] | None, records: Iterable[Mapping[str, Any]], key: str) -> list[Any]:
    """List the values of a field that can be ordered: numbers, or else texts."""
    values = [*(before or ()), *(record.get(key) for record in records)]
    texts = [value for value in values if isinstance(value, str)]
    return texts or [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]


def _moment(moment: datetime) -> str:
    """Write a time to the millisecond, as hooks do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
