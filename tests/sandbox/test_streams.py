"""Streams: discovered, described, selected, and refused word for word."""

import json
from typing import Any

import httpx
import pytest
import recurly_facts as recurly

BODY = "body must contain a 'streams' property with a list of metadatas by tap_stream_id"


def path_of(source: dict[str, Any], tail: str = "") -> str:
    return f"/v4/sources/{source['id']}/streams{tail}"


def one(tap_stream_id: str | None, metadata: dict[str, Any], *breadcrumb: str) -> dict[str, Any]:
    entry = {"breadcrumb": list(breadcrumb), "metadata": metadata}
    return {"streams": [{"tap_stream_id": tap_stream_id, "metadata": [entry]}]}


def test_the_ten_streams_have_their_real_keys(source: dict[str, Any], api: httpx.Client) -> None:
    streams = api.get(path_of(source)).json()

    assert {
        s["stream_name"]: (s["metadata"]["table-key-properties"], s["metadata"]["valid-replication-keys"])
        for s in streams
    } == {name: ([pk], [rk]) for name, (pk, rk) in recurly.STREAMS.items()}
    assert [s["tap_stream_id"] for s in streams] == list(recurly.STREAMS)


def test_a_stream_that_nobody_touched(source: dict[str, Any], api: httpx.Client) -> None:
    stream = api.get(path_of(source)).json()[0]

    assert stream == {
        "selected": None,
        "stream_id": stream["stream_id"],
        "tap_stream_id": "accounts",
        "stream_name": "accounts",
        "metadata": {
            "forced-replication-method": "INCREMENTAL",
            "selected": None,
            "table-key-properties": ["id"],
            "valid-replication-keys": ["updated_at"],
        },
    }


def test_a_streams_schema_is_json_in_a_string(source: dict[str, Any], api: httpx.Client) -> None:
    stream_id = api.get(path_of(source)).json()[4]["stream_id"]

    body = api.get(path_of(source, f"/{stream_id}")).json()

    assert list(body) == ["schema", "metadata", "non-discoverable-metadata-keys"]
    assert json.loads(body["schema"])["properties"]["id"] == {"type": ["null", "string"]}
    assert body["non-discoverable-metadata-keys"] == [
        "selected",
        "replication-method",
        "replication-key",
        "view-key-properties",
    ]
    inclusion = {tuple(m["breadcrumb"]): m["metadata"].get("inclusion") for m in body["metadata"]}
    assert inclusion[("properties", "id")] == "automatic"
    assert inclusion[("properties", "updated_at")] == "automatic"
    assert inclusion[("properties", "code")] == "available"


def test_a_selection_is_seen_everywhere(source: dict[str, Any], api: httpx.Client) -> None:
    stream_id = api.get(path_of(source)).json()[0]["stream_id"]
    api.put(path_of(source, "/metadata"), json=one("accounts", {"selected": True}))
    api.put(path_of(source, "/metadata"), json=one("accounts", {"selected": True}, "properties", "email"))

    stream = api.get(path_of(source)).json()[0]
    entries = api.get(path_of(source, f"/{stream_id}")).json()["metadata"]

    assert (stream["selected"], stream["metadata"]["selected"]) == (True, True)
    by_breadcrumb = {tuple(m["breadcrumb"]): m["metadata"] for m in entries}
    assert by_breadcrumb[()]["selected"] is True
    assert by_breadcrumb[("properties", "email")] == {"inclusion": "available", "selected": True}


def test_a_deselected_stream_leaves_the_source_unfinished(configured: dict[str, Any], api: httpx.Client) -> None:
    for name in ("accounts", "plans"):
        api.put(path_of(configured, "/metadata"), json=one(name, {"selected": False}))

    found = api.get(f"/v4/sources/{configured['id']}").json()
    assert found["report_card"]["current_step_type"] == "field_selection"


def test_a_field_that_does_not_exist_is_taken_and_ignored(source: dict[str, Any], api: httpx.Client) -> None:
    answer = api.put(path_of(source, "/metadata"), json=one("accounts", {"selected": True}, "properties", "emial"))

    assert answer.json() == {"status": 200}
    stream_id = api.get(path_of(source)).json()[0]["stream_id"]
    assert "emial" not in api.get(path_of(source, f"/{stream_id}")).text


REFUSED = [
    (one(None, {"selected": True}), {"invalid_fields": "invalid tap-stream-ids:  [nil]"}, "no stream id"),
    (one("acounts", {"selected": True}), {"invalid_fields": "invalid tap-stream-ids:  [acounts]"}, "unknown stream"),
    (
        one("accounts", {"table-key-properties": ["id"]}),
        {"invalid_fields": 'only non-discoverable metadata can be produced by the UI: #{"table-key-properties"}'},
        "a read-only key",
    ),
    ({}, BODY, "no streams"),
    ({"streams": []}, BODY, "an empty list"),
    ({"streams": [{"tap_stream_id": "accounts"}]}, BODY, "no metadata"),
    (
        {"streams": [{"tap_stream_id": "accounts", "metadata": [{"metadata": {"selected": True}}]}]},
        BODY,
        "no breadcrumb",
    ),
    ({"streams": [{"tap_stream_id": "accounts", "metadata": [{"breadcrumb": []}]}]}, BODY, "an entry without metadata"),
    ([], BODY, "not an object"),
]


@pytest.mark.parametrize(("body", "refusal", "why"), REFUSED, ids=[row[2] for row in REFUSED])
def test_a_selection_is_refused_word_for_word(
    source: dict[str, Any], api: httpx.Client, body: Any, refusal: Any, why: str
) -> None:
    answer = api.put(path_of(source, "/metadata"), json=body)

    assert (answer.status_code, answer.json()) == (400, refusal), why


def test_of_a_refused_selection_nothing_is_kept(source: dict[str, Any], api: httpx.Client) -> None:
    good = one("accounts", {"selected": True})["streams"]
    bad = one("plans", {"row-count": 3})["streams"]

    assert api.put(path_of(source, "/metadata"), json={"streams": good + bad}).status_code == 400

    assert [s["selected"] for s in api.get(path_of(source)).json()] == [None] * 10


@pytest.mark.parametrize(("path", "told"), [("/v4/sources/7/streams", "7"), ("/v4/sources/7/streams/9", "9")])
def test_no_such_stream_or_source(api: httpx.Client, path: str, told: str) -> None:
    answer = api.get(path)

    assert (answer.status_code, answer.json()) == (400, f"invalid stream-id: {told}")


def test_a_deleted_source_can_be_looked_at_and_is_not_there_to_be_selected_from(
    configured: dict[str, Any], api: httpx.Client
) -> None:
    before = api.get(path_of(configured)).json()
    api.delete(f"/v4/sources/{configured['id']}")

    refused = api.put(path_of(configured, "/metadata"), json=one("plans", {"selected": False}))

    assert (refused.status_code, refused.json()) == (400, f"invalid stream-id: {configured['id']}")
    assert api.get(path_of(configured)).json() == before


def test_rediscovery_keeps_ids_and_selections(configured: dict[str, Any], api: httpx.Client, sandbox: Any) -> None:
    before = api.get(path_of(configured)).json()

    api.put(f"/v4/sources/{configured['id']}", json={"properties": {"quota_limit": "40"}})
    sandbox.wait_idle()

    assert api.get(path_of(configured)).json() == before
