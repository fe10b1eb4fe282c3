"""The server ends as soon as its last request has: it waits for events, never for a time to pass."""

import asyncio
import itertools
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest
import uvicorn

from stitchnb.sandbox.http_server import PromptServer

# Only so that a server that does not end fails its test; nothing waits as long when all is well.
PATIENCE_S = 60.0

App = Callable[[Any, Any, Any], Awaitable[None]]


class Timeless(asyncio.SelectorEventLoop):
    """An event loop whose clock stands still: nothing that waits for a time to pass ever goes on."""

    def time(self) -> float:
        return 0.0


class Running:
    """A server in a thread of its own."""

    def __init__(self, app: App, loop: Callable[[], asyncio.AbstractEventLoop], **settings: Any) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"
        settings = {"http": "h11", "ws": "none", "log_config": None, "lifespan": "off"} | settings
        self.server = PromptServer(uvicorn.Config(app, **settings))
        self.loop: asyncio.AbstractEventLoop | None = None
        self.thread = threading.Thread(target=self._run, args=(loop,), daemon=True)
        self.thread.start()

    def _run(self, make_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        with asyncio.Runner(loop_factory=make_loop) as runner:
            self.loop = runner.get_loop()
            runner.run(self.server.serve(sockets=[self.listener]))

    def call(self, function: Callable[[], object]) -> None:
        """Run something in the server's loop."""
        assert self.loop is not None
        self.loop.call_soon_threadsafe(function)

    def assert_ends(self) -> None:
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(self.address)


@contextmanager
def running(app: App, loop: Callable[[], asyncio.AbstractEventLoop] = Timeless, **settings: Any) -> Iterator[Running]:
    running = Running(app, loop, **settings)
    try:
        # A request that is answered says that the main loop runs.
        httpx.get(f"{running.url}/ready", timeout=PATIENCE_S).raise_for_status()
        yield running
    finally:
        running.server.stop()


async def answer(send: Any, body: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await answer(send, b"hello")


class Held:
    """Answers ``/held`` only when it is released."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.cancelled = threading.Event()
        self.released = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/held":
            self.started.set()
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        await answer(send, b"all of it")


def test_it_ends_without_waiting_for_a_time_to_pass() -> None:
    with running(hello) as server:
        server.server.stop()
        server.assert_ends()


def test_idle_connections_are_closed() -> None:
    with running(hello) as server, socket.create_connection(server.address) as silent:
        with httpx.Client(base_url=server.url) as client:
            assert client.get("/").text == "hello"
            server.server.stop()
            server.assert_ends()
        silent.settimeout(PATIENCE_S)
        assert silent.recv(1) == b""


def test_a_request_that_has_started_is_answered() -> None:
    held = Held()
    with running(held) as server:
        answers: list[httpx.Response] = []
        caller = threading.Thread(
            target=lambda: answers.append(httpx.get(f"{server.url}/held", timeout=PATIENCE_S)), daemon=True
        )
        caller.start()
        assert held.started.wait(PATIENCE_S)

        server.server.stop()
        # Behind the shutdown, which is under way when the listener no longer accepts.
        server.thread.join(0.01)
        assert server.thread.is_alive()
        server.call(held.released.set)

        caller.join(PATIENCE_S)
        assert [answer.text for answer in answers] == ["all of it"]
        server.assert_ends()


def test_a_request_that_does_not_end_is_cancelled() -> None:
    held = Held()
    with (
        running(held, asyncio.SelectorEventLoop, timeout_graceful_shutdown=0.01) as server,
        socket.create_connection(server.address) as caller,
    ):
        caller.sendall(b"GET /held HTTP/1.1\r\nHost: here\r\n\r\n")
        assert held.started.wait(PATIENCE_S)

        server.server.stop()

        server.assert_ends()
        assert held.cancelled.is_set()


def test_a_connection_that_comes_in_as_it_stops_is_closed() -> None:
    with running(hello) as server:
        holding, release = threading.Event(), threading.Event()

        def hold() -> None:
            holding.set()
            release.wait(PATIENCE_S)

        server.call(hold)
        assert holding.wait(PATIENCE_S)
        # Accepted by the system, and not yet by the loop, which is stopped in the same breath.
        with socket.create_connection(server.address) as late:
            server.server.stop()
            release.set()
            server.assert_ends()
            late.settimeout(PATIENCE_S)
            with suppress(ConnectionResetError):
                assert late.recv(1) == b""


def test_the_lifespan_is_ended() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await answer(send, b"hello")
            return
        for event in ("startup", "shutdown"):
            seen.append((await receive())["type"])
            await send({"type": f"lifespan.{event}.complete"})

    with running(app, lifespan="on") as server:
        server.server.stop()
        server.assert_ends()
    assert seen == ["lifespan.startup", "lifespan.shutdown"]


def test_stopping_again_does_nothing() -> None:
    with running(hello) as server:
        server.server.stop()
        server.assert_ends()
        server.server.stop()


def test_a_server_that_is_stopped_before_it_starts_does_not_serve() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    server = PromptServer(uvicorn.Config(hello, log_config=None, lifespan="off"))
    server.stop()

    with asyncio.Runner(loop_factory=Timeless) as runner:
        runner.run(asyncio.wait_for(server.serve(sockets=[listener]), None))
    listener.close()


def test_the_date_of_answers_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    dates = itertools.count()
    monkeypatch.setattr("uvicorn.server.formatdate", lambda *args, **kwargs: str(next(dates)))
    monkeypatch.setattr("stitchnb.sandbox.http_server._TICK_S", 0.001)
    with running(hello, asyncio.SelectorEventLoop) as server, httpx.Client(base_url=server.url) as client:
        first = client.get("/").headers["date"]
        while client.get("/").headers["date"] == first:
            assert server.thread.is_alive()
        server.server.stop()
        server.assert_ends()
