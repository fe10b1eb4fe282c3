"""Opening the warehouse only when rows are first asked for or loaded."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stitchnb.sandbox.engine.warehouses.duckdb import DuckDBWarehouse


class EmbeddedWarehouse:
    """Opens the embedded warehouse on first use: its libraries take longer to load than the rest of the sandbox.

    Parameters
    ----------
    path
        The database file; None keeps the rows in memory. A file is opened at once, so that one in use is said at once.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._opened: DuckDBWarehouse | None = None
        self._closed = False
        if path is not None:
            self.get()

    def get(self) -> DuckDBWarehouse:
        """Give the warehouse."""
        with self._lock:
            if self._opened is None:
                from stitchnb.sandbox.engine.warehouses.duckdb import DuckDBWarehouse

                self._opened = DuckDBWarehouse(self._path)
                if self._closed:
                    self._opened.close()
            return self._opened

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            self._closed = True
            if self._opened is not None:
                self._opened.close()
