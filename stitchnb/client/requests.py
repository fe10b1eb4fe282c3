"""Every request that the client makes, each defined once: how it is sent is the transport's business."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from stitchnb.models import (
    ConnectionCheck,
    Destination,
    Extraction,
    Load,
    Model,
    ReplicationJob,
    ReportCard,
    Selection,
    Source,
    Stream,
    StreamSchema,
)

T = TypeVar("T")
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Request(Generic[T]):
    """One request and how its answer is read.

    Attributes
    ----------
    path
        Below the base URL, with its ids filled in.
    read
        Makes the answer's JSON into what the caller gets.
    json
        The body, None for none.
    params
        The query.
    """

    method: str
    path: str
    read: Callable[[Any], T]
    json: Any = None
    params: Mapping[str, str] | None = None

    @property
    def is_repeatable(self) -> bool:
        """Sending it twice does what sending it once does."""
        return self.method in ("GET", "PUT", "DELETE")


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of a paginated list."""

    records: tuple[M, ...]
    has_next: bool


def _list_of(model: type[M]) -> Callable[[Any], list[M]]:
    return lambda body: [model(record) for record in body if isinstance(record, Mapping)]


def _page_of(model: type[M]) -> Callable[[Any], Page[M]]:
    return lambda body: Page(tuple(_list_of(model)(body.get("data", ()))), bool((body.get("links") or {}).get("next")))


def _nothing(body: Any) -> None:
    return None


def list_source_types() -> Request[list[ReportCard]]:
    """Ask for the report card of every source type."""
    return Request("GET", "/v4/source-types", _list_of(ReportCard))


def get_source_type(source_type: str) -> Request[ReportCard]:
    """Ask for the report card of one source type."""
    return Request("GET", f"/v4/source-types/{source_type}", ReportCard)


def list_sources() -> Request[list[Source]]:
    """Ask for every source: active, paused and deleted."""
    return Request("GET", "/v4/sources", _list_of(Source))


def get_source(source_id: int) -> Request[Source]:
    """Ask for one source."""
    return Request("GET", f"/v4/sources/{source_id}", Source)


def create_source(source_type: str, display_name: str, properties: Mapping[str, Any]) -> Request[Source]:
    """Create a source."""
    body = {"type": source_type, "display_name": display_name, "properties": dict(properties)}
    return Request("POST", "/v4/sources", Source, json=body)


def update_source(source_id: int, changes: Mapping[str, Any]) -> Request[Source]:
    """Change some of a source: ``display_name``, ``properties``, ``paused_at``."""
    return Request("PUT", f"/v4/sources/{source_id}", Source, json=dict(changes))


def delete_source(source_id: int) -> Request[Source]:
    """Delete a source."""
    return Request("DELETE", f"/v4/sources/{source_id}", Source)


def last_connection_check(source_id: int) -> Request[ConnectionCheck]:
    """Ask for a source's last connection check."""
    return Request("GET", f"/v4/sources/{source_id}/last-connection-check", ConnectionCheck)


def list_streams(source_id: int) -> Request[list[Stream]]:
    """Ask for a source's streams."""
    return Request("GET", f"/v4/sources/{source_id}/streams", _list_of(Stream))


def get_stream(source_id: int, stream_id: int) -> Request[StreamSchema]:
    """Ask for a stream's schema and its fields' metadata."""
    return Request("GET", f"/v4/sources/{source_id}/streams/{stream_id}", StreamSchema)


def select_streams(source_id: int, selections: Iterable[Selection]) -> Request[None]:
    """Write metadata of streams and fields."""
    body = {"streams": [selection.to_dict() for selection in selections]}
    return Request("PUT", f"/v4/sources/{source_id}/streams/metadata", _nothing, json=body)


def start_job(source_id: int) -> Request[ReplicationJob]:
    """Start a replication job."""
    return Request("POST", f"/v4/sources/{source_id}/sync", ReplicationJob)


def stop_job(source_id: int) -> Request[None]:
    """Stop the replication job that is under way."""
    return Request("DELETE", f"/v4/sources/{source_id}/sync", _nothing)


def list_destinations() -> Request[list[Destination]]:
    """Ask for every destination."""
    return Request("GET", "/v4/destinations", _list_of(Destination))


def list_extractions(client_id: int, page: int) -> Request[Page[Extraction]]:
    """Ask for one page of the last completed extraction of each source."""
    return Request("GET", f"/v4/{client_id}/extractions", _page_of(Extraction), params={"page": str(page)})


def list_loads(client_id: int, page: int) -> Request[Page[Load]]:
    """Ask for one page of the last load of each stream."""
    return Request("GET", f"/v4/{client_id}/loads", _page_of(Load), params={"page": str(page)})
