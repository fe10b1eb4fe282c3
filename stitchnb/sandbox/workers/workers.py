"""Connectors that run in the workers of an executor, in other threads, processes or machines; rows land here."""

from __future__ import annotations

import traceback
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from stitchnb.errors import SandboxError
from stitchnb.sandbox.pipeline import Batch, Connector, ConnectorError, Context, DiscoveredStream, SelectedStream
from stitchnb.sandbox.workers.cancel import Stop
from stitchnb.sandbox.workers.file_queue import LEASE_S, Giver, Piece, Taker, exchange

Work = Literal["check", "discover", "extract"]


@dataclass(frozen=True, slots=True)
class Task:
    """What is sent to a worker.

    Attributes
    ----------
    arguments
        Of the connector's method. Credentials are among them: they are never shown.
    """

    work: Work
    connector: Connector
    arguments: tuple[Any, ...] = field(repr=False)
    folder: Path
    lease_s: float = LEASE_S


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes of it; an error comes as a text, for the executor may write errors down with what led to them.

    Attributes
    ----------
    pieces
        How many were handed over.
    refusal, exit_status
        The connector refused.
    fault
        Something else went wrong: where, and what.
    """

    pieces: int = 0
    streams: list[DiscoveredStream] = field(default_factory=list)
    refusal: str | None = None
    exit_status: int | None = 1
    fault: str | None = None


def carry_out(task: Task) -> Answer:
    """Do what a task says, in the worker."""
    stop = Stop()
    streams: list[DiscoveredStream] = []
    pieces = 0
    try:
        giver = Giver(task.folder, stop, task.lease_s)
        with giver.watching():
            lines: list[str] = []
            context = Context(stop, lines.append)
            called = getattr(task.connector, task.work)(*task.arguments, context)
            if task.work == "discover":
                streams = called
            elif task.work == "extract":
                try:
                    _hand_over(called, giver, stop, lines)
                finally:
                    if lines:
                        giver.give(Piece(tuple(lines)))
                    pieces = giver.given
    except ConnectorError as error:
        return Answer(pieces, refusal=str(error), exit_status=error.exit_status)
    except Exception:  # noqa: BLE001 - told to the sandbox, which treats it as one of its own
        return Answer(pieces, fault=traceback.format_exc())
    return Answer(pieces, streams)


def _hand_over(batches: Iterator[Batch], giver: Giver, stop: Stop, lines: list[str]) -> None:
    with closing(batches) if isinstance(batches, Generator) else nullcontext():
        for batch in batches:
            giver.give(Piece(tuple(lines), batch))
            lines.clear()
            if stop.is_set():
                return


@dataclass(frozen=True)
class Workers:
    """An executor that connectors run in.

    Parameters
    ----------
    executor
        Only its ``submit`` is used; it is its owner who ends it.
    shared_folder
        Where extracted rows wait to be loaded, at the same path for every worker; the machine's folder for temporary
        files when None.
    """

    executor: Executor
    shared_folder: Path | None = None

    def running(self, connector: Connector) -> Connector:
        """Give a connector that has another one do the same in a worker."""
        return _Elsewhere(connector, self)


@dataclass(frozen=True)
class _Elsewhere:
    connector: Connector
    workers: Workers

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        self._ask("check", properties, context)

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        return self._ask("discover", properties, context).streams

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        context = context or Context()
        arguments = (dict(properties), list(streams), dict(state), now)
        with self._begun("extract", arguments, context) as (taker, future):
            for piece in taker.taken(future, lambda: _answer(future, "extract").pieces):
                for line in piece.lines:
                    context.log(line)
                if piece.batch is not None:
                    yield piece.batch
            _refuse(_answer(future, "extract"))

    def _ask(self, work: Work, properties: Mapping[str, Any], context: Context | None) -> Answer:
        with self._begun(work, (dict(properties),), context or Context()) as (taker, future):
            taker.wait_for(future)
            return _refuse(_answer(future, work))

    @contextmanager
    def _begun(
        self, work: Work, arguments: tuple[Any, ...], context: Context
    ) -> Iterator[tuple[Taker, Future[Answer]]]:
        with exchange(self.workers.shared_folder) as taker:
            try:
                future = self.workers.executor.submit(carry_out, Task(work, self.connector, arguments, taker.folder))
            except RuntimeError as error:
                # It was shut down, or is broken.
                raise ConnectorError(f"the executor takes no more work: {error}") from error

            def break_off() -> None:
                taker.withdraw()
                future.cancel()

            try:
                with context.stop.calling(break_off):
                    yield taker, future
            finally:
                taker.let_end(future)


def _answer(future: Future[Answer], work: Work) -> Answer:
    """Give the answer of a worker that has ended; an executor that could not get one is told of."""
    try:
        error = future.exception()
    except CancelledError as cancelled:
        raise ConnectorError(f"the executor has taken back the {work}") from cancelled
    if error is not None:
        raise ConnectorError(f"the executor could not carry out the {work}: {type(error).__name__}: {error}") from error
    return future.result()


def _refuse(answer: Answer) -> Answer:
    if answer.fault is not None:
        raise SandboxError(f"In the worker:\n{answer.fault}")
    if answer.refusal is not None:
        refusal = ConnectorError(answer.refusal)
        refusal.exit_status = answer.exit_status
        raise refusal
    return answer
