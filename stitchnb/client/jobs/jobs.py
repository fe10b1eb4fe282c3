"""Replication jobs: started, stopped, waited for, and their history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Self

from stitchnb import models
from stitchnb._deprecated import renamed_parameters
from stitchnb.client import requests
from stitchnb.client._sansio import Mode, Resource, Steps, endpoint_method, send
from stitchnb.client.jobs.display import JobProgressDisplay
from stitchnb.client.jobs.status import JobResult, JobStatus, JobWatch
from stitchnb.client.polling import PollResult, in_notebook, wait_until
from stitchnb.errors import InvalidInputError, JobFailedError
from stitchnb.models import Extraction, parse_time
from stitchnb.rules.names import checked_id

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import BaseClient

Status = Literal["running", "succeeded", "failed", "stopped"]


@dataclass(frozen=True)
class JobRun:
    """One job that has run, or is running.

    Attributes
    ----------
    source
        The source's name; its id where the source is not known any more.
    rows
        Rows that landed and rows that were rejected, by stream. None for a real account, which does not tell them.
    """

    job_name: str
    source_id: int
    source: str
    status: Status
    start_time: datetime | None
    completion_time: datetime | None
    failure: str | None = None
    rows: Mapping[str, tuple[int, int]] | None = None

    def to_frame(self) -> pd.DataFrame:
        """Show it as a DataFrame: one row, with the columns of `JobHistory.to_frame`."""
        return JobHistory([self]).to_frame()

    @classmethod
    def told_by_sandbox(cls, told: Mapping[str, Any]) -> JobRun:
        """Read one that a sandbox tells of."""
        return cls(
            job_name=told["job_name"],
            source_id=told["source_id"],
            source=told["source_name"],
            status=told["status"],
            start_time=parse_time(told["start_time"]),
            completion_time=parse_time(told["completion_time"]) if told["completion_time"] else None,
            failure=told["failure"],
            rows={s["stream_name"]: (s["rows_loaded"], s["rows_rejected"]) for s in told["streams"]},
        )

    @classmethod
    def told_by_api(cls, extraction: Extraction, names: Mapping[int, str]) -> JobRun:
        """Read one from its extraction; `names` are those of the sources."""
        failure = extraction.failure
        status: Status = "succeeded" if failure is None else "stopped" if extraction.was_stopped else "failed"
        return cls(
            job_name=extraction.job_name,
            source_id=extraction.source_id,
            source=names.get(extraction.source_id, str(extraction.source_id)),
            status=status,
            start_time=extraction.start_time,
            completion_time=extraction.completion_time,
            failure=failure,
        )


class JobHistory(tuple[JobRun, ...]):
    """Jobs, the oldest first; what `stitchnb.plots` draws."""

    def __new__(cls, runs: Iterable[JobRun] = ()) -> JobHistory:
        """Put them in the order in which they began."""
        return super().__new__(cls, sorted(runs, key=lambda run: (run.start_time is None, run.start_time)))

    def to_frame(self) -> pd.DataFrame:
        """Show them as a DataFrame.

        Returns
        -------
        DataFrame
            One row per job, the oldest first: ``source_id`` (int64), ``source``, ``job_name`` (string),
            ``start_time``, ``completion_time`` (datetime64, UTC; missing while it runs), ``status`` (string:
            ``running``, ``succeeded``, ``failed``, ``stopped``), ``failure`` (string, missing where it was good).
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "source_id": pd.Series([run.source_id for run in self], dtype="int64"),
                "source": pd.Series([run.source for run in self], dtype="string"),
                "job_name": pd.Series([run.job_name for run in self], dtype="string"),
                "start_time": pd.Series([run.start_time for run in self], dtype="datetime64[us, UTC]"),
                "completion_time": pd.Series([run.completion_time for run in self], dtype="datetime64[us, UTC]"),
                "status": pd.Series([run.status for run in self], dtype="string"),
                "failure": pd.Series([run.failure for run in self], dtype="string"),
            },
            index=pd.RangeIndex(len(self)),
        )

    def rows_to_frame(self) -> pd.DataFrame:
        """Show the rows of their streams as a DataFrame.

        Returns
        -------
        DataFrame
            One row per job and stream, the oldest job first: ``job_name``, ``source`` (string), ``start_time``
            (datetime64, UTC), ``stream`` (string), ``rows``, ``rows_rejected`` (int64). Without a row for a real
            account, which does not tell them.
        """
        import pandas as pd

        told = [(run, stream, *rows) for run in self for stream, rows in (run.rows or {}).items()]
        return pd.DataFrame(
            {
                "job_name": pd.Series([run.job_name for run, *_ in told], dtype="string"),
                "source": pd.Series([run.source for run, *_ in told], dtype="string"),
                "start_time": pd.Series([run.start_time for run, *_ in told], dtype="datetime64[us, UTC]"),
                "stream": pd.Series([stream for _, stream, *_ in told], dtype="string"),
                "rows": pd.Series([rows for *_, rows, _ in told], dtype="int64"),
                "rows_rejected": pd.Series([rejected for *_, rejected in told], dtype="int64"),
            },
            index=pd.RangeIndex(len(told)),
        )

    def __repr__(self) -> str:
        return str(self.to_frame()) if self else "no jobs"

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False))


class Job(models.ReplicationJob, Resource[Mode]):
    """A replication job that was started, which can be waited for or stopped.

    Given by `Source.start_job` and `client.jobs.start`.
    """

    _source_id: int

    @classmethod
    def from_response(cls, client: BaseClient[Mode], wire: Mapping[str, Any], parameters: Mapping[str, Any]) -> Self:
        """Create it from a response, with the client that it came from; for stitchnb itself to use."""
        result = cls(wire)
        result.__dict__.update(_client=client, _source_id=parameters["source_id"])
        client.learn_client_id(result.client_id)
        return result

    @property
    def source_id(self) -> int:
        """The source whose rows it replicates."""
        return self._source_id

    @property
    def client(self) -> BaseClient[Mode]:
        """The client that it was started with."""
        return self._client

    @endpoint_method
    @renamed_parameters(progress="show_progress")
    def wait(
        self, *, timeout_s: float = 3600, quiet_s: float = 120, show_progress: bool | None = None
    ) -> Steps[JobResult]:
        """Wait until its rows are loaded. See `Jobs.wait`."""
        return (
            yield from self._client.jobs.wait.as_steps(
                self, timeout_s=timeout_s, quiet_s=quiet_s, show_progress=show_progress
            )
        )

    @endpoint_method
    def watch(self, *, timeout_s: float = 3600, quiet_s: float = 120) -> Steps[Any]:
        """Show how it stands, stream by stream: in the background of a notebook, else until it is over.

        See `Jobs.watch`.
        """
        return (yield from self._client.jobs.watch.as_steps(self, timeout_s=timeout_s, quiet_s=quiet_s))

    @endpoint_method
    def log(self) -> Steps[str]:
        """Get the log of its extraction. See `Extractions.log`."""
        return (yield from self._client.extractions.log.as_steps(self.job_name))

    @endpoint_method
    def stop(self) -> Steps[None]:
        """Stop it; loaded rows stay."""
        yield from self._client.jobs.stop.as_steps(self._source_id)


class Jobs(Resource[Mode]):
    """The replication jobs of the account."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client
        self._under_way: dict[int, JobRun] = {}

    @endpoint_method
    def start(self, source_id: int) -> Steps[Job[Mode]]:
        """Start a replication job of a source now.

        Raises
        ------
        AlreadyRunningError
            When one is under way: there is one job at a time per source.
        NotFoundError
            When there is no such source, or it was deleted.

        Source: ``POST /v4/sources/{id}/sync``.
        """
        source_id = checked_id(source_id, "source id")
        job: Job[Mode] = yield from send(self._client, requests.start_job(source_id))
        self._under_way[source_id] = JobRun(
            job.job_name, source_id, str(source_id), "running", start_time=self._client.now(), completion_time=None
        )
        return job

    def under_way(self, source_id: int) -> JobRun | None:
        """Tell the job that this client started and has not seen end, without asking; for stitchnb itself to use.

        A real account does not tell that a job runs, so a client remembers its own.
        """
        return self._under_way.get(source_id)

    def learn_ended(self, job_names: Iterable[str]) -> None:
        """Hear which jobs have ended; for stitchnb itself to use."""
        ended = set(job_names)
        for source_id, run in list(self._under_way.items()):
            if run.job_name in ended:
                self._under_way.pop(source_id, None)

    @endpoint_method
    def stop(self, source_id: int) -> Steps[None]:
        """Stop the job of a source that is under way; with none under way nothing happens.

        Source: ``DELETE /v4/sources/{id}/sync``.
        """
        yield from send(self._client, requests.stop_job(checked_id(source_id, "source id")))

    @endpoint_method
    @renamed_parameters(progress="show_progress")
    def wait(
        self,
        job: Job[Any],
        *,
        timeout_s: float = 3600,
        quiet_s: float = 120,
        poll_s: float | None = None,
        show_progress: bool | None = None,
    ) -> Steps[JobResult]:
        """Wait until a job's rows are loaded, and show its progress.

        The API reports no job status. First the job's name must appear among the extractions. Then each selected
        stream's last load must be as late as the extraction's end. A stream without new rows may never be loaded, so
        the wait ends after `quiet_s` without a load.

        Parameters
        ----------
        timeout_s
            How long to wait at most, in seconds.
        quiet_s
            Seconds without a new load after which the remaining streams count as having no new rows.
        poll_s
            Seconds between two looks; None spaces them so that all waits of this client together take half of the 30
            requests in 10 minutes that Stitch allows.
        show_progress
            True to show progress, False to hide it; None shows it in a notebook or an interactive terminal.

        Raises
        ------
        JobFailedError
            If a part of it fails or is stopped: which part, and its message.
        WaitTimeoutError
            If it is not finished; you can wait again.
        """
        return (yield from self._wait(job, timeout_s, quiet_s, poll_s, show_progress))

    @endpoint_method
    def watch(self, job: Job[Any], *, timeout_s: float = 3600, quiet_s: float = 120) -> Steps[Any]:
        """Show how a job stands, stream by stream, with its rows, the end of its log, and a way to stop it.

        In a notebook it shows in the background, so that the notebook stays usable. Elsewhere, and with an
        `AsyncClient`, it waits as `wait` does: with bars in a terminal, which Ctrl-C leaves while the job goes on, and
        else with a line for every change.

        A sandbox of one's own tells rows and log while the job runs; a real account only which part is at work and
        which streams have been loaded.

        Returns
        -------
        JobMonitor or JobResult
            In a notebook a `stitchnb.JobMonitor`, else how the job ended.

        Raises
        ------
        JobFailedError, WaitTimeoutError
            As `wait` does, where it waits.
        """
        if in_notebook() and _is_sync(self._client):
            from stitchnb.widgets.jobs.monitor import JobMonitor

            return JobMonitor(job, quiet_s=quiet_s)
        with JobProgressDisplay(_title(_checked(job))) as board:
            return (yield from self._wait(job, timeout_s, quiet_s, None, False, told=board.show))

    def _wait(
        self,
        job: Job[Any],
        timeout_s: float,
        quiet_s: float,
        poll_s: float | None,
        show_progress: bool | None,
        told: Callable[[JobStatus], None] = lambda seen: None,
    ) -> Steps[JobResult]:
        title = _title(_checked(job))
        watch = yield from self.watching.as_steps(job, quiet_s=quiet_s)

        def look() -> Steps[tuple[JobStatus, PollResult]]:
            seen = yield from watch.look.as_steps()
            told(seen)
            return seen, PollResult(seen.text, finished=seen.is_over, good=seen.phase != "failed")

        with self._client.limit.watching():
            ended = yield from wait_until(
                look,
                title=title,
                timeout_s=timeout_s,
                poll_s=lambda: poll_s if poll_s is not None else self._client.job_poll_s(watch.requests),
                show_progress=show_progress,
                next_action="It continues in Stitch. Wait again, or stop it.",
            )
        result = ended.result
        if result is None or not result.succeeded:
            raise JobFailedError(f"{title} {result.outcome if result else 'failed'}", result=result)
        return result

    @endpoint_method
    def history(self, source_id: int | None = None) -> Steps[JobHistory]:
        """List the known jobs.

        A sandbox of one's own knows every job, and the rows of its streams. A real account tells the last completed
        extraction of each source, of the last 60 days, and no rows.

        Parameters
        ----------
        source_id
            Those of one source; None for all.

        Returns
        -------
        JobHistory
            The oldest first. ``.to_frame()`` gives one row per job, ``.rows_to_frame()`` one per job and stream;
            `stitchnb.plots` draws both.

        Raises
        ------
        NotFoundError
            When there is no such source.

        Source: ``GET /v4/{client_id}/extractions``, ``GET /v4/sources``.
        """
        if source_id is not None:
            source_id = checked_id(source_id, "source id")
        if self._client.sandbox is not None:
            runs = JobHistory(map(JobRun.told_by_sandbox, self._client.sandbox.jobs(source_id)))
            self.learn_ended(run.job_name for run in runs if run.status != "running")
        else:
            runs = yield from self._told_by_api(source_id)
        if source_id is not None and not runs:
            # A source that has not run yet and one that is not there look alike: only the latter is an error.
            yield from send(self._client, requests.get_source(source_id))
        return runs

    def _told_by_api(self, source_id: int | None) -> Steps[JobHistory]:
        names = {source.id: source.name for source in (yield from send(self._client, requests.list_sources()))}
        extractions = yield from self._client.extractions.list.as_steps()
        self.learn_ended(one.job_name for one in extractions)
        return JobHistory(JobRun.told_by_api(one, names) for one in extractions if source_id in (None, one.source_id))

    @endpoint_method
    def watching(self, job: Job[Any], *, quiet_s: float = 120) -> Steps[JobWatch[Mode]]:
        """Prepare to look at a job every now and then, as `wait` does; for stitchnb itself to use.

        Parameters
        ----------
        quiet_s
            Seconds without a new load after which the remaining streams count as having no new rows.
        """
        if (client_id := _checked(job).client_id) is None:
            raise InvalidInputError(f"{job.job_name!r} does not begin with an account's id, so it cannot be looked up.")
        source = yield from send(self._client, requests.get_source(job.source_id))
        streams = yield from send(self._client, requests.list_streams(job.source_id))
        selected = tuple(dict.fromkeys(s.stream_name for s in streams if s.selected))
        return JobWatch(self._client, job, client_id, source.name, selected, quiet_s)


def _checked(job: Any) -> Job[Any]:
    """Refuse what is no job, such as its name."""
    if not isinstance(job, Job):
        raise InvalidInputError(f"Expected a Job from source.start_job(), got {job!r}.")
    return job


def _title(job: Job[Any]) -> str:
    return f"Replication job of source {job.source_id}"


def _is_sync(client: BaseClient[Any]) -> bool:
    """Tell whether it can be asked in the background, by a thread."""
    from stitchnb.client.client import Client

    return isinstance(client, Client)
