"""How one request is carried out: with the token, within the limit, and again where that is safe.

Written once as steps; the transports only do what a step says, with or without an event loop.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx

from stitchnb.client.addresses import is_loopback, is_same_origin
from stitchnb.client.answers import error_in
from stitchnb.client.journal import Journal, encoded
from stitchnb.client.operations import Pause
from stitchnb.client.progress import progress_for
from stitchnb.client.rate_limit import RateLimit
from stitchnb.client.requests import Request
from stitchnb.errors import APIError, InvalidInputError, OutcomeUnknownError, RateLimitReachedError, TransportError

T = TypeVar("T")

_ATTEMPTS = 4
_MOST_HOPS = 5
_REPEATED_STATUSES = (429, 500, 502, 503, 504)
_REDIRECTS = (301, 302, 303, 307, 308)
# Where Stitch asks for a longer pause than this, the caller decides whether to wait.
_LONGEST_PAUSE_S = 60.0
# Nothing has been sent when one of these is raised.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_log = logging.getLogger("stitchnb.client")


@dataclass(frozen=True)
class Attempt:
    """A step: send this once, and give the answer or raise httpx's error."""

    method: str
    url: str
    with_token: bool
    content: bytes | None = None
    params: Mapping[str, str] | None = None


Steps = Generator[Attempt | Pause, Any, T]


class Exchanging:
    """Carries out requests in steps.

    Parameters
    ----------
    now
        Gives the machine's time, aware: what Stitch's HTTP dates are counted from.
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

    def steps(self, request: Request[T]) -> Steps[T]:
        """Carry out one request; again, after a pause, where it failed and repeating it is safe.

        Raises
        ------
        APIError
            When Stitch refuses; each kind is a class of its own.
        TransportError
            When there was no answer; `OutcomeUnknownError` when the request may have arrived all the same.
        RateLimitReachedError
            When it may not be sent yet, and the client was told not to wait.
        """
        content = _content(request)
        for attempt in range(1, _ATTEMPTS + 1):
            yield from self._place(request)
            last = attempt == _ATTEMPTS
            try:
                response = yield from self._attempt(request, content)
            except _NEVER_SENT as error:
                # Even a request that must not be repeated may be tried again. A server on this machine is there or it
                # is not; waiting for it would only hide that it was closed.
                if last or is_loopback(self.base_url):
                    raise TransportError(self._unreachable(request, error)) from error
                yield Pause(_pause_s(attempt))
            except httpx.TransportError as error:
                if last or not request.is_repeatable:
                    raise self._broken(request, error) from error
                yield Pause(_pause_s(attempt))
            else:
                asked_s = retry_after_s(response.headers.get("retry-after"), self._now())
                if (
                    last
                    or not request.is_repeatable
                    or response.status_code not in _REPEATED_STATUSES
                    or (asked_s or 0) > _LONGEST_PAUSE_S
                ):
                    return (yield from self._read(request, response, asked_s))
                yield Pause(_pause_s(attempt) if asked_s is None else asked_s)
        raise AssertionError("the last attempt returns or raises")

    def _place(self, request: Request[Any]) -> Steps[None]:
        """Wait for a place within the limit, saying why nothing happens meanwhile."""
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
                yield Pause(wait_s)
            except BaseException:
                progress.finish("no longer waited for; nothing was sent", good=False)
                raise
        if progress is not None:
            progress.finish("may be asked again", good=True)

    def _attempt(self, request: Request[Any], content: bytes | None) -> Steps[httpx.Response]:
        query = str(httpx.QueryParams(dict(request.params))) if request.params else ""
        started_at, start = self._now(), time.perf_counter()
        told: dict[str, Any] = {}
        try:
            response: httpx.Response = yield Attempt(
                request.method, self.base_url + request.path, request.with_token, content, request.params
            )
            told = {"status": response.status_code, "size": len(response.content)}
            return response
        except httpx.TransportError as error:
            told = {"error": type(error).__name__}
            raise
        finally:
            self.journal.record(
                request.method,
                request.path,
                query=query,
                json_body=request.json,
                body_size=len(content or b""),
                with_token=request.with_token,
                follows=request.wants_file,
                started_at=started_at,
                duration_s=time.perf_counter() - start,
                **told or {"error": "interrupted"},
            )

    def _read(self, request: Request[T], response: httpx.Response, asked_s: float | None) -> Steps[T]:
        where: dict[str, Any] = {"method": request.method, "path": request.path}
        if request.wants_file and response.status_code in (200, *_REDIRECTS):
            return request.read((yield from self._file(request, response)))
        body = _parsed(response)
        error = error_in(response.status_code, body, asked_s=asked_s, **where)
        if error is not None:
            raise error
        try:
            if response.is_redirect:
                raise TypeError("a redirect where an answer belongs")
            found = request.read(body)
        except (TypeError, AttributeError) as cause:
            raise APIError(
                "the answer has not the shape that this endpoint answers with",
                status_code=response.status_code,
                body=body,
                hint=f"Is {self.base_url} really a Connect API?",
                **where,
            ) from cause
        self.journal.learn(request.path, found)
        return found

    def _file(self, request: Request[Any], response: httpx.Response) -> Steps[bytes]:
        """Follow the redirect to a file; the token goes to no server but the API's own."""
        home = httpx.URL(self.base_url)
        url = httpx.URL(self.base_url + request.path)
        for _ in range(_MOST_HOPS):
            if response.status_code == 200:
                return response.content
            if response.status_code not in _REDIRECTS or "location" not in response.headers:
                raise TransportError(f"The file that {request.path} leads to could not be had: {_told(url, response)}.")
            url = url.join(response.headers["location"])
            if url.scheme != "https" and not is_same_origin(url, home):
                raise TransportError(f"{request.path} leads to {_shown(url)}, which is not encrypted: not followed.")
            try:
                response = yield Attempt("GET", str(url), is_same_origin(url, home))
            except httpx.TransportError as error:
                # Not chained: httpx's own error holds the whole address, whose query lets anybody read the file.
                reason = type(error).__name__
                raise TransportError(f"The file at {_shown(url)} could not be had ({reason}): try again.") from None
        raise TransportError(f"{request.path} leads from one redirect to the next without end: not followed further.")

    def _unreachable(self, request: Request[Any], error: httpx.TransportError) -> str:
        return (
            f"{request.method} {request.path} was not sent: {self.base_url} does not answer ({error}). "
            "Check the address and the network; a sandbox that was closed has to be started again."
        )

    def _broken(self, request: Request[Any], error: httpx.TransportError) -> TransportError:
        what = f"{request.method} {request.path}: no answer from {self.base_url} ({type(error).__name__}: {error})."
        if request.is_repeatable:
            return TransportError(f"{what} Nothing is lost: it can be sent again.")
        return OutcomeUnknownError(
            f"{what} It may or may not have been carried out: list what there is before sending it again."
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


def _pause_s(attempt: int) -> float:
    """Wait twice as long each time, with some chance in it so that many clients do not come back at once."""
    return random.uniform(0.5, 1.0) * 0.25 * 2.0**attempt


def _content(request: Request[Any]) -> bytes | None:
    if request.json is None:
        return None
    try:
        return encoded(request.json)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"{request.method} {request.path} was not sent: JSON cannot hold what was given ({error})."
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
