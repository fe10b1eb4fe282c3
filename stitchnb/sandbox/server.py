"""The sandbox's life: up on a free port of this machine, serving, and gone without a trace."""

from __future__ import annotations

import secrets
import socket
import threading
import weakref
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import uvicorn

from stitchnb.errors import PortInUseError, SandboxError
from stitchnb.models import Secret
from stitchnb.sandbox.app import build_app
from stitchnb.sandbox.clock import Clock
from stitchnb.sandbox.engine.opening import EmbeddedWarehouse
from stitchnb.sandbox.engine.runner import Engine
from stitchnb.sandbox.ids import Ids
from stitchnb.sandbox.resources import source_types
from stitchnb.sandbox.resources.checks import Checks
from stitchnb.sandbox.resources.destinations import Destinations
from stitchnb.sandbox.resources.jobs import Jobs
from stitchnb.sandbox.resources.sources import Sources
from stitchnb.sandbox.resources.streams import Streams
from stitchnb.sandbox.scheduler import Scheduler
from stitchnb.sandbox.state import State
from stitchnb.sandbox.vault import Vault
from stitchnb.sandbox.world import World

if TYPE_CHECKING:
    from stitchnb.sandbox.engine.warehouses.duckdb import DuckDBWarehouse

_START_TIMEOUT_S = 30.0


class Sandbox:
    """A Connect API of one's own: real HTTP on this machine, real state, real rows, no account.

    It serves from the moment it is made until `close`, the end of its ``with`` block, or the end of the process.

    Parameters
    ----------
    path
        File to keep the state in; the warehouse is kept beside it in ``<name>.duckdb``, the key of the credentials in
        ``<name>.key``. None keeps everything in memory, so that nothing is left behind.
    seed
        Ids, job names and rows come from it: the same seed and the same calls give the same answers. A kept state
        holds its seed; opening it with another is an error, and None takes the state's own.
    port
        Port on 127.0.0.1; 0 takes a free one.
    clock
        None for the machine's time, or a time such as ``2026-03-20T16:00:00Z`` to freeze the sandbox at. Rows come
        into being as this clock moves.
    pace_s
        Seconds that a connection check or a job takes at least, so that it can be watched.
    token
        The access token; a random one when None.

    Raises
    ------
    PortInUseError
        When the port is taken; nothing was made.
    StateFileError
        When `path` is not a sandbox's file or is in use; it was not touched.

    Examples
    --------
    >>> with Sandbox(clock="2026-03-20T16:00:00Z") as sandbox:
    ...     sandbox.client_id
    116078
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        seed: int | None = 0,
        port: int = 0,
        clock: Clock | datetime | str | None = None,
        pace_s: float = 1.0,
        token: str | None = None,
    ) -> None:
        self.clock = clock if isinstance(clock, Clock) else Clock(clock)
        self.token = Secret(token or f"sandbox-{secrets.token_urlsafe(24)}")
        # In the caller's thread, so that a busy port is said at once.
        listener = _listen(port)
        try:
            self._build(Path(path) if path is not None else None, seed, pace_s)
        except BaseException:
            listener.close()
            raise
        self.port: int = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._serve(listener)

    def _build(self, path: Path | None, seed: int | None, pace_s: float) -> None:
        self._state = State(path)
        try:
            seed = self._state.keep_seed(seed)
            self._warehouse = EmbeddedWarehouse(None if path is None else path.with_name(path.name + ".duckdb"))
        except BaseException:
            self._state.close()
            raise
        self.world = World(self._state, self.clock, Ids(seed), Vault(path))
        self._engine = Engine(self.world, self._warehouse.get, pace_s=pace_s)
        sources = Sources(self.world, self._engine)
        destinations = Destinations(self.world)
        destinations.ensure_embedded()
        self._scheduler = Scheduler(self.world, sources, self._engine)
        self._app = build_app(
            [
                *source_types.endpoints(),
                *sources.endpoints(),
                *Checks(self.world).endpoints(),
                *Streams(self.world, sources).endpoints(),
                *Jobs(self.world, self._engine).endpoints(),
                *destinations.endpoints(),
            ],
            token=self.token.reveal(),
        )

    def _serve(self, listener: socket.socket) -> None:
        config = uvicorn.Config(
            self._app,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="stitchnb-sandbox", daemon=True
        )
        thread.start()
        # Also called when the process ends: a sandbox that nobody closed leaves nothing behind either.
        self._finalizer = weakref.finalize(
            self, _shut, server, thread, listener, self._scheduler, self._engine, self._warehouse, self._state
        )
        waited = threading.Event()
        for _ in range(int(_START_TIMEOUT_S / 0.005)):
            if server.started:
                break
            if not thread.is_alive():
                self.close()
                raise SandboxError("The sandbox's server ended while it was starting; see the log for why.")
            waited.wait(0.005)
        else:
            self.close()
            raise SandboxError(f"The sandbox's server did not start within {_START_TIMEOUT_S:.0f} seconds.")
        self._engine.recover()
        self._scheduler.start(self.clock)

    @property
    def warehouse(self) -> DuckDBWarehouse:
        """The warehouse that rows land in: ``tables()``, ``table("schema.table")`` and ``sql("…")`` give DataFrames."""
        return self._warehouse.get()

    @property
    def client_id(self) -> int:
        """The account's id, as in the paths of extractions and loads."""
        return self.world.client_id

    @property
    def is_running(self) -> bool:
        """It has not been closed."""
        return self._finalizer.alive

    def wait_idle(self) -> None:
        """Wait until no check and no job is running."""
        self._engine.wait_idle()

    def close(self) -> None:
        """Stop serving and let go of every file and port. Calling it again does nothing."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "running" if self.is_running else "closed"
        return f"Sandbox({state}, seed={self.world.ids.seed}, {'frozen' if self.clock.is_frozen else 'real'} clock)"


def _listen(port: int) -> socket.socket:
    # Made with IPPROTO_TCP by name: asyncio only turns off Nagle's algorithm on such a socket, and with it on every
    # answer waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OverflowError as error:
        listener.close()
        raise SandboxError(f"{port} is no port: give one from 1 to 65535, or 0 for a free one.") from error
    except OSError as error:
        listener.close()
        raise PortInUseError(
            f"Port {port} on 127.0.0.1 cannot be used ({error.strerror}). "
            "Stop what is listening there, give another port, or give 0 for a free one."
        ) from error
    return listener


def _shut(
    server: uvicorn.Server,
    thread: threading.Thread,
    listener: socket.socket,
    scheduler: Scheduler,
    engine: Engine,
    warehouse: EmbeddedWarehouse,
    state: State,
) -> None:
    """End everything in the order in which it depends on each other; holds no reference to the sandbox."""
    server.should_exit = True
    thread.join(timeout=10)
    listener.close()
    scheduler.close()
    engine.close()
    warehouse.close()
    state.close()
