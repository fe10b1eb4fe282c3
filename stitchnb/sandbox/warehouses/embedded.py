"""Opening the warehouse only when rows are first asked for or loaded."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse


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
                from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse

                if self._path is not None and not self._path.exists():
                    _make(self._path)
                self._opened = DuckDBWarehouse(self._path)
                if self._closed:
                    self._opened.close()
            return self._opened

    def keep_copy(self, name: str) -> bool:
        """Copy it under a name; False where it was not opened yet, and there is nothing to copy."""
        with self._lock:
            if self._opened is None:
                return False
            self._opened.keep_copy(name)
            return True

    def bring_back(self, name: str | None) -> None:
        """Put a copy in place of what is there; None empties it."""
        with self._lock:
            if self._opened is not None:
                self._opened.bring_back(name)

    def forget_copy(self, name: str) -> None:
        """Let go of a copy."""
        with self._lock:
            if self._opened is not None and not self._closed:
                self._opened.forget_copy(name)

    def close(self) -> None:
        """Let go of it."""
        with self._lock:
            self._closed = True
            if self._opened is not None:
                self._opened.close()


def _make(path: Path) -> None:
    """Make a new file that its owner alone may read, and put it in its place whole: half of one never opens again."""
    from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse

    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    DuckDBWarehouse(part).close()
    part.chmod(0o600)
    part.replace(path)
