"""What the client adds to a call, and what the sandbox adds to a bare server."""

import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn
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


RECURLY = {"start_date": "2025-09-01T00:00:00Z", "api_key": "k", "quota_limit": "30", "subdomain": "acme"}


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

    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    app = Starlette(
        routes=[
            Route("/v4/source-types/platform.recurly", same),
            Route("/v4/sources", create, methods=["POST"]),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, http="h11", log_config=None, access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


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
