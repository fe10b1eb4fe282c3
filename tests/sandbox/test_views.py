"""A selected view needs keys: the API takes it without, and the job then fails and says which one it is."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
import pytest
from connection_properties import postgres_properties

from stitchnb.sandbox import Sandbox
from stitchnb.sandbox.pipeline import Batch, Connector, Context, DiscoveredStream, SelectedStream

DATABASE = postgres_properties()
VIEW = "stream 'customer_view' is a view and has no view-key-properties"


class Ours:
    """A connector of somebody's own that knows nothing of this rule."""

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        """Let everybody in."""

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        metadata = {
            (): {"is-view": True},
            ("properties", "id"): {"inclusion": "available", "selected-by-default": True},
        }
        schema = {"properties": {"id": {"type": "integer"}}}
        return [DiscoveredStream("shop-public-customer_view", "customer_view", schema, metadata)]

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        yield Batch(streams[0], [{"id": 1}], now)


@pytest.fixture(params=[None, Ours()], ids=["seeded", "of one's own"])
def database(request: pytest.FixtureRequest, api: httpx.Client, sandbox: Sandbox) -> int:
    """A database with a view, checked."""
    ours: Connector | None = request.param
    if ours is not None:
        sandbox.connectors["platform.hp-postgres"] = ours
    body = {"type": "platform.hp-postgres", "display_name": "Database", "properties": DATABASE}
    source_id: int = api.post("/v4/sources", json=body).json()["id"]
    sandbox.wait_idle()
    return source_id


def select(api: httpx.Client, source_id: int, **metadata: Any) -> None:
    told = {"selected": True, "replication-method": "FULL_TABLE", **metadata}
    stream = {"tap_stream_id": "shop-public-customer_view", "metadata": [{"breadcrumb": [], "metadata": told}]}
    answer = api.put(f"/v4/sources/{source_id}/streams/metadata", json={"streams": [stream]})
    assert answer.json() == {"status": 200}


def ended(api: httpx.Client, sandbox: Sandbox, source_id: int) -> tuple[int | None, str | None]:
    assert "job_name" in api.post(f"/v4/sources/{source_id}/sync").json()
    sandbox.wait_idle()
    (extraction,) = api.get("/v4/116078/extractions").json()["data"]
    return extraction["tap_exit_status"], extraction["tap_description"]


def test_a_view_without_keys_fails_its_job_until_it_has_them(
    api: httpx.Client, sandbox: Sandbox, database: int
) -> None:
    select(api, database)
    assert ended(api, sandbox, database) == (1, VIEW)
    (job,) = sandbox.jobs()
    assert [(stream["stream_name"], stream["state"]) for stream in job["streams"]] == [("customer_view", "not_reached")]

    select(api, database, **{"view-key-properties": ["id"]})
    assert ended(api, sandbox, database) == (0, None)
    assert not sandbox.warehouse.table("database.customer_view").empty

    select(api, database, **{"view-key-properties": []})
    assert ended(api, sandbox, database) == (1, VIEW)


def test_a_views_keys_are_fields_that_replicate(api: httpx.Client, sandbox: Sandbox, database: int) -> None:
    select(api, database, **{"view-key-properties": ["id", "nothing"]})

    assert ended(api, sandbox, database) == (
        1,
        "stream 'customer_view' has 'nothing' among its view-key-properties, which is no field that replicates",
    )


def test_a_view_that_is_not_selected_needs_none(api: httpx.Client, sandbox: Sandbox) -> None:
    body = {"type": "platform.hp-postgres", "display_name": "Database", "properties": DATABASE}
    source_id = api.post("/v4/sources", json=body).json()["id"]
    sandbox.wait_idle()
    orders = {"tap_stream_id": "shop-public-orders", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}
    api.put(f"/v4/sources/{source_id}/streams/metadata", json={"streams": [orders]})

    assert ended(api, sandbox, source_id) == (0, None)
