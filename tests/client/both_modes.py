"""Runs the same call on a `Client` and on an `AsyncClient` that one server answers."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from stitchnb.client import AsyncClient, AsyncImportClient, Client, ImportClient

TOKEN = "a-very-secret-token"
URL = "https://api.example.com"
MODES = ["sync", "async"]


class Plays:
    """Gives one answer after the other, the last one again and again, and remembers what it was asked."""

    def __init__(self, *answers: httpx.Response | type[httpx.TransportError]) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        raise answer("played", request=request)


def answering(body: Any, status: int = 200) -> Plays:
    """Make a server that always gives this answer; no body at all for None."""
    return Plays(httpx.Response(status) if body is None else httpx.Response(status, json=body))


def sync_client(server: Callable[[httpx.Request], httpx.Response], **options: Any) -> Client:
    return Client(TOKEN, base_url=URL, transport=httpx.MockTransport(server), **options)


def call(
    mode: str, server: Callable[[httpx.Request], httpx.Response], act: Callable[[Any], Any], **options: Any
) -> Any:
    """Do something with a client: `act` gives a result, or something to await."""
    transport = httpx.MockTransport(server)
    if mode == "sync":
        with Client(TOKEN, base_url=URL, transport=transport, **options) as client:
            return act(client)

    async def main() -> Any:
        async with AsyncClient(TOKEN, base_url=URL, transport=transport, **options) as client:
            return await act(client)

    return asyncio.run(main())


def push(mode: str, server: Callable[[httpx.Request], httpx.Response], act: Callable[[Any], Any]) -> Any:
    """Do something with an import client."""
    transport = httpx.MockTransport(server)
    if mode == "sync":
        with ImportClient(TOKEN, base_url=URL, transport=transport) as client:
            return act(client)

    async def main() -> Any:
        async with AsyncImportClient(TOKEN, base_url=URL, transport=transport) as client:
            return await act(client)

    return asyncio.run(main())
