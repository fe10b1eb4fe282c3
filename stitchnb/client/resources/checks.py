"""Connection checks: looked at and waited for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from stitchnb import models
from stitchnb._deprecated import renamed_parameters
from stitchnb.client import requests
from stitchnb.client._sansio import Mode, Resource, Steps, endpoint_method, send
from stitchnb.client.addresses import source_page
from stitchnb.client.error_parsing import with_hint
from stitchnb.client.polling import PollResult, wait_until
from stitchnb.errors import CheckFailedError, InvalidInputError, NotFoundError, StitchError
from stitchnb.models import Destination, Source
from stitchnb.rules.names import checked_id
from stitchnb.rules.report_cards.progress import missing_properties

if TYPE_CHECKING:
    from stitchnb.client.client import BaseClient

_BY_A_PERSON = ("oauth", "profile")


def missing_check_reason(connection: Source | Destination, *, base_url: str, in_sandbox: bool) -> str | None:
    """Say at which step it waits, and what moves it on; None where it should have been checked.

    Parameters
    ----------
    base_url
        Where the API is, for the address of the source in Stitch's own app.
    in_sandbox
        A call stands in for what somebody does in a browser.
    """
    kind = "source" if isinstance(connection, Source) else "destination"
    card, step_type = connection.report_card, connection.report_card.current_step_type or ""
    step = card.step(step_type)
    if connection.deleted_at is not None or step is None:
        return None
    missing = ", ".join(missing_properties(step))
    given = f"pass {missing} to client.{kind}s.update({connection.id}, properties={{…}})" if missing else ""
    if step_type == "form" and given:
        waits, action = "its form is not complete", given
    elif step_type in _BY_A_PERSON:
        waits = f"it is at its {step_type} step and must be authorized"
        authorised = _authorised(connection, base_url=base_url, in_sandbox=in_sandbox)
        action = f"{given}, then {authorised}" if given else authorised
    elif kind == "source" and card.step("discover_schema") is None:
        return f"Source {connection.id} is never checked: the type {connection.type} has no connection check."
    else:
        return None
    action = f"{action[0].upper()}{action[1:]}"
    return f"There is no check of {kind} {connection.id} yet: {waits}. {action}. Setup then continues automatically."


def _authorised(connection: Source | Destination, *, base_url: str, in_sandbox: bool) -> str:
    if in_sandbox:
        return f"call client.sandbox.authorize({connection.id}), which replaces the sign-in in the browser"
    page = source_page(base_url, connection.stitch_client_id, connection.id)
    return f"authorize it in Stitch{f' ({page})' if page else ''}"


class ConnectionCheck(models.ConnectionCheck, Resource[Mode]):
    """The last connection check of a source or a destination, which can be waited for.

    Given by `Source.check`, `Destination.check` and `client.connection_checks.last`.
    """

    _source_id: int | None
    _destination_id: int | None

    @classmethod
    def from_response(cls, client: BaseClient[Mode], wire: Mapping[str, Any], parameters: Mapping[str, Any]) -> Self:
        """Create it from a response, with the client that it came from; for stitchnb itself to use."""
        result = cls(wire)
        result.__dict__.update(_client=client, _source_id=None, _destination_id=None)
        result.__dict__.update({f"_{name}": id_ for name, id_ in parameters.items()})
        return result

    @endpoint_method
    @renamed_parameters(progress="show_progress")
    def wait(self, *, timeout_s: float = 300, show_progress: bool | None = None) -> Steps[ConnectionCheck[Mode]]:
        """Wait until it has ended. See `ConnectionChecks.wait`."""
        return (
            yield from self._client.connection_checks.wait.as_steps(
                self._source_id, destination_id=self._destination_id, timeout_s=timeout_s, show_progress=show_progress
            )
        )


class ConnectionChecks(Resource[Mode]):
    """The connection checks of the account's sources and destinations."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @endpoint_method
    def last(self, source_id: int | None = None, *, destination_id: int | None = None) -> Steps[ConnectionCheck[Mode]]:
        """Get the last connection check of a source, or of a destination.

        Raises
        ------
        NotFoundError
            When there is none. Where the source or destination is there, it is said what it waits for: the rest of
            its form, or that somebody authorises it.

        Source: ``GET /v4/sources/{id}/last-connection-check``, ``GET /v4/destinations/{id}/last-connection-check``.
        """
        _refuse_both(source_id, destination_id)
        if source_id is not None:
            request = requests.last_source_check(checked_id(source_id, "source id"))
        else:
            request = requests.last_destination_check(checked_id(destination_id, "destination id"))
        try:
            return (yield from send(self._client, request))
        except NotFoundError as error:
            hint = yield from self._missing_check_reason(source_id, destination_id)
            if hint is None:
                raise
            raise with_hint(error, hint) from error

    def _missing_check_reason(self, source_id: int | None, destination_id: int | None) -> Steps[str | None]:
        connection: models.Source | models.Destination
        try:
            if source_id is not None:
                connection = yield from send(self._client, requests.get_source(source_id))
            else:
                connection = yield from self._client.destinations.get.as_steps(destination_id or 0)
        except StitchError:
            # It is not there either, and what was refused first is what counts.
            return None
        in_sandbox = self._client.sandbox is not None
        return missing_check_reason(connection, base_url=self._client.base_url, in_sandbox=in_sandbox)

    @endpoint_method
    @renamed_parameters(progress="show_progress")
    def wait(
        self,
        source_id: int | None = None,
        *,
        destination_id: int | None = None,
        timeout_s: float = 300,
        poll_s: float | None = None,
        show_progress: bool | None = None,
    ) -> Steps[ConnectionCheck[Mode]]:
        """Wait until the connection check of a source or destination has ended, saying how it stands.

        Parameters
        ----------
        timeout_s
            How long to wait at most, in seconds.
        poll_s
            Seconds between two looks; None chooses by where the API is.
        show_progress
            True to show progress, False to hide it; None shows it in a notebook or an interactive terminal.

        Raises
        ------
        CheckFailedError
            When it fails: the message is the tap's own. Correct the properties with `Sources.update`.
        NotFoundError
            When there is none yet: see `last`.
        WaitTimeoutError
            If it is still running; you can wait again.

        Source: ``GET /v4/sources/{id}/last-connection-check``, ``GET /v4/destinations/{id}/last-connection-check``.
        """
        _refuse_both(source_id, destination_id)
        given = f"{source_id}" if source_id is not None else f"destination_id={destination_id}"
        kind, id_ = ("source", source_id) if source_id is not None else ("destination", destination_id)
        title = f"Connection check of {kind} {id_}"

        def look() -> Steps[tuple[ConnectionCheck[Mode], PollResult]]:
            check = yield from self.last.as_steps(source_id, destination_id=destination_id)
            return check, PollResult(check.status, finished=check.is_finished, good=check.succeeded)

        ended = yield from wait_until(
            look,
            title=title,
            timeout_s=timeout_s,
            poll_s=lambda: poll_s if poll_s is not None else self._client.poll_s,
            show_progress=show_progress,
            next_action=f"Wait again, or call client.connection_checks.last({given}).",
        )
        if not ended.succeeded:
            raise CheckFailedError(
                f"{title} failed: {ended.message or 'Stitch returned no reason'}\n"
                f"Fix the properties with client.{kind}s.update({id_}, properties={{…}}), "
                "which starts a new check.",
                check=ended,
            )
        return ended


def _refuse_both(source_id: int | None, destination_id: int | None) -> None:
    if (source_id is None) == (destination_id is None):
        raise InvalidInputError("Pass either the id of a source, or destination_id=.")
