"""The sandbox's clock: real, or set to a time that only moves when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
        self._advancing = threading.RLock()
        self._listeners: list[Callable[[datetime], None]] = []

    @property
    def is_frozen(self) -> bool:
        """It stands still unless moved."""
        return self._frozen_at is not None

    @property
    def offset(self) -> timedelta:
        """How far it was moved: from where it was frozen, or from the machine's time."""
        with self._lock:
            return self._offset

    def now(self) -> datetime:
        """Tell the time: aware, UTC."""
        with self._lock:
            return self._now()

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Move it forward and let everything happen that falls due on the way, in order.

        Returns
        -------
        datetime
            The new time; later than asked for where what fell due took longer.
        """
        with self._advancing:
            return self.advance_to(self.now() + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))

    def advance_to(self, moment: datetime) -> datetime:
        """Move it forward to a time, as `advance` does.

        Returns
        -------
        datetime
            The new time; later than asked for where what fell due took longer.

        Raises
        ------
        ValueError
            When the time is past.
        """
        with self._advancing:
            # On a running clock "now" is past by the time that it gets here.
            if moment < self.now() - timedelta(seconds=0 if self.is_frozen else 1):
                raise ValueError("a clock only moves forward: give a positive amount, or a time that is to come")
            for listener in self._listeners:
                listener(moment)
            self.move_to(moment)
            return self.now()

    def move_to(self, moment: datetime) -> None:
        """Set it to a later time, letting nothing happen; an earlier one changes nothing."""
        with self._lock:
            self._offset += max(timedelta(0), moment - self._now())

    def elapse(self, seconds: float) -> None:
        """Let a frozen clock show that work takes time; a real clock shows it by itself."""
        if self.is_frozen:
            with self._lock:
                self._offset += timedelta(seconds=seconds)

    def fork(self) -> Clock:
        """Give work that begins now a clock of its own, so that what it takes does not delay what else is due.

        A real clock passes for everybody alike, and gives itself.
        """
        return Clock(self.now()) if self.is_frozen else self

    def on_advance(self, listener: Callable[[datetime], None]) -> None:
        """Have `listener` called by every `advance` with the time to come, to let things happen on the way."""
        self._listeners.append(listener)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nobody advance it for a while; waits for an `advance` that is under way."""
        with self._advancing:
            yield

    def set_back(self, offset: timedelta = timedelta(0)) -> None:
        """Set it to an `offset` that it had, or to its start, where the whole sandbox goes back in time."""
        with self._lock:
            self._offset = offset

    def _now(self) -> datetime:
        return (self._frozen_at or datetime.now(UTC)) + self._offset
