"""The Import API: what is taken has landed before it is answered, whatever else goes on."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from hook_receiver import receiving
from import_requests import (
    ACCEPTED,
    BMO,
    CREATE,
    FINN,
    HIGHEST,
    answered,
    assert_nothing_landed,
    batch,
    message,
    people,
    pushed,
)

from stitchnb.sandbox import Sandbox
from stitchnb.sandbox.faults import Fault


def test_the_status_needs_no_token(sandbox: Sandbox) -> None:
    answer = httpx.get(f"{sandbox.url}/v2/import/status")

    assert answer.status_code == 200
    assert answer.json() == {**answer.json(), "status": "OK", "reason": None}


def test_a_batch_has_landed_when_it_is_answered(gate: httpx.Client, sandbox: Sandbox, api: httpx.Client) -> None:
    answer = gate.post("/v2/import/batch", json=batch(message(FINN, 11), message(BMO, 12)))

    assert answered(answer) == ACCEPTED
    assert people(sandbox, "id", "name", "age", "has_magic", "_sdc_sequence", "_sdc_table_version") == [
        [1, "Finn", 16, False, 11, 0],
        [2, "BMO", 6, True, 12, 0],
    ]
    (load,) = api.get("/v4/116078/loads").json()["data"]
    assert load == {
        "stitch_client_id": 116078,
        "source_name": "adventure_time",
        "stream_name": "people",
        "last_batch_loaded_at": "2026-03-20T12:00:00Z",
        "error_state": None,
    }


@pytest.mark.parametrize(
    ("requests", "left", "why"),
    [
        ([[(1, "a"), (2, "b")]], "b", "the higher one comes later"),
        ([[(2, "b"), (1, "a")]], "b", "the higher one comes first"),
        ([[(1, "a"), (1, "b")]], "b", "of equals the later one counts"),
        ([[(1, "a")], [(2, "b")]], "b", "the higher one comes in a later request"),
        ([[(2, "b")], [(1, "a")]], "b", "the higher one came in an earlier request"),
        ([[(1, "a")], [(1, "b")]], "b", "of equals the later request counts"),
        ([[(HIGHEST - 1, "a"), (HIGHEST, "b")]], "b", "as high as they go"),
        ([[(-5, "a"), (0, "b")]], "b", "below nought"),
    ],
)
@pytest.mark.parametrize("how", ["batch", "push"])
def test_the_highest_sequence_wins(
    gate: httpx.Client, sandbox: Sandbox, how: str, requests: list[list[tuple[int, str]]], left: str, why: str
) -> None:
    for request in requests:
        if how == "batch":
            body: Any = batch(*(message({"id": 1, "name": name}, sequence) for sequence, name in request))
        else:
            body = [pushed({"id": 1, "name": name}, sequence) for sequence, name in request]
        assert gate.post(f"/v2/import/{how}", json=body).status_code == 201

    assert people(sandbox, "name") == [[left]], why
    highest = max(sequence for request in requests for sequence, _ in request)
    assert people(sandbox, "_sdc_sequence") == [[highest]]


@pytest.mark.parametrize("key_names", [None, []])
def test_without_keys_everything_is_appended(gate: httpx.Client, sandbox: Sandbox, key_names: Any) -> None:
    for _ in range(2):
        gate.post("/v2/import/batch", json=batch(message(FINN, 5), message(FINN, 5), key_names=key_names))

    assert people(sandbox, "id", "_sdc_sequence") == [[1, 5]] * 4


def test_lists_land_in_subtables_of_their_own_records(gate: httpx.Client, sandbox: Sandbox) -> None:
    records = [{"id": 1, "pets": [{"name": "Jake"}, {"name": "Joshua"}]}, {"id": 2, "pets": [{"name": "NEPTR"}]}]
    body = batch(*(message(record, 7) for record in records), schema={"properties": {}})
    assert gate.post("/v2/import/batch", json=body).status_code == 201

    pets = sandbox.warehouse.table("adventure_time.people__pets")
    assert pets[["_sdc_source_key_id", "_sdc_level_0_id", "name"]].to_numpy().tolist() == [
        [1, 0, "Jake"],
        [1, 1, "Joshua"],
        [2, 0, "NEPTR"],
    ]


def test_without_keys_equal_sequences_keep_their_lists_apart(gate: httpx.Client, sandbox: Sandbox) -> None:
    records = [{"pets": ["Jake"]}, {"pets": ["NEPTR", "Peepers"]}]
    body = batch(*(message(record, 7) for record in records), schema={}, key_names=None)
    assert gate.post("/v2/import/batch", json=body).status_code == 201

    pets = sandbox.warehouse.table("adventure_time.people__pets")
    assert sorted(pets["value"]) == ["Jake", "NEPTR", "Peepers"]


def test_a_push_may_be_for_several_tables(gate: httpx.Client, sandbox: Sandbox) -> None:
    order = pushed({"order_id": 561, "customer_id": 1}, table_name="orders", key_names=["order_id"])

    answer = gate.post("/v2/import/push", json=[pushed(FINN), order, pushed(BMO)])

    assert answered(answer) == ACCEPTED
    assert people(sandbox, "id", "name") == [[1, "Finn"], [2, "BMO"]]
    assert sandbox.warehouse.table("adventure_time.orders")["order_id"].to_list() == [561]


@pytest.mark.parametrize("body", [batch(message(FINN)), [pushed(FINN)]], ids=["batch", "push"])
def test_validating_takes_nothing(gate: httpx.Client, sandbox: Sandbox, api: httpx.Client, body: Any) -> None:
    answer = gate.post("/v2/import/validate", json=body)

    assert answered(answer) == (200, {"status": "OK", "message": "Batch is valid!"})
    assert_nothing_landed(sandbox, api)


def test_what_the_schema_does_not_mention_lands_as_well(gate: httpx.Client, sandbox: Sandbox) -> None:
    gate.post("/v2/import/batch", json=batch(message({**FINN, "sword": "Scarlet"})))

    assert people(sandbox, "sword") == [["Scarlet"]]


def test_hooks_are_told_of_imports(gate: httpx.Client, sandbox: Sandbox, api: httpx.Client) -> None:
    destination_id = api.get("/v4/destinations").json()[0]["id"]
    with receiving() as receiver:
        body = {"type": "post_load", "destination_id": destination_id, "config": {"url": receiver.url}}
        api.post("/notifications/public/v1/api/hooks", json=body)
        gate.post("/v2/import/batch", json=batch(message({**FINN, "pets": ["Jake", "BMO"]})))
        sandbox.wait_idle()

    (told,) = receiver.bodies
    assert (told["integration_name"], told["source_root_table_name"], told["table_version"]) == (
        "adventure_time",
        "people",
        0,
    )
    assert [(t["source_table_name"], t["destination_table_name"], t["num_rows"]) for t in told["tables"]] == [
        ("people", "people", 1),
        ("pets", "people__pets", 2),
    ]
    assert told["tables"][0]["bookmark_metadata"] == []


def test_what_was_answered_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "acme.sandbox"
    with Sandbox(path, pace_s=0) as sandbox, httpx.Client(base_url=sandbox.url) as api:
        account = {"Authorization": f"Bearer {sandbox.token.reveal()}"}
        created = api.post("/v4/sources", json=CREATE, headers=account).json()
        token = api.post(f"/v4/sources/{created['id']}/tokens", headers=account).json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        assert api.post("/v2/import/batch", json=batch(message(FINN))).status_code == 201

    with Sandbox(path, pace_s=0) as again, httpx.Client(base_url=again.url) as api:
        assert people(again, "name") == [["Finn"]]
        api.headers["Authorization"] = f"Bearer {token}"
        assert api.post("/v2/import/batch", json=batch(message(BMO))).status_code == 201


def test_many_at_once_lose_nothing(gate: httpx.Client, sandbox: Sandbox) -> None:
    def send(part: int) -> int:
        records = [{"id": part * 100 + number, "name": "x"} for number in range(100)]
        return gate.post("/v2/import/batch", json=batch(*map(message, records))).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(send, range(16))) == [201] * 16

    assert [row[0] for row in people(sandbox, "id")] == list(range(1600))


def test_other_requests_are_answered_while_data_are_loaded(
    gate: httpx.Client, api: httpx.Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, go_on = threading.Event(), threading.Event()
    warehouse = sandbox.warehouse
    load = warehouse.load

    def slow(part: Any) -> Any:
        loading.set()
        go_on.wait()
        return load(part)

    monkeypatch.setattr(warehouse, "load", slow)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(gate.post, "/v2/import/batch", json=batch(message(FINN)))
        loading.wait()
        try:
            assert api.get("/v4/sources").status_code == 200
            assert not answer.done()
        finally:
            go_on.set()
        assert answer.result().status_code == 201


def test_a_load_that_fails_is_not_accepted_and_may_be_sent_again(
    gate: httpx.Client, sandbox: Sandbox, api: httpx.Client
) -> None:
    with sandbox.faults.put(Fault("load", message="disk full")):
        failed = gate.post("/v2/import/batch", json=batch(message(FINN)))

    assert answered(failed) == (503, {"error": "Nothing was imported, try again later: disk full"})
    (load,) = api.get("/v4/116078/loads").json()["data"]
    assert load["error_state"]["notification_data"]["message"] == "disk full"
    assert load["last_batch_loaded_at"] is None

    assert gate.post("/v2/import/batch", json=batch(message(FINN))).status_code == 201
    (load,) = api.get("/v4/116078/loads").json()["data"]
    assert load["error_state"] is None
    assert people(sandbox, "id") == [[1]]


def test_without_a_destination_nothing_is_accepted(gate: httpx.Client, sandbox: Sandbox, api: httpx.Client) -> None:
    for destination in api.get("/v4/destinations").json():
        api.delete(f"/v4/destinations/{destination['id']}")

    answer = gate.post("/v2/import/batch", json=batch(message(FINN)))

    assert answer.status_code == 503
    assert "No destination takes the rows" in answer.json()["error"]


def test_a_restore_waits_for_what_is_being_loaded(
    gate: httpx.Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, halting = threading.Event(), threading.Event()
    warehouse, engine = sandbox.warehouse, sandbox._engine
    load, halt = warehouse.load, engine.halt

    def slow(part: Any) -> Any:
        loading.set()
        halting.wait()
        return load(part)

    def halted() -> None:
        halting.set()
        halt()

    sandbox.snapshot("before")
    monkeypatch.setattr(warehouse, "load", slow)
    monkeypatch.setattr(engine, "halt", halted)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(gate.post, "/v2/import/batch", json=batch(message(FINN)))
        loading.wait()
        (under_way,) = engine.running()
        assert under_way.startswith("116078.233312.import.")
        sandbox.restore("before")
        assert answer.result().status_code == 201

    assert sandbox.warehouse.tables().empty
