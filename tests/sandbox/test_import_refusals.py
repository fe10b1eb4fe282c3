"""The Import API: what is refused is refused word for word, and is nowhere."""

from typing import Any

import httpx
import pytest
from import_requests import BMO, FINN, HIGHEST, answered, assert_nothing_landed, batch, message, people, pushed

from stitchnb.sandbox import Sandbox


@pytest.mark.parametrize("what", ["batch", "push", "validate"])
@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic x", "Bearer \xe9"])
def test_a_bad_token_is_refused_word_for_word(
    gate: httpx.Client, sandbox: Sandbox, api: httpx.Client, what: str, authorization: str
) -> None:
    headers = [(b"Authorization", authorization.encode("latin-1"))]
    answer = gate.post(f"/v2/import/{what}", json=batch(message(FINN)), headers=headers)

    assert answered(answer) == (401, {"message": "Not Authorized"})
    assert_nothing_landed(sandbox, api)


def test_the_accounts_token_and_a_revoked_one_are_refused(
    gate: httpx.Client, api: httpx.Client, importing: dict[str, Any]
) -> None:
    assert api.post("/v2/import/batch", json=batch(message(FINN))).status_code == 401
    (token_id,) = api.get(f"/v4/sources/{importing['id']}/tokens").json()
    api.delete(f"/v4/sources/{importing['id']}/tokens/{token_id}")

    assert answered(gate.post("/v2/import/batch", json=batch(message(FINN)))) == (401, {"message": "Not Authorized"})


@pytest.mark.parametrize("what", ["batch", "push", "validate"])
def test_a_source_that_is_not_active_is_refused_word_for_word(
    gate: httpx.Client, api: httpx.Client, sandbox: Sandbox, importing: dict[str, Any], what: str
) -> None:
    forbidden = (401, {"error": "Forbidden", "errors": {"error": "Connection is not active."}})
    path, url = f"/v4/sources/{importing['id']}", f"/v2/import/{what}"
    body: Any = [pushed(FINN)] if what == "push" else batch(message(FINN))

    api.put(path, json={"paused_at": "2020-01-01T00:00:00Z"})
    assert answered(gate.post(url, json=body)) == forbidden
    assert_nothing_landed(sandbox, api)

    api.put(path, json={"paused_at": None})
    assert gate.post(url, json=body).status_code in (200, 201)

    api.delete(path)
    assert answered(gate.post(url, json=body)) == forbidden


@pytest.mark.parametrize("what", ["batch", "push", "validate"])
@pytest.mark.parametrize(
    ("content", "media_type", "why"),
    [
        (b"id,name\n1,Finn\n", "text/csv", "something else"),
        (b"{}", "text/plain", "JSON by another name"),
        (b"{}", "application/transit+json", "transit"),
        (b"{", "application/json", "broken JSON"),
        (b"", "application/json", "nothing"),
        (b'{"table_name": NaN}', "application/json", "a number that JSON has not"),
        (b"[" * 100_000, "application/json", "lists without end"),
    ],
)
def test_what_is_no_json_is_refused(gate: httpx.Client, what: str, content: bytes, media_type: str, why: str) -> None:
    answer = gate.post(f"/v2/import/{what}", content=content, headers={"Content-Type": media_type})

    assert answered(answer) == (415, "Content-Type must be application/json"), why


@pytest.mark.parametrize("what", ["batch", "push", "validate"])
def test_a_body_over_20_mb_is_refused(gate: httpx.Client, sandbox: Sandbox, api: httpx.Client, what: str) -> None:
    size = 20 * 1024 * 1024 + 1
    answer = gate.post(f"/v2/import/{what}", content=b" " * size, headers={"Content-Type": "application/json"})

    told = f"Request rejected: request size ({size}s bytes) exceeds the maximum"
    assert answered(answer) == (413, {"status": "ERROR", "message": told})


def test_a_body_of_20_mb_is_taken(gate: httpx.Client, sandbox: Sandbox) -> None:
    body = httpx.Request("POST", sandbox.url, json=batch(message(FINN))).content
    body += b" " * (20 * 1024 * 1024 - len(body))

    assert gate.post("/v2/import/batch", content=body, headers={"Content-Type": "application/json"}).status_code == 201


BAD_REQUEST = "Request failed validation:"
BAD_BATCHES = [
    (batch(message(FINN), table_name=None), f"{BAD_REQUEST}#: required key [table_name] not found", "no table"),
    (batch(message(FINN), schema=None), f"{BAD_REQUEST}#: required key [schema] not found", "no schema"),
    (batch(messages=None), f"{BAD_REQUEST}#: required key [messages] not found", "no messages"),
    (
        {"table_name": "people"},
        f"{BAD_REQUEST}#: 2 schema violations found #: required key [schema] not found "
        "#: required key [messages] not found",
        "two keys missing",
    ),
    (batch(message(FINN), colour="red"), f"{BAD_REQUEST}#: extraneous key [colour] is not permitted", "extra key"),
    (batch(message(FINN), schema=[]), f"{BAD_REQUEST}#/schema: expected type: JSONObject, found: JSONArray", "schema"),
    (batch(message(FINN), table_name=7), f"{BAD_REQUEST}#/table_name: expected type: String, found: Integer", "table"),
    (batch(message(FINN), table_name=""), f"{BAD_REQUEST}#/table_name: expected minLength: 1, actual: 0", "empty name"),
    (
        batch({"action": "upsert", "data": FINN}),
        f"{BAD_REQUEST}#/messages/0: required key [sequence] not found",
        "no sequence",
    ),
    (
        batch(message(FINN), message(FINN, action="delete")),
        f"{BAD_REQUEST}#/messages/1/action: delete is not a valid enum value",
        "another action",
    ),
    (
        batch(message(FINN, colour="red")),
        f"{BAD_REQUEST}#/messages/0: extraneous key [colour] is not permitted",
        "an extra key in a message",
    ),
    (
        batch(message(FINN, sequence="1")),
        f"{BAD_REQUEST}#/messages/0/sequence: expected type: Integer, found: String",
        "a sequence that is text",
    ),
    (
        batch(message(FINN, sequence=1.5)),
        f"{BAD_REQUEST}#/messages/0/sequence: expected type: Integer, found: Double",
        "a sequence that is no integer",
    ),
    (
        batch(message(FINN, sequence=True)),
        f"{BAD_REQUEST}#/messages/0/sequence: expected type: Integer, found: Boolean",
        "a sequence that is true",
    ),
    (
        batch(message(FINN, HIGHEST + 1)),
        f"{BAD_REQUEST}#: sequence can not be above 9223372036854775807",
        "a sequence that is too high",
    ),
    (
        batch(message(FINN, -HIGHEST - 2)),
        f"{BAD_REQUEST}#/messages/0/sequence: -9223372036854775809 is not greater or equal to -9223372036854775808",
        "a sequence that is too low",
    ),
    (
        batch(message(FINN), key_names="id"),
        f"{BAD_REQUEST}#/key_names: expected type: JSONArray, found: String",
        "key names that are text",
    ),
    (
        batch(message({**FINN, "age": "sixteen"})),
        "Record 0 did not conform to schema: #/age: expected: Integer, found: String",
        "text for a number",
    ),
    (
        batch(message(FINN), message({**BMO, "age": 6.0})),
        "Record 1 did not conform to schema: #/age: expected: Integer, found: Double",
        "the second record",
    ),
    (
        batch(message({**FINN, "name": None})),
        "Record 0 did not conform to schema: #/name: expected: String, found: Null",
        "null where the schema has none",
    ),
    (
        batch(message({**FINN, "id": "1", "age": []})),
        "Record 0 did not conform to schema: #: 2 schema violations found #/id: expected: Integer, found: String "
        "#/age: expected: Integer, found: JSONArray",
        "two fields",
    ),
    (batch(message({"name": "Finn"})), "Record is missing key property id", "no key"),
    (
        batch(message({"id": None}), schema={"properties": {"id": {"type": ["null", "integer"]}}}),
        "Record is missing key property id",
        "a null key",
    ),
    (batch(message({"id": [1]}), schema={}), "Record is missing key property id", "a key that is a list"),
    (batch(message(FINN), schema={"type": "record"}), "Invalid JSON schema: unknown type: [record]", "no type"),
    (
        batch(message(FINN), schema={"properties": {"id": {"type": ["null", "int"]}}}),
        "Invalid JSON schema: unknown type: [int]",
        "no type in a list",
    ),
    (
        batch(message(FINN), schema={"properties": {"id": {"$ref": "https://example.com/id.json"}}}),
        "Invalid JSON schema: https://example.com/id.json cannot be resolved",
        "a schema elsewhere, which is not fetched",
    ),
]


@pytest.mark.parametrize("what", ["batch", "validate"])
@pytest.mark.parametrize(("body", "error", "why"), BAD_BATCHES, ids=[row[2] for row in BAD_BATCHES])
def test_a_bad_batch_is_refused_word_for_word(
    gate: httpx.Client, sandbox: Sandbox, api: httpx.Client, what: str, body: Any, error: str, why: str
) -> None:
    answer = gate.post(f"/v2/import/{what}", json=body)

    assert answered(answer) == (400, {"error": error}), why
    assert_nothing_landed(sandbox, api)


def test_a_push_is_no_batch(gate: httpx.Client) -> None:
    answer = gate.post("/v2/import/batch", json=[pushed(FINN)])

    assert answered(answer) == (400, {"error": f"{BAD_REQUEST}#: expected type: JSONObject, found: JSONArray"})


def test_a_record_may_have_10000_data_points_and_no_more(gate: httpx.Client, sandbox: Sandbox) -> None:
    def record(points: int) -> dict[str, Any]:
        return {"id": 1, "list": [{"a": number} for number in range(points - 2)], "deep": {"er": None}}

    good = gate.post("/v2/import/batch", json=batch(message(record(10_000)), schema={}))
    bad = gate.post("/v2/import/batch", json=batch(message(FINN), message(record(10_001)), schema={}))

    assert good.status_code == 201
    assert answered(bad) == (400, {"error": "Record 1 has 10001 data points, and may have 10000 at most"})
    assert people(sandbox, "id") == [[1]]


def unprocessable(reason: Any) -> dict[str, Any]:
    return {"status": "ERROR", "error": "Request cannot be processed; see errors.", "errors": [{"reason": reason}]}


NO_RECORDS = {"status": "ERROR", "message": "An array of records is expected"}
BLANK = ["can't be blank"]
BAD_PUSHES: list[tuple[Any, int, Any, str]] = [
    (batch(message(FINN)), 400, NO_RECORDS, "an object"),
    ([], 400, NO_RECORDS, "nothing"),
    ([7], 400, NO_RECORDS, "no messages"),
    (
        [pushed(FINN, client_id=...)],
        401,
        {"status": "ERROR", "error": "Not Authenticated.", "errors": None},
        "no client",
    ),
    (
        [pushed(FINN, client_id=7)],
        403,
        {
            "status": "ERROR",
            "error": "Forbidden",
            "errors": {"error": "Access token is not associated with this client."},
        },
        "another client",
    ),
    (
        [pushed(FINN), pushed(FINN, client_id=7)],
        422,
        unprocessable("The batch contains data points for multiple clients. Only client_id 116078 is allowed"),
        "two clients",
    ),
    ([pushed(FINN, table_name="")], 422, unprocessable({"table_name": BLANK}), "an empty table name"),
    ([pushed(FINN, table_name=...)], 422, unprocessable({"table_name": BLANK}), "no table name"),
    ([pushed(FINN, key_names=...)], 422, unprocessable({"key_names": BLANK}), "no key names"),
    ([pushed(FINN, key_names=[])], 422, unprocessable({"key_names": BLANK}), "empty key names"),
    (
        [pushed(FINN, sequence="1")],
        422,
        unprocessable({"sequence": ["should be an integer", "should be a number"]}),
        "a sequence that is text",
    ),
    (
        [pushed(FINN, sequence=1.5)],
        422,
        unprocessable({"sequence": ["should be an integer"]}),
        "a sequence with a fraction",
    ),
    (
        [pushed(FINN, HIGHEST + 1)],
        422,
        unprocessable({"sequence": ["sequence can not be above 9223372036854775807 or below -9223372036854775808"]}),
        "a sequence that is too high",
    ),
    ([pushed(FINN, action="delete")], 422, unprocessable({"action": ["should be upsert"]}), "another action"),
    ([pushed([1])], 422, unprocessable({"data": ["data must be an object"]}), "data that are a list"),
    ([pushed({"a": 1})], 422, unprocessable({"data": ["data must include keys"]}), "no key"),
    ([pushed({"id": None})], 422, unprocessable({"data": ["keys cannot not be null in data"]}), "a null key"),
    (
        [pushed(FINN), pushed(FINN, key_properties=["id"])],
        422,
        unprocessable({"key_properties": ["unknown key"]}),
        "an unknown key in the second message",
    ),
    (
        [pushed({"id": 1, "list": list(range(10_000))})],
        422,
        unprocessable({"data": ["data has 10001 data points, and may have 10000 at most"]}),
        "too many data points",
    ),
]


@pytest.mark.parametrize(("body", "status", "told", "why"), BAD_PUSHES, ids=[row[3] for row in BAD_PUSHES])
def test_a_bad_push_is_refused(
    gate: httpx.Client, sandbox: Sandbox, api: httpx.Client, body: Any, status: int, told: Any, why: str
) -> None:
    answer = gate.post("/v2/import/push", json=body)

    assert answered(answer) == (status, told), why
    assert_nothing_landed(sandbox, api)
