"""The life of a source, held against the documented answers."""

from typing import Any

import httpx
import pytest
import recurly_facts as recurly

from stitchnb.sandbox import Sandbox

TIMES = {"created_at", "updated_at"}


def without(body: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {k: v for k, v in body.items() if k not in keys}


def test_the_report_card_of_a_type_is_the_documented_one(api: httpx.Client) -> None:
    assert api.get("/v4/source-types/platform.recurly").json() == recurly.TYPE_CARD


def test_every_type_is_listed(api: httpx.Client) -> None:
    listed = api.get("/v4/source-types").json()

    assert len(listed) == 70
    assert all("details" in card and "upgrade_available" in card for card in listed)


def test_a_created_source_is_the_documented_one(api: httpx.Client) -> None:
    created = api.post("/v4/sources", json=recurly.CREATE).json()

    assert created["id"] == 233312
    assert created["check_job_name"].startswith("116078.233312.check.")
    assert without(created, "check_job_name", "report_card", *TIMES) == recurly.source(id=233312)
    assert created["report_card"] == recurly.report_card(2, provided=recurly.GIVEN)


def test_a_good_check_moves_it_to_field_selection(source: dict[str, Any], api: httpx.Client) -> None:
    assert without(source, "check_job_name", "report_card", *TIMES) == recurly.source(id=233312)
    assert source["report_card"] == recurly.report_card(3, provided=recurly.GIVEN)
    check = api.get("/v4/sources/233312/last-connection-check").json()
    assert without(check, "name", "start_time", "completion_time") == {
        "target_exit_status": None,
        "tap_error_message": None,
        "check_exit_status": 0,
        "mode": "check",
        "tap_exit_status": None,
        "target_error_message": None,
        "discovery_exit_status": 0,
        "status": "succeeded",
        "error": False,
        "discovery_error_message": None,
    }
    assert check["name"] == source["check_job_name"]
    assert check["completion_time"] > check["start_time"]


def test_a_running_check_has_no_outcome_yet() -> None:
    with Sandbox(pace_s=30) as sandbox, httpx.Client(base_url=sandbox.url) as api:
        api.headers["Authorization"] = f"Bearer {sandbox.token.reveal()}"
        created = api.post("/v4/sources", json=recurly.CREATE).json()
        check = api.get(f"/v4/sources/{created['id']}/last-connection-check").json()

    assert without(check, "name", "start_time", "mode") == {
        "target_exit_status": None,
        "tap_error_message": None,
        "check_exit_status": None,
        "tap_exit_status": None,
        "target_error_message": None,
        "discovery_exit_status": None,
        "status": "running",
        "completion_time": None,
        "error": False,
        "discovery_error_message": None,
    }


@pytest.mark.parametrize(("name", "value"), [("api_key", "bad-key"), ("subdomain", "unknown")])
def test_a_failed_check_keeps_the_source_on_discover_schema(
    api: httpx.Client, sandbox: Sandbox, name: str, value: str
) -> None:
    body = {**recurly.CREATE, "properties": {**recurly.CREATE["properties"], name: value}}

    created = api.post("/v4/sources", json=body).json()
    sandbox.wait_idle()

    check = api.get(f"/v4/sources/{created['id']}/last-connection-check").json()
    assert (check["status"], check["error"], check["discovery_exit_status"]) == ("failed", True, 1)
    assert check["check_exit_status"] is None
    assert check["discovery_error_message"]
    assert "bad-key" not in check["discovery_error_message"]
    found = api.get(f"/v4/sources/{created['id']}").json()
    assert found["report_card"]["current_step_type"] == "discover_schema"
    assert api.get(f"/v4/sources/{created['id']}/streams").json() == []


def test_corrected_properties_are_checked_again(api: httpx.Client, sandbox: Sandbox) -> None:
    body = {**recurly.CREATE, "properties": {**recurly.CREATE["properties"], "api_key": "bad-key"}}
    created = api.post("/v4/sources", json=body).json()
    sandbox.wait_idle()

    changed = api.put(f"/v4/sources/{created['id']}", json={"properties": {"api_key": "better"}}).json()
    sandbox.wait_idle()

    assert changed["check_job_name"] != created["check_job_name"]
    assert api.get(f"/v4/sources/{created['id']}/last-connection-check").json()["status"] == "succeeded"
    assert api.get(f"/v4/sources/{created['id']}").json()["report_card"]["current_step_type"] == "field_selection"


def test_an_incomplete_form_stays_on_the_form(api: httpx.Client) -> None:
    created = api.post("/v4/sources", json={"type": "platform.recurly", "display_name": "R", "properties": {}}).json()

    assert created["report_card"]["current_step_type"] == "form"
    assert "check_job_name" not in created
    completed = api.put(f"/v4/sources/{created['id']}", json={"properties": recurly.CREATE["properties"]}).json()
    assert completed["report_card"]["current_step_type"] == "discover_schema"


def test_selecting_makes_it_fully_configured(configured: dict[str, Any]) -> None:
    assert without(configured, "report_card", "schedule", *TIMES) == without(recurly.source(id=233312), "schedule")
    # Stitch gives the anchor that the interval is counted from, and does not tell it.
    assert configured["report_card"] == recurly.report_card(4, provided={*recurly.GIVEN, "anchor_time"})
    assert configured["schedule"] == {
        "type": "interval",
        "unit": "minute",
        "interval": 60.0,
        "next_fire_time": configured["schedule"]["next_fire_time"],
    }
    assert "check_job_name" not in configured


def test_credentials_are_never_given_back(source: dict[str, Any], api: httpx.Client) -> None:
    everything = api.get("/v4/sources").text + api.get(f"/v4/sources/{source['id']}").text

    assert "[RECURLY_API_KEY]" not in everything


def test_a_paused_source_has_no_schedule(configured: dict[str, Any], api: httpx.Client) -> None:
    path = f"/v4/sources/{configured['id']}"

    paused = api.put(path, json={"paused_at": "2020-01-01T00:00:00Z"}).json()
    assert (paused["paused_at"], paused["schedule"]) == ("2020-01-01T00:00:00Z", None)

    resumed = api.put(path, json={"paused_at": None}).json()
    assert resumed["paused_at"] is None
    assert resumed["schedule"]["next_fire_time"]


def test_a_deleted_source_stays_in_the_list(configured: dict[str, Any], api: httpx.Client) -> None:
    path = f"/v4/sources/{configured['id']}"

    deleted = api.delete(path).json()

    assert deleted["deleted_at"]
    assert deleted["schedule"] is None
    assert [s["deleted_at"] for s in api.get("/v4/sources").json()] == [deleted["deleted_at"]]
    refused = api.delete(path)
    assert (refused.status_code, refused.json()["error"]) == (400, "InvalidId")


def test_a_name_is_free_again_once_its_source_is_deleted(source: dict[str, Any], api: httpx.Client) -> None:
    api.delete(f"/v4/sources/{source['id']}")

    assert api.post("/v4/sources", json=recurly.CREATE).json()["name"] == "recurly"


def test_the_frequency_is_the_types_own_when_none_is_given(api: httpx.Client) -> None:
    properties = without(recurly.CREATE["properties"], "frequency_in_minutes")

    created = api.post("/v4/sources", json={**recurly.CREATE, "properties": properties}).json()

    assert created["properties"]["frequency_in_minutes"] == "60"


def _named(error: str, message: str) -> dict[str, Any]:
    return {"error": error, "data": {"message": message}}


POST_BODY = "POST body may only include a non-empty type, a non-empty display_name and map of string properties"
BAD_NAME = (
    "The name field must be under 50 characters, and can only contain lowercase letters, numbers, underscores, or "
    "dollar signs. It must begin with a letter or an underscore."
)
REFUSED_POSTS = [
    ({"type": "platform.x"}, _named("InvalidType", "invalid source type (platform.x)"), "unknown type"),
    ({"type": "zendesk"}, _named("InvalidType", "invalid source type (zendesk)"), "a type without steps"),
    (
        {"type": "platform.twilio"},
        _named("AccessDenied", "you do not have access to source type (platform.twilio)"),
        "the plan has no access",
    ),
    ({"type": ""}, _named("InvalidBody", POST_BODY), "empty type"),
    ({"display_name": ""}, _named("InvalidBody", POST_BODY), "empty name"),
    ({"colour": "red"}, _named("InvalidBody", POST_BODY), "another key"),
    ({"properties": {"quota_limit": 30}}, _named("InvalidBody", POST_BODY), "a property that is no string"),
    ({"properties": ["a"]}, _named("InvalidBody", POST_BODY), "properties that are no map"),
    (
        {"display_name": "####"},
        _named("InvalidDisplayName", "invalid name after deriving it from display_name (#### -> )"),
        "nothing is left of the name",
    ),
    ({"display_name": "7up"}, _named("InvalidName", BAD_NAME), "a name that begins with a digit"),
    ({"display_name": "a" * 50}, _named("InvalidName", BAD_NAME), "a name that is too long"),
    (
        {"properties": {"cron_expression": "0 0 12 1 * MON"}},
        _named(
            "InvalidCronExpression",
            'cron_expression "0 0 12 1 * MON" is invalid: Support for specifying both a day-of-week AND a '
            "day-of-month parameter is not implemented.",
        ),
        "bad cron",
    ),
]


@pytest.mark.parametrize(("change", "body", "why"), REFUSED_POSTS, ids=[row[2] for row in REFUSED_POSTS])
def test_a_post_is_refused_word_for_word(
    api: httpx.Client, change: dict[str, Any], body: dict[str, Any], why: str
) -> None:
    answer = api.post("/v4/sources", json={**recurly.CREATE, **change})

    assert (answer.status_code, answer.json()) == (400, body), why
    assert api.get("/v4/sources").json() == [], "nothing is half-created"


def test_no_json_at_all_is_refused(api: httpx.Client) -> None:
    answer = api.post("/v4/sources", content=b"{")

    assert (answer.status_code, answer.json()) == (400, _named("InvalidBody", POST_BODY))


def test_a_taken_name_is_refused_word_for_word(source: dict[str, Any], api: httpx.Client) -> None:
    same = api.post("/v4/sources", json=recurly.CREATE)
    derived = api.post("/v4/sources", json={**recurly.CREATE, "display_name": "Recurly!"})

    assert same.json() == _named("InvalidName", "non-unique name (Recurly)")
    assert derived.json() == _named(
        "InvalidName", "non-unique name after deriving it from display_name (Recurly! -> recurly)"
    )


@pytest.mark.parametrize("bad", [{"quota_limit": "thirty"}, {"subdomain": ""}, {"start_date": "2018-01-10"}])
def test_values_that_break_their_schema_are_named(api: httpx.Client, bad: dict[str, str]) -> None:
    body = {**recurly.CREATE, "properties": {**recurly.CREATE["properties"], **bad}}

    answer = api.post("/v4/sources", json=body)

    assert answer.status_code == 400
    told = answer.json()
    assert told["error"] == "InvalidProperties"
    assert told["data"]["message"] == "properties do not match schema"
    assert told["data"]["bad_properties"] == list(bad)
    assert told["data"]["report_card"]["type"] == "platform.recurly"


@pytest.mark.parametrize(
    ("change", "body", "why"),
    [
        (
            {"name": "other"},
            _named("InvalidBody", "PUT body many only include the keys: display_name, properties, and paused_at"),
            "another key",
        ),
        ({"display_name": ""}, _named("InvalidDisplayName", "invalid display_name ()"), "an empty name"),
    ],
)
def test_a_put_is_refused_word_for_word(
    source: dict[str, Any], api: httpx.Client, change: dict[str, Any], body: dict[str, Any], why: str
) -> None:
    answer = api.put(f"/v4/sources/{source['id']}", json=change)

    assert (answer.status_code, answer.json()) == (400, body), why


@pytest.mark.parametrize("method", ["PUT", "DELETE", "GET"])
@pytest.mark.parametrize("id_", ["7", "abc", "9" * 30])
def test_no_such_source(api: httpx.Client, method: str, id_: str) -> None:
    answer = api.request(method, f"/v4/sources/{id_}", json={} if method == "PUT" else None)

    assert (answer.status_code, answer.json()) == (400, _named("InvalidId", f"source not found ({id_})"))


def test_an_update_that_is_refused_changes_nothing(source: dict[str, Any], api: httpx.Client) -> None:
    path = f"/v4/sources/{source['id']}"

    answer = api.put(path, json={"display_name": "New", "properties": {"quota_limit": "thirty"}})

    assert answer.status_code == 400
    assert api.get(path).json()["display_name"] == "Recurly"
