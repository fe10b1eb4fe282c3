"""The limit that Stitch asks its clients to keep: 30 requests in 10 minutes for extractions and loads together.

Stitch does not enforce it by code but blocks repeated offenders, so a client keeps it by itself. The limit here only
decides how long to wait; who waits, with or without an event loop, is the transport's business.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

from stitchnb.errors import InvalidInputError
from stitchnb.rules.offered import offered

LimitMode = Literal["wait", "raise", "off"]

# Watching jobs may use this part of what is allowed; the rest is left to whoever else asks.
_SHARE_OF_WATCHERS = 0.5


class RateLimit:
    """A sliding window over the requests that were sent, one for each account, shared by all threads.

    Parameters
    ----------
    requests, period_s
        That many requests in that many seconds.
    mode
        ``wait`` until a request may be sent, ``raise`` `RateLimitReachedError` instead, or ``off``: no limit.
    clock
        Gives seconds that only ever go up.

    Raises
    ------
    InvalidInputError
        When there is no such mode.
    """

    def __init__(
        self,
        requests: int = 30,
        period_s: float = 600.0,
        *,
        mode: LimitMode = "wait",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if mode not in get_args(LimitMode):
            raise InvalidInputError(
                f"There is no rate_limit {mode!r}. Pass {', '.join(map(repr, get_args(LimitMode)))}."
            )
        self.requests = requests
        self.period_s = period_s
        self.mode: LimitMode = mode
        self._clock = clock
        self._sent: dict[str, deque[float]] = {}
        self._watchers = 0
        self._lock = threading.Lock()

    def __dir__(self) -> list[str]:
        return offered(self)

    def __repr__(self) -> str:
        return f"RateLimit({self.requests} requests in {self.period_s:g} s, mode={self.mode!r})"

    def take(self, account: str) -> float:
        """Take a place in the window; for stitchnb itself to use.

        Returns
        -------
        float
            0 when the request may be sent now, and is counted; otherwise the seconds after which to try again.
        """
        if self.mode == "off":
            return 0.0
        with self._lock:
            now = self._clock()
            sent = self._sent.setdefault(account, deque())
            while sent and sent[0] + self.period_s - now <= 0:
                sent.popleft()
            if len(sent) < self.requests:
                sent.append(now)
                return 0.0
            # Never so little that the clock does not move by it.
            return max(sent[0] + self.period_s - now, 0.001)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count one more wait for a job, so that all waits together leave places free; for stitchnb itself to use."""
        with self._lock:
            self._watchers += 1
        try:
            yield
        finally:
            with self._lock:
                self._watchers -= 1

    def spacing_s(self, requests: int) -> float:
        """Tell the seconds to let go by after a look at a job of so many requests; for stitchnb itself to use."""
        with self._lock:
            watchers = max(1, self._watchers)
        return max(1, requests) * watchers * self.period_s / (self.requests * _SHARE_OF_WATCHERS)
