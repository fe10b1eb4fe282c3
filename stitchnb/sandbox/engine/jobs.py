"""Replication jobs: discovery, tap and target, one batch after the other."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stitchnb.sandbox import selections
from stitchnb.sandbox.engine.base import Batch, ConnectorError, LoadBatch, SelectedStream, Warehouse, WarehouseError
from stitchnb.sandbox.engine.connectors import connector_for
from stitchnb.sandbox.world import World

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

    world: World
    name: str
    source_id: int

    @classmethod
    def begin(cls, world: World, source_id: int) -> Job | None:
        """Write down that a job is running; None when one of this source already is."""
        with world.state.transaction() as db:
            if db.execute("SELECT 1 FROM jobs WHERE source_id = ? AND status = 'running'", (source_id,)).fetchone():
                return None
            name = world.ids.job_name(db, source_id, "sync")
            db.execute(
                "INSERT INTO jobs (name, source_id, status, start_time) VALUES (?, ?, 'running', ?)",
                (name, source_id, world.now()),
            )
        return cls(world, name, source_id)

    @classmethod
    def unfinished(cls, world: World) -> list[Job]:
        """List the jobs that are written down as running."""
        with world.state.reading() as db:
            rows = db.execute("SELECT name, source_id FROM jobs WHERE status = 'running' ORDER BY number").fetchall()
        return [cls(world, row["name"], row["source_id"]) for row in rows]

    def run(self, warehouse: Warehouse, stop: threading.Event, pace: Callable[[], None]) -> None:
        """Extract and load every selected stream, then write down how each part ended."""
        landed: dict[str, dict[str, Any] | None] = {}
        try:
            self._replicate(warehouse, stop, landed)
            pace()
            if stop.is_set():
                raise _StoppedError
        except _StoppedError:
            self._end("stopped", Outcome((None, _TERMINATED), (None, _TERMINATED), (None, _TERMINATED)), landed)
        except ConnectorError as error:
            self._end("failed", Outcome(tap=(1, str(error)), target=(None, None)), landed)
        except WarehouseError as error:
            self._end("failed", Outcome(target=(1, str(error))), landed)
        except Exception as error:
            self._end("failed", Outcome(tap=(1, f"{type(error).__name__} in the sandbox itself")), landed)
            raise
        else:
            self._end("succeeded", Outcome(), landed)

    def end_cut_off(self) -> None:
        """Write down that the process ended before the job did."""
        self._end("failed", Outcome(tap=(1, "the sandbox was closed while the job was running")), {})

    def _replicate(self, warehouse: Warehouse, stop: threading.Event, landed: dict[str, dict[str, Any] | None]) -> None:
        with self.world.state.reading() as db:
            source = db.execute("SELECT * FROM sources WHERE id = ?", (self.source_id,)).fetchone()
            properties = self.world.all_properties(db, source)
            streams = [s.as_selected() for s in selections.streams_of(db, self.source_id) if s.is_selected]
            rows = db.execute("SELECT * FROM bookmarks WHERE source_id = ?", (self.source_id,)).fetchall()
        bookmarks = {row["tap_stream_id"]: json.loads(row["bookmark"]) for row in rows}
        versions = {row["tap_stream_id"]: int(row["table_version"]) for row in rows}
        connector = connector_for(source["type"], self.world.ids.seed)
        started_at = self.world.at()
        new_version = int(started_at.timestamp() * 1000)
        connector.check(properties)
        for batch in connector.extract(properties, streams, bookmarks, started_at):
            if stop.is_set():
                raise _StoppedError
            stream = batch.stream
            version = new_version if stream.replication_method == "FULL_TABLE" else versions.get(stream.tap_stream_id)
            try:
                self._load(warehouse, source["name"], batch, version or new_version)
            except WarehouseError as error:
                told = {"error": "load_failed", "message": str(error), "warehouse_message": str(error)}
                landed[stream.stream_name] = {"notification_data": told, "exception_chain": []}
                raise
            landed.setdefault(stream.stream_name, None)

    def _load(self, warehouse: Warehouse, schema_name: str, batch: Batch, table_version: int) -> None:
        """Load one batch; its bookmark is kept once it has landed, so that a job that dies goes on from there."""
        now = self.world.at()
        warehouse.load(
            LoadBatch(
                schema_name=schema_name,
                table_name=batch.stream.stream_name,
                batch=batch,
                first_sequence=self._sequence(len(batch.records)),
                received_at=now,
                batched_at=now,
                table_version=table_version,
            )
        )
        self._keep_bookmark(batch.stream, dict(batch.bookmark), table_version)

    def _sequence(self, count: int) -> int:
        """Reserve sequence numbers: nanoseconds since the epoch, and above all that were given before."""
        at_least = int(self.world.at().timestamp() * 1_000_000_000)
        with self.world.state.transaction() as db:
            row = db.execute("SELECT given FROM counters WHERE kind = 'sequence'").fetchone()
            first = max(at_least, int(row["given"]) + 1 if row else 0)
            db.execute("INSERT OR REPLACE INTO counters (kind, given) VALUES ('sequence', ?)", (first + count - 1,))
        return first

    def _keep_bookmark(self, stream: SelectedStream, bookmark: dict[str, Any], table_version: int) -> None:
        with self.world.state.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO bookmarks (source_id, tap_stream_id, bookmark, table_version) "
                "VALUES (?, ?, ?, ?)",
                (self.source_id, stream.tap_stream_id, json.dumps(bookmark), table_version),
            )

    def _end(self, status: str, outcome: Outcome, landed: Mapping[str, dict[str, Any] | None]) -> None:
        self.world.clock.elapse(_SIMULATED_TAP_S)
        with self.world.state.transaction() as db:
            db.execute(
                "UPDATE jobs SET status = ?, completion_time = ?, discovery_exit_status = ?, "
                "discovery_description = ?, tap_exit_status = ?, tap_description = ?, target_exit_status = ?, "
                "target_description = ? WHERE name = ?",
                (status, self.world.now(), *outcome.discovery, *outcome.tap, *outcome.target, self.name),
            )
            self.world.clock.elapse(_SIMULATED_LOAD_S)
            # A load that failed keeps the time of the last one that was good.
            db.executemany(
                "INSERT INTO loads (source_id, stream_name, last_batch_loaded_at, error_state) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (source_id, stream_name) DO UPDATE SET error_state = excluded.error_state, "
                "last_batch_loaded_at = coalesce(excluded.last_batch_loaded_at, last_batch_loaded_at)",
                [
                    (self.source_id, name, None if error else self.world.now(), json.dumps(error) if error else None)
                    for name, error in landed.items()
                ],
            )
