"""Many operations at the same time: in threads for a `Client`, in tasks for an `AsyncClient`.

However it ends, nothing is left running: an error or an interruption of one ends all.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from functools import partial
from typing import Any, Protocol

from stitchnb.client._sansio import Operation, Together, run, run_async

_PIECE_S = 0.1


class Stopped(BaseException):
    """Raised in a thread that is to stop; nobody else sees it, and no handler of errors may hold it up."""


class Stop:
    """Tells threads to begin nothing more: what is on its way is still answered."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Stop."""
        self._event.set()

    def check(self) -> None:
        """Raise `Stopped` when it is time."""
        if self._event.is_set():
            raise Stopped

    def pieces(self, seconds: float) -> Iterator[float]:
        """Cut a pause into short ones, and raise `Stopped` between two of them."""
        while seconds > 0:
            self.check()
            yield min(seconds, _PIECE_S)
            seconds -= _PIECE_S


class Perform(Protocol):
    """Does one step of an operation in a thread, unless it is stopped."""

    def __call__(self, step: Any, stop: Stop | None = None) -> Any:
        """Do it."""


def run_together(step: Together, perform: Perform) -> list[Any]:
    """Carry out operations in threads; see `operations.together`."""
    if not step.operations:
        return []
    stop = Stop()

    def work(operation: Operation[Any]) -> Any:
        return run(operation, partial(perform, stop=stop))

    def ended(future: Future[Any]) -> None:
        # Told right where it happens: until whoever waits for the results is awake, others would begin more.
        if not future.cancelled() and future.exception() is not None:
            stop.set()

    with ThreadPoolExecutor(min(step.at_most, len(step.operations)), "stitchnb-together") as pool:
        futures = [pool.submit(work, operation) for operation in step.operations]
        for future in futures:
            future.add_done_callback(ended)
        try:
            for count, future in enumerate(as_completed(futures), start=1):
                future.result()
                step.done(count)
        except BaseException:
            # Also where somebody pressed Ctrl-C: leaving the block waits for what is on its way.
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


async def await_together(step: Together, perform: Callable[[Any], Awaitable[Any]]) -> list[Any]:
    """Carry out operations in tasks; see `operations.together`."""
    results: list[Any] = [None] * len(step.operations)
    waiting = iter(enumerate(step.operations))
    through = 0

    async def work() -> None:
        nonlocal through
        for index, operation in waiting:
            results[index] = await run_async(operation, perform)
            through += 1
            step.done(through)

    tasks = [asyncio.create_task(work()) for _ in range(min(step.at_most, len(step.operations)))]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    return results
