"""Runs connection checks and replication jobs in the background."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor

from stitchnb.sandbox.engine.base import Warehouse
from stitchnb.sandbox.engine.checks import Check
from stitchnb.sandbox.engine.jobs import Job
from stitchnb.sandbox.world import World

_log = logging.getLogger(__name__)


class Engine:
    """Starts, paces and stops background work.

    Parameters
    ----------
    warehouse
        Gives the warehouse that rows are loaded into.
    pace_s
        Seconds that a check or job takes at least, so that it can be watched while it runs. 0 for as fast as it goes.
    executor
        Where the work runs; threads of its own when None.
    """

    def __init__(
        self, world: World, warehouse: Callable[[], Warehouse], *, pace_s: float, executor: Executor | None = None
    ) -> None:
        self._world = world
        self._warehouse = warehouse
        self._pace_s = pace_s
        self._executor = executor or ThreadPoolExecutor(max_workers=4, thread_name_prefix="stitchnb-engine")
        self._owns_executor = executor is None
        self._stops: dict[str, threading.Event] = {}
        self._futures: set[Future[None]] = set()
        self._lock = threading.Lock()

    def start_check(self, source_id: int) -> str:
        """Start a connection check; give its name. Belongs into the transaction that makes it necessary."""
        check = Check.begin(self._world, source_id)
        self._run_check(check)
        return check.name

    def start_job(self, source_id: int, *, paced: bool = True) -> str | None:
        """Start a replication job; give its name, or None when one is under way."""
        job = Job.begin(self._world, source_id)
        if job is None:
            return None

        def run(stop: threading.Event) -> None:
            job.run(self._warehouse(), stop, lambda: self._pace(stop if paced else None))

        self._submit(job.name, run)
        return job.name

    def stop_job(self, job_name: str) -> None:
        """Ask a running job to stop; it ends as soon as the batch in hand has landed."""
        with self._lock:
            stop = self._stops.get(job_name)
        if stop is not None:
            stop.set()

    def recover(self) -> None:
        """Take up what an earlier process left running: checks run again, jobs are told to have been cut off."""
        for check in Check.unfinished(self._world):
            self._run_check(check)
        for job in Job.unfinished(self._world):
            job.end_cut_off()

    def wait_idle(self) -> None:
        """Wait until nothing is running."""
        while True:
            with self._lock:
                futures = list(self._futures)
            if not futures:
                return
            for future in futures:
                future.result()

    def close(self) -> None:
        """Stop what runs and wait for it; what could not finish is taken up by `recover`."""
        with self._lock:
            stops, futures = list(self._stops.values()), list(self._futures)
        for stop in stops:
            stop.set()
        for future in futures:
            future.cancel()
        if self._owns_executor:
            self._executor.shutdown(wait=True, cancel_futures=True)

    def _run_check(self, check: Check) -> None:
        self._submit(check.name, lambda stop: check.run(lambda: self._pace(stop)))

    def _submit(self, name: str, work: Callable[[threading.Event], None]) -> None:
        stop = threading.Event()

        def run() -> None:
            try:
                work(stop)
            except Exception:
                # The last resort of a background thread: a fault of ours must be seen, and the sandbox goes on.
                _log.exception("%s broke off", name)
                raise
            finally:
                with self._lock:
                    self._stops.pop(name, None)

        with self._lock:
            self._stops[name] = stop
            future = self._executor.submit(run)
            self._futures.add(future)
        future.add_done_callback(self._forget)

    def _forget(self, future: Future[None]) -> None:
        with self._lock:
            self._futures.discard(future)

    def _pace(self, stop: threading.Event | None) -> None:
        """Let the least duration pass, or go on at once when told to stop."""
        if stop is not None:
            stop.wait(self._pace_s)
