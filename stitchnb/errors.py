"""Everything that stitchnb raises on purpose.

::

    StitchError
    ├── InvalidInputError (ValueError)        caught here, before anything was sent
    │   ├── UnknownSourceTypeError            no such source type; near names are offered
    │   ├── UnknownDestinationTypeError       no such destination type; near names are offered
    │   ├── UnknownTopicError                 no help on that; near topics and names are offered
    │   ├── UnknownStreamError                no such stream or field; near names are offered
    │   ├── InvalidSelectionError             a selection that cannot be right: `problems` lists what
    │   └── InvalidValuesError                values that break the report card, by property name
    ├── CredentialsError                      no token was found in any place that was looked at
    ├── APIError                              Stitch answered, and the answer is an error
    │   ├── BadRequestError                   400
    │   │   ├── InvalidPropertiesError        values break their schema: `bad_properties` names them
    │   │   ├── NameTakenError                the name, or the schema made from it, is in use
    │   │   ├── AccessDeniedError             the plan does not allow it
    │   │   └── NotFoundError                 no such source, stream or destination (400 or 404)
    │   ├── AuthenticationError               401
    │   ├── AlreadyRunningError               a replication job is under way (200 with an error object)
    │   ├── RateLimitedError                  429
    │   │   └── RateLimitReachedError         not sent, because it would break Stitch's limit
    │   └── ServerError                       500, 502, 503, 504
    ├── TransportError                        Stitch did not answer
    │   └── OutcomeUnknownError               a request that changes something may or may not have arrived
    ├── FrameNotPushedError                   a part of a frame was taken, the rest not: `taken`, `rows`, `unsure`
    ├── SelectionNotAppliedError              not all of a selection was written: `applied`, `not_applied`, `unsure`
    ├── SelectionNotKeptError                 read back, a selection is not what was written: `changes`
    ├── CheckFailedError                      a connection check ended badly: the tap's own message
    ├── JobFailedError                        a replication job ended badly: which part, and its message
    ├── WaitTimeoutError (TimeoutError)       it is still running: waiting again is safe
    └── SandboxError                          the sandbox could not start or go on
        ├── PortInUseError
        └── StateFileError                    not a sandbox's file, or in use; it was not touched
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = [
    "APIError",
    "AccessDeniedError",
    "AlreadyRunningError",
    "AuthenticationError",
    "BadRequestError",
    "CheckFailedError",
    "CredentialsError",
    "FrameNotPushedError",
    "InvalidInputError",
    "InvalidPropertiesError",
    "InvalidSelectionError",
    "InvalidValuesError",
    "JobFailedError",
    "NameTakenError",
    "NotFoundError",
    "OutcomeUnknownError",
    "PortInUseError",
    "RateLimitReachedError",
    "RateLimitedError",
    "SandboxError",
    "SelectionNotAppliedError",
    "SelectionNotKeptError",
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


class StitchError(Exception):
    """Root of the tree."""

    def _render_traceback_(self) -> list[str]:
        """Show itself in IPython, which asks for this: the user's own frames and the message."""
        from stitchnb._tracebacks import shown_in_ipython

        return shown_in_ipython(self)


class InvalidInputError(StitchError, ValueError):
    """What was given cannot be right; nothing was sent."""


class _UnknownNameError(InvalidInputError):
    """A name that is not there, with the near ones that are."""

    kind = "name"

    def __init__(self, name: str, known: Iterable[str], *, hint: str = "") -> None:
        self.name = name
        known = list(known)
        # What is no text at all is named as it is, and is like none.
        self.near = near_names(name, known) if isinstance(name, str) else []
        message = f"There is no {self.kind} {name!r}."
        if self.near:
            message += f" Did you mean {' or '.join(repr(n) for n in self.near)}?"
        super().__init__(f"{message} {hint}".strip())


class UnknownSourceTypeError(_UnknownNameError):
    """No source type has this name; `near` holds names like it."""

    kind = "source type"


class UnknownDestinationTypeError(_UnknownNameError):
    """No destination type has this name; `near` holds names like it."""

    kind = "destination type"


class UnknownStreamError(_UnknownNameError):
    """No stream or field has this name; `near` holds names like it."""

    kind = "stream or field"


class UnknownTopicError(_UnknownNameError):
    """There is no help on this; `near` holds topics and names like it."""

    kind = "help on"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(name, known)
        if not self.near:
            self.args = (f"{self} stitchnb.help() lists what there is.",)


class InvalidSelectionError(InvalidInputError):
    """A selection that breaks a rule; `problems` lists each with its stream, field and message."""

    def __init__(self, problems: Iterable[Any]) -> None:
        self.problems = tuple(problems)
        count = _counted(len(self.problems), "thing")
        super().__init__(f"The selection was not sent, {count} to mend first:\n{_listed(self.problems)}")


class InvalidValuesError(InvalidInputError):
    """Values that the report card does not accept; `errors` maps property names to messages in words."""

    def __init__(self, errors: Mapping[str, str], *, what: str) -> None:
        self.errors = dict(errors)
        lines = "\n".join(f"  {name}: {message}" for name, message in self.errors.items())
        count = _counted(len(self.errors), "thing")
        super().__init__(f"{what} was not sent, {count} to mend first:\n{lines}")


class CredentialsError(StitchError):
    """No access token was found; the message lists every place that was looked at."""


class APIError(StitchError):
    """Stitch answered with an error.

    Attributes
    ----------
    status_code
        HTTP status; 200 for the errors that Stitch answers with a 200.
    method, path
        The request that was refused; the path holds no token.
    message
        Stitch's own words.
    body
        The answer as it came, parsed from JSON where it is JSON.
    code
        Stitch's name of the error, such as ``InvalidProperties``, or None.
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
            kwargs.setdefault("hint", f"Mend these properties and send it again: {', '.join(self.bad_properties)}.")
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
    """A replication job of this source is under way: wait for it or stop it."""


class RateLimitedError(APIError):
    """429: too many requests."""


class RateLimitReachedError(RateLimitedError):
    """The request was not sent: sending it would break Stitch's limit.

    Attributes
    ----------
    retry_after_s
        Seconds until it may be sent.
    """

    def __init__(self, *, method: str, path: str, retry_after_s: float, requests: int, period_s: float) -> None:
        self.retry_after_s = retry_after_s
        told = (
            f"{method} {path} was not sent: {requests} requests for extractions and loads in {period_s / 60:g} minutes "
            f"are all that Stitch allows. Ask again in {retry_after_s:.0f} seconds, or make the client with "
            'rate_limit="wait".'
        )
        super().__init__(told, status_code=429, method=method, path=path)
        # Nobody refused it: the sentence that APIError makes of a refusal would be untrue.
        self.args = (told,)


class ServerError(APIError):
    """Stitch's own fault: try again later."""


class TransportError(StitchError):
    """Stitch did not answer: no connection, or no answer in time."""


class OutcomeUnknownError(TransportError):
    """The connection broke while something was being changed: look before sending it again."""


class FrameNotPushedError(StitchError):
    """Stitch took a part of a frame and not the rest.

    Attributes
    ----------
    taken
        How many rows, from the first on, are in Stitch.
    rows
        How many the frame has.
    unsure
        Of those after `taken`, how many may be in Stitch as well: the connection broke, and it did not say.
    """

    def __init__(self, *, taken: int, rows: int, unsure: int, cause: StitchError, has_keys: bool) -> None:
        self.taken, self.rows, self.unsure = taken, rows, unsure
        if has_keys:
            action = "Pushing the whole frame again is safe: rows with the same key are the same rows."
        else:
            action = f"Push the rest alone, frame.iloc[{taken}:]: without a key what is sent twice is there twice."
            if unsure:
                action = f"The next {unsure:,} may be there too: look in the warehouse first. {action}"
        super().__init__(f"{taken:,} of {rows:,} rows were taken, the others not.\n{cause}\n{action}")


class SelectionNotAppliedError(StitchError):
    """Only a part of a selection was written, or none of it; the catalog keeps what is left to apply.

    Attributes
    ----------
    applied, not_applied, unsure
        The changes that are in Stitch now, those that are not, and those of which it could not be found out.
    """

    def __init__(
        self, *, applied: Iterable[Any], not_applied: Iterable[Any], unsure: Iterable[Any], cause: StitchError
    ) -> None:
        self.applied, self.not_applied, self.unsure = tuple(applied), tuple(not_applied), tuple(unsure)
        total = len(self.applied) + len(self.not_applied) + len(self.unsure)
        told = f"{len(self.applied)} of {_counted(total, 'change')} applied, {len(self.not_applied)} not"
        if self.unsure:
            told += f", {len(self.unsure)} perhaps (Stitch did not say)"
        super().__init__(
            f"{told}.\n{cause}\n"
            "What is not applied is kept: catalog.changes() shows it, catalog.apply() sends just that, and to write a "
            f"change twice does no harm. Not applied:\n{_listed((*self.not_applied, *self.unsure))}"
        )


class SelectionNotKeptError(StitchError):
    """Stitch took a selection, but read back it is another; `changes` lists what differs, as written and as read."""

    def __init__(self, changes: Iterable[Any]) -> None:
        self.changes = tuple(changes)
        super().__init__(
            f"Stitch took the selection, but read back it is not the same ({_counted(len(self.changes), 'value')}). "
            "Somebody else may have changed it meanwhile: look at source.catalog() and select again. As read and as "
            "written:\n"
            f"{_listed(self.changes)}"
        )


class CheckFailedError(StitchError):
    """A connection check failed; `check` is the check as it ended."""

    def __init__(self, message: str, *, check: Any) -> None:
        self.check = check
        super().__init__(message)


class JobFailedError(StitchError):
    """A replication job failed; `result` is the job as it ended."""

    def __init__(self, message: str, *, result: Any) -> None:
        self.result = result
        super().__init__(message)


class WaitTimeoutError(StitchError, TimeoutError):
    """Not finished within the time that one was willing to wait; it goes on running in Stitch."""


class SandboxError(StitchError):
    """The sandbox could not start or go on."""


class PortInUseError(SandboxError):
    """The port that was asked for is taken."""


class StateFileError(SandboxError):
    """The state file is not a sandbox's, is of a newer version, or is in use; it was left as it was."""


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _listed(things: Sequence[Any], *, most: int = 20) -> str:
    """Write things one a line, and of many only how many more there are."""
    lines = [f"  {thing}" for thing in things[:most]]
    if len(things) > most:
        lines.append(f"  and {len(things) - most} more")
    return "\n".join(lines)


def near_names(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """List the known names that look like `name`, nearest first.

    A name that holds the given one (``recurly`` in ``platform.recurly``) comes before one that is merely alike, and one
    that is much less alike than the best is left out.
    """
    known = list(known)
    folded = name.lower()
    holding = sorted((k for k in known if folded and folded in k.lower()), key=lambda k: (len(k), k))
    alike = difflib.get_close_matches(folded, [k.lower() for k in known], n=most, cutoff=0.6)
    likeness = {a: difflib.SequenceMatcher(None, a, folded).ratio() for a in alike}
    by_folded = {k.lower(): k for k in known}
    ranked = [*holding, *(by_folded[a] for a in alike if likeness[a] > likeness[alike[0]] - 0.15)]
    return list(dict.fromkeys(ranked))[:most]
