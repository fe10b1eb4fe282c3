"""The app's sandbox as a page's process sees it: in another process, called over HTTP."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx

from stitchnb.errors import InvalidInputError, SandboxError
from stitchnb.models import Secret

if TYPE_CHECKING:
    import pandas as pd

_REFUSED = 422
_TIMEOUT_S = 60.0


class RemoteSandbox:
    """The part of a sandbox that a client, the wizard and the job monitor use.

    Parameters
    ----------
    url, token, client_id
        The Connect API of the sandbox.
    calls_url
        The app's address for calls that the Connect API does not have.
    """

    def __init__(self, *, url: str, token: str, client_id: int, calls_url: str) -> None:
        self.url = url
        self.token = Secret(token)
        self.client_id = client_id
        self._calls_url = calls_url
        # No proxy: the app is on this machine.
        self._http = httpx.Client(timeout=_TIMEOUT_S, trust_env=False)
        self.clock = _Clock(self)
        self.warehouse = _Warehouse(self)

    def jobs(self, source_id: int | None = None) -> Sequence[Mapping[str, Any]]:
        """List finished and running jobs. See `stitchnb.sandbox.Sandbox.jobs`."""
        return self.call("jobs", source_id)  # type: ignore[no-any-return]

    def job_progress(self, job_name: str) -> Mapping[str, Any]:
        """Return the progress of a job. See `stitchnb.sandbox.Sandbox.job_progress`."""
        return self.call("job_progress", job_name)  # type: ignore[no-any-return]

    def authorize(self, source_id: int) -> None:
        """Authorize a source's oauth or profile step. See `stitchnb.sandbox.Sandbox.authorize`."""
        self.call("authorize", source_id)

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a method of the app's sandbox.

        Raises
        ------
        InvalidInputError
            The sandbox refused the call. The message is the sandbox's.
        SandboxError
            The app did not respond, or failed.
        """
        try:
            response = self._http.post(
                self._calls_url,
                json={"call": name, "arguments": arguments},
                headers={"Authorization": f"Bearer {self.token.reveal()}"},
            )
        except httpx.TransportError as error:
            raise SandboxError("The app did not respond. Start it again, and open the address it prints.") from error
        if response.status_code == _REFUSED:
            raise InvalidInputError(response.text)
        if not response.is_success:
            raise SandboxError(
                f"The app could not call its sandbox (status {response.status_code}). See the app's terminal."
            )
        # The response comes from the app that started this process.
        return pickle.loads(response.content)

    def close(self) -> None:
        """Close the connections to the app. The sandbox keeps running."""
        self._http.close()

    def __repr__(self) -> str:
        return f"RemoteSandbox({self.url!r})"


class _Clock:
    def __init__(self, sandbox: RemoteSandbox) -> None:
        self._sandbox = sandbox

    def now(self) -> datetime:
        return self._sandbox.call("now")  # type: ignore[no-any-return]


class _Warehouse:
    def __init__(self, sandbox: RemoteSandbox) -> None:
        self._sandbox = sandbox

    def tables(self) -> pd.DataFrame:
        return self._sandbox.call("tables")  # type: ignore[no-any-return]

    def table(self, name: str) -> pd.DataFrame:
        return self._sandbox.call("table", name)  # type: ignore[no-any-return]

    def sql(self, query: str) -> pd.DataFrame:
        return self._sandbox.call("sql", query)  # type: ignore[no-any-return]
