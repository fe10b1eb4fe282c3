"""Where client and sandbox meet: `connect`, and a sandbox that hands out clients."""

from __future__ import annotations

import os
import weakref
from datetime import date, datetime
from functools import cached_property

from stitchnb.client.addresses import Region, base_url_of
from stitchnb.client.client import AsyncClient, Client
from stitchnb.client.credentials import TokenLookup, ask_for_token, find_token
from stitchnb.errors import CredentialsError
from stitchnb.sandbox import Clock
from stitchnb.sandbox import sandbox as server


class SandboxClient(Client):
    """A client of an embedded sandbox, which it keeps alive as long as it lives itself.

    Attributes
    ----------
    sandbox
        The sandbox, with its clock and its warehouse.
    """

    def __init__(self, sandbox: Sandbox, *, owns: bool = False) -> None:
        super().__init__(sandbox.token, base_url=sandbox.url, client_id=sandbox.client_id)
        self.sandbox = sandbox
        self._owns = owns

    def today(self) -> date:
        """Tell the sandbox's date, which forms count their default dates from; for stitchnb itself to use."""
        return self.now().date()

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
    path, seed, port, clock, pace_s, token, plan, executor, shared_folder
        See `stitchnb.sandbox.Sandbox`.

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

    def async_client(self) -> AsyncClient:
        """Make an asynchronous client of this sandbox, which is to be closed before the sandbox is."""
        made = AsyncClient(self.token, base_url=self.url, client_id=self.client_id)
        made.sandbox = self
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
    region: Region | None = None,
    base_url: str | None = None,
    seed: int = 0,
    clock: Clock | datetime | str | None = None,
    pace_s: float = 1.0,
    quiet: bool = False,
) -> Client:
    """Connect to the real account when there is a token, else to a sandbox of one's own; say which of the two.

    It never falls back from a real account to a sandbox. Where the token was found is said too, by its place.

    Parameters
    ----------
    token
        The account's access token; else that in the environment variable ``STITCH_ACCESS_TOKEN``, in a ``.env`` file
        (from the working directory upwards to the home directory or the repository's root; the variable
        ``STITCH_ENV_FILE`` names another file, or none when it is empty), or in the system's keyring where the package
        keyring is installed (service ``stitchnb``, name ``STITCH_ACCESS_TOKEN``).
    region
        Where the account is: ``us`` or ``eu``. Giving it asks for a real account, and so does `base_url`: without any
        token an interactive session then asks for it, masked.
    base_url
        Another address; else ``STITCH_BASE_URL`` in the environment, or beside the token in the ``.env`` file.
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
        When a real account is clearly meant, and there is no token for it; it lists every place that was looked at.
    InvalidInputError
        When `region`, `base_url` or `clock` cannot be one.
    """
    asked_url = base_url or (None if region else os.environ.get("STITCH_BASE_URL")) or None
    lookup = find_token(token)
    is_asked_for = region is not None or asked_url is not None
    if lookup.token is None and is_asked_for and not lookup.stopped_by_empty:
        ask_for_token(lookup, base_url_of(region, asked_url))
    client: Client
    if lookup.token is not None:
        client = Client(lookup.token, base_url=base_url_of(region, asked_url or (None if region else lookup.base_url)))
        told = (
            f"Connected to the real account at {client.base_url} with the token from {lookup.place}: changes are real."
        )
    elif lookup.stopped_by_empty or is_asked_for:
        raise CredentialsError(_no_token(lookup, base_url_of(region, asked_url) if is_asked_for else None))
    else:
        client = SandboxClient(Sandbox(seed=seed, clock=clock, pace_s=pace_s), owns=True)
        told = "Connected to an embedded sandbox: no account is needed, and everything stays on this machine."
    if not quiet:
        print(told)  # noqa: T201 - one line that says where what follows will happen
    return client


def _no_token(lookup: TokenLookup, base_url: str | None) -> str:
    meant = (
        f"You want to connect to a real account ({base_url})" if base_url else "You want to connect to a real account"
    )
    return (
        f"{meant}, but there is no access token. Checked:\n  " + "\n  ".join(lookup.attempts) + "\n"
        "Set STITCH_ACCESS_TOKEN to the token, or unset it and STITCH_BASE_URL to use a sandbox."
    )
