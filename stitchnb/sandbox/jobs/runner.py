"""Runs connection checks and replication jobs in the background."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

from stitchnb.sandbox.clock import Clock
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.jobs.check import Check
from stitchnb.sandbox.jobs.hooks import HookDeliveries
from stitchnb.sandbox.jobs.job import Job
from stitchnb.sandbox.pipeline import CancelToken
from stitchnb.sandbox.workers.folders import remove_abandoned

_log = logging.getLogger(__name__)

_THREADS, _WAITING_THREADS = 4, 64


class Engine:
    """Starts, paces and stops background work, in threads of its own.

    Parameters
    ----------
    pace_s
        Seconds that a check or job takes at least, so that it can be watched while it runs. 0 for as fast as it goes.
    """

    def __init__(self, ctx: SandboxContext, *, pace_s: float) -> None:
        self._ctx = ctx
        self._pace_s = pace_s
        # Threads that only wait for workers elsewhere cost little.
        threads = _THREADS if ctx.workers is None else _WAITING_THREADS
        self._executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="stitchnb-engine")
        self._hooks = HookDeliveries(ctx)
        self._stops: dict[str, CancelToken] = {}
        self._futures: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def start_check(self, source_id: int) -> str:
        """Start a connection check; return its name. Belongs into the transaction that makes it necessary."""
        check = Check.begin(self._ctx, source_id)
        self._run_check(check)
        return check.name

    def start_job(self, source_id: int, *, paced: bool = True, clock: Clock | None = None) -> str | None:
        """Start a replication job; return its name, or None when one is running.

        Parameters
        ----------
        paced
            Let the job take at least `pace_s`, so that it can be watched.
        clock
            The job's own clock; the sandbox's when None.
        """
        job = Job.begin(self._ctx if clock is None else replace(self._ctx, clock=clock), source_id)
        if job is None:
            return None

        def run(stop: CancelToken) -> None:
            try:
                job.run(stop, lambda: self._pace(stop if paced else None))
            finally:
                self._hooks.wake()

        self._submit(job.name, run)
        return job.name

    def stop_job(self, job_name: str) -> None:
        """Stop a running job: what it waits for is cancelled, and the current batch is still loaded."""
        with self._lock:
            stop = self._stops.get(job_name)
        if stop is not None:
            stop.set()

    def recover(self) -> None:
        """Resume what an earlier process left: run its checks again, record its jobs as cut off, delete its files."""
        remove_abandoned()
        for check in Check.unfinished(self._ctx):
            self._run_check(check)
        for job in Job.unfinished(self._ctx):
            job.finish_cut_off()
        self._hooks.wake()

    def track(self, name: str) -> Callable[[], None]:
        """Count work in another thread as running; belongs into a transaction.

        Returns
        -------
        Callable
            To call when the work has ended and its loads are recorded; it wakes the deliveries to hooks.
        """
        future: Future[None] = Future()
        # It cannot be cancelled, only waited for.
        future.set_running_or_notify_cancel()
        with self._lock:
            self._futures[name] = future
        future.add_done_callback(lambda done: self._forget(name, done))

        def end() -> None:
            try:
                self._hooks.wake()
            finally:
                future.set_result(None)

        return end

    def running(self) -> list[str]:
        """Return the names of the running checks, jobs, imports and deliveries to hooks."""
        with self._lock:
            names = [name for name, future in self._futures.items() if not future.done()]
        return [*names, *self._hooks.running()]

    def wait_for(self, name: str) -> None:
        """Wait for one check or job, however it ends."""
        with self._lock:
            future = self._futures.get(name)
        if future is not None:
            wait([future])

    def wait_idle(self) -> None:
        """Wait until nothing is running."""
        while True:
            with self._lock:
                futures = list(self._futures.values())
            if not futures:
                break
            for future in futures:
                future.result()
        self._hooks.wait_idle()

    def halt(self) -> None:
        """Stop what runs and wait for it; more may be started later."""
        with self._lock:
            stops, futures = list(self._stops.values()), list(self._futures.values())
        for stop in stops:
            stop.set()
        wait(futures)
        self._hooks.halt()

    def close(self) -> None:
        """Stop what runs and wait for it; `recover` resumes what could not finish."""
        with self._lock:
            stops, futures = list(self._stops.values()), list(self._futures.values())
        for stop in stops:
            stop.set()
        for future in futures:
            future.cancel()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._hooks.close()

    def _run_check(self, check: Check) -> None:
        self._submit(check.name, lambda stop: check.run(lambda: self._pace(stop), stop))

    def _submit(self, name: str, work: Callable[[CancelToken], None]) -> None:
        stop = CancelToken()

        def run() -> None:
            try:
                work(stop)
            except Exception:
                # A bug must be visible in the log of a background thread, and the sandbox continues.
                _log.exception("%s failed", name)
                raise
            finally:
                with self._lock:
                    self._stops.pop(name, None)

        with self._lock:
            self._stops[name] = stop
            future = self._executor.submit(run)
            self._futures[name] = future
        future.add_done_callback(lambda done: self._forget(name, done))

    def _forget(self, name: str, future: Future[None]) -> None:
        with self._lock:
            if self._futures.get(name) is future:
                del self._futures[name]

    def _pace(self, stop: CancelToken | None) -> None:
        """Wait for the least duration, or until stopped."""
        if stop is not None:
            stop.wait(self._pace_s)
