"""Requests that are written by method and path, as the API documents them, rather than by a method of the client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import parse_qsl

from stitchnb.api import endpoints
from stitchnb.api.endpoints import Endpoint, is_numeric_parameter
from stitchnb.client._sansio import Sender, Steps, send
from stitchnb.client.requests import Request, request_to
from stitchnb.errors import InvalidInputError
from stitchnb.models import Secret

_TOKEN_NAMES = re.compile(r"(?:^|_)(?:token|secret|password)$")


@dataclass(frozen=True)
class RawRequest:
    """A request by its method and path, and the endpoint that it is for.

    Attributes
    ----------
    endpoint
        None where the API documents no such path or method.
    parameters
        The ids and names in its path.
    """

    method: str
    path: str
    params: Mapping[str, str]
    body: Any
    endpoint: Endpoint | None
    parameters: Mapping[str, str]

    def to_request(self, *, typed: bool) -> Request[Any]:
        """Create the request.

        Parameters
        ----------
        typed
            Read its response as the client's own method for the endpoint does. Otherwise it stays JSON, in which
            every token is a `Secret`.
        """
        if self.endpoint is None:
            is_safe = self.method in ("GET", "PUT", "DELETE")
            request: Request[Any] = Request(self.method, self.path, _read_json, is_repeatable=is_safe)
        else:
            parameters: dict[str, Any] = {
                name: int(value) if is_numeric_parameter(name) else value for name, value in self.parameters.items()
            }
            request = request_to(self.endpoint, json=self.body, **parameters)
        request = replace(request, path=self.path, json=self.body, params=dict(self.params) or None)
        if request.returns_file:
            read = request.read
            return replace(request, read=lambda client, content: read(client, content).decode("utf-8", "replace"))
        return request if typed else replace(request, read=_read_json)


def parse(method: str, path: str, *, body: Any = None, params: Mapping[str, Any] | None = None) -> RawRequest:
    """Read a request as the API's documentation writes it.

    Parameters
    ----------
    method
        Such as ``GET``, in upper or lower case.
    path
        Below the base URL, with its query.
    params
        More names and values of the query.

    Raises
    ------
    InvalidInputError
        When the method is invalid, or the path is not below the base URL: a token must not go to another server.
    """
    method = method.upper() if isinstance(method, str) else ""
    if not re.fullmatch(r"[A-Z]+", method):
        raise InvalidInputError("The request needs a method. Pass GET, POST, PUT or DELETE.")
    bare, _, query = _checked(path).partition("?")
    all_params = dict(parse_qsl(query, keep_blank_values=True))
    all_params |= {str(name): str(value) for name, value in (params or {}).items()}
    endpoint, parameters = endpoints.find(method, bare) or (None, {})
    return RawRequest(method, bare, all_params, body, endpoint, parameters)


def send_raw(sender: Sender, request: RawRequest, *, typed: bool) -> Steps[Any]:
    """Send it and return its response, by a client or the transport of an `ImportClient`."""
    return send(sender, request.to_request(typed=typed))


def _read_json(client: Any, body: Any) -> Any:
    return masked(body)


def refuse_other_tokens(request: RawRequest, whose: Literal["account", "import"]) -> None:
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
