"""Where a token comes from: every place is looked at in one order, and each can be told."""

from __future__ import annotations

import getpass
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stitchnb.client.jobs.display import in_notebook
from stitchnb.models import Secret

TOKEN = "STITCH_ACCESS_TOKEN"  # noqa: S105 - a variable's name, no token
BASE_URL = "STITCH_BASE_URL"
ENV_FILE = "STITCH_ENV_FILE"
KEYRING_SERVICE = "stitchnb"


@dataclass
class Search:
    """What looking for a token found.

    Attributes
    ----------
    token
        The token, None when there is none.
    place
        Where it was found, in words.
    base_url
        Where the account is, when the same place told that too.
    looked
        Every place that was looked at and what was there, in words.
    blocked
        A place that was meant to hold the token was empty: what comes later was not looked at.
    """

    token: Secret | None = None
    place: str = ""
    base_url: str | None = None
    looked: list[str] = field(default_factory=list)
    blocked: bool = False

    def take(self, value: str | None, place: str, *, absent: str, base_url: str | None = None) -> bool:
        """Note what a place held; True ends the search."""
        if value is None:
            self.looked.append(f"{place}: {absent}")
            return False
        if not value.strip():
            self.looked.append(f"{place}: empty")
            self.blocked = True
            return True
        self.token, self.place, self.base_url = Secret(value.strip()), place, base_url
        return True


def find_token(argument: str | None) -> Search:
    """Look for the account's access token.

    In this order: the argument, the environment variable ``STITCH_ACCESS_TOKEN``, the nearest ``.env`` file from the
    working directory upwards to the home directory or the repository's root, and the system's keyring where the package
    keyring is installed. An argument or variable that is empty ends the search, as a token was meant to be there.

    Parameters
    ----------
    argument
        What the caller gave; None for nothing.
    """
    search = Search()
    plain = argument.reveal() if isinstance(argument, Secret) else argument
    if search.take(plain, "the argument token", absent="not given"):
        return search
    place = f"the environment variable {TOKEN}"
    if search.take(os.environ.get(TOKEN), place, absent="not set", base_url=os.environ.get(BASE_URL) or None):
        return search
    if _look_in_files(search):
        return search
    _look_in_keyring(search)
    return search


def ask_for_token(search: Search, what: str) -> None:
    """Ask whoever sits there for the token, without showing what is typed; where nobody does, note that."""
    if not (in_notebook() or (sys.stdin is not None and sys.stdin.isatty())):
        search.looked.append("a prompt: nobody to ask, as this session is not interactive")
        return
    try:
        typed = getpass.getpass(f"Access token for {what}: ")
    except (EOFError, NotImplementedError):
        # Kernels that run notebooks from start to end have nobody to ask either, and say so in this way.
        search.looked.append("a prompt: nobody to ask, as this session takes no input")
        return
    search.take(typed, "the prompt", absent="nothing typed")


def _look_in_files(search: Search) -> bool:
    given = os.environ.get(ENV_FILE)
    if given == "":
        search.looked.append(f".env files: not looked at, as {ENV_FILE} is empty")
        return False
    paths = [Path(given).expanduser()] if given else [folder / ".env" for folder in _folders(Path.cwd())]
    for path in paths:
        if not path.is_file():
            continue
        try:
            values = read_env(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            search.looked.append(f"{path}: cannot be read ({type(error).__name__})")
            continue
        # An address is only taken from where the token is from: another one would send the token somewhere else.
        if search.take(values.get(TOKEN), str(path), absent=f"no {TOKEN} in it", base_url=values.get(BASE_URL) or None):
            return True
    if not any(path.is_file() for path in paths):
        searched = str(paths[0]) if given or len(paths) == 1 else f"{paths[0]} and above, up to {paths[-1].parent}"
        search.looked.append(f"{searched}: no such file")
    return False


def _folders(start: Path) -> Iterator[Path]:
    """List the folders from here to the home directory or the repository's root; elsewhere only the first.

    Whatever lies above may be anybody's.
    """
    folders = [start, *start.parents]
    home = Path.home()
    ends = [number for number, folder in enumerate(folders) if folder == home or (folder / ".git").exists()]
    yield from folders[: ends[0] + 1 if ends else 1]


def read_env(text: str) -> Mapping[str, str]:
    """Read the assignments of a ``.env`` file: ``NAME=value``, ``export NAME='value'``, comments, blank lines.

    Nothing is expanded and nothing put into the environment. That is all that one name needs, so no package is.
    """
    values = {}
    for line in text.removeprefix("\ufeff").splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals or name.strip().startswith("#"):
            continue
        value = value.strip()
        quote = value[:1]
        if quote in ("'", '"') and value.find(quote, 1) > 0:
            value = value[1 : value.find(quote, 1)]
        else:
            value = "" if quote == "#" else value.split(" #", 1)[0].strip()
        values[name.strip()] = value
    return values


def _look_in_keyring(search: Search) -> None:
    place = f"the system's keyring (service {KEYRING_SERVICE!r}, name {TOKEN!r})"
    if importlib.util.find_spec("keyring") is None:
        search.looked.append(f"{place}: the package keyring is not installed")
        return
    keyring = importlib.import_module("keyring")
    try:
        value = keyring.get_password(KEYRING_SERVICE, TOKEN)
    except importlib.import_module("keyring.errors").KeyringError as error:
        search.looked.append(f"{place}: cannot be opened ({type(error).__name__})")
        return
    # What is empty there was never meant to be a token: keyrings have no way to keep "nothing" apart from it.
    search.take(value or None, place, absent="nothing in it")
