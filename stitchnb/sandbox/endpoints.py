"""What an endpoint is: each resource tells its own, and the server puts them together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from stitchnb.sandbox import errors
from stitchnb.sandbox.errors import APIErrorResponse

Auth = Literal["account", "none", "import"]


@dataclass(frozen=True, slots=True)
class APIRequest:
    """One request, parsed: what an endpoint needs to know of it.

    Attributes
    ----------
    path
        The path's parameters by name.
    query
        The query's parameters by name.
    body
        The JSON body; None where there is none or it is no JSON.
    headers
        By name in lower case.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class APIResponse:
    """An answer that is not just a body with status 200.

    Attributes
    ----------
    body
        Encoded as JSON; ``bytes`` are sent as they are, None sends no body at all.
    """

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shape:
    """What goes into an endpoint and comes out of it, for its description alone.

    Attributes
    ----------
    answer
        JSON schema of the good answer's body; None where it has none.
    body
        JSON schema of the request's body; None where it takes none.
    body_is_optional
        The request may also come without the body.
    query
        JSON schemas of the query's parameters.
    status
        The good answer's.
    headers
        What the good answer tells in headers.
    media_type
        The good answer's.
    refuses
        Statuses of its own refusals, besides those that go without saying: 401 where a token is asked for, 404 for
        an odd path, 413 for a body that is too large.
    """

    answer: Mapping[str, Any] | None = None
    body: Mapping[str, Any] | None = None
    body_is_optional: bool = False
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    status: int = 200
    headers: tuple[str, ...] = ()
    media_type: str = "application/json"
    refuses: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of the API.

    Attributes
    ----------
    method, path
        The path's parameters in braces: ``/v4/sources/{source_id}``.
    handler
        Returns a JSON body or an `APIResponse`. Raises `APIErrorResponse`.
    summary
        One line that says what it does.
    auth
        Whose token it asks for: the account's, an Import API source's, or nobody's.
    body_limit
        The most bytes that a body may have.
    too_large
        Refuses a body by its bytes.
    is_slow
        It waits for work in the background, and must not keep other requests waiting.
    shape
        What goes into it and comes out of it, for its description.
    """

    method: str
    path: str
    handler: Callable[[APIRequest], Any]
    summary: str
    auth: Auth = "account"
    body_limit: int = 4 * 1024 * 1024
    too_large: Callable[[int], APIErrorResponse] = errors.too_large
    is_slow: bool = False
    shape: Shape = field(default_factory=Shape)
