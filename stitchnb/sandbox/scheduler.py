"""Starts jobs when they fall due, by the sandbox's clock."""

from __future__ import annotations

import logging
import sqlite3
import threading
from datetime import datetime, timedelta

from stitchnb.models import format_time, parse_time
from stitchnb.sandbox.clock import Clock
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.jobs.runner import Engine
from stitchnb.sandbox.resources.sources import SourceEndpoints

# How long the thread sleeps at most: a source that was configured in the meantime is seen by then.
_LONGEST_SLEEP_S = 1.0

# When a source whose schedule could not be followed is tried again.
_AFTER_TROUBLE = timedelta(hours=1)

_log = logging.getLogger(__name__)


class Scheduler:
    """Fires the sources' schedules.

    With a real clock a thread waits for the next one. With a frozen clock nothing waits: `Clock.advance` fires what
    fell due on the way, in order.
    """

    def __init__(self, ctx: SandboxContext, sources: SourceEndpoints, engine: Engine) -> None:
        self._ctx = ctx
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
        clock = self._ctx.clock
        latest_end = clock.now()
        while (found := self._next_due()) is not None and found[0] <= moment:
            clock.move_to(found[0])
            # What the job takes passes on a clock of its own: others are due while it runs.
            own = clock.snapshot()
            job_name = self._fire_or_postpone(*found, paced=False, clock=own)
            if job_name is not None:
                self._engine.wait_for(job_name)
                latest_end = max(latest_end, own.now())
        clock.move_to(latest_end)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                if self._closing.wait(self._sleep_s()):
                    return
                found = self._next_due()
                if found is not None and found[0] <= self._ctx.at():
                    self._fire_or_postpone(*found)
            except Exception:  # noqa: BLE001 - a thread that ended would end every schedule, and nobody would know
                # Whatever is wrong, such as a full disk, may be mended: the schedules must go on then.
                _log.exception("no source's schedule can be followed at the moment")
                self._closing.wait(_LONGEST_SLEEP_S)

    def _fire_or_postpone(
        self, due: datetime, source_id: int, *, paced: bool = True, clock: Clock | None = None
    ) -> str | None:
        """Start the job of a source; one that cannot be started must not keep the others from theirs."""
        try:
            return self._fire(due, source_id, paced=paced, clock=clock)
        except Exception:  # noqa: BLE001 - whatever it is, it is one source's
            later = format_time(max(due, self._ctx.at()) + _AFTER_TROUBLE)
            _log.exception("the schedule of source %d cannot be followed; it is tried again at %s", source_id, later)
            with self._ctx.state.transaction() as db:
                self._set_next(db, source_id, later)
            return None

    def _sleep_s(self) -> float:
        found = self._next_due()
        if found is None:
            return _LONGEST_SLEEP_S
        return min(_LONGEST_SLEEP_S, max(0.0, (found[0] - self._ctx.at()).total_seconds()))

    def _next_due(self) -> tuple[datetime, int] | None:
        with self._ctx.state.read() as db:
            row = db.execute(
                "SELECT id, next_fire_at FROM sources WHERE next_fire_at IS NOT NULL ORDER BY next_fire_at, id LIMIT 1"
            ).fetchone()
        due = parse_time(row["next_fire_at"]) if row else None
        return None if due is None else (due, row["id"])

    def _fire(self, due: datetime, source_id: int, *, paced: bool, clock: Clock | None) -> str | None:
        """Start the job, and set the next time; a job still under way means that this one is skipped."""
        with self._ctx.state.transaction() as db:
            row = db.execute("SELECT * FROM sources WHERE id = ?", (source_id,)).fetchone()
            if row is None or row["next_fire_at"] != format_time(due):
                # Somebody else has fired it, or changed its schedule, since it was looked up.
                return None
            rule = self._sources.schedule_rule(db, row)
            # After now as well: a sandbox that was closed for a day does not make up for what it missed.
            following = rule.next_fire_time(max(due, self._ctx.at())) if rule else None
            self._set_next(db, source_id, format_time(following) if following else None)
            if rule is None or self._was_under_way(db, source_id, due):
                return None
            return self._engine.start_job(source_id, paced=paced, clock=clock)

    @staticmethod
    def _was_under_way(db: sqlite3.Connection, source_id: int, due: datetime) -> bool:
        """Did the last job, loads included, end after this one was due? A frozen clock may pass it while a job runs."""
        (last,) = db.execute(
            "SELECT max((SELECT completion_time FROM jobs WHERE source_id = ?1 ORDER BY number DESC LIMIT 1), "
            "coalesce((SELECT max(last_batch_loaded_at) FROM loads WHERE source_id = ?1), ''))",
            (source_id,),
        ).fetchone()
        ended_at = parse_time(last)
        return ended_at is not None and ended_at > due

    @staticmethod
    def _set_next(db: sqlite3.Connection, source_id: int, next_fire_at: str | None) -> None:
        db.execute("UPDATE sources SET next_fire_at = ? WHERE id = ?", (next_fire_at, source_id))
