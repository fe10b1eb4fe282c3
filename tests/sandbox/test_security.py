"""Nobody else gets in, and nothing that comes in a request reaches the machine's files."""

import hmac
import http.client
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import recurly_facts as recurly

from stitchnb.sandbox import Sandbox
from stitchnb.sandbox import sandbox as server
from stitchnb.sandbox.endpoints import Endpoint

_WATCHED = ("open", "os.", "shutil.", "sqlite3.connect", "tempfile.", "subprocess.", "import", "glob.", "pathlib.")
_touched: list[str] | None = None


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _touched is not None and event.startswith(_WATCHED):
        _touched.append(f"{event} {arguments!r}")


# There is no way to take an audit hook back: it is put in once, and looks only while it is asked to.
sys.addaudithook(_watch)


@pytest.fixture
def touched() -> Iterator[list[str]]:
    """What is done to files while the test runs, in this process."""
    global _touched
    _touched = []
    yield _touched
    _touched = None


@pytest.fixture
def endpoints(monkeypatch: pytest.MonkeyPatch) -> list[Endpoint]:
    """Every endpoint of the sandboxes that are made from here on, whatever is added to them."""
    found: list[Endpoint] = []
    build = server.build_app

    def watched(those: Any, **options: Any) -> Any:
        those = list(those)
        found.extend(those)
        return build(those, **options)

    monkeypatch.setattr(server, "build_app", watched)
    return found


def ask(sandbox: Sandbox, method: str, target: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
    """Send a request as it is, without the tidying that clients do."""
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=60)
    connection.putrequest(method, target, skip_host="Host" in headers, skip_accept_encoding=True)
    data = b"" if body is None else json.dumps(body).encode()
    given = {"Authorization": f"Bearer {sandbox.token.reveal()}", "Content-Length": str(len(data)), **headers}
    for name, value in given.items():
        connection.putheader(name, value)
    connection.endheaders(data)
    with connection.getresponse() as answer:
        found = answer.status, answer.read()
    connection.close()
    return found


# Each holds a word by which it is known again.
HOSTILE = {
    "../../intruder": "up and away",
    "..%2F..%2Fintruder": "the same, escaped",
    "..%5C..%5Cintruder": "as Windows writes it",
    "%2Fetc%2Fintruder": "from the root",
    "file:%2F%2F%2Fetc%2Fintruder": "as an address",
    "intruder%00.json": "cut short by a null",
    "~%2Fintruder": "at home",
    "%FFintruder": "no UTF-8",
}
PLAIN = ("../../intruder", "/etc/intruder", "file:///etc/intruder", "intruder\x00.json", "~/intruder", "$HOME/intruder")


@pytest.mark.parametrize("text", HOSTILE, ids=HOSTILE.values())
def test_no_path_of_a_request_reaches_a_file(
    text: str, tmp_path: Path, endpoints: list[Endpoint], touched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Sandbox(tmp_path / "acme.sandbox", pace_s=0) as sandbox:
        before = sorted(os.listdir(tmp_path))
        touched.clear()
        for endpoint in endpoints:
            target = endpoint.path.replace("{client_id}", str(sandbox.client_id))
            parts = [text if part.startswith("{") else part for part in target.split("/")]
            status, answer = ask(sandbox, endpoint.method, "/".join(parts) + f"?page={text}&source_id={text}")
            assert status < 500, (endpoint, status, answer)
        for prefix in ("", "/v4", "/_sandbox", "/static"):
            assert ask(sandbox, "GET", f"{prefix}/{text}")[0] == 404
        assert [event for event in touched if "intruder" in event] == []
        assert sorted(os.listdir(tmp_path)) == before


def bodies(text: str) -> Iterator[tuple[str, str, Any]]:
    properties = {**recurly.CREATE["properties"], "subdomain": text, "api_key": text}
    yield "POST", "/v4/sources", {**recurly.CREATE, "display_name": f"a{text}", "properties": properties}
    yield "POST", "/v4/sources", {**recurly.CREATE, "type": text}
    yield "POST", "/v4/destinations", {"type": text, "properties": {}}
    yield "POST", "/v4/destinations", {"type": "postgres", "name": text, "properties": {"host": text, "database": text}}
    yield "PUT", "/v4/sources/233312", {"display_name": text, "properties": {"subdomain": text}}
    yield "PUT", "/v4/sources/233312", {"paused_at": text}
    entry = {"breadcrumb": ["properties", text], "metadata": {"selected": True}}
    yield "PUT", "/v4/sources/233312/streams/metadata", {"streams": [{"tap_stream_id": text, "metadata": [entry]}]}
    yield "POST", "/_sandbox/snapshot", {"name": text}
    yield "POST", "/_sandbox/restore", {"name": text}
    yield "POST", "/_sandbox/faults", {"kind": "refuse", "times": 1, "path": f"/{text}"}
    yield "POST", "/_sandbox/faults", {"kind": "check", "times": 1, "message": text, "source_type": text}
    yield "POST", "/_sandbox/clock", {"now": text}


@pytest.mark.parametrize("text", PLAIN)
def test_nothing_in_a_body_reaches_a_file(
    text: str, tmp_path: Path, touched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Sandbox(tmp_path / "acme.sandbox", clock=recurly.NOON, pace_s=0) as sandbox:
        before = sorted(os.listdir(tmp_path))
        touched.clear()
        for method, path, body in bodies(text):
            status, answer = ask(sandbox, method, path, body)
            assert status < 500, (method, path, answer)
        for status, _ in (ask(sandbox, "POST", "/v4/sources/233312/sync"), ask(sandbox, "GET", "/_sandbox/snapshots")):
            assert status == 200
        sandbox.wait_idle()
        assert [event for event in touched if "intruder" in event] == []
        assert sorted(set(os.listdir(tmp_path)) - {"acme.sandbox.duckdb.wal"}) == sorted(
            set(before) - {"acme.sandbox.duckdb.wal"}
        )


def test_the_watch_sees_a_file_that_is_touched(tmp_path: Path, touched: list[str]) -> None:
    (tmp_path / "intruder").write_text("")

    assert any("intruder" in event for event in touched)


HOSTS = [
    ("127.0.0.1", 200, "this machine"),
    ("127.0.0.1:80", 200, "whatever port the client thinks that it is"),
    ("localhost:8888", 200, "by its name"),
    ("evil.example.com", 403, "a name that was made to point here"),
    ("127.0.0.1.evil.example.com", 403, "one that begins alike"),
    ("localhost.evil.example.com:80", 403, "one that begins alike"),
    ("evil.example.com:127.0.0.1", 403, "one that ends alike"),
    ("0.0.0.0", 403, "an address that some systems take for this machine's"),
    ("", 403, "none at all"),
]


@pytest.mark.parametrize(("host", "status", "why"), HOSTS)
def test_which_hosts_it_answers_to(sandbox: Sandbox, host: str, status: int, why: str) -> None:
    assert ask(sandbox, "GET", "/v4/sources", Host=host)[0] == status, why
    assert ask(sandbox, "GET", "/_sandbox", Host=host)[0] == status, why


def test_two_hosts_are_refused(sandbox: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.port)) as connection:
        connection.sendall(b"GET /v4/sources HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example.com\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", "http://127.0.0.1", ""])
def test_no_page_in_a_browser_is_answered(sandbox: Sandbox, origin: str) -> None:
    status, answer = ask(sandbox, "GET", "/v4/sources", Origin=origin)

    assert (status, json.loads(answer)) == (403, {"error": "the sandbox does not answer web pages"})


def test_no_page_gets_leave_to_ask(sandbox: Sandbox) -> None:
    headers = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "POST"}
    answer = httpx.options(f"{sandbox.url}/v4/sources", headers=headers)

    assert answer.status_code == 403
    assert [name for name in answer.headers if name.startswith("access-control")] == []


def test_every_endpoint_but_the_open_ones_asks_for_a_token(endpoints: list[Endpoint]) -> None:
    with Sandbox(pace_s=0) as sandbox:
        for endpoint in endpoints:
            if endpoint.auth != "none":
                status, _ = ask(
                    sandbox, endpoint.method, endpoint.path.replace("{", "").replace("}", ""), Authorization=""
                )
                assert status in (401, 403), endpoint
        open_ones = {
            (endpoint.method, endpoint.path.split("{")[0]) for endpoint in endpoints if endpoint.auth == "none"
        }
    assert open_ones <= {("POST", "/v3/accounts"), ("GET", "/v2/import/status"), ("GET", "/_sandbox/logs/")}, (
        "an endpoint that is open to everybody belongs on this list, with a reason for it"
    )


def test_tokens_are_compared_in_constant_time(
    sandbox: Sandbox, api: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    compare: Callable[[Any, Any], bool] = hmac.compare_digest

    def spy(one: Any, other: Any) -> bool:
        compared.append(len(one) - len(other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    for token in ("x", sandbox.token.reveal()[:-1], sandbox.token.reveal(), "ü", "x" * 5000):
        ask(sandbox, "GET", "/v4/sources", Authorization=f"Bearer {token}".encode().decode("latin-1"))

    # Equally long whatever was given: digests are compared, so that not even the length shows.
    assert compared == [0] * 5


def test_a_body_is_limited_however_it_is_sent(endpoints: list[Endpoint]) -> None:
    with Sandbox(pace_s=0) as sandbox, httpx.Client(base_url=sandbox.url) as api:
        api.headers["Authorization"] = f"Bearer {sandbox.token.reveal()}"
        for endpoint in endpoints:
            if endpoint.method in ("POST", "PUT") and endpoint.auth == "account":
                path = endpoint.path.replace("{", "").replace("}", "")
                chunks = (b" " * 65536 for _ in range(endpoint.body_limit // 65536 + 1))
                assert api.request(endpoint.method, path, content=chunks).status_code == 413, endpoint
                assert endpoint.body_limit <= 20 * 1024 * 1024


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b"", b"null", b"1e999", b'{"type": NaN}'])
def test_a_body_that_is_no_json_is_a_bad_request(api: httpx.Client, body: bytes) -> None:
    assert api.post("/v4/sources", content=body).status_code == 400
