"""From HTTP to the endpoints and back: parsing, guarding and encoding, and no decision of the API's."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from stitchnb.sandbox import refusals
from stitchnb.sandbox.endpoints import Call, Endpoint, Reply
from stitchnb.sandbox.refusals import Refusal


def build_app(endpoints: Iterable[Endpoint], *, token: str) -> ASGIApp:
    """Put endpoints together behind the guard.

    Parameters
    ----------
    token
        The account's access token.
    """
    expected = f"Bearer {token}".encode()

    async def refuse(request: Request, error: Exception) -> Response:
        # Starlette types every handler's error as Exception.
        if not isinstance(error, Refusal):
            raise error
        return encoded(Reply(error.body, error.status))

    async def no_such_route(request: Request, error: Exception) -> Response:
        return await refuse(request, refusals.no_such_route(request.method, request.url.path))

    app = Starlette(
        routes=[_route(endpoint, expected) for endpoint in endpoints],
        exception_handlers={Refusal: refuse, 404: no_such_route, 405: no_such_route},
    )
    app.router.redirect_slashes = False
    return Guard(app)


def encoded(answer: Any) -> Response:
    """Encode an answer as the API does."""
    reply = answer if isinstance(answer, Reply) else Reply(answer)
    if reply.body is None and (reply.status != 200 or reply.headers):
        return Response(status_code=reply.status, headers=dict(reply.headers))
    if isinstance(reply.body, bytes):
        return Response(reply.body, reply.status, headers=dict(reply.headers))
    content = json.dumps(reply.body, separators=(",", ":"), ensure_ascii=False)
    return Response(content, reply.status, headers=dict(reply.headers), media_type="application/json")


def _route(endpoint: Endpoint, expected: bytes) -> Route:
    async def handle(request: Request) -> Response:
        headers = request.headers
        if endpoint.auth == "account" and not _is_token(headers, expected):
            raise refusals.not_authorized()
        body = None if endpoint.method == "GET" else await _json_body(request, endpoint.body_limit)
        return encoded(endpoint.act(Call(request.path_params, request.query_params, body, headers)))

    return Route(endpoint.path, handle, methods=[endpoint.method])


def _is_token(headers: Mapping[str, str], expected: bytes) -> bool:
    return hmac.compare_digest(headers.get("authorization", "").encode(), expected)


async def _json_body(request: Request, limit: int) -> Any:
    """Read a request's JSON; what is no JSON reads as None, which no endpoint takes."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > limit:
            raise Refusal(413, {"error": f"the body is larger than {limit} bytes"})
    try:
        return json.loads(raw)
    except ValueError:
        return None


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
            await encoded(Reply({"error": reason}, 403))(scope, receive, send)

    @staticmethod
    def _reason_to_refuse(headers: Mapping[bytes, bytes]) -> str | None:
        # A page elsewhere can make a browser ask 127.0.0.1, but it cannot make it send another Host or no Origin.
        host = headers.get(b"host", b"").rsplit(b":", 1)[0]
        if host not in (b"127.0.0.1", b"localhost"):
            return "the sandbox answers to 127.0.0.1 and localhost only"
        if b"origin" in headers:
            return "the sandbox does not answer web pages"
        return None
