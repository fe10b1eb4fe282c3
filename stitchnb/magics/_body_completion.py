"""What Tab offers inside the JSON of a cell: the names that a body takes, types, ids, and properties of a type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stitchnb.client import Client
from stitchnb.client.endpoints import ENDPOINTS, Endpoint
from stitchnb.magics._bodies import body_at
from stitchnb.magics._clients import Clients
from stitchnb.magics._completion import Offer, client_named, shortened, without_options
from stitchnb.magics._json_cursor import JsonPlace, place_of
from stitchnb.magics._known_ids import Known, KnownIds
from stitchnb.models import Destination, Source

_PROPERTIES = ("properties",)
_TYPES = {"/v4/sources": "source_type", "/v4/destinations": "destination_type"}
_NUMBERS = ("client_id", "destination_id")
_TEXTS = ("tap_stream_id",)
_ID_OF = re.compile(r"\{(\w+)\.id\}")
_SERVER = re.compile(r"^https?://[^/]+")
# Whatever else it is, it is no part of a path.
_TYPE = re.compile(r"[\w.-]+")


class BodyCompletion:
    """Knows what may come next in the body of a request.

    Parameters
    ----------
    namespace
        The user's variables.
    """

    def __init__(self, namespace: Mapping[str, Any], clients: Clients, ids: KnownIds) -> None:
        self._namespace = namespace
        self._clients = clients
        self._ids = ids

    def offers(self, line: str, body: str, at: int) -> tuple[str, list[Offer]]:
        """Tell the word before the cursor, and what it may become.

        Parameters
        ----------
        line
            What stands behind the magic's name on its own line.
        body, at
            All that stands below it, and how many characters of that before the cursor.
        """
        place = place_of(body, at)
        given = line.split()
        found = self._endpoint(without_options(given))
        if place is None or found is None:
            return "", []
        client = self._clients.there_is(client_named(given))
        look = self._names if place.name is None else self._values
        offers = look(*found, place, client)
        return place.word, [offer for offer in offers if offer.text.lstrip('"').startswith(place.word)]

    def _endpoint(self, rest: list[str]) -> tuple[Endpoint, dict[str, str]] | None:
        """Find what the line asks for; an id in braces is known where it is that of a source or destination."""
        if len(rest) != 2:
            return None
        path = _SERVER.sub("", rest[1]).partition("?")[0]
        given = _ID_OF.sub(self._id, path if path.startswith("/") else f"/{path}").split("/")
        for endpoint in ENDPOINTS:
            wanted = endpoint.path.split("/")
            if endpoint.has_body and endpoint.method == rest[0].upper() and len(wanted) == len(given):
                pairs = list(zip(wanted, given, strict=True))
                if all(part == value or part.startswith("{") for part, value in pairs):
                    return endpoint, {part.strip("{}"): value for part, value in pairs if part.startswith("{")}
        return None

    def _id(self, found: re.Match[str]) -> str:
        value = self._namespace.get(found[1])
        return str(value.id) if isinstance(value, Source | Destination) else found[0]

    def _names(
        self, endpoint: Endpoint, parts: Mapping[str, str], place: JsonPlace, client: Client | None
    ) -> Iterator[Offer]:
        if not place.is_in_object:
            return
        body = body_at(endpoint.method, endpoint.path, place.path)
        if body is not None:
            names: Known = tuple((name, "required" if name in body.required else "optional") for name in body.judges)
        else:
            names = self._properties(endpoint, parts, place, client) if place.path == _PROPERTIES else ()
        for name, kind in names:
            if name not in place.taken:
                yield Offer(_written(name, place, then="" if place.is_followed else ": "), kind)

    def _values(
        self, endpoint: Endpoint, parts: Mapping[str, str], place: JsonPlace, client: Client | None
    ) -> Iterator[Offer]:
        body = body_at(endpoint.method, endpoint.path, place.path)
        name = place.name or ""
        if body is None or name not in body.judges:
            return
        for value in body.few(name):
            if value.startswith('"'):
                yield Offer(_written(value.strip('"'), place), "value")
            elif not place.is_quoted:
                yield Offer(value, "value")
        if name in _NUMBERS and not place.is_quoted:
            yield from (Offer(id_, shortened(told)) for id_, told in self._known(client, name, parts))
        what = _TYPES.get(endpoint.path, "") if name == "type" else name if name in _TEXTS else ""
        yield from (Offer(_written(id_, place), shortened(told)) for id_, told in self._known(client, what, parts))

    def _properties(
        self, endpoint: Endpoint, parts: Mapping[str, str], place: JsonPlace, client: Client | None
    ) -> Known:
        if endpoint.path not in _TYPES:
            return self._known(client, "property of source_id", parts) if "source_id" in parts else ()
        what, type_ = _TYPES[endpoint.path], place.texts.get("type", "")
        return self._known(client, f"property of {what}", {what: type_}) if _TYPE.fullmatch(type_) else ()

    def _known(self, client: Client | None, what: str, parts: Mapping[str, str]) -> Known:
        is_open = any(value.startswith("{") for value in parts.values())
        return self._ids.of(client, what, parts) if client is not None and what and not is_open else ()


def _written(text: str, place: JsonPlace, then: str = "") -> str:
    """Write a text with the quotes that are not there yet."""
    if place.is_closed:
        return text
    return f'{text}"{then}' if place.is_quoted else f'"{text}"{then}'
