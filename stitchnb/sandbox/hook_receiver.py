"""A receiver of post-load hooks on this machine, to see what a hook is told and to rehearse what it does with it."""

from __future__ import annotations

import json
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from stitchnb.errors import InvalidInputError, PortInUseError, WaitTimeoutError

if TYPE_CHECKING:
    import pandas as pd

_PATH = "/loaded"
_LARGEST_BODY = 1024 * 1024
_OWN_HOSTS = ("127.0.0.1", "localhost")
# Seconds without a byte after which a connection is given up.
_IDLE_S = 30


@dataclass
class _Kept:
    """What came, and how it is answered; shared by the threads that answer."""

    statuses: tuple[int, ...]
    # A body, and the status that it was answered with.
    came: list[tuple[Mapping[str, Any], int]] = field(default_factory=list)
    answered: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, body: Mapping[str, Any]) -> int:
        """Keep a body, and tell the status to answer it with."""
        with self.changed:
            status = self.statuses[min(self.answered, len(self.statuses) - 1)]
            self.answered += 1
            self.came.append((body, status))
            self.changed.notify_all()
        return status


class HookReceiver:
    """Receives post-load hooks on 127.0.0.1, and gives what came as a DataFrame.

    A sandbox delivers to it; a real account cannot reach this machine, so its hooks need a public https address. It
    receives from the moment it is made until `close`, the end of its ``with`` block, or the end of the process.

    Parameters
    ----------
    status
        What every hook is answered: an HTTP status from 200 to 599, of which 200 to 299 say that it was taken. Of
        several each answer takes the next one, and the last holds for all further ones: ``[500, 200]`` fails once.
    port
        Port on 127.0.0.1; 0 takes a free one.

    Attributes
    ----------
    url
        The address to give to ``client.notifications.hooks.create``.
    port
        The port that it listens on.

    Raises
    ------
    InvalidInputError
        When `status` or `port` cannot be one.
    PortInUseError
        When the port is taken; nothing was made.

    Examples
    --------
    >>> client = stitchnb.connect(clock="2026-03-20T16:00:00Z", pace_s=0, quiet=True)
    >>> given = {"api_key": "a-key", "subdomain": "acme", "quota_limit": "30", "start_date": "2026-01-01T00:00:00Z"}
    >>> source = client.sources.create("platform.recurly", display_name="Recurly", properties=given)
    >>> source.check().wait().status
    'succeeded'
    >>> source = source.select("accounts")
    >>> with HookReceiver() as receiver:
    ...     hook = client.notifications.hooks.create(receiver.url, destination_id=client.destinations.list()[0].id)
    ...     job = source.start_job()
    ...     receiver.wait()[["source", "table", "rows", "status"]]
        source     table  rows  status
    0  recurly  accounts   141     200
    >>> client.close()
    """

    def __init__(self, status: int | Sequence[int] = 200, *, port: int = 0) -> None:
        self._kept = _Kept(_checked(status))
        try:
            server = _Server(("127.0.0.1", port), _Handler)
        except OverflowError as error:
            raise InvalidInputError(f"{port} is no port: give one from 1 to 65535, or 0 for a free one.") from error
        except OSError as error:
            raise PortInUseError(
                f"Port {port} on 127.0.0.1 cannot be used ({error.strerror}). "
                "Stop what is listening there, give another port, or give 0 for a free one."
            ) from error
        server.kept = self._kept
        self.port: int = server.server_port
        self.url = f"http://127.0.0.1:{self.port}{_PATH}"
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="stitchnb-hook-receiver", daemon=True
        )
        # Also called when nobody holds it any more: a receiver that was not closed leaves no port behind either.
        self._finalizer = weakref.finalize(self, _shut, server, thread)
        thread.start()

    @property
    def status(self) -> int | tuple[int, ...]:
        """What hooks are answered from now on. Setting it begins anew."""
        statuses = self._kept.statuses
        return statuses if len(statuses) > 1 else statuses[0]

    @status.setter
    def status(self, status: int | Sequence[int]) -> None:
        statuses = _checked(status)
        with self._kept.changed:
            self._kept.statuses, self._kept.answered = statuses, 0

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies that came, in the order in which they came, also those that were turned down."""
        with self._kept.changed:
            return [json.loads(json.dumps(body)) for body, _ in self._kept.came]

    @property
    def received(self) -> pd.DataFrame:
        """What came, as a DataFrame.

        Returns
        -------
        DataFrame
            One row per table that a hook told of, subtables too, in the order in which they came: ``source``,
            ``stream``, ``table`` (string; the table's name in the destination), ``rows``, ``rows_rejected`` (Int64),
            ``primary_keys`` (string, the names with commas between; empty without a key), ``new_version`` (boolean:
            the table was replaced), ``loaded_at`` (datetime64, UTC: the least ``_sdc_batched_at`` of its rows),
            ``status`` (int64: the answer). What a body does not tell is missing. None gives the same columns and no
            row.
        """
        import pandas as pd

        with self._kept.changed:
            told = [
                (body, table, status) for body, status in self._kept.came for table in _mappings(body.get("tables"))
            ]
        root = [body for body, _, _ in told]
        tables = [table for _, table, _ in told]
        times = pd.Series([body.get("minimum_sdc_batched_at") for body in root], dtype="string")
        return pd.DataFrame(
            {
                "source": pd.Series([_text(body.get("integration_name")) for body in root], dtype="string"),
                "stream": pd.Series([_text(body.get("source_root_table_name")) for body in root], dtype="string"),
                "table": pd.Series([_text(table.get("destination_table_name")) for table in tables], dtype="string"),
                "rows": pd.Series([_number(table.get("num_rows")) for table in tables], dtype="Int64"),
                "rows_rejected": pd.Series(
                    [_number(table.get("num_rows_rejected")) for table in tables], dtype="Int64"
                ),
                "primary_keys": pd.Series([_names(table.get("primary_keys")) for table in tables], dtype="string"),
                "new_version": pd.Series([_flag(body.get("new_version")) for body in root], dtype="boolean"),
                "loaded_at": pd.to_datetime(times, utc=True, errors="coerce", format="ISO8601").astype(
                    "datetime64[us, UTC]"
                ),
                "status": pd.Series([status for *_, status in told], dtype="int64"),
            },
            index=pd.RangeIndex(len(told)),
        )

    def to_frame(self) -> pd.DataFrame:
        """Show what came as a DataFrame, as `received` does."""
        return self.received

    def wait(self, count: int = 1, *, timeout_s: float = 60) -> pd.DataFrame:
        """Wait until at least that many hooks have come, and give what came as `received` does.

        Parameters
        ----------
        count
            Hooks in all since the beginning, or since `clear`; from 1. Each loaded table is one, and so is each
            further try.
        timeout_s
            How long to wait at most, in seconds.

        Raises
        ------
        InvalidInputError
            When the receiver is closed and can get no more.
        WaitTimeoutError
            When there are fewer by then: see ``sandbox.hook_deliveries()`` for what became of them, or wait again.
        """
        until = time.monotonic() + timeout_s
        with self._kept.changed:
            while (there := len(self._kept.came)) < count:
                left = until - time.monotonic()
                if not self._finalizer.alive:
                    raise InvalidInputError(
                        f"The receiver is closed, and {there} of {count} hooks came: make a new one."
                    )
                if left <= 0:
                    raise WaitTimeoutError(
                        f"{there} of {count} hooks came within {timeout_s:g} seconds. Was there a load, and is the "
                        "hook enabled? sandbox.hook_deliveries() tells what became of each."
                    )
                # Not for ever: who closes it meanwhile does not notify.
                self._kept.changed.wait(min(left, 0.1))
        return self.received

    def clear(self) -> None:
        """Forget what came; how it answers stays."""
        with self._kept.changed:
            self._kept.came.clear()

    def close(self) -> None:
        """Receive no more, and let go of the port; what came stays to be looked at. Calling it again does nothing."""
        self._finalizer()

    def __len__(self) -> int:
        with self._kept.changed:
            return len(self._kept.came)

    def __bool__(self) -> bool:
        """Be true also where nothing came: it is a receiver, and no list."""
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "open" if self._finalizer.alive else "closed"
        return f"HookReceiver({state}, {len(self)} {'hook' if len(self) == 1 else 'hooks'} received)"


class _Server(ThreadingHTTPServer):
    """Serves in threads that end with the process."""

    daemon_threads = True
    kept: _Kept

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a sender that hangs up is its own business, and there is a notebook on standard error."""


class _Handler(BaseHTTPRequestHandler):
    """Takes one hook, and nothing that a page in a browser could send."""

    server: _Server
    timeout = _IDLE_S

    def do_POST(self) -> None:
        self._answer(*self._taken())

    def _taken(self) -> tuple[int, str]:
        # A page elsewhere can make a browser ask 127.0.0.1, but it cannot make it send another Host or no Origin.
        if self.headers.get("Host", "").rsplit(":", 1)[0] not in _OWN_HOSTS or "Origin" in self.headers:
            return 403, "hooks of this machine only"
        if self.path != _PATH:
            return 404, f"hooks are received at {_PATH}"
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            return 411, "the length of the body is missing"
        if int(length) > _LARGEST_BODY:
            return 413, f"a body has at most {_LARGEST_BODY} bytes"
        try:
            body = json.loads(self.rfile.read(int(length)))
        except ValueError:
            return 400, "the body is no JSON"
        if not isinstance(body, dict):
            return 400, "the body is no JSON object"
        return self.server.kept.take(body), ""

    def _answer(self, status: int, reason: str) -> None:
        content = reason.encode()
        self.send_response(status)
        # With these two there is no body, not even one without length.
        if status not in (204, 304):
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Write no line for a request: `HookReceiver.received` tells of it."""


def _shut(server: _Server, thread: threading.Thread) -> None:
    server.shutdown()
    thread.join()
    server.server_close()


def _checked(status: int | Sequence[int]) -> tuple[int, ...]:
    statuses = (status,) if isinstance(status, int) else tuple(status) if isinstance(status, Sequence) else ()
    good = bool(statuses) and all(isinstance(one, int) and 200 <= one <= 599 for one in statuses)
    if not good:
        raise InvalidInputError(
            f"status is {status!r}: give a whole number from 200 to 599, or several such as [500, 200]."
        )
    return statuses


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _names(value: Any) -> str | None:
    return ", ".join(map(str, value)) if isinstance(value, list) else None
