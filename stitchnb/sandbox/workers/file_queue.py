"""A queue of files between the sandbox and a worker of an executor.

A worker in another process or on another machine writes what it extracts into a folder, chunk by chunk, and the sandbox
reads it from there. Only a function, its arguments and its result pass through the executor, so any executor will do.
At most two chunks wait in the folder, which bounds memory and disk. While the sandbox reads, it renews a lease, which
is a file in the folder. Without the lease, the worker stops.
"""

from __future__ import annotations

import os
import pickle
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stitchnb.sandbox.connectors.csv_records import CsvRecords
from stitchnb.sandbox.pipeline import Batch, CancelToken, ConnectorError
from stitchnb.sandbox.workers.folders import temporary_folder

LEASE_S = 60.0
"""How long a worker continues without a renewal. A network folder may show a change this late."""

_MAX_WAITING = 2
_POLL_S, _RENEW_S = 0.02, 1.0
_WATCH_S = 0.1
# How long a cancelled worker may take to stop before the sandbox no longer waits for it.
_GRACE_S = 10.0
_LEASE, _STARTED, _FINISHED = "lease", "started", "finished"


@dataclass(frozen=True, slots=True)
class Chunk:
    """One entry of the queue: lines of the log, and the batch that follows them."""

    lines: tuple[str, ...] = ()
    batch: Batch | None = None


class LostWorkerError(ConnectorError):
    """The worker that started this task is gone. The task is not repeated, so that no row arrives twice."""


class BatchConsumer:
    """The sandbox's end of the queue: reads the chunks in order.

    Parameters
    ----------
    folder
        Made by `open_queue`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._cancelled_at: float | None = None
        self._ended = threading.Event()

    def cancel(self) -> None:
        """Stop reading, which makes the worker stop. Safe to call from any thread, more than once."""
        if self._cancelled_at is None:
            self._cancelled_at = time.monotonic()
        self._ended.set()
        (self.folder / _LEASE).unlink(missing_ok=True)

    def renew_lease(self) -> None:
        """Renew the lease regularly until `cancel` is called."""
        while not self._ended.wait(_RENEW_S):
            with suppress(FileNotFoundError):
                os.utime(self.folder / _LEASE)

    def chunks(self, worker: Future[Any], chunk_count: Callable[[], int]) -> Iterator[Chunk]:
        """Yield chunks until the worker has finished and all of its chunks have arrived.

        Parameters
        ----------
        worker
            Done when the worker has finished.
        chunk_count
            Returns how many chunks the worker wrote, once it has finished.

        Raises
        ------
        ConnectorError
            A chunk does not arrive, or the worker does not stop after `cancel`.
        """
        number, missing_since = 0, 0.0
        while True:
            has_finished = worker.done()
            path = self.folder / f"{number}.chunk"
            if path.exists():
                chunk = self._read(path)
                yield chunk
                _delete_file(chunk)
                number, missing_since = number + 1, 0.0
            elif not has_finished:
                self.wait_for(worker, _POLL_S)
            elif number >= chunk_count():
                return
            else:
                # A network folder may be late to show what another machine wrote.
                missing_since = missing_since or time.monotonic()
                if time.monotonic() - missing_since > LEASE_S:
                    raise ConnectorError(
                        f"The rows that the worker extracted did not arrive in {self.folder.parent} within "
                        f"{LEASE_S:g} s. Check that every worker shares this folder."
                    )
                self._ended.wait(_POLL_S)

    def wait_for(self, worker: Future[Any], timeout_s: float | None = None) -> None:
        """Wait until the worker has finished or the time is up.

        Raises
        ------
        ConnectorError
            The worker did not stop after `cancel`.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while not worker.done() and (end is None or time.monotonic() < end):
            wait([worker], _POLL_S)
            if self._is_overdue():
                raise ConnectorError(f"The worker did not stop within {_GRACE_S:g} s of being cancelled.")

    def stop_worker(self, worker: Future[Any]) -> None:
        """Cancel the worker, and wait for a limited time until it no longer uses the folder."""
        self.cancel()
        worker.cancel()
        while not (worker.done() and self._has_left_folder(worker)) and not self._is_overdue():
            time.sleep(_POLL_S)

    def _has_left_folder(self, worker: Future[Any]) -> bool:
        """Whether the worker has stopped. Some executors report a task as cancelled while it still runs."""
        return not worker.cancelled() or not (self.folder / _STARTED).exists() or (self.folder / _FINISHED).exists()

    def _is_overdue(self) -> bool:
        return self._cancelled_at is not None and time.monotonic() - self._cancelled_at > _GRACE_S

    def _read(self, path: Path) -> Chunk:
        # The folder is private to this user, so the pickle is safe to load.
        chunk: Chunk = pickle.loads(path.read_bytes())
        path.unlink()
        batch = chunk.batch
        if batch is None or not isinstance(batch.records, CsvRecords):
            return chunk
        # The worker may know the folder by another path.
        records = replace(batch.records, path=self.folder / batch.records.path.name)
        return replace(chunk, batch=replace(batch, records=records))


def _delete_file(chunk: Chunk) -> None:
    if chunk.batch is not None and isinstance(chunk.batch.records, CsvRecords):
        chunk.batch.records.path.unlink()


@contextmanager
def open_queue(parent: Path | None) -> Iterator[BatchConsumer]:
    """Make a folder for one task. The worker stops when the block ends.

    Parameters
    ----------
    parent
        Where the folder is made, at the same path for every worker. None means the temporary folder of this machine.
    """
    with temporary_folder("queue", parent) as folder:
        consumer = BatchConsumer(folder)
        (folder / _LEASE).touch(mode=0o600)
        renewing = threading.Thread(target=consumer.renew_lease, name="stitchnb-lease", daemon=True)
        renewing.start()
        try:
            yield consumer
        finally:
            consumer.cancel()
            renewing.join()


class BatchProducer:
    """The worker's end of the queue: writes chunks, and waits when the sandbox is slower.

    Attributes
    ----------
    count
        How many chunks were written.

    Raises
    ------
    ConnectorError
        The folder does not exist here or is not writable.
    LostWorkerError
        Another worker has started this task before.
    """

    def __init__(self, folder: Path, stop: CancelToken, lease_s: float) -> None:
        self.count = 0
        self._is_orphaned = False
        self._folder = folder
        self._stop = stop
        self._lease_s = lease_s
        try:
            os.close(os.open(folder / _STARTED, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError as error:
            raise LostWorkerError("The worker that started this task was lost. Start the job again.") from error
        except OSError as error:
            raise ConnectorError(
                f"The worker cannot use the folder {folder.parent}: {error.strerror}. Pass the sandbox, as "
                "shared_folder, a folder that every worker has at the same path."
            ) from error

    @contextmanager
    def watch_lease(self) -> Iterator[None]:
        """While the block runs, set the cancel token when the lease is gone or expires."""
        ended = threading.Event()
        watching = threading.Thread(target=self._watch, args=[ended], name="stitchnb-lease", daemon=True)
        watching.start()
        try:
            yield
        finally:
            ended.set()
            watching.join()
            if self._is_orphaned:
                shutil.rmtree(self._folder, ignore_errors=True)
            else:
                with suppress(FileNotFoundError):
                    (self._folder / _FINISHED).touch()

    def put(self, chunk: Chunk) -> None:
        """Write one chunk, once there is room. After cancellation, the chunk is dropped."""
        before = self._folder / f"{self.count - _MAX_WAITING}.chunk"
        while before.exists() and not self._stop.wait(_POLL_S):
            pass
        if self._stop.is_set():
            return
        # The folder disappears together with the lease.
        with suppress(FileNotFoundError):
            self._write(f"{self.count}.chunk", replace(chunk, batch=self._with_own_file(chunk.batch)))
            self.count += 1

    def _with_own_file(self, batch: Batch | None) -> Batch | None:
        """Move the batch's records into the folder: the connector deletes its own file with the next batch."""
        if batch is None or not isinstance(batch.records, CsvRecords):
            return None if batch is None else replace(batch, records=list(batch.records))
        path = self._folder / f"{self.count}.csv"
        try:
            os.link(batch.records.path, path)
        except OSError:
            # Another disk, or a file system without hard links.
            shutil.copyfile(batch.records.path, path)
        return replace(batch, records=replace(batch.records, path=path))

    def _write(self, name: str, chunk: Chunk) -> None:
        partial = self._folder / f"{name}.new"
        partial.write_bytes(pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL))
        partial.rename(self._folder / name)

    def _watch(self, ended: threading.Event) -> None:
        lease = self._folder / _LEASE
        renewed_at, seen_at = 0, time.monotonic()
        while not ended.wait(_WATCH_S):
            try:
                modified_at = lease.stat().st_mtime_ns
            except FileNotFoundError:
                break
            # The clocks of two machines differ, so only a change of the time counts.
            if modified_at != renewed_at:
                renewed_at, seen_at = modified_at, time.monotonic()
            elif time.monotonic() - seen_at > self._lease_s:
                self._is_orphaned = True
                break
        else:
            return
        self._stop.set()
