"""How requests travel: over httpx, with the token, and again where that is safe."""

from __future__ import annotations

import ipaddress
import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from stitchnb.client.answers import error_in
from stitchnb.client.requests import Request
from stitchnb.errors import APIError, InvalidInputError, OutcomeUnknownError, TransportError
from stitchnb.models import Secret

T = TypeVar("T")

BASE_URLS = {"us": "https://api.stitchdata.com", "eu": "https://api.eu-central-1.stitchdata.com"}

_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_ATTEMPTS = 4
_REPEATED_STATUSES = (429, 500, 502, 503, 504)
_LONGEST_PAUSE_S = 30.0


def is_loopback(base_url: str) -> bool:
    """Does this URL lead to this very machine?"""
    host = httpx.URL(base_url).host
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_base_url(base_url: str) -> str:
    """Refuse a base URL over which a token would travel in the clear."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise InvalidInputError(f"{base_url!r} is no URL: {error}. Give one such as {BASE_URLS['us']}.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidInputError(f"{base_url!r} is no base URL. Give one such as {BASE_URLS['us']}.")
    if url.scheme == "http" and not is_loopback(base_url):
        raise InvalidInputError(
            f"{base_url!r} would send the access token unencrypted. Give an https:// address; http:// is for a "
            "sandbox on this machine only."
        )
    return base_url.rstrip("/")


class Transport:
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
        token: Secret,
        base_url: str,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = checked_base_url(base_url)
        self._sleep = sleep
        self._http = httpx.Client(
            base_url=self.base_url,
            auth=_Bearer(token),
            timeout=_TIMEOUT,
            transport=transport,
            # The environment's proxies are for the outside: a sandbox on this machine is never behind one.
            trust_env=not is_loopback(self.base_url),
        )

    def send(self, request: Request[T]) -> T:
        """Send one request; again, after a pause, where it failed and repeating it is safe.

        Raises
        ------
        APIError
            When Stitch refuses; each kind is a class of its own.
        TransportError
            When there was no answer; `OutcomeUnknownError` when the request may have arrived all the same.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            last = attempt == _ATTEMPTS or not request.is_repeatable
            try:
                response = self._http.request(request.method, request.path, json=request.json, params=request.params)
            except httpx.ConnectError as error:
                if attempt == _ATTEMPTS or is_loopback(self.base_url):
                    raise TransportError(self._unreachable(request, error)) from error
                # Nothing was sent: even a request that must not be repeated may be tried again. A server on this
                # machine is there or it is not; waiting for it would only hide that it was closed.
                self._sleep(_pause_s(attempt, None))
                continue
            except httpx.TransportError as error:
                if last:
                    raise self._broken(request, error) from error
                self._sleep(_pause_s(attempt, None))
                continue
            if response.status_code in _REPEATED_STATUSES and not last:
                self._sleep(_pause_s(attempt, response.headers.get("retry-after")))
                continue
            return self._read(request, response)
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _read(self, request: Request[T], response: httpx.Response) -> T:
        body = _parsed(response)
        where: dict[str, Any] = {"method": request.method, "path": request.path}
        error = error_in(response.status_code, body, **where)
        if error is not None:
            raise error
        try:
            return request.read(body)
        except (TypeError, AttributeError) as cause:
            raise APIError(
                "the answer has not the shape that this endpoint answers with",
                status_code=response.status_code,
                body=body,
                hint=f"Is {self.base_url} really a Connect API?",
                **where,
            ) from cause

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


class _Bearer(httpx.Auth):
    """Puts the token on a request at the last moment, so that no default header holds it."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        yield request


def _parsed(response: httpx.Response) -> Any:
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        return response.text


def _pause_s(attempt: int, retry_after: str | None) -> float:
    """Wait as long as Stitch asks, or twice as long each time with some chance in it."""
    if retry_after is not None and retry_after.isdigit():
        return min(float(retry_after), _LONGEST_PAUSE_S)
    return random.uniform(0.5, 1.0) * 0.25 * 2.0**attempt
