"""Values of a body held against what the account says: report cards, streams and their fields."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from stitchnb.api.endpoints import ENDPOINTS, Endpoint, is_numeric_parameter, is_valid_parameter
from stitchnb.client import Client
from stitchnb.client.addresses import BASE_URLS
from stitchnb.client.requests import RawRequest
from stitchnb.errors import (
    InvalidInputError,
    InvalidValuesError,
    NotFoundError,
    UnknownStreamError,
    near_names,
)
from stitchnb.magics.line import METHODS
from stitchnb.models import ReportCard, Stream, StreamSchema
from stitchnb.rules import names
from stitchnb.rules.report_cards import properties as property_rules
from stitchnb.rules.report_cards.products import access_error
from stitchnb.rules.selection.columns import FieldColumns
from stitchnb.rules.selection.validate import key_error, selecting_error

ANYWAY = "--no-validate sends it all the same."


def below_host(target: str, base_url: str) -> str:
    """Take the server off an address: what is asked goes to the client's own, whatever the example names.

    Raises
    ------
    InvalidInputError
        For an address of another server than Stitch's: it is meant for somebody else.
    """
    if target.startswith("/"):
        return target
    if "://" not in target:
        first = re.split(r"[/?]", target, maxsplit=1)[0]
        if "." not in first and ":" not in first:
            return f"/{target}"
        target = f"https://{target}"
    try:
        address = urlsplit(target)
        server, port = address.hostname or "", address.port
    except ValueError as error:
        raise InvalidInputError(f"The address cannot be read ({error}): give a path such as /v4/sources.") from error
    known = [urlsplit(url) for url in (*BASE_URLS.values(), base_url)]
    is_known = any((server, port) == (one.hostname, one.port) for one in known)
    if not is_known and not _is_here(server):
        raise InvalidInputError(
            f"The address is that of {server or 'no server'}, and %connect sends to the Connect API alone: give a path "
            "such as /v4/sources."
        )
    return (address.path or "/") + (f"?{address.query}" if address.query else "")


def _is_here(server: str) -> bool:
    """Is this the name or number of this very machine, where sandboxes are?"""
    try:
        return server == "localhost" or ipaddress.ip_address(server).is_loopback
    except ValueError:
        return False


def refuse_undocumented(request: RawRequest, raw_query: str) -> None:
    """Refuse what the API does not document, with what is near.

    Raises
    ------
    InvalidInputError
        For an unknown path, a method that the path does not take, an id that is none, an unknown name in the query,
        and a body that is missing or of no use.
    """
    if request.endpoint is None:
        raise InvalidInputError(_unknown(request.method, request.path))
    _refuse_query(request, request.endpoint, raw_query)
    if request.endpoint.has_body and request.body is None:
        raise InvalidInputError(
            f"{_named(request.endpoint)} needs a body: write its JSON below %%connect, or give --body with a "
            "variable's name."
        )
    if not request.endpoint.has_body and request.body is not None:
        raise InvalidInputError(f"{_named(request.endpoint)} takes no body: use %connect on one line. {ANYWAY}")


def _named(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def _refuse_query(request: RawRequest, endpoint: Endpoint, raw_query: str) -> None:
    names = [part.partition("=")[0] for part in raw_query.split("&") if part]
    for name in names:
        if name not in endpoint.schema.query:
            takes = f"it takes {_either(endpoint.schema.query)}" if endpoint.schema.query else "it takes none"
            raise InvalidInputError(f"{_named(endpoint)} has no {name!r} in its query: {takes}. {ANYWAY}")
        if names.count(name) > 1:
            raise InvalidInputError(f"The query names {name!r} twice: leave one of them.")
        if not re.fullmatch(r"[0-9]{1,18}", request.params.get(name, "")):
            raise InvalidInputError(f"{name} in the query takes a number, such as ?{name}=2. {ANYWAY}")


def _unknown(method: str, path: str) -> str:
    if method not in METHODS:
        near = near_names(method, METHODS)
        return f"There is no method {method}. {f'Did you mean {near[0]}?' if near else f'There are {_and(METHODS)}.'}"
    same = [endpoint for endpoint in ENDPOINTS if endpoint.match(path) is not None]
    if same:
        return f"{same[0].path} takes {_and(dict.fromkeys(e.method for e in same))}, not {method}. {ANYWAY}"
    odd = _odd_part(path, method)
    if odd is not None:
        endpoint, name, value = odd
        what = f"{value!r} is none" if value else "it is empty"
        kind, example = ("a number", "45612") if is_numeric_parameter(name) else ("a name", "platform.recurly")
        such_as = endpoint.path.replace(f"{{{name}}}", example)
        return f"{endpoint.path} takes {kind} for {name}, and {what}. Such as {such_as}"
    near_paths = _near(method, path)
    meant = "Did you mean " + " or ".join(near_paths) + "? " if near_paths else ""
    return f"The API documents no {path}. {meant}Tab shows the paths there are. {ANYWAY}"


def _odd_part(path: str, method: str) -> tuple[Endpoint, str, str] | None:
    """Find the endpoint that this is but for one id that is no number, and say which."""
    given = path.split("/")
    for endpoint in sorted(ENDPOINTS, key=lambda one: (one.method != method, -_fixed(one))):
        wanted = endpoint.path.split("/")
        if len(wanted) != len(given) or any(w != g for w, g in zip(wanted, given, strict=True) if w[:1] != "{"):
            continue
        for part, value in zip(wanted, given, strict=True):
            name = part.strip("{}")
            if part.startswith("{") and not is_valid_parameter(name, value):
                # A name in the place of the account's number is rather a path that there is not.
                return None if name == "client_id" and not re.search(r"\d|client", value) else (endpoint, name, value)
    return None


def _fixed(endpoint: Endpoint) -> int:
    return sum(not part.startswith("{") for part in endpoint.path.split("/"))


def _near(method: str, path: str) -> list[str]:
    """List documented paths like this one, with its own ids in them."""
    shape = re.sub(r"/\d+", "/{}", path.rstrip("/"))
    known: dict[str, str] = {}
    for endpoint in sorted(ENDPOINTS, key=lambda one: one.method != method):
        known.setdefault(re.sub(r"\{\w+\}", "{}", endpoint.path), endpoint.path)
    alike = difflib.get_close_matches(shape, known, n=5, cutoff=0.6)
    found = ([one for one in alike if one.count("/") == shape.count("/")] or alike)[:3]
    if "/v" not in path:
        found = [one for one in known if one.endswith(shape)][:3] or found
    numbers = re.findall(r"/(\d+)", path)
    return [_with_ids(known[one], numbers) for one in found]


def _with_ids(path: str, numbers: list[str]) -> str:
    left = list(numbers)

    def fill(found: re.Match[str]) -> str:
        return left.pop(0) if left and is_numeric_parameter(found[1]) else found[0]

    return re.sub(r"\{(\w+)\}", fill, path)


def _and(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _either(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


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


def refuse_wrong_values(client: Client, request: RawRequest) -> None:
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


def _errors(client: Client, request: RawRequest) -> dict[str, str]:
    body, path = request.body, request.endpoint.path if request.endpoint else ""
    if path == "/v4/sources":
        return _new_source(client, body)
    if path == "/v4/destinations":
        card = client.destination_types.get(body["type"])
        return property_rules.properties_errors(card, body.get("properties", {}))
    if path == "/v4/sources/{source_id}/streams/metadata":
        found: dict[str, str] = {}
        for where, told in _selection(client, request.parameters["source_id"], body["streams"]):
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


def _card_of(client: Client, request: RawRequest) -> ReportCard:
    if "source_id" in request.parameters:
        return client.sources.get(int(request.parameters["source_id"])).report_card
    return client.destinations.get(int(request.parameters["destination_id"])).report_card


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
