"""Steps that somebody authorises in the browser, and how the sandbox stands in for it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from stitchnb.errors import InvalidInputError
from stitchnb.sandbox import Sandbox, catalog
from stitchnb.sandbox.catalog.cards import source_cards
from stitchnb.sandbox.context import source_type_card

FORECAST: dict[str, Any] = {
    "type": "platform.harvest-forecast",
    "display_name": "Forecast",
    "properties": {"start_date": "2018-01-10T00:00:00Z", "account_id": "1234"},
}
OWN_CLIENT = {"client_id": "own-id", "client_secret": "own-secret", "refresh_token": "own-token"}


def create(api: httpx.Client, body: dict[str, Any], **more: str) -> dict[str, Any]:
    answer = api.post("/v4/sources", json={**body, "properties": {**body["properties"], **more}})
    assert answer.status_code == 200, answer.text
    created: dict[str, Any] = answer.json()
    return created


def authorize(api: httpx.Client, source: dict[str, Any]) -> httpx.Response:
    return api.post(f"/_sandbox/sources/{source['id']}/authorize")


def get(api: httpx.Client, source: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/v4/sources/{source['id']}").json()
    return found


def provided(source: dict[str, Any], step_type: str) -> dict[str, bool]:
    (step,) = [s for s in source["report_card"]["steps"] if s["type"] == step_type]
    return {p["name"]: p["provided"] for p in step["properties"]}


def step_of(source: dict[str, Any]) -> str:
    step: str = source["report_card"]["current_step_type"]
    return step


def test_a_source_stays_on_oauth_until_it_is_authorised(api: httpx.Client, sandbox: Sandbox) -> None:
    created = create(api, FORECAST)
    sandbox.wait_idle()

    assert step_of(get(api, created)) == "oauth"
    assert "check_job_name" not in created
    assert not any(provided(created, "oauth").values())


def test_an_authorised_source_moves_on_to_its_check(api: httpx.Client, sandbox: Sandbox) -> None:
    created = create(api, FORECAST)

    answer = authorize(api, created)

    authorised = answer.json()
    assert (answer.status_code, step_of(authorised)) == (200, "discover_schema")
    assert provided(authorised, "oauth") == {"client_id": True, "client_secret": True, "refresh_token": True}
    assert authorised["check_job_name"]
    assert authorised["properties"] == created["properties"], "all three are credentials, and not shown"
    sandbox.wait_idle()
    assert step_of(get(api, created)) == "field_selection"


def test_own_client_credentials_need_no_authorising(api: httpx.Client, sandbox: Sandbox) -> None:
    created = create(api, FORECAST, **OWN_CLIENT)
    sandbox.wait_idle()

    assert step_of(created) == "discover_schema"
    assert step_of(get(api, created)) == "field_selection"
    assert "own-secret" not in api.get("/v4/sources").text


def test_own_client_credentials_may_be_given_later(api: httpx.Client) -> None:
    created = create(api, FORECAST)

    changed = api.put(f"/v4/sources/{created['id']}", json={"properties": OWN_CLIENT}).json()

    assert step_of(changed) == "discover_schema"


def test_an_own_client_is_kept_when_somebody_authorises_it(api: httpx.Client, sandbox: Sandbox) -> None:
    created = create(api, FORECAST, client_id="own-id", client_secret="bad-secret")
    assert step_of(created) == "oauth"

    assert step_of(authorize(api, created).json()) == "discover_schema"
    sandbox.wait_idle()

    check = api.get(f"/v4/sources/{created['id']}/last-connection-check").json()
    assert check["status"] == "failed", "the secret is still the one that was brought, which the service refuses"


def test_what_stitch_provides_and_is_no_credential_is_shown(api: httpx.Client) -> None:
    created = create(
        api,
        {
            "type": "platform.deputy",
            "display_name": "Deputy",
            "properties": {"start_date": "2018-01-10T00:00:00Z"},
        },
    )

    shown = authorize(api, created).json()["properties"]

    assert {"client_id", "domain", "redirect_uri"} <= set(shown)
    assert shown["redirect_uri"].startswith("https://")
    assert not {"client_secret", "refresh_token"} & set(shown)


def test_what_only_the_user_can_give_must_be_there_before(api: httpx.Client) -> None:
    created = create(
        api,
        {
            "type": "platform.facebook",
            "display_name": "Facebook",
            "properties": {"start_date": "2018-01-10T00:00:00Z"},
        },
    )

    refused = authorize(api, created)

    assert refused.status_code == 400
    assert "its oauth step still needs account_id, which only you can give" in refused.text
    assert provided(get(api, created), "oauth") == {"access_token": False, "account_id": False}, "nothing was changed"
    changed = api.put(f"/v4/sources/{created['id']}", json={"properties": {"account_id": "1234"}}).json()
    assert step_of(changed) == "oauth"
    assert step_of(authorize(api, created).json()) == "discover_schema"


def test_authorising_again_changes_nothing_of_what_was_provided(api: httpx.Client, sandbox: Sandbox) -> None:
    created = create(api, FORECAST)
    authorize(api, created)
    sandbox.wait_idle()

    again = authorize(api, created)
    sandbox.wait_idle()

    assert again.status_code == 200
    assert step_of(get(api, created)) == "field_selection"


@pytest.mark.parametrize(
    ("body", "message", "why"),
    [
        (
            {"type": "platform.recurly", "display_name": "R", "properties": {}},
            "source 233312 cannot be authorised: platform.recurly has no step that asks for it",
            "no such step",
        ),
        (
            {**FORECAST, "properties": {}},
            "source 233312 cannot be authorised: its form step still needs account_id, start_date, which only you can "
            "give",
            "too early",
        ),
    ],
)
def test_what_cannot_be_authorised(api: httpx.Client, body: dict[str, Any], message: str, why: str) -> None:
    answer = authorize(api, create(api, body))

    told = {"error": "NothingToAuthorize", "data": {"message": message}}
    assert (answer.status_code, answer.json()) == (400, told), why


@pytest.mark.parametrize("id_", ["7", "abc"])
def test_no_such_source_to_authorise(api: httpx.Client, id_: str) -> None:
    answer = authorize(api, {"id": id_})

    assert (answer.status_code, answer.json()["data"]) == (400, {"message": f"source not found ({id_})"})


def test_authorising_from_python(api: httpx.Client, sandbox: Sandbox) -> None:
    created = create(api, FORECAST)

    sandbox.authorize(created["id"])

    sandbox.wait_idle()
    assert step_of(get(api, created)) == "field_selection"
    with pytest.raises(InvalidInputError, match=r"source not found \(7\)"):
        sandbox.authorize(7)


def test_authorising_needs_the_token(sandbox: Sandbox) -> None:
    assert httpx.post(f"{sandbox.url}/_sandbox/sources/7/authorize").status_code == 401


# What a user gives; whatever is not here takes any text.
GIVEN: dict[str, Any] = {
    "start_date": "2018-01-10T00:00:00Z",
    "api_type": "REST",
    "select_fields_by_default": "true",
    "login_customer_ids": [{"customerId": "1", "loginCustomerId": "2"}],
}


def test_every_type_that_asks_for_it_can_be_authorised(api: httpx.Client) -> None:
    cards = [card for card in map(source_type_card, catalog.source_types()) if card and card.step("oauth")]
    assert len(cards) == 21

    for card in cards:
        asked_for = {p.name for p in card.properties if p.is_user_required}
        given = {name: GIVEN.get(name, "1234") for name in asked_for}
        created = create(api, {"type": card.type, "display_name": card.type_name, "properties": given})
        assert step_of(authorize(api, created).json()) not in {"form", "oauth"}, card.type


@pytest.fixture
def profiled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Google Analytics, as if what is picked after authorising were a step of its own."""
    cards = source_cards()
    card = cards["platform.google-analytics"]
    (oauth,) = [step for step in card["steps"] if step["type"] == "oauth"]
    view = [p for p in oauth["properties"] if p["name"] == "view_id"]
    picked = {**oauth["properties"][0], "name": "profile_id", "is_credential": False}
    oauth["properties"] = [p for p in oauth["properties"] if p["name"] != "view_id"]
    card["steps"].insert(card["steps"].index(oauth) + 1, {"type": "profile", "properties": [*view, picked]})
    monkeypatch.setitem(cards._cards, "platform.google-analytics", card)
    source_type_card.cache_clear()
    yield
    monkeypatch.undo()
    source_type_card.cache_clear()


@pytest.mark.usefixtures("profiled")
def test_the_profile_step_is_authorised_in_the_same_way(api: httpx.Client) -> None:
    created = create(
        api,
        {
            "type": "platform.google-analytics",
            "display_name": "GA",
            "properties": {"start_date": "2018-01-10T00:00:00Z"},
        },
    )

    assert step_of(created) == "oauth"
    assert step_of(authorize(api, created).json()) == "profile"
    assert "its profile step still needs view_id" in authorize(api, created).text
    api.put(f"/v4/sources/{created['id']}", json={"properties": {"view_id": "77"}})
    authorised = authorize(api, created).json()
    assert step_of(authorised) == "discover_schema"
    assert provided(authorised, "profile") == {"view_id": True, "profile_id": True}
