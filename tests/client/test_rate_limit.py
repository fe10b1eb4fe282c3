"""30 requests in 10 minutes for extractions and loads together: the client keeps to it by itself."""

import asyncio
import contextlib
import logging
import threading
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from both_modes import TOKEN, URL, answering, call, sync_client
from hypothesis import given
from hypothesis import strategies as st

import stitchnb
from stitchnb.client import AsyncClient, Client, requests
from stitchnb.client.http import AsyncTransport, Transport
from stitchnb.client.jobs.jobs import Job
from stitchnb.client.rate_limit import RateLimit
from stitchnb.errors import InvalidInputError, RateLimitedError, RateLimitReachedError
from stitchnb.models import Secret

EMPTY = {"data": [], "page": 1, "total": 0, "links": {}}


class Time:
    """A clock that only moves when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


def limited(time: Time, **options: Any) -> RateLimit:
    return RateLimit(clock=time, **options)


def sender(time: Time, limit: RateLimit) -> Transport:
    transport = httpx.MockTransport(answering(EMPTY))
    return Transport(Secret(TOKEN), URL, transport=transport, sleep=time.sleep, rate_limit=limit)


def test_the_thirty_first_waits_until_the_first_is_ten_minutes_old() -> None:
    time = Time()
    transport = sender(time, limited(time))
    for number in range(30):
        time.now = float(number)
        transport.send(requests.list_extractions(1, 1) if number % 2 else requests.list_loads(1, 1))

    transport.send(requests.list_loads(1, 1))

    assert time.waits == [600.0 - 29.0]


def test_an_event_loop_waits_in_the_same_way() -> None:
    time = Time()
    transport = AsyncTransport(
        Secret(TOKEN),
        URL,
        transport=httpx.MockTransport(answering(EMPTY)),
        sleep=time.sleep_async,
        rate_limit=limited(time),
    )

    async def main() -> None:
        for _ in range(31):
            await transport.send(requests.list_loads(1, 1))

    asyncio.run(main())

    assert time.waits == [600.0]


def test_what_is_not_limited_does_not_wait() -> None:
    time = Time()
    transport = Transport(
        Secret(TOKEN),
        URL,
        transport=httpx.MockTransport(answering([])),
        sleep=time.sleep,
        rate_limit=limited(time, requests=1),
    )

    for _ in range(5):
        transport.send(requests.list_sources())

    assert time.waits == []


def test_a_mode_that_there_is_none_of_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InvalidInputError, match="There is no rate_limit 'patient'"):
        Client(TOKEN, rate_limit="patient")  # type: ignore[arg-type]


def test_accounts_do_not_share_a_limit() -> None:
    limit = limited(Time(), requests=1)

    assert (limit.take("1"), limit.take("2")) == (0.0, 0.0)
    assert limit.take("1") == 600.0


def test_a_repeated_request_counts_as_often_as_it_was_sent() -> None:
    time = Time()
    limit = limited(time, requests=2)
    answers = iter([httpx.Response(502), httpx.Response(200, json=EMPTY)])
    transport = Transport(
        Secret(TOKEN),
        URL,
        transport=httpx.MockTransport(lambda request: next(answers)),
        sleep=time.sleep,
        rate_limit=limit,
    )

    transport.send(requests.list_loads(1, 1))

    assert limit.take("1") > 0


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_it_raises_when_told_not_to_wait(mode: str) -> None:
    server = answering(EMPTY)

    def ask_too_often(client: Any) -> Any:
        if mode == "sync":
            for _ in range(31):
                client.loads.list(1)

        async def main() -> None:
            for _ in range(31):
                await client.loads.list(1)

        return main()

    with pytest.raises(RateLimitReachedError, match="was not sent") as caught:
        call(mode, server, ask_too_often, rate_limit="raise")

    assert isinstance(caught.value, RateLimitedError)
    assert 0 < caught.value.retry_after_s <= 600
    assert len(server.asked) == 30


def test_the_reason_for_waiting_is_said(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    time = Time()
    transport = sender(time, limited(time, requests=1))

    with caplog.at_level(logging.INFO, logger="stitchnb.client"):
        transport.send(requests.list_loads(1, 1))
        transport.send(requests.list_loads(1, 1))

    assert "GET /v4/1/loads waits: 1 requests in 10 minutes, waiting 600 s" in caplog.text


def test_the_reason_is_shown_to_whoever_looks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    time = Time()
    transport = sender(time, limited(time, requests=1))

    transport.send(requests.list_loads(1, 1))
    assert capsys.readouterr().err == ""
    transport.send(requests.list_loads(1, 1))

    shown = capsys.readouterr().err
    assert "waiting 600 s" in shown
    assert shown.endswith("\n")


def test_a_wait_that_is_broken_off_sends_nothing() -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    server = answering(EMPTY)
    transport = Transport(
        Secret(TOKEN),
        URL,
        transport=httpx.MockTransport(server),
        sleep=interrupted,
        rate_limit=limited(Time(), requests=1),
    )
    transport.send(requests.list_loads(1, 1))

    with pytest.raises(KeyboardInterrupt):
        transport.send(requests.list_loads(1, 1))
    assert len(server.asked) == 1


def test_threads_share_the_limit() -> None:
    limit = limited(Time())
    taken: list[float] = []
    threads = [threading.Thread(target=lambda: taken.extend(limit.take("1") for _ in range(20))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert taken.count(0.0) == 30


@given(gaps=st.lists(st.floats(0, 120), min_size=40, max_size=90))
def test_no_ten_minutes_ever_hold_more_than_thirty(gaps: list[float]) -> None:
    time = Time()
    limit = limited(time)
    sent: list[float] = []
    for gap in gaps:
        time.now += gap
        while (wait_s := limit.take("1")) > 0:
            time.now += wait_s
        sent.append(time.now)

    for first, later in zip(sent, sent[30:], strict=False):
        assert later - first >= 600.0 - 1e-6


def test_a_sandbox_has_no_limit_unless_one_is_asked_for() -> None:
    with stitchnb.Sandbox(pace_s=0) as sandbox:
        assert sandbox.client().limit.mode == "off"
        with Client(sandbox.token, base_url=sandbox.url, rate_limit="raise") as client:
            for _ in range(30):
                client.loads.list(sandbox.client_id)
            with pytest.raises(RateLimitReachedError):
                client.loads.list(sandbox.client_id)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_real_account_has_the_limit_of_its_own_accord(kind: type[Any]) -> None:
    assert (kind(TOKEN).limit.mode, kind(TOKEN).limit.requests, kind(TOKEN).limit.period_s) == ("wait", 30, 600.0)
    assert kind(TOKEN, rate_limit="off").limit.take("1") == 0.0


class Running:
    """An account whose job never ends, with many pages of everything."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self.limited = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/streams"):
            return httpx.Response(200, json=[{"stream_name": "accounts", "selected": True}])
        if path.startswith("/v4/sources/"):
            return httpx.Response(200, json={"id": 1, "name": "recurly"})
        self.limited += 1
        number = int(request.url.params["page"])
        links = {"next": "…"} if number < self.pages else {}
        return httpx.Response(200, json={"data": [{"source_id": number}], "page": number, "links": links})


@pytest.mark.parametrize("pages", [1, 3])
@pytest.mark.parametrize("watchers", [1, 3])
def test_watching_jobs_leaves_half_of_the_limit_to_others(
    pages: int, watchers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = Time()
    for module in ("polling", "jobs.status"):
        monkeypatch.setattr(f"stitchnb.client.{module}.time", SimpleNamespace(monotonic=time))
    account = Running(pages)
    with sync_client(account, client_id=1) as client, contextlib.ExitStack() as others:
        monkeypatch.setattr(client._transport, "_sleep", time.sleep)
        monkeypatch.setattr(client.limit, "_clock", time)
        for _ in range(watchers - 1):
            others.enter_context(client.limit.watching())
        job = Job.from_response(client, {"job_name": "1.1.sync.x"}, {"source_id": 1})
        with pytest.raises(TimeoutError, match="still extracting"):
            job.wait(timeout_s=36_000)

    in_ten_minutes = account.limited * 600 / time.now * watchers
    assert 10 < in_ten_minutes <= 15 * 1.05
    assert set(time.waits[:-1]) == {40.0 * pages * watchers}


def test_a_wait_that_ended_no_longer_counts_as_a_watcher() -> None:
    limit = RateLimit()

    with limit.watching():
        assert limit.spacing_s(1) == 40.0
        with contextlib.suppress(KeyError), limit.watching():
            assert limit.spacing_s(1) == 80.0
            raise KeyError
        assert limit.spacing_s(1) == 40.0
    assert limit.spacing_s(0) == 40.0


@pytest.mark.parametrize(("now", "wait_s"), [(0.0, 600.0), (599.0, 1.0), (599.9999, 0.001), (600.0, 0.0)])
def test_a_place_is_free_again_after_ten_minutes_and_not_before(now: float, wait_s: float) -> None:
    time = Time()
    limit = limited(time, requests=1)
    limit.take("1")
    time.now = now

    assert limit.take("1") == pytest.approx(wait_s)
