"""What the sandbox's parts agree on: a connector extracts batches, and a warehouse loads them.

To add a kind of source, implement `Connector`. To add a kind of destination, implement `WarehouseType` and `Warehouse`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from stitchnb.errors import SandboxError

if TYPE_CHECKING:
    import pandas as pd


class CancelToken(threading.Event):
    """An event that also calls actions when it is set, to interrupt work that is waiting for something else."""

    def __init__(self) -> None:
        super().__init__()
        self._actions: list[Callable[[], None]] = []
        self._guard = threading.Lock()

    def set(self) -> None:
        """Request cancellation, and call the registered actions in this thread."""
        super().set()
        with self._guard:
            actions = list(self._actions)
        for action in actions:
            action()

    @contextmanager
    def on_set(self, action: Callable[[], None]) -> Iterator[None]:
        """Register an action for `set` to call while the block runs. If the token is already set, call it now.

        Parameters
        ----------
        action
            Called from another thread, possibly twice, possibly just after the work has ended. It must not wait for
            long and must not raise.
        """
        with self._guard:
            self._actions.append(action)
        try:
            if self.is_set():
                action()
            yield
        finally:
            with self._guard:
                self._actions.remove(action)


Breadcrumb = tuple[str, ...]
JSONSchema = Mapping[str, Any]


class ConnectorError(Exception):
    """The source refused. The message is the source's own, as a tap would print it.

    It never contains a credential.

    Attributes
    ----------
    exit_status
        Exit status of the tap. None if the tap was ended.
    """

    exit_status: int | None = 1


class WarehouseError(SandboxError):
    """A load failed. Nothing of the batch is visible, and the next job tries again."""


@dataclass(frozen=True, slots=True)
class DiscoveredStream:
    """One stream that `Connector.discover` found.

    Attributes
    ----------
    tap_stream_id, stream_name
        The two names of a stream. `stream_name` becomes the table's name.
    schema
        JSON schema of a record.
    metadata
        Read-only metadata by breadcrumb. ``()`` is the stream itself. Keys are those of the API, such as
        ``table-key-properties`` and ``inclusion``.
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
        JSON schema of the replicated fields only.
    key_properties
        Primary key, in order. Empty if the stream has none.
    replication_method
        ``FULL_TABLE``, ``INCREMENTAL`` or ``LOG_BASED``.
    replication_key
        The field that the bookmark is about. None for ``FULL_TABLE``.
    """

    tap_stream_id: str
    stream_name: str
    schema: JSONSchema
    key_properties: tuple[str, ...] = ()
    replication_method: str = "INCREMENTAL"
    replication_key: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one stream, in the order of extraction.

    Attributes
    ----------
    records
        JSON objects with the fields of ``stream.schema`` only.
    time_extracted
        Aware, UTC.
    bookmark
        The stream's bookmark once this batch is loaded, such as ``{"updated_at": "2026-01-01T00:00:00Z"}``.
    """

    stream: SelectedStream
    records: Sequence[Mapping[str, Any]]
    time_extracted: datetime
    bookmark: Mapping[str, Any] = field(default_factory=dict)


def _discard(line: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Context:
    """The check or job that a connector works for.

    Attributes
    ----------
    stop
        Set when the work must stop. What the connector does afterwards is ignored, errors included. To interrupt a
        wait, use `CancelToken.on_set`.
    log
        Writes one line, or several separated by line feeds, to the job's log. Credentials are removed. A check has no
        log.
    """

    stop: CancelToken = field(default_factory=CancelToken)
    log: Callable[[str], None] = _discard


class Connector(Protocol):
    """Checks, discovers and extracts one kind of source.

    ``properties`` are the form values of the source, including credentials. ``now`` is the time of the sandbox clock.
    """

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        """Test the connection. Raise `ConnectorError` with the tap's message if it fails."""

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        """List the streams, in the order of the tap."""

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        """Yield batches, stream by stream. ``state`` maps ``tap_stream_id`` to the last loaded bookmark.

        Incremental streams yield records with ``replication_key >= bookmark``, ordered by that key. Without a bookmark
        they begin at the ``start_date`` property. The job loads a batch and saves its bookmark before it requests the
        next one. It always closes a generator.

        Raises
        ------
        ConnectorError
            The source refused, either at once or between batches.
        """


@dataclass(frozen=True, slots=True)
class LoadBatch:
    """One batch to load into a table.

    Attributes
    ----------
    schema_name, table_name
        The source's ``name`` and the stream's name.
    first_sequence
        ``_sdc_sequence`` of the first record (Unix time in nanoseconds). Later records count up by one.
    sequences
        ``_sdc_sequence`` of each record, in ascending order. None counts up from `first_sequence`.
    table_version
        If it differs from the table's version, the batch replaces the table's rows.
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
    """The rows that one load added to a subtable.

    Attributes
    ----------
    path
        Path of its arrays in the record.
    """

    table: str
    path: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The outcome of one load, for the job's log and the post-load hooks.

    Attributes
    ----------
    rows_loaded, rows_rejected
        Together they add up to the batch's records.
    table
        Name of the destination table, which may differ from the stream's.
    subtables
        Those that received rows.
    by_column
        The rows of a file were loaded column by column, all at once.
    by_record
        Why the rows of a file were loaded one by one.
    """

    table: str
    rows_loaded: int
    rows_rejected: int
    subtables: tuple[SubtableResult, ...] = ()
    by_column: bool = False
    by_record: str | None = None


class Warehouse(Protocol):
    """A destination that rows can be loaded into."""

    def load(self, batch: LoadBatch) -> LoadResult:
        """Load one batch in one transaction. Raise `WarehouseError` if nothing of it was loaded."""

    def tables(self) -> pd.DataFrame:
        """One row per table."""

    def table(self, name: str) -> pd.DataFrame:
        """The rows of ``schema.table``."""

    def sql(self, query: str) -> pd.DataFrame:
        """The result of one query."""

    def close(self) -> None:
        """Close the file or connection."""


class WarehouseType(Protocol):
    """What a destination type is bound to. It checks a destination and opens its warehouse."""

    def check(self, properties: Mapping[str, Any]) -> None:
        """Test the form values. Raise `WarehouseError` with the server's message if they do not work."""

    def open(self, properties: Mapping[str, Any]) -> Warehouse:
        """Return the warehouse for the form values. Equal values return equal warehouses."""
