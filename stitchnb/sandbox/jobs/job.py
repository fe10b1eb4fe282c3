"""Replication jobs: discovery, tap and target, batch by batch."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from stitchnb.errors import StateFileError
from stitchnb.models import StreamMetadata
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.jobs.load_summary import LoadSummary, error_state, record_loads
from stitchnb.sandbox.jobs.loading import DestinationWarehouses
from stitchnb.sandbox.jobs.log import BatchLogAggregator, JobLog
from stitchnb.sandbox.pipeline import (
    Batch,
    CancelToken,
    Connector,
    ConnectorError,
    Context,
    LoadBatch,
    LoadResult,
    SelectedStream,
    WarehouseError,
)
from stitchnb.sandbox.store import jobs, sources
from stitchnb.sandbox.store import streams as stored_streams
from stitchnb.sandbox.store.jobs import Bookmark, Part

# What the two halves of a job take on a frozen clock, so that rows land after they were extracted.
_SIMULATED_TAP_S = 30.0
_SIMULATED_LOAD_S = 10.0
_TERMINATED = "Terminated"
_ROW_COUNT = "row-count"


class _StoppedError(Exception):
    """The job was stopped."""


@dataclass(frozen=True)
class Outcome:
    """Exit status and description of each part of a job."""

    discovery: Part = (0, None)
    tap: Part = (0, None)
    target: Part = (0, None)


@dataclass(frozen=True)
class Job:
    """One replication job of one source."""

    ctx: SandboxContext
    name: str
    source_id: int

    @classmethod
    def begin(cls, ctx: SandboxContext, source_id: int) -> Job | None:
        """Record that a job is running; None when one of this source already is."""
        with ctx.state.transaction() as db:
            if jobs.running_of_source(db, source_id) is not None:
                return None
            name = ctx.ids.job_name(db, source_id, "sync")
            jobs.add(db, name, source_id, ctx.now())
        return cls(ctx, name, source_id)

    @classmethod
    def unfinished(cls, ctx: SandboxContext) -> list[Job]:
        """Return the jobs that are recorded as running."""
        with ctx.state.read() as db:
            running = jobs.list_running(db)
        return [cls(ctx, name, source_id) for name, source_id in running]

    def run(self, stop: CancelToken, pace: Callable[[], None]) -> None:
        """Extract and load every selected stream, then record how each part ended."""
        log = JobLog(self.ctx, self.name)
        recorder = BatchRecorder(self, log)
        try:
            self._replicate(stop, log, recorder)
            pace()
            if stop.is_set():
                raise _StoppedError
        except (_StoppedError, ConnectorError, StateFileError) as error:
            recorder.log.write()
            # What a connector raises after it was cancelled only says that it was.
            if isinstance(error, _StoppedError) or (isinstance(error, ConnectorError) and stop.is_set()):
                terminated = Outcome((None, _TERMINATED), (None, _TERMINATED), (None, _TERMINATED))
                self._finish("stopped", terminated, log, recorder.summary)
            else:
                exit_status = error.exit_status or 1 if isinstance(error, ConnectorError) else 1
                outcome = Outcome(tap=(exit_status, log.without_secrets(str(error))), target=(None, None))
                self._finish("failed", outcome, log, recorder.summary)
        except WarehouseError as error:
            recorder.log.write()
            self._finish("failed", Outcome(target=(1, str(error))), log, recorder.summary)
        except Exception as error:
            outcome = Outcome(tap=(1, f"{type(error).__name__} in the sandbox itself"))
            self._finish("failed", outcome, log, recorder.summary)
            raise
        else:
            self._finish("succeeded", Outcome(), log, recorder.summary)

    def finish_cut_off(self) -> None:
        """Record that the process ended before the job did."""
        outcome = Outcome(tap=(1, "the sandbox was closed while the job was running"))
        with self.ctx.state.transaction() as db:
            self.ctx.sequences.skip_unrecorded(db)
            self._finish("failed", outcome, JobLog(self.ctx, self.name), LoadSummary())

    def _replicate(self, stop: CancelToken, log: JobLog, recorder: BatchRecorder) -> None:
        with self.ctx.state.read() as db:
            source = sources.get(db, self.source_id)
            credentials = self.ctx.credentials.read(db, self.source_id)
            properties = self.ctx.source_properties(db, source, credentials)
            selected = [*stored_streams.list_of_source(db, self.source_id, selected=True)]
            bookmarks = jobs.bookmarks(db, self.source_id)
        log.hide(credentials.values())
        streams = [s.as_selected() for s in selected]
        connector = self.ctx.connector(source["type"])
        started_at = self.ctx.at()
        new_version = int(started_at.timestamp() * 1000)
        log.begin(source["type"], source["name"], streams)
        context = Context(stop, partial(log.write, "tap"))
        connector.check(properties, context)
        reason = self.ctx.faults.match_work("extraction", source_type=source["type"])
        if reason is not None:
            raise ConnectorError(reason)
        log.write("tap", "connected")
        recorder.begin(selected, streams, bookmarks)
        for stored in selected:
            _reject_view_without_keys(stored)
        warehouses = DestinationWarehouses(self.ctx, self.source_id, hide=log.hide)
        state = {tap_id: bookmark.value for tap_id, bookmark in bookmarks.items()}
        with _extraction(connector, properties, streams, state, started_at, context) as batches:
            for batch in batches:
                stream = batch.stream
                known = bookmarks.get(stream.tap_stream_id)
                is_full_table = stream.replication_method == "FULL_TABLE"
                version = new_version if is_full_table or known is None else known.table_version
                if not batch.records and (not is_full_table or stream.stream_name in recorder.summary.errors):
                    # It only has a bookmark. The first batch of a full table says that the table is empty now.
                    recorder.record_bookmark(batch, version)
                    continue
                self._load(source["name"], batch, version, warehouses, recorder, known)
        recorder.finish()
        for stream in streams:
            if stream.stream_name not in recorder.summary.errors:
                log.write("tap", f"{stream.tap_stream_id}: no rows since the last bookmark")

    def _load(
        self,
        schema_name: str,
        batch: Batch,
        table_version: int,
        warehouses: DestinationWarehouses,
        recorder: BatchRecorder,
        known: Bookmark | None,
    ) -> None:
        """Load one batch. It is recorded once every destination has it, so that the next job continues after it."""
        now = self.ctx.at()
        load = LoadBatch(
            schema_name=schema_name,
            table_name=batch.stream.stream_name,
            batch=batch,
            first_sequence=self.ctx.sequences.reserve(now, len(batch.records)),
            received_at=now,
            batched_at=now,
            table_version=table_version,
        )
        try:
            result = warehouses.load(load)
        except WarehouseError as error:
            recorder.summary.errors[batch.stream.stream_name] = error_state(error)
            raise
        recorder.record_batch(load, result, replaces=known is not None and known.table_version != table_version)

    def _finish(self, status: str, outcome: Outcome, log: JobLog, summary: LoadSummary) -> None:
        self.ctx.clock.simulate_work(_SIMULATED_TAP_S)
        with self.ctx.state.transaction() as db:
            parts = {"discovery": outcome.discovery, "tap": outcome.tap, "target": outcome.target}
            jobs.finish(db, self.name, status, self.ctx.now(), **parts)
            log.end(status, tap=outcome.tap, target=outcome.target)
            self.ctx.clock.simulate_work(_SIMULATED_LOAD_S)
            record_loads(self.ctx, db, self.source_id, summary)


@dataclass
class BatchRecorder:
    """Records the batches of one job: its bookmarks, progress, log and summary.

    Seconds are the machine's, whatever the sandbox's clock says, so that the rate of rows is real.
    """

    job: Job
    job_log: JobLog
    summary: LoadSummary = field(default_factory=LoadSummary)
    _stream: str | None = None
    _since: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.log = BatchLogAggregator(self.job_log)

    def begin(
        self,
        stored: Sequence[stored_streams.StoredStream],
        streams: Sequence[SelectedStream],
        bookmarks: Mapping[str, Bookmark],
    ) -> None:
        """Record the streams to come, once the source has accepted the connection.

        How many rows a stream has may be known from its discovery. How many of them are new is not, so nothing is
        expected of a stream with a bookmark that is not replicated in full.
        """
        rows = []
        for discovered, stream in zip(stored, streams, strict=True):
            is_whole = stream.tap_stream_id not in bookmarks or stream.replication_method == "FULL_TABLE"
            expected = discovered.metadata(()).get(_ROW_COUNT) if is_whole else None
            rows.append((stream.tap_stream_id, stream.stream_name, expected))
        with self.job.ctx.state.transaction() as db:
            jobs.add_streams(db, self.job.name, rows)
        self._since = time.monotonic()

    def record_batch(self, load: LoadBatch, result: LoadResult, *, replaces: bool) -> None:
        """Record a batch that every destination has loaded, in one transaction."""
        ctx, stream = self.job.ctx, load.batch.stream
        now = time.monotonic()
        with ctx.state.transaction() as db:
            jobs.save_bookmark(db, self.job.source_id, stream.tap_stream_id, load.batch.bookmark, load.table_version)
            ctx.sequences.record(db)
            if self._stream not in (None, stream.tap_stream_id):
                self._transition(db, "running", "loaded")
            jobs.count_batch(
                db,
                self.job.name,
                stream.tap_stream_id,
                loaded=result.rows_loaded,
                rejected=result.rows_rejected,
                seconds=now - self._since,
                now=ctx.now(),
            )
            self.log.add(stream.stream_name, result)
        self._stream, self._since = stream.tap_stream_id, now
        self.summary.add(load, result, replaces=replaces)

    def record_bookmark(self, batch: Batch, table_version: int) -> None:
        """Record a bookmark that came without rows."""
        with self.job.ctx.state.transaction() as db:
            jobs.save_bookmark(db, self.job.source_id, batch.stream.tap_stream_id, batch.bookmark, table_version)

    def finish(self) -> None:
        """Record that everything is extracted: a stream without a batch has no new rows."""
        with self.job.ctx.state.transaction() as db:
            self.log.write()
            self._transition(db, "running", "loaded")
            self._transition(db, "waiting", "no_rows")

    def _transition(self, db: sqlite3.Connection, before: str, after: str) -> None:
        jobs.move_streams(db, self.job.name, before=before, after=after)


def _reject_view_without_keys(stream: stored_streams.StoredStream) -> None:
    """Fail as a tap does that cannot identify the rows of a view; the API accepts such a selection."""
    metadata = StreamMetadata(stream.metadata(()))
    if metadata.is_view is not True:
        return
    if not metadata.view_key_properties:
        raise ConnectorError(f"stream {stream.stream_name!r} is a view and has no view-key-properties")
    replicated = stream.replicated_fields
    for key in metadata.view_key_properties:
        if ("properties", key) not in replicated:
            raise ConnectorError(
                f"stream {stream.stream_name!r} has {key!r} among its view-key-properties, which is no field that "
                "replicates"
            )


@contextmanager
def _extraction(
    connector: Connector,
    properties: Mapping[str, Any],
    streams: Sequence[SelectedStream],
    bookmarks: Mapping[str, Mapping[str, Any]],
    now: datetime,
    context: Context,
) -> Iterator[Iterator[Batch]]:
    """Yield the batches until the job is stopped, and close the extraction however the block ends."""
    batches = connector.extract(properties, streams, bookmarks, now, context)

    def until_stopped() -> Iterator[Batch]:
        for batch in batches:
            if context.stop.is_set():
                raise _StoppedError
            yield batch

    # A generator closes what it has opened here, in this thread.
    with closing(batches) if isinstance(batches, Generator) else nullcontext():
        yield until_stopped()
