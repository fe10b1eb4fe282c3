"""The sandbox's clock: real, or set to a time that only moves when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from stitchnb.models import parse_time


class Clock:
    """Tells the sandbox what time it is.

    Parameters
    ----------
    start
        None for the machine's own time. A time (aware datetime, or text such as ``2026-03-20T16:00:00Z``) sets the
        clock to it and freezes it there: then only `advance` and the sandbox's own work move it, so that the same
        calls give the same answers on every run.
    """

    def __init__(self, start: datetime | str | None = None) -> None:
        if isinstance(start, str):
            moment = parse_time(start)
            if moment is None:
                raise ValueError(f"{start!r} is no time; give one such as '2026-03-20T16:00:00Z'")
            start = moment
        if start is not None and start.tzinfo is None:
            raise ValueError(f"{start!r} has no time zone; give an aware datetime, such as with tzinfo=UTC")
        self._frozen_at = None if start is None else start.astimezone(UTC)
        self._offset = timedelta(0)
        self._lock = threading.Lock()
        self._listeners: list[Callable[[datetime], None]] = []

    @property
    def is_frozen(self) -> bool:
        """It stands still unless moved."""
        return self._frozen_at is not None

    def now(self) -> datetime:
        """Tell the time: aware, UTC."""
        with self._lock:
            return (self._frozen_at or datetime.now(UTC)) + self._offset

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Move it forward and let everything happen that falls due on the way, in order.

        Returns
        -------
        datetime
            The new time.
        """
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if step < timedelta(0):
            raise ValueError("a clock only moves forward: give a positive amount")
        target = self.now() + step
        for listener in self._listeners:
            listener(target)
        self.move_to(target)
        return self.now()

    def move_to(self, moment: datetime) -> None:
        """Set it to a later time; an earlier one changes nothing."""
        with self._lock:
            now = (self._frozen_at or datetime.now(UTC)) + self._offset
            self._offset += max(timedelta(0), moment - now)

    def elapse(self, seconds: float) -> None:
        """Let a frozen clock show that work takes time; a real clock shows it by itself."""
        if self.is_frozen:
            with self._lock:
                self._offset += timedelta(seconds=seconds)

    def on_advance(self, listener: Callable[[datetime], None]) -> None:
        """Have `listener` called by every `advance` with the time to come, to let things happen on the way."""
        self._listeners.append(listener)
