"""Custom e-mails and hooks, held against the documented answers."""

from typing import Any

import httpx
import pytest

BASE = "/notifications/public/v1/api"
EMAILS, HOOKS = f"{BASE}/custom-emails", f"{BASE}/hooks"
URL = "https://hooks.example.com/catch/1"
# The embedded warehouse's id, which comes from the seed.
DESTINATION = 174978


def hook(url: str = URL, **change: Any) -> dict[str, Any]:
    return {"type": "post_load", "destination_id": DESTINATION, "config": {"url": url}, **change}


# -- custom e-mails -------------------------------------------------------------------------------------------------


def test_a_created_email_is_the_documented_one(api: httpx.Client) -> None:
    created = api.post(EMAILS, json={"email_address": "etl@example.com"})

    assert created.status_code == 200
    email = created.json()
    assert email == {
        "id": email["id"],
        "client_id": 116078,
        "email_address": "etl@example.com",
        "created_at": "2026-03-20T12:00:00Z",
        "disabled_at": None,
    }
    assert isinstance(email["id"], int)
    assert api.get(EMAILS).json() == [email]


def test_an_email_is_disabled_by_a_time_and_enabled_by_null(api: httpx.Client) -> None:
    path = f"{EMAILS}/{api.post(EMAILS, json={'email_address': 'etl@example.com'}).json()['id']}"

    disabled = api.put(path, json={"disabled_at": "2020-03-20T16:06:19Z"})
    assert (disabled.status_code, disabled.json()) == (200, {"disabled_at": "2020-03-20T16:06:19Z"})
    assert [email["disabled_at"] for email in api.get(EMAILS).json()] == ["2020-03-20T16:06:19Z"]

    enabled = api.put(path, json={"disabled_at": None})
    assert (enabled.status_code, enabled.json()) == (200, {"disabled_at": None})
    assert [email["disabled_at"] for email in api.get(EMAILS).json()] == [None]


def test_a_deleted_email_is_gone(api: httpx.Client) -> None:
    path = f"{EMAILS}/{api.post(EMAILS, json={'email_address': 'etl@example.com'}).json()['id']}"

    deleted = api.delete(path)

    assert (deleted.status_code, deleted.json()) == (200, [1])
    assert api.get(EMAILS).json() == []
    assert api.delete(path).status_code == 404


BAD_EMAIL = {"error": {"message": {"email_address": "Required. Must be valid email address format."}}}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, "missing"),
        ({"email_address": None}, "null"),
        ({"email_address": ""}, "empty"),
        ({"email_address": 7}, "a number"),
        ({"email_address": "etl"}, "no @"),
        ({"email_address": "etl@"}, "no host"),
        ({"email_address": "etl @example.com"}, "a blank in it"),
        (["etl@example.com"], "a list"),
    ],
)
def test_what_is_no_address_is_refused_word_for_word(api: httpx.Client, body: Any, why: str) -> None:
    answer = api.post(EMAILS, json=body)

    assert (answer.status_code, answer.json()) == (400, BAD_EMAIL), why
    assert api.get(EMAILS).json() == []


def test_there_are_at_most_ten_emails(api: httpx.Client) -> None:
    for number in range(10):
        assert api.post(EMAILS, json={"email_address": f"etl{number}@example.com"}).status_code == 200

    eleventh = api.post(EMAILS, json={"email_address": "etl10@example.com"})

    message = "Account not authorized to create additional custom notification email addresses."
    assert (eleventh.status_code, eleventh.json()) == (400, {"error": {"message": message}})
    assert len(api.get(EMAILS).json()) == 10


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("id_", ["7", "abc", "9" * 30])
def test_no_such_email(api: httpx.Client, method: str, id_: str) -> None:
    answer = api.request(method, f"{EMAILS}/{id_}", json={"disabled_at": None})

    assert (answer.status_code, answer.json()) == (404, {"status": "NOT FOUND"})


@pytest.mark.parametrize(
    ("body", "told", "why"),
    [
        ({"disabled_at": "yesterday"}, "yesterday", "no time"),
        ({"disabled_at": True}, True, "no text"),
        ({}, None, "missing"),
        ({"disabled_at": None, "email_address": "b@example.com"}, None, "another key"),
    ],
)
def test_a_bad_disabled_at_is_given_back(api: httpx.Client, body: Any, told: Any, why: str) -> None:
    id_ = api.post(EMAILS, json={"email_address": "etl@example.com"}).json()["id"]

    answer = api.put(f"{EMAILS}/{id_}", json=body)

    assert (answer.status_code, answer.json()) == (400, {"disabled_at": told}), why
    assert api.get(EMAILS).json()[0]["disabled_at"] is None


# -- hooks ----------------------------------------------------------------------------------------------------------


def test_a_created_hook_is_the_documented_one(api: httpx.Client) -> None:
    created = api.post(HOOKS, json=hook())

    assert created.status_code == 200
    body = created.json()
    assert body == {
        "id": body["id"],
        "client_id": 116078,
        "type": "post_load",
        "version": 1,
        "destination_id": DESTINATION,
        "config": {"url": URL},
        "created_at": "2026-03-20T12:00:00Z",
        "modified_at": "2026-03-20T12:00:00Z",
        "disabled_at": None,
    }
    assert api.get(HOOKS).json() == {"post_load": [body]}


def test_without_hooks_the_list_is_there_and_empty(api: httpx.Client) -> None:
    assert api.get(HOOKS).json() == {"post_load": []}


def test_a_hook_is_disabled_and_enabled(api: httpx.Client) -> None:
    path = f"{HOOKS}/{api.post(HOOKS, json=hook()).json()['id']}"

    assert api.put(path, json={"enable": False}).json()["disabled_at"] == "2026-03-20T12:00:00Z"
    assert [found["disabled_at"] for found in api.get(HOOKS).json()["post_load"]] == ["2026-03-20T12:00:00Z"]
    assert api.put(path, json={"enable": True}).json()["disabled_at"] is None


def test_a_deleted_hook_is_gone(api: httpx.Client) -> None:
    path = f"{HOOKS}/{api.post(HOOKS, json=hook()).json()['id']}"

    deleted = api.delete(path)

    assert (deleted.status_code, deleted.content) == (200, b"null")
    assert api.get(HOOKS).json() == {"post_load": []}


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:8443/", "http://127.0.0.1:8000/x", "http://localhost/", "http://[::1]/"]
)
def test_an_address_of_this_machine_may_be_http_as_well(api: httpx.Client, url: str) -> None:
    assert api.post(HOOKS, json=hook(url)).json()["config"] == {"url": url}


BAD_HOOK = {"data": {"message": "Invalid POST body"}, "error": "InvalidBody"}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, "nothing"),
        ([], "a list"),
        (hook("http://hooks.example.com/"), "http to another machine"),
        (hook("http://127.0.0.1@hooks.example.com/"), "the loopback address as a user's name"),
        (hook("http://127.0.0.1.example.com/"), "a name that begins like the loopback address"),
        (hook("http://127.0.0.1\\@hooks.example.com/"), "a host that readers of URLs disagree on"),
        (hook("http://localhost.example.com/"), "a name that begins like localhost"),
        (hook("http://0.0.0.0/"), "an address that is nobody's"),
        (hook("ftp://127.0.0.1/"), "another scheme"),
        (hook("hooks.example.com"), "no scheme"),
        (hook("https://"), "no host"),
        (hook(""), "empty"),
        (hook(type="pre_load"), "another type"),
        (hook(destination_id=str(DESTINATION)), "a destination that is text"),
        (hook(destination_id=True), "a destination that is true"),
        (hook(destination_id=0), "a destination that is none"),
        (hook(destination_id=12345), "a destination that is not there"),
        (hook(destination_id=2**70), "a destination beyond all ids"),
        (hook(config={}), "no address"),
        (hook(config={"url": URL, "headers": {}}), "another key in the config"),
        (hook(config=URL), "a config that is text"),
        (hook(colour="red"), "another key"),
        ({"type": "post_load", "config": {"url": URL}}, "no destination"),
    ],
)
def test_a_bad_hook_is_refused_word_for_word(api: httpx.Client, body: Any, why: str) -> None:
    answer = api.post(HOOKS, json=body)

    assert (answer.status_code, answer.json()) == (400, BAD_HOOK), why
    assert api.get(HOOKS).json() == {"post_load": []}


def test_a_hook_of_a_deleted_destination_is_refused(api: httpx.Client) -> None:
    api.delete(f"/v4/destinations/{DESTINATION}")

    answer = api.post(HOOKS, json=hook())

    assert (answer.status_code, answer.json()) == (400, BAD_HOOK)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, "nothing"),
        ({"enable": "true"}, "text"),
        ({"enable": 1}, "a number"),
        ({"enable": True, "config": {"url": URL}}, "another key"),
        ([True], "a list"),
    ],
)
def test_a_bad_change_of_a_hook_is_refused_word_for_word(api: httpx.Client, body: Any, why: str) -> None:
    id_ = api.post(HOOKS, json=hook()).json()["id"]

    answer = api.put(f"{HOOKS}/{id_}", json=body)

    told = {"data": {"message": "PUT body must only contain boolean 'enable' key"}, "error": "InvalidBody"}
    assert (answer.status_code, answer.json()) == (400, told), why


def test_there_are_at_most_ten_hooks(api: httpx.Client) -> None:
    for number in range(10):
        assert api.post(HOOKS, json=hook(f"{URL}/{number}")).status_code == 200

    eleventh = api.post(HOOKS, json=hook())

    assert (eleventh.status_code, eleventh.json()) == (
        400,
        {"error": {"message": "You have exceeded the limit of 10 hooks."}},
    )


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("id_", ["7", "abc", "9" * 30])
def test_no_such_hook(api: httpx.Client, method: str, id_: str) -> None:
    answer = api.request(method, f"{HOOKS}/{id_}", json={"enable": True})

    assert (answer.status_code, answer.json()) == (400, {"error": "NotFound"})


@pytest.mark.parametrize("path", [EMAILS, HOOKS])
def test_notifications_ask_for_the_accounts_token(api: httpx.Client, path: str) -> None:
    assert api.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401
