"""Connection checks: the test of a connection's properties, and for a source the discovery of its streams."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stitchnb.errors import StateFileError
from stitchnb.models import format_time
from stitchnb.sandbox.context import Kind, SandboxContext
from stitchnb.sandbox.pipeline import ConnectorError, Context, DiscoveredStream, WarehouseError
from stitchnb.sandbox.workers.cancel import Stop

# What a check takes on a frozen clock, so that its end is later than its start.
_SIMULATED_S = 2.0


@dataclass(frozen=True)
class Check:
    """One connection check of one source or destination."""

    ctx: SandboxContext
    name: str
    connection_id: int

    @classmethod
    def begin(cls, ctx: SandboxContext, connection_id: int) -> Check:
        """Write down that a check is running."""
        with ctx.state.transaction() as db:
            name = ctx.ids.job_name(db, connection_id, "check")
            db.execute(
                "INSERT INTO checks (name, connection_id, status, start_time) VALUES (?, ?, 'running', ?)",
                (name, connection_id, ctx.now()),
            )
        return cls(ctx, name, connection_id)

    @classmethod
    def unfinished(cls, ctx: SandboxContext) -> list[Check]:
        """List the checks that are written down as running."""
        with ctx.state.read() as db:
            rows = db.execute(
                "SELECT name, connection_id FROM checks WHERE status = 'running' ORDER BY number"
            ).fetchall()
        return [cls(ctx, row["name"], row["connection_id"]) for row in rows]

    def run(self, pace: Callable[[], None], stop: Stop) -> None:
        """Test, discover, and write down what came of it; one that is broken off is still to be done."""
        found = self._connection()
        if found is None:
            return
        kind, connection = found
        type_: str = connection["type"]
        streams: Sequence[DiscoveredStream] = ()
        message: str | None = None
        try:
            with self.ctx.state.read() as db:
                properties = self.ctx.all_properties(db, connection)
                destination = self.ctx.destination(db, connection) if kind == "destination" else None
            reason = self.ctx.faults.match_work("check", source_type=type_)
            if reason is not None:
                raise ConnectorError(reason)
            if destination is None:
                connector = self.ctx.connector(type_)
                connector.check(properties, Context(stop))
                streams = connector.discover(properties, Context(stop))
            else:
                self.ctx.warehouses.check(destination)
        except (ConnectorError, WarehouseError, StateFileError) as error:
            if isinstance(error, ConnectorError) and stop.is_set():
                return
            message = str(error)
        except Exception as error:
            with self.ctx.state.transaction() as db:
                self._end(db, kind, f"{type(error).__name__} in the sandbox itself")
            raise
        pace()
        self.ctx.clock.simulate_work(_SIMULATED_S)
        with self.ctx.state.transaction() as db:
            self._end(db, kind, message)
            # A check of properties that have been changed since says nothing about the streams of today.
            if kind == "source" and message is None and self._is_newest(db):
                self._keep(db, streams)

    def _connection(self) -> tuple[Kind, sqlite3.Row] | None:
        """Read what is to be checked; None when the change that began the check was taken back."""
        with self.ctx.state.read() as db:
            row = db.execute(
                "SELECT kind FROM checks JOIN connections ON connections.id = connection_id WHERE name = ?",
                (self.name,),
            ).fetchone()
            if row is None:
                return None
            kind: Kind = row["kind"]
            query = {
                "source": "SELECT * FROM sources WHERE id = ?",
                "destination": "SELECT * FROM destinations WHERE id = ?",
            }[kind]
            connection = db.execute(query, (self.connection_id,)).fetchone()
            return kind, connection

    def _is_newest(self, db: sqlite3.Connection) -> bool:
        row = db.execute(
            "SELECT name FROM checks WHERE connection_id = ? ORDER BY number DESC LIMIT 1", (self.connection_id,)
        ).fetchone()
        return bool(row["name"] == self.name)

    def _end(self, db: sqlite3.Connection, kind: Kind, message: str | None) -> None:
        """Write down how it ended; what fails is the discovery of a source, and the target of a destination."""
        good = message is None
        part: tuple[int, str | None] = (0 if good else 1, message)
        discovery, target = (part, (None, None)) if kind == "source" else ((None, None), part)
        db.execute(
            "UPDATE checks SET status = ?, completion_time = ?, check_exit_status = ?, discovery_exit_status = ?, "
            "discovery_error_message = ?, target_exit_status = ?, target_error_message = ? WHERE name = ?",
            (
                "succeeded" if good else "failed",
                self.ctx.now(),
                0 if good else None,
                *discovery,
                *target,
                self.name,
            ),
        )

    def _keep(self, db: sqlite3.Connection, streams: Sequence[DiscoveredStream]) -> None:
        """Write down the streams; one that was there keeps its id and its selection."""
        now = format_time(self.ctx.at())
        source_id = self.connection_id
        for position, stream in enumerate(streams):
            metadata = [[list(b), dict(m)] for b, m in stream.metadata.items()]
            found = (stream.stream_name, position, json.dumps(stream.schema), json.dumps(metadata))
            known = db.execute(
                "UPDATE streams SET stream_name = ?, position = ?, schema = ?, metadata = ? "
                "WHERE source_id = ? AND tap_stream_id = ?",
                (*found, source_id, stream.tap_stream_id),
            )
            if not known.rowcount:
                db.execute(
                    "INSERT INTO streams (stream_name, position, schema, metadata, source_id, tap_stream_id, stream_id)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*found, source_id, stream.tap_stream_id, self.ctx.ids.stream(db, source_id)),
                )
        kept = [stream.tap_stream_id for stream in streams]
        db.execute(
            "DELETE FROM streams WHERE source_id = ? AND tap_stream_id NOT IN (SELECT value FROM json_each(?))",
            (source_id, json.dumps(kept)),
        )
        db.execute(
            "UPDATE sources SET discovered_at = coalesce(discovered_at, ?), updated_at = ? WHERE id = ?",
            (now, now, source_id),
        )
