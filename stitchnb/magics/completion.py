"""What Tab offers behind ``%connect``: methods, paths with the account's own ids, options, variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stitchnb.api.endpoints import ENDPOINTS, Endpoint, is_valid_parameter
from stitchnb.client import Client, ImportClient
from stitchnb.magics.bodies import body_at
from stitchnb.magics.clients import Clients, Known, KnownIds, names_of
from stitchnb.magics.json_cursor import JsonPlace, place_of
from stitchnb.magics.line import FLAGS, METHODS, NAMING
from stitchnb.models import Destination, ImportToken, Source

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
            names: Known = tuple(
                (name, "required" if name in body.required else "optional") for name in body.properties
            )
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
        if body is None or name not in body.properties:
            return
        for value in body.choices(name):
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


_MOST_OF_A_NAME = 24
_MAGIC = re.compile(r"(?:^|=)\s*(?P<sign>%%?)connect(?P<line>(?:\s.*)?)$")


@dataclass(frozen=True)
class Offer:
    """One completion: the text that takes the place of the word, and what it is."""

    text: str
    kind: str


def line_of(text: str) -> str | None:
    """Give what stands behind the magic's name up to the cursor; None where this is no line of the magic."""
    found = _MAGIC.search(text)
    return found["line"] if found is not None and found["line"] else None


def cell_of(text: str) -> tuple[str, str] | None:
    """Split a cell of the magic into what stands behind its name and what stands below; None where it is none."""
    first, _, below = text.partition("\n")
    line = line_of(first) if first.startswith("%%") else None
    return (line, below) if line is not None else None


class Completion:
    """Knows what may come next.

    Parameters
    ----------
    namespace
        The user's variables.
    """

    def __init__(self, namespace: Mapping[str, Any], clients: Clients, ids: KnownIds) -> None:
        self._namespace = namespace
        self._clients = clients
        self._ids = ids

    def offers(self, line: str) -> tuple[str, list[Offer]]:
        """Tell the word before the cursor, and what it may become.

        Parameters
        ----------
        line
            What stands behind the magic's name, up to the cursor.
        """
        given = line.split()
        word = "" if not line or line[-1:].isspace() else given.pop()
        option, equals, value = word.partition("=")
        if equals and option in NAMING:
            return value, self._named(option, value)
        if given and given[-1] in NAMING:
            return word, self._named(given[-1], word)
        if word.startswith("-"):
            return word, [offer for offer in self._options(given) if offer.text.startswith(word)]
        if "{" in word and "}" not in word.rpartition("{")[2]:
            return word, []
        rest = without_options(given)
        if not rest:
            methods = [Offer(m, "method") for m in METHODS if m.startswith(word.upper())]
            paths = self._paths("GET", word, given) if word.startswith("/") else []
            return word, methods + paths + ([] if word else list(self._options(given)))
        if len(rest) == 1 and "/" not in rest[0]:
            # Where there is nothing to offer the word itself is, lest Python's names be.
            return word, self._paths(rest[0].upper(), word, given) or [Offer(word, "path")] * bool(word)
        return word, [] if word else list(self._options(given))

    def _options(self, given: list[str]) -> Iterator[Offer]:
        taken = {word.partition("=")[0] for word in given}
        for name in (*FLAGS, *NAMING):
            if name not in taken:
                yield Offer(name, "option")

    def _named(self, option: str, word: str) -> list[Offer]:
        kinds: dict[str, type | tuple[type, ...]] = {
            "--client": (Client, ImportClient),
            "--body": (dict, list),
            "--token": ImportToken,
        }
        names = names_of(self._namespace, kinds[option]) if option in kinds else []
        return [Offer(name, type(self._namespace[name]).__name__) for name in names if name.startswith(word)]

    def _paths(self, method: str, word: str, given: list[str]) -> list[Offer]:
        client = self._clients.there_is(client_named(given))
        path, question, query = word.partition("?")
        if question:
            return self._query(method, path, query, client)
        found: dict[str, Offer] = {}
        for endpoint in ENDPOINTS:
            if endpoint.method == method:
                for offer in self._continued(endpoint, word, client):
                    found.setdefault(offer.text, offer)
        return list(found.values())

    def _continued(self, endpoint: Endpoint, word: str, client: Client | None) -> Iterator[Offer]:
        """Go on with a path up to the next part that has to be filled in."""
        wanted = endpoint.path.split("/")
        *before, last = word.split("/") if word else [""]
        if len(before) >= len(wanted):
            return
        parts: dict[str, str] = {}
        for part, value in zip(wanted, before, strict=False):
            if part.startswith("{") and (value.startswith("{") or is_valid_parameter(part.strip("{}"), value)):
                parts[part.strip("{}")] = value
            elif part != value:
                return
        rest = wanted[len(before) :]
        head = "/".join([*before, ""]) if before else ""
        # There is but one account, so its number is no choice.
        account = str(client.client_id) if client is not None and client.client_id is not None else "{client_id}"
        open_ = [part.startswith("{") and part != "{client_id}" for part in rest]
        if not open_[0]:
            length = open_.index(True) if True in open_ else len(rest)
            fixed = "/".join(account if part == "{client_id}" else part for part in rest[:length])
            if fixed.startswith(last):
                yield Offer(f"{head}{fixed}" + ("" if length == len(rest) else "/"), "path")
            return
        name = rest[0].strip("{}")
        # What is in braces is not evaluated before it is sent.
        is_open = any(value.startswith("{") for value in parts.values())
        known = self._ids.of(client, _what(name, endpoint), parts) if client is not None and not is_open else ()
        for id_, told in known or ((rest[0], name),):
            if id_.startswith(last):
                yield Offer(f"{head}{id_}", shortened(told))

    def _query(self, method: str, path: str, query: str, client: Client | None) -> list[Offer]:
        before, _, last = query.rpartition("&")
        head = f"{path}?{before}&" if before else f"{path}?"
        name, equals, value = last.partition("=")
        names = {n for e in ENDPOINTS if e.method == method and e.match(path) is not None for n in e.schema.query}
        if not equals:
            return [Offer(f"{head}{one}=", "query") for one in sorted(names) if one.startswith(name)]
        known = self._ids.of(client, name, {}) if client is not None and name in names else ()
        return [Offer(f"{head}{name}={id_}", shortened(told)) for id_, told in known if id_.startswith(value)]


def shortened(name: str) -> str:
    """Make a name one short word: JupyterLab shows no more of it beside the path."""
    name = re.sub(r"\s+", "_", name.strip())
    return name if len(name) <= _MOST_OF_A_NAME else f"{name[: _MOST_OF_A_NAME - 1]}…"


def _what(name: str, endpoint: Endpoint) -> str:
    return name if name != "id" else "hook" if "/hooks/" in endpoint.path else "email"


def without_options(given: Iterable[str]) -> list[str]:
    """Give the words of a line that are neither an option nor its name."""
    rest: list[str] = []
    skip = False
    for word in given:
        if skip or word.startswith("--"):
            skip = not skip and word in NAMING
            continue
        rest.append(word)
    return rest


def client_named(given: list[str]) -> str | None:
    """Give the variable that a line names for its client."""
    for number, word in enumerate(given):
        if word.startswith("--client="):
            return word.partition("=")[2]
        if word == "--client" and number + 1 < len(given):
            return given[number + 1]
    return None
