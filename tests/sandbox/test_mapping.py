"""Which destinations a source's rows go to, and what becomes of it when there is none."""

from typing import Any

import httpx
import pytest
import recurly_facts as recurly
from destination_facts import POSTGRES, with_properties

from stitchnb.sandbox import Sandbox


def test_replication_pauses_until_another_destination_exists(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], embedded: int
) -> None:
    path = f"/v4/sources/{configured['id']}"
    assert api.get(path).json()["schedule"]

    api.delete(f"/v4/destinations/{embedded}")

    assert api.get(path).json()["schedule"] is None
    sandbox.clock.advance(days=1)
    assert api.get("/v4/116078/extractions").json()["data"] == []
    refused = api.post(f"{path}/sync")
    assert (refused.status_code, refused.json()["error"]["type"]) == (400, "invalid_destination")
    assert "Create a destination" in refused.json()["error"]["message"]

    api.post("/v4/destinations", json=POSTGRES)
    sandbox.wait_idle()
    assert api.get(path).json()["schedule"]["next_fire_time"]
    sandbox.clock.advance(hours=1)
    (extraction,) = api.get("/v4/116078/extractions").json()["data"]
    assert extraction["target_exit_status"] == 0
    assert len(sandbox.warehouse.table("recurly.accounts")) > 100


def test_a_destination_that_does_not_connect_fails_the_load(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], embedded: int
) -> None:
    api.delete(f"/v4/destinations/{embedded}")
    api.post("/v4/destinations", json=with_properties(password="bad-word"))

    api.post(f"/v4/sources/{configured['id']}/sync")
    sandbox.wait_idle()

    message = 'FATAL: password authentication failed for user "loader"'
    (extraction,) = api.get("/v4/116078/extractions").json()["data"]
    assert (extraction["tap_exit_status"], extraction["target_exit_status"]) == (0, 1)
    assert extraction["target_description"] == message
    (load,) = api.get("/v4/116078/loads").json()["data"]
    assert load["error_state"]["notification_data"]["warehouse_message"] == message
    assert sandbox.warehouse.tables().empty


def destinations_of(api: httpx.Client, source_id: int) -> list[int]:
    return [d["id"] for d in api.get("/v4/destinations", params={"source_id": source_id}).json()]


def test_unmapped_sources_go_to_every_destination_that_takes_them(
    api: httpx.Client, source: dict[str, Any], embedded: int
) -> None:
    taking = api.post("/v4/destinations", json=POSTGRES).json()["id"]
    api.post("/v4/destinations", json={**POSTGRES, "ignore_unmapped_sources": True})

    assert destinations_of(api, source["id"]) == [embedded, taking]


def test_a_source_can_be_created_for_one_destination(api: httpx.Client, embedded: int) -> None:
    ignoring = api.post("/v4/destinations", json={**POSTGRES, "ignore_unmapped_sources": True}).json()["id"]

    created = api.post("/v4/sources", json={**recurly.CREATE, "destination_id": ignoring}).json()

    assert destinations_of(api, created["id"]) == [ignoring]


def test_a_source_can_be_mapped_and_unmapped(api: httpx.Client, source: dict[str, Any], embedded: int) -> None:
    other = api.post("/v4/destinations", json=POSTGRES).json()["id"]
    path = f"/v4/sources/{source['id']}"

    assert api.put(path, json={"destination_id": other}).status_code == 200
    assert destinations_of(api, source["id"]) == [other]
    assert api.put(path, json={"display_name": "Renamed"}).status_code == 200
    assert destinations_of(api, source["id"]) == [other], "another change leaves the mapping as it is"
    assert api.put(path, json={"destination_id": None}).status_code == 200
    assert destinations_of(api, source["id"]) == [embedded, other]


def test_deleting_its_destination_unmaps_a_source(api: httpx.Client, source: dict[str, Any], embedded: int) -> None:
    other = api.post("/v4/destinations", json=POSTGRES).json()["id"]
    api.put(f"/v4/sources/{source['id']}", json={"destination_id": other})

    api.delete(f"/v4/destinations/{other}")

    assert destinations_of(api, source["id"]) == [embedded]


def test_a_source_that_only_ignoring_destinations_are_left_for_is_paused(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], embedded: int
) -> None:
    ignoring = api.post("/v4/destinations", json={**POSTGRES, "ignore_unmapped_sources": True}).json()["id"]
    api.delete(f"/v4/destinations/{embedded}")
    path = f"/v4/sources/{configured['id']}"

    assert api.get(path).json()["schedule"] is None
    api.put(path, json={"destination_id": ignoring})
    assert api.get(path).json()["schedule"]["next_fire_time"]


@pytest.mark.parametrize("bad", [7, "abc", 1.5, True])
def test_a_source_cannot_be_mapped_to_what_is_no_destination(
    api: httpx.Client, source: dict[str, Any], bad: Any
) -> None:
    message = {"error": "InvalidId", "data": {"message": f"destination not found ({bad})"}}

    created = api.post("/v4/sources", json={**recurly.CREATE, "display_name": "Other", "destination_id": bad})
    changed = api.put(f"/v4/sources/{source['id']}", json={"destination_id": bad})

    assert (created.status_code, created.json()) == (400, message)
    assert (changed.status_code, changed.json()) == (400, message)


@pytest.mark.parametrize(
    ("query", "found", "why"),
    [
        ("", True, "all"),
        ("?destination_id={destination}", True, "this one"),
        ("?destination_id=1", False, "another one"),
        ("?source_id={source}", True, "of a source"),
        ("?source_id=7", False, "of no source"),
        ("?source_id=abc", False, "of what is no id"),
        ("?source_id={source}&destination_id={destination}", True, "both"),
        ("?source_id={source}&destination_id=1", False, "both, and one is another's"),
    ],
)
def test_destinations_are_found_by_source_and_id(
    api: httpx.Client, source: dict[str, Any], embedded: int, query: str, found: bool, why: str
) -> None:
    answer = api.get("/v4/destinations" + query.format(source=source["id"], destination=embedded))

    assert answer.status_code == 200
    assert [d["id"] for d in answer.json()] == ([embedded] if found else []), why


def test_another_query_is_refused_word_for_word(api: httpx.Client) -> None:
    answer = api.get("/v4/destinations?colour=red")

    assert (answer.status_code, answer.json()) == (
        400,
        "GET may only include the params: source_id and/or destination_id",
    )
