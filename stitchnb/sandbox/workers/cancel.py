"""What a job watches to learn that it is to stop, wherever it happens to be waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stop(threading.Event):
    """An event that also acts: work that waits for something else is broken off rather than asked."""

    def __init__(self) -> None:
        super().__init__()
        self._actions: list[Callable[[], None]] = []
        self._guard = threading.Lock()

    def set(self) -> None:
        """Ask to stop, and carry out what was left to be done then, in this thread."""
        super().set()
        with self._guard:
            actions = list(self._actions)
        for action in actions:
            action()

    @contextmanager
    def calling(self, action: Callable[[], None]) -> Iterator[None]:
        """While the block runs, have `set` call an action; at once where it was set before.

        Parameters
        ----------
        action
            Called from another thread, possibly twice, possibly just after what it breaks off has ended. It must
            neither wait for long nor raise.
        """
        with self._guard:
            self._actions.append(action)
        try:
            if self.is_set():
                action()
            yield
        finally:
            with self._guard:
                self._actions.remove(action)
