"""Schemas are asked for at the same time, so many at most; however it ends, nothing goes on in the background."""

import asyncio
import threading
import time
from typing import Any

import httpx
import pytest
from both_modes import MODES, TOKEN, URL, call
from connection_properties import recurly_properties
from shopify import SOURCE_ID, STREAMS, Shop

import stitchnb
from stitchnb.client import AsyncClient, Client
from stitchnb.errors import InvalidInputError, ServerError

COUNT = len(STREAMS)


class Slow(Shop):
    """Takes its time for every schema, and counts how many are asked for at once."""

    def __init__(self, seconds: float = 0.05) -> None:
        super().__init__()
        self.seconds = seconds
        self.now, self.most, self.lock = 0, 0, threading.Lock()

    def begin(self, request: httpx.Request) -> bool:
        if request.url.path.endswith("/streams"):
            return False
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        return True

    def schema(self, request: httpx.Request) -> httpx.Response:
        return Shop.__call__(self, request)

    def end(self) -> None:
        with self.lock:
            self.now -= 1

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not self.begin(request):
            return super().__call__(request)
        try:
            time.sleep(self.seconds)
            return self.schema(request)
        finally:
            self.end()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer without holding up the event loop."""
        if not self.begin(request):
            return Shop.__call__(self, request)
        try:
            await asyncio.sleep(self.seconds)
            return self.schema(request)
        finally:
            self.end()


def client_of(server: Any) -> Client:
    return Client(TOKEN, base_url=URL, transport=httpx.MockTransport(server))


@pytest.mark.parametrize("limit", [1, 3, 8])
def test_no_more_are_asked_for_at_a_time_than_is_allowed(limit: int) -> None:
    server = Slow()

    catalog = client_of(server).streams.catalog(SOURCE_ID, max_concurrency=limit)

    assert server.most == limit
    assert all(stream.is_loaded for stream in catalog)
    assert len(server.asked) == 1 + COUNT


@pytest.mark.parametrize("limit", [1, 3])
def test_an_event_loop_asks_for_no_more_either(limit: int) -> None:
    server = Slow()

    async def main() -> Any:
        async with AsyncClient(TOKEN, base_url=URL, transport=httpx.MockTransport(server.answer)) as client:
            return await client.streams.catalog(SOURCE_ID, max_concurrency=limit)

    assert all(stream.is_loaded for stream in asyncio.run(main()))
    assert server.most == limit


@pytest.mark.parametrize("mode", MODES)
def test_fields_are_asked_for_when_they_are_wanted(mode: str) -> None:
    server = Shop()

    def act(client: Any) -> Any:
        if mode == "sync":
            return client.streams.catalog(SOURCE_ID, load=False).load("orders")

        async def main() -> Any:
            return await (await client.streams.catalog(SOURCE_ID, load=False)).load("orders")

        return main()

    catalog = call(mode, server, act)

    assert [stream.stream_name for stream in catalog if stream.is_loaded] == ["orders"]
    assert len(server.asked) == 2
    assert repr(catalog) == f"Catalog({COUNT} streams, 0 selected, {COUNT - 1} without their fields)"
    assert set(catalog.to_frame()["stream"]) == {"orders"}
    with pytest.raises(InvalidInputError, match=r"catalog\.load\('products'\)"):
        catalog.select("products.title")
    assert catalog["products"].field_count is None


def test_what_was_chosen_survives_asking_again() -> None:
    catalog = client_of(Shop()).streams.catalog(SOURCE_ID).select("orders", fields=["title"])

    catalog.load("orders")

    assert [change.field for change in catalog.pending] == [None, "title"]


def left_running() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("stitchnb-together")]


def test_ctrl_c_leaves_nothing_running_and_keeps_what_is_there() -> None:
    server = Slow(0.02)
    client = client_of(server)
    catalog = client.streams.catalog(SOURCE_ID, load=False)
    seen = 0

    def interrupt(*_: object) -> None:
        nonlocal seen
        seen += 1
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stitchnb.client.catalog.catalog._SHOWN_EVERY_S", 0.0)
        patch.setattr("stitchnb.client.polling.NullProgress.update", interrupt)
        with pytest.raises(KeyboardInterrupt):
            catalog.load(max_concurrency=2)

    asked = len(server.asked)
    assert (seen, left_running(), server.now) == (1, [], 0)
    assert asked < 1 + COUNT
    time.sleep(0.1)
    assert len(server.asked) == asked
    there = sum(stream.is_loaded for stream in catalog)
    assert there >= 1
    catalog.load()
    assert len(server.asked) <= 1 + COUNT + 2, "it goes on where it was stopped"
    assert all(stream.is_loaded for stream in catalog)


def test_a_cancelled_load_leaves_no_task() -> None:
    server = Slow(0.05)

    async def main() -> None:
        async with AsyncClient(TOKEN, base_url=URL, transport=httpx.MockTransport(server.answer)) as client:
            loading = asyncio.create_task(client.streams.catalog(SOURCE_ID, max_concurrency=2))
            while server.now == 0:
                await asyncio.sleep(0.005)
            loading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await loading
            assert server.now == 0
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    assert len(server.asked) < 1 + COUNT


class Broken(Slow):
    """Cannot tell the schema of the third stream."""

    def schema(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(501) if request.url.path.endswith("/2288758") else super().schema(request)


def test_the_first_error_ends_all_of_it() -> None:
    server = Broken()

    with pytest.raises(ServerError, match="2288758"):
        client_of(server).streams.catalog(SOURCE_ID, max_concurrency=2)

    assert (left_running(), server.now) == ([], 0)
    assert len(server.asked) <= 5, "the list, and the four that were asked for before or with it"


def test_the_first_error_ends_all_of_it_in_an_event_loop_too() -> None:
    server = Broken()

    async def main() -> None:
        async with AsyncClient(TOKEN, base_url=URL, transport=httpx.MockTransport(server.answer)) as client:
            with pytest.raises(ServerError, match="2288758"):
                await client.streams.catalog(SOURCE_ID, max_concurrency=2)
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    assert server.now == 0
    assert len(server.asked) <= 5


def test_somebody_who_stops_it_waits_for_no_pause() -> None:
    class Busy(Shop):
        """Asks to be left alone for a minute, for every stream but one, which is not there."""

        def __call__(self, request: httpx.Request) -> httpx.Response:
            found = super().__call__(request)
            if found.status_code == 200 and request.url.path.endswith("/2288758"):
                return httpx.Response(400, json="invalid stream-id: 2288758")
            again = {"Retry-After": "60"}
            return found if request.url.path.endswith("/streams") else httpx.Response(429, headers=again)

    begun = time.monotonic()
    with pytest.raises(stitchnb.StitchError, match="2288758"):
        client_of(Busy()).streams.catalog(SOURCE_ID)

    assert time.monotonic() - begun < 60


def test_progress_is_told_where_there_is_much_to_wait_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("stitchnb.client.catalog.catalog._SHOWN_EVERY_S", 0.0)
    catalog = client_of(Shop()).streams.catalog(SOURCE_ID, load=False)

    catalog.load("orders", show_progress=True)
    catalog.load()

    told = capsys.readouterr().err
    assert "Fields of streams: 1 of 1 streams" in told
    assert "of 8 streams" not in told, "few streams are there before anybody has read it"


def test_the_concurrency_is_a_number_from_one() -> None:
    with pytest.raises(InvalidInputError, match="max_concurrency is 0"):
        client_of(Shop()).streams.catalog(SOURCE_ID, max_concurrency=0)


def test_the_sandbox_answers_many_at_a_time() -> None:
    properties = recurly_properties(start_date="2025-09-01T00:00:00Z")
    with stitchnb.Sandbox(pace_s=0) as sandbox:
        client = sandbox.client()
        source = client.sources.create("platform.recurly", display_name="R", properties=properties)
        source.check().wait()

        async def main() -> Any:
            async with sandbox.async_client() as other:
                return (await (await other.sources.get(source.id)).catalog()).to_frame()

        assert source.catalog().to_frame().equals(asyncio.run(main()))
        with sandbox.faults.add(status=502, times=1, method="PUT", path="/v4/sources/*"):
            applied = source.catalog().select("accounts").apply()
        assert applied.requests == 1, "a fault that passes is met by sending the same again"
