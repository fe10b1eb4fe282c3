"""What the engine's two halves promise each other: connectors extract batches, warehouses load them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from stitchnb.errors import SandboxError
from stitchnb.sandbox.workers.cancel import Stop

if TYPE_CHECKING:
    import pandas as pd

Breadcrumb = tuple[str, ...]
JSONSchema = Mapping[str, Any]


class ConnectorError(Exception):
    """The source refused: its own words, as a tap would print them.

    Never holds a credential.

    Attributes
    ----------
    exit_status
        What the tap ended with; None where it did not end by itself.
    """

    exit_status: int | None = 1


class WarehouseError(SandboxError):
    """A whole load failed: nothing of the batch is visible, the next job tries again."""


@dataclass(frozen=True, slots=True)
class DiscoveredStream:
    """One stream that a discovery found.

    Attributes
    ----------
    tap_stream_id, stream_name
        The two names of a stream; `stream_name` becomes the table's name.
    schema
        JSON schema of a record.
    metadata
        Read-only metadata by breadcrumb, ``()`` being the stream itself, keys as on the wire
        (``table-key-properties``, ``inclusion`` …).
    """

    tap_stream_id: str
    stream_name: str
    schema: JSONSchema
    metadata: Mapping[Breadcrumb, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class SelectedStream:
    """One stream as a job replicates it.

    Attributes
    ----------
    schema
        JSON schema cut down to the replicated fields.
    key_properties
        Primary key, in order; empty when the stream has none.
    replication_method
        ``FULL_TABLE``, ``INCREMENTAL`` or ``LOG_BASED``.
    replication_key
        The bookmark's field, None for ``FULL_TABLE``.
    """

    tap_stream_id: str
    stream_name: str
    schema: JSONSchema
    key_properties: tuple[str, ...] = ()
    replication_method: str = "INCREMENTAL"
    replication_key: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one stream, in the order in which they were extracted.

    Attributes
    ----------
    records
        JSON objects holding only the fields of ``stream.schema``.
    time_extracted
        Aware, UTC.
    bookmark
        The stream's bookmark once this batch is loaded, such as ``{"updated_at": "2026-01-01T00:00:00Z"}``.
    """

    stream: SelectedStream
    records: Sequence[Mapping[str, Any]]
    time_extracted: datetime
    bookmark: Mapping[str, Any] = field(default_factory=dict)


def _unwritten(line: str) -> None:
    """Write nowhere."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a connector is given of the check or the job that it works for.

    Attributes
    ----------
    stop
        Set once the work is to stop. Whatever comes of it afterwards, an error included, counts for nothing: what
        waits for something is to be broken off through `Stop.calling`.
    log
        Writes one line, or several with line feeds between them, into the job's log; credentials are taken out. A
        check has no log.
    """

    stop: Stop = field(default_factory=Stop)
    log: Callable[[str], None] = _unwritten


class Connector(Protocol):
    """Checks, discovers and extracts one kind of source.

    ``properties`` are the source's form values, credentials included. ``now`` is the sandbox clock's time.
    """

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        """Test the properties; raise `ConnectorError` with the tap's message when they do not connect."""

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        """List the streams, in the order in which the tap tells them."""

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        """Yield batches, stream by stream; ``state`` maps ``tap_stream_id`` to the last loaded bookmark.

        Incremental streams yield records with ``replication_key >= bookmark`` ordered by that key, and those at or
        after the ``start_date`` property where there is no bookmark yet. A batch is loaded, and its bookmark kept,
        before the next is asked for. The job closes a generator however it ends.

        Raises
        ------
        ConnectorError
            The source refused, at once or while batches are taken.
        """


@dataclass(frozen=True, slots=True)
class LoadBatch:
    """One batch on its way into a table.

    Attributes
    ----------
    schema_name, table_name
        The source's ``name`` and the stream's name.
    first_sequence
        ``_sdc_sequence`` of the first record (Unix epoch in nanoseconds); later records count on by one.
    sequences
        ``_sdc_sequence`` of each record where they have their own, never falling; None counts on.
    table_version
        A number other than the table's own replaces the table's rows.
    """

    schema_name: str
    table_name: str
    batch: Batch
    first_sequence: int
    received_at: datetime
    batched_at: datetime
    table_version: int
    sequences: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class SubtableResult:
    """What one load brought to one subtable.

    Attributes
    ----------
    path
        Where its arrays stand in the record.
    """

    table: str
    path: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What one load did, for the extraction's log and the post-load hooks.

    Attributes
    ----------
    rows_loaded, rows_rejected
        Together they are the batch's records.
    table
        The destination table's name, which may differ from the stream's.
    subtables
        Those that rows came to.
    by_column
        The rows of a file were taken in at once.
    by_record
        Why the rows of a file were looked at one by one.
    """

    table: str
    rows_loaded: int
    rows_rejected: int
    subtables: tuple[SubtableResult, ...] = ()
    by_column: bool = False
    by_record: str | None = None


class Warehouse(Protocol):
    """A destination that rows can land in."""

    def load(self, batch: LoadBatch) -> LoadResult:
        """Load one batch in one transaction; raise `WarehouseError` when none of it landed."""

    def tables(self) -> pd.DataFrame:
        """One row per table."""

    def table(self, name: str) -> pd.DataFrame:
        """The rows of ``schema.table``."""

    def sql(self, query: str) -> pd.DataFrame:
        """The answer to one query."""

    def close(self) -> None:
        """Let go of the file or connection."""
