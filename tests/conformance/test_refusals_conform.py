"""Every documented refusal, word for word in plain HTTP, and as the client tells it."""

import json
import re
from typing import Any

import documented
import httpx
import pytest
import refusals
from refusals import Row

from stitchnb.client import Client
from stitchnb.client.requests import Request
from stitchnb.errors import APIError
from stitchnb.sandbox import Sandbox


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Row:
    found: Row = request.param
    return found


class Filled:
    """Fills in what a row only names, from the fixture of that name."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request

    def _value(self, match: re.Match[str]) -> str:
        return str(documented.CLIENT_ID if match[1] == "client_id" else self._request.getfixturevalue(match[1]))

    def __call__(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self(inner) for inner in value]
        if not isinstance(value, str) or len(value) > 1000:
            return value
        filled = re.sub(r"\{(\w+)\}", self._value, value)
        return int(filled) if re.fullmatch(r"\{\w+_id\}", value) else filled


def holds(body: Any, told: Any) -> bool:
    """Is this the documented body? Where `told` has ... nothing is documented."""
    if told is ...:
        return True
    if isinstance(told, dict):
        return isinstance(body, dict) and body.keys() == told.keys() and all(holds(body[k], told[k]) for k in told)
    return type(body) is type(told) and bool(body == told)


@pytest.mark.parametrize(
    ("row", "sandbox"),
    [(row, dict(row.sandbox)) for row in refusals.ROWS],
    ids=[row.name for row in refusals.ROWS],
    indirect=True,
)
def test_it_is_refused_word_for_word_on_both_sides(row: Row, sandbox: Sandbox, request: pytest.FixtureRequest) -> None:
    filled = Filled(request)
    method, path = filled(row.endpoint).split(" ", 1)
    token = sandbox.token.reveal() if row.token is ... else filled(row.token)
    body, told = filled(row.body), filled(row.told)
    if row.needs:
        request.getfixturevalue(row.needs)

    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = httpx.request(method, f"{sandbox.url}{path}", json=body, headers=headers)
    assert answer.status_code == row.status
    assert holds(answer.json(), told), answer.text

    with Client(token or "none", base_url=sandbox.url) as client, pytest.raises(APIError) as caught:
        client.send(Request(method, path, lambda read: read, json=body, with_token=token is not None))
    error = caught.value
    assert type(error) is row.kind
    assert (error.status_code, error.method, error.body) == (row.status, method, answer.json())
    assert error.path == path.partition("?")[0] or error.path == path
    for words in words_of(told):
        assert words in str(error), "the client passes on what Stitch says"


def words_of(told: Any) -> list[str]:
    """The sentences of a documented body."""
    if isinstance(told, str):
        return [told] if " " in told else []
    parts = told.values() if isinstance(told, dict) else ()
    return [words for part in parts for words in words_of(part)]


def test_what_is_no_json_is_refused_by_the_import_api(sandbox: Sandbox, import_token: str) -> None:
    headers = {"Authorization": f"Bearer {import_token}", "Content-Type": "text/csv"}

    answer = httpx.post(f"{sandbox.url}/v2/import/batch", content="id,name", headers=headers)

    assert answer.status_code == 415
    assert isinstance(json.loads(answer.text), str)


def test_no_refusal_leaves_anything_behind(sandbox: Sandbox, api: httpx.Client) -> None:
    for row in refusals.ROWS:
        if row.endpoint in ("POST /v4/sources", "POST /v4/destinations") and not row.needs and not row.sandbox:
            api.request(*row.endpoint.split(" "), json=row.body)

    assert api.get("/v4/sources").json() == []
    assert len(api.get("/v4/destinations").json()) == 1
