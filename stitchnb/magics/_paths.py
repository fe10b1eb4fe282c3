"""Is this a request that the API documents? Method, path, ids and query, looked at before anything is sent."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from stitchnb.client.addresses import BASE_URLS
from stitchnb.client.endpoints import ENDPOINTS, Endpoint, is_number, may_be
from stitchnb.client.written_requests import WrittenRequest
from stitchnb.errors import InvalidInputError, near_names
from stitchnb.magics._line import METHODS

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


def refuse_undocumented(request: WrittenRequest, raw_query: str) -> None:
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


def _refuse_query(request: WrittenRequest, endpoint: Endpoint, raw_query: str) -> None:
    names = [part.partition("=")[0] for part in raw_query.split("&") if part]
    for name in names:
        if name not in endpoint.query:
            takes = f"it takes {_either(endpoint.query)}" if endpoint.query else "it takes none"
            raise InvalidInputError(f"{_named(endpoint)} has no {name!r} in its query: {takes}. {ANYWAY}")
        if names.count(name) > 1:
            raise InvalidInputError(f"The query names {name!r} twice: leave one of them.")
        if not re.fullmatch(r"[0-9]{1,18}", request.params.get(name, "")):
            raise InvalidInputError(f"{name} in the query takes a number, such as ?{name}=2. {ANYWAY}")


def _unknown(method: str, path: str) -> str:
    if method not in METHODS:
        near = near_names(method, METHODS)
        return f"There is no method {method}. {f'Did you mean {near[0]}?' if near else f'There are {_and(METHODS)}.'}"
    same = [endpoint for endpoint in ENDPOINTS if endpoint.parts(path) is not None]
    if same:
        return f"{same[0].path} takes {_and(dict.fromkeys(e.method for e in same))}, not {method}. {ANYWAY}"
    odd = _odd_part(path, method)
    if odd is not None:
        endpoint, name, value = odd
        what = f"{value!r} is none" if value else "it is empty"
        return (
            f"{endpoint.path} takes {'a number' if is_number(name) else 'a name'} for {name}, and {what}. Such as "
            f"{endpoint.path.replace('{' + name + '}', '45612' if is_number(name) else 'platform.recurly')}"
        )
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
            if part.startswith("{") and not may_be(name, value):
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
        return left.pop(0) if left and is_number(found[1]) else found[0]

    return re.sub(r"\{(\w+)\}", fill, path)


def _and(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _either(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
