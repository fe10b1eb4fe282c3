"""Access tokens of the Import API: shown once, and never kept."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import recurly_facts as recurly
from import_requests import CREATE

from stitchnb.sandbox import Sandbox


def test_an_import_source_is_configured_from_the_start(importing: dict[str, Any]) -> None:
    assert importing["report_card"]["current_step_type"] == "fully_configured"
    assert importing["name"] == "adventure_time"
    assert importing["schedule"] is None


def test_a_token_is_shown_once_and_then_told_by_its_id(api: httpx.Client, importing: dict[str, Any]) -> None:
    path = f"/v4/sources/{importing['id']}/tokens"

    created = api.post(path)
    other = api.post(path).json()

    assert created.status_code == 200
    token = created.json()
    assert set(token) == {"id", "access_token"}
    assert isinstance(token["id"], int)
    assert len(token["access_token"]) >= 32
    assert token["access_token"] != other["access_token"]
    assert api.get(path).json() == [token["id"], other["id"]]
    assert token["access_token"] not in api.get(f"/v4/sources/{importing['id']}").text


def test_a_revoked_token_is_gone_and_the_answer_is_the_source(api: httpx.Client, importing: dict[str, Any]) -> None:
    path = f"/v4/sources/{importing['id']}/tokens"
    token = api.post(path).json()

    deleted = api.delete(f"{path}/{token['id']}")

    assert deleted.status_code == 200
    assert deleted.json() == api.get(f"/v4/sources/{importing['id']}").json()
    assert api.get(path).json() == []
    assert api.delete(f"{path}/{token['id']}").status_code == 404


@pytest.mark.parametrize(("method", "path"), [("POST", "tokens"), ("GET", "tokens"), ("DELETE", "tokens/1")])
def test_only_import_sources_have_tokens(api: httpx.Client, method: str, path: str) -> None:
    source = api.post("/v4/sources", json=recurly.CREATE).json()

    refused = api.request(method, f"/v4/sources/{source['id']}/{path}")
    missing = api.request(method, f"/v4/sources/7/{path}")

    assert (refused.status_code, refused.json()["error"]) == (400, "InvalidType")
    assert (missing.status_code, missing.json()) == (
        400,
        {"error": "InvalidId", "data": {"message": "source not found (7)"}},
    )


def test_another_sources_token_is_not_revoked(api: httpx.Client, importing: dict[str, Any]) -> None:
    other = api.post("/v4/sources", json={**CREATE, "display_name": "Other"}).json()
    token = api.post(f"/v4/sources/{other['id']}/tokens").json()

    assert api.delete(f"/v4/sources/{importing['id']}/tokens/{token['id']}").status_code == 404
    assert api.get(f"/v4/sources/{other['id']}/tokens").json() == [token["id"]]


def test_tokens_are_managed_by_the_accounts_token(api: httpx.Client, importing: dict[str, Any]) -> None:
    path = f"/v4/sources/{importing['id']}/tokens"
    token = api.post(path).json()

    headers = {"Authorization": f"Bearer {token['access_token']}"}

    assert api.get(path, headers=headers).status_code == 401
    assert api.get("/v4/sources", headers=headers).status_code == 401


def test_no_token_is_in_the_state_file(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "acme.sandbox", pace_s=0) as sandbox, httpx.Client(base_url=sandbox.url) as api:
        api.headers["Authorization"] = f"Bearer {sandbox.token.reveal()}"
        source = api.post("/v4/sources", json=CREATE).json()
        token = api.post(f"/v4/sources/{source['id']}/tokens").json()["access_token"]
        assert token not in str([exchange.to_dict() for exchange in sandbox.journal])

    files = [path.read_bytes() for path in tmp_path.iterdir()]
    assert files
    assert not any(token.encode() in content for content in files)
