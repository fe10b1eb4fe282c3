"""Sources for the stream picker: of the sandbox's catalogue, and one as large as one likes."""

import json
from typing import Any

import httpx
from connection_properties import postgres_properties, recurly_properties

from stitchnb import Client, Sandbox
from stitchnb.client import Source

TYPES: dict[str, dict[str, str]] = {
    "platform.recurly": recurly_properties(start_date="2025-09-01T00:00:00Z"),
    "platform.hp-postgres": postgres_properties(),
    "platform.bing-ads": {"customer_id": "1", "account_ids": "1", "start_date": "2025-09-01T00:00:00Z"},
    "platform.salesforce": {
        "api_type": "BULK",
        "select_fields_by_default": "true",
        "start_date": "2025-09-01T00:00:00Z",
    },
}
REPORT = "campaign_performance_report"
VIEW = "customer_view"


def new_sandbox() -> Sandbox:
    return Sandbox(pace_s=0, clock="2026-03-20T12:00:00Z")


def make_source(client: Client, type_: str) -> Source:
    """Make a source whose streams were discovered."""
    name = type_.rpartition(".")[2].replace("-", " ").title()
    made = client.sources.create(type_, display_name=name, properties=TYPES[type_], validate=False)
    if made.state not in ("discover_schema", "field_selection"):
        client.sandbox.authorize(made.id)
    client.sandbox.wait_idle()
    return made.refresh()


class LargeAccount:
    """A Connect API with one source of many streams, each of many fields.

    Attributes
    ----------
    asked
        Every request: its method and path.
    """

    def __init__(self, *, streams: int = 2_000, fields: int = 500) -> None:
        self.asked: list[tuple[str, str]] = []
        self._selected = {f"public-orders_of_region_{n:04}": n % 10 == 0 for n in range(streams)}
        self._fields = [f"field_{n:03}" for n in range(fields)]

    def source(self) -> Source:
        client = Client("not-a-token", base_url="https://api.example.com", transport=httpx.MockTransport(self._answer))
        return client.sources.get(1)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append((request.method, path))
        if request.method == "PUT":
            for stream in json.loads(request.content)["streams"]:
                for entry in stream["metadata"]:
                    if not entry["breadcrumb"]:
                        self._selected[stream["tap_stream_id"]] = entry["metadata"]["selected"]
            return httpx.Response(200, json={})
        if path.endswith("/streams"):
            return httpx.Response(200, json=[self._stream(n, name) for n, name in enumerate(self._selected)])
        if "/streams/" in path:
            return httpx.Response(200, json=self._schema())
        body = {"id": 1, "name": "large", "display_name": "Large", "type": "platform.hp-postgres"}
        return httpx.Response(200, json=body)

    def _stream(self, number: int, name: str) -> dict[str, Any]:
        metadata = {"table-key-properties": [self._fields[0]], "row-count": number, "is-view": False}
        selected = self._selected[name]
        return {
            "stream_id": number + 1,
            "tap_stream_id": name,
            "stream_name": name.removeprefix("public-"),
            "selected": selected,
            "metadata": {**metadata, "selected": selected},
        }

    def _schema(self) -> dict[str, Any]:
        first = self._fields[0]
        entries = [
            {
                "breadcrumb": ["properties", name],
                "metadata": {"inclusion": "automatic" if name == first else "available", "sql-datatype": "bigint"},
            }
            for name in self._fields
        ]
        return {
            "schema": json.dumps({"type": "object", "properties": {n: {"type": ["integer"]} for n in self._fields}}),
            "metadata": [{"breadcrumb": [], "metadata": {"table-key-properties": [first]}}, *entries],
            "non-discoverable-metadata-keys": [
                *("selected", "replication-method", "replication-key", "view-key-properties"),
            ],
        }
