"""Starts jobs when they are due, by the sandbox's clock."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from stitchnb.models import format_time, parse_time
from stitchnb.sandbox.clock import Clock
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.jobs.runner import Engine
from stitchnb.sandbox.resources.sources import StoredSource
from stitchnb.sandbox.store import jobs, sources

# The longest sleep of the thread, so that it notices a source which is configured meanwhile.
_LONGEST_SLEEP_S = 1.0

# How long after a failure the schedule of a source is tried again.
_RETRY_AFTER = timedelta(hours=1)

_log = logging.getLogger(__name__)


class Scheduler:
    """Fires the sources' schedules.

    With a real clock a thread waits for the next one. With a frozen clock nothing waits: `Clock.advance` fires what
    is due on the way, in order.
    """

    def __init__(self, ctx: SandboxContext, engine: Engine) -> None:
        self._ctx = ctx
        self._engine = engine
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, clock: Clock) -> None:
        """Start to fire."""
        clock.on_advance(self.fire_until)
        if not clock.is_frozen:
            self._thread = threading.Thread(target=self._run, name="stitchnb-scheduler", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop firing."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def fire_until(self, moment: datetime) -> None:
        """Fire everything that is due up to a later time, each at its own time and after the one before."""
        clock = self._ctx.clock
        latest_end = clock.now()
        while (due := self._next_due()) is not None and due[0] <= moment:
            clock.move_to(due[0])
            # The job has its own clock, as others are due while it runs.
            own = clock.snapshot()
            job_name = self._fire_or_postpone(*due, paced=False, clock=own)
            if job_name is not None:
                self._engine.wait_for(job_name)
                latest_end = max(latest_end, own.now())
        clock.move_to(latest_end)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                if self._closing.wait(self._sleep_s()):
                    return
                due = self._next_due()
                if due is not None and due[0] <= self._ctx.at():
                    self._fire_or_postpone(*due)
            except Exception:  # noqa: BLE001 - a thread that ended would end every schedule, and nobody would know
                # The cause, such as a full disk, may be fixed. The schedules must continue then.
                _log.exception("the schedules cannot be followed at the moment")
                self._closing.wait(_LONGEST_SLEEP_S)

    def _fire_or_postpone(
        self, due: datetime, source_id: int, *, paced: bool = True, clock: Clock | None = None
    ) -> str | None:
        """Start the job of a source. One that cannot be started must not block the others."""
        try:
            return self._fire(due, source_id, paced=paced, clock=clock)
        except Exception:  # noqa: BLE001 - it concerns one source alone
            later = format_time(max(due, self._ctx.at()) + _RETRY_AFTER)
            _log.exception("the schedule of source %d cannot be followed; the next try is at %s", source_id, later)
            with self._ctx.state.transaction() as db:
                sources.update(db, source_id, next_fire_at=later)
            return None

    def _sleep_s(self) -> float:
        due = self._next_due()
        if due is None:
            return _LONGEST_SLEEP_S
        return min(_LONGEST_SLEEP_S, max(0.0, (due[0] - self._ctx.at()).total_seconds()))

    def _next_due(self) -> tuple[datetime, int] | None:
        with self._ctx.state.read() as db:
            source_id, next_fire_at = sources.next_due(db) or (0, None)
        due = parse_time(next_fire_at)
        return None if due is None else (due, source_id)

    def _fire(self, due: datetime, source_id: int, *, paced: bool, clock: Clock | None) -> str | None:
        """Start the job and set the next time. The job is skipped while the one before is running."""
        with self._ctx.state.transaction() as db:
            row = sources.get(db, source_id)
            if row is None or row["next_fire_at"] != format_time(due):
                # It was fired, or its schedule was changed, since it was read.
                return None
            rule = StoredSource(self._ctx, db, row).schedule_rule
            # Also after now: a sandbox that was closed for a day does not run what it missed.
            following = rule.next_fire_time(max(due, self._ctx.at())) if rule else None
            sources.update(db, source_id, next_fire_at=format_time(following) if following else None)
            # The last job, loads included, may have ended after this one was due, as a job moves a frozen clock.
            ended_at = parse_time(jobs.last_ended_at(db, source_id))
            if rule is None or (ended_at is not None and ended_at > due):
                return None
            return self._engine.start_job(source_id, paced=paced, clock=clock)
