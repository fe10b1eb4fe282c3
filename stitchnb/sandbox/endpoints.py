"""Endpoints, and the requests and responses that they handle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stitchnb.api.endpoints import Auth
from stitchnb.api.schemas import EndpointSchema
from stitchnb.sandbox import errors
from stitchnb.sandbox.errors import APIErrorResponse


@dataclass(frozen=True, slots=True)
class APIRequest:
    """One request, parsed.

    Attributes
    ----------
    path
        The path's parameters by name.
    query
        The query's parameters by name.
    body
        The JSON body; None when there is none or it is not JSON.
    headers
        By name in lower case.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class APIResponse:
    """A response that is more than a body with status 200.

    Attributes
    ----------
    body
        Encoded as JSON; ``bytes`` are sent as they are, None sends no body at all.
    """

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of the API.

    Attributes
    ----------
    method, path
        The path's parameters in braces: ``/v4/sources/{source_id}``.
    handler
        Returns a JSON body or an `APIResponse`. Raises `APIErrorResponse`.
    auth
        Whose token it asks for: the account's, an Import API source's, or nobody's.
    body_limit
        The most bytes that a body may have.
    too_large
        Refuses a body by its bytes.
    is_slow
        It waits for work in the background, and must not keep other requests waiting.
    summary, schema
        What it does, and what it takes and gives; None for an endpoint of the Connect API, which the table in
        `stitchnb.api.endpoints` describes.
    """

    method: str
    path: str
    handler: Callable[[APIRequest], Any]
    summary: str | None = None
    auth: Auth = "account"
    body_limit: int = 4 * 1024 * 1024
    too_large: Callable[[int], APIErrorResponse] = errors.too_large
    is_slow: bool = False
    schema: EndpointSchema | None = None
