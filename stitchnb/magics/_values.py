"""Values of a body held against what the account says: report cards, streams and their fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stitchnb.client import Client
from stitchnb.client.written_requests import WrittenRequest
from stitchnb.errors import (
    InvalidInputError,
    InvalidValuesError,
    NotFoundError,
    UnknownStreamError,
)
from stitchnb.models import ReportCard, Stream, StreamSchema
from stitchnb.rules import names
from stitchnb.rules import properties as property_rules
from stitchnb.rules.selection_fields import FieldColumns
from stitchnb.rules.selection_problems import key_error, selecting_error
from stitchnb.rules.source_types import access_error

JUDGED = frozenset(
    (
        ("POST", "/v4/sources"),
        ("PUT", "/v4/sources/{source_id}"),
        ("POST", "/v4/destinations"),
        ("PUT", "/v4/destinations/{destination_id}"),
        ("PUT", "/v4/sources/{source_id}/streams/metadata"),
    )
)
"""What is held against more than its documentation; it takes requests that only read."""


def refuse_wrong_values(client: Client, request: WrittenRequest) -> None:
    """Hold a body against the report card, or against the source's streams.

    Parameters
    ----------
    request
        One whose body has the documented form.

    Raises
    ------
    UnknownSourceTypeError, UnknownDestinationTypeError
        When there is no such type; near ones are offered.
    InvalidValuesError
        When values are missing or wrong: each is named. Nothing was sent.
    """
    if request.endpoint is None or (request.method, request.endpoint.path) not in JUDGED:
        return
    try:
        errors = _errors(client, request)
    except NotFoundError:
        # Of what is not there Stitch says so in the answer to the request itself.
        return
    if errors:
        raise InvalidValuesError(errors, what=f"{request.method} {request.path}")


def _errors(client: Client, request: WrittenRequest) -> dict[str, str]:
    body, path = request.body, request.endpoint.path if request.endpoint else ""
    if path == "/v4/sources":
        return _new_source(client, body)
    if path == "/v4/destinations":
        card = client.destination_types.get(body["type"])
        return property_rules.properties_errors(card, body.get("properties", {}))
    if path == "/v4/sources/{source_id}/streams/metadata":
        found: dict[str, str] = {}
        for where, told in _selection(client, request.parts["source_id"], body["streams"]):
            found[where] = f"{found[where]} {told}" if where in found else told
        return found
    if "properties" not in body:
        return {}
    return property_rules.properties_errors(_card_of(client, request), body["properties"], partial=True)


def _new_source(client: Client, body: Mapping[str, Any]) -> dict[str, str]:
    card = client.source_types.get(body["type"])
    no_access = access_error(card)
    if no_access is not None:
        raise InvalidInputError(no_access)
    told = names.display_name_error(body["display_name"])
    errors = {"display_name": told} if told is not None else {}
    return errors | property_rules.properties_errors(card, body.get("properties", {}))


def _card_of(client: Client, request: WrittenRequest) -> ReportCard:
    if "source_id" in request.parts:
        return client.sources.get(int(request.parts["source_id"])).report_card
    return client.destinations.get(int(request.parts["destination_id"])).report_card


def _selection(client: Client, source_id: str, streams: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    known: dict[str, Stream] = {stream.tap_stream_id: stream for stream in client.streams.list(int(source_id))}
    for sent in streams:
        name = sent["tap_stream_id"]
        if name not in known:
            by_name = next((s.tap_stream_id for s in known.values() if s.stream_name == name), None)
            hint = f"Its tap_stream_id is {by_name!r}." if by_name else "client.streams.list(source_id) lists them all."
            yield name, str(UnknownStreamError(name, known, hint=hint))
            continue
        path = f"/v4/sources/{source_id}/streams/{known[name].stream_id}"
        schema: StreamSchema = client.request("GET", path, typed=True)
        yield from field_errors(name, FieldColumns(schema), sent["metadata"])


def field_errors(stream: str, fields: FieldColumns, entries: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Say what is wrong with the metadata of one stream: where, and why."""
    positions = {breadcrumb: position for position, breadcrumb in enumerate(fields.breadcrumbs)}
    for entry in entries:
        breadcrumb, metadata = tuple(entry["breadcrumb"]), entry["metadata"]
        selected = metadata.get("selected")
        where = f"{stream}.{breadcrumb[-1]}" if breadcrumb else stream
        if not (selected is None or isinstance(selected, bool)):
            yield where, "selected takes true or false, without quotes."
        if not breadcrumb:
            for key, value in metadata.items():
                told = None if key == "selected" else _key_error(fields, str(key), value)
                if told is not None:
                    yield where, f"{told}."
        elif breadcrumb not in positions:
            known = [".".join(one) for one in positions]
            near = UnknownStreamError(".".join(breadcrumb), known).near
            meant = f" Did you mean the breadcrumb {near[0].split('.')}?" if near else ""
            yield where, f"There is no such field.{meant}"
        else:
            others = [key for key in metadata if key != "selected"]
            if others:
                yield where, f"{', '.join(others)} cannot be written of a field: selected can."
            told = selecting_error(fields, positions[breadcrumb]) if selected is True else None
            if told is not None:
                yield where, f"{told}."


def _key_error(fields: FieldColumns, key: str, value: Any) -> str | None:
    if key in ("replication-method", "replication-key") and not isinstance(value, str | None):
        return f"{key} takes a text, or null"
    if key == "view-key-properties" and not (value is None or isinstance(value, list | tuple)):
        return f"{key} takes a list of names"
    return key_error(fields.stream_metadata, fields, key, value)
