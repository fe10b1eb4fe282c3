"""Replication jobs: started, stopped and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from stitchnb import models
from stitchnb.client import requests
from stitchnb.client.records import Records
from stitchnb.client.requests import Page, Request
from stitchnb.client.waiting import Look, wait_until
from stitchnb.errors import InvalidInputError, JobFailedError
from stitchnb.models import Extraction, Load

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import Client

# More pages than any account has: a server that always names a next page must not be followed for ever.
_MOST_PAGES = 1000


class JobResult:
    """How a job ended: its extraction, and the last load of each of its streams."""

    def __init__(self, extraction: Extraction, loads: Records[Load]) -> None:
        self.extraction = extraction
        self.loads = loads

    @property
    def succeeded(self) -> bool:
        """Everything was extracted and loaded."""
        return self.failure is None

    @property
    def failure(self) -> str | None:
        """Say which part failed and why; None when none did."""
        if self.extraction.failure:
            return self.extraction.failure
        return next((f"load of {load.stream_name}: {load.failure}" for load in self.loads if load.failure), None)

    def to_frame(self) -> pd.DataFrame:
        """Show the loads as a DataFrame: one row per stream."""
        return self.loads.to_frame()

    def __repr__(self) -> str:
        outcome = "succeeded" if self.succeeded else f"failed: {self.failure}"
        count = len(self.loads)
        return f"JobResult({outcome}, {count} {'stream' if count == 1 else 'streams'} loaded)"

    def _repr_html_(self) -> str:
        return self.loads._repr_html_()


class Job(models.ReplicationJob):
    """A replication job that was started, which can be waited for or stopped."""

    _client: Client
    _source_id: int

    @classmethod
    def bound(cls, client: Client, source_id: int, job: models.ReplicationJob) -> Self:
        """Tie a job to the client and the source that it came from."""
        live = cls(job._wire)
        live.__dict__.update(_client=client, _source_id=source_id)
        return live

    @property
    def source_id(self) -> int:
        """The source whose rows it replicates."""
        return self._source_id

    @property
    def client_id(self) -> int:
        """The account, which the job's name begins with."""
        head = self.job_name.split(".", 1)[0]
        if not head.isdigit():
            raise InvalidInputError(f"{self.job_name!r} does not begin with an account's id: it cannot be looked up.")
        return int(head)

    def wait(self, *, timeout_s: float = 3600, quiet_s: float = 120, progress: bool | None = None) -> JobResult:
        """Wait until its rows have landed. See `Jobs.wait`."""
        return self._client.jobs.wait(self, timeout_s=timeout_s, quiet_s=quiet_s, progress=progress)

    def stop(self) -> None:
        """Stop it; rows that have landed stay."""
        self._client.jobs.stop(self._source_id)


class Jobs:
    """The replication jobs of the account."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def start(self, source_id: int) -> Job:
        """Start a replication job of a source now.

        Raises
        ------
        AlreadyRunningError
            When one is under way: there is one job at a time per source.
        NotFoundError
            When there is no such source, or it was deleted.

        Source: ``POST /v4/sources/{id}/sync``.
        """
        return Job.bound(self._client, source_id, self._client.send(requests.start_job(source_id)))

    def stop(self, source_id: int) -> None:
        """Stop the job of a source that is under way; with none under way nothing happens.

        Source: ``DELETE /v4/sources/{id}/sync``.
        """
        self._client.send(requests.stop_job(source_id))

    def extractions(self, client_id: int) -> Records[Extraction]:
        """Ask for the last completed extraction of each source.

        Source: ``GET /v4/{client_id}/extractions``.
        """
        pages = self._pages(lambda page: requests.list_extractions(client_id, page))
        return Records(Extraction, _distinct(pages, key=lambda e: e.source_id))

    def loads(self, client_id: int) -> Records[Load]:
        """Ask for the last load of each stream.

        Source: ``GET /v4/{client_id}/loads``.
        """
        pages = self._pages(lambda page: requests.list_loads(client_id, page))
        return Records(Load, _distinct(pages, key=lambda load: (load.source_name, load.stream_name)))

    def wait(
        self,
        job: Job,
        *,
        timeout_s: float = 3600,
        quiet_s: float = 120,
        poll_s: float | None = None,
        progress: bool | None = None,
    ) -> JobResult:
        """Wait until a job's rows have landed, saying how it stands.

        The API has no status of a job. So first the job's name is looked for among the extractions; then each selected
        stream's last load must be as late as the extraction's end. A stream without new rows may never be loaded: once
        no load has come for `quiet_s` the wait is over.

        Parameters
        ----------
        timeout_s
            How long to wait at most, in seconds.
        quiet_s
            Seconds without any new load after which the rest is taken to have had no rows.
        poll_s
            Seconds between two looks; None keeps well below the API's limit of 30 in 10 minutes.
        progress
            True or False to show progress or not; None where somebody looks.

        Raises
        ------
        JobFailedError
            When a part of it fails or is stopped: which, and its message.
        WaitTimeoutError
            When it is not over yet; waiting again is safe.
        """
        title = f"Replication job of source {job.source_id}"
        source = self._client.send(requests.get_source(job.source_id))
        wanted = {s.stream_name for s in self._client.send(requests.list_streams(job.source_id)) if s.selected}
        watch = _Watch(source.name, wanted, quiet_s)

        def look() -> tuple[JobResult | None, Look]:
            extraction = next((e for e in self.extractions(job.client_id) if e.job_name == job.job_name), None)
            if extraction is None:
                return None, Look("extracting", finished=False)
            if not extraction.succeeded:
                result = JobResult(extraction, Records(Load))
                return result, Look(f"failed, {extraction.failure}", finished=True, good=False)
            return watch.look(extraction, self.loads(job.client_id))

        result = wait_until(
            look,
            title=title,
            timeout_s=timeout_s,
            poll_s=poll_s if poll_s is not None else self._client.job_poll_s,
            shown=progress,
            next_action="It goes on in Stitch: wait again, or stop it.",
        )
        if result is None or not result.succeeded:
            raise JobFailedError(f"{title} failed in {result.failure if result else 'an unknown part'}", result=result)
        return result

    def _pages(self, request: Callable[[int], Request[Page[Any]]]) -> Iterator[Any]:
        for number in range(1, _MOST_PAGES + 1):
            page = self._client.send(request(number))
            yield from page.records
            if not page.has_next:
                return


@dataclass
class _Watch:
    """Remembers which loads were seen and when the last one came."""

    source_name: str
    wanted: set[str]
    quiet_s: float

    def __post_init__(self) -> None:
        self._seen = 0
        self._changed_at = time.monotonic()

    def look(self, extraction: Extraction, loads: Records[Load]) -> tuple[JobResult, Look]:
        """Say how many of the wanted streams have been loaded since the extraction."""
        mine = [load for load in loads if load.source_name == self.source_name and load.stream_name in self.wanted]
        landed = [load for load in mine if _is_after(load.last_batch_loaded_at, extraction.completion_time)]
        failed = [load for load in mine if load.failure]
        result = JobResult(extraction, Records(Load, mine))
        if failed:
            return result, Look(f"failed, {result.failure}", finished=True, good=False)
        if len(landed) != self._seen:
            self._seen, self._changed_at = len(landed), time.monotonic()
        all_landed = len(landed) == len(self.wanted)
        quiet = time.monotonic() - self._changed_at >= self.quiet_s
        text = f"{len(landed)} of {len(self.wanted)} streams loaded"
        return result, Look(text if all_landed or quiet else f"loading, {text}", finished=all_landed or quiet)


def _is_after(loaded_at: datetime | None, extracted_at: datetime | None) -> bool:
    return loaded_at is not None and (extracted_at is None or loaded_at >= extracted_at)


def _distinct(records: Iterator[Any], *, key: Callable[[Any], Any]) -> list[Any]:
    """Drop what came twice because records moved from one page to the next while the pages were read."""
    return list({key(record): record for record in records}.values())
