"""What the sandbox was asked lately, for a test to look at."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stitchnb.models import format_time

_KEPT = 1000
_LONGEST_PATH = 500


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what became of it. Neither bodies, headers nor queries are kept: they may hold secrets.

    Attributes
    ----------
    at
        The sandbox's time; aware, UTC.
    method, path
        As asked for, without the query.
    status
        The answer's status; None where the connection was closed without an answer.
    duration_ms
        Milliseconds of the machine's time.
    fault
        The kind of the fault that was met, such as ``drop``; None where there was none.
    """

    at: datetime
    method: str
    path: str
    status: int | None
    duration_ms: float
    fault: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {
            "at": format_time(self.at),
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "duration_ms": round(self.duration_ms, 3),
            "fault": self.fault,
        }


class Journal:
    """The last 1,000 exchanges; a request is in it by the time that its answer is there.

    Parameters
    ----------
    secret
        Masked wherever it turns up in a path.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._lock = threading.Lock()
        self._exchanges: deque[Exchange] = deque(maxlen=_KEPT)

    def write(
        self, at: datetime, method: str, path: str, status: int | None, duration_ms: float, fault: str | None
    ) -> None:
        """Write one exchange down."""
        path = path.replace(self._secret, "…")[:_LONGEST_PATH]
        with self._lock:
            self._exchanges.append(Exchange(at, method, path, status, duration_ms, fault))

    def last(self, count: int | None = None) -> list[Exchange]:
        """List the last exchanges, the newest at the end; None for all that are kept."""
        with self._lock:
            exchanges = list(self._exchanges)
        return exchanges if count is None else exchanges[max(0, len(exchanges) - count) :]

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._exchanges.clear()

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self.last())
