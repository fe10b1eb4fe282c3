"""Waiting in tests for what other threads and processes do."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Only a ceiling against hanging: far longer than what is waited for takes on a busy machine.
LIMIT_S = 120.0
_PAUSE_S = 0.02


def wait_until(
    probe: Callable[[], T],
    holds: Callable[[T], object] = bool,
    *,
    what: str = "the condition",
    limit_s: float = LIMIT_S,
) -> T:
    """Call `probe` until its value holds, and return that value.

    Parameters
    ----------
    holds
        Whether a value is what the test waits for; a true value is by default.
    what
        What the test waits for, for the message of a test that fails.
    """
    deadline = time.monotonic() + limit_s
    while not holds(value := probe()):
        assert time.monotonic() < deadline, f"{what} did not come within {limit_s:g} s; the last value was {value!r}"
        time.sleep(_PAUSE_S)
    return value
