"""Where client and sandbox meet: `connect`, and a sandbox that hands out clients."""

from __future__ import annotations

import os
import weakref
from datetime import date, datetime
from functools import cached_property

from stitchnb.client.client import Client
from stitchnb.client.transport import BASE_URLS
from stitchnb.errors import CredentialsError
from stitchnb.sandbox import Clock, server


class SandboxClient(Client):
    """A client of an embedded sandbox, which it keeps alive as long as it lives itself.

    Attributes
    ----------
    sandbox
        The sandbox, with its clock and its warehouse.
    """

    def __init__(self, sandbox: Sandbox, *, owns: bool = False) -> None:
        super().__init__(sandbox.token, base_url=sandbox.url)
        self.sandbox = sandbox
        self._owns = owns

    def today(self) -> date:
        """Tell the sandbox's date, which forms count their default dates from."""
        today: date = self.sandbox.clock.now().date()
        return today

    def close(self) -> None:
        """Close its connections, and the sandbox where `connect` made it."""
        super().close()
        if self._owns:
            self.sandbox.close()

    def __repr__(self) -> str:
        return f"Client({self.sandbox!r})"


class Sandbox(server.Sandbox):
    """A Connect API of one's own that hands out clients: real HTTP on this machine, real state, real rows, no account.

    It serves from the moment it is made until `close`, the end of its ``with`` block, or the end of the process.

    Parameters
    ----------
    path, seed, port, clock, pace_s, token
        See `stitchnb.sandbox.Sandbox`, which this is.

    Attributes
    ----------
    url, token
        What a client needs; the token is masked wherever it is shown.
    client_id
        The account's id.
    clock
        Its clock; ``clock.advance(hours=6)`` lets what falls due happen.
    warehouse
        The warehouse that rows land in, which gives DataFrames.

    Examples
    --------
    >>> with Sandbox(clock="2026-03-20T16:00:00Z") as sandbox:
    ...     sandbox.client().source_types.get("platform.recurly")
    ReportCard(type='platform.recurly', current_step_type='form')
    """

    def client(self) -> SandboxClient:
        """Make a client of this sandbox; its connections end with the sandbox."""
        made = SandboxClient(self)
        self._clients.add(made)
        return made

    def close(self) -> None:
        """Stop serving and let go of every file and port. Calling it again does nothing."""
        for client in list(self._clients):
            client.close()
        super().close()

    @cached_property
    def _clients(self) -> weakref.WeakSet[SandboxClient]:
        return weakref.WeakSet()


def connect(
    token: str | None = None,
    *,
    base_url: str | None = None,
    seed: int = 0,
    clock: Clock | datetime | str | None = None,
    pace_s: float = 1.0,
    quiet: bool = False,
) -> Client:
    """Connect to the real account when there is a token, else to a sandbox of one's own; say which of the two.

    It never falls back from a real account to a sandbox.

    Parameters
    ----------
    token
        The account's access token; else that in the environment variable ``STITCH_ACCESS_TOKEN``.
    base_url
        Where the account is; else ``STITCH_BASE_URL`` in the environment, else North America.
    seed, clock, pace_s
        For the sandbox, see `Sandbox`; a real account takes no notice of them.
    quiet
        Do not print which of the two it is.

    Returns
    -------
    Client
        With ``client.sandbox`` set when it is a sandbox, None otherwise. Closing the client closes that sandbox.

    Raises
    ------
    CredentialsError
        When a real account is clearly meant, and there is no token for it.
    """
    base_url = base_url or os.environ.get("STITCH_BASE_URL") or None
    found = token if token is not None else os.environ.get("STITCH_ACCESS_TOKEN")
    client: Client
    if found is not None and found.strip():
        client = Client(found.strip(), base_url=base_url or BASE_URLS["us"])
        told = f"Connected to the real account at {client.base_url}: what you do here really happens."
    elif found is not None or base_url is not None:
        raise CredentialsError(_no_token(token, base_url))
    else:
        client = SandboxClient(Sandbox(seed=seed, clock=clock, pace_s=pace_s), owns=True)
        told = "Connected to an embedded sandbox: no account is needed, and everything stays on this machine."
    if not quiet:
        print(told)  # noqa: T201 - one line that says where what follows will happen
    return client


def _no_token(token: str | None, base_url: str | None) -> str:
    looked = [
        f"the argument token: {'empty' if token is not None else 'not given'}",
        "the environment variable STITCH_ACCESS_TOKEN: "
        + ("empty" if os.environ.get("STITCH_ACCESS_TOKEN") is not None else "not set"),
    ]
    meant = f"A real account is meant ({base_url})" if base_url else "A real account is meant"
    return (
        f"{meant}, but there is no access token. Looked at:\n  " + "\n  ".join(looked) + "\n"
        "Set STITCH_ACCESS_TOKEN to the token, or unset it and STITCH_BASE_URL to use a sandbox."
    )
