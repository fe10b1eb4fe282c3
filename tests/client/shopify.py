"""A documented source: Shopify's streams and the fields of custom_collections, and a server that answers with them."""

import json
from collections.abc import Iterator
from typing import Any

import httpx

SOURCE_ID = 86741
COLLECTIONS = "custom_collections"
# Name, id in Stitch, and the replication key; every stream has the key id and a forced method.
STREAMS = [
    ("abandoned_checkouts", 2288757, "updated_at"),
    ("collects", 2288759, "updated_at"),
    (COLLECTIONS, 2288758, "updated_at"),
    ("customers", 2288756, "updated_at"),
    ("metafields", 2288754, "updated_at"),
    ("order_refunds", 2288751, "created_at"),
    ("orders", 2288753, "updated_at"),
    ("products", 2288755, "updated_at"),
    ("transactions", 2288752, "created_at"),
]
TEXTS = [
    *("handle", "sort_order", "published_at", "published_scope", "template_suffix", "updated_at"),
    *("admin_graphql_api_id", "title", "body_html"),
]
IMAGE = {"width": "integer", "created_at": "string", "alt": "string", "src": "string", "height": "integer"}
WRITABLE = ["selected", "replication-method", "replication-key", "view-key-properties"]


def nullable(type_: str) -> dict[str, Any]:
    return {"type": ["null", type_]}


def documented_stream(name: str, stream_id: int, key: str) -> dict[str, Any]:
    metadata = {
        "forced-replication-method": "INCREMENTAL",
        "selected": None,
        "table-key-properties": ["id"],
        "valid-replication-keys": [key],
    }
    return {
        "selected": None,
        "stream_id": stream_id,
        "tap_stream_id": name,
        "stream_name": name,
        "metadata": metadata,
    }


def documented_schema() -> dict[str, Any]:
    """The schema of custom_collections: nothing is said of the fields inside of image, nor of what is selected."""
    image = {"type": ["null", "object"], "properties": {name: nullable(type_) for name, type_ in IMAGE.items()}}
    fields = {**{name: nullable("string") for name in TEXTS}, "id": nullable("integer"), "image": image}
    own = {
        "table-key-properties": ["id"],
        "forced-replication-method": "INCREMENTAL",
        "valid-replication-keys": ["updated_at"],
    }
    automatic = ("id", "updated_at")
    entries = [
        {
            "breadcrumb": ["properties", name],
            "metadata": {"inclusion": "automatic" if name in automatic else "available"},
        }
        for name in fields
    ]
    return {
        "schema": json.dumps({"type": "object", "properties": fields}),
        "metadata": [{"breadcrumb": [], "metadata": own}, *entries],
        "non-discoverable-metadata-keys": WRITABLE,
    }


class Shop:
    """Answers as the documented API does, and takes what is written.

    Attributes
    ----------
    written
        The bodies that were sent to be written, byte for byte.
    answers
        Given instead of writing, one for each request that writes; None writes.
    """

    def __init__(self, *, streams: dict[str, dict[str, Any]] | None = None) -> None:
        self.listed = [documented_stream(*stream) for stream in STREAMS]
        self.schemas = {name: documented_schema() for name, _, _ in STREAMS} | (streams or {})
        self.written: list[bytes] = []
        self.asked: list[str] = []
        self.answers: Iterator[httpx.Response | None] = iter(())

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        if request.method == "PUT":
            self.written.append(request.content)
            answer = next(self.answers, None)
            return answer if answer is not None else self._write(json.loads(request.content))
        last = request.url.path.rpartition("/")[2]
        if last == "streams":
            return httpx.Response(200, json=self.listed)
        name = next(s["stream_name"] for s in self.listed if str(s["stream_id"]) == last)
        return httpx.Response(200, json=self.schemas[name])

    def _write(self, body: dict[str, Any]) -> httpx.Response:
        for stream in body["streams"]:
            (listed,) = [s for s in self.listed if s["tap_stream_id"] == stream["tap_stream_id"]]
            by_breadcrumb = {tuple(e["breadcrumb"]): e for e in self.schemas[listed["stream_name"]]["metadata"]}
            for entry in stream["metadata"]:
                by_breadcrumb[tuple(entry["breadcrumb"])]["metadata"].update(entry["metadata"])
                if not entry["breadcrumb"]:
                    listed["metadata"].update(entry["metadata"])
                    listed["selected"] = listed["metadata"]["selected"]
        return httpx.Response(200, json={"status": 200})
