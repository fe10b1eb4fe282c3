"""What is safe to repeat is repeated, and nothing else; the token goes nowhere but to the API."""

from collections.abc import Callable

import httpx
import pytest

from stitchnb.client import requests
from stitchnb.client.http import Transport, checked_base_url, is_loopback
from stitchnb.errors import APIError, InvalidInputError, OutcomeUnknownError, ServerError, TransportError
from stitchnb.models import Secret

TOKEN = "a-very-secret-token"


class Server:
    """Plays one answer or error after the other and remembers what it was asked."""

    def __init__(self, *plays: httpx.Response | type[httpx.TransportError]) -> None:
        self.plays = list(plays)
        self.asked: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        play = self.plays.pop(0)
        if isinstance(play, httpx.Response):
            return play
        raise play("played", request=request)

    @property
    def transport(self) -> Transport:
        return Transport(
            Secret(TOKEN), "https://api.example.com", transport=httpx.MockTransport(self), sleep=self.slept.append
        )


def good(body: object = None) -> httpx.Response:
    return httpx.Response(200, json=[] if body is None else body)


GET, POST = requests.list_sources(), requests.start_job(7)
PUT, DELETE = requests.update_source(7, {"paused_at": None}), requests.delete_source(7)

REPEATED = [
    (GET, "reading changes nothing"),
    (PUT, "it sets what it sets"),
    (DELETE, "what is gone stays gone"),
]


@pytest.mark.parametrize(("request_", "why"), REPEATED)
@pytest.mark.parametrize("fault", [httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.ConnectError])
def test_what_is_safe_to_repeat_is_repeated(
    request_: requests.Request[object], why: str, fault: type[httpx.TransportError]
) -> None:
    server = Server(fault, fault, good({"id": 7}) if request_ is not GET else good())

    server.transport.send(request_)

    assert len(server.asked) == 3, why
    assert len(server.slept) == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_get_is_repeated_when_the_server_is_in_trouble(status: int) -> None:
    server = Server(httpx.Response(status), good())

    assert server.transport.send(GET) == []


def test_a_post_that_may_have_arrived_is_not_repeated() -> None:
    server = Server(httpx.ReadTimeout)

    with pytest.raises(OutcomeUnknownError, match="may or may not have been carried out"):
        server.transport.send(POST)
    assert len(server.asked) == 1


def test_a_post_that_was_answered_with_an_error_is_not_repeated() -> None:
    server = Server(httpx.Response(502))

    with pytest.raises(ServerError):
        server.transport.send(POST)
    assert len(server.asked) == 1


def test_a_post_that_was_never_sent_is_tried_again() -> None:
    server = Server(httpx.ConnectError, good({"job_name": "1.7.sync.x"}))

    assert server.transport.send(POST).job_name == "1.7.sync.x"


def test_the_server_says_how_long_to_wait() -> None:
    server = Server(httpx.Response(429, headers={"Retry-After": "7"}), good())

    server.transport.send(GET)

    assert server.slept == [7.0]


def test_it_gives_up_after_some_attempts() -> None:
    server = Server(*[httpx.ReadTimeout] * 4)

    with pytest.raises(TransportError, match="can be sent again"):
        server.transport.send(GET)


def test_nobody_there_says_which_address() -> None:
    server = Server(*[httpx.ConnectError] * 4)

    with pytest.raises(TransportError, match=r"https://api\.example\.com does not answer"):
        server.transport.send(GET)


def test_redirects_are_not_followed() -> None:
    server = Server(httpx.Response(302, headers={"Location": "https://elsewhere.example.com/"}))

    with pytest.raises(APIError, match="does not have the form"):
        server.transport.send(GET)
    assert len(server.asked) == 1


def test_an_answer_of_another_shape_is_an_error_that_names_the_address() -> None:
    server = Server(httpx.Response(200, text="<html>hello</html>"))

    with pytest.raises(APIError, match=r"Is https://api\.example\.com really a Connect API"):
        server.transport.send(requests.get_source(7))


def test_the_token_travels_in_the_header_and_shows_nowhere() -> None:
    server = Server(httpx.ReadTimeout)
    transport = server.transport

    with pytest.raises(OutcomeUnknownError) as caught:
        transport.send(POST)

    assert server.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(vars(transport))


@pytest.mark.parametrize(
    ("base_url", "message"),
    [
        ("http://api.stitchdata.com", "unencrypted"),
        ("http://192.168.0.7:80", "unencrypted"),
        ("api.stitchdata.com", "not a base URL"),
        ("ftp://127.0.0.1", "not a base URL"),
        ("https://", "not a base URL"),
        ("http://a:b", "not a URL"),
    ],
)
def test_a_base_url_that_would_leak_the_token_is_refused(base_url: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        checked_base_url(base_url)


@pytest.mark.parametrize(
    "base_url", ["http://127.0.0.1:80", "http://localhost:1", "http://[::1]:2", "http://127.9.9.9"]
)
def test_this_machine_may_be_asked_over_http(base_url: str) -> None:
    assert is_loopback(base_url)
    assert checked_base_url(base_url + "/") == base_url


def test_an_attacker_cannot_look_like_this_machine() -> None:
    assert not is_loopback("http://127.0.0.1.example.com")
    assert not is_loopback("http://localhost.example.com")


def test_a_request_is_defined_without_being_sent() -> None:
    sent: Callable[[], requests.Request[None]] = lambda: requests.stop_job(7)  # noqa: E731

    assert (sent().method, sent().path, sent().is_repeatable) == ("DELETE", "/v4/sources/7/sync", True)


def test_a_closed_client_says_so_and_sends_nothing() -> None:
    server = Server(good())
    transport = server.transport
    transport.close()
    with pytest.raises(TransportError, match=r"GET /v4/sources was not sent: this client is closed\."):
        transport.send(GET)
    assert server.asked == []
