"""What the client adds to a call, and what the sandbox adds to a bare server."""

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from connection_properties import recurly_properties
from measuring import best_of_each
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

import stitchnb
from stitchnb.sandbox import Sandbox

pytestmark = pytest.mark.benchmark

CALLS = 200
# A created source is looked at, sealed and written down, and with a complete form checked: that is what it is for.
MOST = {False: 6, True: 25}


RECURLY = recurly_properties(start_date="2025-09-01T00:00:00Z")


def new_source(number: int, properties: dict[str, str]) -> dict[str, Any]:
    return {"type": "platform.recurly", "display_name": f"Recurly {number}", "properties": properties}


@pytest.fixture
def bare(sandbox: Sandbox) -> Iterator[str]:
    """Bare Starlette routes that answer with the sandbox's own bodies: one source type, and a new source."""
    with httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.token.reveal()}"}) as api:
        body = api.get("/v4/source-types/platform.recurly").content
        created = api.post("/v4/sources", json=new_source(0, RECURLY)).content

    async def same(request: Any) -> Response:
        return Response(json.dumps(json.loads(body)), media_type="application/json")

    async def create(request: Any) -> Response:
        json.loads(await request.body())
        return Response(json.dumps(json.loads(created)), media_type="application/json")

    app = Starlette(
        routes=[
            Route("/v4/source-types/platform.recurly", same),
            Route("/v4/sources", create, methods=["POST"]),
        ]
    )
    url, close = serve(app)
    yield url
    close()


def serve(app: Any) -> tuple[str, Callable[[], None]]:
    """Serve with bare uvicorn: where it is, and how it ends."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http="h11", log_config=None, access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        assert thread.is_alive()

    def close() -> None:
        server.should_exit = True
        thread.join()
        listener.close()

    return f"http://127.0.0.1:{listener.getsockname()[1]}", close


def calling(get: Callable[[], object]) -> Callable[[], object]:
    return lambda: [get() for _ in range(CALLS)]


def test_the_client_adds_little_to_httpx(sandbox: Sandbox, report: Callable[[str], None]) -> None:
    token = sandbox.token.reveal()
    path = "/v4/source-types/platform.recurly"
    with (
        httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {token}"}) as plain,
        stitchnb.Client(token, base_url=sandbox.url) as client,
    ):
        floor, ours = best_of_each(
            calling(lambda: plain.get(path).json()),
            calling(lambda: client.source_types.get("platform.recurly")),
        )

    a_call, at_least = ours / CALLS * 1e3, floor / CALLS * 1e3
    report(f"client {a_call:.2f} ms a call, bare httpx {at_least:.2f} ms: ratio {ours / floor:.2f}")
    assert ours / floor <= 1.4


def test_the_sandbox_answers_like_a_bare_server(sandbox: Sandbox, bare: str, report: Callable[[str], None]) -> None:
    path = "/v4/source-types/platform.recurly"
    headers = {"Authorization": f"Bearer {sandbox.token.reveal()}"}
    with (
        httpx.Client(base_url=bare, headers=headers) as plain,
        httpx.Client(base_url=sandbox.url, headers=headers) as real,
    ):
        floor, ours = best_of_each(calling(lambda: plain.get(path)), calling(lambda: real.get(path)))

    a_call, at_least = ours / CALLS * 1e3, floor / CALLS * 1e3
    report(f"sandbox GET {a_call:.2f} ms, bare Starlette {at_least:.2f} ms: ratio {ours / floor:.2f}")
    assert ours / floor <= 2


@pytest.mark.parametrize(
    ("properties", "work"),
    [
        ({}, "checked against its report card, sealed and committed"),
        (RECURLY, "the same, with its connection check run in the background meanwhile"),
    ],
    ids=["an unfinished form", "a complete form"],
)
def test_creating_sources_beside_a_bare_route_that_only_parses_and_answers(
    sandbox: Sandbox, bare: str, report: Callable[[str], None], properties: dict[str, str], work: str
) -> None:
    headers = {"Authorization": f"Bearer {sandbox.token.reveal()}"}
    numbers = itertools.count(1)
    with (
        httpx.Client(base_url=bare, headers=headers) as plain,
        httpx.Client(base_url=sandbox.url, headers=headers) as real,
    ):

        def creating(api: httpx.Client) -> Callable[[], object]:
            return calling(
                lambda: api.post("/v4/sources", json=new_source(next(numbers), properties)).raise_for_status()
            )

        floor, ours = best_of_each(creating(plain), creating(real), rounds=3)
        sandbox.wait_idle()
        assert len(real.get("/v4/sources").json()) == 3 * CALLS + 1

    report(
        f"sandbox POST {CALLS / ours:.0f} sources/s ({work}), bare Starlette {CALLS / floor:.0f} calls/s: "
        f"ratio {ours / floor:.2f}"
    )
    assert ours / floor <= MOST[bool(properties)]


def test_a_sandbox_closes_at_once_where_bare_uvicorn_waits(report: Callable[[str], None]) -> None:
    def close_bare() -> float:
        url, close = serve(Starlette())
        return seconds_to_close(url, close)

    def close_sandbox() -> float:
        sandbox = Sandbox(pace_s=0)
        return seconds_to_close(sandbox.url, sandbox.close)

    floor, ours = (min(close() for _ in range(5)) for close in (close_bare, close_sandbox))

    report(f"closing a sandbox {ours * 1e3:.1f} ms, bare uvicorn {floor * 1e3:.1f} ms: ratio {ours / floor:.3f}")
    assert ours / floor <= 0.1


def seconds_to_close(url: str, close: Callable[[], None]) -> float:
    with httpx.Client(base_url=url) as client:
        # An idle connection stays open, as it does in a notebook.
        client.get("/")
        started = time.perf_counter()
        close()
        return time.perf_counter() - started
