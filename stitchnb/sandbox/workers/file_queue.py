"""A folder in which a worker hands over what it extracts, and by which it learns that nobody takes it any more.

Nothing but a function, its arguments and its answer has to pass between the two, so that any executor will do. What is
handed over waits in the folder, two pieces at most, and so memory and disk stay bounded however much there is. As long
as the taker is there it renews a lease, a file in the folder: once it is gone or was not renewed, the worker stops.
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
from stitchnb.sandbox.pipeline import Batch, ConnectorError
from stitchnb.sandbox.workers.cancel import Stop
from stitchnb.sandbox.workers.folders import temporary_folder

LEASE_S = 60.0
"""How long a worker goes on that hears nothing of the taker. A folder on a network may show a change that late."""

_MOST_WAITING = 2
_LOOK_S, _RENEW_S = 0.02, 1.0
_WATCH_S = 0.1
# What a worker that was told to stop has for it before it is left to itself.
_GRACE_S = 10.0
_LEASE, _BEGUN, _ENDED = "lease", "begun", "ended"


@dataclass(frozen=True, slots=True)
class Piece:
    """What is handed over at once: lines of the log, and the batch that they came before."""

    lines: tuple[str, ...] = ()
    batch: Batch | None = None


class LostWorkerError(ConnectorError):
    """The worker that began is gone, and what it handed over must not come twice."""


class Taker:
    """The sandbox's end: takes what comes, in order.

    Parameters
    ----------
    folder
        Made by `exchange`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._withdrawn_at: float | None = None
        self._ended = threading.Event()

    def withdraw(self) -> None:
        """Take nothing any more: the worker is to stop. From any thread, as often as one likes."""
        if self._withdrawn_at is None:
            self._withdrawn_at = time.monotonic()
        self._ended.set()
        (self.folder / _LEASE).unlink(missing_ok=True)

    def renew(self) -> None:
        """Keep the lease until it is withdrawn."""
        while not self._ended.wait(_RENEW_S):
            with suppress(FileNotFoundError):
                os.utime(self.folder / _LEASE)

    def taken(self, until: Future[Any], count_of: Callable[[], int]) -> Iterator[Piece]:
        """Take piece by piece until the worker has ended and everything has come.

        Parameters
        ----------
        until
            Done when the worker has ended.
        count_of
            Gives how many pieces it handed over, once it has ended.

        Raises
        ------
        ConnectorError
            What it handed over does not come, or it does not stop when it should.
        """
        number, late_since = 0, 0.0
        while True:
            has_ended = until.done()
            path = self.folder / f"{number}.piece"
            if path.exists():
                piece = self._take(path)
                yield piece
                _let_go(piece)
                number, late_since = number + 1, 0.0
            elif not has_ended:
                self.wait_for(until, _LOOK_S)
            elif number >= count_of():
                return
            else:
                # A folder on a network shows late what was written elsewhere.
                late_since = late_since or time.monotonic()
                if time.monotonic() - late_since > LEASE_S:
                    raise ConnectorError(f"what the worker handed over does not show in {self.folder.parent}")
                self._ended.wait(_LOOK_S)

    def wait_for(self, future: Future[Any], seconds: float | None = None) -> None:
        """Wait for a worker to end, as long as it need not be given up.

        Raises
        ------
        ConnectorError
            It was told to stop, and goes on.
        """
        until = None if seconds is None else time.monotonic() + seconds
        while not future.done() and (until is None or time.monotonic() < until):
            wait([future], _LOOK_S)
            if self._is_overdue():
                raise ConnectorError("the worker was told to stop and goes on")

    def let_end(self, future: Future[Any]) -> None:
        """Have the worker stop, and wait until it does not use the folder any more; not for ever."""
        self.withdraw()
        future.cancel()
        while not (future.done() and self._is_left(future)) and not self._is_overdue():
            time.sleep(_LOOK_S)

    def _is_left(self, future: Future[Any]) -> bool:
        """Whether the worker has left: some executors call work cancelled that goes on."""
        return not future.cancelled() or not (self.folder / _BEGUN).exists() or (self.folder / _ENDED).exists()

    def _is_overdue(self) -> bool:
        return self._withdrawn_at is not None and time.monotonic() - self._withdrawn_at > _GRACE_S

    def _take(self, path: Path) -> Piece:
        # Nobody else may write here.
        piece: Piece = pickle.loads(path.read_bytes())
        path.unlink()
        batch = piece.batch
        if batch is None or not isinstance(batch.records, CsvRecords):
            return piece
        # The folder may be called otherwise where the worker is.
        records = replace(batch.records, path=self.folder / batch.records.path.name)
        return replace(piece, batch=replace(batch, records=records))


def _let_go(piece: Piece) -> None:
    if piece.batch is not None and isinstance(piece.batch.records, CsvRecords):
        piece.batch.records.path.unlink()


@contextmanager
def exchange(within: Path | None) -> Iterator[Taker]:
    """Make a folder for one piece of work, and have the worker stop when the block ends.

    Parameters
    ----------
    within
        A folder that the worker finds at the same path; the machine's own for temporary files when None.
    """
    with temporary_folder("exchange", within) as folder:
        taker = Taker(folder)
        (folder / _LEASE).touch(mode=0o600)
        renewing = threading.Thread(target=taker.renew, name="stitchnb-lease", daemon=True)
        renewing.start()
        try:
            yield taker
        finally:
            taker.withdraw()
            renewing.join()


class Giver:
    """The worker's end: hands over piece by piece, and waits where the taker is slow.

    Attributes
    ----------
    given
        How many pieces were handed over.

    Raises
    ------
    ConnectorError
        The folder is not here, or may not be written to.
    LostWorkerError
        Somebody has begun with this before.
    """

    def __init__(self, folder: Path, stop: Stop, lease_s: float) -> None:
        self.given = 0
        self._is_alone = False
        self._folder = folder
        self._stop = stop
        self._lease_s = lease_s
        try:
            os.close(os.open(folder / _BEGUN, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError as error:
            raise LostWorkerError("the worker that had begun with this was lost") from error
        except OSError as error:
            raise ConnectorError(
                f"the worker cannot use the folder {folder.parent} ({error.strerror}): give the sandbox, as "
                "shared_folder, one that every worker finds at the same path"
            ) from error

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While the block runs, have the work stop when the taker is gone."""
        over = threading.Event()
        watching = threading.Thread(target=self._watch, args=[over], name="stitchnb-lease", daemon=True)
        watching.start()
        try:
            yield
        finally:
            over.set()
            watching.join()
            if self._is_alone:
                shutil.rmtree(self._folder, ignore_errors=True)
            else:
                with suppress(FileNotFoundError):
                    (self._folder / _ENDED).touch()

    def give(self, piece: Piece) -> None:
        """Hand over one piece; what comes after a stop goes nowhere."""
        before = self._folder / f"{self.given - _MOST_WAITING}.piece"
        while before.exists() and not self._stop.wait(_LOOK_S):
            pass
        if self._stop.is_set():
            return
        with suppress(FileNotFoundError):
            # It is gone with the lease.
            self._write(f"{self.given}.piece", replace(piece, batch=self._kept(piece.batch)))
            self.given += 1

    def _kept(self, batch: Batch | None) -> Batch | None:
        """Bring the records of a batch to where they are taken from: their file goes with the next batch."""
        if batch is None or not isinstance(batch.records, CsvRecords):
            return None if batch is None else replace(batch, records=list(batch.records))
        path = self._folder / f"{self.given}.csv"
        try:
            os.link(batch.records.path, path)
        except OSError:
            # Another disk, or one without links.
            shutil.copyfile(batch.records.path, path)
        return replace(batch, records=replace(batch.records, path=path))

    def _write(self, name: str, piece: Piece) -> None:
        made = self._folder / f"{name}.new"
        made.write_bytes(pickle.dumps(piece, pickle.HIGHEST_PROTOCOL))
        made.rename(self._folder / name)

    def _watch(self, over: threading.Event) -> None:
        lease = self._folder / _LEASE
        renewed, seen_at = 0, time.monotonic()
        while not over.wait(_WATCH_S):
            try:
                found = lease.stat().st_mtime_ns
            except FileNotFoundError:
                break
            # Clocks of two machines differ: only that it changes counts.
            if found != renewed:
                renewed, seen_at = found, time.monotonic()
            elif time.monotonic() - seen_at > self._lease_s:
                self._is_alone = True
                break
        else:
            return
        self._stop.set()
