"""Replication jobs: started, stopped and waited for."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from stitchnb import models
from stitchnb.client import requests
from stitchnb.client.operations import Mode, Operation, Resource, ask, operation
from stitchnb.client.records import Records
from stitchnb.client.waiting import Look, wait_until
from stitchnb.errors import InvalidInputError, JobFailedError
from stitchnb.models import Extraction, Load

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import BaseClient


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


class Job(models.ReplicationJob, Resource[Mode]):
    """A replication job that was started, which can be waited for or stopped."""

    _source_id: int

    @classmethod
    def bound(cls, client: BaseClient[Mode], source_id: int, job: models.ReplicationJob) -> Self:
        """Tie a job to the client and the source that it came from."""
        live = cls(job._wire)
        live.__dict__.update(_client=client, _source_id=source_id)
        client.learn_client_id(job.client_id)
        return live

    @property
    def source_id(self) -> int:
        """The source whose rows it replicates."""
        return self._source_id

    @operation
    def wait(
        self, *, timeout_s: float = 3600, quiet_s: float = 120, progress: bool | None = None
    ) -> Operation[JobResult]:
        """Wait until its rows have landed. See `Jobs.wait`."""
        return (yield from self._client.jobs.wait.steps(self, timeout_s=timeout_s, quiet_s=quiet_s, progress=progress))

    @operation
    def log(self) -> Operation[str]:
        """Ask for the log of its extraction. See `Extractions.log`."""
        return (yield from self._client.extractions.log.steps(self.job_name))

    @operation
    def stop(self) -> Operation[None]:
        """Stop it; rows that have landed stay."""
        yield from self._client.jobs.stop.steps(self._source_id)


class Jobs(Resource[Mode]):
    """The replication jobs of the account."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @operation
    def start(self, source_id: int) -> Operation[Job[Mode]]:
        """Start a replication job of a source now.

        Raises
        ------
        AlreadyRunningError
            When one is under way: there is one job at a time per source.
        NotFoundError
            When there is no such source, or it was deleted.

        Source: ``POST /v4/sources/{id}/sync``.
        """
        return Job.bound(self._client, source_id, (yield from ask(requests.start_job(source_id))))

    @operation
    def stop(self, source_id: int) -> Operation[None]:
        """Stop the job of a source that is under way; with none under way nothing happens.

        Source: ``DELETE /v4/sources/{id}/sync``.
        """
        yield from ask(requests.stop_job(source_id))

    @operation
    def wait(
        self,
        job: Job[Any],
        *,
        timeout_s: float = 3600,
        quiet_s: float = 120,
        poll_s: float | None = None,
        progress: bool | None = None,
    ) -> Operation[JobResult]:
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
            Seconds between two looks; None spaces them so that all waits of this client together take half of the 30
            requests in 10 minutes that Stitch allows.
        progress
            True or False to show progress or not; None where somebody looks.

        Raises
        ------
        JobFailedError
            When a part of it fails or is stopped: which, and its message.
        WaitTimeoutError
            When it is not over yet; waiting again is safe.
        """
        if job.client_id is None:
            raise InvalidInputError(f"{job.job_name!r} does not begin with an account's id: it cannot be looked up.")
        title = f"Replication job of source {job.source_id}"
        source = yield from ask(requests.get_source(job.source_id))
        streams = yield from ask(requests.list_streams(job.source_id))
        watch = _Watch(
            self._client, job, job.client_id, source.name, {s.stream_name for s in streams if s.selected}, quiet_s
        )
        with self._client.limit.watching():
            result = yield from wait_until(
                watch.look,
                title=title,
                timeout_s=timeout_s,
                poll_s=lambda: poll_s if poll_s is not None else self._client.job_poll_s(watch.asked),
                shown=progress,
                next_action="It goes on in Stitch: wait again, or stop it.",
            )
        if result is None or not result.succeeded:
            raise JobFailedError(f"{title} failed in {result.failure if result else 'an unknown part'}", result=result)
        return result


class _Watch:
    """Looks at a job, with as few requests as that takes.

    Attributes
    ----------
    asked
        How many requests the last look took of what Stitch allows.
    """

    def __init__(
        self,
        client: BaseClient[Any],
        job: models.ReplicationJob,
        client_id: int,
        source_name: str,
        wanted: set[str],
        quiet_s: float,
    ) -> None:
        self.asked = 0
        self._client = client
        self._client_id = client_id
        self._job_name = job.job_name
        self._source_name = source_name
        self._wanted = wanted
        self._quiet_s = quiet_s
        self._extraction: Extraction | None = None
        self._landed = 0
        self._changed_at = time.monotonic()

    def look(self) -> Operation[tuple[JobResult | None, Look]]:
        """Say how it stands: extracting, loading, or over."""
        self.asked = 0
        if self._extraction is None:
            self._extraction = yield from self._find_extraction()
            self._changed_at = time.monotonic()
        if self._extraction is None:
            return None, Look("extracting", finished=False)
        if not self._extraction.succeeded:
            result = JobResult(self._extraction, Records(Load))
            return result, Look(f"failed, {self._extraction.failure}", finished=True, good=False)
        return self._judge(self._extraction, (yield from self._find_loads()))

    def _find_extraction(self) -> Operation[Extraction | None]:
        reading = yield from self._client.extractions.iterate(self._client_id).reading()
        while (page := (yield from reading.next_page())) is not None:
            self.asked = reading.asked
            for one in page:
                if one.job_name == self._job_name:
                    return one
        return None

    def _find_loads(self) -> Operation[list[Load]]:
        """Read the loads until all wanted ones were seen: an account may have thousands of others."""
        before = self.asked
        reading = yield from self._client.loads.iterate(self._client_id).reading()
        mine: list[Load] = []
        while len(mine) < len(self._wanted) and (page := (yield from reading.next_page())) is not None:
            self.asked = before + reading.asked
            mine += [x for x in page if x.source_name == self._source_name and x.stream_name in self._wanted]
        return mine

    def _judge(self, extraction: Extraction, loads: list[Load]) -> tuple[JobResult, Look]:
        landed = [load for load in loads if _is_after(load.last_batch_loaded_at, extraction.completion_time)]
        result = JobResult(extraction, Records(Load, loads))
        if any(load.failure for load in loads):
            return result, Look(f"failed, {result.failure}", finished=True, good=False)
        if len(landed) != self._landed:
            self._landed, self._changed_at = len(landed), time.monotonic()
        all_landed = len(landed) == len(self._wanted)
        quiet = time.monotonic() - self._changed_at >= self._quiet_s
        text = f"{len(landed)} of {len(self._wanted)} streams loaded"
        return result, Look(text if all_landed or quiet else f"loading, {text}", finished=all_landed or quiet)


def _is_after(loaded_at: datetime | None, extracted_at: datetime | None) -> bool:
    return loaded_at is not None and (extracted_at is None or loaded_at >= extracted_at)
