"""Post-load hooks: written down with the load that they tell of, and delivered in the background.

Only to this machine: what is addressed elsewhere is written down as not sent, and no connection is ever opened for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import threading
from collections.abc import Iterable
from concurrent.futures import Future, wait
from functools import partial
from typing import TYPE_CHECKING, Any

from stitchnb.sandbox import destination_routing as mapping
from stitchnb.sandbox.addresses import is_loopback, parsed_url
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.jobs.load_summary import StreamLoadSummary

if TYPE_CHECKING:
    import httpx

_log = logging.getLogger(__name__)

TRIES = 5
TIMEOUT_S = 30.0
_BACKOFF_S = 0.1
_HEADERS = {"User-Agent": "StitchLoadingWebhook", "Content-Type": "application/json"}
_NOT_HERE = "not sent: the sandbox delivers to addresses of this machine only, such as https://127.0.0.1:8443/"


def enqueue_deliveries(
    ctx: SandboxContext, db: sqlite3.Connection, source_id: int, landings: Iterable[StreamLoadSummary]
) -> None:
    """Write down what the hooks are to be told. Belongs into the transaction that writes down the load."""
    source = db.execute("SELECT name FROM sources WHERE id = ?", (source_id,)).fetchone()
    destination_ids = {row["id"] for row in mapping.destinations_of(db, source_id)}
    hooks = db.execute("SELECT * FROM hooks WHERE disabled_at IS NULL ORDER BY id").fetchall()
    now = ctx.now()
    for landing in landings:
        body = json.dumps(landing.body(source["name"]), ensure_ascii=False)
        for hook in hooks:
            if hook["destination_id"] not in destination_ids:
                continue
            is_here = _own_url(hook["url"]) is not None
            db.execute(
                "INSERT INTO hook_deliveries (hook_id, url, source_id, stream_name, body, status, error, created_at, "
                "ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (hook["id"], hook["url"], source_id, landing.stream.stream_name, body)
                + (("waiting", None, now, None) if is_here else ("not_sent", _NOT_HERE, now, now)),
            )


def deliveries(ctx: SandboxContext) -> list[dict[str, Any]]:
    """List what hooks were told or were to be told, oldest first.

    Returns
    -------
    list of dict
        ``number``, ``hook_id``, ``url``, ``source_id``, ``stream_name``, ``body`` (as sent), ``status``
        (``waiting``, ``delivered``, ``failed``, ``not_sent`` for an address elsewhere, ``dropped`` for a hook that was
        disabled or deleted meanwhile), ``tries``, ``status_code`` and ``error`` of the last try, ``created_at`` and
        ``ended_at``.
    """
    with ctx.state.read() as db:
        rows = db.execute("SELECT * FROM hook_deliveries ORDER BY number").fetchall()
    return [{**dict(row), "body": json.loads(row["body"])} for row in rows]


class HookDeliveries:
    """Delivers what was written down, all at once, each up to five times.

    What the end of the sandbox interrupts is taken up when it is opened again.

    Parameters
    ----------
    timeout_s
        Seconds to wait for an answer.
    backoff_s
        Seconds to wait after the first failure; twice as long after each further one.
    """

    def __init__(self, ctx: SandboxContext, *, timeout_s: float = TIMEOUT_S, backoff_s: float = _BACKOFF_S) -> None:
        self._ctx = ctx
        self._timeout_s = timeout_s
        self._backoff_s = backoff_s
        self._lock = threading.Lock()
        self._futures: dict[int, Future[None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread: threading.Thread | None = None
        self._closed = False

    def wake(self) -> None:
        """Begin to deliver what is waiting."""
        with self._ctx.state.read() as db:
            rows = db.execute("SELECT number FROM hook_deliveries WHERE status = 'waiting' ORDER BY number").fetchall()
        begun = {}
        with self._lock:
            numbers = [row["number"] for row in rows if row["number"] not in self._futures]
            if self._closed or not numbers:
                return
            if self._thread is None:
                self._start()
            for number in numbers:
                begun[number] = asyncio.run_coroutine_threadsafe(self._deliver(number), self._loop)
            self._futures.update(begun)
        # Not under the lock: what has ended by now calls back at once.
        for number, future in begun.items():
            future.add_done_callback(partial(self._forget, number))

    def running(self) -> list[str]:
        """Name what is under way."""
        with self._lock:
            return [f"hook delivery {number}" for number, future in self._futures.items() if not future.done()]

    def wait_idle(self) -> None:
        """Wait until nothing is under way."""
        while True:
            with self._lock:
                futures = list(self._futures.values())
            if not futures:
                return
            # One that was broken off is none that one could wait for.
            wait(futures)

    def halt(self) -> None:
        """Break off what is under way, at once; it begins anew when woken."""
        with self._lock:
            if self._thread is None or self._closed:
                return
            halting = asyncio.run_coroutine_threadsafe(self._halt(), self._loop)
        halting.result()

    def close(self) -> None:
        """Break off at once, and end; what was not delivered stays written down."""
        with self._lock:
            thread, closed, self._closed = self._thread, self._closed, True
        if thread is not None and not closed:
            self._loop.call_soon_threadsafe(self._closing.set)
            thread.join()

    def _start(self) -> None:
        started = threading.Event()

        def run() -> None:
            try:
                asyncio.run(self._serve(started))
            finally:
                started.set()

        self._thread = threading.Thread(target=run, name="stitchnb-hooks", daemon=True)
        self._thread.start()
        started.wait()

    async def _serve(self, started: threading.Event) -> None:
        import httpx

        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        # No proxy of the environment's: it would take the request elsewhere. Certificates are not verified, for there
        # is nobody to sign one for this machine, and to no other host is anything ever sent.
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=self._timeout_s) as self._client:
            started.set()
            await self._closing.wait()
            await self._halt()

    async def _halt(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, number: int, future: Future[None]) -> None:
        with self._lock:
            self._futures.pop(number, None)
        if not future.cancelled() and (error := future.exception()) is not None:
            # The last resort of a background thread: a fault of ours must be seen, and the sandbox goes on.
            _log.error("Delivery %d to a post-load hook broke off", number, exc_info=error)

    async def _deliver(self, number: int) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        while (row := self._next_try(number)) is not None:
            url = _own_url(row["url"])
            if url is None:
                self._note(number, "not_sent", _NOT_HERE)
                return
            if row["tries"]:
                await asyncio.sleep(self._backoff_s * 2 ** (row["tries"] - 1))
            status_code, error = await self._post(url, row["body"])
            good = status_code is not None and 200 <= status_code < 300
            tries = row["tries"] + 1
            status = "delivered" if good else "waiting" if tries < TRIES else "failed"
            self._note(number, status, error, status_code=status_code, tries=tries)

    async def _post(self, url: httpx.URL, body: str) -> tuple[int | None, str | None]:
        """Send it once: the answer's status, or why there was none."""
        import httpx

        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._client.stream("POST", url, content=body.encode(), headers=_HEADERS) as response,
            ):
                code = response.status_code
        except (TimeoutError, httpx.TimeoutException):
            return None, f"no answer within {self._timeout_s:g} seconds"
        except httpx.HTTPError as error:
            return None, f"no answer: {error or type(error).__name__}"
        return code, None if 200 <= code < 300 else f"the answer was {code}"

    def _next_try(self, number: int) -> sqlite3.Row | None:
        """Read what is to be sent; None when it is done, or when its hook was disabled or deleted."""
        with self._ctx.state.transaction() as db:
            row = db.execute("SELECT * FROM hook_deliveries WHERE number = ?", (number,)).fetchone()
            if row is None or row["status"] != "waiting":
                return None
            hook = "SELECT 1 FROM hooks WHERE id = ? AND disabled_at IS NULL"
            if db.execute(hook, (row["hook_id"],)).fetchone() is None:
                db.execute(
                    "UPDATE hook_deliveries SET status = 'dropped', ended_at = ? WHERE number = ?",
                    (self._ctx.now(), number),
                )
                return None
            found: sqlite3.Row = row
            return found

    def _note(
        self, number: int, status: str, error: str | None, *, status_code: int | None = None, tries: int = 0
    ) -> None:
        with self._ctx.state.transaction() as db:
            db.execute(
                "UPDATE hook_deliveries SET status = ?, error = ?, status_code = ?, tries = ?, ended_at = ? "
                "WHERE number = ?",
                (status, error, status_code, tries, None if status == "waiting" else self._ctx.now(), number),
            )


def _own_url(text: str) -> httpx.URL | None:
    url = parsed_url(text)
    return url if url is not None and is_loopback(url) else None
