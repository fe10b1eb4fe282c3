"""Waiting for what Stitch does in the background."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from stitchnb.client._sansio import Steps, sleep
from stitchnb.client.jobs.display import progress_for
from stitchnb.errors import WaitTimeoutError

T = TypeVar("T")


@dataclass(frozen=True)
class PollResult:
    """What one poll found: the status in words, and whether it is finished and good."""

    text: str
    finished: bool
    good: bool = True


def wait_until(
    poll: Callable[[], Steps[tuple[T, PollResult]]],
    *,
    title: str,
    timeout_s: float,
    poll_s: Callable[[], float],
    show_progress: bool | None = None,
    next_action: str,
) -> Steps[T]:
    """Poll until it is finished.

    Parameters
    ----------
    poll
        Returns the current state, and what it means.
    timeout_s
        How long to wait at most, in seconds.
    poll_s
        Returns, after each poll, the seconds until the next one.
    show_progress
        See `progress_for`.
    next_action
        What to do after a timeout, for the error message.

    Raises
    ------
    WaitTimeoutError
        If it does not finish in time. It continues in Stitch, and you can wait again.
    """
    progress = progress_for(title, show_progress)
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            state, result = yield from poll()
        except BaseException as error:
            progress.finish(f"stopped waiting ({type(error).__name__})", good=False)
            raise
        if result.finished:
            progress.finish(result.text, good=result.good)
            return state
        progress.update(result.text)
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            progress.finish(f"still {result.text} after {timeout_s:g} s", good=False)
            raise WaitTimeoutError(f"{title}: still {result.text} after {timeout_s:g} seconds. {next_action}")
        try:
            yield from sleep(min(poll_s(), remaining))
        except BaseException:
            progress.finish("stopped waiting; it continues in Stitch", good=False)
            raise
