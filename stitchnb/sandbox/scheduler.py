"""Starts jobs when they fall due, by the sandbox's clock."""

from __future__ import annotations

import threading
from datetime import datetime

from stitchnb.models import format_time, parse_time
from stitchnb.sandbox.clock import Clock
from stitchnb.sandbox.engine.runner import Engine
from stitchnb.sandbox.resources.sources import Sources
from stitchnb.sandbox.world import World

# How long the thread sleeps at most: a source that was configured in the meantime is seen by then.
_LONGEST_SLEEP_S = 1.0


class Scheduler:
    """Fires the sources' schedules.

    With a real clock a thread waits for the next one. With a frozen clock nothing waits: `Clock.advance` fires what
    fell due on the way, in order.
    """

    def __init__(self, world: World, sources: Sources, engine: Engine) -> None:
        self._world = world
        self._sources = sources
        self._engine = engine
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, clock: Clock) -> None:
        """Begin to fire."""
        clock.on_advance(self.fire_until)
        if not clock.is_frozen:
            self._thread = threading.Thread(target=self._run, name="stitchnb-scheduler", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Fire no more."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def fire_until(self, moment: datetime) -> None:
        """Fire everything that falls due up to a later time, each at its own time and after the one before."""
        while (found := self._next_due()) is not None and found[0] <= moment:
            self._world.clock.move_to(found[0])
            self._fire(*found, paced=False)
            self._engine.wait_idle()

    def _run(self) -> None:
        while not self._closing.wait(self._sleep_s()):
            found = self._next_due()
            if found is not None and found[0] <= self._world.at():
                self._fire(*found)

    def _sleep_s(self) -> float:
        found = self._next_due()
        if found is None:
            return _LONGEST_SLEEP_S
        return min(_LONGEST_SLEEP_S, max(0.0, (found[0] - self._world.at()).total_seconds()))

    def _next_due(self) -> tuple[datetime, int] | None:
        with self._world.state.reading() as db:
            row = db.execute(
                "SELECT id, next_fire_at FROM sources WHERE next_fire_at IS NOT NULL ORDER BY next_fire_at, id LIMIT 1"
            ).fetchone()
        due = parse_time(row["next_fire_at"]) if row else None
        return None if due is None else (due, row["id"])

    def _fire(self, due: datetime, source_id: int, *, paced: bool = True) -> None:
        """Start the job, and set the next time; a job still under way means that this one is skipped."""
        with self._world.state.transaction() as db:
            row = db.execute("SELECT * FROM sources WHERE id = ?", (source_id,)).fetchone()
            rule = self._sources.schedule_rule(row)
            # After now as well: a sandbox that was closed for a day does not make up for what it missed.
            following = rule.next_fire_time(max(due, self._world.at())) if rule else None
            db.execute(
                "UPDATE sources SET next_fire_at = ? WHERE id = ?",
                (format_time(following) if following else None, source_id),
            )
            if rule is not None:
                self._engine.start_job(source_id, paced=paced)
