"""Which account the app shows, and how its pages find it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stitchnb.client import Client
from stitchnb.client.credentials import BASE_URL, ENV_FILE, TOKEN, find_token
from stitchnb.embedded import Sandbox, SandboxClient, connect
from stitchnb.errors import InvalidInputError
from stitchnb.models import Secret

SANDBOX = "STITCHNB_APP_SANDBOX"


@dataclass(frozen=True)
class Account:
    """An account, and its description.

    Attributes
    ----------
    client
        A client of the account. Closing a sandbox's client closes the sandbox.
    description
        Live account or sandbox, for the terminal.
    note
        A note that the page shows for a sandbox.
    token
        The token of a live account.
    """

    client: Client
    description: str
    note: str = ""
    token: Secret | None = field(default=None, repr=False)

    def for_pages(self, *, server_url: str) -> Mapping[str, str]:
        """Return the environment variables in which a page's process finds the account."""
        if self.token is not None:
            # No .env file: the page's process might find another one.
            return {TOKEN: self.token.reveal(), BASE_URL: self.client.base_url, ENV_FILE: ""}
        sandbox = self.client.sandbox
        settings = {
            "url": sandbox.url,
            "token": sandbox.token.reveal(),
            "client_id": sandbox.client_id,
            "calls_url": f"{server_url}/stitchnb/sandbox",
            "note": self.note,
        }
        return {SANDBOX: json.dumps(settings), ENV_FILE: ""}


def find_account(state: Path | None) -> Account:
    """Find the account as `stitchnb.connect` does: a live account if there is a token, else a sandbox.

    Parameters
    ----------
    state
        A file that keeps the sandbox's state.

    Raises
    ------
    InvalidInputError
        A state file is passed although there is a token.
    CredentialsError
        A live account is configured, but there is no token for it.
    SandboxError
        The state file cannot be used.
    """
    search = find_token(None)
    if search.token is None:
        is_configured = search.stopped_by_empty or os.environ.get(BASE_URL)
        if is_configured or state is None:
            # If a live account is configured, this error lists the places that were searched.
            client = connect(quiet=True)
            return _sandbox(client, "Data is lost when the app stops. To keep it: stitchnb app --state FILE")
        return _sandbox(SandboxClient(Sandbox(state), owns=True), "Data is kept when the app stops.")
    if state is not None:
        raise InvalidInputError(
            f"--state applies to a sandbox, but a token was found in {search.place}. Remove --state to use that "
            "account, or remove the token to use a sandbox."
        )
    base_url = os.environ.get(BASE_URL) or search.base_url
    client = connect(search.token, base_url=base_url, quiet=True)
    description = f"Live account at {client.base_url}, token from {search.place}. Changes are real."
    return Account(client, description, token=search.token)


def _sandbox(client: Client, note: str) -> Account:
    description = f"Local sandbox. Nothing here touches a real account. {note}"
    return Account(client, description, note=note)
