"""Post-load hooks: queued with the load that they report, and delivered in the background.

Deliveries only go to this machine. One for another address is recorded as not sent, and no connection is opened.
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
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.store import destinations, notifications, sources

if TYPE_CHECKING:
    import httpx

    from stitchnb.sandbox.jobs.load_summary import StreamLoadSummary

_log = logging.getLogger(__name__)

TRIES = 5
TIMEOUT_S = 30.0
_BACKOFF_S = 0.1
_HEADERS = {"User-Agent": "StitchLoadingWebhook", "Content-Type": "application/json"}
_NOT_HERE = "not sent: the sandbox delivers to addresses of this machine only, such as https://127.0.0.1:8443/"


def parsed_url(text: str) -> httpx.URL | None:
    """Parse an absolute http or https URL; None for anything else.

    It is the parser that requests are sent with, so both see the same host in any text.
    """
    import httpx

    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return None
    return url if url.scheme in ("http", "https") and url.host else None


def is_loopback(url: httpx.URL) -> bool:
    """Whether a URL's host is this machine, by its loopback address or as ``localhost``."""
    if url.host == "localhost":
        return True
    try:
        return ip_address(url.host).is_loopback
    except ValueError:
        return False


def enqueue_deliveries(
    ctx: SandboxContext, db: sqlite3.Connection, source_id: int, streams: Iterable[StreamLoadSummary]
) -> None:
    """Queue a delivery for each loaded stream and hook. Belongs into the transaction that records the load."""
    hooks = notifications.list_enabled_hooks(db)
    if not hooks:
        return
    destination_ids = {row["id"] for row in destinations.list_of_source(db, source_id)}
    source_name = sources.get(db, source_id)["name"]
    now = ctx.now()
    for stream in streams:
        body = json.dumps(stream.body(source_name), ensure_ascii=False)
        for hook in hooks:
            if hook["destination_id"] in destination_ids:
                not_sent = None if _own_url(hook["url"]) is not None else _NOT_HERE
                notifications.add_delivery(db, hook, source_id, stream.stream.stream_name, body, now, not_sent=not_sent)


class HookDeliveries:
    """Delivers what is queued, all at once, each up to five times.

    A delivery that the end of the sandbox interrupts is made when the sandbox is opened again.

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
        """Start to deliver what is waiting."""
        with self._ctx.state.read() as db:
            waiting = notifications.waiting_deliveries(db)
        begun = {}
        with self._lock:
            numbers = [number for number in waiting if number not in self._futures]
            if self._closed or not numbers:
                return
            if self._thread is None:
                self._start()
            for number in numbers:
                begun[number] = asyncio.run_coroutine_threadsafe(self._deliver(number), self._loop)
            self._futures.update(begun)
        # Not under the lock: a future that is done calls back at once.
        for number, future in begun.items():
            future.add_done_callback(partial(self._forget, number))

    def running(self) -> list[str]:
        """Return the names of the deliveries that are running."""
        with self._lock:
            return [f"hook delivery {number}" for number, future in self._futures.items() if not future.done()]

    def wait_idle(self) -> None:
        """Wait until no delivery is running."""
        while True:
            with self._lock:
                futures = list(self._futures.values())
            if not futures:
                return
            # Not `result`: a cancelled delivery has none.
            wait(futures)

    def halt(self) -> None:
        """Cancel what is running; `wake` starts it again."""
        with self._lock:
            if self._thread is None or self._closed:
                return
            halting = asyncio.run_coroutine_threadsafe(self._halt(), self._loop)
        halting.result()

    def close(self) -> None:
        """Cancel what is running, and end; what was not delivered stays queued."""
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
        # No proxy of the environment, which would send the request elsewhere. Certificates are not verified, as no
        # authority signs one for this machine, and nothing is sent to any other host.
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
            # A bug must be visible in the log of a background thread, and the sandbox continues.
            _log.error("Delivery %d to a post-load hook failed", number, exc_info=error)

    async def _deliver(self, number: int) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        while (row := self._next_try(number)) is not None:
            url = _own_url(row["url"])
            if url is None:
                self._record(number, "not_sent", _NOT_HERE)
                return
            if row["tries"]:
                await asyncio.sleep(self._backoff_s * 2 ** (row["tries"] - 1))
            status_code, error = await self._post(url, row["body"])
            good = status_code is not None and 200 <= status_code < 300
            tries = row["tries"] + 1
            status = "delivered" if good else "waiting" if tries < TRIES else "failed"
            self._record(number, status, error, status_code=status_code, tries=tries)

    async def _post(self, url: httpx.URL, body: str) -> tuple[int | None, str | None]:
        """Send it once; return the response's status, or why there is none."""
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
        """Return the delivery to make; None when it is done, or when its hook was disabled or deleted."""
        with self._ctx.state.transaction() as db:
            row: sqlite3.Row | None = notifications.get_delivery(db, number)
            if row is None or row["status"] != "waiting":
                return None
            if not notifications.is_enabled_hook(db, row["hook_id"]):
                notifications.drop_delivery(db, number, self._ctx.now())
                return None
            return row

    def _record(
        self, number: int, status: str, error: str | None, *, status_code: int | None = None, tries: int = 0
    ) -> None:
        with self._ctx.state.transaction() as db:
            notifications.record_delivery(
                db,
                number,
                status=status,
                error=error,
                status_code=status_code,
                tries=tries,
                ended_at=None if status == "waiting" else self._ctx.now(),
            )


def _own_url(text: str) -> httpx.URL | None:
    url = parsed_url(text)
    return url if url is not None and is_loopback(url) else None
