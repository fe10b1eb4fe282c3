"""Batches without rows: they bear a bookmark, or tell that a table is empty now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest

from stitchnb.sandbox import Sandbox
from stitchnb.sandbox.pipeline import Batch, Context, DiscoveredStream, SelectedStream

TYPE = "platform.shopify"
CREATE = {
    "type": TYPE,
    "display_name": "Shop",
    "properties": {"shop": "acme", "start_date": "2025-09-01T00:00:00Z", "api_key": "k"},
}


@dataclass
class Told:
    """Gives the batches that it is told to, and keeps the state that every job begins with."""

    method: str
    jobs: list[list[tuple[list[dict[str, Any]], dict[str, Any]]]] = field(default_factory=list)
    states: list[Mapping[str, Any]] = field(default_factory=list)

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        pass

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        number = {"type": ["null", "integer"]}
        metadata = {"table-key-properties": ["id"], "forced-replication-method": self.method}
        if self.method == "INCREMENTAL":
            metadata["valid-replication-keys"] = ["id"]
        return [DiscoveredStream("rows", "rows", {"type": "object", "properties": {"id": number}}, {(): metadata})]

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        self.states.append(dict(state))
        for records, bookmark in self.jobs[len(self.states) - 1]:
            yield Batch(streams[0], records, now, bookmark)


@dataclass
class Shop:
    sandbox: Sandbox
    api: httpx.Client
    source_id: int = 0

    def create(self, connector: Told) -> None:
        self.sandbox.connectors[TYPE] = connector
        self.source_id = self.api.post("/v4/sources", json=CREATE).json()["id"]
        self.sandbox.wait_idle()
        selected = {"tap_stream_id": "rows", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}
        path = f"/v4/sources/{self.source_id}/streams/metadata"
        assert self.api.put(path, json={"streams": [selected]}).json() == {"status": 200}

    def run(self) -> str:
        """Run a job; gives its log."""
        name = self.api.post(f"/v4/sources/{self.source_id}/sync").json()["job_name"]
        self.sandbox.wait_idle()
        (last,) = self.api.get("/v4/116078/extractions").json()["data"]
        assert (last["tap_exit_status"], last["target_exit_status"]) == (0, 0), last
        return httpx.get(self.api.get(f"/v4/116078/extractions/{name}").headers["location"]).text


@pytest.fixture
def shop(sandbox: Sandbox, api: httpx.Client) -> Shop:
    return Shop(sandbox, api)


def test_a_bookmark_without_rows_is_kept_and_costs_no_load(shop: Shop) -> None:
    connector = Told("INCREMENTAL", [[([{"id": 1}], {"id": 1})], [([], {"id": 2, "page": 7})], []])
    shop.create(connector)
    shop.run()
    shop.sandbox.faults.fail_loads("nothing is to be loaded")

    log = shop.run()
    shop.run()

    assert connector.states == [{}, {"rows": {"id": 1}}, {"rows": {"id": 2, "page": 7}}]
    assert "rows: no rows since the last bookmark" in log
    assert "0 rows" not in log
    assert shop.sandbox.warehouse.table("shop.rows")["id"].tolist() == [1]


def test_such_a_stream_had_no_new_rows(shop: Shop) -> None:
    shop.create(Told("INCREMENTAL", [[([], {"id": 2})]]))

    shop.run()

    (stream,) = shop.sandbox.jobs()[-1]["streams"]
    assert (stream["state"], stream["rows_loaded"]) == ("no_rows", 0)
    assert shop.api.get("/v4/116078/loads").json()["data"] == []


def test_a_full_table_without_rows_empties_its_table(shop: Shop) -> None:
    shop.create(Told("FULL_TABLE", [[([{"id": 1}], {})], [([], {})]]))
    shop.run()

    shop.run()

    assert shop.sandbox.warehouse.table("shop.rows")["id"].tolist() == []


def test_a_bookmark_after_the_rows_of_a_full_table_leaves_them_there(shop: Shop) -> None:
    connector = Told("FULL_TABLE", [[([{"id": 1}], {}), ([{"id": 2}], {}), ([], {"version": 3})], []])
    shop.create(connector)

    log = shop.run()
    shop.run()

    assert "rows: extracted 2 rows in 2 batches" in log
    assert connector.states[1] == {"rows": {"version": 3}}
    assert shop.sandbox.warehouse.table("shop.rows")["id"].tolist() == [1, 2]
