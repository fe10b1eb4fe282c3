"""The routes of the sandbox: they parse, delegate and encode, and decide nothing."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from stitchnb.sandbox import refusals
from stitchnb.sandbox.refusals import Refusal
from stitchnb.sandbox.resources import source_types
from stitchnb.sandbox.resources.checks import Checks
from stitchnb.sandbox.resources.destinations import Destinations
from stitchnb.sandbox.resources.jobs import Jobs
from stitchnb.sandbox.resources.sources import Sources
from stitchnb.sandbox.resources.streams import Streams

_BODY_LIMIT = 4 * 1024 * 1024
_JSON = "application/json"

Handler = Callable[[Request], Awaitable[Response]]


def answer(body: Any, status: int = 200) -> Response:
    """Encode an answer as the API does."""
    return Response(json.dumps(body, separators=(",", ":"), ensure_ascii=False), status, media_type=_JSON)


async def json_body(request: Request) -> Any:
    """Read a request's JSON; what is no JSON reads as None, which no endpoint takes."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _BODY_LIMIT:
            raise Refusal(413, {"error": f"the body is larger than {_BODY_LIMIT} bytes"})
    try:
        return json.loads(raw)
    except ValueError:
        return None


def build_app(
    *, token: str, sources: Sources, checks: Checks, streams: Streams, jobs: Jobs, destinations: Destinations
) -> ASGIApp:
    """Put the routes together behind the guard."""

    def get(path: str, act: Callable[[Request], Any]) -> Route:
        async def handle(request: Request) -> Response:
            return answer(act(request))

        return Route(path, handle, methods=["GET"])

    def on(method: str, path: str, act: Callable[[Request, Any], Any]) -> Route:
        async def handle(request: Request) -> Response:
            return answer(act(request, await json_body(request)))

        return Route(path, handle, methods=[method])

    routes = [
        get("/v4/source-types", lambda r: source_types.list_source_types()),
        get("/v4/source-types/{type}", lambda r: source_types.get_source_type(r.path_params["type"])),
        get("/v4/sources", lambda r: sources.list()),
        on("POST", "/v4/sources", lambda r, body: sources.create(body)),
        get("/v4/sources/{id}", lambda r: sources.get(r.path_params["id"])),
        on("PUT", "/v4/sources/{id}", lambda r, body: sources.update(r.path_params["id"], body)),
        on("DELETE", "/v4/sources/{id}", lambda r, body: sources.delete(r.path_params["id"])),
        get("/v4/sources/{id}/last-connection-check", lambda r: checks.last_of_source(r.path_params["id"])),
        get("/v4/sources/{id}/streams", lambda r: streams.list(r.path_params["id"])),
        on("PUT", "/v4/sources/{id}/streams/metadata", lambda r, body: streams.select(r.path_params["id"], body)),
        get("/v4/sources/{id}/streams/{stream}", lambda r: streams.get(r.path_params["id"], r.path_params["stream"])),
        on("POST", "/v4/sources/{id}/sync", lambda r, body: jobs.start(r.path_params["id"])),
        on("DELETE", "/v4/sources/{id}/sync", lambda r, body: jobs.stop(r.path_params["id"])),
        get("/v4/destinations", lambda r: destinations.list(r.query_params)),
        get("/v4/{client}/extractions", lambda r: jobs.extractions(r.path_params["client"], _page(r))),
        get("/v4/{client}/loads", lambda r: jobs.loads(r.path_params["client"], _page(r))),
    ]

    async def refuse(request: Request, error: Exception) -> Response:
        if not isinstance(error, Refusal):
            raise error
        return answer(error.body, error.status)

    async def no_such_route(request: Request, error: Exception) -> Response:
        refusal = refusals.no_such_route(request.method, request.url.path)
        return answer(refusal.body, refusal.status)

    app = Starlette(routes=routes, exception_handlers={Refusal: refuse, 404: no_such_route, 405: no_such_route})
    app.router.redirect_slashes = False
    return Guard(app, token)


def _page(request: Request) -> int:
    page = refusals.parsed_id(request.query_params.get("page", "1"))
    return max(1, page or 1)


class Guard:
    """Lets through only what comes from this machine, to this machine, with the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"the sandbox speaks HTTP only, not {scope['type']}")
        headers = dict(scope["headers"])
        refusal = self._refusal(headers)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await answer(refusal.body, refusal.status)(scope, receive, send)

    def _refusal(self, headers: dict[bytes, bytes]) -> Refusal | None:
        # A page elsewhere can make a browser ask 127.0.0.1, but it cannot make it send another Host or no Origin.
        host = headers.get(b"host", b"").rsplit(b":", 1)[0]
        if host not in (b"127.0.0.1", b"localhost"):
            return Refusal(403, {"error": "the sandbox answers to 127.0.0.1 and localhost only"})
        if headers.get(b"origin") is not None:
            return Refusal(403, {"error": "the sandbox does not answer web pages"})
        if not hmac.compare_digest(headers.get(b"authorization", b""), self._expected):
            return refusals.not_authorized()
        return None
