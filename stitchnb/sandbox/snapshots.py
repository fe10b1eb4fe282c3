"""Snapshots of the whole sandbox: create and restore them, and reset it to a new one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidInputError
from stitchnb.models import format_time
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.jobs.runner import Engine
from stitchnb.sandbox.store.database import State
from stitchnb.sandbox.warehouses.registry import EmbeddedWarehouse

if TYPE_CHECKING:
    import pandas as pd

_LONGEST_NAME = 100


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The sandbox as it was at one moment: state, warehouse and clock. It lasts as long as the sandbox does.

    Attributes
    ----------
    name
        Its name for `restore`.
    taken_at
        The sandbox's time; aware, UTC.
    """

    name: str
    taken_at: datetime
    _state: Connection = field(repr=False)
    _tables: str | None = field(repr=False)
    _offset: timedelta = field(repr=False)

    def to_frame(self) -> pd.DataFrame:
        """Return it as a DataFrame: one row, with ``name`` (string) and ``taken_at`` (datetime64, UTC)."""
        import pandas as pd

        return pd.DataFrame(
            {
                "name": pd.Series([self.name], dtype="string"),
                "taken_at": pd.Series([self.taken_at], dtype="datetime64[us, UTC]"),
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"name": self.name, "taken_at": format_time(self.taken_at)}


class Snapshots:
    """The snapshots of one sandbox.

    Parameters
    ----------
    seed_defaults
        Adds to a new state what every sandbox starts with.
    """

    def __init__(
        self,
        ctx: SandboxContext,
        engine: Engine,
        warehouse: EmbeddedWarehouse,
        seed_defaults: Callable[[SandboxContext], None],
    ) -> None:
        self._ctx = ctx
        self._engine = engine
        self._warehouse = warehouse
        self._seed_defaults = seed_defaults
        self._lock = threading.RLock()
        self._kept: dict[str, Snapshot] = {}
        self._taken = 0

    def create(self, name: str | None = None) -> Snapshot:
        """Save everything as it is now, in place of a snapshot of the same name.

        A check that is running runs again when the snapshot is restored, and a job counts as cut off.
        """
        with self._lock, self._ctx.clock.hold():
            self._taken += 1
            name = f"snapshot-{self._taken}" if name is None else _checked(name)
            tables = f"stitchnb snapshot {self._taken}"
            # During a load the rows may be ahead of the bookmark, and never behind.
            with self._ctx.state.read():
                has_tables = self._warehouse.snapshot(tables)
                copy = self._ctx.state.copy()
            self._delete(name)
            self._kept[name] = Snapshot(
                name, self._ctx.at(), copy, tables if has_tables else None, self._ctx.clock.offset
            )
            return self._kept[name]

    def restore(self, snapshot: Snapshot | str) -> Snapshot:
        """Restore everything, the clock too; what is running is stopped.

        Raises
        ------
        InvalidInputError
            This sandbox has no such snapshot; the message lists those that it has.
        """
        with self._lock:
            found = self._find(snapshot)
            with self._paused():
                # The state first: if the process is killed in between, its bookmarks are behind the rows.
                self._ctx.state.restore(found._state)
                self._ctx.sequences.reload()
                self._warehouse.restore(found._tables)
                self._ctx.clock.reset_offset(found._offset)
            self._engine.recover()
            return found

    def reset(self) -> None:
        """Reset the sandbox: no source, no row, the first ids again, the clock at its start."""
        with self._lock:
            with self._paused():
                self._ctx.clock.reset_offset()
                fresh = State(None)
                try:
                    fresh.set_seed(self._ctx.ids.seed)
                    self._seed_defaults(replace(self._ctx, state=fresh))
                    with fresh.read() as db:
                        self._ctx.state.restore(db)
                    self._ctx.sequences.reload()
                finally:
                    fresh.close()
                self._warehouse.restore(None)
            self._engine.recover()

    def delete(self, snapshot: Snapshot | str) -> None:
        """Delete a snapshot and free its memory."""
        with self._lock:
            self._delete(self._find(snapshot).name)

    def close(self) -> None:
        """Delete all snapshots."""
        with self._lock:
            for name in list(self._kept):
                self._delete(name)

    def __iter__(self) -> Iterator[Snapshot]:
        with self._lock:
            return iter(list(self._kept.values()))

    def _find(self, snapshot: Snapshot | str) -> Snapshot:
        name = snapshot.name if isinstance(snapshot, Snapshot) else snapshot
        found = self._kept.get(name)
        if found is None or (isinstance(snapshot, Snapshot) and snapshot is not found):
            kept = ", ".join(map(repr, self._kept)) or "none"
            raise InvalidInputError(f"This sandbox has no snapshot {name!r}. Its snapshots: {kept}.")
        return found

    def _delete(self, name: str) -> None:
        snapshot = self._kept.pop(name, None)
        if snapshot is not None:
            snapshot._state.close()
            if snapshot._tables is not None:
                self._warehouse.drop_snapshot(snapshot._tables)

    @contextmanager
    def _paused(self) -> Iterator[None]:
        """Pause everything: the clock, requests, and work in the background."""
        with ExitStack() as stack:
            stack.enter_context(self._ctx.clock.hold())
            while True:
                self._engine.halt()
                with ExitStack() as attempt:
                    # Work starts in a transaction: with this lock held, and nothing running, nothing can start.
                    attempt.enter_context(self._ctx.state.read())
                    if not self._engine.running():
                        stack.push(attempt.pop_all())
                        break
            yield


def _checked(name: str) -> str:
    if not isinstance(name, str) or not name or len(name) > _LONGEST_NAME:
        raise InvalidInputError(
            f"{name!r} is not a valid snapshot name. Pass a text of 1 to {_LONGEST_NAME} characters."
        )
    return name
