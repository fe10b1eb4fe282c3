"""From HTTP to the endpoints and back: parsing, guarding and encoding, and no decision of the API's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from stitchnb.sandbox import errors
from stitchnb.sandbox.endpoints import APIRequest, APIResponse, Endpoint
from stitchnb.sandbox.errors import APIErrorResponse

_READ_BEYOND_LIMIT = 64 * 1024 * 1024
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def build_app(endpoints: Iterable[Endpoint], *, accepts: Callable[[str], bool]) -> ASGIApp:
    """Put endpoints together behind the guard.

    Parameters
    ----------
    accepts
        Tells whether the value of an ``Authorization`` header is the account's.
    """

    async def refuse(request: Request, error: Exception) -> Response:
        # Starlette types every handler's error as Exception.
        if not isinstance(error, APIErrorResponse):
            raise error
        return encoded(APIResponse(error.body, error.status))

    async def no_such_route(request: Request, error: Exception) -> Response:
        return await refuse(request, errors.no_such_route(request.method, request.url.path))

    app = Starlette(
        routes=[_route(endpoint, accepts) for endpoint in endpoints],
        exception_handlers={APIErrorResponse: refuse, 404: no_such_route, 405: no_such_route},
    )
    app.router.redirect_slashes = False
    return Guard(app)


def encoded(answer: Any) -> Response:
    """Encode an answer as the API does."""
    reply = answer if isinstance(answer, APIResponse) else APIResponse(answer)
    if reply.body is None and (reply.status != 200 or reply.headers):
        return Response(status_code=reply.status, headers=dict(reply.headers))
    if isinstance(reply.body, bytes):
        return Response(reply.body, reply.status, headers=dict(reply.headers))
    content = json.dumps(reply.body, separators=(",", ":"), ensure_ascii=False)
    return Response(content, reply.status, headers=dict(reply.headers), media_type="application/json")


def _route(endpoint: Endpoint, accepts: Callable[[str], bool]) -> Route:
    async def handle(request: Request) -> Response:
        headers = request.headers
        if endpoint.auth == "account" and not accepts(headers.get("authorization", "")):
            raise errors.not_authorized()
        raw = b"" if endpoint.method == "GET" else await _body(request, endpoint)

        def handle_request() -> Any:
            return endpoint.handler(APIRequest(request.path_params, request.query_params, _parsed(raw), headers))

        return encoded(await run_in_threadpool(handle_request) if endpoint.is_slow else handle_request())

    return Route(endpoint.path, handle, methods=[endpoint.method])


async def _body(request: Request, endpoint: Endpoint) -> bytes:
    """Read a request's body, a too large one to its end: who is cut off while sending does not see the answer."""
    raw, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= endpoint.body_limit:
            raw += chunk
        elif size > endpoint.body_limit + _READ_BEYOND_LIMIT:
            break
    if size > endpoint.body_limit:
        raise endpoint.too_large(size)
    return bytes(raw)


def _parsed(raw: bytes) -> Any:
    """Read JSON; what is no JSON reads as None, which no endpoint takes."""
    if not raw:
        return None
    try:
        text = raw.decode()
        found = json.loads(text, parse_constant=_refuse_constant)
        if _SURROGATE.search(text):
            # Half a character, which JSON can spell, is no text: it could be neither kept nor given back.
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


class Guard:
    """Lets through only what comes from this machine, to this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"the sandbox speaks HTTP only, not {scope['type']}")
        reason = self._reason_to_refuse(dict(scope["headers"]))
        if reason is None:
            await self._app(scope, receive, send)
        else:
            await encoded(APIResponse({"error": reason}, 403))(scope, receive, send)

    @staticmethod
    def _reason_to_refuse(headers: Mapping[bytes, bytes]) -> str | None:
        # A page elsewhere can make a browser ask 127.0.0.1, but it cannot make it send another Host or no Origin.
        host = headers.get(b"host", b"").rsplit(b":", 1)[0]
        if host not in (b"127.0.0.1", b"localhost"):
            return "the sandbox answers to 127.0.0.1 and localhost only"
        if b"origin" in headers:
            return "the sandbox does not answer web pages"
        return None
