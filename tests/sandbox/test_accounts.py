"""More tokens for the sandbox's account: created accounts and ephemeral sessions."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from stitchnb.sandbox import Sandbox

ANN = {
    "partner_id": "acme",
    "partner_secret": "s3cret-word",
    "first_name": "Ann",
    "last_name": "Archer",
    "company": "Acme",
    "email": "ann@example.com",
    "region": "us",
}


@pytest.fixture
def nobody(sandbox: Sandbox) -> Any:
    """A client without a token."""
    with httpx.Client(base_url=sandbox.url) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_created_account_has_a_token_that_works(nobody: httpx.Client) -> None:
    answer = nobody.post("/v3/accounts", json=ANN)

    created = answer.json()
    assert answer.status_code == 200
    assert created == {"access_token": created["access_token"], "stitch_account_id": 116078}
    assert created["access_token"].startswith("at_")
    headers = bearer(created["access_token"])
    assert nobody.get("/v4/sources", headers=headers).json() == []
    assert nobody.get(f"/v4/{created['stitch_account_id']}/loads", headers=headers).status_code == 200


def test_a_person_has_one_account_only(nobody: httpx.Client) -> None:
    nobody.post("/v3/accounts", json=ANN)

    for email in ("ann@example.com", "Ann@Example.com"):
        again = nobody.post("/v3/accounts", json={**ANN, "email": email})
        assert (again.status_code, again.json()) == (
            400,
            {"code": "ExistingUser", "message": "This email address is already associated with an active user."},
        )
    assert nobody.post("/v3/accounts", json={**ANN, "email": "bob@example.com"}).status_code == 200


ALL_REQUIRED = dict.fromkeys(ANN, "required")


@pytest.mark.parametrize(
    ("body", "errors", "why"),
    [
        ({k: v for k, v in ANN.items() if k != "partner_id"}, {"partner_id": "required"}, "one is missing"),
        ({**ANN, "company": "", "region": " "}, {"company": "required", "region": "required"}, "two are empty"),
        ({**ANN, "email": 7}, {"email": "required"}, "one is no text"),
        ({}, ALL_REQUIRED, "nothing is given"),
        ([], ALL_REQUIRED, "no object"),
    ],
)
def test_a_bad_form_is_refused_word_for_word(nobody: httpx.Client, body: Any, errors: dict[str, str], why: str) -> None:
    answer = nobody.post("/v3/accounts", json=body)

    assert (answer.status_code, answer.json()) == (
        400,
        {"code": "BadRequest", "message": "Invalid form data.", "errors": errors},
    ), why


def test_no_token_and_no_partners_secret_is_in_the_state_file(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "acme.sandbox", pace_s=0) as sandbox, httpx.Client(base_url=sandbox.url) as nobody:
        token = nobody.post("/v3/accounts", json=ANN).json()["access_token"]

    for file in tmp_path.iterdir():
        assert token.encode() not in file.read_bytes(), file
        assert b"s3cret-word" not in file.read_bytes(), file
    with Sandbox(tmp_path / "acme.sandbox", pace_s=0) as again, httpx.Client(base_url=again.url) as nobody:
        assert nobody.get("/v4/sources", headers=bearer(token)).status_code == 200, "and yet it still works"


def test_an_ephemeral_token_is_valid_one_hour(api: httpx.Client, nobody: httpx.Client, sandbox: Sandbox) -> None:
    answer = api.post("/v3/sessions/ephemeral")

    token = answer.json()["ephemeral_token"]
    assert (answer.status_code, answer.json()) == (200, {"ephemeral_token": token})
    sandbox.clock.advance(minutes=59)
    assert nobody.get("/v4/sources", headers=bearer(token)).status_code == 200
    sandbox.clock.advance(minutes=1)
    assert nobody.get("/v4/sources", headers=bearer(token)).status_code == 401


def test_a_session_needs_a_token(nobody: httpx.Client) -> None:
    assert nobody.post("/v3/sessions/ephemeral").status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Basic {token}", "{token}", "bearer {token}x"])
def test_what_is_no_token_is_refused(nobody: httpx.Client, sandbox: Sandbox, header: str) -> None:
    headers = {"Authorization": header.format(token=sandbox.token.reveal())}

    assert nobody.get("/v4/sources", headers=headers).status_code == 401
