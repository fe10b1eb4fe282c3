"""The connector that runs a Singer tap, which is any program that speaks the Singer protocol."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from stitchnb.errors import InvalidInputError
from stitchnb.sandbox.connectors.singer.catalog import TapCatalog
from stitchnb.sandbox.connectors.singer.messages import (
    BatchBuilder,
    InvalidMessageError,
    RecordMessage,
    TapState,
    parse,
)
from stitchnb.sandbox.connectors.singer.process import (
    SecretRedactor,
    TapError,
    TapProcess,
    TapWorkdir,
    find_program,
    last_lines,
)
from stitchnb.sandbox.pipeline import Batch, ConnectorError, Context, DiscoveredStream, SelectedStream

_MAX_CATALOG_BYTES = 256_000_000
# How long the catalog of a check can be used for the discovery that follows it.
_FRESH_S = 60.0
_MAX_FRESH = 16
_QUOTED_CHARACTERS = 200


class Singer:
    """A `Connector` that runs a tap: ``sandbox.connectors["platform.github"] = Singer("tap-github")``.

    Each run is a separate process. Its environment has ``PATH``, an empty ``HOME``, ``TMPDIR``, ``LANG`` and the
    variables of `environment`, and nothing else of the sandbox's process. The form values become its ``config.json``,
    a file that only this user can read and that is deleted when the tap ends. The tap's standard error goes to the
    job's log, or to the error message if the tap fails, without credentials. Works on Linux and macOS.

    Parameters
    ----------
    tap
        Name of a program on ``PATH``, such as ``tap-github``, or its path.
    python
        Python interpreter of the tap's virtual environment. The tap is searched for in its folder first.
    environment
        Environment variables for the tap, such as the address of a proxy.
    config
        Makes the tap's configuration from the form values, which are all strings. None passes them unchanged.
    catalog_option
        ``--properties`` for older taps that use this option.
    silence_s
        Seconds without any output after which the tap is ended.
    discovery_s
        Seconds that its discovery can take.

    Examples
    --------
    >>> Singer("tap-github", config=lambda form: {**form, "repositories": form["repository"].split()})
    Singer('tap-github')
    """

    def __init__(
        self,
        tap: str | os.PathLike[str],
        *,
        python: str | os.PathLike[str] | None = None,
        environment: Mapping[str, str] | None = None,
        config: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None,
        catalog_option: Literal["--catalog", "--properties"] = "--catalog",
        silence_s: float = 300.0,
        discovery_s: float = 900.0,
    ) -> None:
        self.tap = os.fspath(tap)
        if not self.tap:
            raise InvalidInputError('Singer needs the name of a tap, such as "tap-github".')
        self._bin = None if python is None else Path(python).expanduser().absolute().parent
        self._environment = dict(environment or {})
        self._config = config or dict
        self._catalog_option = catalog_option
        self._silence_s = silence_s
        self._discovery_s = discovery_s
        self._fresh: dict[str, tuple[float, TapCatalog]] = {}
        self._guard = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        # Cached catalogs are not sent to other processes.
        return {name: value for name, value in vars(self).items() if name not in ("_fresh", "_guard")}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state, _fresh={}, _guard=threading.Lock())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.tap!r})"

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        """Run the tap's discovery, since Singer has no other test. A call of `discover` soon after uses its result."""
        run = self._run(properties, context)
        catalog = run.discover()
        with self._guard:
            while len(self._fresh) >= _MAX_FRESH:
                del self._fresh[next(iter(self._fresh))]
            self._fresh[run.digest] = time.monotonic(), catalog

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        """List the streams of the tap's catalog."""
        run = self._run(properties, context)
        return (self._pop_fresh_catalog(run.digest) or run.discover()).streams()

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        """Run the tap with the selection in its catalog, and its last state.

        If the tap fails, the records before the failure are still yielded, and then the error is raised.

        Raises
        ------
        ConnectorError
            The tap was not found, failed, hung, or wrote an invalid message. The message has the end of its standard
            error.
        """
        run = self._run(properties, context)
        catalog = self._pop_fresh_catalog(run.digest) or run.discover()
        yield from run.extract(catalog, streams, TapState.latest(state), now)

    def _run(self, properties: Mapping[str, Any], context: Context | None) -> _Run:
        config = self._build_config(properties)
        path = os.environ.get("PATH", os.defpath)
        path = path if self._bin is None else f"{self._bin}{os.pathsep}{path}"
        return _Run(
            tap=self.tap,
            path=path,
            environment=self._environment,
            config=config,
            secrets=SecretRedactor([self._environment, properties, config]),
            catalog_option=self._catalog_option,
            silence_s=self._silence_s,
            discovery_s=self._discovery_s,
            context=context or Context(),
        )

    def _build_config(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        try:
            made: dict[str, Any] = json.loads(json.dumps(dict(self._config(properties))))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            detail = f"{type(error).__name__}: {error}"
            # Not chained to the original error, which may contain a credential.
            raise ConnectorError(
                f"The configuration of {os.path.basename(self.tap)} could not be made from the form values: "
                f"{SecretRedactor([self._environment, properties]).hide(detail)}"
            ) from None
        return made

    def _pop_fresh_catalog(self, digest: str) -> TapCatalog | None:
        """Return the catalog of a recent check with the same configuration, once."""
        with self._guard:
            found_at, catalog = self._fresh.pop(digest, (0.0, None))
        return catalog if time.monotonic() - found_at < _FRESH_S else None


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of a tap, for a discovery or an extraction."""

    tap: str
    path: str
    environment: Mapping[str, str] = field(repr=False)
    config: Mapping[str, Any] = field(repr=False)
    secrets: SecretRedactor
    catalog_option: str
    silence_s: float
    discovery_s: float
    context: Context

    @property
    def digest(self) -> str:
        """Hash of the configuration, to compare it without keeping it."""
        return hashlib.sha256(json.dumps(self.config, sort_keys=True).encode()).hexdigest()

    def discover(self) -> TapCatalog:
        """Run the tap's discovery."""
        with TapWorkdir(self.path, self.environment) as folder:
            arguments = ["--config", folder.write("config.json", self.config), "--discover"]
            with self._process(folder, arguments) as process, self._annotate_errors(process, "discovery"):
                text = process.output(max_bytes=_MAX_CATALOG_BYTES, timeout_s=self.discovery_s)
                self._check_exit_status(process)
                if process.is_stopped:
                    raise TapError("it was stopped")
                return TapCatalog.read(text)

    def extract(
        self, catalog: TapCatalog, streams: Sequence[SelectedStream], state: TapState, now: datetime
    ) -> Iterator[Batch]:
        """Run the tap and yield its records in batches."""
        with TapWorkdir(self.path, self.environment) as folder:
            arguments = ["--config", folder.write("config.json", self.config)]
            with self._annotate_errors(None, "extraction"):
                selection = catalog.with_selection(streams)
            arguments += [self.catalog_option, folder.write("catalog.json", selection)]
            if (begin := state.for_next_run(streams)) is not None:
                arguments += ["--state", folder.write("state.json", begin)]
            batches = BatchBuilder(streams, catalog.names(), state, now)
            with self._process(folder, arguments) as process:
                try:
                    with self._annotate_errors(process, "extraction"):
                        yield from self._read_messages(process, batches)
                        self._check_exit_status(process)
                except ConnectorError:
                    yield from batches.flush()
                    raise
                if not process.is_stopped:
                    yield from batches.flush(has_ended=True)
                    self._log(process)

    def _read_messages(self, process: TapProcess, batches: BatchBuilder) -> Iterator[Batch]:
        number = 0
        for line in process.lines():
            if line is None:
                if batches.is_due:
                    yield from batches.flush()
                continue
            number += 1
            if not line.strip():
                continue
            try:
                message = parse(line)
                # Before the next record rather than after the last one, since its state comes in between.
                if batches.is_due and isinstance(message, RecordMessage):
                    yield from batches.flush()
                batches.add(message, len(line))
            except InvalidMessageError as error:
                raise TapError(f"it wrote {error} (line {number} of its output: {self._quoted(line)})") from error

    @contextmanager
    def _process(self, folder: TapWorkdir, arguments: Sequence[str]) -> Iterator[TapProcess]:
        process = TapProcess(
            [find_program(self.tap, self.path), *arguments],
            folder=folder.path,
            environment=folder.environment,
            silence_s=self.silence_s,
        )
        with process, self.context.stop.on_set(process.stop):
            yield process

    @contextmanager
    def _annotate_errors(self, process: TapProcess | None, action: str) -> Iterator[None]:
        """Add the tap, the action and the end of standard error to an error, without credentials."""
        try:
            yield
        except ConnectorError as error:
            if process is not None:
                process.end()
            stderr = "" if process is None else self._stderr(process)
            output = f"\n{stderr}" if stderr else " It wrote nothing to standard error." if process else ""
            status = error.exit_status if isinstance(error, TapError) else None
            message = self.secrets.hide(f"{os.path.basename(self.tap)}, {action}: {error}.{output}")
            raise TapError(message, exit_status=status) from error

    def _check_exit_status(self, process: TapProcess) -> None:
        if process.is_stopped:
            return
        status = process.exit_status()
        if status < 0:
            raise TapError(f"it was killed by {signal.Signals(-status).name}", exit_status=status)
        if status:
            raise TapError(f"it ended with exit status {status}", exit_status=status)

    def _stderr(self, process: TapProcess) -> str:
        return last_lines(self.secrets.hide(process.stderr_tail()))

    def _log(self, process: TapProcess) -> None:
        if text := self._stderr(process):
            self.context.log(text)

    def _quoted(self, line: bytes) -> str:
        """Quote the beginning of a line, with credentials hidden before it is shortened."""
        text = self.secrets.hide(line.decode("utf-8", "replace"))
        return repr(text if len(text) <= _QUOTED_CHARACTERS else text[:_QUOTED_CHARACTERS] + "…")
