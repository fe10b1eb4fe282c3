"""The last requests that the sandbox received."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, overload

from stitchnb._deprecated import warn_renamed
from stitchnb.models import format_time

_KEPT = 1000
_LONGEST_PATH = 500


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its result. Bodies, headers and queries are not stored, as they may hold secrets.

    Attributes
    ----------
    at
        The sandbox's time; aware, UTC.
    method, path
        The path without the query.
    status
        The response's status; None when the connection was closed without a response.
    duration_ms
        Milliseconds of the machine's time.
    fault
        The kind of the fault that was injected, such as ``drop``; None when there was none.
    """

    at: datetime
    method: str
    path: str
    status: int | None
    duration_ms: float
    fault: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "at": format_time(self.at),
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "duration_ms": round(self.duration_ms, 3),
            "fault": self.fault,
        }


class Journal(Sequence[Exchange]):
    """The last 1,000 exchanges, the newest at the end. A request is in it before its response is sent.

    Parameters
    ----------
    secret
        Masked wherever it appears in a path.

    Examples
    --------
    >>> import stitchnb
    >>> with stitchnb.Sandbox() as sandbox:
    ...     [exchange.path for exchange in sandbox.journal]
    []
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._lock = threading.Lock()
        self._exchanges: deque[Exchange] = deque(maxlen=_KEPT)

    def record(
        self, at: datetime, method: str, path: str, status: int | None, duration_ms: float, fault: str | None
    ) -> None:
        """Add one exchange."""
        path = path.replace(self._secret, "…")[:_LONGEST_PATH]
        with self._lock:
            self._exchanges.append(Exchange(at, method, path, status, duration_ms, fault))

    def clear(self) -> None:
        """Remove all exchanges."""
        with self._lock:
            self._exchanges.clear()

    def __call__(self, last: int | None = None) -> list[Exchange]:
        """Return the last exchanges as a list. Deprecated: the journal is a sequence itself."""
        warn_renamed("sandbox.journal()", "sandbox.journal, which is a sequence")
        return self[:] if last is None else self[max(0, len(self) - last) :]

    @overload
    def __getitem__(self, index: int) -> Exchange: ...

    @overload
    def __getitem__(self, index: slice) -> list[Exchange]: ...

    def __getitem__(self, index: int | slice) -> Exchange | list[Exchange]:
        with self._lock:
            return list(self._exchanges)[index]

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self[:])

    def __len__(self) -> int:
        with self._lock:
            return len(self._exchanges)

    def __dir__(self) -> list[str]:
        return sorted(set(super().__dir__()) - {"record"})

    def __repr__(self) -> str:
        return f"<Journal: {len(self)} {'request' if len(self) == 1 else 'requests'}>"
