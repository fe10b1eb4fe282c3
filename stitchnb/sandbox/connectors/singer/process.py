"""A tap's process: its program, its working directory, its output, and the credentials to hide in it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote, quote_plus

from stitchnb.errors import near_names
from stitchnb.sandbox.catalog.cards import source_cards
from stitchnb.sandbox.pipeline import ConnectorError
from stitchnb.sandbox.warehouses.simulated import redact
from stitchnb.sandbox.workers.folders import temporary_folder

MAX_LINE_BYTES = 20_000_000
"""Longest line of a tap. It is the largest request of the Import API, so no record is longer."""

_MAX_STDERR_BYTES = 64_000_000
_TAIL_BYTES = 64_000
_CHUNK_BYTES = 1 << 18
_POLL_S = 0.2
# How long a process has to write its last output after SIGTERM.
_GRACE_S = 0.5
_TAIL_LINES, _TAIL_CHARACTERS = 20, 2_000


class TapError(ConnectorError):
    """A tap failed.

    Attributes
    ----------
    exit_status
        Exit status of the tap, negative for a signal. None if the tap was ended.
    """

    def __init__(self, message: str, *, exit_status: int | None = None) -> None:
        super().__init__(message)
        self.exit_status = exit_status


class TapProcess:
    """One run of a tap, in its own process group, which ends with the block.

    Parameters
    ----------
    command
        The program and its arguments.
    folder
        Its working directory.
    environment
        Its complete environment.
    silence_s
        Seconds without any output after which `lines` and `output` raise an error.

    Raises
    ------
    TapError
        The program cannot be run. Also from `lines` and `output`, if it writes too much or nothing.
    """

    def __init__(
        self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str], silence_s: float
    ) -> None:
        self._silence_s = silence_s
        self._stopped = threading.Event()
        self._tail = b""
        self._stderr_bytes = 0
        # Held while a signal is sent, so that the process id cannot be reused by another process in between.
        self._guard = threading.Lock()
        self._has_ended = False
        try:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise TapError(f"{command[0]} could not be run: {error.strerror or error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        for pipe in self._pipes():
            pipe.close()

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group."""
        return self._process.pid

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Stop the tap, from any thread: `lines` ends, and the block that reads them ends the process."""
        self._stopped.set()
        with self._guard:
            if not self._has_ended:
                self._signal(signal.SIGTERM)

    def lines(self) -> Iterator[bytes | None]:
        """Yield the lines of standard output without line ends, and None regularly while there are none.

        Ends when the process ends or is stopped.
        """
        begun: list[bytes] = []
        size = 0
        for chunk in self._chunks():
            if chunk is None:
                yield None
                continue
            first, *others = chunk.split(b"\n")
            begun.append(first)
            size += len(first)
            if others:
                yield b"".join(begun)
                yield from others[:-1]
                begun, size = [others[-1]], len(others[-1])
            if size > MAX_LINE_BYTES:
                raise TapError(f"it wrote a line of more than {MAX_LINE_BYTES // 1_000_000} MB and was ended")
        if size and not self.is_stopped:
            yield b"".join(begun)

    def output(self, *, max_bytes: int, timeout_s: float) -> bytes:
        """Return all of its standard output."""
        until = time.monotonic() + timeout_s
        chunks: list[bytes] = []
        size = 0
        for chunk in self._chunks():
            chunks.append(chunk or b"")
            size += len(chunk or b"")
            if size > max_bytes:
                raise TapError(f"it wrote more than {max_bytes // 1_000_000} MB and was ended")
            if time.monotonic() > until:
                raise TapError(f"it did not finish within {timeout_s:g} s and was ended")
        return b"".join(chunks)

    def exit_status(self) -> int:
        """Return the exit status, once `lines` has ended. It is negative for a signal."""
        until = time.monotonic() + self._silence_s
        while self._process.poll() is None and not self.is_stopped:
            if time.monotonic() > until:
                raise TapError(f"it closed its output, did not end within {self._silence_s:g} s and was ended")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_POLL_S)
        self.end()
        return self._process.returncode

    def end(self) -> None:
        """End the process and all that it started, by SIGTERM and half a second later by SIGKILL."""
        with self._guard:
            if self._has_ended:
                return
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE_S)
            self._signal(signal.SIGKILL)
            self._process.wait()
            self._has_ended = True

    def stderr_tail(self) -> str:
        """Return the end of its standard error, once it has ended."""
        stderr = self._pipes()[-1].fileno()
        # A process that has left the group may keep the pipe open.
        os.set_blocking(stderr, False)
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(stderr, _CHUNK_BYTES):
                self._tail = (self._tail + chunk)[-_TAIL_BYTES:]
        kept = self._tail
        if len(kept) == _TAIL_BYTES:
            # An incomplete line may contain the end of a credential, which could not be recognized.
            kept = kept.partition(b"\n")[2]
        return kept.decode("utf-8", "replace")

    def _pipes(self) -> list[IO[bytes]]:
        return [pipe for pipe in (self._process.stdout, self._process.stderr) if pipe is not None]

    def _signal(self, number: signal.Signals) -> None:
        # The group exists as long as any of its processes.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _chunks(self) -> Iterator[bytes | None]:
        """Yield standard output as it arrives, and None while nothing arrives. Keep the end of standard error."""
        heard_at = time.monotonic()
        with selectors.DefaultSelector() as selector:
            for pipe in self._pipes():
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map() and not self.is_stopped:
                found = selector.select(_POLL_S)
                has_spoken = False
                for key, _ in found:
                    chunk = os.read(key.fd, _CHUNK_BYTES)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is self._process.stderr:
                        self._keep(chunk)
                    else:
                        has_spoken = True
                        self._stderr_bytes = 0
                        yield chunk
                    # The time that the caller needs for a chunk does not count as silence.
                    heard_at = time.monotonic()
                if not has_spoken:
                    yield None
                if found:
                    continue
                if self._has_ended:
                    # A process that has left the group keeps the pipes open.
                    return
                if self._process.poll() is not None:
                    # A child process keeps the pipes open after the tap has ended.
                    self.end()
                elif time.monotonic() - heard_at > self._silence_s:
                    raise TapError(f"it wrote nothing for {self._silence_s:g} s and was ended")

    def _keep(self, chunk: bytes) -> None:
        self._tail = (self._tail + chunk)[-_TAIL_BYTES:]
        self._stderr_bytes += len(chunk)
        if self._stderr_bytes > _MAX_STDERR_BYTES:
            raise TapError(
                f"it wrote more than {_MAX_STDERR_BYTES // 1_000_000} MB to standard error between two "
                "messages and was ended"
            )


def last_lines(text: str) -> str:
    """Return the last lines of a text, as many as fit into a message."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()][-_TAIL_LINES:]
    joined = "\n".join(lines)
    return joined if len(joined) <= _TAIL_CHARACTERS else "…" + joined[1 - _TAIL_CHARACTERS :]


# For properties of taps that are in no report card.
_LOOKS_SECRET = re.compile(
    r"pass(word|phrase|wd)?$|pwd|secret|token|credential|cookie|cert|auth(orization)?$|(api|access|private)_?keys$|"
    r"(?<!primary_)(?<!replication_)(?<!partition_)(?<!sort_)key$",
    re.IGNORECASE,
)
# A shorter line of a private key, such as the last one, reveals nothing.
_SHORTEST_LINE = 12


class SecretRedactor:
    """Hides credentials in text, in all the ways in which they may be written.

    Parameters
    ----------
    values
        Form values, environment variables and configurations. A value is a credential, with everything inside it, if
        its name is that of a credential in any report card or looks like one.
    """

    def __init__(self, values: Sequence[Mapping[str, Any]]) -> None:
        found = set(_secrets_in(values))
        texts = set(_texts(values))
        written = {form for secret in found for form in _encodings(secret, texts)}
        # The longest first, because one can be part of another.
        self._hidden = sorted(written, key=len, reverse=True)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def hide(self, text: str) -> str:
        """Replace the credentials in a text."""
        return redact(self._hidden, text)


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


def _encodings(secret: str, others: Iterable[str]) -> Iterator[str]:
    """Yield the ways in which a credential may be written in a log."""
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
_MAX_LISTED = 10


def find_program(tap: str, path: str) -> str:
    """Find the program of a tap.

    Parameters
    ----------
    tap
        Name or path of the program.
    path
        Folders to search, as in the variable ``PATH``.

    Raises
    ------
    TapError
        There is no such program. The message lists similar ones.
    """
    found = shutil.which(tap, path=path)
    if found is not None:
        return os.path.abspath(found)
    if os.sep in tap:
        raise TapError(f"There is no program {tap}, or it is not executable.")
    available = _list_taps(path)
    near = near_names(tap, available)
    if near:
        hint = f"Did you mean {' or '.join(near)}?"
    elif available:
        hint = f"There are {', '.join(available[:_MAX_LISTED])}{' and others' if len(available) > _MAX_LISTED else ''}."
    else:
        hint = f"No program on PATH begins with {_PREFIX}."
    raise TapError(
        f"There is no {tap} on PATH. {hint} Install it, preferably in its own virtual environment, and pass its "
        f'Python: Singer("{tap}", python=".../bin/python").'
    )


class TapWorkdir:
    """A folder for one run of a tap, with its home and temporary folders. Only this user can read it.

    Parameters
    ----------
    path
        The tap's ``PATH``.
    environment
        More environment variables. The tap gets none of this process.
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
            # Singer uses UTF-8, regardless of the locale of the machine.
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
        """Write a value as JSON to a file that only this user can read. Return its path."""
        file = self.path / name
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            json.dump(value, opened)
        return str(file)


def _list_taps(path: str) -> list[str]:
    found: set[str] = set()
    for folder in path.split(os.pathsep):
        try:
            names = os.listdir(folder or os.curdir)
        except OSError:
            continue
        found |= {name for name in names if name.startswith(_PREFIX) and os.access(os.path.join(folder, name), os.X_OK)}
    return sorted(found)
