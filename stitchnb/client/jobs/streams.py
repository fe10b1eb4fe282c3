"""How each stream of a job stands: as the API tells it, or with rows where a sandbox of one's own tells them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from stitchnb.models import Load

if TYPE_CHECKING:
    import pandas as pd

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
    """One stream of a job at one look.

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


def told_by_api(
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


def told_by_sandbox(told: Mapping[str, Any], of_api: Iterable[JobStream]) -> tuple[JobStream, ...]:
    """Put together what a sandbox tells of the streams of a job, and what only the API does.

    Parameters
    ----------
    told
        An answer of `Sandbox.job_progress`.
    of_api
        What `told_by_api` gave; it alone is there before the job has reached its source.
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


def to_frame(streams: Iterable[JobStream]) -> pd.DataFrame:
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
