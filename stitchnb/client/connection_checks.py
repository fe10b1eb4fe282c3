"""Connection checks: looked at and waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from stitchnb import models
from stitchnb.client import requests
from stitchnb.client.waiting import Look, wait_until
from stitchnb.errors import CheckFailedError

if TYPE_CHECKING:
    from stitchnb.client.client import Client


class ConnectionCheck(models.ConnectionCheck):
    """A source's last connection check, which can be waited for."""

    _client: Client
    _source_id: int

    @classmethod
    def bound(cls, client: Client, source_id: int, check: models.ConnectionCheck) -> Self:
        """Tie a check to the client and the source that it came from."""
        live = cls(check._wire)
        live.__dict__.update(_client=client, _source_id=source_id)
        return live

    def wait(self, *, timeout_s: float = 300, progress: bool | None = None) -> ConnectionCheck:
        """Wait until it has ended. See `ConnectionChecks.wait`."""
        return self._client.connection_checks.wait(self._source_id, timeout_s=timeout_s, progress=progress)


class ConnectionChecks:
    """The connection checks of the account's sources."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def last(self, source_id: int) -> ConnectionCheck:
        """Ask for a source's last connection check.

        Source: ``GET /v4/sources/{id}/last-connection-check``.
        """
        found = self._client.send(requests.last_connection_check(source_id))
        return ConnectionCheck.bound(self._client, source_id, found)

    def wait(
        self, source_id: int, *, timeout_s: float = 300, poll_s: float | None = None, progress: bool | None = None
    ) -> ConnectionCheck:
        """Wait until a source's connection check has ended, saying how it stands.

        Parameters
        ----------
        timeout_s
            How long to wait at most, in seconds.
        poll_s
            Seconds between two looks; None chooses by where the API is.
        progress
            True or False to show progress or not; None where somebody looks.

        Raises
        ------
        CheckFailedError
            When it fails: the message is the tap's own. Correct the properties with `Sources.update`.
        WaitTimeoutError
            When it is still running; waiting again is safe.
        """
        title = f"Connection check of source {source_id}"

        def look() -> tuple[ConnectionCheck, Look]:
            check = self.last(source_id)
            return check, Look(check.status, finished=check.is_finished, good=check.succeeded)

        ended = wait_until(
            look,
            title=title,
            timeout_s=timeout_s,
            poll_s=poll_s if poll_s is not None else self._client.poll_s,
            shown=progress,
            next_action="Wait again, or look at client.connection_checks.last(source_id).",
        )
        if not ended.succeeded:
            raise CheckFailedError(
                f"{title} failed: {ended.message or 'Stitch gave no reason'}\n"
                f"Correct the properties with client.sources.update({source_id}, properties={{…}}), "
                "which starts a new check.",
                check=ended,
            )
        return ended
