"""A sandbox whose one source counts and whose destination is a real server; run as a script, it runs one job."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from stitchnb.sandbox import Sandbox, warehouses
from stitchnb.sandbox.pipeline import Batch, Context, DiscoveredStream, SelectedStream

ROWS, SIZE = 1500, 50
TYPE = "platform.hp-postgres"


class Counting:
    """Numbers from 0 on, from the bookmark's on, a few at once."""

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        pass

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        field = {"inclusion": "available"}
        top = {"table-key-properties": ["id"], "valid-replication-keys": ["id"]}
        schema = {"properties": {"id": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "integer"}}}}
        metadata = {(): top, ("properties", "id"): {"inclusion": "automatic"}, ("properties", "tags"): field}
        return [DiscoveredStream("numbers", "numbers", schema, metadata)]

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        for first in range(state.get("numbers", {}).get("id", 0), ROWS, SIZE):
            numbers = range(first, min(first + SIZE, ROWS))
            yield Batch(streams[0], [{"id": n, "tags": [n]} for n in numbers], now, {"id": numbers[-1]})


def opened(path: Path) -> Sandbox:
    """Open it, with what its types are bound to."""
    sandbox = Sandbox(path, pace_s=0)
    sandbox.connectors[TYPE] = Counting()
    sandbox.warehouses["postgres"] = warehouses.Postgres()
    return sandbox


def client_of(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.token.reveal()}"}, timeout=60)


def create(path: Path, destination: Mapping[str, str], source: Mapping[str, str]) -> None:
    """Make the state file: a source with its stream selected, and the destination that it is mapped to."""
    with opened(path) as sandbox, client_of(sandbox) as api:
        made = api.post("/v4/destinations", json={"type": "postgres", "properties": destination}).raise_for_status()
        body = {"type": TYPE, "display_name": "Counting", "properties": source, "destination_id": made.json()["id"]}
        source_id = api.post("/v4/sources", json=body).raise_for_status().json()["id"]
        sandbox.wait_idle()
        told = {"selected": True, "replication-method": "INCREMENTAL", "replication-key": "id"}
        selected = {"breadcrumb": ["properties", "tags"], "metadata": {"selected": True}}
        stream = {"tap_stream_id": "numbers", "metadata": [{"breadcrumb": [], "metadata": told}, selected]}
        api.put(f"/v4/sources/{source_id}/streams/metadata", json={"streams": [stream]}).raise_for_status()


def main(path: Path) -> None:
    with opened(path) as sandbox, client_of(sandbox) as api:
        (source,) = api.get("/v4/sources").json()
        print("running", flush=True)
        api.post(f"/v4/sources/{source['id']}/sync").raise_for_status()
        sandbox.wait_idle()
        print(api.get("/v4/116078/extractions").json()["data"][0]["target_exit_status"], flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
