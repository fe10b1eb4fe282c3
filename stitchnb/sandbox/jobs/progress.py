"""How far a job has come, stream by stream: kept in the state batch by batch, so that it is there after the job too."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.pipeline import LoadResult, SelectedStream
from stitchnb.sandbox.store.selections import StoredStream

_ROW_COUNT = "row-count"


@dataclass
class JobProgress:
    """Counts the rows of each stream of one job.

    Seconds are the machine's own, whatever the sandbox's clock says: a rate of rows is a fact of this machine.
    """

    ctx: SandboxContext
    job_name: str
    _running: str | None = None
    _since: float = field(default_factory=time.monotonic)

    def begin(self, streams: Sequence[SelectedStream], stored: Sequence[StoredStream], known: Container[str]) -> None:
        """Write down the streams to come; the source has let the job in.

        Parameters
        ----------
        streams, stored
            As they are replicated, and as they were discovered, which may tell how many rows there are.
        known
            The streams that have been replicated before: how many rows of theirs are new, nobody can tell.
        """
        rows = []
        for position, (stream, discovered) in enumerate(zip(streams, stored, strict=True)):
            is_whole = stream.tap_stream_id not in known or stream.replication_method == "FULL_TABLE"
            expected = discovered.metadata(()).get(_ROW_COUNT) if is_whole else None
            rows.append((self.job_name, stream.tap_stream_id, stream.stream_name, position, expected))
        with self.ctx.state.transaction() as db:
            db.executemany(
                "INSERT INTO job_streams (job_name, tap_stream_id, stream_name, position, rows_expected) "
                "VALUES (?, ?, ?, ?, ?)",
                rows,
            )
        self._since = time.monotonic()

    def add(self, stream: SelectedStream, result: LoadResult) -> None:
        """Count one batch that has landed; the stream before it, where it is another one, is through."""
        now = time.monotonic()
        with self.ctx.state.transaction() as db:
            if self._running not in (None, stream.tap_stream_id):
                self._transition(db, "loaded", "running")
            db.execute(
                "UPDATE job_streams SET state = 'running', rows_loaded = rows_loaded + ?, "
                "rows_rejected = rows_rejected + ?, seconds = seconds + ?, last_batch_at = ? "
                "WHERE job_name = ? AND tap_stream_id = ?",
                (
                    result.rows_loaded,
                    result.rows_rejected,
                    now - self._since,
                    self.ctx.now(),
                    self.job_name,
                    stream.tap_stream_id,
                ),
            )
        self._running, self._since = stream.tap_stream_id, now

    def finish(self) -> None:
        """Write down that everything was extracted: what did not come had no new rows."""
        with self.ctx.state.transaction() as db:
            self._transition(db, "loaded", "running")
            self._transition(db, "no_rows", "waiting")

    def _transition(self, db: sqlite3.Connection, state: str, before: str) -> None:
        db.execute("UPDATE job_streams SET state = ? WHERE job_name = ? AND state = ?", (state, self.job_name, before))
