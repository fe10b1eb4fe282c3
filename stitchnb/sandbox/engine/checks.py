"""Connection checks: the test of a source's properties and the discovery of its streams."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stitchnb.models import format_time
from stitchnb.sandbox.engine.base import ConnectorError, DiscoveredStream
from stitchnb.sandbox.engine.connectors import connector_for
from stitchnb.sandbox.world import World

# What a check takes on a frozen clock, so that its end is later than its start.
_SIMULATED_S = 2.0


@dataclass(frozen=True)
class Check:
    """One connection check of one source."""

    world: World
    name: str
    source_id: int

    @classmethod
    def begin(cls, world: World, source_id: int) -> Check:
        """Write down that a check is running."""
        with world.state.transaction() as db:
            name = world.ids.job_name(db, source_id, "check")
            db.execute(
                "INSERT INTO checks (name, source_id, status, start_time) VALUES (?, ?, 'running', ?)",
                (name, source_id, world.now()),
            )
        return cls(world, name, source_id)

    @classmethod
    def unfinished(cls, world: World) -> list[Check]:
        """List the checks that are written down as running."""
        with world.state.reading() as db:
            rows = db.execute("SELECT name, source_id FROM checks WHERE status = 'running' ORDER BY number").fetchall()
        return [cls(world, row["name"], row["source_id"]) for row in rows]

    def run(self, pace: Callable[[], None]) -> None:
        """Test, discover, and write down what came of it."""
        with self.world.state.reading() as db:
            # Through the check: it is not there when the change that began it was taken back.
            source = db.execute(
                "SELECT sources.* FROM checks JOIN sources ON sources.id = checks.source_id WHERE checks.name = ?",
                (self.name,),
            ).fetchone()
            if source is None:
                return
            properties = self.world.all_properties(db, source)
        connector = connector_for(source["type"], self.world.ids.seed)
        streams: Sequence[DiscoveredStream] = ()
        message: str | None = None
        try:
            connector.check(properties)
            streams = connector.discover(properties)
        except ConnectorError as error:
            message = str(error)
        except Exception as error:
            with self.world.state.transaction() as db:
                self._end(db, f"{type(error).__name__} in the sandbox itself")
            raise
        pace()
        self.world.clock.elapse(_SIMULATED_S)
        with self.world.state.transaction() as db:
            self._end(db, message)
            newest = db.execute("SELECT max(number) FROM checks WHERE source_id = ?", (self.source_id,)).fetchone()[0]
            mine = db.execute("SELECT number FROM checks WHERE name = ?", (self.name,)).fetchone()[0]
            # A check of properties that have been changed since says nothing about the streams of today.
            if message is None and mine == newest:
                self._keep(db, streams)

    def _end(self, db: sqlite3.Connection, message: str | None) -> None:
        good = message is None
        db.execute(
            "UPDATE checks SET status = ?, completion_time = ?, check_exit_status = ?, discovery_exit_status = ?, "
            "discovery_error_message = ? WHERE name = ?",
            (
                "succeeded" if good else "failed",
                self.world.now(),
                0 if good else None,
                0 if good else 1,
                message,
                self.name,
            ),
        )

    def _keep(self, db: sqlite3.Connection, streams: Sequence[DiscoveredStream]) -> None:
        """Write down the streams; one that was there keeps its id and its selection."""
        now = format_time(self.world.at())
        for position, stream in enumerate(streams):
            metadata = [[list(b), dict(m)] for b, m in stream.metadata.items()]
            found = (stream.stream_name, position, json.dumps(stream.schema), json.dumps(metadata))
            known = db.execute(
                "UPDATE streams SET stream_name = ?, position = ?, schema = ?, metadata = ? "
                "WHERE source_id = ? AND tap_stream_id = ?",
                (*found, self.source_id, stream.tap_stream_id),
            )
            if not known.rowcount:
                db.execute(
                    "INSERT INTO streams (stream_name, position, schema, metadata, source_id, tap_stream_id, stream_id)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*found, self.source_id, stream.tap_stream_id, self.world.ids.stream(db)),
                )
        kept = [stream.tap_stream_id for stream in streams]
        db.execute(
            "DELETE FROM streams WHERE source_id = ? AND tap_stream_id NOT IN (SELECT value FROM json_each(?))",
            (self.source_id, json.dumps(kept)),
        )
        db.execute(
            "UPDATE sources SET discovered_at = coalesce(discovered_at, ?), updated_at = ? WHERE id = ?",
            (now, now, self.source_id),
        )
