"""The status of a replication job and of each of its streams.

The API reports no status, so it is derived from what has been extracted and loaded. A sandbox also reports rows.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from stitchnb import models
from stitchnb.client._sansio import Mode, Resource, Steps, endpoint_method
from stitchnb.client.pages import RecordList
from stitchnb.errors import InvalidInputError
from stitchnb.models import Extraction, Load, parse_time

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import BaseClient

StreamPhase = Literal["waiting", "tap", "target", "loaded", "no new rows", "broken off", "not loaded", "failed"]

_OF_SANDBOX: Mapping[str, StreamPhase] = {
    "waiting": "waiting",
    "running": "tap",
    "loaded": "loaded",
    "no_rows": "no new rows",
    "broken_off": "broken off",
    "not_reached": "not loaded",
}


@dataclass(frozen=True)
class JobStream:
    """The status of one stream of a job.

    Attributes
    ----------
    name
        The stream's name.
    phase
        ``waiting`` for its turn, in the ``tap`` (being extracted), waiting for its load into the ``target``,
        ``loaded``, ``no new rows``, ``broken off`` when the job ended in the middle of it, ``not loaded`` when it ended
        before, or ``failed``.
    rows, rows_rejected
        That have landed, and that the destination refused. None for a real account: the API does not tell them.
    rows_per_s
        Rows that landed per second of this machine's time. None for a real account, and before the first batch.
    share
        How much of it is done, from 0 to 1; None where nobody knows.
    loaded_at
        Its last load; None before the first.
    failure
        Why its last load failed.
    """

    name: str
    phase: StreamPhase
    rows: int | None = None
    rows_rejected: int | None = None
    rows_per_s: float | None = None
    share: float | None = None
    loaded_at: datetime | None = None
    failure: str | None = None


def _streams_by_api(
    names: Iterable[str], job_phase: str, landed: Iterable[str], loads: Iterable[Load]
) -> tuple[JobStream, ...]:
    """Put together what the API tells of the streams of a job.

    Parameters
    ----------
    names
        The selected streams.
    job_phase
        That of the whole job, see `JobStatus`.
    landed
        The streams that were loaded since the extraction ended.
    loads
        The last load of each stream, where there is one.
    """
    by_name = {load.stream_name: load for load in loads}
    there = set(landed)
    phases: Mapping[str, StreamPhase] = {"extracting": "tap", "loading": "target", "succeeded": "no new rows"}
    found = []
    for name in names:
        load = by_name.get(name)
        failure = load.failure if load is not None else None
        phase: StreamPhase = "loaded" if name in there else phases.get(job_phase, "not loaded")
        found.append(
            JobStream(
                name,
                "failed" if failure else phase,
                share={"loaded": 1.0, "no new rows": 1.0, "target": 0.0}.get(phase),
                loaded_at=load.last_batch_loaded_at if load is not None else None,
                failure=failure,
            )
        )
    return tuple(found)


def _streams_by_sandbox(told: Mapping[str, Any], of_api: Iterable[JobStream]) -> tuple[JobStream, ...]:
    """Put together what a sandbox tells of the streams of a job, and what only the API does.

    Parameters
    ----------
    told
        An answer of `Sandbox.job_progress`.
    of_api
        What `_streams_by_api` gave; it alone is there before the job has reached its source.
    """
    by_name = {one.name: one for one in of_api}
    if not told["streams"]:
        phase: StreamPhase = "waiting" if told["status"] == "running" else "not loaded"
        return tuple(JobStream(name, phase, rows=0, rows_rejected=0) for name in by_name)
    return tuple(_with_rows(stream, by_name.get(stream["stream_name"])) for stream in told["streams"])


def _with_rows(told: Mapping[str, Any], of_api: JobStream | None) -> JobStream:
    phase = _OF_SANDBOX.get(told["state"], "waiting")
    rows, expected = told["rows_loaded"], told["rows_expected"]
    handled = rows + told["rows_rejected"]
    # A number of rows that was counted some time ago may have been overtaken.
    is_known = phase == "tap" and expected is not None and handled < expected
    failure = of_api.failure if of_api is not None else None
    return JobStream(
        told["stream_name"],
        "failed" if failure else phase,
        rows=rows,
        rows_rejected=told["rows_rejected"],
        rows_per_s=rows / told["seconds"] if told["seconds"] > 0 else None,
        share=handled / expected if is_known else {"waiting": 0.0, "loaded": 1.0, "no new rows": 1.0}.get(phase),
        loaded_at=of_api.loaded_at if of_api is not None else None,
        failure=failure,
    )


def _streams_to_frame(streams: Iterable[JobStream]) -> pd.DataFrame:
    """Show streams of a job as a DataFrame. See `JobStatus.to_frame`."""
    import pandas as pd

    rows = list(streams)
    return pd.DataFrame(
        {
            "stream": pd.Series([s.name for s in rows], dtype="string"),
            "state": pd.Series([s.phase for s in rows], dtype="string"),
            "rows": pd.Series([s.rows for s in rows], dtype="Int64"),
            "rows_rejected": pd.Series([s.rows_rejected for s in rows], dtype="Int64"),
            "rows_per_s": pd.Series([s.rows_per_s for s in rows], dtype="Float64"),
            "loaded_at": pd.Series([s.loaded_at for s in rows], dtype="datetime64[us, UTC]"),
            "failure": pd.Series([s.failure for s in rows], dtype="string"),
        },
        index=pd.RangeIndex(len(rows)),
    )


Phase = Literal["extracting", "loading", "succeeded", "failed"]


class JobResult:
    """How a job ended: its extraction, and the last load of each of its streams."""

    def __init__(self, extraction: Extraction, loads: RecordList[Load]) -> None:
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

    @property
    def was_stopped(self) -> bool:
        """It was stopped by a user."""
        return self.extraction.was_stopped

    @property
    def outcome(self) -> str:
        """Say how the job ended: ``succeeded``, ``was stopped``, or ``failed in`` which part, and why."""
        if self.succeeded:
            return "succeeded"
        return "was stopped" if self.was_stopped else f"failed in {self.failure}"

    def to_frame(self) -> pd.DataFrame:
        """Show the loads as a DataFrame: one row per stream."""
        return self.loads.to_frame()

    def __repr__(self) -> str:
        count = len(self.loads)
        return f"JobResult({self.outcome}, {count} {'stream' if count == 1 else 'streams'} loaded)"

    def _repr_html_(self) -> str:
        return self.loads._repr_html_()


@dataclass(frozen=True)
class JobStatus:
    """The status of a job at one time.

    Attributes
    ----------
    phase
        ``extracting``, ``loading``, ``succeeded`` or ``failed``, which a job that was stopped is too: ``result`` tells.
    text
        The same in words.
    streams
        The selected streams, by name.
    landed
        Those of them that were loaded since the extraction ended.
    result
        What there is to tell of its extraction and loads; None while it extracts.
    table
        Each selected stream, with its rows where a sandbox of one's own tells them.
    part
        The part that is at work: ``discovery``, ``tap`` or ``target``, then ``over``. None for a real account, where
        `phase` is all that can be known.
    log
        The last lines of its log so far. None for a real account, where a log is only there once it was asked for.
    started_at, ended_at
        As they are told: of a real account only once the extraction has ended.
    """

    phase: Phase
    text: str
    streams: tuple[str, ...] = ()
    landed: frozenset[str] = field(default_factory=frozenset)
    result: JobResult | None = None
    table: tuple[JobStream, ...] = ()
    part: str | None = None
    log: tuple[str, ...] | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def tells_rows(self) -> bool:
        """It is known how many rows have landed."""
        return self.part is not None

    def to_frame(self) -> pd.DataFrame:
        """Show its streams as a DataFrame.

        Returns
        -------
        DataFrame
            One row per selected stream: ``stream``, ``state`` (string; see `JobStream`), ``rows``,
            ``rows_rejected`` (Int64), ``rows_per_s`` (Float64, rows per second of this machine's time) which are
            missing for a real account, ``loaded_at`` (datetime64, UTC), ``failure`` (string, missing where it was
            good).
        """
        return _streams_to_frame(self.table)

    @property
    def is_over(self) -> bool:
        """It is finished."""
        return self.phase in ("succeeded", "failed")


class JobWatch(Resource[Mode]):
    """Polls a job with as few requests as possible. `Jobs.watching` makes one.

    Attributes
    ----------
    asked
        How many requests the last poll used of the rate limit.
    streams
        The names of the streams that were selected when the watch began.
    """

    def __init__(
        self,
        client: BaseClient[Mode],
        job: models.ReplicationJob,
        client_id: int,
        source_name: str,
        streams: tuple[str, ...],
        quiet_s: float,
    ) -> None:
        self.requests = 0
        self.streams = streams
        self._client = client
        self._client_id = client_id
        self._job_name = job.job_name
        self._source_name = source_name
        self._quiet_s = quiet_s
        self._extraction: Extraction | None = None
        self._landed: frozenset[str] = frozenset()
        self._changed_at = time.monotonic()

    @property
    def begun(self) -> JobStatus:
        """The status before the first poll: it was started."""
        table = _streams_by_api(self.streams, "extracting", (), ())
        return JobStatus("extracting", "extracting", self.streams, table=table)

    @endpoint_method
    def look(self) -> Steps[JobStatus]:
        """Return the current status.

        The job's name is looked for among the extractions; then each selected stream's last load must be as late as
        the extraction's end. A sandbox of one's own tells the rows besides, and whether any are still to come.
        """
        # Before the API is asked: what is over here must have been written down there.
        told = self._ask_sandbox()
        seen = yield from self._look(is_over=told is not None and told["status"] != "running")
        if seen.is_over:
            self._client.jobs.learn_ended((self._job_name,))
            if told is not None and told["status"] == "running":
                # It ended between the two, and what was told first holds no more.
                told = self._ask_sandbox()
        extraction, loads = self._extraction, seen.result.loads if seen.result is not None else ()
        seen = replace(
            seen,
            table=_streams_by_api(seen.streams, seen.phase, seen.landed, loads),
            started_at=extraction.start_time if extraction is not None else None,
            ended_at=extraction.completion_time if extraction is not None else None,
        )
        if told is None:
            return seen
        return replace(
            seen,
            table=_streams_by_sandbox(told, seen.table),
            part=told["phase"],
            log=tuple(told["log"]),
            started_at=parse_time(told["start_time"]),
            ended_at=parse_time(told["completion_time"]) if told["completion_time"] else None,
        )

    def _ask_sandbox(self) -> Mapping[str, Any] | None:
        sandbox = self._client.sandbox
        if sandbox is None:
            return None
        try:
            told: Mapping[str, Any] = sandbox.job_progress(self._job_name)
        except InvalidInputError:
            # It went back to a time before the job.
            return None
        return told

    def _look(self, *, is_over: bool) -> Steps[JobStatus]:
        self.requests = 0
        if self._extraction is None:
            self._extraction = yield from self._find_extraction()
            self._changed_at = time.monotonic()
        if self._extraction is None:
            return JobStatus("extracting", "extracting", self.streams)
        if not self._extraction.succeeded:
            result = JobResult(self._extraction, RecordList(Load))
            return JobStatus("failed", result.outcome, self.streams, result=result)
        return self._judge(self._extraction, (yield from self._find_loads()), is_over=is_over)

    def _find_extraction(self) -> Steps[Extraction | None]:
        pages = yield from self._client.extractions.iterate(self._client_id).page_iterator()
        while (page := (yield from pages.next_page())) is not None:
            self.requests = pages.requests
            for one in page:
                if one.job_name == self._job_name:
                    return one
        return None

    def _find_loads(self) -> Steps[list[Load]]:
        """Read the loads until all wanted ones were seen: an account may have thousands of others."""
        before = self.requests
        pages = yield from self._client.loads.iterate(self._client_id).page_iterator()
        mine: list[Load] = []
        while len(mine) < len(self.streams) and (page := (yield from pages.next_page())) is not None:
            self.requests = before + pages.requests
            mine += [x for x in page if x.source_name == self._source_name and x.stream_name in self.streams]
        return mine

    def _judge(self, extraction: Extraction, loads: list[Load], *, is_over: bool) -> JobStatus:
        landed = frozenset(
            load.stream_name for load in loads if _is_after(load.last_batch_loaded_at, extraction.completion_time)
        )
        result = JobResult(extraction, RecordList(Load, loads))
        if any(load.failure for load in loads):
            return JobStatus("failed", result.outcome, self.streams, landed, result)
        if landed != self._landed:
            self._landed, self._changed_at = landed, time.monotonic()
        is_quiet = time.monotonic() - self._changed_at >= self._quiet_s
        text = f"{len(landed)} of {len(self.streams)} streams loaded"
        if is_over or is_quiet or len(landed) == len(self.streams):
            return JobStatus("succeeded", text, self.streams, landed, result)
        return JobStatus("loading", f"loading, {text}", self.streams, landed, result)


def _is_after(loaded_at: datetime | None, extracted_at: datetime | None) -> bool:
    return loaded_at is not None and (extracted_at is None or loaded_at >= extracted_at)
