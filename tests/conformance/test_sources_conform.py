"""Types, sources, streams and jobs: every endpoint as documented, asked in plain HTTP and through the client."""

import json
from typing import Any

import documented
import httpx
import pytest

from stitchnb.client import Client
from stitchnb.sandbox import Sandbox


def without_card(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != "report_card"}


def step_of(body: dict[str, Any]) -> str:
    """The step that a source is on; both ways of telling it must agree."""
    card = body["report_card"]
    assert card["steps"][card["current_step"] - 1]["type"] == card["current_step_type"]
    step: str = card["current_step_type"]
    return step


# -- types ------------------------------------------------------------------------------------------------------------


@pytest.mark.endpoint("GET /v4/source-types")
def test_the_source_types_are_listed(api: httpx.Client, client: Client) -> None:
    told = api.get("/v4/source-types").json()

    assert len(told) > 50
    assert all({"details", "upgrade_available"} <= set(card) for card in told)
    assert any("steps" not in card for card in told), "old types have none"
    assert [card.to_dict() for card in client.source_types.list()] == told


@pytest.mark.endpoint("GET /v4/source-types/{source_type}")
def test_a_source_type_is_told(api: httpx.Client, client: Client) -> None:
    told = api.get("/v4/source-types/platform.recurly").json()

    assert (told["type"], told["current_step"], told["current_step_type"]) == ("platform.recurly", 1, "form")
    assert [step["type"] for step in told["steps"]] == documented.STEPS
    form = {p["name"]: p for p in told["steps"][0]["properties"]}
    assert all(set(p) == documented.PROPERTY_KEYS for p in form.values())
    assert (form["api_key"]["is_credential"], form["api_key"]["property_type"]) == (True, "user_provided")
    assert form["image_version"]["property_type"] == "read_only"
    assert (told["details"]["access"], told["details"]["pricing_tier"]) == (True, "standard")
    assert client.source_types.get("platform.recurly").to_dict() == told


@pytest.mark.endpoint("GET /v4/destination-types")
def test_the_destination_types_are_listed(api: httpx.Client, client: Client) -> None:
    told = api.get("/v4/destination-types").json()

    assert {"postgres", "snowflake", "s3"} <= {card["type"] for card in told}
    assert all([step["type"] for step in card["steps"]] == ["form", "fully_configured"] for card in told)
    assert not any("tap_mutable" in p for card in told for p in card["steps"][0]["properties"])
    assert [card.to_dict() for card in client.destination_types.list()] == told


@pytest.mark.endpoint("GET /v4/destination-types/{destination_type}")
def test_a_destination_type_is_told(api: httpx.Client, client: Client) -> None:
    told = api.get("/v4/destination-types/postgres").json()

    assert told["type"] == "postgres"
    assert {"host", "port", "username", "password"} <= {p["name"] for p in told["steps"][0]["properties"]}
    assert client.destination_types.get("postgres").to_dict() == told


# -- sources ----------------------------------------------------------------------------------------------------------


@pytest.mark.endpoint("POST /v4/sources")
def test_a_source_is_created(api: httpx.Client, client: Client, sandbox: Sandbox) -> None:
    told = api.post("/v4/sources", json=documented.NEW_SOURCE).json()
    assert without_card(told) == documented.source("discover_schema")
    assert step_of(told) == "discover_schema"
    provided = {p["name"] for p in told["report_card"]["steps"][0]["properties"] if p["provided"]}
    assert provided == {*documented.NEW_SOURCE["properties"], "image_version"}
    sandbox.wait_idle()

    other = client.sources.create("platform.recurly", display_name="B", properties=documented.NEW_SOURCE["properties"])

    assert without_card(other.to_dict()) == documented.source("discover_schema", name="b", display_name="B")
    assert (other.state, other.stitch_client_id) == ("discover_schema", documented.CLIENT_ID)


@pytest.mark.endpoint("GET /v4/sources")
def test_sources_are_listed_with_the_paused_and_the_deleted(api: httpx.Client, client: Client, source_id: int) -> None:
    paused = api.post("/v4/sources", json={**documented.NEW_SOURCE, "display_name": "Paused"}).json()["id"]
    api.put(f"/v4/sources/{paused}", json={"paused_at": documented.NOON})
    api.delete(f"/v4/sources/{source_id}")

    told = api.get("/v4/sources").json()

    assert [(s["id"], bool(s["paused_at"]), bool(s["deleted_at"])) for s in told] == [
        (source_id, False, True),
        (paused, True, False),
    ]
    listed = client.sources.list()
    assert [s.to_dict() for s in listed] == told
    assert [s.state for s in listed] == ["deleted", "paused"]


@pytest.mark.endpoint("GET /v4/sources/{source_id}")
def test_a_source_is_told(api: httpx.Client, client: Client, configured_id: int) -> None:
    told = api.get(f"/v4/sources/{configured_id}").json()

    assert without_card(told) == documented.source("fully_configured", id=configured_id)
    assert step_of(told) == "fully_configured"
    assert "a-key" not in json.dumps(told), "a credential is never told"
    found = client.sources.get(configured_id)
    assert found.to_dict() == told
    assert found.schedule is not None
    assert found.schedule.interval == 60.0


@pytest.mark.endpoint("PUT /v4/sources/{source_id}")
def test_a_source_is_changed_paused_and_resumed(api: httpx.Client, client: Client, configured_id: int) -> None:
    path = f"/v4/sources/{configured_id}"

    told = api.put(path, json={"display_name": "Billing", "properties": {"frequency_in_minutes": "30"}}).json()
    assert (told["name"], told["display_name"]) == ("recurly", "Billing"), "the name is fixed for ever"
    assert told["properties"] == {**documented.source("form")["properties"], "frequency_in_minutes": "30"}
    paused = api.put(path, json={"paused_at": "2020-01-01T00:00:00Z"}).json()
    assert (paused["paused_at"], paused["schedule"]) == ("2020-01-01T00:00:00Z", None), "any time pauses at once"
    assert api.put(path, json={"paused_at": None}).json()["schedule"]["next_fire_time"] == documented.TIME

    assert client.sources.update(configured_id, display_name="Recurly").display_name == "Recurly"
    assert client.sources.pause(configured_id).state == "paused"
    assert without_card(client.sources.resume(configured_id).to_dict()) == documented.source(
        "fully_configured",
        properties=told["properties"],
        schedule={"type": "interval", "unit": "minute", "interval": 30.0, "next_fire_time": documented.TIME},
    )


@pytest.mark.endpoint("DELETE /v4/sources/{source_id}")
def test_a_source_is_deleted(api: httpx.Client, client: Client, configured_id: int) -> None:
    other = api.post("/v4/sources", json={**documented.NEW_SOURCE, "display_name": "Other"}).json()["id"]

    told = api.delete(f"/v4/sources/{configured_id}").json()

    assert without_card(told) | {"check_job_name": ""} == documented.source(
        "fully_configured", deleted_at=documented.TIME, schedule=None, check_job_name=""
    )
    deleted = client.sources.delete(other)
    assert (deleted.id, deleted.state) == (other, "deleted")


@pytest.mark.endpoint("GET /v4/sources/{source_id}/last-connection-check")
def test_a_sources_last_check_is_told(api: httpx.Client, client: Client, source_id: int) -> None:
    told = api.get(f"/v4/sources/{source_id}/last-connection-check").json()

    assert told == documented.check()
    found = client.connection_checks.last(source_id)
    assert found.to_dict() == told
    assert found.succeeded


# -- streams ----------------------------------------------------------------------------------------------------------


@pytest.mark.endpoint("GET /v4/sources/{source_id}/streams")
def test_a_sources_streams_are_listed(api: httpx.Client, client: Client, source_id: int) -> None:
    told = api.get(f"/v4/sources/{source_id}/streams").json()

    assert told[0] == {
        "selected": None,
        "stream_id": documented.NUMBER,
        "tap_stream_id": "accounts",
        "stream_name": "accounts",
        "metadata": {
            "selected": None,
            "forced-replication-method": "INCREMENTAL",
            "table-key-properties": ["id"],
            "valid-replication-keys": ["updated_at"],
        },
    }
    found = client.streams.list(source_id)
    assert [stream.to_dict() for stream in found] == told
    assert found[0].metadata.table_key_properties == ("id",)


@pytest.mark.endpoint("GET /v4/sources/{source_id}/streams/{stream_id}")
def test_a_streams_schema_is_told(api: httpx.Client, client: Client, source_id: int) -> None:
    stream_id = api.get(f"/v4/sources/{source_id}/streams").json()[0]["stream_id"]

    told = api.get(f"/v4/sources/{source_id}/streams/{stream_id}").json()

    assert set(told) == {"schema", "metadata", "non-discoverable-metadata-keys"}
    assert {"id", "email"} <= set(json.loads(told["schema"])["properties"])
    assert told["metadata"][0]["breadcrumb"] == []
    assert set(told["non-discoverable-metadata-keys"]) == {
        *("selected", "replication-method", "replication-key", "view-key-properties")
    }
    fields = client.streams.fields(source_id, "accounts")
    told_fields = {m["breadcrumb"][1]: m["metadata"] for m in told["metadata"] if len(m["breadcrumb"]) == 2}
    assert {f.name: f.metadata.inclusion for f in fields} == {n: m["inclusion"] for n, m in told_fields.items()}


@pytest.mark.endpoint("PUT /v4/sources/{source_id}/streams/metadata")
def test_streams_and_fields_are_selected(api: httpx.Client, client: Client, source_id: int) -> None:
    path = f"/v4/sources/{source_id}/streams/metadata"

    assert api.put(path, json=documented.SELECTION).json() == {"status": 200}
    assert step_of(api.get(f"/v4/sources/{source_id}").json()) == "fully_configured"

    client.streams.select(source_id, "plans", ["code"])
    client.streams.deselect(source_id, "accounts")
    told = {s["stream_name"]: s["selected"] for s in api.get(f"/v4/sources/{source_id}/streams").json()}
    assert (told["plans"], told["accounts"], told["coupons"]) == (True, False, None)


# -- jobs -------------------------------------------------------------------------------------------------------------


@pytest.mark.endpoint("POST /v4/sources/{source_id}/sync")
def test_a_job_is_started(api: httpx.Client, client: Client, sandbox: Sandbox, configured_id: int) -> None:
    told = api.post(f"/v4/sources/{configured_id}/sync").json()
    sandbox.wait_idle()

    name = documented.Like(rf"{documented.CLIENT_ID}\.{configured_id}\.sync\.{documented.UUID}")
    assert told == {"job_name": name}
    job = client.jobs.start(configured_id)
    assert job.to_dict() == {"job_name": name}
    assert (job.client_id, job.source_id) == (documented.CLIENT_ID, configured_id)


@pytest.mark.endpoint("DELETE /v4/sources/{source_id}/sync")
@pytest.mark.parametrize("sandbox", [{"pace_s": 60}], indirect=True)
@pytest.mark.parametrize("side", ["plain", "client"])
def test_a_job_is_stopped(api: httpx.Client, client: Client, sandbox: Sandbox, side: str) -> None:
    source_id = api.post("/v4/sources", json={**documented.NEW_SOURCE, "properties": {}}).json()["id"]
    api.post(f"/v4/sources/{source_id}/sync")

    if side == "plain":
        assert api.delete(f"/v4/sources/{source_id}/sync").json() == {"status": 200}
    else:
        client.jobs.stop(source_id)

    sandbox.wait_idle()
    (ended,) = api.get(f"/v4/{documented.CLIENT_ID}/extractions").json()["data"]
    parts = ("discovery", "tap", "target")
    assert [(ended[f"{p}_exit_status"], ended[f"{p}_description"]) for p in parts] == [(None, "Terminated")] * 3
    assert client.extractions.list()[0].to_dict() == ended


@pytest.mark.endpoint("GET /v4/{client_id}/extractions")
def test_extractions_are_listed(api: httpx.Client, client: Client, configured_id: int, job_name: str) -> None:
    told = api.get(f"/v4/{documented.CLIENT_ID}/extractions").json()

    assert told == documented.page(documented.extraction(job_name, configured_id))
    (found,) = client.extractions.list()
    assert found.to_dict() == told["data"][0]
    assert found.succeeded


@pytest.mark.endpoint("GET /v4/{client_id}/extractions/{job_name}")
def test_an_extractions_log_is_downloaded(api: httpx.Client, client: Client, job_name: str) -> None:
    told = api.get(f"/v4/{documented.CLIENT_ID}/extractions/{job_name}")

    assert (told.status_code, told.content) == (302, b"")
    log = httpx.get(told.headers["location"]).text
    assert "accounts" in log
    assert client.extractions.log(job_name) == log


@pytest.mark.endpoint("GET /v4/{client_id}/loads")
def test_loads_are_listed(api: httpx.Client, client: Client, job_name: str) -> None:
    told = api.get(f"/v4/{documented.CLIENT_ID}/loads").json()

    assert told == documented.page(documented.LOAD)
    (found,) = client.loads.list()
    assert found.to_dict() == told["data"][0]
    assert found.failure is None
