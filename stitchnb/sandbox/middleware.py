"""What every request passes through: the journal and the injected faults."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from stitchnb.sandbox.clock import Clock
from stitchnb.sandbox.faults import Fault, Faults
from stitchnb.sandbox.journal import Journal

CONTROL = "/_sandbox"
"""The path of the sandbox's own controls. Everything below it is a control, and no endpoint of the API is."""

_ABORT = "stitchnb.abort"


class AbortableProtocol(H11Protocol):
    """HTTP as uvicorn speaks it, whose requests may also be cut off without an answer, which ASGI knows no way to."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Hand every request of the connection a way to cut it off."""
        super().connection_made(transport)
        app: Any = self.app

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[_ABORT] = transport.abort
            await app(scope, receive, send)

        self.app = serve


class FaultMiddleware:
    """Routes requests to the API or to the sandbox's own controls.

    Requests to the API are recorded in the journal and affected by faults. The controls are neither, so that a
    sandbox whose every request fails can still be fixed.
    """

    def __init__(self, api: ASGIApp, control: ASGIApp, *, clock: Clock, journal: Journal, faults: Faults) -> None:
        self._api = api
        self._control = control
        self._clock = clock
        self._journal = journal
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request, or close its connection without a response."""
        path = scope.get("path", "")
        if scope["type"] != "http":
            await self._api(scope, receive, send)
        elif path == CONTROL or path.startswith(f"{CONTROL}/"):
            await self._control(scope, receive, send)
        else:
            await self._pass(scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        faults = self._faults.match_request(scope["method"], scope["path"])
        write = self._writer(scope, faults)
        for fault in faults:
            if fault.kind == "delay":
                await asyncio.sleep(fault.delay_s or 0)
        last = faults[-1].kind if faults else None
        if last == "refuse":
            write(None)
            await _cut_off(scope, receive)
        elif last == "drop":
            await self._api(scope, receive, _discard)
            write(None)
            await _cut_off(scope, receive)
        else:

            async def watched(message: Message) -> None:
                # Before it is sent, so that a client with the response finds it in the journal.
                if message["type"] == "http.response.start":
                    write(message["status"])
                await send(message)

            await (_error(faults[-1]) if last == "status" else self._api)(scope, receive, watched)

    def _writer(self, scope: Scope, faults: list[Fault]) -> Callable[[int | None], None]:
        at, started = self._clock.now(), time.perf_counter()
        kind = faults[-1].kind if faults else None

        def write(status: int | None) -> None:
            duration_ms = (time.perf_counter() - started) * 1000
            self._journal.record(at, scope["method"], scope["path"], status, duration_ms, kind)

        return write


async def _discard(message: Message) -> None:
    """Ignore a response that no client gets."""


def _error(fault: Fault) -> ASGIApp:
    status = HTTPStatus(fault.status or 500) if fault.status in set(HTTPStatus) else None
    words = status.phrase if status else f"Status {fault.status}"
    headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
    return JSONResponse({"message": words}, fault.status or 500, headers)


async def _cut_off(scope: Scope, receive: Receive) -> None:
    """Close the connection, with nothing more sent on it."""
    abort = scope.get("extensions", {}).get(_ABORT)
    if abort is None:
        raise ConnectionAbortedError("the connection was closed without an answer, as was asked for")
    abort()
    # The server takes a request for unanswered until it has noticed that there is nobody left to answer.
    while (await receive())["type"] != "http.disconnect":
        pass
