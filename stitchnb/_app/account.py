"""Which account the app is for, decided once, and how the pages get to know."""

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
    """An account, and what is said of it.

    Attributes
    ----------
    client
        A client of it; of a sandbox, closing it closes the sandbox.
    words
        Which of the two it is, for the terminal.
    note
        What the page says besides, of a sandbox.
    token
        A real account's token.
    """

    client: Client
    words: str
    note: str = ""
    token: Secret | None = field(default=None, repr=False)

    def for_pages(self, *, server_url: str) -> Mapping[str, str]:
        """Give the environment variables in which a page's process finds the account."""
        if self.token is not None:
            # No .env file: it might be another one from where the page's process runs.
            return {TOKEN: self.token.reveal(), BASE_URL: self.client.base_url, ENV_FILE: ""}
        sandbox = self.client.sandbox
        told = {
            "url": sandbox.url,
            "token": sandbox.token.reveal(),
            "client_id": sandbox.client_id,
            "calls_url": f"{server_url}/stitchnb/sandbox",
            "note": self.note,
        }
        return {SANDBOX: json.dumps(told), ENV_FILE: ""}


def find_account(state: Path | None) -> Account:
    """Decide which account it is, as `stitchnb.connect` does: a real one when there is a token, else a sandbox.

    Parameters
    ----------
    state
        A file in which the sandbox is kept.

    Raises
    ------
    InvalidInputError
        A state file is named though there is a token.
    CredentialsError
        A real account is clearly meant, and there is no token for it.
    SandboxError
        The state file cannot be used.
    """
    search = find_token(None)
    if search.token is None:
        is_meant = search.stopped_by_empty or os.environ.get(BASE_URL)
        if is_meant or state is None:
            # Where a real account is meant, this tells what was looked at.
            client = connect(quiet=True)
            return _sandbox(client, "It is gone when the app stops; stitchnb app --state FILE keeps it.")
        return _sandbox(
            SandboxClient(Sandbox(state), owns=True), "It is kept when the app stops, and goes on from there."
        )
    if state is not None:
        raise InvalidInputError(
            f"--state keeps a sandbox, but there is a token in {search.place}, and so a real account. Leave --state "
            "out to work on that account, or take the token away to work on the sandbox."
        )
    base_url = os.environ.get(BASE_URL) or search.base_url
    client = connect(search.token, base_url=base_url, quiet=True)
    words = (
        f"The real account at {client.base_url}, with the token from {search.place}: what is done on the page really "
        "happens."
    )
    return Account(client, words, token=search.token)


def _sandbox(client: Client, note: str) -> Account:
    words = f"An embedded sandbox: no account is needed, and everything stays on this machine. {note}"
    return Account(client, words, note=note)
