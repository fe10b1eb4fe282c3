"""Replication jobs: discovery, tap and target, one batch after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from stitchnb.errors import StateFileError
from stitchnb.models import StreamMetadata
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.jobs.destinations import load_into, warehouses_of
from stitchnb.sandbox.jobs.load_summary import LoadSummary
from stitchnb.sandbox.jobs.log import BatchLogAggregator, JobLog
from stitchnb.sandbox.jobs.outcomes import error_state, record_loads
from stitchnb.sandbox.jobs.progress import JobProgress
from stitchnb.sandbox.pipeline import (
    Batch,
    Connector,
    ConnectorError,
    Context,
    LoadBatch,
    LoadResult,
    SelectedStream,
    WarehouseError,
)
from stitchnb.sandbox.store import selections
from stitchnb.sandbox.workers.cancel import Stop

# What the two halves of a job take on a frozen clock, so that rows land after they were extracted.
_SIMULATED_TAP_S = 30.0
_SIMULATED_LOAD_S = 10.0
_TERMINATED = "Terminated"

Part = tuple[int | None, str | None]


class _StoppedError(Exception):
    """Somebody asked the job to stop."""


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
        """Write down that a job is running; None when one of this source already is."""
        with ctx.state.transaction() as db:
            if db.execute("SELECT 1 FROM jobs WHERE source_id = ? AND status = 'running'", (source_id,)).fetchone():
                return None
            name = ctx.ids.job_name(db, source_id, "sync")
            db.execute(
                "INSERT INTO jobs (name, source_id, status, start_time) VALUES (?, ?, 'running', ?)",
                (name, source_id, ctx.now()),
            )
        return cls(ctx, name, source_id)

    @classmethod
    def unfinished(cls, ctx: SandboxContext) -> list[Job]:
        """List the jobs that are written down as running."""
        with ctx.state.read() as db:
            rows = db.execute("SELECT name, source_id FROM jobs WHERE status = 'running' ORDER BY number").fetchall()
        return [cls(ctx, row["name"], row["source_id"]) for row in rows]

    def run(self, stop: Stop, pace: Callable[[], None]) -> None:
        """Extract and load every selected stream, then write down how each part ended."""
        landed: dict[str, dict[str, Any] | None] = {}
        log = JobLog(self.ctx, self.name)
        tally = BatchLogAggregator(log)
        landings = LoadSummary()
        try:
            self._replicate(stop, landed, log, tally, landings)
            pace()
            if stop.is_set():
                raise _StoppedError
        except (_StoppedError, ConnectorError, StateFileError) as error:
            tally.write()
            # What a connector says after it was broken off only tells that it was.
            if isinstance(error, _StoppedError) or (isinstance(error, ConnectorError) and stop.is_set()):
                terminated = Outcome((None, _TERMINATED), (None, _TERMINATED), (None, _TERMINATED))
                self._end("stopped", terminated, landed, log, landings)
            else:
                exit_status = error.exit_status or 1 if isinstance(error, ConnectorError) else 1
                outcome = Outcome(tap=(exit_status, log.shown(str(error))), target=(None, None))
                self._end("failed", outcome, landed, log, landings)
        except WarehouseError as error:
            tally.write()
            self._end("failed", Outcome(target=(1, str(error))), landed, log, landings)
        except Exception as error:
            outcome = Outcome(tap=(1, f"{type(error).__name__} in the sandbox itself"))
            self._end("failed", outcome, landed, log, landings)
            raise
        else:
            self._end("succeeded", Outcome(), landed, log, landings)

    def end_cut_off(self) -> None:
        """Write down that the process ended before the job did."""
        outcome = Outcome(tap=(1, "the sandbox was closed while the job was running"))
        self._end("failed", outcome, {}, JobLog(self.ctx, self.name), LoadSummary())

    def _replicate(
        self,
        stop: Stop,
        landed: dict[str, dict[str, Any] | None],
        log: JobLog,
        tally: BatchLogAggregator,
        landings: LoadSummary,
    ) -> None:
        with self.ctx.state.read() as db:
            source = db.execute("SELECT * FROM sources WHERE id = ?", (self.source_id,)).fetchone()
            properties = self.ctx.all_properties(db, source)
            log.hide(self.ctx.credentials.read(db, self.source_id).values())
            selected = [s for s in selections.streams_of(db, self.source_id) if s.is_selected]
            rows = db.execute("SELECT * FROM bookmarks WHERE source_id = ?", (self.source_id,)).fetchall()
        streams = [s.as_selected() for s in selected]
        bookmarks = {row["tap_stream_id"]: json.loads(row["bookmark"]) for row in rows}
        versions = {row["tap_stream_id"]: int(row["table_version"]) for row in rows}
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
        progress = JobProgress(self.ctx, self.name)
        progress.begin(streams, selected, known=bookmarks)
        for found in selected:
            _refuse_view_without_keys(found)
        with _extracting(connector, properties, streams, bookmarks, started_at, context) as batches:
            for batch in batches:
                stream = batch.stream
                known = versions.get(stream.tap_stream_id)
                is_full_table = stream.replication_method == "FULL_TABLE"
                version = new_version if is_full_table else known or new_version
                if not batch.records and (not is_full_table or stream.stream_name in landed):
                    # It only bears a bookmark; the first of a full table says that the table is empty now.
                    self._keep_bookmark(stream, dict(batch.bookmark), version)
                    continue
                try:
                    load, result = self._load(source["name"], batch, version, log)
                except WarehouseError as error:
                    landed[stream.stream_name] = error_state(error)
                    raise
                tally.add(stream.stream_name, result)
                progress.add(stream, result)
                landings.add(load, result, replaces=known not in (None, version))
                landed.setdefault(stream.stream_name, None)
        tally.write()
        progress.finish()
        for stream in streams:
            if stream.stream_name not in landed:
                log.write("tap", f"{stream.tap_stream_id}: no rows since the last bookmark")

    def _load(self, schema_name: str, batch: Batch, table_version: int, log: JobLog) -> tuple[LoadBatch, LoadResult]:
        """Load one batch; its bookmark is kept once it has landed, so that a job that dies goes on from there.

        It has landed when every destination has it.
        """
        warehouses = warehouses_of(self.ctx, self.source_id, hide=log.hide)
        reason = self.ctx.faults.match_work("load", stream=batch.stream.tap_stream_id)
        if reason is not None:
            raise WarehouseError(reason)
        now = self.ctx.at()
        load = LoadBatch(
            schema_name=schema_name,
            table_name=batch.stream.stream_name,
            batch=batch,
            first_sequence=self._sequence(len(batch.records)),
            received_at=now,
            batched_at=now,
            table_version=table_version,
        )
        result = load_into(warehouses, load)
        self._keep_bookmark(batch.stream, dict(batch.bookmark), table_version)
        return load, result

    def _sequence(self, count: int) -> int:
        """Reserve sequence numbers: nanoseconds since the epoch, and above all that were given before."""
        at_least = int(self.ctx.at().timestamp() * 1_000_000_000)
        with self.ctx.state.transaction() as db:
            row = db.execute("SELECT given FROM counters WHERE kind = 'sequence'").fetchone()
            first = max(at_least, int(row["given"]) + 1 if row else 0)
            db.execute("INSERT OR REPLACE INTO counters (kind, given) VALUES ('sequence', ?)", (first + count - 1,))
        return first

    def _keep_bookmark(self, stream: SelectedStream, bookmark: dict[str, Any], table_version: int) -> None:
        with self.ctx.state.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO bookmarks (source_id, tap_stream_id, bookmark, table_version) "
                "VALUES (?, ?, ?, ?)",
                (self.source_id, stream.tap_stream_id, json.dumps(bookmark), table_version),
            )

    def _end(
        self,
        status: str,
        outcome: Outcome,
        landed: Mapping[str, dict[str, Any] | None],
        log: JobLog,
        landings: LoadSummary,
    ) -> None:
        self.ctx.clock.simulate_work(_SIMULATED_TAP_S)
        with self.ctx.state.transaction() as db:
            db.execute(
                "UPDATE jobs SET status = ?, completion_time = ?, discovery_exit_status = ?, "
                "discovery_description = ?, tap_exit_status = ?, tap_description = ?, target_exit_status = ?, "
                "target_description = ? WHERE name = ?",
                (status, self.ctx.now(), *outcome.discovery, *outcome.tap, *outcome.target, self.name),
            )
            log.end(status, tap=outcome.tap, target=outcome.target)
            self.ctx.clock.simulate_work(_SIMULATED_LOAD_S)
            record_loads(self.ctx, db, self.source_id, landed, landings)


def _refuse_view_without_keys(stream: selections.StoredStream) -> None:
    """Fail as a tap does that cannot tell the rows of a view apart; the API takes such a selection."""
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
def _extracting(
    connector: Connector,
    properties: Mapping[str, Any],
    streams: Sequence[SelectedStream],
    bookmarks: Mapping[str, Mapping[str, Any]],
    now: datetime,
    context: Context,
) -> Iterator[Iterator[Batch]]:
    """Give the batches until the job is to stop, and let the extraction tidy up however the block ends."""
    batches = connector.extract(properties, streams, bookmarks, now, context)

    def until_stopped() -> Iterator[Batch]:
        for batch in batches:
            if context.stop.is_set():
                raise _StoppedError
            yield batch

    # What a generator has opened is closed here, and in this thread.
    with closing(batches) if isinstance(batches, Generator) else nullcontext():
        yield until_stopped()
