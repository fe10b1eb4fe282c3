"""One sandbox over a real socket and both sides of it: plain HTTP, and the client."""

from collections.abc import Iterator

import documented
import httpx
import pytest

from stitchnb.client import Client
from stitchnb.sandbox import Sandbox


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox whose checks and jobs take no time; or one with the options that it is parametrised with."""
    with Sandbox(clock=documented.NOON, **{"pace_s": 0, **getattr(request, "param", {})}) as sandbox:
        yield sandbox


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.token.reveal()}"}
    with httpx.Client(base_url=sandbox.url, headers=headers) as api:
        yield api


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with Client(sandbox.token.reveal(), base_url=sandbox.url) as client:
        yield client


@pytest.fixture
def source_id(api: httpx.Client, sandbox: Sandbox) -> int:
    """A source that is checked, and in which nothing is selected yet."""
    created: int = api.post("/v4/sources", json=documented.NEW_SOURCE).json()["id"]
    sandbox.wait_idle()
    return created


@pytest.fixture
def configured_id(api: httpx.Client, source_id: int) -> int:
    """A source in which one stream is selected."""
    assert api.put(f"/v4/sources/{source_id}/streams/metadata", json=documented.SELECTION).is_success
    return source_id


@pytest.fixture
def job_name(api: httpx.Client, sandbox: Sandbox, configured_id: int) -> str:
    """A job that has ended."""
    started: str = api.post(f"/v4/sources/{configured_id}/sync").json()["job_name"]
    sandbox.wait_idle()
    return started


@pytest.fixture
def import_source_id(api: httpx.Client) -> int:
    created: int = api.post("/v4/sources", json={"type": "import_api", "display_name": "Pushed"}).json()["id"]
    return created


@pytest.fixture
def import_token(api: httpx.Client, import_source_id: int) -> str:
    token: str = api.post(f"/v4/sources/{import_source_id}/tokens").json()["access_token"]
    return token


@pytest.fixture
def destination_id(api: httpx.Client) -> int:
    """The embedded warehouse."""
    found: int = api.get("/v4/destinations").json()[0]["id"]
    return found


@pytest.fixture
def salesforce_id(api: httpx.Client, sandbox: Sandbox) -> int:
    """A source with fields that are not supported."""
    created: int = api.post("/v4/sources", json=documented.NEW_SALESFORCE).json()["id"]
    sandbox.authorize(created)
    sandbox.wait_idle()
    return created


@pytest.fixture
def deleted_id(api: httpx.Client, source_id: int) -> int:
    api.delete(f"/v4/sources/{source_id}")
    return source_id


@pytest.fixture
def running_id(api: httpx.Client) -> int:
    """A source whose job is under way: give its sandbox some seconds."""
    created: int = api.post("/v4/sources", json={**documented.NEW_SOURCE, "properties": {}}).json()["id"]
    assert "job_name" in api.post(f"/v4/sources/{created}/sync").json()
    return created


@pytest.fixture
def crowd(api: httpx.Client, destination_id: int) -> int:
    """As many custom e-mails, hooks and destinations as there may be."""
    for number in range(10):
        assert api.post(f"{documented.BASE}/custom-emails", json={"email_address": f"a{number}@example.com"}).is_success
        hook = {**documented.NEW_HOOK, "destination_id": destination_id}
        assert api.post(f"{documented.BASE}/hooks", json=hook).is_success
    while api.post("/v4/destinations", json=documented.NEW_DESTINATION).is_success:
        pass
    return 10


@pytest.fixture
def email_id(api: httpx.Client) -> int:
    created: int = api.post(f"{documented.BASE}/custom-emails", json={"email_address": "a@example.com"}).json()["id"]
    return created


@pytest.fixture
def hook_id(api: httpx.Client, destination_id: int) -> int:
    hook = {**documented.NEW_HOOK, "destination_id": destination_id}
    created: int = api.post(f"{documented.BASE}/hooks", json=hook).json()["id"]
    return created


@pytest.fixture
def known_email(api: httpx.Client) -> str:
    """The address of somebody who has an account."""
    assert api.post("/v3/accounts", json=documented.NEW_ACCOUNT).is_success
    return documented.NEW_ACCOUNT["email"]


@pytest.fixture
def paused_import_token(api: httpx.Client, import_source_id: int, import_token: str) -> str:
    api.put(f"/v4/sources/{import_source_id}", json={"paused_at": documented.NOON})
    return import_token
