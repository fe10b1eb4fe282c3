"""Looking at something in the background, so that the notebook stays usable meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable

from stitchnb.errors import StitchError


class Watcher:
    """Looks again and again, in a thread of its own, until it is over or nobody wants to know any more.

    Parameters
    ----------
    look
        Looks once, and tells whether it is over.
    poll_s
        Tells, after each look, the seconds until the next one.
    on_error
        Is called, in the thread, with a `StitchError` that a look ended with; the watch is over then.
    """

    def __init__(
        self, look: Callable[[], bool], *, poll_s: Callable[[], float], on_error: Callable[[StitchError], None]
    ) -> None:
        self._look = look
        self._poll_s = poll_s
        self._on_error = on_error
        self._stopped = threading.Event()
        # A notebook's end must not wait for it.
        self._thread = threading.Thread(target=self._run, name="stitchnb-watch", daemon=True)

    def start(self) -> None:
        """Begin, with a first look at once."""
        self._thread.start()

    def stop(self) -> None:
        """Have no further look begun. A look that is under way ends by itself; `is_stopped` tells it."""
        self._stopped.set()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until it is over; False when it is not within that many seconds."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def is_stopped(self) -> bool:
        """Was it told to stop?"""
        return self._stopped.is_set()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set() and not self._look():
                self._stopped.wait(self._poll_s())
        except StitchError as error:
            if not self._stopped.is_set():
                self._on_error(error)
