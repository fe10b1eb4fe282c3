"""Requests over HTTP: retries, redirects, the rate limit and the journal, with and without an event loop."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx

from stitchnb.client._sansio import Gather, Sleep, Steps, StopFlag, await_gather, drive, drive_async, run_gather
from stitchnb.client.addresses import BASE_URLS, checked_base_url, is_loopback, is_same_origin
from stitchnb.client.error_parsing import parse_error
from stitchnb.client.journal import Journal, encoded
from stitchnb.client.polling import progress_for
from stitchnb.client.rate_limit import LimitMode, RateLimit
from stitchnb.client.requests import Request
from stitchnb.errors import APIError, InvalidInputError, OutcomeUnknownError, RateLimitReachedError, TransportError
from stitchnb.models import Secret

__all__ = ["BASE_URLS", "AsyncTransport", "Transport", "checked_base_url", "is_loopback"]

T = TypeVar("T")

_ATTEMPTS = 4
_MOST_HOPS = 5
_REPEATED_STATUSES = (429, 500, 502, 503, 504)
_REDIRECTS = (301, 302, 303, 307, 308)
# If Stitch asks for a longer wait than this, the caller decides.
_LONGEST_SLEEP_S = 60.0
# Nothing has been sent when one of these is raised.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_log = logging.getLogger("stitchnb.client")


@dataclass(frozen=True)
class Attempt:
    """A step: send this once, and return the response or raise httpx's error."""

    method: str
    url: str
    with_token: bool
    content: bytes | None = None
    params: Mapping[str, str] | None = None


class RequestExecutor:
    """Carries out requests in steps.

    Parameters
    ----------
    now
        Returns the machine's time, aware: what Stitch's HTTP dates are counted from.
    """

    def __init__(
        self,
        base_url: str,
        *,
        journal: Journal,
        limit: RateLimit,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.base_url = base_url
        self.journal = journal
        self.limit = limit
        self._now = now

    def execute(self, request: Request[T], client: Any = None) -> Steps[T]:
        """Carry out one request. If it fails and repeating it is safe, repeat it after a while.

        Parameters
        ----------
        client
            The client to which the objects of the response are bound, None for none.

        Raises
        ------
        APIError
            If Stitch refuses it; each kind of error has its own class.
        TransportError
            If there was no response; `OutcomeUnknownError` if the request may have arrived anyway.
        RateLimitReachedError
            If the rate limit is reached and the client does not wait.
        """
        content = _content(request)
        for attempt in range(1, _ATTEMPTS + 1):
            yield from self._wait_for_limit(request)
            last = attempt == _ATTEMPTS
            try:
                response = yield from self._attempt(request, content)
            except _NEVER_SENT as error:
                # It was never sent, so any request may be tried again. A server on this machine is there or it is not;
                # waiting for it would only hide that it was closed.
                if last or is_loopback(self.base_url):
                    raise TransportError(self._unreachable(request, error)) from error
                yield Sleep(_backoff_s(attempt))
            except httpx.TransportError as error:
                if last or not request.is_repeatable:
                    raise self._broken(request, error) from error
                yield Sleep(_backoff_s(attempt))
            else:
                retry_s = retry_after_s(response.headers.get("retry-after"), self._now())
                if (
                    last
                    or not request.is_repeatable
                    or response.status_code not in _REPEATED_STATUSES
                    or (retry_s or 0) > _LONGEST_SLEEP_S
                ):
                    return (yield from self._read(request, response, retry_s, client))
                yield Sleep(_backoff_s(attempt) if retry_s is None else retry_s)
        raise AssertionError("the last attempt returns or raises")

    def _wait_for_limit(self, request: Request[Any]) -> Steps[None]:
        """Wait until the rate limit allows the request, and show why nothing happens meanwhile."""
        if request.account is None:
            return
        progress = None
        while (wait_s := self.limit.take(request.account)) > 0:
            if self.limit.mode == "raise":
                raise RateLimitReachedError(
                    method=request.method,
                    path=request.path,
                    retry_after_s=wait_s,
                    requests=self.limit.requests,
                    period_s=self.limit.period_s,
                )
            if progress is None:
                progress = progress_for("Stitch's limit for extractions and loads")
            reason = f"{self.limit.requests} requests in {self.limit.period_s / 60:g} minutes, waiting {wait_s:.0f} s"
            _log.info("%s %s waits: %s", request.method, request.path, reason)
            progress.update(reason)
            try:
                yield Sleep(wait_s)
            except BaseException:
                progress.finish("no longer waited for; nothing was sent", good=False)
                raise
        if progress is not None:
            progress.finish("may be asked again", good=True)

    def _attempt(self, request: Request[Any], content: bytes | None) -> Steps[httpx.Response]:
        query = str(httpx.QueryParams(dict(request.params))) if request.params else ""
        started_at, start = self._now(), time.perf_counter()
        outcome: dict[str, Any] = {}
        try:
            response: httpx.Response = yield Attempt(
                request.method, self.base_url + request.path, request.with_token, content, request.params
            )
            outcome = {"status": response.status_code, "size": len(response.content)}
            return response
        except httpx.TransportError as error:
            outcome = {"error": type(error).__name__}
            raise
        finally:
            self.journal.record(
                request.method,
                request.path,
                query=query,
                json_body=request.json,
                body_size=len(content or b""),
                with_token=request.with_token,
                follows=request.returns_file,
                started_at=started_at,
                duration_s=time.perf_counter() - start,
                **outcome or {"error": "interrupted"},
            )

    def _read(self, request: Request[T], response: httpx.Response, retry_s: float | None, client: Any) -> Steps[T]:
        where: dict[str, Any] = {"method": request.method, "path": request.path}
        if request.returns_file and response.status_code in (200, *_REDIRECTS):
            return request.read(client, (yield from self._file(request, response)))
        body = _parsed(response)
        error = parse_error(response.status_code, body, retry_s=retry_s, **where)
        if error is not None:
            raise error
        try:
            if response.is_redirect:
                raise TypeError("a redirect where an answer belongs")
            result = request.read(client, body)
        except (TypeError, AttributeError) as cause:
            raise APIError(
                "the response does not have the form that this endpoint returns",
                status_code=response.status_code,
                body=body,
                hint=f"Is {self.base_url} really a Connect API?",
                **where,
            ) from cause
        self.journal.learn(request.path, result)
        return result

    def _file(self, request: Request[Any], response: httpx.Response) -> Steps[bytes]:
        """Follow the redirect to a file; the token goes to no server but the API's own."""
        home = httpx.URL(self.base_url)
        url = httpx.URL(self.base_url + request.path)
        for _ in range(_MOST_HOPS):
            if response.status_code == 200:
                return response.content
            if response.status_code not in _REDIRECTS or "location" not in response.headers:
                raise TransportError(f"The file of {request.path} could not be downloaded: {_told(url, response)}.")
            url = url.join(response.headers["location"])
            if url.scheme != "https" and not is_same_origin(url, home):
                raise TransportError(
                    f"{request.path} redirects to {_shown(url)}, which is not encrypted. It was not followed."
                )
            try:
                response = yield Attempt("GET", str(url), is_same_origin(url, home))
            except httpx.TransportError as error:
                # Not chained: httpx's own error holds the whole address, whose query lets anybody read the file.
                reason = type(error).__name__
                raise TransportError(
                    f"The file at {_shown(url)} could not be downloaded ({reason}). Try again."
                ) from None
        raise TransportError(f"{request.path} redirects too many times. It was not followed further.")

    def _unreachable(self, request: Request[Any], error: httpx.TransportError) -> str:
        return (
            f"{request.method} {request.path} was not sent: {self.base_url} does not answer ({error}). "
            "Check the address and the network. Start a closed sandbox again."
        )

    def _broken(self, request: Request[Any], error: httpx.TransportError) -> TransportError:
        what = f"{request.method} {request.path}: no response from {self.base_url} ({type(error).__name__}: {error})."
        if request.is_repeatable:
            return TransportError(f"{what} It can be sent again.")
        return OutcomeUnknownError(
            f"{what} It may or may not have been carried out. List what there is before sending it again."
        )


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Read a ``Retry-After``, which is a number of seconds or an HTTP date.

    Returns
    -------
    float or None
        Seconds, never negative; None where there is none that can be read.
    """
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max(0.0, (moment - now).total_seconds())


def _backoff_s(attempt: int) -> float:
    """Wait twice as long each time, at random, so that many clients do not return at once."""
    return random.uniform(0.5, 1.0) * 0.25 * 2.0**attempt


def _content(request: Request[Any]) -> bytes | None:
    if request.json is None:
        return None
    try:
        return encoded(request.json)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"{request.method} {request.path} was not sent: the body is not valid JSON ({error})."
        ) from error


def _parsed(response: httpx.Response) -> Any:
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        return response.text


def _shown(url: httpx.URL) -> str:
    """Write an address without its query and password, which may let anybody read what is there."""
    return str(url.copy_with(query=None, fragment=None, userinfo=b""))


def _told(url: httpx.URL, response: httpx.Response) -> str:
    return f"{_shown(url)} answered {response.status_code}"


def _trusts_nobody() -> ssl.SSLContext:
    """Return a context for addresses without TLS: reading all certificate authorities takes 30 ms of each client."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _BaseTransport:
    """What both transports share: the address, the token, and how a request is carried out.

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
        self._executor = RequestExecutor(self.base_url, journal=self.journal, limit=self.limit)
        self._auth = _Bearer(token) if token is not None else None
        self._settings: dict[str, Any] = {
            "timeout": httpx.Timeout(timeout_s, connect=connect_timeout_s),
            # The environment's proxies are for the outside: a sandbox on this machine is never behind one.
            "trust_env": not self.is_loopback,
            "verify": _trusts_nobody() if self.base_url.startswith("http:") else True,
        }

    def execute(self, request: Request[T], client: Any = None) -> Steps[T]:
        """Return the steps of a request. See `RequestExecutor.execute`."""
        return self._executor.execute(request, client)

    def _arguments(self, attempt: Attempt) -> dict[str, Any]:
        return {
            "method": attempt.method,
            "url": attempt.url,
            "params": attempt.params,
            "content": attempt.content,
            "headers": {"Content-Type": "application/json"} if attempt.content is not None else None,
            "auth": self._auth if attempt.with_token else None,
        }


class Transport(_BaseTransport):
    """Sends requests and reads their responses.

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
        """Send one request and read its response, without a client."""
        return self.run(self.execute(request))

    def run(self, steps: Steps[T]) -> T:
        """Run the steps of a client's method."""
        return drive(steps, self._perform)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _perform(self, step: Attempt | Sleep | Gather, stop: StopFlag | None = None) -> Any:
        if stop is not None:
            stop.check()
        if isinstance(step, Gather):
            return run_gather(step, self._perform)
        if isinstance(step, Sleep):
            # In a thread a sleep is cut into slices, so that it can be stopped early.
            for seconds in (step.seconds,) if stop is None else stop.slices(step.seconds):
                self._sleep(seconds)
            return None
        if self._http.is_closed:
            raise TransportError(_closed(step))
        return self._http.request(**self._arguments(step))


class AsyncTransport(_BaseTransport):
    """Sends requests and reads their responses without blocking the event loop.

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
        """Send one request and read its response, without a client."""
        return await self.run(self.execute(request))

    async def run(self, steps: Steps[T]) -> T:
        """Run the steps of a client's method."""
        return await drive_async(steps, self._perform)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _perform(self, step: Attempt | Sleep | Gather) -> Any:
        if isinstance(step, Gather):
            return await await_gather(step, self._perform)
        if isinstance(step, Sleep):
            await self._sleep(step.seconds)
            return None
        if self._http.is_closed:
            raise TransportError(_closed(step))
        return await self._http.request(**self._arguments(step))


def _closed(attempt: Attempt) -> str:
    return f"{attempt.method} {httpx.URL(attempt.url).path} was not sent: this client is closed. Create a new one."


class _Bearer(httpx.Auth):
    """Puts the token on a request at the last moment, so that no default header holds it."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        yield request
