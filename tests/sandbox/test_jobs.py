"""Replication jobs: real rows, the selected fields only, one job at a time."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
import recurly_facts as recurly
from recurly_facts import NOON

from stitchnb.models import parse_time
from stitchnb.sandbox import Sandbox

SDC = ["_sdc_extracted_at", "_sdc_received_at", "_sdc_batched_at", "_sdc_sequence", "_sdc_table_version"]


def run(api: httpx.Client, sandbox: Sandbox, source: dict[str, Any]) -> dict[str, Any]:
    started: dict[str, Any] = api.post(f"/v4/sources/{source['id']}/sync").json()
    sandbox.wait_idle()
    return started


def extraction(api: httpx.Client) -> dict[str, Any]:
    (found,) = api.get("/v4/116078/extractions").json()["data"]
    result: dict[str, Any] = found
    return result


def test_a_job_lands_the_selected_streams_and_fields_only(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    started = run(api, sandbox, configured)

    assert started == {"job_name": started["job_name"]}
    assert started["job_name"].startswith("116078.233312.sync.")
    tables = sandbox.warehouse.tables()
    assert tables[["schema", "table"]].to_numpy().tolist() == [["recurly", "accounts"], ["recurly", "plans"]]
    accounts = sandbox.warehouse.table("recurly.accounts")
    assert set(accounts.columns) == {"id", "updated_at", "email", *SDC}
    assert len(accounts) > 100
    assert accounts["id"].is_unique
    assert accounts["updated_at"].max() <= accounts["_sdc_extracted_at"].max()


def test_a_second_job_upserts_by_key(api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]) -> None:
    run(api, sandbox, configured)
    before = sandbox.warehouse.table("recurly.accounts")

    sandbox.clock.advance(days=3)
    sandbox.wait_idle()
    run(api, sandbox, configured)

    after = sandbox.warehouse.table("recurly.accounts")
    assert len(after) > len(before)
    assert after["id"].is_unique
    assert set(before["id"]) <= set(after["id"])


def test_an_incremental_job_extracts_only_what_is_new(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    run(api, sandbox, configured)
    first = sandbox.warehouse.table("recurly.accounts")["_sdc_sequence"].max()

    run(api, sandbox, configured)

    touched = (sandbox.warehouse.table("recurly.accounts")["_sdc_sequence"] > first).sum()
    assert touched >= 1, "the last row comes again, for the bookmark is inclusive"
    assert touched < 5


def test_an_extraction_is_told_as_documented(api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]) -> None:
    started = run(api, sandbox, configured)

    found = extraction(api)
    assert found == {
        "tap_description": None,
        "target_exit_status": 0,
        "job_name": started["job_name"],
        "start_time": found["start_time"],
        "stitch_client_id": 116078,
        "tap_exit_status": 0,
        "source_type": "tap-recurly",
        "target_description": None,
        "discovery_exit_status": 0,
        "discovery_description": None,
        "completion_time": found["completion_time"],
        "source_id": 233312,
    }
    loads = api.get("/v4/116078/loads").json()
    assert {k: v for k, v in loads.items() if k != "data"} == {"page": 1, "total": 2, "links": {}}
    assert [(load["source_name"], load["stream_name"], load["error_state"]) for load in loads["data"]] == [
        ("recurly", "accounts", None),
        ("recurly", "plans", None),
    ]
    assert all(load["last_batch_loaded_at"] > found["completion_time"] for load in loads["data"])


def test_one_job_at_a_time(api: httpx.Client) -> None:
    with Sandbox(clock=NOON, pace_s=30) as slow, httpx.Client(base_url=slow.url) as slow_api:
        slow_api.headers["Authorization"] = f"Bearer {slow.token.reveal()}"
        created = slow_api.post("/v4/sources", json={**recurly.CREATE, "properties": {}}).json()
        first = slow_api.post(f"/v4/sources/{created['id']}/sync")
        second = slow_api.post(f"/v4/sources/{created['id']}/sync")

    assert (first.status_code, list(first.json())) == (200, ["job_name"])
    assert (second.status_code, second.json()) == (
        200,
        {
            "error": {
                "type": "already_running",
                "message": "Did not create job for client-id: 116078; connection-id: 233312 because one already exists",
            }
        },
    )


def test_a_stopped_job_is_told_as_terminated(configured: dict[str, Any]) -> None:
    with Sandbox(clock=NOON, pace_s=30) as slow, httpx.Client(base_url=slow.url) as api:
        api.headers["Authorization"] = f"Bearer {slow.token.reveal()}"
        created = api.post("/v4/sources", json={**recurly.CREATE, "properties": {}}).json()
        api.post(f"/v4/sources/{created['id']}/sync")

        stopped = api.delete(f"/v4/sources/{created['id']}/sync")
        slow.wait_idle()

        assert stopped.json() == {"status": 200}
        found = extraction(api)
    parts = ("discovery", "tap", "target")
    assert [found[f"{part}_exit_status"] for part in parts] == [None] * 3
    assert [found[f"{part}_description"] for part in parts] == ["Terminated"] * 3


def test_stopping_when_nothing_runs_is_fine(source: dict[str, Any], api: httpx.Client) -> None:
    assert api.delete(f"/v4/sources/{source['id']}/sync").json() == {"status": 200}


def test_credentials_that_stopped_working_fail_the_tap(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    api.put(f"/v4/sources/{configured['id']}", json={"properties": {"api_key": "bad-key"}})
    sandbox.wait_idle()

    run(api, sandbox, configured)

    found = extraction(api)
    assert found["tap_exit_status"] == 1
    assert found["tap_description"]
    assert "bad-key" not in found["tap_description"]


def _typed(type_: str, message: str) -> dict[str, Any]:
    return {"error": {"type": type_, "message": message}}


def test_no_such_source_to_start(api: httpx.Client) -> None:
    answer = api.post("/v4/sources/7/sync")

    assert answer.status_code == 400
    assert answer.json() == _typed("invalid_source", "Unable to locate source(7) for client (116078)")


def test_a_deleted_source_cannot_be_started(source: dict[str, Any], api: httpx.Client) -> None:
    api.delete(f"/v4/sources/{source['id']}")

    answer = api.post(f"/v4/sources/{source['id']}/sync")

    assert (answer.status_code, answer.json()) == (400, _typed("invalid_source", "Integration is deleted."))


@pytest.mark.parametrize("what", ["extractions", "loads"])
def test_another_accounts_jobs_are_not_told(api: httpx.Client, what: str) -> None:
    assert api.get(f"/v4/1/{what}").status_code == 401


def test_the_schedule_fires_in_order_as_the_clock_moves(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    first = configured["schedule"]["next_fire_time"]

    sandbox.clock.advance(seconds=34)
    assert api.get("/v4/116078/extractions").json()["data"] == []
    sandbox.clock.advance(seconds=2)
    assert extraction(api)["start_time"] == first
    sandbox.clock.advance(minutes=150)

    # An hour apart: the second of the two that fell due is the last one.
    assert extraction(api)["start_time"] == (parse_time(first) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = api.get(f"/v4/sources/{configured['id']}").json()
    assert parse_time(found["schedule"]["next_fire_time"]) == parse_time(first) + timedelta(hours=3)


def test_a_paused_source_is_not_fired_but_can_be_started(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    api.put(f"/v4/sources/{configured['id']}", json={"paused_at": NOON})

    sandbox.clock.advance(days=1)
    assert api.get("/v4/116078/extractions").json()["data"] == []
    run(api, sandbox, configured)

    assert extraction(api)["tap_exit_status"] == 0


def test_the_embedded_warehouse_is_a_destination(api: httpx.Client) -> None:
    (destination,) = api.get("/v4/destinations").json()

    assert (destination["type"], destination["name"]) == ("postgres", "Embedded warehouse")
    assert destination["report_card"]["current_step_type"] == "fully_configured"
    assert api.get(f"/v4/destinations?destination_id={destination['id']}").json() == [destination]
    assert api.get("/v4/destinations?destination_id=1").json() == []
    refused = api.get("/v4/destinations?colour=red")
    assert (refused.status_code, refused.json()) == (
        400,
        "GET may only include the params: source_id and/or destination_id",
    )
