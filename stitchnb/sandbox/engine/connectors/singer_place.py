"""Where a tap runs: the program that is found, and a folder and an environment that are its own."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from stitchnb.errors import near_names
from stitchnb.sandbox.engine.connectors.singer_process import TapError
from stitchnb.sandbox.engine.folders import temporary_folder

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
