"""Destinations: created, checked, changed and deleted, held against the documented answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from destination_facts import POSTGRES, S3, SNOWFLAKE, with_properties
from recurly_facts import NOON

from stitchnb.sandbox import Sandbox


def client_of(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.token.reveal()}"})


@pytest.fixture
def standard() -> Iterator[httpx.Client]:
    with Sandbox(clock=NOON, pace_s=0, plan="standard") as sandbox, client_of(sandbox) as client:
        yield client


def check_of(api: httpx.Client, destination: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/v4/destinations/{destination['id']}/last-connection-check").json()
    return found


# -- types ------------------------------------------------------------------------------------------------------------


def test_every_destination_type_is_listed_with_its_details(api: httpx.Client) -> None:
    listed = api.get("/v4/destination-types").json()

    assert [card["type"] for card in listed] == [
        "azure_sqldw",
        "redshift",
        "postgres",
        "snowflake",
        "s3",
        "storagegrid",
    ]
    assert all(card["current_step_type"] == "form" and "access" in card["details"] for card in listed)


def test_one_destination_type_is_told(api: httpx.Client) -> None:
    card = api.get("/v4/destination-types/snowflake").json()

    assert [step["type"] for step in card["steps"]] == ["form", "fully_configured"]
    assert {p["name"] for p in card["steps"][0]["properties"]} >= {"host", "warehouse", "role"}
    assert all("tap_mutable" not in p for p in card["steps"][0]["properties"])
    refused = api.get("/v4/destination-types/oracle")
    assert (refused.status_code, refused.json()["data"]) == (400, {"message": "invalid destination type (oracle)"})


# -- creating ---------------------------------------------------------------------------------------------------------


def test_a_created_destination_is_told_without_its_credentials(api: httpx.Client, sandbox: Sandbox) -> None:
    answer = api.post("/v4/destinations", json=POSTGRES)
    sandbox.wait_idle()

    created = answer.json()
    assert answer.status_code == 200
    assert created["check_job_name"].startswith(f"116078.{created['id']}.check.")
    assert {k: created[k] for k in ("type", "name", "description", "deleted_at", "paused_at", "stitch_client_id")} == {
        "type": "postgres",
        "name": "Reporting",
        "description": "For the monthly figures",
        "deleted_at": None,
        "paused_at": None,
        "stitch_client_id": 116078,
    }
    assert created["properties"] == {k: v for k, v in POSTGRES["properties"].items() if k != "password"}
    assert created["report_card"]["current_step_type"] == "fully_configured"
    provided = {p["name"]: p["provided"] for p in created["report_card"]["steps"][0]["properties"]}
    assert provided["password"]
    assert not provided["sslrootcert"]
    assert "s3cret-word" not in answer.text + api.get("/v4/destinations").text


def test_no_credential_of_a_destination_is_in_the_state_file(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "acme.sandbox", pace_s=0) as sandbox, client_of(sandbox) as api:
        assert api.post("/v4/destinations", json=POSTGRES).status_code == 200
        sandbox.wait_idle()

    for file in tmp_path.iterdir():
        assert b"s3cret-word" not in file.read_bytes(), file


def test_the_guide_deletes_the_embedded_one_and_creates_another(standard: httpx.Client) -> None:
    (embedded,) = standard.get("/v4/destinations").json()

    assert standard.delete(f"/v4/destinations/{embedded['id']}").status_code == 200
    created = standard.post("/v4/destinations", json=POSTGRES).json()

    assert created["report_card"]["current_step_type"] == "fully_configured"
    assert [d["id"] for d in standard.get("/v4/destinations").json()] == [created["id"]]


@pytest.mark.parametrize(("plan", "limit"), [("standard", 1), ("advanced", 3), ("premium", 5)])
def test_the_plan_limits_the_number_of_destinations(plan: Any, limit: int) -> None:
    with Sandbox(clock=NOON, pace_s=0, plan=plan) as sandbox, client_of(sandbox) as api:
        answers = [api.post("/v4/destinations", json=POSTGRES) for _ in range(limit)]
        sandbox.wait_idle()

        assert [a.status_code for a in answers] == [200] * (limit - 1) + [400]
        assert answers[-1].json() == "you are at your destination limit"
        assert len(api.get("/v4/destinations").json()) == limit


def test_an_incomplete_form_stays_on_the_form_unchecked(api: httpx.Client, sandbox: Sandbox) -> None:
    created = api.post("/v4/destinations", json={"type": "postgres"}).json()

    assert created["report_card"]["current_step_type"] == "form"
    assert "check_job_name" not in created
    refused = api.get(f"/v4/destinations/{created['id']}/last-connection-check")
    assert (refused.status_code, refused.json()) == (400, "invalid connection id")
    changed = api.put(f"/v4/destinations/{created['id']}", json={"properties": POSTGRES["properties"]}).json()
    sandbox.wait_idle()
    assert changed["report_card"]["current_step_type"] == "fully_configured"
    assert check_of(api, created)["status"] == "succeeded"


POST_BODY = (
    "POST body may only include a type, a name, a description, map of properties, and boolean for unmapped sources"
)
REFUSED_POSTS: list[tuple[dict[str, Any], Any, str]] = [
    ({"display_name": "x"}, POST_BODY, "another key"),
    ({"type": ""}, POST_BODY, "empty type"),
    ({"type": None}, POST_BODY, "no type"),
    ({"name": 7}, POST_BODY, "a name that is no text"),
    ({"properties": ["a"]}, POST_BODY, "properties that are no map"),
    ({"ignore_unmapped_sources": "false"}, POST_BODY, "a boolean that is text"),
    (
        {"type": "oracle"},
        {"error": "InvalidType", "data": {"message": "invalid destination type (oracle)"}},
        "unknown type",
    ),
    (
        {"type": "storagegrid"},
        {"error": "AccessDenied", "data": {"message": "you do not have access to destination type (storagegrid)"}},
        "the plan has no access",
    ),
]


@pytest.mark.parametrize(("change", "body", "why"), REFUSED_POSTS, ids=[row[2] for row in REFUSED_POSTS])
def test_a_post_is_refused_word_for_word(
    api: httpx.Client, change: dict[str, Any], body: Any, why: str, embedded: int
) -> None:
    answer = api.post("/v4/destinations", json={**POSTGRES, **change})

    assert (answer.status_code, answer.json()) == (400, body), why
    assert [d["id"] for d in api.get("/v4/destinations").json()] == [embedded], "nothing is half-created"


@pytest.mark.parametrize(
    "bad", [{"port": "five"}, {"database": ""}, {"host": "no host!"}, {"ssl": "maybe"}, {"colour": "red"}], ids=str
)
def test_values_that_break_their_schema_are_named(api: httpx.Client, bad: dict[str, str]) -> None:
    answer = api.post("/v4/destinations", json=with_properties(**bad))

    assert answer.status_code == 400
    told = answer.json()
    assert (told["error"], told["data"]["bad_properties"]) == ("InvalidProperties", list(bad))
    assert told["data"]["report_card"]["type"] == "postgres"


# -- checking ---------------------------------------------------------------------------------------------------------


def test_the_embedded_one_has_a_good_check(api: httpx.Client, embedded: int) -> None:
    check = check_of(api, {"id": embedded})

    assert check["name"].startswith(f"116078.{embedded}.check.")
    assert (check["status"], check["error"]) == ("succeeded", False)


def test_a_good_check_tells_the_target(api: httpx.Client, sandbox: Sandbox) -> None:
    created = api.post("/v4/destinations", json=POSTGRES).json()
    sandbox.wait_idle()

    check = check_of(api, created)
    assert check["name"] == created["check_job_name"]
    assert check["completion_time"] > check["start_time"]
    assert {k: v for k, v in check.items() if k not in {"name", "start_time", "completion_time"}} == {
        "mode": "check",
        "status": "succeeded",
        "error": False,
        "check_exit_status": 0,
        "discovery_exit_status": None,
        "discovery_error_message": None,
        "tap_exit_status": None,
        "tap_error_message": None,
        "target_exit_status": 0,
        "target_error_message": None,
    }


def test_a_check_can_be_seen_while_it_runs() -> None:
    with Sandbox(pace_s=30) as sandbox, client_of(sandbox) as api:
        created = api.post("/v4/destinations", json=POSTGRES).json()
        check = check_of(api, created)

    assert (check["status"], check["completion_time"], check["target_exit_status"]) == ("running", None, None)


FAILING: list[tuple[dict[str, Any], dict[str, str], str, str]] = [
    (
        POSTGRES,
        {"password": "bad-word"},
        'FATAL: password authentication failed for user "loader"',
        "a wrong password, as PostgreSQL says it",
    ),
    (
        POSTGRES,
        {"host": "unknown"},
        "The connection attempt failed: unknown: Name or service not known",
        "no such host",
    ),
    (
        SNOWFLAKE,
        {"username": "bad-user"},
        "Incorrect username or password was specified.",
        "a user name is secret here",
    ),
    (
        S3,
        {"s3_bucket": "unknown"},
        "There is no unknown (Service: Amazon S3; Status Code: 404; Error Code: NoSuchBucket)",
        "no such bucket",
    ),
]


@pytest.mark.parametrize(("body", "bad", "message", "why"), FAILING, ids=[row[3] for row in FAILING])
def test_a_check_fails_in_the_servers_words(
    api: httpx.Client, sandbox: Sandbox, body: dict[str, Any], bad: dict[str, str], message: str, why: str
) -> None:
    answer = api.post("/v4/destinations", json={**body, "properties": {**body["properties"], **bad}})
    assert answer.status_code == 200, answer.text
    sandbox.wait_idle()

    check = check_of(api, answer.json())
    assert (check["status"], check["error"], check["check_exit_status"]) == ("failed", True, None), why
    assert (check["target_exit_status"], check["target_error_message"]) == (1, message)


def test_a_check_is_of_the_kind_that_it_was_asked_for(
    api: httpx.Client, sandbox: Sandbox, source: dict[str, Any], embedded: int
) -> None:
    assert api.get(f"/v4/destinations/{source['id']}/last-connection-check").status_code == 400
    assert api.get(f"/v4/sources/{embedded}/last-connection-check").status_code == 400


# -- changing ---------------------------------------------------------------------------------------------------------


def test_corrected_properties_are_checked_again(api: httpx.Client, sandbox: Sandbox) -> None:
    created = api.post("/v4/destinations", json=with_properties(password="bad-word")).json()
    sandbox.wait_idle()
    assert check_of(api, created)["status"] == "failed"

    changed = api.put(f"/v4/destinations/{created['id']}", json={"properties": {"password": "better-word"}}).json()
    sandbox.wait_idle()

    assert changed["check_job_name"] != created["check_job_name"]
    assert changed["properties"] == created["properties"]
    assert check_of(api, created)["status"] == "succeeded"


REFUSED_PUTS: list[tuple[str | None, Any, Any, str]] = [
    (None, {"type": "redshift"}, "this API endpoint does not support modifying destination type", "another type"),
    (
        None,
        {"type": "postgres", "properties": {}},
        "this API endpoint does not support modifying destination type",
        "even the same type",
    ),
    (None, {"colour": "red"}, "PUT body may only include a map of properties", "another key"),
    (None, {}, "PUT body may only include a map of properties", "nothing to change"),
    (None, [], "PUT body may only include a map of properties", "no object"),
    ("7", {"properties": {}}, "invalid connection id", "no such destination"),
    ("abc", {"properties": {}}, "invalid connection id", "letters"),
    ("9" * 30, {"properties": {}}, "invalid connection id", "a number beyond all ids"),
]


@pytest.mark.parametrize(("id_", "change", "body", "why"), REFUSED_PUTS, ids=[row[3] for row in REFUSED_PUTS])
def test_a_put_is_refused_word_for_word(
    api: httpx.Client, embedded: int, id_: str | None, change: Any, body: Any, why: str
) -> None:
    answer = api.put(f"/v4/destinations/{id_ or embedded}", json=change)

    assert (answer.status_code, answer.json()) == (400, body), why


def test_a_put_of_bad_values_changes_nothing(api: httpx.Client, sandbox: Sandbox) -> None:
    created = api.post("/v4/destinations", json=POSTGRES).json()
    sandbox.wait_idle()

    answer = api.put(f"/v4/destinations/{created['id']}", json={"properties": {"database": "new", "port": "x"}})

    assert (answer.status_code, answer.json()["data"]["bad_properties"]) == (400, ["port"])
    (found,) = api.get(f"/v4/destinations?destination_id={created['id']}").json()
    assert found["properties"]["database"] == "reporting"


# -- deleting ---------------------------------------------------------------------------------------------------------


def test_a_delete_answers_with_an_empty_body(api: httpx.Client, embedded: int) -> None:
    answer = api.delete(f"/v4/destinations/{embedded}")

    assert (answer.status_code, answer.content) == (200, b"")
    assert api.get("/v4/destinations").json() == []


@pytest.mark.parametrize(
    ("path", "status", "body", "why"),
    [
        ("/7", 400, "Unable to locate dest (7) for client (116078) to delete", "no such destination"),
        (f"/{'9' * 30}", 400, f"Unable to locate dest ({'9' * 30}) for client (116078) to delete", "beyond all ids"),
        ("/abc", 404, None, "letters"),
        ("/", 404, None, "nothing, after a slash"),
        ("", 404, None, "nothing"),
    ],
)
def test_what_cannot_be_deleted(api: httpx.Client, path: str, status: int, body: Any, why: str) -> None:
    answer = api.delete(f"/v4/destinations{path}")

    assert answer.status_code == status, why
    assert body is None or answer.json() == body
    assert len(api.get("/v4/destinations").json()) == 1


def test_a_deleted_destination_cannot_be_deleted_again(api: httpx.Client, embedded: int) -> None:
    api.delete(f"/v4/destinations/{embedded}")

    answer = api.delete(f"/v4/destinations/{embedded}")

    assert (answer.status_code, answer.json()) == (
        400,
        f"Unable to locate dest ({embedded}) for client (116078) to delete",
    )


def test_a_deleted_embedded_warehouse_stays_deleted_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "acme.sandbox"
    with Sandbox(path, pace_s=0) as sandbox, client_of(sandbox) as api:
        (embedded,) = api.get("/v4/destinations").json()
        api.delete(f"/v4/destinations/{embedded['id']}")

    with Sandbox(path, pace_s=0) as again, client_of(again) as api:
        assert api.get("/v4/destinations").json() == []
