"""Polling in the background, so that the notebook stays usable."""

from __future__ import annotations

import threading
from collections.abc import Callable

from stitchnb.errors import StitchError


class Watcher:
    """Calls a function again and again in its own thread, until it returns True or `stop` is called.

    Parameters
    ----------
    poll
        Called each time; True ends the polling.
    poll_s
        Returns the seconds until the next call.
    on_error
        Called in the thread with the `StitchError` that ended the polling.
    """

    def __init__(
        self, poll: Callable[[], bool], *, poll_s: Callable[[], float], on_error: Callable[[StitchError], None]
    ) -> None:
        self._poll = poll
        self._poll_s = poll_s
        self._on_error = on_error
        self._stopped = threading.Event()
        # A daemon: the end of a notebook must not wait for it.
        self._thread = threading.Thread(target=self._run, name="stitchnb-watch", daemon=True)

    def start(self) -> None:
        """Start with a first call at once."""
        self._thread.start()

    def stop(self) -> None:
        """Start no further call. A running call finishes and can check `is_stopped`."""
        self._stopped.set()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until the polling has ended; return False if it has not within `timeout_s` seconds."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def is_stopped(self) -> bool:
        """Was `stop` called?"""
        return self._stopped.is_set()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set() and not self._poll():
                self._stopped.wait(self._poll_s())
        except StitchError as error:
            if not self._stopped.is_set():
                self._on_error(error)
