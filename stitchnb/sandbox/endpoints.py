"""What an endpoint is: each resource tells its own, and the server puts them together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Auth = Literal["account", "none", "import"]


@dataclass(frozen=True, slots=True)
class Call:
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
class Reply:
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
class Endpoint:
    """One endpoint of the API.

    Attributes
    ----------
    method, path
        The path's parameters in braces: ``/v4/sources/{source_id}``.
    act
        Gives the answer: a JSON body, or a `Reply`; raises `Refusal`.
    summary
        One line that says what it does.
    auth
        Whose token it asks for: the account's, an Import API source's, or nobody's.
    body_limit
        The most bytes that a body may have.
    """

    method: str
    path: str
    act: Callable[[Call], Any]
    summary: str
    auth: Auth = "account"
    body_limit: int = 4 * 1024 * 1024
