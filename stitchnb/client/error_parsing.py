"""Reading answers: the one place that knows all the shapes in which Stitch says no."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from stitchnb.errors import (
    AccessDeniedError,
    AlreadyRunningError,
    APIError,
    AuthenticationError,
    BadRequestError,
    InvalidPropertiesError,
    NameTakenError,
    NotFoundError,
    RateLimitedError,
    ServerError,
)
from stitchnb.rules.schedules.quartz import fields_hint

E = TypeVar("E", bound=APIError)

# Stitch's names of errors, and the beginnings of the bare strings that it answers with instead.
_BY_CODE: Mapping[str, type[BadRequestError]] = {
    "InvalidProperties": InvalidPropertiesError,
    "InvalidName": NameTakenError,
    "InvalidDisplayName": NameTakenError,
    "AccessDenied": AccessDeniedError,
    "InvalidId": NotFoundError,
    "NotFound": NotFoundError,
    "invalid_source": NotFoundError,
}
_BY_BEGINNING: Mapping[str, type[BadRequestError]] = {
    "invalid stream-id": NotFoundError,
    "invalid connection id": NotFoundError,
    "Unable to locate": NotFoundError,
    "you are at your destination limit": AccessDeniedError,
}
_HINTS: Mapping[type[APIError], str] = {
    AuthenticationError: (
        "The access token is not accepted. Check that it is complete, belongs to this region, and is not revoked. "
        "Then set STITCH_ACCESS_TOKEN or pass token=."
    ),
    NameTakenError: "Choose another display name.",
    AlreadyRunningError: "Wait for the running job, or stop it.",
    RateLimitedError: "Wait before the next request.",
    ServerError: "This is an error of Stitch itself. Try again later.",
}

_OF_ACCOUNT = re.compile(r"/v4/(\d+)/")
_STREAMS_OF = re.compile(r"/v4/sources/(\d+)/streams(?:/metadata)?")
# What has an id in its path, Stitch's words where it is that id which it does not know, and what lists all of them.
_OF_ID: tuple[tuple[re.Pattern[str], str, str, str], ...] = (
    (
        re.compile(r"/v4/sources/(\d+)(?:/.*)?"),
        r"\bsource(?: not found )?\({id}\)",
        "source",
        "client.sources.list()",
    ),
    (
        re.compile(r"/v4/destinations/(\d+)(?:/.*)?"),
        r"invalid connection id|\bdest(?:ination not found)? \({id}\)",
        "destination",
        "client.destinations.list()",
    ),
    (
        re.compile(r"/notifications/public/v1/api/hooks/(\d+)"),
        "",
        "hook",
        "client.notifications.hooks.list()",
    ),
    (
        re.compile(r"/notifications/public/v1/api/custom-emails/(\d+)"),
        "",
        "notification e-mail",
        "client.notifications.emails.list()",
    ),
)
_CRON = re.compile(r'cron_expression "(.*)" is invalid')

_IMPORT_HINT = (
    "The Import API uses a token for each source. Create one with client.import_tokens.create(source_id). The source "
    "must not be paused or deleted."
)


def parse_error(
    status_code: int, body: Any, *, method: str, path: str, retry_s: float | None = None
) -> APIError | None:
    """Make an answer into the error that it is.

    Parameters
    ----------
    retry_s
        Seconds that Stitch asks to wait before the next request, where it does.

    Returns
    -------
    APIError or None
        None when the answer is no error. A 200 with an ``error`` object is one.
    """
    refused = isinstance(body, Mapping) and isinstance(body.get("error"), Mapping) and "type" in body["error"]
    if status_code < 400 and not refused:
        return None
    code, message = _told(body)
    where: dict[str, Any] = {"status_code": status_code, "method": method, "path": path, "body": body, "code": code}
    kind = _kind(status_code, code, message)
    if issubclass(kind, InvalidPropertiesError):
        return kind(message, bad_properties=_bad_properties(body), **where)
    hint = _hint(kind, message, path)
    if retry_s is not None:
        hint = f"{hint} Stitch asks to wait {retry_s:.0f} seconds.".strip()
    return kind(message, hint=hint, **where)


def _hint(kind: type[APIError], message: str, path: str) -> str:
    """Say what to do about an error, where that is known."""
    if kind is AuthenticationError and path.startswith("/v2/import/"):
        return _IMPORT_HINT
    account = _OF_ACCOUNT.match(path)
    if kind is AuthenticationError and account is not None:
        return (
            f"{_HINTS[kind]} Or it has no access to account {account[1]}. client.account.client_id() returns its own."
        )
    source = _STREAMS_OF.fullmatch(path)
    if source is not None and message == f"invalid stream-id: {source[1]}":
        return "It is the source's id: there is no such source, or it was deleted. client.sources.list() shows all."
    if kind is NotFoundError:
        return _where_to_look(message, path)
    cron = _CRON.match(message)
    return fields_hint(cron[1]) if cron is not None else _HINTS.get(kind, "")


def _where_to_look(message: str, path: str) -> str:
    """Say what the id is of that Stitch does not know, and how to see those that it knows."""
    for of_path, words, kind, listing in _OF_ID:
        found = of_path.fullmatch(path)
        if found is not None and re.search(words.replace("{id}", found[1]), message):
            return f"There is no {kind} {found[1]} in this account. {listing} shows all."
    return ""


def with_hint(error: E, hint: str) -> E:
    """Give an error of Stitch's once more, with what to do about it."""
    return type(error)(
        error.message,
        status_code=error.status_code,
        method=error.method,
        path=error.path,
        body=error.body,
        code=error.code,
        hint=hint,
    )


def _kind(status_code: int, code: str | None, message: str) -> type[APIError]:
    if code == "already_running":
        return AlreadyRunningError
    if status_code == 401:
        return AuthenticationError
    if status_code == 429:
        return RateLimitedError
    if status_code >= 500:
        return ServerError
    if code is not None and code in _BY_CODE:
        return _BY_CODE[code]
    for beginning, kind in _BY_BEGINNING.items():
        if message.startswith(beginning):
            return kind
    return NotFoundError if status_code == 404 else BadRequestError


def _told(body: Any) -> tuple[str | None, str]:
    """Find the error's name and its words in whichever shape they came."""
    if isinstance(body, str):
        return None, body or "no reason was given"
    if not isinstance(body, Mapping):
        return None, "no reason was given"
    error, data = body.get("error"), body.get("data")
    code = error if isinstance(error, str) else body.get("code")
    if isinstance(error, Mapping):
        code = error.get("type")
        data = error
    for place in (data, body):
        if isinstance(place, Mapping) and place.get("message"):
            return _text_or_none(code), _words(place["message"]) + _details(body)
    if "invalid_fields" in body:
        return _text_or_none(code), _words(body["invalid_fields"])
    return _text_or_none(code), _words(error or body) + (_details(body) if error else "")


def _details(body: Mapping[Any, Any]) -> str:
    """Tell what some errors say beside their message, key by key."""
    return f" ({_words(body['errors'])})" if body.get("errors") else ""


def _text_or_none(value: Any) -> str | None:
    """Take what is a name; the Import API writes whole sentences where other errors have one."""
    return value if isinstance(value, str) and value and " " not in value else None


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_words(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return "; ".join(map(_words, value))
    return str(value)


def _bad_properties(body: Any) -> tuple[str, ...]:
    data = body.get("data") if isinstance(body, Mapping) else None
    names = data.get("bad_properties") if isinstance(data, Mapping) else None
    return tuple(str(n) for n in names) if isinstance(names, list) else ()
