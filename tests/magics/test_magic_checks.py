"""A request is held against the documentation, the report card and the streams before it is sent."""

import json
from typing import Any

import pytest
from magic_shell import KEY, Shell, sent

from stitchnb.api.endpoints import ENDPOINTS
from stitchnb.client import Source
from stitchnb.client.requests import parse
from stitchnb.errors import InvalidInputError, InvalidValuesError
from stitchnb.magics.bodies import body_errors
from stitchnb.magics.validate import below_host, field_errors, refuse_undocumented
from stitchnb.models import StreamSchema
from stitchnb.rules.selection.columns import FieldColumns

HOOKS, EMAILS = "/notifications/public/v1/api/hooks", "/notifications/public/v1/api/custom-emails"
ROW = {"action": "upsert", "sequence": 1, "data": {"id": 1}}
BATCH = {"table_name": "t", "schema": {}, "messages": [ROW]}
PUSHED = {"client_id": 1, "table_name": "t", "key_names": ["id"], **ROW}
PERSON = {"first_name": "A", "last_name": "B", "company": "C", "email": "a@example.com", "region": "us"}

PATHS = [
    ("GET", "/v4/source", "Did you mean /v4/sources", "a path that is nearly one"),
    ("GET", "/v4/sources/", "/v4/sources/{source_id} takes a number for source_id, and it is empty", "an id left out"),
    ("GET", "/sources", "Did you mean /v4/sources", "the version left out"),
    ("GET", "/v4/source/7/streams", "/v4/sources/7/streams", "near, with its own id"),
    ("GET", "/nothing/like/it", "The API documents no /nothing/like/it. Tab", "nothing near"),
    ("PUT", "/v4/sources", "/v4/sources takes GET and POST, not PUT", "another method"),
    ("PATCH", "/v4/sources", "There are GET, POST, PUT and DELETE", "a method that there is not"),
    ("GTE", "/v4/sources", "Did you mean GET", "a mistyped method"),
    ("GET", "/v4/sources/abc", "takes a number for source_id, and 'abc' is none", "a name for an id"),
    ("GET", "/v4/sources/12.0", "'12.0' is none", "a number of a column with gaps"),
    ("GET", "/v4/sources/7/streams/accounts", "takes a number for stream_id, and 'accounts'", "a stream's name"),
    ("GET", "/v4/client/loads", "takes a number for client_id", "a word for the account's id"),
    ("GET", "/v4/sources/{source_id}", "'{source_id}' is none", "the documentation's own name"),
    ("GET", "/v4/sources?page=2", "GET /v4/sources has no 'page' in its query: it takes none", "no query"),
    ("GET", "/v4/7/loads?pages=2", "it takes page", "another query"),
    ("GET", "/v4/7/loads?page=two", "takes a number", "no number in the query"),
    ("GET", "/v4/destinations?source_id=1&source_id=2", "twice", "a name twice in the query"),
    ("POST", "/v4/sources", "needs a body", "no body"),
]


@pytest.mark.parametrize(("method", "target", "message", "why"), PATHS, ids=[case[3] for case in PATHS])
def test_what_the_api_does_not_document_is_told(method: str, target: str, message: str, why: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        refuse_undocumented(parse(method, target), target.partition("?")[2])
    assert message in str(caught.value)


def test_a_body_that_is_of_no_use_is_told() -> None:
    with pytest.raises(InvalidInputError, match="takes no body"):
        refuse_undocumented(parse("POST", "/v4/sources/7/sync", body={}), "")


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=[f"{one.method} {one.path}" for one in ENDPOINTS])
def test_every_documented_request_is_let_through(endpoint: Any) -> None:
    path = endpoint.path.replace("{source_type}", "platform.x").replace("{destination_type}", "postgres")
    path = path.replace("{job_name}", "1.2.sync.a")
    for name in endpoint.parameters:
        path = path.replace(f"{{{name}}}", "7")
    query = "&".join(f"{name}=1" for name in endpoint.schema.query)

    request = parse(endpoint.method, f"{path}?{query}", body={} if endpoint.has_body else None)

    assert request.endpoint is endpoint
    refuse_undocumented(request, query)


HOSTS = [
    ("https://api.stitchdata.com/v4/sources?page=1", "/v4/sources?page=1"),
    ("https://api.eu-central-1.stitchdata.com/v4/sources", "/v4/sources"),
    ("api.stitchdata.com/v4/sources", "/v4/sources"),
    ("http://127.0.0.1:8080/v4/sources", "/v4/sources"),
    ("http://localhost/v4/sources", "/v4/sources"),
    ("https://stitch.example.com/v4/sources", "/v4/sources"),
    ("v4/sources", "/v4/sources"),
    ("/v4/sources", "/v4/sources"),
    ("https://api.stitchdata.com", "/"),
]


@pytest.mark.parametrize(("target", "path"), HOSTS)
def test_of_an_address_the_path_counts(target: str, path: str) -> None:
    assert below_host(target, "https://stitch.example.com") == path


@pytest.mark.parametrize(
    "target",
    [
        *("https://evil.example.com/v4/sources", "evil.example.com/v4/sources", "https://api.stitchdata.com@evil.com/"),
        *("https://api.stitchdata.com.evil.com/v4", "http://[::2]/v4", "https:///v4", "https://api.stitchdata.com:x/"),
    ],
)
def test_an_address_of_somebody_elses_is_refused(target: str) -> None:
    with pytest.raises(InvalidInputError):
        below_host(target, "https://stitch.example.com")


GOOD: list[tuple[str, str, Any]] = [
    ("POST", "/v4/sources", {"type": "platform.x", "display_name": "X"}),
    ("POST", "/v4/sources", {"type": "platform.x", "display_name": "X", "properties": {"a": "b"}, "destination_id": 1}),
    ("PUT", "/v4/sources/{source_id}", {"paused_at": None}),
    ("PUT", "/v4/sources/{source_id}", {"paused_at": "2020-03-20T16:06:19Z"}),
    ("PUT", "/v4/sources/{source_id}/streams/metadata", {"streams": [{"tap_stream_id": "a", "metadata": [
        {"breadcrumb": [], "metadata": {"selected": True}}]}]}),
    ("POST", "/v4/destinations", {"type": "postgres", "properties": {"port": 5432}, "ignore_unmapped_sources": True}),
    ("PUT", "/v4/destinations/{destination_id}", {"properties": {}}),
    ("POST", EMAILS, {"email_address": "a@example.com"}),
    ("PUT", f"{EMAILS}/{{id}}", {"disabled_at": None}),
    ("POST", HOOKS, {"type": "post_load", "destination_id": 1, "config": {"url": "https://x.example.com"}}),
    ("PUT", f"{HOOKS}/{{id}}", {"enable": False}),
    ("POST", "/v3/accounts", {"partner_id": "p", "partner_secret": "s", **PERSON}),
    ("POST", "/v2/import/batch", {**BATCH, "key_names": ["id"]}),
    ("POST", "/v2/import/push", [PUSHED]),
    ("POST", "/v2/import/validate", [PUSHED]),
    ("POST", "/v2/import/validate", BATCH),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), GOOD, ids=[f"{n} {c[0]} {c[1]}" for n, c in enumerate(GOOD)])
def test_a_documented_body_is_let_through(method: str, path: str, body: Any) -> None:
    assert body_errors(method, path, body) == {}


def test_every_endpoint_with_a_body_has_a_documented_one() -> None:
    with_body = {(one.method, one.path) for one in ENDPOINTS if one.has_body}

    assert with_body == {(method, path) for method, path, _ in GOOD}
    assert [one for one in with_body if body_errors(*one, 7) == {}] == []


BAD: list[tuple[str, str, Any, str, str]] = [
    ("POST", "/v4/sources", {"type": "x"}, "display_name", "Required"),
    ("POST", "/v4/sources", {"type": "", "display_name": "X"}, "type", "not empty"),
    (
        "POST",
        "/v4/sources",
        {"type": "x", "display_name": "X", "propertys": {}},
        "propertys",
        "Did you mean properties",
    ),
    ("POST", "/v4/sources", {"type": "x", "display_name": "X", "properties": []}, "properties", "an object"),
    (
        "POST",
        "/v4/sources",
        {"type": "x", "display_name": "X", "destination_id": "1"},
        "destination_id",
        "without quotes",
    ),
    ("POST", "/v4/sources", {"type": "x", "display_name": "X", "destination_id": True}, "destination_id", "an id"),
    ("PUT", "/v4/sources/{source_id}", {}, "body", "nothing to change"),
    ("PUT", "/v4/sources/{source_id}", {"type": "x"}, "type", "Unknown property"),
    ("PUT", "/v4/sources/{source_id}", {"paused_at": "now"}, "paused_at", "a time"),
    ("PUT", "/v4/sources/{source_id}", {"paused_at": True}, "paused_at", "a time"),
    ("PUT", "/v4/sources/{source_id}/streams/metadata", {"streams": []}, "streams", "at least one"),
    ("PUT", "/v4/sources/{source_id}/streams/metadata", {"streams": [{"metadata": []}]}, "streams", "tap_stream_id"),
    (
        "POST",
        "/v4/destinations",
        {"type": "x", "ignore_unmapped_sources": "true"},
        "ignore_unmapped_sources",
        "true or",
    ),
    ("PUT", "/v4/destinations/{destination_id}", {"type": "x", "properties": {}}, "type", "Unknown property"),
    ("POST", EMAILS, {"email_address": "somebody"}, "email_address", "e-mail"),
    ("PUT", f"{HOOKS}/{{id}}", {"enable": "no"}, "enable", "true or false"),
    ("POST", HOOKS, {"type": "pre", "destination_id": 1, "config": {"url": "https://x"}}, "type", "post_load"),
    ("POST", HOOKS, {"type": "post_load", "destination_id": 1, "config": {"url": "http://x"}}, "config", "https://"),
    ("POST", "/v3/accounts", {**PERSON, "partner_id": "p"}, "partner_secret", "Required"),
    ("POST", "/v3/accounts", {**PERSON, "region": "mars"}, "region", '"us" or "eu"'),
    ("POST", "/v2/import/batch", {**BATCH, "messages": [{**ROW, "sequence": "1"}]}, "messages", "[0].sequence"),
    ("POST", "/v2/import/batch", {**BATCH, "key_names": "id"}, "key_names", "list of names"),
    ("POST", "/v2/import/push", [PUSHED, ROW], "body", "[1].client_id"),
    ("POST", "/v2/import/push", [], "body", "at least one"),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "name", "message"), BAD, ids=[f"{n} {c[0]} {c[1]} {c[3]}" for n, c in enumerate(BAD)]
)
def test_a_body_that_cannot_be_right_is_told_by_its_name(
    method: str, path: str, body: Any, name: str, message: str
) -> None:
    assert message in body_errors(method, path, body)[name]


def refused(shell: Shell, line: str, body: Any) -> dict[str, str]:
    """Give what is wrong with a request that must not be sent."""
    before = len(sent(shell))
    error = shell.error(f"%%connect {line}\n{json.dumps(body)}")
    assert isinstance(error, InvalidValuesError)
    assert [one for one in sent(shell)[before:] if not one.startswith("GET ")] == []
    return error.errors


def test_a_new_sources_properties_are_held_against_its_report_card(shell: Shell) -> None:
    properties = {"api_key": KEY, "quota_limit": "many", "start_date": "2018-01-10", "sub_domain": "acme"}

    errors = refused(
        shell, "POST /v4/sources", {"type": "platform.recurly", "display_name": "###", "properties": properties}
    )

    assert set(errors) == {"display_name", "start_date", "subdomain", "quota_limit", "sub_domain"}
    assert errors["quota_limit"].startswith("Expected a whole number, such as 30.")


def test_a_changed_sources_properties_are_held_against_its_report_card(shell: Shell, source: Source) -> None:
    assert set(refused(shell, "PUT /v4/sources/{source.id}", {"properties": {"quota_limit": "x"}})) == {"quota_limit"}
    assert set(refused(shell, "PUT /v4/sources/{source.id}", {"display_name": " "})) == {"display_name"}
    changed = shell.run('%%connect PUT /v4/sources/{source.id}\n{"properties": {"quota_limit": "40"}}')
    assert changed.properties["quota_limit"] == "40"
    assert shell.run('%%connect PUT /v4/sources/{source.id}\n{"paused_at": "2026-03-20T12:00:00Z"}').state == "paused"


def test_destinations_are_held_against_their_report_cards(shell: Shell) -> None:
    assert "host" in refused(shell, "POST /v4/destinations", {"type": "postgres"})
    assert "Did you mean 'postgres'" in str(shell.error('%%connect POST /v4/destinations\n{"type": "postgress"}'))
    destinations = shell.run("%connect GET /v4/destinations")
    shell.names["destination_id"] = destinations["id"][0]
    assert refused(shell, "PUT /v4/destinations/{destination_id}", {"properties": {"nothing": "x"}})


METADATA: list[tuple[list[dict[str, Any]], str, str]] = [
    ([{"breadcrumb": ["properties", "emal"], "metadata": {"selected": True}}], "accounts.emal", "'email'"),
    ([{"breadcrumb": [], "metadata": {"table-key-properties": ["a"]}}], "accounts", "cannot be written"),
    ([{"breadcrumb": [], "metadata": {"replication-method": "SOMETIMES"}}], "accounts", "replication method"),
    ([{"breadcrumb": [], "metadata": {"replication-method": 1}}], "accounts", "takes a text"),
    ([{"breadcrumb": [], "metadata": {"view-key-properties": "id"}}], "accounts", "a list of names"),
    ([{"breadcrumb": [], "metadata": {"selected": "true", "x": 1}}], "accounts", "without quotes. x cannot be written"),
    ([{"breadcrumb": ["properties", "email"], "metadata": {"inclusion": "automatic"}}], "accounts.email", "inclusion"),
]


@pytest.mark.parametrize(
    ("metadata", "where", "message"), METADATA, ids=[f"{n} {c[2]}" for n, c in enumerate(METADATA)]
)
def test_a_selection_is_held_against_the_sources_streams(
    shell: Shell, source: Source, metadata: list[dict[str, Any]], where: str, message: str
) -> None:
    body = {"streams": [{"tap_stream_id": "accounts", "metadata": metadata}]}

    assert message in refused(shell, "PUT /v4/sources/{source.id}/streams/metadata", body)[where]


def test_a_stream_that_there_is_not_is_told_with_the_near_ones(shell: Shell, source: Source) -> None:
    entry = {"breadcrumb": [], "metadata": {"selected": True}}
    body = {"streams": [{"tap_stream_id": "account", "metadata": [entry]}]}

    errors = refused(shell, "PUT /v4/sources/{source.id}/streams/metadata", body)

    assert "Did you mean 'accounts'" in errors["account"]


def test_of_a_source_that_there_is_not_stitch_says_so(shell: Shell) -> None:
    error = shell.error('%%connect PUT /v4/sources/7\n{"properties": {"a": "b"}}')

    assert "PUT /v4/sources/7 was refused" in str(error)


def test_a_type_that_the_account_may_not_use_is_told(shell: Shell) -> None:
    error = shell.error('%%connect POST /v4/sources\n{"type": "hubspot", "display_name": "HubSpot"}')

    assert isinstance(error, InvalidInputError)
    assert "may not use source type 'hubspot'" in str(error)
    assert "POST /v4/sources" not in sent(shell)


def test_a_field_that_the_source_cannot_deliver_is_not_selected() -> None:
    metadata = {"inclusion": "unsupported", "unsupported-description": "Unsupported data type money"}
    schema = StreamSchema(
        {
            "schema": json.dumps({"type": "object", "properties": {"price": {}}}),
            "metadata": [{"breadcrumb": ["properties", "price"], "metadata": metadata}],
        }
    )
    entry = {"breadcrumb": ["properties", "price"], "metadata": {"selected": True}}

    ((where, told),) = field_errors("orders", FieldColumns(schema), [entry])

    assert where == "orders.price"
    assert "Unsupported data type money" in told
