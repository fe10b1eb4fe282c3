"""Requests that are written by method and path, as the API documents them, rather than by a method of the client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import parse_qsl

from stitchnb.client import endpoints
from stitchnb.client._sansio import Operation, ask
from stitchnb.client.endpoints import Endpoint
from stitchnb.client.requests import Request
from stitchnb.errors import InvalidInputError
from stitchnb.models import Secret

_TOKEN_NAMES = re.compile(r"(?:^|_)(?:token|secret|password)$")


@dataclass(frozen=True)
class WrittenRequest:
    """A request as it was written, and the endpoint that it is for.

    Attributes
    ----------
    endpoint
        None where the API documents no such path or method.
    parts
        The ids and names in its path.
    """

    method: str
    path: str
    params: Mapping[str, str]
    body: Any
    endpoint: Endpoint | None
    parts: Mapping[str, str]

    def made(self, *, typed: bool) -> Request[Any]:
        """Make the request.

        Parameters
        ----------
        typed
            Its answer is read as its endpoint's; else it stays the JSON that it is, but for tokens, which become a
            `Secret`.
        """
        if self.endpoint is None:
            request: Request[Any] = Request(self.method, self.path, masked)
        else:
            request = self.endpoint.make(self.parts, self.body)
        request = replace(request, path=self.path, json=self.body, params=dict(self.params) or None)
        return request if typed or request.wants_file else replace(request, read=masked)


def written(method: str, path: str, *, body: Any = None, params: Mapping[str, Any] | None = None) -> WrittenRequest:
    """Read a request as it is written in the API's documentation.

    Parameters
    ----------
    method
        Such as ``GET``, in upper or lower case.
    path
        Below the base URL, its query included.
    params
        Further names and values of the query.

    Raises
    ------
    InvalidInputError
        When it is no method, or no path below the base URL: a token must not travel to another server.
    """
    method = method.upper() if isinstance(method, str) else ""
    if not re.fullmatch(r"[A-Z]+", method):
        raise InvalidInputError("The request needs a method: give GET, POST, PUT or DELETE.")
    bare, _, query = _checked(path).partition("?")
    asked = dict(parse_qsl(query, keep_blank_values=True))
    asked |= {str(name): str(value) for name, value in (params or {}).items()}
    found = endpoints.find(method, bare)
    endpoint, parts = found if found is not None else (None, {})
    return WrittenRequest(method, bare, asked, body, endpoint, parts)


def sending(client: Any, request: WrittenRequest, *, typed: bool) -> Operation[Any]:
    """Send it and give its answer; an operation of a client, or of one of the Import API."""
    made = request.made(typed=typed)
    answer = yield from ask(made)
    if request.endpoint is not None and (typed or made.wants_file):
        return request.endpoint.bind(client, request.parts, answer)
    return answer


def refuse_other_tokens(request: WrittenRequest, whose: Literal["account", "import"]) -> None:
    """Refuse an endpoint that takes another token than the client's, so that none travels where it does not belong."""
    is_import = request.path.startswith("/v2/import/")
    if request.endpoint is not None and request.endpoint.auth == "none":
        return
    if is_import and whose == "account":
        raise InvalidInputError(
            f"{request.method} {request.path} was not sent: the Import API takes a source's own token. Make one with "
            "client.import_tokens.create(source_id), and send it with stitchnb.ImportClient(token, base_url=…)."
        )
    if not is_import and whose == "import":
        raise InvalidInputError(
            f"{request.method} {request.path} was not sent: it takes the account's token, and this client has a "
            "source's. Send it with stitchnb.Client, or with what stitchnb.connect() gives."
        )


def masked(answer: Any, name: str = "") -> Any:
    """Copy JSON with every token in it as a `Secret`, which shows itself nowhere."""
    if isinstance(answer, Mapping):
        return {key: masked(value, str(key)) for key, value in answer.items()}
    if isinstance(answer, list):
        return [masked(value, name) for value in answer]
    if isinstance(answer, str) and not isinstance(answer, Secret) and _TOKEN_NAMES.search(name):
        return Secret(answer)
    return answer


def _checked(path: str) -> str:
    if not isinstance(path, str) or not path.startswith("/") or path.startswith("//"):
        raise InvalidInputError(
            f"{_shown(path)} is no path of the API: give what comes after the server's name, such as /v4/sources."
        )
    odd = next((c for c in path if c.isspace() or not c.isprintable() or c in "#\\"), None)
    if odd is not None or {".", ".."} & set(path.partition("?")[0].split("/")):
        what = f"the character {odd!r}" if odd is not None else "a step up (..)"
        raise InvalidInputError(f"{_shown(path)} is no path of the API: it holds {what}.")
    return path


def _shown(path: Any) -> str:
    """Write a path without its query, which may hold what is not to be seen."""
    if not isinstance(path, str):
        return type(path).__name__
    return repr(re.sub(r"//[^/@]*@", "//…@", path.partition("?")[0]))
