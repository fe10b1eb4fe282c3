"""Every endpoint is asked as it is documented, and its documented answer is read, by both kinds of client."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from both_modes import MODES, TOKEN, answering, call, push
from endpoint_cases import CASES, IMPORT_CASES, PERSON, PUSHED, ROW, SCHEMA, SOURCE, Case

from stitchnb.client import create_account, requests
from stitchnb.client.http import Transport
from stitchnb.errors import AuthenticationError, BadRequestError, InvalidInputError, NotFoundError
from stitchnb.models import NewAccount

WITHOUT_TOKEN = ["POST /v3/accounts", "GET /v2/import/status"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", [*CASES, *IMPORT_CASES], ids=[case[0] for case in [*CASES, *IMPORT_CASES]])
def test_it_is_asked_and_read_as_documented(mode: str, case: Case) -> None:
    _, act, asked, sent, answer, of, value = case
    server = answering(answer, 202 if "/v2/import/batch" in asked else 200)

    result = (push if "/v2/import" in asked else call)(mode, server, act)

    (request,) = server.asked
    assert f"{request.method} {request.url.raw_path.decode()}" == asked
    assert (json.loads(request.content) if request.content else None) == sent
    assert of(result) == value
    expected = None if asked in WITHOUT_TOKEN else f"Bearer {TOKEN}"
    assert request.headers.get("Authorization") == expected


def test_an_account_can_be_created_before_there_is_any_token() -> None:
    server = answering({"access_token": "at_new", "stitch_account_id": 1})

    account = create_account(
        partner_id="p",
        partner_secret="s",
        **PERSON,
        base_url="https://api.example.com",
        transport=httpx.MockTransport(server),
    )

    assert isinstance(account, NewAccount)
    assert "Authorization" not in server.asked[0].headers
    assert json.loads(server.asked[0].content)["region"] == "us"


def test_pausing_sends_the_present_time() -> None:
    server = answering({**SOURCE, "paused_at": "2020-03-20T16:06:19Z"})

    assert call("sync", server, lambda c: c.sources.pause(45612)).state == "paused"
    assert json.loads(server.asked[0].content)["paused_at"].endswith("Z")


def test_tokens_that_are_told_once_are_shown_nowhere() -> None:
    account = NewAccount.from_dict({"access_token": "at_secret", "stitch_account_id": 1, "plan": "x"})

    shown = f"{account!r}{account}{account._repr_html_()}{account.to_dict()}{vars(account)}{account.access_token}"

    assert "at_secret" not in shown
    assert account.access_token.reveal() == "at_secret"  # type: ignore[attr-defined]
    assert account.extra == {"plan": "x"}


NOT_SENT: list[tuple[Callable[[Any], Any], str, str]] = [
    (lambda c: c.sources.get("45612"), "no source id", "text for a number"),
    (lambda c: c.sources.get(True), "no source id", "a bool is an int in Python only"),
    (lambda c: c.destinations.delete(None), "no destination id", "nothing for a number"),
    (lambda c: c.destinations.update(12345, properties={}), "nothing to change", "an empty change"),
    (lambda c: c.notifications.hooks.create("http://x.example.com", destination_id=1), "https://", "unencrypted"),
    (lambda c: c.notifications.hooks.create("hooks.example.com", destination_id=1), "https://", "no scheme"),
    (lambda c: c.notifications.emails.delete("9"), "no email id", "text for a number"),
    (lambda c: c.import_tokens.delete(1, "2"), "no token id", "text for a number"),
    (lambda c: c.streams.update(1, []), "nothing to change", "no selection"),
    (lambda c: c.connection_checks.last(), "either the id", "neither source nor destination"),
    (lambda c: c.connection_checks.last(1, destination_id=2), "either the id", "both"),
    (lambda c: c.extractions.list("116078"), "no client id", "text for a number"),
    (
        lambda c: c.sources.create("platform.x", display_name="X", properties={"a": float("nan")}, validate=False),
        "not valid JSON",
        "JSON has no NaN",
    ),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("act", "message", "why"), NOT_SENT, ids=[case[2] for case in NOT_SENT])
def test_what_cannot_be_right_is_not_sent(mode: str, act: Callable[[Any], Any], message: str, why: str) -> None:
    server = answering([])

    with pytest.raises(InvalidInputError, match=message):
        call(mode, server, act)
    assert server.asked == []


NOT_PUSHED: list[tuple[Callable[[Any], Any], str]] = [
    (lambda c: c.batch("people", [], schema=SCHEMA), "nothing to push"),
    (lambda c: c.push([]), "nothing to push"),
    (lambda c: c.validate([{"sequence": 2**63}]), "sequence"),
    (lambda c: c.push([{**PUSHED, "sequence": "7"}]), "sequence"),
    (lambda c: c.batch("people", [{}], schema=SCHEMA, first_sequence=-1), "sequence"),
    (lambda c: c.batch("people", [{}], schema=SCHEMA, key_names="id"), "a list of names"),
]


@pytest.mark.parametrize(("act", "message"), NOT_PUSHED)
def test_rows_that_cannot_be_right_are_not_pushed(act: Callable[[Any], Any], message: str) -> None:
    server = answering({})

    with pytest.raises(InvalidInputError, match=message):
        push("sync", server, act)
    assert server.asked == []


def test_records_of_a_batch_are_in_the_order_they_were_given_in() -> None:
    server = answering({})

    push("sync", server, lambda c: c.batch("people", [{"id": 1}, {"id": 1}], schema=SCHEMA))

    first, second = json.loads(server.asked[0].content)["messages"]
    assert second["sequence"] == first["sequence"] + 1
    assert first["sequence"] > 10**18


REFUSALS: list[tuple[Callable[[Any], Any], int, Any, type[Exception], str]] = [
    (
        lambda c: c.account.create(partner_id="", partner_secret="s", **PERSON),
        400,
        {"code": "BadRequest", "message": "Invalid form data.", "errors": {"partner_id": "required"}},
        BadRequestError,
        r"Invalid form data\. \(partner_id: required\)",
    ),
    (lambda c: c.notifications.hooks.delete(1), 400, {"error": "NotFound"}, NotFoundError, "NotFound"),
    (lambda c: c.notifications.emails.delete(1), 404, {"status": "NOT FOUND"}, NotFoundError, "NOT FOUND"),
    (lambda c: c.extractions.log("1.2.sync.x"), 404, None, NotFoundError, "404"),
    (
        lambda c: c.destination_types.get("postgers"),
        404,
        [{"type": "postgres"}],
        InvalidInputError,
        "Did you mean 'postgres'",
    ),
    (lambda c: c.destinations.get(7), 200, [], InvalidInputError, "no destination 7"),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("act", "status", "body", "kind", "message"), REFUSALS)
def test_a_refusal_is_told_in_stitchs_words(
    mode: str, act: Callable[[Any], Any], status: int, body: Any, kind: type[Exception], message: str
) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        # The list that a mistyped name is looked up in is always there.
        code = 200 if request.url.path == "/v4/destination-types" else status
        return httpx.Response(code) if body is None else httpx.Response(code, json=body)

    with pytest.raises(kind, match=message):
        call(mode, server, act)


def test_a_paused_import_source_is_told_as_such() -> None:
    body = {"error": "Forbidden", "errors": {"error": "Connection is not active."}}

    with pytest.raises(AuthenticationError, match=r"Connection is not active\.(.|\n)*import_tokens\.create") as caught:
        push("sync", answering(body, 401), lambda c: c.push([PUSHED]))
    assert "STITCH_ACCESS_TOKEN" not in str(caught.value)


def test_rows_with_a_key_may_be_pushed_again_and_others_may_not() -> None:
    assert requests.import_batch({"table_name": "t", "key_names": ["id"]}).is_repeatable
    assert not requests.import_batch({"table_name": "t"}).is_repeatable
    assert requests.import_push([PUSHED]).is_repeatable
    assert not requests.import_push([PUSHED, ROW]).is_repeatable
    assert requests.import_validate([ROW]).is_repeatable


def test_a_transport_without_a_token_sends_none() -> None:
    server = answering([])
    Transport(None, "https://api.example.com", transport=httpx.MockTransport(server)).send(requests.list_sources())

    assert "Authorization" not in server.asked[0].headers
