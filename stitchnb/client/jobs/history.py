"""The jobs of an account as far as they are known: all that a sandbox ran, or each source's last extraction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from stitchnb.models import Extraction, parse_time

if TYPE_CHECKING:
    import pandas as pd

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
