"""Destinations, notifications, accounts and the Import API: as documented, in plain HTTP and through the client."""

import documented
import httpx
import pytest

from stitchnb.client import Client, ImportClient, create_account
from stitchnb.sandbox import Sandbox

EMAILS = "/notifications/public/v1/api/custom-emails"
HOOKS = "/notifications/public/v1/api/hooks"


# -- accounts ---------------------------------------------------------------------------------------------------------


@pytest.mark.endpoint("POST /v3/accounts")
def test_an_account_is_created_without_a_token(sandbox: Sandbox) -> None:
    told = httpx.post(f"{sandbox.url}/v3/accounts", json=documented.NEW_ACCOUNT)

    assert told.json() == {"access_token": documented.Like(r"at_[\w-]+"), "stitch_account_id": documented.NUMBER}
    made = create_account(base_url=sandbox.url, **{**documented.NEW_ACCOUNT, "email": "bob@example.com"})  # type: ignore[arg-type]
    assert made.stitch_account_id == told.json()["stitch_account_id"]
    assert made.access_token is not None
    with Client(made.access_token, base_url=sandbox.url) as other:
        assert other.sources.list() == []


@pytest.mark.endpoint("POST /v3/sessions/ephemeral")
def test_an_ephemeral_token_is_valid_for_an_hour(api: httpx.Client, client: Client, sandbox: Sandbox) -> None:
    told = api.post("/v3/sessions/ephemeral").json()
    assert told == {"ephemeral_token": documented.TOKEN}
    token = client.account.create_ephemeral_token().ephemeral_token

    for one in (told["ephemeral_token"], token.reveal()):  # type: ignore[union-attr]
        assert httpx.get(f"{sandbox.url}/v4/sources", headers={"Authorization": f"Bearer {one}"}).status_code == 200
    sandbox.clock.advance(hours=1, seconds=1)
    with Client(token, base_url=sandbox.url) as late, pytest.raises(Exception, match="401"):  # type: ignore[arg-type]
        late.sources.list()


# -- destinations -----------------------------------------------------------------------------------------------------


@pytest.mark.endpoint("POST /v4/destinations")
def test_a_destination_is_created(api: httpx.Client, client: Client) -> None:
    told = api.post("/v4/destinations", json=documented.NEW_DESTINATION).json()

    card = told.pop("report_card")
    assert (card["type"], card["current_step_type"]) == ("postgres", "fully_configured")
    assert told.pop("check_job_name") == documented.Like(rf"{documented.CLIENT_ID}\.\d+\.check\.{documented.UUID}")
    given = documented.NEW_DESTINATION["properties"]
    assert told == {
        "id": documented.NUMBER,
        "name": None,
        "description": None,
        "type": "postgres",
        "properties": {key: value for key, value in given.items() if key != "password"},
        "stitch_client_id": documented.CLIENT_ID,
        "created_at": documented.TIME,
        "updated_at": documented.TIME,
        "paused_at": None,
        "system_paused_at": None,
        "deleted_at": None,
    }
    other = client.destinations.create("postgres", name="W", properties=given, ignore_unmapped_sources=True)
    assert (other.type, other.name) == ("postgres", "W")
    assert dict(other.properties) == told["properties"]


@pytest.mark.endpoint("GET /v4/destinations")
def test_destinations_are_listed_and_found_by_source_and_by_id(
    api: httpx.Client, client: Client, source_id: int, destination_id: int
) -> None:
    other = api.post("/v4/destinations", json={**documented.NEW_DESTINATION, "ignore_unmapped_sources": True}).json()

    told = api.get("/v4/destinations").json()

    assert [d["id"] for d in told] == [destination_id, other["id"]]
    assert [d.to_dict() for d in client.destinations.list()] == told
    by_source = api.get("/v4/destinations", params={"source_id": source_id}).json()
    assert by_source == told[:1]
    assert [d.to_dict() for d in client.destinations.list(source_id=source_id)] == by_source
    assert api.get("/v4/destinations", params={"destination_id": other["id"]}).json() == told[1:]
    assert client.destinations.get(other["id"]).to_dict() == told[1]


@pytest.mark.endpoint("PUT /v4/destinations/{destination_id}")
def test_a_destination_is_changed(api: httpx.Client, client: Client) -> None:
    destination_id = api.post("/v4/destinations", json=documented.NEW_DESTINATION).json()["id"]

    told = api.put(f"/v4/destinations/{destination_id}", json={"properties": {"port": "5433"}}).json()

    assert (told["properties"]["port"], told["properties"]["host"]) == ("5433", "db.example.com")
    assert client.destinations.update(destination_id, properties={"port": "5434"}).properties["port"] == "5434"


@pytest.mark.endpoint("DELETE /v4/destinations/{destination_id}")
def test_a_destination_is_deleted_and_the_answer_is_empty(
    api: httpx.Client, client: Client, destination_id: int
) -> None:
    told = api.delete(f"/v4/destinations/{destination_id}")
    assert (told.status_code, told.content) == (200, b"")

    other = api.post("/v4/destinations", json=documented.NEW_DESTINATION).json()["id"]
    client.destinations.delete(other)
    assert api.get("/v4/destinations").json() == []


@pytest.mark.endpoint("GET /v4/destinations/{destination_id}/last-connection-check")
def test_a_destinations_last_check_is_told(api: httpx.Client, client: Client, destination_id: int) -> None:
    told = api.get(f"/v4/destinations/{destination_id}/last-connection-check").json()

    assert told == {**documented.check(), "discovery_exit_status": None, "target_exit_status": 0}
    found = client.connection_checks.wait(destination_id=destination_id)
    assert found.to_dict() == told
    assert found.succeeded


# -- notifications ----------------------------------------------------------------------------------------------------


@pytest.mark.endpoint("GET /notifications/public/v1/api/custom-emails")
@pytest.mark.endpoint("POST /notifications/public/v1/api/custom-emails")
def test_a_custom_email_is_created_and_listed(api: httpx.Client, client: Client) -> None:
    told = api.post(EMAILS, json={"email_address": "ada@example.com"}).json()

    assert told == {
        "id": documented.NUMBER,
        "client_id": documented.CLIENT_ID,
        "email_address": "ada@example.com",
        "created_at": documented.TIME,
        "disabled_at": None,
    }
    other = client.notifications.emails.create("bob@example.com")
    assert api.get(EMAILS).json() == [told, other.to_dict()]
    assert [e.to_dict() for e in client.notifications.emails.list()] == [told, other.to_dict()]


@pytest.mark.endpoint("PUT /notifications/public/v1/api/custom-emails/{id}")
def test_a_custom_email_is_disabled_and_enabled(api: httpx.Client, client: Client) -> None:
    email_id = api.post(EMAILS, json={"email_address": "ada@example.com"}).json()["id"]

    for value in ("2020-03-20T16:06:19Z", None):
        assert api.put(f"{EMAILS}/{email_id}", json={"disabled_at": value}).json() == {"disabled_at": value}
    assert not client.notifications.emails.disable(email_id).enabled
    assert client.notifications.emails.enable(email_id).enabled


@pytest.mark.endpoint("DELETE /notifications/public/v1/api/custom-emails/{id}")
def test_a_custom_email_is_deleted(api: httpx.Client, client: Client) -> None:
    ids = [api.post(EMAILS, json={"email_address": "ada@example.com"}).json()["id"] for _ in range(2)]

    assert api.delete(f"{EMAILS}/{ids[0]}").json() == [1]
    client.notifications.emails.delete(ids[1])
    assert api.get(EMAILS).json() == []


@pytest.mark.endpoint("GET /notifications/public/v1/api/hooks")
@pytest.mark.endpoint("POST /notifications/public/v1/api/hooks")
def test_a_hook_is_created_and_listed(api: httpx.Client, client: Client, destination_id: int) -> None:
    told = api.post(HOOKS, json={**documented.NEW_HOOK, "destination_id": destination_id}).json()

    assert {key: told[key] for key in ("id", "type", "destination_id", "config", "disabled_at")} == {
        "id": documented.NUMBER,
        **documented.NEW_HOOK,
        "destination_id": destination_id,
        "disabled_at": None,
    }
    other = client.notifications.hooks.create("https://hooks.example.com/2", destination_id=destination_id)
    assert api.get(HOOKS).json() == {"post_load": [told, other.to_dict()]}
    assert [h.url for h in client.notifications.hooks.list()] == [told["config"]["url"], "https://hooks.example.com/2"]


@pytest.mark.endpoint("PUT /notifications/public/v1/api/hooks/{id}")
def test_a_hook_is_disabled_and_enabled(api: httpx.Client, client: Client, destination_id: int) -> None:
    hook_id = api.post(HOOKS, json={**documented.NEW_HOOK, "destination_id": destination_id}).json()["id"]

    assert api.put(f"{HOOKS}/{hook_id}", json={"enable": False}).json()["disabled_at"] == documented.TIME
    assert api.put(f"{HOOKS}/{hook_id}", json={"enable": True}).json()["disabled_at"] is None
    assert not client.notifications.hooks.disable(hook_id).enabled
    assert client.notifications.hooks.enable(hook_id).enabled


@pytest.mark.endpoint("DELETE /notifications/public/v1/api/hooks/{id}")
def test_a_hook_is_deleted_and_the_answer_is_null(api: httpx.Client, client: Client, destination_id: int) -> None:
    hook = {**documented.NEW_HOOK, "destination_id": destination_id}
    ids = [api.post(HOOKS, json=hook).json()["id"] for _ in range(2)]

    assert api.delete(f"{HOOKS}/{ids[0]}").text == "null"
    client.notifications.hooks.delete(ids[1])
    assert api.get(HOOKS).json() == {"post_load": []}


# -- Import API -------------------------------------------------------------------------------------------------------


@pytest.mark.endpoint("POST /v4/sources/{source_id}/tokens")
@pytest.mark.endpoint("GET /v4/sources/{source_id}/tokens")
def test_an_import_token_is_told_once(api: httpx.Client, client: Client, import_source_id: int) -> None:
    path = f"/v4/sources/{import_source_id}/tokens"

    told = api.post(path).json()
    assert told == {"id": documented.NUMBER, "access_token": documented.TOKEN}
    other = client.import_tokens.create(import_source_id)
    assert other.access_token is not None

    assert api.get(path).json() == sorted([told["id"], other.id])
    assert [t.id for t in client.import_tokens.list(import_source_id)] == api.get(path).json()


@pytest.mark.endpoint("DELETE /v4/sources/{source_id}/tokens/{token_id}")
def test_a_revoked_import_token_lets_nobody_in(
    api: httpx.Client, client: Client, sandbox: Sandbox, import_source_id: int
) -> None:
    path = f"/v4/sources/{import_source_id}/tokens"
    tokens = [api.post(path).json() for _ in range(2)]

    told = api.delete(f"{path}/{tokens[0]['id']}").json()
    assert (told["id"], told["type"]) == (import_source_id, "import_api")
    assert client.import_tokens.delete(import_source_id, tokens[1]["id"]).id == import_source_id

    for token in tokens:
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        refused = httpx.post(f"{sandbox.url}/v2/import/batch", json=documented.BATCH, headers=headers)
        assert (refused.status_code, refused.json()) == (401, {"message": "Not Authorized"})


@pytest.mark.endpoint("GET /v2/import/status")
def test_the_import_api_tells_its_status_to_anybody(sandbox: Sandbox) -> None:
    told = httpx.get(f"{sandbox.url}/v2/import/status")

    assert (told.status_code, told.json()["status"]) == (200, "OK")
    with ImportClient("not-a-token", base_url=sandbox.url) as importer:
        assert importer.status().to_dict() == told.json()


@pytest.mark.endpoint("POST /v2/import/batch")
def test_a_batch_is_taken_and_lands(sandbox: Sandbox, import_token: str) -> None:
    headers = {"Authorization": f"Bearer {import_token}"}

    told = httpx.post(f"{sandbox.url}/v2/import/batch", json=documented.BATCH, headers=headers)
    assert told.status_code in (201, 202)
    with ImportClient(import_token, base_url=sandbox.url) as importer:
        taken = importer.batch(
            "people", [{"id": 2, "name": "Bob"}], schema=documented.BATCH["schema"], key_names=["id"]
        )

    assert taken.to_dict() == told.json()
    assert sandbox.warehouse.sql("SELECT id, name FROM pushed.people ORDER BY id").values.tolist() == [
        [1, "Ada"],
        [2, "Bob"],
    ]


@pytest.mark.endpoint("POST /v2/import/push")
def test_a_push_is_taken_and_lands(sandbox: Sandbox, import_token: str) -> None:
    headers = {"Authorization": f"Bearer {import_token}"}

    told = httpx.post(f"{sandbox.url}/v2/import/push", json=documented.PUSH, headers=headers)
    assert told.status_code in (201, 202)
    with ImportClient(import_token, base_url=sandbox.url) as importer:
        taken = importer.push([{**documented.PUSH[0], "data": {"id": 2, "name": "Bob"}}])

    assert taken.to_dict() == told.json()
    assert sandbox.warehouse.sql("SELECT count(*) AS n FROM pushed.people")["n"].tolist() == [2]


@pytest.mark.endpoint("POST /v2/import/validate")
def test_a_push_is_looked_at_and_nothing_lands(sandbox: Sandbox, import_token: str) -> None:
    headers = {"Authorization": f"Bearer {import_token}"}

    told = httpx.post(f"{sandbox.url}/v2/import/validate", json=documented.PUSH, headers=headers)
    assert (told.status_code, told.json()["status"]) == (200, "OK")
    with ImportClient(import_token, base_url=sandbox.url) as importer:
        assert importer.validate(documented.PUSH).to_dict() == told.json()

    assert len(sandbox.warehouse.tables()) == 0
