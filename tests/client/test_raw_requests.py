"""A request is sent by its method and path as the API documents it, by every kind of client."""

import gzip
from pathlib import Path
from typing import Any

import httpx
import pytest
from both_modes import MODES, URL, answering, call, push
from endpoint_cases import CASES, CHECK, DESTINATION, EXTRACTION, IMPORT_CASES, SOURCE, Case, page

from stitchnb.api.endpoints import ENDPOINTS, find
from stitchnb.client import Client, ConnectionCheck, Destination, Job, RecordList, Source
from stitchnb.client.pages import Page
from stitchnb.errors import InvalidInputError, NotFoundError, OutcomeUnknownError, RateLimitReachedError
from stitchnb.models import Secret

ROOT = Path(__file__).resolve().parents[2]
EVERY = [*CASES, *IMPORT_CASES]


def test_every_listed_endpoint_is_known_and_no_other() -> None:
    told = [
        [part.strip(" `") for part in line.split("|")[1:3]]
        for line in (ROOT / "notebooks" / "pages" / "endpoints.md").read_text("utf-8").splitlines()
        if line.startswith(
            ("| `GET /v", "| `GET /n", "| `POST /v", "| `POST /n", "| `PUT /", "| `DELETE /v", "| `DELETE /n")
        )
    ]

    assert sorted(f"{one.method} {one.path}: {one.summary}" for one in ENDPOINTS) == sorted(
        f"{where}: {what}" for where, what in told
    )
    assert len(ENDPOINTS) == 40


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", EVERY, ids=[case[0] for case in EVERY])
def test_written_out_it_is_sent_and_read_as_by_its_method(mode: str, case: Case) -> None:
    name, act, asked, sent, answer, of, value = case
    method, _, target = asked.partition(" ")
    is_import = target.startswith("/v2/import")

    def request(client: Any) -> Any:
        return client.request(method, target, body=sent, typed=True)

    by_method, by_hand = answering(answer), answering(answer)
    send = push if is_import else call
    send(mode, by_method, act)
    found = send(mode, by_hand, request)

    one, other = by_hand.asked[0], by_method.asked[0]
    assert (one.method, one.url, one.content) == (other.method, other.url, other.content)
    assert one.headers.get("Authorization") == other.headers.get("Authorization")
    # A page is one of many for the method, which goes through all.
    if not isinstance(found, Page) and "destination_id=" not in target:
        assert of(found) == value, name


@pytest.mark.parametrize("mode", MODES)
def test_what_belongs_to_the_client_can_be_gone_on_with(mode: str) -> None:
    def of(method: str, path: str, answer: Any) -> Any:
        return call(mode, answering(answer), lambda c: c.request(method, path, typed=True))

    assert isinstance(of("GET", "/v4/sources/45612", SOURCE), Source)
    assert isinstance(of("GET", "/v4/destinations", [DESTINATION])[0], Destination)
    assert isinstance(of("POST", "/v4/sources/45612/sync", {"job_name": "1.45612.sync.a"}), Job)
    check = of("GET", "/v4/destinations/12345/last-connection-check", CHECK)
    assert isinstance(check, ConnectionCheck)
    assert check._destination_id == 12345
    sources = of("GET", "/v4/sources", [])
    assert isinstance(sources, RecordList)
    assert sources.to_frame().columns[0] == "id"
    assert of("GET", "/v4/116078/extractions?page=2", page(EXTRACTION)).total == 1


@pytest.mark.parametrize("mode", MODES)
def test_json_comes_as_it_is_but_for_tokens(mode: str) -> None:
    body = {"id": 1, "access_token": "at_secret", "deep": [{"client_secret": "s3cret"}], "next_page": "x"}
    found = call(mode, answering(body), lambda c: c.request("POST", "/v4/sources/1/tokens"))

    assert found == body
    assert isinstance(found["access_token"], Secret)
    assert "at_secret" not in f"{found}"
    assert "s3cret" not in f"{found}"
    assert found["access_token"].reveal() == "at_secret"


@pytest.mark.parametrize("mode", MODES)
def test_what_the_api_does_not_document_can_be_sent(mode: str) -> None:
    server = answering({"new": True})

    found = call(
        mode, server, lambda c: c.request("patch", "/v5/things?a=1", body={"b": 2}, params={"c": 3}, typed=True)
    )

    assert found == {"new": True}
    assert server.asked[0].method == "PATCH"
    assert str(server.asked[0].url) == f"{URL}/v5/things?a=1&c=3"


REFUSED = [
    ("https://evil.example.com/v4/sources", "another server"),
    ("//evil.example.com/v4/sources", "another server, without a scheme"),
    ("@evil.example.com/v4", "what would make the API's name a user's"),
    (":80@evil.example.com", "the same with a port"),
    ("v4/sources", "no slash"),
    ("", "nothing"),
    (None, "no text"),
    ("/v4/sources/../../v3", "a step up"),
    ("/v4/sources#x", "a fragment"),
    ("/v4/ sources", "a space"),
    ("/v4/sources\r\nX-Evil: 1", "a line break"),
    ("/v4\\sources", "a backslash"),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("path", "why"), REFUSED, ids=[case[1] for case in REFUSED])
def test_a_token_travels_to_no_other_place_than_the_api(mode: str, path: Any, why: str) -> None:
    server = answering([])

    with pytest.raises(InvalidInputError, match="not a path of the API"):
        call(mode, server, lambda c: c.request("GET", path))
    assert server.asked == []


def test_a_refused_address_is_shown_without_what_may_be_secret() -> None:
    with pytest.raises(InvalidInputError) as caught:
        call("sync", answering([]), lambda c: c.request("GET", "https://me:pw-secret@example.com/x?key=k-secret"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("method", ["", "GET /v4", None, "G\r\n"])
def test_a_method_is_letters(method: Any) -> None:
    with pytest.raises(InvalidInputError, match="needs a method"):
        call("sync", answering([]), lambda c: c.request(method, "/v4/sources"))


@pytest.mark.parametrize("mode", MODES)
def test_no_token_travels_where_another_one_belongs(mode: str) -> None:
    server = answering([])

    with pytest.raises(InvalidInputError, match="ImportClient"):
        call(mode, server, lambda c: c.request("POST", "/v2/import/push", body=[{}]))
    with pytest.raises(InvalidInputError, match="ImportClient"):
        call(mode, server, lambda c: c.request("GET", "/v2/import/not-documented"))
    with pytest.raises(InvalidInputError, match="the account's token"):
        push(mode, server, lambda c: c.request("GET", "/v4/sources"))
    assert server.asked == []


def test_a_request_that_creates_is_not_sent_twice_and_one_that_reads_is() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        raise httpx.ReadTimeout("played", request=request)

    asked: list[str] = []
    with Client("t", base_url=URL, transport=httpx.MockTransport(broken)) as client:
        client._transport._sleep = lambda seconds: None
        with pytest.raises(OutcomeUnknownError):
            client.request("POST", "/v4/sources", body={})
        with pytest.raises(OutcomeUnknownError):
            client.request("POST", "/v5/things", body={})
        assert asked == ["POST", "POST"]
        with pytest.raises(Exception, match="can be sent again"):
            client.request("GET", "/v4/sources")
    assert asked.count("GET") > 1


def test_it_keeps_the_limit_and_is_in_the_journal() -> None:
    with Client(
        "t", base_url=URL, rate_limit="raise", transport=httpx.MockTransport(answering(page(EXTRACTION)))
    ) as client:
        for _ in range(30):
            client.request("GET", "/v4/116078/loads?page=1")
        with pytest.raises(RateLimitReachedError):
            client.request("GET", "/v4/116078/extractions")
        assert len(client.journal) == 30
        assert client.journal[-1].path == "/v4/116078/loads?page=1"


def test_a_refusal_is_the_packages_error() -> None:
    with pytest.raises(NotFoundError, match="source not found"):
        call(
            "sync",
            answering({"error": "InvalidId", "data": {"message": "source not found (7)"}}, 400),
            lambda c: c.request("DELETE", "/v4/sources/7"),
        )


@pytest.mark.parametrize("body", [b"a line\n", gzip.compress(b"a line\n")], ids=["plain", "gzip"])
@pytest.mark.parametrize("typed", [True, False])
def test_a_log_comes_as_text(typed: bool, body: bytes) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        if request.url.host == "files.example.com":
            assert "Authorization" not in request.headers
            return httpx.Response(200, content=body)
        return httpx.Response(302, headers={"Location": "https://files.example.com/log"})

    path = "/v4/116078/extractions/116078.45612.sync.8a"
    assert call("sync", server, lambda c: c.request("GET", path, typed=typed)) == "a line\n"


def test_an_id_that_is_no_number_is_no_path_of_that_endpoint() -> None:
    assert find("GET", "/v4/sources/45612") is not None
    assert find("GET", "/v4/sources/abc") is None
    assert find("GET", "/v4/sources/") is None
    found = find("GET", "/v4/sources/1/streams/2")
    assert found is not None
    assert found[1] == {"source_id": "1", "stream_id": "2"}
