"""Connection checks: test a connection's properties, and for a source discover its streams."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from stitchnb.errors import StateFileError
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.pipeline import CancelToken, ConnectorError, Context, DiscoveredStream, WarehouseError
from stitchnb.sandbox.store import connections, destinations, sources, streams
from stitchnb.sandbox.store.connections import Kind

# What a check takes on a frozen clock, so that it ends later than it starts.
_SIMULATED_S = 2.0


@dataclass(frozen=True)
class Check:
    """One connection check of one source or destination."""

    ctx: SandboxContext
    name: str
    connection_id: int

    @classmethod
    def begin(cls, ctx: SandboxContext, connection_id: int) -> Check:
        """Record that a check is running."""
        with ctx.state.transaction() as db:
            name = ctx.ids.job_name(db, connection_id, "check")
            connections.add_check(db, name, connection_id, ctx.now())
        return cls(ctx, name, connection_id)

    @classmethod
    def unfinished(cls, ctx: SandboxContext) -> list[Check]:
        """Return the checks that are recorded as running."""
        with ctx.state.read() as db:
            running = connections.running_checks(db)
        return [cls(ctx, name, connection_id) for name, connection_id in running]

    def run(self, pace: Callable[[], None], stop: CancelToken) -> None:
        """Test and discover, and record the result; a check that is stopped stays recorded as running."""
        with self.ctx.state.read() as db:
            kind = connections.kind_of_check(db, self.name)
        if kind is None:
            # The transaction that started the check was rolled back.
            return
        discovered: Sequence[DiscoveredStream] = ()
        message: str | None = None
        try:
            if kind == "source":
                discovered = self._discover(Context(stop))
            else:
                self._test_destination()
        except (ConnectorError, WarehouseError, StateFileError) as error:
            if isinstance(error, ConnectorError) and stop.is_set():
                return
            message = str(error)
        except Exception as error:
            with self.ctx.state.transaction() as db:
                self._finish(db, kind, f"{type(error).__name__} in the sandbox itself")
            raise
        pace()
        self.ctx.clock.simulate_work(_SIMULATED_S)
        with self.ctx.state.transaction() as db:
            self._finish(db, kind, message)
            # A check of properties that were changed since does not say which streams there are now.
            is_newest = connections.last_check_name(db, self.connection_id) == self.name
            if kind == "source" and message is None and is_newest:
                new_id = partial(self.ctx.ids.stream, db, self.connection_id)
                streams.save_discovery(db, self.connection_id, discovered, self.ctx.now(), new_id)

    def _discover(self, context: Context) -> list[DiscoveredStream]:
        with self.ctx.state.read() as db:
            row = sources.get(db, self.connection_id)
            properties = self.ctx.source_properties(db, row)
        self._raise_fault(row["type"])
        connector = self.ctx.connector(row["type"])
        connector.check(properties, context)
        return connector.discover(properties, context)

    def _test_destination(self) -> None:
        with self.ctx.state.read() as db:
            destination = self.ctx.destination(db, destinations.get(db, self.connection_id))
        self._raise_fault(destination.type)
        self.ctx.warehouses.check(destination)

    def _raise_fault(self, type_: str) -> None:
        reason = self.ctx.faults.match_work("check", source_type=type_)
        if reason is not None:
            raise ConnectorError(reason)

    def _finish(self, db: sqlite3.Connection, kind: Kind, message: str | None) -> None:
        """Record how it ended. What fails is the discovery of a source, or the target of a destination."""
        part: tuple[int | None, str | None] = (0 if message is None else 1, message)
        discovery, target = (part, (None, None)) if kind == "source" else ((None, None), part)
        connections.finish_check(db, self.name, self.ctx.now(), error=message, discovery=discovery, target=target)
