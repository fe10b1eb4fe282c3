"""Retries, pauses and timeouts, the same for both kinds of client."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from both_modes import MODES, URL, Plays, answering, call

from stitchnb.client import requests
from stitchnb.client._sansio import Sleep, drive
from stitchnb.client.http import AsyncTransport, Attempt, RequestExecutor, Transport, retry_after_s
from stitchnb.client.journal import Journal
from stitchnb.client.rate_limit import RateLimit
from stitchnb.errors import APIError, OutcomeUnknownError, RateLimitedError, ServerError, TransportError

NOW = datetime(2020, 3, 20, 16, 0, tzinfo=UTC)
GET, POST = requests.list_sources(), requests.start_job(7)


def carried_out(server: Plays, request: requests.Request[Any] = GET) -> list[float]:
    """Carry a request out without any network or waiting, and tell the pauses that were made."""
    pauses: list[float] = []
    executor = RequestExecutor(
        URL, journal=Journal(base_url=URL, token_variable="T"), limit=RateLimit(mode="off"), now=lambda: NOW
    )

    def perform(step: Attempt | Sleep) -> httpx.Response | None:
        if isinstance(step, Sleep):
            pauses.append(step.seconds)
            return None
        return server(httpx.Request(step.method, step.url))

    drive(executor.execute(request), perform)
    return pauses


RETRY_AFTER = [
    ("7", 7.0, "seconds"),
    (" 0 ", 0.0, "at once"),
    ("Fri, 20 Mar 2020 16:00:30 GMT", 30.0, "an HTTP date"),
    ("Fri, 20 Mar 2020 17:00:30 +0100", 30.0, "a date in another zone"),
    ("Fri, 20 Mar 2020 16:00:30", 30.0, "a date without a zone is UTC"),
    ("Fri, 20 Mar 2020 15:00:00 GMT", 0.0, "a date that has passed"),
    ("soon", None, "neither"),
    ("-5", None, "no such number"),
    ("1.5", None, "no such number"),
    ("", None, "empty"),
    (None, None, "none"),
]


@pytest.mark.parametrize(("header", "seconds", "why"), RETRY_AFTER, ids=[case[2] for case in RETRY_AFTER])
def test_retry_after_is_read_in_both_forms(header: str | None, seconds: float | None, why: str) -> None:
    assert retry_after_s(header, NOW) == seconds


def test_the_pause_is_the_one_that_was_asked_for() -> None:
    date = (NOW + timedelta(seconds=12)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    busy = [httpx.Response(429, headers={"Retry-After": "3"}), httpx.Response(503, headers={"Retry-After": date})]

    assert carried_out(Plays(*busy, httpx.Response(200, json=[]))) == [3.0, 12.0]


def test_a_pause_grows_and_has_some_chance_in_it() -> None:
    taken = [carried_out(Plays(*[httpx.Response(502)] * 3, httpx.Response(200, json=[]))) for _ in range(20)]

    for first, second, third in taken:
        assert 0.25 <= first <= 0.5 <= second <= 1.0 <= third <= 2.0
    assert len({pauses[0] for pauses in taken}) > 1


@pytest.mark.parametrize(("status", "kind"), [(429, RateLimitedError), (503, ServerError)])
def test_a_pause_longer_than_anybody_waits_for_is_told_instead(status: int, kind: type[APIError]) -> None:
    server = Plays(httpx.Response(status, headers={"Retry-After": "3600"}))

    with pytest.raises(kind, match="Stitch asks to wait 3600 seconds"):
        carried_out(server)
    assert len(server.asked) == 1


@pytest.mark.parametrize("fault", [httpx.ConnectTimeout, httpx.ConnectError, httpx.PoolTimeout])
def test_what_never_left_may_be_sent_again_whatever_it_is(fault: type[httpx.TransportError]) -> None:
    server = Plays(fault, httpx.Response(200, json={"job_name": "1.7.sync.x"}))

    carried_out(server, POST)

    assert len(server.asked) == 2


@pytest.mark.parametrize("fault", [httpx.ReadTimeout, httpx.WriteError, httpx.RemoteProtocolError])
def test_what_may_have_arrived_and_changes_something_is_not(fault: type[httpx.TransportError]) -> None:
    server = Plays(fault)

    with pytest.raises(OutcomeUnknownError):
        carried_out(server, POST)
    assert len(server.asked) == 1


@pytest.mark.parametrize("mode", MODES)
def test_both_kinds_of_client_give_up_in_the_same_words(mode: str) -> None:
    with pytest.raises(
        OutcomeUnknownError, match=r"POST /v4/sources/7/sync: no response from https://api\.example\.com"
    ):
        call(mode, Plays(httpx.ReadTimeout), lambda c: c.jobs.start(7))


@pytest.mark.parametrize("kind", [Transport, AsyncTransport])
def test_timeouts_are_as_given(kind: type[Any]) -> None:
    timeout = kind(None, URL, timeout_s=5, connect_timeout_s=2)._http.timeout

    assert (timeout.read, timeout.connect) == (5, 2)


@pytest.mark.parametrize("mode", MODES)
def test_a_timeout_reaches_the_network(mode: str) -> None:
    server = answering([])

    call(mode, server, lambda c: c.sources.list(), timeout_s=5, connect_timeout_s=2)

    assert server.asked[0].extensions["timeout"] == {"connect": 2, "read": 5, "write": 5, "pool": 5}


LOG = "1.2.sync.x"
ELSEWHERE = "https://logs.example.com/file?signature=abc"


class Files:
    """Answers for the API and for the places that it redirects to."""

    def __init__(self, **by_host: httpx.Response) -> None:
        self.by_host = {host.replace("_", "."): answer for host, answer in by_host.items()}
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path == "/files/own":
            return httpx.Response(200, content=b"own")
        return self.by_host[request.url.host]


def to(location: str, status: int = 302) -> httpx.Response:
    return httpx.Response(status, headers={"Location": location})


@pytest.mark.parametrize("mode", MODES)
def test_a_log_is_followed_without_the_token(mode: str) -> None:
    server = Files(api_example_com=to(ELSEWHERE), logs_example_com=httpx.Response(200, content=b"tap started\n"))

    assert call(mode, server, lambda c: c.extractions.log(LOG)) == "tap started\n"
    api, elsewhere = server.asked
    assert api.url.path == f"/v4/1/extractions/{LOG}"
    assert "Authorization" in api.headers
    assert "Authorization" not in elsewhere.headers
    assert str(elsewhere.url) == ELSEWHERE


def test_a_log_on_the_apis_own_server_is_asked_for_with_the_token() -> None:
    server = Files(api_example_com=to("/files/own"))

    assert call("sync", server, lambda c: c.extractions.log(LOG)) == "own"
    assert "Authorization" in server.asked[1].headers


@pytest.mark.parametrize(
    "location",
    [
        "https://api.example.com.evil.example/own",
        "https://api.example.com:8443/files/x",
        "https://api.example.com@evil.example/x",
        "//evil.example/x",
    ],
)
def test_another_server_that_looks_like_the_api_gets_no_token(location: str) -> None:
    asked: list[httpx.Request] = []

    def server(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return to(location) if len(asked) == 1 else httpx.Response(200, content=b"x")

    call("sync", server, lambda c: c.extractions.log(LOG))

    assert "Bearer" not in asked[1].headers.get("Authorization", "")


def test_no_token_after_two_redirects_either() -> None:
    own = "https://api.example.com/first"
    asked: list[httpx.Request] = []

    def server(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return [to(own), to(ELSEWHERE), httpx.Response(200, content=b"x")][len(asked) - 1]

    call("sync", server, lambda c: c.extractions.log(LOG))

    assert ["Authorization" in request.headers for request in asked] == [True, True, False]


@pytest.mark.parametrize(
    ("server", "message"),
    [
        (Files(api_example_com=to("http://logs.example.com/x?signature=abc")), "not encrypted"),
        (Files(api_example_com=to("ftp://logs.example.com/x?signature=abc")), "not encrypted"),
        (
            Files(api_example_com=to(ELSEWHERE), logs_example_com=httpx.Response(403)),
            r"https://logs\.example\.com/file answered 403",
        ),
        (Files(api_example_com=to(ELSEWHERE), logs_example_com=to(ELSEWHERE)), "too many times"),
        (Files(api_example_com=httpx.Response(302)), "could not be downloaded"),
    ],
)
def test_a_log_that_cannot_be_had_says_why_but_not_the_secret_address(server: Files, message: str) -> None:
    with pytest.raises(TransportError, match=message) as caught:
        call("sync", server, lambda c: c.extractions.log(LOG))
    assert "signature" not in str(caught.value)
    assert "signature" not in repr(caught.value.__cause__)


def test_a_broken_download_does_not_show_the_secret_address() -> None:
    def server(request: httpx.Request) -> httpx.Response:
        if request.url.host == "api.example.com":
            return to(ELSEWHERE)
        raise httpx.ReadError(f"broke at {request.url}", request=request)

    with pytest.raises(
        TransportError, match=r"logs\.example\.com/file could not be downloaded \(ReadError\)"
    ) as caught:
        call("sync", server, lambda c: c.extractions.log(LOG))
    assert "signature" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_packed_log_is_unpacked_and_can_be_kept(tmp_path: Any) -> None:
    import gzip

    server = Files(api_example_com=to(ELSEWHERE), logs_example_com=httpx.Response(200, content=gzip.compress(b"told")))
    path = tmp_path / "job.log"

    assert call("sync", server, lambda c: c.extractions.download_log(LOG, path)) == path
    assert path.read_bytes() == b"told"
    with pytest.raises(ValueError, match="exists and was not changed"):
        call("sync", server, lambda c: c.extractions.download_log(LOG, path))


def test_a_damaged_log_says_so() -> None:
    server = Files(api_example_com=httpx.Response(200, content=b"\x1f\x8bbroken"))

    with pytest.raises(TransportError, match="damaged"):
        call("sync", server, lambda c: c.extractions.log(LOG))
