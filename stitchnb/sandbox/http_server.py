"""A uvicorn server in a thread that ends as soon as its last request has, with no fixed waits."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any

import uvicorn

# How often the server writes the time of its Date header anew, and looks whether it has to end without being woken.
_TICK_S = 1.0
# How many turns of the loop lie between a connection that the listener has accepted and the protocol that knows of it:
# one for asyncio's task, one for its transport, and one to spare.
_ACCEPTING_TURNS = 3


class PromptServer(uvicorn.Server):
    """A uvicorn server that stops at once when another thread calls `stop`.

    Uvicorn itself looks ten times a second whether it has to end, and then waits another tenth of a second for
    connections to close. This one is woken for both. Otherwise a stop is uvicorn's: it stops listening, closes idle
    connections, lets requests that have started end within ``timeout_graceful_shutdown``, and ends the lifespan.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        # Before any connection is made: each keeps a reference to this set.
        self._connections = self.server_state.connections = _Connections()
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self) -> None:
        """Make the server end, from any thread. Returns at once."""
        self.should_exit = True
        # The main loop sets `_loop` before it first reads `should_exit`, so it misses neither.
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # The loop has ended already.
                self._loop.call_soon_threadsafe(self._stopping.set)

    async def main_loop(self) -> None:
        """Serve until `stop`."""
        self._loop = asyncio.get_running_loop()
        # Uvicorn renews the Date header at every tenth tick, of which 0 is one.
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):
                    await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, let requests that have started end, and end the lifespan."""
        await self._stop_accepting()
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        try:
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                await self._drain()
        except TimeoutError:
            for task in self.server_state.tasks:
                task.cancel("The server stopped before this request had ended.")
        if not self.force_exit:
            await self.lifespan.shutdown()

    async def _stop_accepting(self) -> None:
        # Closed while it accepts, an asyncio server loses the connection without closing it.
        loop = asyncio.get_running_loop()
        for server in self.servers:
            for listener in server.sockets:
                with contextlib.suppress(NotImplementedError):  # On Windows, unless its loop is a selector's.
                    loop.remove_reader(listener)
        for _ in range(_ACCEPTING_TURNS):
            await asyncio.sleep(0)

    async def _drain(self) -> None:
        await self._connections.close()
        while self.server_state.tasks:
            await asyncio.wait(set(self.server_state.tasks))
        for server in self.servers:
            await server.wait_closed()


class _Connections(set[Any]):
    """Open connections that can be closed and waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._closing = False
        self._changed = asyncio.Event()

    def add(self, connection: Any) -> None:
        super().add(connection)
        if self._closing:
            # It was accepted just before the listener closed. It has no transport before it has been added.
            asyncio.get_running_loop().call_soon(connection.shutdown)

    def discard(self, connection: Any) -> None:
        super().discard(connection)
        self._changed.set()

    async def close(self) -> None:
        """Close each connection when its request has ended, and wait until all are closed."""
        self._closing = True
        for connection in list(self):
            connection.shutdown()
        while self:
            self._changed.clear()
            await self._changed.wait()
