"""A sandbox that stands still in time and does not tarry, and a plain HTTP client for it."""

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import httpx
import import_requests
import pytest
import recurly_facts as recurly
from postgres_server import Database, PostgresServer, running_server

from stitchnb.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(clock=recurly.NOON, pace_s=0) as sandbox:
        yield sandbox


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.token.reveal()}"}
    with httpx.Client(base_url=sandbox.url, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
def source(api: httpx.Client, sandbox: Sandbox) -> dict[str, Any]:
    """A Recurly source whose check has ended."""
    created = api.post("/v4/sources", json=recurly.CREATE).json()
    sandbox.wait_idle()
    found: dict[str, Any] = api.get(f"/v4/sources/{created['id']}").json()
    return found


@pytest.fixture
def configured(api: httpx.Client, source: dict[str, Any]) -> dict[str, Any]:
    """A Recurly source with two streams selected."""
    body = {
        "streams": [
            {
                "tap_stream_id": "accounts",
                "metadata": [
                    {"breadcrumb": [], "metadata": {"selected": True}},
                    {"breadcrumb": ["properties", "email"], "metadata": {"selected": True}},
                ],
            },
            {"tap_stream_id": "plans", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]},
        ]
    }
    assert api.put(f"/v4/sources/{source['id']}/streams/metadata", json=body).json() == {"status": 200}
    found: dict[str, Any] = api.get(f"/v4/sources/{source['id']}").json()
    return found


@pytest.fixture
def embedded(api: httpx.Client) -> int:
    """The id of the embedded warehouse's destination."""
    (only,) = api.get("/v4/destinations").json()
    found: int = only["id"]
    return found


@pytest.fixture
def importing(api: httpx.Client) -> dict[str, Any]:
    """An Import API source."""
    created: dict[str, Any] = api.post("/v4/sources", json=import_requests.CREATE).json()
    return created


@pytest.fixture
def gate(api: httpx.Client, sandbox: Sandbox, importing: dict[str, Any]) -> Iterator[httpx.Client]:
    """A client with a token of the Import API source."""
    token = api.post(f"/v4/sources/{importing['id']}/tokens").json()["access_token"]
    with httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def postgres_server(unavailable: Callable[[str], NoReturn]) -> Iterator[PostgresServer]:
    """A real PostgreSQL of the tests' own."""
    with running_server(unavailable) as server:
        yield server


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[Database]:
    """An empty database in it."""
    with postgres_server.database() as database:
        yield database
