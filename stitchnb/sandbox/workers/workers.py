"""Runs connectors in the workers of an executor: in other threads, processes or machines. Rows are loaded here."""

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
from stitchnb.sandbox.pipeline import (
    Batch,
    CancelToken,
    Connector,
    ConnectorError,
    Context,
    DiscoveredStream,
    SelectedStream,
)
from stitchnb.sandbox.workers.file_queue import LEASE_S, BatchConsumer, BatchProducer, Chunk, open_queue

Method = Literal["check", "discover", "extract"]


@dataclass(frozen=True, slots=True)
class Task:
    """One call of a connector's method in a worker.

    Attributes
    ----------
    arguments
        Of the method. They include credentials, so they are never shown.
    """

    method: Method
    connector: Connector
    arguments: tuple[Any, ...] = field(repr=False)
    folder: Path
    lease_s: float = LEASE_S


@dataclass(frozen=True, slots=True)
class TaskResult:
    """The outcome of a task. Errors are text: an executor may log exceptions together with what caused them.

    Attributes
    ----------
    chunk_count
        How many chunks were written to the queue.
    error, exit_status
        The connector raised `ConnectorError`.
    traceback
        The connector raised another exception.
    """

    chunk_count: int = 0
    streams: list[DiscoveredStream] = field(default_factory=list)
    error: str | None = None
    exit_status: int | None = 1
    traceback: str | None = None


def run_task(task: Task) -> TaskResult:
    """Run a task. The executor calls this in the worker."""
    stop = CancelToken()
    streams: list[DiscoveredStream] = []
    chunk_count = 0
    try:
        producer = BatchProducer(task.folder, stop, task.lease_s)
        with producer.watch_lease():
            lines: list[str] = []
            context = Context(stop, lines.append)
            result = getattr(task.connector, task.method)(*task.arguments, context)
            if task.method == "discover":
                streams = result
            elif task.method == "extract":
                try:
                    _put_batches(result, producer, stop, lines)
                finally:
                    if lines:
                        producer.put(Chunk(tuple(lines)))
                    chunk_count = producer.count
    except ConnectorError as error:
        return TaskResult(chunk_count, error=str(error), exit_status=error.exit_status)
    except Exception:  # noqa: BLE001 - the sandbox raises it again, as an error of its own
        return TaskResult(chunk_count, traceback=traceback.format_exc())
    return TaskResult(chunk_count, streams)


def _put_batches(batches: Iterator[Batch], producer: BatchProducer, stop: CancelToken, lines: list[str]) -> None:
    with closing(batches) if isinstance(batches, Generator) else nullcontext():
        for batch in batches:
            producer.put(Chunk(tuple(lines), batch))
            lines.clear()
            if stop.is_set():
                return


@dataclass(frozen=True)
class Workers:
    """An executor that runs connectors.

    Parameters
    ----------
    executor
        Only its ``submit`` is used. Its owner shuts it down.
    shared_folder
        Where extracted rows wait to be loaded, at the same path for every worker. None means the temporary folder of
        this machine.
    """

    executor: Executor
    shared_folder: Path | None = None

    def wrap(self, connector: Connector) -> Connector:
        """Return a connector that runs the given one in a worker."""
        return _RemoteConnector(connector, self)


@dataclass(frozen=True)
class _RemoteConnector:
    connector: Connector
    workers: Workers

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        self._call("check", properties, context)

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        return self._call("discover", properties, context).streams

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
        with self._submit("extract", arguments, context) as (consumer, future):
            for chunk in consumer.chunks(future, lambda: _result(future, "extract").chunk_count):
                for line in chunk.lines:
                    context.log(line)
                if chunk.batch is not None:
                    yield chunk.batch
            _raise_for_error(_result(future, "extract"))

    def _call(self, method: Method, properties: Mapping[str, Any], context: Context | None) -> TaskResult:
        with self._submit(method, (dict(properties),), context or Context()) as (consumer, future):
            consumer.wait_for(future)
            return _raise_for_error(_result(future, method))

    @contextmanager
    def _submit(
        self, method: Method, arguments: tuple[Any, ...], context: Context
    ) -> Iterator[tuple[BatchConsumer, Future[TaskResult]]]:
        with open_queue(self.workers.shared_folder) as consumer:
            try:
                future = self.workers.executor.submit(
                    run_task, Task(method, self.connector, arguments, consumer.folder)
                )
            except RuntimeError as error:
                # It was shut down, or is broken.
                raise ConnectorError(f"The executor accepts no more tasks: {error}") from error

            def cancel() -> None:
                consumer.cancel()
                future.cancel()

            try:
                with context.stop.on_set(cancel):
                    yield consumer, future
            finally:
                consumer.stop_worker(future)


def _result(future: Future[TaskResult], method: Method) -> TaskResult:
    """Return the result of a worker that has finished; raise `ConnectorError` where the executor has none."""
    try:
        error = future.exception()
    except CancelledError as cancelled:
        raise ConnectorError(f"The executor cancelled the {method} task.") from cancelled
    if error is not None:
        raise ConnectorError(
            f"The executor could not run the {method} task: {type(error).__name__}: {error}"
        ) from error
    return future.result()


def _raise_for_error(result: TaskResult) -> TaskResult:
    if result.traceback is not None:
        raise SandboxError(f"The connector failed in the worker:\n{result.traceback}")
    if result.error is not None:
        error = ConnectorError(result.error)
        error.exit_status = result.exit_status
        raise error
    return result
