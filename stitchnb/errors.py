"""The errors that stitchnb raises.

::

    StitchError
    ├── InvalidInputError (ValueError)        found before anything was sent
    │   ├── UnknownSourceTypeError            no such source type; suggests similar names
    │   ├── UnknownDestinationTypeError       no such destination type; suggests similar names
    │   ├── UnknownTopicError                 no such help topic; suggests similar topics and names
    │   ├── UnknownStreamError                no such stream or field; suggests similar names
    │   ├── InvalidSelectionError             an invalid selection: `problems` lists why
    │   └── InvalidValuesError                invalid values: `errors` has a message for each property
    ├── CredentialsError                      no access token was found
    ├── APIError                              Stitch answered with an error
    │   ├── BadRequestError                   400
    │   │   ├── InvalidPropertiesError        values break their schema: `bad_properties` names them
    │   │   ├── NameTakenError                the name, or the schema made from it, is in use
    │   │   ├── AccessDeniedError             the plan does not allow it
    │   │   └── NotFoundError                 no such source, stream or destination (400 or 404)
    │   ├── AuthenticationError               401
    │   ├── AlreadyRunningError               a replication job is already running (200 with an error object)
    │   ├── RateLimitedError                  429
    │   │   └── RateLimitReachedError         not sent, because it would exceed Stitch's limit
    │   └── ServerError                       500, 502, 503, 504
    ├── TransportError                        Stitch did not answer
    │   └── OutcomeUnknownError               a request that changes something may or may not have arrived
    ├── PartialPushError                      a part of a frame was accepted: `accepted`, `total`, `uncertain`
    ├── SelectionApplyError                   a part of a selection was saved: `applied`, `not_applied`, `uncertain`
    ├── SelectionVerificationError            a saved selection reads back differently: `changes`
    ├── CheckFailedError                      a connection check failed: the tap's own message
    ├── JobFailedError                        a replication job failed: which part, and its message
    ├── WaitTimeoutError (TimeoutError)       it is still running: waiting again is safe
    └── SandboxError                          the sandbox could not start or continue
        ├── PortInUseError
        └── StateFileError                    not a sandbox's file, or in use; it was not touched
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stitchnb._deprecated import Renamed, renamed_names

__all__ = [
    "APIError",
    "AccessDeniedError",
    "AlreadyRunningError",
    "AuthenticationError",
    "BadRequestError",
    "CheckFailedError",
    "CredentialsError",
    "InvalidInputError",
    "InvalidPropertiesError",
    "InvalidSelectionError",
    "InvalidValuesError",
    "JobFailedError",
    "NameTakenError",
    "NotFoundError",
    "OutcomeUnknownError",
    "PartialPushError",
    "PortInUseError",
    "RateLimitReachedError",
    "RateLimitedError",
    "SandboxError",
    "SelectionApplyError",
    "SelectionVerificationError",
    "ServerError",
    "StateFileError",
    "StitchError",
    "TransportError",
    "UnknownDestinationTypeError",
    "UnknownSourceTypeError",
    "UnknownStreamError",
    "UnknownTopicError",
    "WaitTimeoutError",
]


def __dir__() -> list[str]:
    return list(__all__)


__getattr__ = renamed_names(
    __name__,
    {"SelectionNotAppliedError": "SelectionApplyError", "SelectionNotKeptError": "SelectionVerificationError"},
)


class StitchError(Exception):
    """Root of the tree."""

    def _render_traceback_(self) -> list[str]:
        """Show itself in IPython, which asks for this: the user's own frames and the message."""
        from stitchnb._tracebacks import shown_in_ipython

        return shown_in_ipython(self)


class InvalidInputError(StitchError, ValueError):
    """An argument is invalid; nothing was sent."""


class _UnknownNameError(InvalidInputError):
    """A name that does not exist, with similar ones that do."""

    kind = "name"

    def __init__(self, name: str, known: Iterable[str], *, hint: str = "") -> None:
        self.name = name
        known = list(known)
        # A value that is not text is similar to none.
        self.near = near_names(name, known) if isinstance(name, str) else []
        message = f"There is no {self.kind} {name!r}."
        if self.near:
            message += f" Did you mean {' or '.join(repr(n) for n in self.near)}?"
        super().__init__(f"{message} {hint}".strip())


class UnknownSourceTypeError(_UnknownNameError):
    """No source type has this name; `near` lists similar names."""

    kind = "source type"


class UnknownDestinationTypeError(_UnknownNameError):
    """No destination type has this name; `near` lists similar names."""

    kind = "destination type"


class UnknownStreamError(_UnknownNameError):
    """No stream or field has this name; `near` lists similar names."""

    kind = "stream or field"


class UnknownTopicError(_UnknownNameError):
    """There is no help on this; `near` lists similar topics and names."""

    kind = "help on"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(name, known)
        if not self.near:
            self.args = (f"{self} stitchnb.help() lists all topics.",)


class InvalidSelectionError(InvalidInputError):
    """A selection that breaks a rule; `problems` lists each with its stream, field and message."""

    def __init__(self, problems: Iterable[Any]) -> None:
        self.problems = tuple(problems)
        count = _counted(len(self.problems), "problem")
        super().__init__(f"The selection was not sent. {count} to fix:\n{_listed(self.problems)}")


class InvalidValuesError(InvalidInputError):
    """Values that the report card does not accept; `errors` has a message for each property."""

    def __init__(self, errors: Mapping[str, str], *, what: str) -> None:
        self.errors = dict(errors)
        lines = "\n".join(f"  {name}: {message}" for name, message in self.errors.items())
        count = _counted(len(self.errors), "problem")
        super().__init__(f"{what} was not sent. {count} to fix:\n{lines}")


class CredentialsError(StitchError):
    """No access token was found; the message lists every place that was checked."""


class APIError(StitchError):
    """Stitch answered with an error.

    Attributes
    ----------
    status_code
        HTTP status; 200 for the errors that Stitch sends with status 200.
    method, path
        The request that was refused; the path holds no token.
    message
        Stitch's own words.
    body
        The body of the response, parsed if it is JSON.
    code
        Stitch's code of the error, such as ``InvalidProperties``, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        method: str,
        path: str,
        body: Any = None,
        code: str | None = None,
        hint: str = "",
    ) -> None:
        self.status_code = status_code
        self.method = method
        self.path = path
        self.message = message
        self.body = body
        self.code = code
        self.hint = hint
        text = f"{method} {path} was refused ({status_code}"
        text += f" {code})" if code else ")"
        text += f": {message}"
        super().__init__(f"{text}\n{hint}" if hint else text)


class BadRequestError(APIError):
    """400: the request itself was wrong."""


class InvalidPropertiesError(BadRequestError):
    """Values that break their schema; `bad_properties` names them."""

    def __init__(self, message: str, *, bad_properties: Iterable[str] = (), **kwargs: Any) -> None:
        self.bad_properties = tuple(bad_properties)
        if self.bad_properties:
            kwargs.setdefault("hint", f"Fix these properties and resend: {', '.join(self.bad_properties)}.")
        super().__init__(message, **kwargs)


class NameTakenError(BadRequestError):
    """The display name, or the destination schema made from it, is in use or not allowed."""


class AccessDeniedError(BadRequestError):
    """The account's plan does not allow this."""


class NotFoundError(BadRequestError):
    """No such source, stream, destination or path."""


class AuthenticationError(APIError):
    """401: no token, a wrong one, or one without the right to this account."""


class AlreadyRunningError(APIError):
    """A replication job of this source is already running: wait for it or stop it."""


class RateLimitedError(APIError):
    """429: too many requests."""


class RateLimitReachedError(RateLimitedError):
    """The request was not sent: it would exceed Stitch's limit.

    Attributes
    ----------
    retry_after_s
        Seconds until it may be sent.
    """

    def __init__(self, *, method: str, path: str, retry_after_s: float, requests: int, period_s: float) -> None:
        self.retry_after_s = retry_after_s
        message = (
            f"{method} {path} was not sent: Stitch allows {requests} requests for extractions and loads in "
            f"{period_s / 60:g} minutes. Try again in {retry_after_s:.0f} seconds, or create the client with "
            'rate_limit="wait".'
        )
        super().__init__(message, status_code=429, method=method, path=path)
        # It was not refused, as the sentence of APIError says.
        self.args = (message,)


class ServerError(APIError):
    """A fault of Stitch itself: try again later."""


class TransportError(StitchError):
    """Stitch did not answer: no connection, or no response in time."""


class OutcomeUnknownError(TransportError):
    """The connection broke during a change: check what there is before sending it again."""


class PartialPushError(StitchError):
    """Stitch accepted only a part of a frame.

    Attributes
    ----------
    accepted
        How many rows, from the first on, are in Stitch.
    total
        How many rows the frame has.
    uncertain
        How many of the rows after `accepted` may be in Stitch as well: the connection broke before the response.
    """

    def __init__(self, *, accepted: int, total: int, uncertain: int, cause: StitchError, has_keys: bool) -> None:
        self.accepted, self.total, self.uncertain = accepted, total, uncertain
        if has_keys:
            action = "You can push the whole frame again: rows with the same key replace each other."
        else:
            action = f"Push the rest, frame.iloc[{accepted}:]: without a key, rows that are sent twice are kept twice."
            if uncertain:
                action = f"The next {uncertain:,} rows may be there too, so check the warehouse first. {action}"
        super().__init__(f"{accepted:,} of {total:,} rows were accepted.\n{cause}\n{action}")


class SelectionApplyError(StitchError):
    """Only a part of a selection was saved, or none of it; the catalog keeps the remaining changes.

    Attributes
    ----------
    applied, not_applied, uncertain
        The changes that Stitch has, those that it does not have, and those for which this is unknown.
    """

    unsure = Renamed("uncertain")

    def __init__(
        self, *, applied: Iterable[Any], not_applied: Iterable[Any], uncertain: Iterable[Any], cause: StitchError
    ) -> None:
        self.applied, self.not_applied, self.uncertain = tuple(applied), tuple(not_applied), tuple(uncertain)
        total = len(self.applied) + len(self.not_applied) + len(self.uncertain)
        message = f"{len(self.applied)} of {_counted(total, 'change')} applied, {len(self.not_applied)} not applied"
        if self.uncertain:
            message += f", {len(self.uncertain)} unknown"
        super().__init__(
            f"{message}.\n{cause}\n"
            "The remaining changes are kept: catalog.changes() shows them, and catalog.apply() sends them again, which "
            f"is safe. Not applied:\n{_listed((*self.not_applied, *self.uncertain))}"
        )


class SelectionVerificationError(StitchError):
    """Stitch accepted a selection, but it reads back differently; `changes` lists each value as read and as written."""

    def __init__(self, changes: Iterable[Any]) -> None:
        self.changes = tuple(changes)
        super().__init__(
            f"Stitch accepted the selection, but {_counted(len(self.changes), 'value')} read back differently. It may "
            "have been changed by someone else. Load source.catalog() and select again. As read and as written:\n"
            f"{_listed(self.changes)}"
        )


class CheckFailedError(StitchError):
    """A connection check failed; `check` is its final state."""

    def __init__(self, message: str, *, check: Any) -> None:
        self.check = check
        super().__init__(message)


class JobFailedError(StitchError):
    """A replication job failed; `result` is its final state."""

    def __init__(self, message: str, *, result: Any) -> None:
        self.result = result
        super().__init__(message)


class WaitTimeoutError(StitchError, TimeoutError):
    """Not finished within the timeout; it continues in Stitch."""


class SandboxError(StitchError):
    """The sandbox could not start or continue."""


class PortInUseError(SandboxError):
    """The requested port is in use."""


class StateFileError(SandboxError):
    """The state file is not a sandbox's, is of a newer version, or is in use; it was not changed."""


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _listed(things: Sequence[Any], *, most: int = 20) -> str:
    """Write things one per line, and of many only how many more there are."""
    lines = [f"  {thing}" for thing in things[:most]]
    if len(things) > most:
        lines.append(f"  and {len(things) - most} more")
    return "\n".join(lines)


def near_names(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """List the known names that look like `name`, nearest first.

    A name that contains the given one (``recurly`` in ``platform.recurly``) comes before one that is only similar. One
    that is much less similar than the best is left out.
    """
    known = list(known)
    folded = name.lower()
    holding = sorted((k for k in known if folded and folded in k.lower()), key=lambda k: (len(k), k))
    alike = difflib.get_close_matches(folded, [k.lower() for k in known], n=most, cutoff=0.6)
    likeness = {a: difflib.SequenceMatcher(None, a, folded).ratio() for a in alike}
    by_folded = {k.lower(): k for k in known}
    ranked = [*holding, *(by_folded[a] for a in alike if likeness[a] > likeness[alike[0]] - 0.15)]
    return list(dict.fromkeys(ranked))[:most]
