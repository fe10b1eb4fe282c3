"""The sandbox: starts on a free port of this machine, serves, and leaves nothing behind."""

from __future__ import annotations

import secrets
import socket
import threading
import weakref
from concurrent.futures import Executor
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import uvicorn

from stitchnb.errors import InvalidInputError, PortInUseError, SandboxError
from stitchnb.models import Secret
from stitchnb.rules.names import checked_id
from stitchnb.sandbox.app import build_app
from stitchnb.sandbox.clock import Clock
from stitchnb.sandbox.connectors.registry import Connectors
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.control import ControlEndpoints
from stitchnb.sandbox.errors import APIErrorResponse
from stitchnb.sandbox.faults import Faults
from stitchnb.sandbox.http_server import PromptServer
from stitchnb.sandbox.jobs.runner import Engine
from stitchnb.sandbox.journal import Journal
from stitchnb.sandbox.middleware import AbortableProtocol, FaultMiddleware
from stitchnb.sandbox.openapi import Description
from stitchnb.sandbox.plans import PlanName, plan_named
from stitchnb.sandbox.resources.accounts import AccountEndpoints
from stitchnb.sandbox.resources.checks import AuthorizationEndpoints, CheckEndpoints
from stitchnb.sandbox.resources.connection_types import ConnectionTypeEndpoints
from stitchnb.sandbox.resources.destinations import DestinationEndpoints, add_embedded_destination
from stitchnb.sandbox.resources.import_api import ImportEndpoints, ImportTokenEndpoints
from stitchnb.sandbox.resources.job_progress import JobProgressEndpoints
from stitchnb.sandbox.resources.jobs import JobEndpoints, LogEndpoints
from stitchnb.sandbox.resources.notifications import CustomEmailEndpoints, HookEndpoints
from stitchnb.sandbox.resources.sources import SourceEndpoints
from stitchnb.sandbox.resources.streams import StreamEndpoints
from stitchnb.sandbox.scheduler import Scheduler
from stitchnb.sandbox.snapshots import Snapshot, Snapshots
from stitchnb.sandbox.store import destinations, notifications
from stitchnb.sandbox.store.credentials import CredentialStore
from stitchnb.sandbox.store.database import State
from stitchnb.sandbox.store.ids import Ids, Sequences
from stitchnb.sandbox.store.tokens import AccessTokens
from stitchnb.sandbox.warehouses.registry import DestinationSettings, EmbeddedWarehouse, Warehouses
from stitchnb.sandbox.workers.workers import Workers

if TYPE_CHECKING:
    from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse

_START_TIMEOUT_S = 30.0


class Sandbox:
    """A local Connect API: real HTTP on this machine, real state, real rows, no account.

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
    plan
        What the account may do: ``standard`` has one destination; ``advanced`` has three and ``cron_expression``
        schedules; ``premium`` has five and types of the enterprise tier as well.
    executor
        Runs the connectors, so that other processes or machines extract: any `concurrent.futures.Executor`, such as
        Dask's ``client.get_executor()``; loads stay in this process. Whoever made it ends it. None runs connectors in
        threads of this process.
    shared_folder
        Where extracted rows wait to be loaded, a folder that every worker finds at the same path; the machine's own
        for temporary files when None.

    Raises
    ------
    InvalidInputError
        When there is no such plan, or `clock` is no time; nothing was made.
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
        plan: PlanName = "advanced",
        executor: Executor | None = None,
        shared_folder: str | Path | None = None,
    ) -> None:
        self._plan = plan_named(plan)
        self._workers = (
            None if executor is None else Workers(executor, None if shared_folder is None else Path(shared_folder))
        )
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
            seed = self._state.set_seed(seed)
            credentials = CredentialStore(path, encrypted=self._state.any_credential())
            self._warehouse = EmbeddedWarehouse(None if path is None else path.with_name(path.name + ".duckdb"))
        except BaseException:
            self._state.close()
            raise
        _restore_clock_offset(self._state, self.clock)
        # Not a method: what serves would hold the sandbox, which ends when nobody else does.
        warehouses = Warehouses(self._warehouse.get, lambda number: _destination(ctx, number))
        self._ctx = ctx = SandboxContext(
            self._state,
            self.clock,
            Ids(seed),
            Sequences(self._state),
            credentials,
            self._plan,
            Connectors(seed),
            warehouses,
            Faults(seed),
            self._workers,
        )
        self._engine = Engine(self._ctx, pace_s=pace_s)
        sources = SourceEndpoints(self._ctx, self._engine)
        _seed_defaults(self._ctx)
        self._scheduler = Scheduler(self._ctx, self._engine)
        self._snapshots = Snapshots(self._ctx, self._engine, self._warehouse, _seed_defaults)
        self.journal = Journal(self.token.reveal())
        self._control = ControlEndpoints(self._ctx, self._engine, self._snapshots, self.journal)
        logs = LogEndpoints(self._ctx)
        tokens = AccessTokens(self._state, self.clock, self.token.reveal())
        self._authorizations = AuthorizationEndpoints(self._ctx, sources)
        of_api = [
            *ConnectionTypeEndpoints(self._ctx).endpoints(),
            *sources.endpoints(),
            *CheckEndpoints(self._ctx).endpoints(),
            *StreamEndpoints(self._ctx).endpoints(),
            *JobEndpoints(self._ctx, self._engine).endpoints(),
            *logs.endpoints(),
            *DestinationEndpoints(self._ctx, self._engine).endpoints(),
            *AccountEndpoints(self._ctx, tokens).endpoints(),
            *CustomEmailEndpoints(self._ctx).endpoints(),
            *HookEndpoints(self._ctx).endpoints(),
            *ImportTokenEndpoints(self._ctx, sources).endpoints(),
            *ImportEndpoints(self._ctx, self._engine).endpoints(),
        ]
        self._progress = JobProgressEndpoints(self._ctx)
        of_controls = [*self._control.endpoints(), *self._authorizations.endpoints(), *self._progress.endpoints()]
        of_controls += logs.downloads()
        of_controls += Description([*of_api, *of_controls]).endpoints()
        api = build_app(of_api, accepts=tokens.accepts)
        control = build_app(of_controls, accepts=tokens.accepts)
        self._app = FaultMiddleware(api, control, clock=self.clock, journal=self.journal, faults=self._ctx.faults)

    def _serve(self, listener: socket.socket) -> None:
        config = uvicorn.Config(
            self._app,
            http=AbortableProtocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = PromptServer(config)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="stitchnb-sandbox", daemon=True
        )
        # Also called when the process ends: a sandbox that nobody closed leaves nothing behind either.
        self._finalizer = weakref.finalize(
            self,
            _shutdown,
            server,
            thread,
            listener,
            self._scheduler,
            self._engine,
            self._snapshots,
            self._warehouse,
            self._state,
        )
        try:
            # Before the first request: a job that it starts must not be taken for one that was cut off.
            self._engine.recover()
        except BaseException:
            self.close()
            raise
        thread.start()
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
        self._scheduler.start(self.clock)

    @property
    def warehouse(self) -> DuckDBWarehouse:
        """The embedded warehouse: ``tables()``, ``table("schema.table")`` and ``sql("…")`` give DataFrames.

        Rows of every destination land in it whose type is not bound to a real one; see `warehouses`.
        """
        return self._warehouse.get()

    @property
    def client_id(self) -> int:
        """The account's id, as in the paths of extractions and loads."""
        return self._ctx.client_id

    @property
    def is_running(self) -> bool:
        """It has not been closed."""
        return self._finalizer.alive

    @property
    def faults(self) -> Faults:
        """What goes wrong on demand; see `stitchnb.sandbox.Faults`."""
        return self._ctx.faults

    @property
    def connectors(self) -> Connectors:
        """What sources are extracted with, by source type: seeded rows, until a type is bound to something real.

        ``sandbox.connectors["platform.hp-postgres"] = stitchnb.sandbox.connectors.Postgres()`` has sources of that
        type read the server that their form names, from their next check or job on.
        """
        return self._ctx.connectors

    @property
    def warehouses(self) -> Warehouses:
        """What destinations are loaded into, by destination type: `warehouse`, until a type is bound to a real one.

        ``sandbox.warehouses["postgres"] = stitchnb.sandbox.warehouses.Postgres()`` has the rows of destinations of
        that type land in the server that their form names, from their next check or load on;
        ``sandbox.warehouses.of(destination.id)`` reads them.
        """
        return self._ctx.warehouses

    def reset(self) -> None:
        """Make it as good as new, and keep url and token: no source, no row, no fault, the clock at its start.

        What is under way is broken off. Snapshots are kept.
        """
        self._control.reset()

    def snapshot(self, name: str | None = None) -> Snapshot:
        """Keep everything as it is now, to go back to: state, warehouse and clock.

        Parameters
        ----------
        name
            One of the same name is replaced; None gives it one.
        """
        return self._snapshots.create(name)

    def restore(self, snapshot: Snapshot | str) -> None:
        """Go back to a snapshot of this sandbox; what is under way is broken off.

        Raises
        ------
        InvalidInputError
            When this sandbox keeps no such snapshot; the message lists those that it keeps.
        """
        self._snapshots.restore(snapshot)

    def hook_deliveries(self) -> list[dict[str, Any]]:
        """List what post-load hooks were told or were to be told, oldest first.

        Only addresses of this machine are delivered to; what was for others is listed as ``not_sent``.

        Returns
        -------
        list of dict
            ``number``, ``hook_id``, ``url``, ``source_id``, ``stream_name``, ``body`` as sent, ``status``
            (``waiting``, ``delivered``, ``failed``, ``not_sent``, or ``dropped`` when the hook was disabled or deleted
            meanwhile), ``tries``, ``status_code`` and ``error`` of the last try, ``created_at``, ``ended_at``.
        """
        with self._state.read() as db:
            return notifications.list_deliveries(db)

    def jobs(self, source_id: int | None = None) -> list[dict[str, Any]]:
        """List every job that has run or is running, oldest first.

        Parameters
        ----------
        source_id
            Those of one source; None for all.

        Returns
        -------
        list of dict
            ``job_name``, ``source_id``, ``source_name``, ``status`` (``running``, ``succeeded``, ``failed`` or
            ``stopped``), ``phase`` (``discovery``, ``tap``, ``target`` or ``over``), ``start_time`` and
            ``completion_time`` of the sandbox's clock, ``failure`` (the part that failed, and why), and ``streams``,
            each with ``stream_name``, ``state`` (``waiting``, ``running``, ``loaded``, ``no_rows``, ``broken_off`` or
            ``not_reached``), ``rows_expected`` (None where nobody knows), ``rows_loaded``, ``rows_rejected``,
            ``seconds`` of the machine's that they took, ``last_batch_at``, and ``bookmark``: how far the stream has
            been read and landed by now, which the next job goes on from (None before anything landed).
        """
        return self._progress.list(None if source_id is None else checked_id(source_id, "source id"))

    def job_progress(self, job_name: str) -> dict[str, Any]:
        """Tell how far a job has come, batch by batch, as `jobs` does, with the last lines of its log as ``log``.

        Raises
        ------
        InvalidInputError
            When no job of this name has run.
        """
        if not isinstance(job_name, str):
            raise InvalidInputError(f"{job_name!r} is no name of a job: give its job_name.")
        try:
            return self._progress.get(job_name)
        except APIErrorResponse as refusal:
            raise InvalidInputError(str(refusal.body["data"]["message"])) from refusal

    def authorize(self, source_id: int) -> None:
        """Authorise a source's oauth or profile step, as somebody would in the browser; it then moves on.

        Raises
        ------
        InvalidInputError
            When there is no such source, its type asks for no authorising, or the source still needs what only you can
            give, in its form or in the step itself: the message names it. Nothing was changed.
        """
        try:
            self._authorizations.authorize(str(checked_id(source_id, "source id")))
        except APIErrorResponse as refusal:
            raise InvalidInputError(str(refusal.body["data"]["message"])) from refusal

    def wait_idle(self) -> None:
        """Wait until no check and no job is running, and no hook is being told of one."""
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
        return f"Sandbox({state}, seed={self._ctx.ids.seed}, {'frozen' if self.clock.is_frozen else 'real'} clock)"


def _seed_defaults(ctx: SandboxContext) -> None:
    """Add to a new state what every sandbox starts with."""
    add_embedded_destination(ctx)


def _destination(ctx: SandboxContext, destination_id: int) -> DestinationSettings:
    with ctx.state.read() as db:
        rows = destinations.list_live(db)
        for row in rows:
            if row["id"] == destination_id:
                return ctx.destination(db, row)
    ids = ", ".join(f"{row['id']} ({row['name'] or row['type']})" for row in rows) or "none"
    raise InvalidInputError(f"There is no destination {destination_id}. There are: {ids}.")


def _restore_clock_offset(state: State, clock: Clock) -> None:
    """Let the machine's time be as far ahead as it was made to be when the state was last open, and note it anew."""
    if clock.is_frozen:
        return
    clock.reset_offset(max(clock.offset, timedelta(seconds=float(state.get_meta("clock_ahead_s") or 0))))

    def save(moment: datetime) -> None:
        ahead = clock.offset + max(timedelta(0), moment - clock.now())
        state.set_meta("clock_ahead_s", str(ahead.total_seconds()))

    clock.on_advance(save)


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


def _shutdown(
    server: PromptServer,
    thread: threading.Thread,
    listener: socket.socket,
    scheduler: Scheduler,
    engine: Engine,
    snapshots: Snapshots,
    warehouse: EmbeddedWarehouse,
    state: State,
) -> None:
    """End everything in the order in which it depends on each other; holds no reference to the sandbox."""
    server.stop()
    if thread.ident is not None:
        thread.join(timeout=10)
    listener.close()
    scheduler.close()
    engine.close()
    snapshots.close()
    warehouse.close()
    state.close()
