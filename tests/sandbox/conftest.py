"""A sandbox that stands still in time and does not tarry, and a plain HTTP client for it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import recurly_facts as recurly

from stitchnb.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(clock=recurly.NOON, pace_s=0) as sandbox:
        yield sandbox


@pytest.fixture
def api(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.token.reveal()}"}
    with httpx.Client(base_url=sandbox.url, headers=headers) as client:
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
