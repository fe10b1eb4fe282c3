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
class Look:
    """What one look found: how it stands in words, and whether it is over and good."""

    text: str
    finished: bool
    good: bool = True


def wait_until(
    look: Callable[[], Steps[tuple[T, Look]]],
    *,
    title: str,
    timeout_s: float,
    poll_s: Callable[[], float],
    shown: bool | None = None,
    next_action: str,
) -> Steps[T]:
    """Look again and again until it is over.

    Parameters
    ----------
    look
        Gives what it saw, and what that means.
    timeout_s
        How long to wait at most, in seconds.
    poll_s
        Tells, after each look, the seconds until the next one.
    next_action
        What to do when the time is up, for the error.

    Raises
    ------
    WaitTimeoutError
        When it is not over in time. It goes on in Stitch; waiting again is safe.
    """
    progress = progress_for(title, shown)
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            seen, found = yield from look()
        except BaseException as error:
            progress.finish(f"stopped watching ({type(error).__name__})", good=False)
            raise
        if found.finished:
            progress.finish(found.text, good=found.good)
            return seen
        progress.update(found.text)
        left = deadline - time.monotonic()
        if left <= 0:
            progress.finish(f"still {found.text} after {timeout_s:g} s", good=False)
            raise WaitTimeoutError(f"{title}: still {found.text} after {timeout_s:g} seconds. {next_action}")
        try:
            yield from sleep(min(poll_s(), left))
        except BaseException:
            progress.finish("no longer watched; it goes on in Stitch", good=False)
            raise
