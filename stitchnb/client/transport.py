"""The network: httpx, with and without an event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any, TypeVar

import httpx

from stitchnb.client.addresses import BASE_URLS, checked_base_url, is_loopback
from stitchnb.client.exchanging import Attempt, Exchanging
from stitchnb.client.journal import Journal
from stitchnb.client.operations import Pause, Together, run, run_async
from stitchnb.client.rate_limit import LimitMode, RateLimit
from stitchnb.client.requests import Request
from stitchnb.client.together import Stop, await_together, run_together
from stitchnb.errors import TransportError
from stitchnb.models import Secret

__all__ = ["BASE_URLS", "AsyncTransport", "Transport", "checked_base_url", "is_loopback"]

T = TypeVar("T")


class _Shared:
    """What both transports have: where the API is, the token, and how a request is carried out.

    Parameters
    ----------
    token
        None where no request needs one.
    timeout_s, connect_timeout_s
        Seconds to wait for data, and for a connection.
    rate_limit
        ``wait``, ``raise`` or ``off``; None is ``off`` for a sandbox on this machine, which has no such limit, and
        ``wait`` otherwise.
    journal_size
        How many exchanges the journal keeps.
    token_variable
        The environment variable that stands for the token in the journal.
    """

    def __init__(
        self,
        token: Secret | None,
        base_url: str,
        *,
        timeout_s: float = 60.0,
        connect_timeout_s: float = 10.0,
        rate_limit: LimitMode | RateLimit | None = None,
        journal_size: int = 100,
        token_variable: str = "STITCH_ACCESS_TOKEN",  # noqa: S107 - a variable's name, no token
    ) -> None:
        self.base_url = checked_base_url(base_url)
        self.is_loopback = is_loopback(self.base_url)
        if not isinstance(rate_limit, RateLimit):
            rate_limit = RateLimit(mode=rate_limit or ("off" if self.is_loopback else "wait"))
        self.limit = rate_limit
        self.journal = Journal(journal_size, base_url=self.base_url, token_variable=token_variable)
        self._exchanging = Exchanging(self.base_url, journal=self.journal, limit=self.limit)
        self._auth = _Bearer(token) if token is not None else None
        self._settings: dict[str, Any] = {
            "timeout": httpx.Timeout(timeout_s, connect=connect_timeout_s),
            # The environment's proxies are for the outside: a sandbox on this machine is never behind one.
            "trust_env": not self.is_loopback,
        }

    def _arguments(self, attempt: Attempt) -> dict[str, Any]:
        return {
            "method": attempt.method,
            "url": attempt.url,
            "params": attempt.params,
            "content": attempt.content,
            "headers": {"Content-Type": "application/json"} if attempt.content is not None else None,
            "auth": self._auth if attempt.with_token else None,
        }


class Transport(_Shared):
    """Sends requests and reads their answers.

    Parameters
    ----------
    transport
        An httpx transport in place of the network, for tests.
    sleep
        Waits that many seconds between two attempts.
    """

    def __init__(
        self,
        token: Secret | None,
        base_url: str,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        **settings: Any,
    ) -> None:
        super().__init__(token, base_url, **settings)
        self._sleep = sleep
        self._http = httpx.Client(transport=transport, **self._settings)

    def send(self, request: Request[T]) -> T:
        """Send one request and read its answer. See `Exchanging.steps` for what may be raised."""
        return run(self._exchanging.steps(request), self._do)

    def run(self, operation: Generator[Any, Any, T]) -> T:
        """Carry out an operation, whose steps are requests, pauses and other operations at the same time."""
        return run(operation, self._perform)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _perform(self, step: Any, stop: Stop | None = None) -> Any:
        if isinstance(step, Together):
            return run_together(step, self._perform)

        def do(step: Attempt | Pause) -> httpx.Response | None:
            return self._do(step, stop)

        return do(step) if isinstance(step, Pause) else run(self._exchanging.steps(step), do)

    def _do(self, step: Attempt | Pause, stop: Stop | None = None) -> httpx.Response | None:
        if stop is not None:
            stop.check()
        if isinstance(step, Pause):
            # In a thread a pause is cut into pieces: who stops it must not wait for the end of it.
            for seconds in (step.seconds,) if stop is None else stop.pieces(step.seconds):
                self._sleep(seconds)
            return None
        if self._http.is_closed:
            raise TransportError(_closed(step))
        return self._http.request(**self._arguments(step))


class AsyncTransport(_Shared):
    """Sends requests and reads their answers without holding up the event loop.

    Parameters
    ----------
    transport
        An httpx transport in place of the network, for tests.
    sleep
        Gives way for that many seconds between two attempts.
    """

    def __init__(
        self,
        token: Secret | None,
        base_url: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        **settings: Any,
    ) -> None:
        super().__init__(token, base_url, **settings)
        self._sleep = sleep
        self._http = httpx.AsyncClient(transport=transport, **self._settings)

    async def send(self, request: Request[T]) -> T:
        """Send one request and read its answer. See `Exchanging.steps` for what may be raised."""
        return await run_async(self._exchanging.steps(request), self._do)

    async def run(self, operation: Generator[Any, Any, T]) -> T:
        """Carry out an operation, whose steps are requests, pauses and other operations at the same time."""

        async def perform(step: Any) -> Any:
            if isinstance(step, Together):
                return await await_together(step, perform)
            return await (self._do(step) if isinstance(step, Pause) else self.send(step))

        return await run_async(operation, perform)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _do(self, step: Attempt | Pause) -> httpx.Response | None:
        if isinstance(step, Pause):
            await self._sleep(step.seconds)
            return None
        if self._http.is_closed:
            raise TransportError(_closed(step))
        return await self._http.request(**self._arguments(step))


def _closed(attempt: Attempt) -> str:
    return f"{attempt.method} {httpx.URL(attempt.url).path} was not sent: this client was closed. Make a new one."


class _Bearer(httpx.Auth):
    """Puts the token on a request at the last moment, so that no default header holds it."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        yield request
