"""Many steps at the same time: in threads for a `Client`, in tasks for an `AsyncClient`.

However it ends, nothing is left running: an error or an interruption of one ends all.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from functools import partial
from typing import Any, Protocol

from stitchnb.client._sansio import Gather, Steps, drive, drive_async

_SLICE_S = 0.1


class GatherStopped(BaseException):
    """Raised in a thread that must stop; no handler of errors may delay it."""


class StopFlag:
    """Keeps threads from starting another step; a request that was sent is still answered."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Stop the threads."""
        self._event.set()

    def check(self) -> None:
        """Raise `GatherStopped` if the threads must stop."""
        if self._event.is_set():
            raise GatherStopped

    def slices(self, seconds: float) -> Iterator[float]:
        """Cut a sleep into short ones, and raise `GatherStopped` between two of them if the threads must stop."""
        while seconds > 0:
            self.check()
            yield min(seconds, _SLICE_S)
            seconds -= _SLICE_S


class Perform(Protocol):
    """Does one step in a thread, unless the threads must stop."""

    def __call__(self, step: Any, stop: StopFlag | None = None) -> Any:
        """Do the step."""


def run_gather(gather: Gather, perform: Perform) -> list[Any]:
    """Run steps in threads. See `stitchnb.client._sansio.gather`."""
    if not gather.steps:
        return []
    stop = StopFlag()

    def work(steps: Steps[Any]) -> Any:
        return drive(steps, partial(perform, stop=stop))

    def ended(future: Future[Any]) -> None:
        # Set right where it happens: until the waiting thread is awake, others would start more.
        if not future.cancelled() and future.exception() is not None:
            stop.set()

    with ThreadPoolExecutor(min(gather.max_concurrency, len(gather.steps)), "stitchnb-gather") as pool:
        futures = [pool.submit(work, steps) for steps in gather.steps]
        for future in futures:
            future.add_done_callback(ended)
        try:
            for count, future in enumerate(as_completed(futures), start=1):
                future.result()
                gather.on_done(count)
        except BaseException:
            # Also after Ctrl-C: leaving the block waits for the requests that were sent.
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


async def await_gather(gather: Gather, perform: Callable[[Any], Awaitable[Any]]) -> list[Any]:
    """Run steps in tasks. See `stitchnb.client._sansio.gather`."""
    results: list[Any] = [None] * len(gather.steps)
    waiting = iter(enumerate(gather.steps))
    done = 0

    async def work() -> None:
        nonlocal done
        for index, steps in waiting:
            results[index] = await drive_async(steps, perform)
            done += 1
            gather.on_done(done)

    tasks = [asyncio.create_task(work()) for _ in range(min(gather.max_concurrency, len(gather.steps)))]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    return results
