"""The controls over HTTP: guarded as the API is, and never mixed with it."""

import json
from typing import Any

import httpx
import pytest
import recurly_facts as recurly
from recurly_facts import NOON

from stitchnb.sandbox import Sandbox

ROUTES = [
    ("GET", ""),
    ("GET", "/clock"),
    ("POST", "/clock"),
    ("POST", "/reset"),
    ("GET", "/snapshots"),
    ("POST", "/snapshot"),
    ("POST", "/restore"),
    ("DELETE", "/snapshots/one"),
    ("GET", "/journal"),
    ("DELETE", "/journal"),
    ("GET", "/faults"),
    ("POST", "/faults"),
    ("DELETE", "/faults"),
    ("DELETE", "/faults/1"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": ""}, 401),
        ({"Host": "evil.example.com"}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
    ],
)
def test_the_controls_are_guarded_as_the_api_is(
    api: httpx.Client, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    assert api.request(method, f"/_sandbox{path}", headers=headers).status_code == status


def test_the_sandbox_at_one_sight(api: httpx.Client, source: dict[str, Any]) -> None:
    assert api.get("/_sandbox").json() == {
        "client_id": 116078,
        "seed": 0,
        "clock": {"now": "2026-03-20T12:00:02Z", "is_frozen": True},
        "running": [],
        "snapshots": 0,
        "faults": 0,
    }
    assert api.get("/_sandboxes").status_code == 404, "only what is below it is the sandbox's own"


def test_the_clock_is_moved_and_what_falls_due_happens(api: httpx.Client, configured: dict[str, Any]) -> None:
    assert api.get("/_sandbox/clock").json()["is_frozen"] is True

    moved = api.post("/_sandbox/clock", json={"advance": {"hours": 1, "minutes": 0.5}}).json()
    assert moved["now"] > "2026-03-20T13:00:00Z"
    assert len(api.get("/v4/116078/extractions").json()["data"]) == 1
    assert api.post("/_sandbox/clock", json={"now": "2026-03-22T00:00:00Z"}).json()["now"] == "2026-03-22T00:00:00Z"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "give either"),
        ({"advance": {"hours": 1}, "now": NOON}, "give either"),
        ({"now": "yesterday"}, "'yesterday' is no time"),
        ({"now": 5}, "5 is no time"),
        ({"now": "2020-01-01T00:00:00Z"}, "only moves forward"),
        ({"advance": {"hours": -1}}, "only moves forward"),
        ({"advance": {"weeks": 1}}, "no other keys than days, hours"),
        ({"advance": {"hours": "1"}}, "are numbers"),
        ({"advance": {"hours": True}}, "are numbers"),
        ({"advance": {"days": 1e300}}, ""),
        ({"advance": 3}, "give a JSON object"),
        ([], "give a JSON object"),
    ],
)
def test_a_time_that_cannot_be_is_refused_in_words(api: httpx.Client, body: Any, message: str) -> None:
    answer = api.post("/_sandbox/clock", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"] == "BadControl"
    assert message in answer.json()["data"]["message"]
    assert api.get("/_sandbox/clock").json()["now"] == NOON


def test_reset_snapshot_and_restore(api: httpx.Client, source: dict[str, Any]) -> None:
    taken = api.post("/_sandbox/snapshot", json={"name": "with a source"}).json()
    assert taken == {"name": "with a source", "taken_at": "2026-03-20T12:00:02Z"}
    assert api.post("/_sandbox/snapshot").json()["name"] == "snapshot-2", "without a body it gets a name"

    assert api.post("/_sandbox/reset").json()["clock"]["now"] == NOON
    assert api.get("/v4/sources").json() == []

    assert api.post("/_sandbox/restore", json={"name": "with a source"}).json() == taken
    assert [s["id"] for s in api.get("/v4/sources").json()] == [source["id"]]
    assert api.delete("/_sandbox/snapshots/with a source").status_code == 200
    assert [s["name"] for s in api.get("/_sandbox/snapshots").json()] == ["snapshot-2"]


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("restore", {"name": "never taken"}, "no snapshot 'never taken'"),
        ("restore", {}, "no snapshot"),
        ("restore", None, "give a JSON object"),
        ("snapshot", {"name": ""}, "1 to 100 characters"),
        ("snapshot", {"name": "x" * 101}, "1 to 100 characters"),
        ("snapshot", {"name": 1}, "1 to 100 characters"),
        ("snapshot", {"path": "/tmp/x"}, "no other keys than name"),
    ],
)
def test_a_snapshot_that_cannot_be_is_refused_in_words(api: httpx.Client, path: str, body: Any, message: str) -> None:
    answer = api.post(f"/_sandbox/{path}", json=body)

    assert answer.status_code == 400
    assert message in answer.json()["data"]["message"]
    assert api.get("/_sandbox/snapshots").json() == []


def test_faults_are_added_listed_and_removed(api: httpx.Client) -> None:
    one = api.post("/_sandbox/faults", json={"status": 429, "times": 1, "retry_after_s": 2, "path": "/v4/sources"})
    two = api.post("/_sandbox/faults", json={"kind": "drop", "method": "POST"})

    assert one.json() == {
        "kind": "status",
        "times": 1,
        "path": "/v4/sources",
        "status": 429,
        "retry_after_s": 2,
        "id": 1,
        "hits": 0,
    }
    assert (api.get("/v4/sources").status_code, api.get("/v4/sources").status_code) == (429, 200)
    assert [(f["id"], f["hits"]) for f in api.get("/_sandbox/faults").json()] == [(1, 1), (2, 0)]
    assert [f["id"] for f in api.delete("/_sandbox/faults/1").json()] == [two.json()["id"]]
    assert api.delete("/_sandbox/faults/1").status_code == 400
    assert api.delete("/_sandbox/faults").json() == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "kind is missing"),
        ({"kind": "earthquake"}, "no fault of kind"),
        ({"kind": ["drop"]}, "no fault of kind"),
        ({"kind": "drop", "hits": 3}, "no other keys"),
        ({"kind": "drop", "_owner": 3}, "no other keys"),
        ({"status": "500"}, "from 400 to 599"),
        ("drop", "give a JSON object"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_in_words(api: httpx.Client, body: Any, message: str) -> None:
    answer = api.post("/_sandbox/faults", json=body)

    assert answer.status_code == 400
    assert message in answer.json()["data"]["message"]


def test_a_sandbox_whose_every_request_fails_can_still_be_mended(api: httpx.Client) -> None:
    api.post("/_sandbox/faults", json={"kind": "refuse"})

    with pytest.raises(httpx.TransportError):
        api.get("/v4/sources")
    api.delete("/_sandbox/faults").raise_for_status()
    assert api.get("/v4/sources").status_code == 200


def test_the_journal_tells_what_was_asked_and_what_came_of_it(api: httpx.Client, sandbox: Sandbox) -> None:
    api.post("/v4/sources", json=recurly.CREATE)
    api.get("/v4/destinations?source_id=1")
    api.get("/v4/nothing")
    api.get("/v4/sources", headers={"Authorization": "Bearer wrong"})
    sandbox.faults.drop_after_commit(times=1)
    with pytest.raises(httpx.TransportError):
        api.get("/v4/sources")

    told = api.get("/_sandbox/journal").json()
    assert [(e["method"], e["path"], e["status"], e["fault"]) for e in told] == [
        ("POST", "/v4/sources", 200, None),
        ("GET", "/v4/destinations", 200, None),
        ("GET", "/v4/nothing", 404, None),
        ("GET", "/v4/sources", 401, None),
        ("GET", "/v4/sources", None, "drop"),
    ]
    assert all(e["duration_ms"] > 0 and e["at"].startswith("2026-03-20T12:00") for e in told)
    assert [e.to_dict() for e in sandbox.journal[-2:]] == told[-2:]
    assert api.get("/_sandbox/journal?last=1").json() == told[-1:]
    assert api.get("/_sandbox/journal?last=many").status_code == 400
    assert api.delete("/_sandbox/journal").json() == sandbox.journal[:] == []


def test_the_journal_holds_no_secret_and_only_so_much(api: httpx.Client, sandbox: Sandbox) -> None:
    token = sandbox.token.reveal()
    api.post("/v4/sources", json=recurly.CREATE)
    api.get(f"/v4/{token}/loads?token={token}")
    api.get("/" + "x" * 5000)

    told = json.dumps(api.get("/_sandbox/journal").json()) + repr(sandbox.journal[:])
    assert token not in told
    assert "RECURLY_API_KEY" not in told
    assert len(sandbox.journal[-1].path) == 500
    for _ in range(1000):
        api.get("/_sandboxes")
    assert len(sandbox.journal) == 1000


def test_the_journal_is_a_sequence_that_can_still_be_called(sandbox: Sandbox, api: httpx.Client) -> None:
    for path in ("/v4/sources", "/v4/destinations"):
        api.get(path)

    assert [exchange.path for exchange in sandbox.journal] == ["/v4/sources", "/v4/destinations"]
    assert (len(sandbox.journal), sandbox.journal[-1].path) == (2, "/v4/destinations")
    with pytest.warns(DeprecationWarning, match=r"sandbox\.journal, "):
        assert sandbox.journal(1) == sandbox.journal[-1:]
    with pytest.warns(DeprecationWarning, match=r"sandbox\.journal, "):
        assert sandbox.journal() == [*sandbox.journal]
