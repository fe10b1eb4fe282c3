"""Where a tap runs: the program that is found, and a folder and an environment that are its own."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, quote_plus

from stitchnb.errors import near_names
from stitchnb.sandbox.catalog.cards import source_cards
from stitchnb.sandbox.connectors.singer.process import TapError
from stitchnb.sandbox.warehouses.simulated import without
from stitchnb.sandbox.workers.folders import temporary_folder

# Taps of the Singer world have properties that no report card knows.
_LOOKS_SECRET = re.compile(
    r"pass(word|phrase|wd)?$|pwd|secret|token|credential|cookie|cert|auth(orization)?$|(api|access|private)_?keys$|"
    r"(?<!primary_)(?<!replication_)(?<!partition_)(?<!sort_)key$",
    re.IGNORECASE,
)
# A shorter line of a private key, such as its last one, tells nothing by itself.
_SHORTEST_LINE = 12


class Secrets:
    """The credentials among some values, to be hidden in whatever way they are written.

    Parameters
    ----------
    values
        Form values, environment variables, configurations. Those are credentials whose name is that of a credential
        in any report card, or looks like one, with all that is inside them.
    """

    def __init__(self, values: Sequence[Mapping[str, Any]]) -> None:
        found = set(_secrets_in(values))
        texts = set(_texts(values))
        written = {form for secret in found for form in _written(secret, texts)}
        # The longest first: one may be a part of another.
        self._hidden = sorted(written, key=len, reverse=True)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def hide(self, text: str) -> str:
        """Take the credentials out of a text."""
        return without(self._hidden, text)


def _secrets_in(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner) if _is_secret(str(name)) else _secrets_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _secrets_in(inner)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _written(secret: str, others: Iterable[str]) -> Iterator[str]:
    """Write a credential in the ways in which it may stand in a log."""
    yield from (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1])
    yield from (line.strip() for line in secret.splitlines() if len(line) >= _SHORTEST_LINE)
    for other in ("", *others):
        for pair in (f"{secret}:{other}", f"{other}:{secret}"):
            yield base64.b64encode(pair.encode("utf-8", "replace")).decode()


def _is_secret(name: str) -> bool:
    return name in _credential_names() or _LOOKS_SECRET.search(name) is not None


@cache
def _credential_names() -> frozenset[str]:
    steps = (step for card in source_cards().values() for step in card.get("steps", ()))
    return frozenset(prop["name"] for step in steps for prop in step["properties"] if prop["is_credential"])


_PREFIX = "tap-"
_MOST_NAMED = 10


def find_program(tap: str, path: str) -> str:
    """Find a tap's program.

    Parameters
    ----------
    tap
        A program's name, or the path of one.
    path
        Folders to look in, as in the variable ``PATH``.

    Raises
    ------
    TapError
        There is none: the message names the near ones that are there.
    """
    found = shutil.which(tap, path=path)
    if found is not None:
        return os.path.abspath(found)
    if os.sep in tap:
        raise TapError(f"There is no program {tap}, or it may not be run.")
    there = _taps_on(path)
    near = near_names(tap, there)
    if near:
        hint = f"Did you mean {' or '.join(near)}?"
    elif there:
        hint = f"There are {', '.join(there[:_MOST_NAMED])}{' and others' if len(there) > _MOST_NAMED else ''}."
    else:
        hint = f"No program there begins with {_PREFIX}."
    raise TapError(
        f"There is no {tap} on PATH. {hint} Install it, best into a virtual environment of its own, and name that "
        f'one\'s interpreter: Singer("{tap}", python=".../bin/python").'
    )


class TapFolder:
    """A folder that only its owner may read, for the time that a tap runs; home and temporary folder of the tap.

    Parameters
    ----------
    path
        The tap's ``PATH``.
    environment
        What the tap gets besides; nothing else of this process's own.
    """

    def __init__(self, path: str, environment: Mapping[str, str]) -> None:
        self._stack = ExitStack()
        self.path = self._stack.enter_context(temporary_folder("tap"))
        for name in ("home", "tmp"):
            (self.path / name).mkdir()
        self.environment = {
            "PATH": path,
            "HOME": str(self.path / "home"),
            "TMPDIR": str(self.path / "tmp"),
            # Singer is UTF-8, whatever the machine's own language is.
            "LANG": "C.UTF-8",
            **environment,
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def write(self, name: str, value: Any) -> str:
        """Write a value as JSON into a file that only its owner may read; give the file's path."""
        file = self.path / name
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            json.dump(value, opened)
        return str(file)


def _taps_on(path: str) -> list[str]:
    found: set[str] = set()
    for folder in path.split(os.pathsep):
        try:
            names = os.listdir(folder or os.curdir)
        except OSError:
            continue
        found |= {name for name in names if name.startswith(_PREFIX) and os.access(os.path.join(folder, name), os.X_OK)}
    return sorted(found)
