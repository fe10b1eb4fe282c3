"""Finds the access token: the places are checked in one order, and an error message can list them."""

from __future__ import annotations

import getpass
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stitchnb.client.polling import in_notebook
from stitchnb.models import Secret

TOKEN = "STITCH_ACCESS_TOKEN"  # noqa: S105 - a variable's name, no token
BASE_URL = "STITCH_BASE_URL"
ENV_FILE = "STITCH_ENV_FILE"
KEYRING_SERVICE = "stitchnb"


@dataclass
class TokenLookup:
    """The result of looking for a token.

    Attributes
    ----------
    token
        The token, None when there is none.
    place
        Where it was found, in words.
    base_url
        Where the account is, if the same place has that too.
    attempts
        Every place that was checked and what was there, in words.
    stopped_by_empty
        A place that was meant to hold the token was empty, so later places were not checked.
    """

    token: Secret | None = None
    place: str = ""
    base_url: str | None = None
    attempts: list[str] = field(default_factory=list)
    stopped_by_empty: bool = False

    def take(self, value: str | None, place: str, *, absent: str, base_url: str | None = None) -> bool:
        """Record what a place held; True ends the lookup."""
        if value is None:
            self.attempts.append(f"{place}: {absent}")
            return False
        if not value.strip():
            self.attempts.append(f"{place}: empty")
            self.stopped_by_empty = True
            return True
        self.token, self.place, self.base_url = Secret(value.strip()), place, base_url
        return True


def find_token(argument: str | None) -> TokenLookup:
    """Look for the account's access token.

    In this order: the argument, the environment variable ``STITCH_ACCESS_TOKEN``, the nearest ``.env`` file from the
    working directory up to the home directory or the repository's root, and the system's keyring if the package
    keyring is installed. An empty argument or variable ends the lookup, because a token was meant to be there.

    Parameters
    ----------
    argument
        The caller's token; None for none.
    """
    lookup = TokenLookup()
    plain = argument.reveal() if isinstance(argument, Secret) else argument
    if lookup.take(plain, "the argument token", absent="not passed"):
        return lookup
    place = f"the environment variable {TOKEN}"
    if lookup.take(os.environ.get(TOKEN), place, absent="not set", base_url=os.environ.get(BASE_URL) or None):
        return lookup
    if _look_in_files(lookup):
        return lookup
    _look_in_keyring(lookup)
    return lookup


def ask_for_token(lookup: TokenLookup, what: str) -> None:
    """Prompt for the token without showing it, if the session is interactive."""
    if not (in_notebook() or (sys.stdin is not None and sys.stdin.isatty())):
        lookup.attempts.append("a prompt: not possible, this session is not interactive")
        return
    try:
        typed = getpass.getpass(f"Access token for {what}: ")
    except (EOFError, NotImplementedError):
        # A kernel that runs a notebook without a user raises this.
        lookup.attempts.append("a prompt: not possible, this session takes no input")
        return
    lookup.take(typed, "the prompt", absent="nothing typed")


def _look_in_files(lookup: TokenLookup) -> bool:
    env_file = os.environ.get(ENV_FILE)
    if env_file == "":
        lookup.attempts.append(f".env files: not checked, because {ENV_FILE} is empty")
        return False
    paths = [Path(env_file).expanduser()] if env_file else [folder / ".env" for folder in _folders(Path.cwd())]
    for path in paths:
        if not path.is_file():
            continue
        try:
            values = _read_env(path)
        except (OSError, UnicodeDecodeError) as error:
            lookup.attempts.append(f"{path}: cannot be read ({type(error).__name__})")
            continue
        # An address is only taken from the place of the token: another one would send the token somewhere else.
        if lookup.take(values.get(TOKEN), str(path), absent=f"no {TOKEN} in it", base_url=values.get(BASE_URL) or None):
            return True
    if not any(path.is_file() for path in paths):
        searched = str(paths[0]) if env_file or len(paths) == 1 else f"{paths[0]} and above, up to {paths[-1].parent}"
        lookup.attempts.append(f"{searched}: no such file")
    return False


def _folders(start: Path) -> Iterator[Path]:
    """List the folders from here to the home directory or the repository's root; elsewhere only the first.

    Files above may belong to someone else.
    """
    folders = [start, *start.parents]
    home = Path.home()
    ends = [number for number, folder in enumerate(folders) if folder == home or (folder / ".git").exists()]
    yield from folders[: ends[0] + 1 if ends else 1]


def _read_env(path: Path) -> Mapping[str, str | None]:
    """Read a ``.env`` file; nothing in it is expanded, and nothing is put into the environment."""
    from dotenv import dotenv_values

    # Some editors of Windows begin a file with a byte order mark.
    return dotenv_values(path, encoding="utf-8-sig", interpolate=False)


def _look_in_keyring(lookup: TokenLookup) -> None:
    place = f"the system's keyring (service {KEYRING_SERVICE!r}, name {TOKEN!r})"
    if importlib.util.find_spec("keyring") is None:
        lookup.attempts.append(f"{place}: the package keyring is not installed")
        return
    keyring = importlib.import_module("keyring")
    try:
        value = keyring.get_password(KEYRING_SERVICE, TOKEN)
    except importlib.import_module("keyring.errors").KeyringError as error:
        lookup.attempts.append(f"{place}: cannot be opened ({type(error).__name__})")
        return
    # An empty entry is not a token: keyrings cannot tell it from no entry.
    lookup.take(value or None, place, absent="nothing in it")
