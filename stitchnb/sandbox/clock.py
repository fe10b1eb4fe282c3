"""The sandbox's clock: real, or set to a time that only moves when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from stitchnb.errors import InvalidInputError
from stitchnb.models import format_time, parse_time

# Methods for the rest of the sandbox, which Tab does not offer.
_INTERNAL = frozenset({"move_to", "simulate_work", "snapshot", "on_advance", "hold", "reset_offset"})


class Clock:
    """Tells the sandbox what time it is.

    Parameters
    ----------
    start
        None for the machine's own time. A time (aware datetime, or text such as ``2026-03-20T16:00:00Z``) sets the
        clock to it and freezes it there: then only `advance` and the sandbox's own work move it, so that the same
        calls give the same answers on every run.

    Raises
    ------
    InvalidInputError
        When it is no time, or a datetime without a time zone.
    """

    def __init__(self, start: datetime | str | None = None) -> None:
        self._frozen_at = None if start is None else _moment(start)
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

        Raises
        ------
        InvalidInputError
            When it would be moved back, or further than the calendar goes.
        """
        with self._advancing:
            try:
                moment = self.now() + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
            except (TypeError, OverflowError) as error:
                raise InvalidInputError(f"The clock was not moved ({error}): give numbers, such as hours=6.") from error
            return self.advance_to(moment)

    def advance_to(self, moment: datetime | str) -> datetime:
        """Move it forward to a time (an aware datetime, or text), as `advance` does.

        Returns
        -------
        datetime
            The new time; later than asked for where what fell due took longer.

        Raises
        ------
        InvalidInputError
            When the time is past, or is no time.
        """
        moment = _moment(moment)
        with self._advancing:
            # On a running clock "now" is past by the time that it gets here.
            if moment < self.now() - timedelta(seconds=0 if self.is_frozen else 1):
                raise InvalidInputError(
                    f"A clock only moves forward, and it is {format_time(self.now())}: give a positive amount, or a "
                    "time that is to come. To go back, take a snapshot before: sandbox.snapshot(), sandbox.restore()."
                )
            for listener in self._listeners:
                listener(moment)
            self.move_to(moment)
            return self.now()

    def move_to(self, moment: datetime) -> None:
        """Set it to a later time, letting nothing happen, and never to an earlier one."""
        with self._lock:
            self._offset += max(timedelta(0), moment - self._now())

    def simulate_work(self, seconds: float) -> None:
        """Let a frozen clock show that work takes time, as a real one does by itself."""
        if self.is_frozen:
            with self._lock:
                self._offset += timedelta(seconds=seconds)

    def snapshot(self) -> Clock:
        """Give work a clock of its own, so that it does not delay what else is due.

        A real clock passes for everybody alike, and gives itself.
        """
        return Clock(self.now()) if self.is_frozen else self

    def on_advance(self, listener: Callable[[datetime], None]) -> None:
        """Have `listener` called by every `advance` with the time to come."""
        self._listeners.append(listener)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Let nobody advance it for a while, once an `advance` under way is over."""
        with self._advancing:
            yield

    def reset_offset(self, offset: timedelta = timedelta(0)) -> None:
        """Set it to an `offset` that it had, or to its start, when all goes back."""
        with self._lock:
            self._offset = offset

    def __dir__(self) -> list[str]:
        return sorted(set(super().__dir__()) - _INTERNAL)

    def __repr__(self) -> str:
        return f"Clock({format_time(self.now())}, {'frozen' if self.is_frozen else 'real'})"

    def _now(self) -> datetime:
        return (self._frozen_at or datetime.now(UTC)) + self._offset


def _moment(given: datetime | str) -> datetime:
    """Bring a time to UTC; refuse what is none."""
    moment = parse_time(given) if isinstance(given, str) else given
    if not isinstance(moment, datetime):
        raise InvalidInputError(f"{given!r} is no time: give one such as '2026-03-20T16:00:00Z'.")
    if moment.tzinfo is None:
        raise InvalidInputError(f"{given!r} has no time zone: give an aware datetime, such as with tzinfo=UTC.")
    return moment.astimezone(UTC)
