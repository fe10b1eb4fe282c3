"""What waits in a kernel until a test lets it go on, so that no test depends on how long anything takes."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from stitchnb.sandbox.connectors.seeded.connector import SeededConnector

PATIENCE_S = 120


class Gate:
    """Holds those who come to it, in threads of their own, until it is opened; `come` counts them."""

    _all: list["Gate"] = []

    def __init__(self) -> None:
        self.come = 0
        self._permits = threading.Semaphore(0)
        self._all.append(self)

    def pass_through(self) -> None:
        """Wait for a permit."""
        self.come += 1
        if not self._permits.acquire(timeout=PATIENCE_S):
            raise TimeoutError("The test did not open its gate.")

    def open(self, permits: int = 1_000_000) -> None:
        """Let that many pass, or all."""
        self._permits.release(permits)

    def before(self, function: Any) -> Any:
        """Have everybody come to the gate who calls a function."""

        def held(*args: Any, **kwargs: Any) -> Any:
            self.pass_through()
            return function(*args, **kwargs)

        return held

    @classmethod
    def open_all(cls) -> None:
        """Hold nobody any more."""
        while cls._all:
            cls._all.pop().open()


class GatedChecks(SeededConnector):
    """A source whose connection check ends when its gate is opened."""

    def __init__(self, source_type: str) -> None:
        super().__init__(source_type, 0)
        self.gate = Gate()

    def check(self, *args: Any, **kwargs: Any) -> None:
        self.gate.pass_through()
        super().check(*args, **kwargs)


class GatedRows(SeededConnector):
    """A source that gives twenty rows for each permit of its gate."""

    def __init__(self, source_type: str) -> None:
        super().__init__(source_type, 0)
        self.gate = Gate()

    def extract(self, *args: Any, **kwargs: Any) -> Any:
        for batch in super().extract(*args, **kwargs):
            for first in range(0, len(batch.records), 20):
                self.gate.pass_through()
                yield replace(batch, records=batch.records[first : first + 20])


def wait_for(name: str) -> None:
    """Do nothing until the test calls `NotebookPage.release` with this name."""
    deadline = time.monotonic() + PATIENCE_S
    file = Path(name).resolve()
    while not file.exists() and file.parent.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"The test did not release {name!r}.")
        time.sleep(0.005)
