"""What the connector tests share: selecting streams, running an extraction, validating records."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from stitchnb.sandbox.pipeline import Batch, Connector, DiscoveredStream, SelectedStream

Record = Mapping[str, Any]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def selected(stream: DiscoveredStream, fields: Iterable[str] | None = None) -> SelectedStream:
    """Select a stream as its discovery forces it, with some of its fields, or all that can be had together."""
    metadata = stream.metadata[()]
    replication_keys = metadata.get("valid-replication-keys", [None])
    properties = stream.schema["properties"]
    chosen = {name: properties[name] for name in (_together(stream) if fields is None else fields)}
    return SelectedStream(
        tap_stream_id=stream.tap_stream_id,
        stream_name=stream.stream_name,
        schema={**stream.schema, "properties": chosen},
        key_properties=tuple(metadata["table-key-properties"]),
        replication_method=metadata.get("forced-replication-method", "FULL_TABLE"),
        replication_key=replication_keys[0],
    )


def _together(stream: DiscoveredStream) -> list[str]:
    chosen: list[str] = []
    for name in stream.schema["properties"]:
        excluded = [other for *_, other in stream.metadata.get(("properties", name), {}).get("fieldExclusions", ())]
        if not any(other in chosen for other in excluded):
            chosen.append(name)
    return chosen


def stream_of(connector: Connector, name: str, fields: Iterable[str] | None = None) -> SelectedStream:
    found = {stream.stream_name: stream for stream in connector.discover({})}
    return selected(found[name], fields)


def run(
    connector: Connector,
    stream: SelectedStream,
    now: datetime = NOW,
    *,
    start: str | None = None,
    bookmark: Mapping[str, Any] | None = None,
) -> list[Batch]:
    """One extraction of one stream."""
    properties = {} if start is None else {"start_date": start}
    state = {} if bookmark is None else {stream.tap_stream_id: bookmark}
    return list(connector.extract(properties, [stream], state, now))


def records_of(batches: Iterable[Batch]) -> list[Record]:
    return [record for batch in batches for record in batch.records]


def by_key(stream: SelectedStream, records: Iterable[Record]) -> dict[tuple[Any, ...], Record]:
    return {tuple(record[name] for name in stream.key_properties): record for record in records}


@cache
def _checker() -> FormatChecker:
    return FormatChecker()


def validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Validate records against a stream's schema, which may name date-time as a type."""
    return Draft202012Validator(_plain(schema), format_checker=_checker())


def _plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _plain(value) for key, value in schema.items() if key != "multipleOf"}
    types = plain.get("type")
    if isinstance(types, list) and "date-time" in types:
        plain["type"] = ["string" if name == "date-time" else name for name in types]
        plain["format"] = "date-time"
    if "properties" in plain:
        plain["additionalProperties"] = False
        plain["required"] = list(plain["properties"])
    return plain
