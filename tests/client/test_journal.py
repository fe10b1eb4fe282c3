"""The journal tells what was asked and answered; pasted into a shell it asks again; no secret is in it."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import httpx
import pytest
from both_modes import MODES, TOKEN, URL, Plays, answering, call, push, sync_client
from hypothesis import given
from hypothesis import strategies as st

import stitchnb
from stitchnb.client import Client, ImportClient, requests
from stitchnb.client.journal import Redactor, Snippet, Variable
from stitchnb.errors import StitchError, TransportError
from stitchnb.models import ReportCard, Secret

KEY = "r3curly-key"
CARD = {
    "type": "platform.recurly",
    "details": {"access": True},
    "steps": [
        {
            "type": "form",
            "properties": [
                {"name": "api_key", "is_credential": True},
                {"name": "subdomain"},
                {"name": "odd_one", "is_credential": True},
                {"name": "quota_limit"},
            ],
        }
    ],
}
SOURCE = {"id": 7, "type": "platform.recurly", "report_card": CARD}
PROPERTIES = {"api_key": KEY, "subdomain": "acme", "odd_one": "harmless-looking", "quota_limit": "30"}


def learned() -> Redactor:
    redactor = Redactor()
    redactor.learn("/v4/source-types", [ReportCard(CARD)])
    return redactor


@pytest.mark.parametrize("mode", MODES)
def test_an_exchange_is_told(mode: str) -> None:
    clients: list[Any] = []

    call(mode, answering([{"id": 1}]), lambda c: clients.append(c) or c.sources.list())

    (exchange,) = clients[0].journal
    assert (exchange.method, exchange.path, exchange.status) == ("GET", "/v4/sources", 200)
    assert exchange.size == len('[{"id":1}]')
    assert exchange.duration_s >= 0
    assert exchange.error is None
    assert repr(clients[0].journal) == "Journal(1 exchange)"
    assert "GET /v4/sources: 200" in repr(exchange)


def test_every_attempt_is_told_with_its_query_and_why_there_was_no_answer() -> None:
    with sync_client(Plays(httpx.ReadTimeout, httpx.Response(503), httpx.Response(200, json={"data": []}))) as client:
        client._transport._sleep = lambda seconds: None
        client.loads.list(5)

        frame = client.journal.to_frame()
        assert frame["path"].tolist() == ["/v4/5/loads?page=1"] * 3
        assert frame["error"].fillna("").tolist() == ["ReadTimeout", "", ""]
        assert frame["status"].fillna(0).tolist() == [0, 503, 200]
        assert client.journal[-1].status == 200
        assert [one.status for one in client.journal[1:]] == [503, 200]
        client.journal.clear()
        assert len(client.journal) == 0


def test_an_empty_frame_has_the_columns_and_dtypes_of_a_full_one() -> None:
    with sync_client(answering([])) as client:
        empty = client.journal.to_frame()
        client.sources.list()
        assert client.journal.to_frame().dtypes.to_dict() == empty.dtypes.to_dict()
        assert "/v4/sources" in client.journal._repr_html_()


@pytest.mark.parametrize(("size", "kept"), [(0, 0), (3, 3), (100, 5)])
def test_only_the_last_ones_are_kept(size: int, kept: int) -> None:
    with sync_client(answering([]), journal_size=size) as client:
        for source_id in range(5):
            client.streams.list(source_id)
        assert [one.path for one in client.journal] == [f"/v4/sources/{n}/streams" for n in range(5)][5 - kept :]


def test_a_hundred_are_kept_by_default() -> None:
    with sync_client(answering([])) as client:
        for _ in range(101):
            client.sources.list()
        assert len(client.journal) == 100


SECRET: list[tuple[str, str, Any, str]] = [
    ("/v4/sources", "api_key", "k", "the report card says so"),
    ("/v4/sources", "odd_one", "k", "the report card says so, whatever it is called"),
    ("/v4/sources", "password", "k", "it is called so, though the card does not know it"),
    ("/v4/sources", "subdomain", "https://user:pass@example.com/", "a password within an address"),
    ("/v4/sources", "subdomain", "-----BEGIN RSA PRIVATE KEY-----\nx", "it looks so"),
    ("/v4/sources", "subdomain", Secret("k"), "the caller says so"),
    ("/v4/sources", "subdomain", ["sk_live_abc"], "within a list"),
    ("/v4/sources", "quota_limit", {"inner": {"client_secret": "k"}}, "deep within"),
]


@pytest.mark.parametrize(("path", "name", "value", "why"), SECRET, ids=[case[3] for case in SECRET])
def test_a_secret_is_replaced(path: str, name: str, value: Any, why: str) -> None:
    body = {"type": "platform.recurly", "display_name": "R", "properties": {name: value}}

    kept = learned().redacted(path, body)

    assert "Variable" not in repr(kept)
    assert "$RECURLY_" in repr(kept["properties"][name]), why
    assert kept["display_name"] == "R"


def test_what_is_no_secret_is_told() -> None:
    kept = learned().redacted("/v4/sources", {"type": "platform.recurly", "properties": PROPERTIES})

    assert kept["properties"] == {
        "api_key": Variable("RECURLY_API_KEY"),
        "subdomain": "acme",
        "odd_one": Variable("RECURLY_ODD_ONE"),
        "quota_limit": "30",
    }


def test_of_a_type_whose_report_card_never_came_every_value_is_a_secret() -> None:
    given_ = {"wsdl": "something", "start_date": "2025-09-01T00:00:00Z", "frequency_in_minutes": "60"}

    kept = Redactor().redacted("/v4/sources", {"type": "platform.new-one", "properties": given_})

    assert kept["properties"] == {**given_, "wsdl": Variable("NEW_ONE_WSDL")}


def test_a_change_is_judged_by_the_sources_own_report_card() -> None:
    redactor = Redactor()
    with sync_client(answering(SOURCE)) as client:
        redactor.learn("/v4/sources/7", client.send(requests.get_source(7)))

    assert redactor.redacted("/v4/sources/7", {"properties": PROPERTIES})["properties"]["subdomain"] == "acme"
    assert redactor.redacted("/v4/sources/8", {"properties": {"subdomain": "acme"}})["properties"] == {
        "subdomain": Variable("SOURCE_SUBDOMAIN")
    }


OTHERS: list[tuple[str, Any, Any, str]] = [
    (
        "/v3/accounts",
        {"partner_id": "p", "partner_secret": "s"},
        {"partner_id": "p", "partner_secret": Variable("STITCH_PARTNER_SECRET")},
        "a partner's secret",
    ),
    (
        "/notifications/public/v1/api/hooks",
        {"config": {"url": "https://hooks.example.com/services/T0AB12CD34/B0EF56GH78/abcDEF123456789012345"}},
        {"config": {"url": Variable("HOOK_URL")}},
        "a path that only the initiated know",
    ),
    (
        "/notifications/public/v1/api/hooks",
        {"config": {"url": "https://hooks.example.com/load?key=1"}},
        {"config": {"url": Variable("HOOK_URL")}},
        "a query may hold anything",
    ),
    (
        "/notifications/public/v1/api/hooks",
        {"config": {"url": "https://hooks.example.com/load"}},
        {"config": {"url": "https://hooks.example.com/load"}},
        "a plain address is none",
    ),
    (
        "/v4/sources/7/streams/metadata",
        {"streams": [{"tap_stream_id": "tokens", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}]},
        {"streams": [{"tap_stream_id": "tokens", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}]},
        "names of streams are none",
    ),
    (
        "/v4/destinations",
        {"type": "postgres", "properties": {"password": "a", "host": "h"}},
        {
            "type": "postgres",
            "properties": {"password": Variable("POSTGRES_PASSWORD"), "host": Variable("POSTGRES_HOST")},
        },
        "a destination's password",
    ),
    (
        "/v2/import/push",
        [{"data": {"password": "a"}}, {"data": {"password": "b"}}, {"data": {"password": "a"}}],
        [
            {"data": {"password": Variable("STITCH_PASSWORD")}},
            {"data": {"password": Variable("STITCH_PASSWORD_2")}},
            {"data": {"password": Variable("STITCH_PASSWORD")}},
        ],
        "different values have different names",
    ),
]


@pytest.mark.parametrize(("path", "body", "kept", "why"), OTHERS, ids=[case[3] for case in OTHERS])
def test_other_bodies_hold_no_secret_either(path: str, body: Any, kept: Any, why: str) -> None:
    assert Redactor().redacted(path, body) == kept


def test_no_secret_is_anywhere_in_the_journal() -> None:
    with sync_client(Plays(httpx.Response(200, json=CARD), httpx.Response(400, json="no"))) as client:
        with pytest.raises(StitchError):
            client.sources.create("platform.recurly", display_name="R", properties={"api_key": KEY}, validate=True)
        with pytest.raises(StitchError):
            client.sources.create("platform.other", display_name="R", properties={"foo": KEY}, validate=False)
        told = "".join(f"{one!r}{vars(one)}{one.as_curl()}{one.as_python()}" for one in client.journal)
        told += repr(client.journal) + client.journal._repr_html_() + client.journal.to_frame().to_string()

    assert KEY not in told
    assert TOKEN not in told
    assert '$STITCH_ACCESS_TOKEN"' in told


def test_a_large_body_is_not_kept() -> None:
    clients: list[Any] = []
    rows = [{"action": "upsert", "sequence": n, "data": {"text": "x" * 100}} for n in range(1000)]

    push("sync", answering({}), lambda c: clients.append(c) or c.push(rows))

    (exchange,) = clients[0].journal
    assert "xxxx" not in repr(vars(exchange))
    assert "--data-binary @body.json" in exchange.as_curl()
    assert "body.json" in exchange.as_python()
    compile(exchange.as_python(), "snippet", "exec")
    assert "$STITCH_IMPORT_TOKEN" in exchange.as_curl()


@pytest.fixture
def sandbox() -> Iterator[Any]:
    with stitchnb.Sandbox(clock="2026-03-20T12:00:00Z", pace_s=0) as made:
        yield made


FULL = {"start_date": "2025-09-01T00:00:00Z", "subdomain": "acme", "quota_limit": "30", "frequency_in_minutes": "60"}


def again(client: Client, write: Callable[[Any], str], run: Callable[[str, dict[str, str]], str]) -> str:
    """Write the last request down and have it sent by another program."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        "STITCH_ACCESS_TOKEN": client.sandbox.token.reveal(),
        "RECURLY_API_KEY": KEY,
    }
    return run(write(client.journal[-1]), environment)


def by_shell(line: str, environment: dict[str, str]) -> str:
    ran = subprocess.run(
        ["/bin/sh", "-c", f"{line} --silent --show-error"], env=environment, capture_output=True, text=True, check=True
    )
    return ran.stdout


def by_python(program: str, environment: dict[str, str]) -> str:
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return ran.stdout.partition(" ")[2]


@pytest.fixture
def curl(unavailable: Callable[[str], NoReturn]) -> None:
    """The program; without it the test is skipped, and in the gate fails."""
    if shutil.which("curl") is None:
        unavailable("Pasting a line needs curl. To install it: apt-get install curl")


WAYS = [
    pytest.param(lambda e: e.as_curl(), by_shell, id="curl"),
    pytest.param(lambda e: e.as_python(), by_python, id="python"),
]


@pytest.mark.parametrize(("write", "run"), WAYS)
def test_pasted_elsewhere_it_does_the_same_again(
    sandbox: Any, write: Any, run: Any, request: pytest.FixtureRequest
) -> None:
    if run is by_shell:
        request.getfixturevalue("curl")
    client = sandbox.client()
    name = """It's "quoted" $HOME `id` \\ ü"""
    created = client.sources.create("platform.recurly", display_name="Recurly", properties={**FULL, "api_key": KEY})
    assert json.loads(again(client, lambda e: write(e).replace("Recurly", "Other"), run))["name"] == "other"
    client.sources.update(created.id, display_name=name)
    assert json.loads(again(client, write, run))["display_name"] == name
    client.loads.list()
    assert json.loads(again(client, write, run))["data"] == []
    client.sources.delete(created.id)
    told = json.loads(again(client, write, run))
    assert told["error"] == "InvalidId", "it was deleted before"


@pytest.mark.usefixtures("curl")
def test_a_source_created_by_the_pasted_line_has_the_credential(sandbox: Any) -> None:
    client = sandbox.client()
    client.sources.create("platform.recurly", display_name="Recurly", properties={**FULL, "api_key": "bad-key"})

    line = client.journal[-1].as_curl().replace("Recurly", "Other")
    assert "$RECURLY_API_KEY" in line
    told = json.loads(
        by_shell(
            line,
            {
                "PATH": os.environ["PATH"],
                "HOME": os.environ["HOME"],
                "STITCH_ACCESS_TOKEN": sandbox.token.reveal(),
                "RECURLY_API_KEY": "good",
            },
        )
    )

    assert client.sources.get(told["id"]).check().wait().succeeded


TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=30)
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS | st.builds(Variable, st.sampled_from(["A", "B_C"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def filled(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, Variable):
        return values[value.name]
    if isinstance(value, dict):
        return {key: filled(inner, values) for key, inner in value.items()}
    return [filled(inner, values) for inner in value] if isinstance(value, list) else value


@given(body=BODIES.filter(lambda body: body is not None))
def test_any_body_survives_the_shells_quoting_and_pythons(body: Any) -> None:
    snippet = Snippet("POST", f"{URL}/it's", "T", body)
    words = shlex.split(snippet.curl().replace('"$A"', "first").replace('"$B_C"', "second"))
    sent: list[Any] = []
    values = {"A": "first", "B_C": "second"}

    assert words[3] == f"{URL}/it's"
    if not any(text in json.dumps(filled(body, {"A": "", "B_C": ""})) for text in ("$A", "$B_C")):
        assert json.loads(words[words.index("--data-raw") + 1]) == filled(body, values)
    program = snippet.python().replace("httpx.request(", "request(").replace("import httpx\n", "").replace("print", "#")
    scope = {"request": lambda method, url, **options: sent.append(options["json"])}
    program = program.replace("import os\n", "").replace("os.environ", "environ")
    exec(program, {**scope, "environ": {**values, "T": "t"}})
    assert sent == [filled(body, values)]


def test_a_log_is_written_down_so_that_it_is_followed() -> None:
    answers = Plays(httpx.Response(302, headers={"Location": "https://logs.example.com/x?sig=1"}), httpx.Response(200))
    with sync_client(answers) as client:
        client.extractions.log("1.2.sync.x")
        (exchange,) = client.journal

    assert "--location" in exchange.as_curl()
    assert "follow_redirects=True" in exchange.as_python()
    assert "sig=1" not in repr(vars(exchange))


def test_what_needs_no_token_is_written_down_without_one() -> None:
    with ImportClient(TOKEN, base_url=URL, transport=httpx.MockTransport(answering({}))) as importer:
        importer.status()
        assert importer.journal[0].as_curl() == f"curl --request GET {URL}/v2/import/status"


def test_a_failed_connection_is_in_the_journal() -> None:
    with sync_client(Plays(httpx.ConnectError)) as client:
        client._transport._sleep = lambda seconds: None
        with pytest.raises(TransportError):
            client.sources.list()
        assert [one.error for one in client.journal] == ["ConnectError"] * 4
